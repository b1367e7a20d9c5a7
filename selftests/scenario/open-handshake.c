// SPDX-License-Identifier: GPL-2.0
/*
 * open-handshake: SYN seq=x; SYN-ACK seq=y ack=x+1; ACK seq=x+1 ack=y+1.
 * C: CLOSED, SYN_SENT, ESTABLISHED. S: LISTEN, SYN_RCVD, ESTABLISHED.
 * RFC 9293, 3.5.
 */
#include "fixture.h"

WIRE_FIXTURE()
HOSTS_FIXTURE()

TEST_F(wire, client)
{
	struct peer *p = &self->p;
	struct seg *s = &self->s;
	uint32_t x;
	int fd;

	fd = sk_dial(HOST_B, PORT, 0, SOCK_NONBLOCK);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, expect(p, s, SYN));
	x = s->seq;
	EXPECT_EQ(0, s->len);
	EXPECT_EQ(0, s->ack);
	EXPECT_EQ(MSS, s->mss);
	EXPECT_TRUE(s->has_ts);
	EXPECT_TRUE(s->sack_ok);
	EXPECT_TRUE(s->has_wscale);
	if (is_tern()) {
		EXPECT_TRUE(s->has_mad);
		EXPECT_EQ(40000, s->mad);
	}
	p->to_port = s->sport;
	EXPECT_EQ(sk_port(fd), s->sport);
	EXPECT_EQ(TERN_SYN_SENT, sk_state(s->sport, PORT));

	say(p, .flags = SYN | ACK, .seq = 7000, .ack = x + 1, .mss = 1460);
	ASSERT_EQ(0, expect(p, s, ACK));
	EXPECT_EQ(x + 1, s->seq);
	EXPECT_EQ(7001, s->ack);
	EXPECT_EQ(0, s->len);
	EXPECT_EQ(POLLOUT, sk_wait(fd, POLLOUT, SOON));
	EXPECT_EQ(0, sk_error(fd));
	EXPECT_EQ(TERN_ESTABLISHED, sk_state(s->sport, PORT));
}

TEST_F(wire, server)
{
	struct peer *p = &self->p;
	struct seg *s = &self->s;
	int listener = sk_listen(PORT, 4), fd;
	uint32_t y;

	ASSERT_GE(listener, 0);
	EXPECT_EQ(TERN_LISTEN, sk_find(PORT, 0, TERN_LISTEN).state);
	p->port = 5000;
	p->to_port = PORT;
	say(p, .flags = SYN, .seq = 100, .mss = 1000, .has_ts = true, .tsval = 42,
	    .sack_ok = true, .has_wscale = true, .wscale = 7);
	ASSERT_EQ(0, expect(p, s, SYN | ACK));
	y = s->seq;
	EXPECT_EQ(101, s->ack);
	EXPECT_EQ(MSS, s->mss);
	EXPECT_TRUE(s->has_ts);
	EXPECT_EQ(42, s->tsecr);
	EXPECT_TRUE(s->sack_ok);
	EXPECT_TRUE(s->has_wscale);
	EXPECT_EQ(TERN_SYN_RECV, sk_state(PORT, 5000));
	EXPECT_EQ(0, sk_wait(listener, POLLIN, QUIET));

	say(p, .flags = ACK, .seq = 101, .ack = y + 1, .has_ts = true, .tsval = 43,
	    .tsecr = s->tsval);
	EXPECT_EQ(POLLIN, sk_wait(listener, POLLIN, SOON));
	EXPECT_EQ(TERN_ESTABLISHED, sk_state(PORT, 5000));
	fd = accept(listener, NULL, NULL);
	ASSERT_GE(fd, 0);
	EXPECT_TRUE(silence(p, QUIET));
}

/* Options that the SYN doesn't offer aren't in the SYN-ACK. */
TEST_F(wire, server_plain)
{
	struct peer *p = &self->p;
	struct seg *s = &self->s;

	ASSERT_GE(sk_listen(PORT, 4), 0);
	p->port = 5000;
	p->to_port = PORT;
	say(p, .flags = SYN, .seq = 100);
	ASSERT_EQ(0, expect(p, s, SYN | ACK));
	EXPECT_FALSE(s->has_ts);
	EXPECT_FALSE(s->sack_ok);
	EXPECT_FALSE(s->has_wscale);
}

TEST_F(hosts, ladder)
{
	struct trace tr[2];
	int fd[2], port;
	uint32_t x, y;

	ASSERT_EQ(0, trace_both(&self->t, tr));
	ASSERT_EQ(0, sk_pair(&self->t, fd, PORT));
	port = sk_port(fd[0]);

	ASSERT_EQ(0, see(&self->w, &self->s, port, SYN));
	x = self->s.seq;
	ASSERT_EQ(0, see(&self->w, &self->s, PORT, SYN | ACK));
	EXPECT_EQ(x + 1, self->s.ack);
	y = self->s.seq;
	ASSERT_EQ(0, see(&self->w, &self->s, port, ACK));
	EXPECT_EQ(x + 1, self->s.seq);
	EXPECT_EQ(y + 1, self->s.ack);
	EXPECT_EQ(0, self->s.len);

	EXPECT_EQ(TERN_ESTABLISHED, sk_state(port, PORT));
	topo_enter(&self->t, 1);
	EXPECT_EQ(TERN_ESTABLISHED, sk_state(PORT, port));
	if (!is_tern())
		return;
	EXPECT_EQ(0, TRACE_EXPECT(&tr[0], trace_of(port, PORT), TERN_SYN_SENT,
				  TERN_ESTABLISHED));
	/* The listener's, and its child's */
	EXPECT_EQ(0, TRACE_EXPECT(&tr[1], "sport=4711 ", TERN_LISTEN, TERN_SYN_RECV,
				  TERN_ESTABLISHED));
	trace_close(&tr[0]);
	trace_close(&tr[1]);
}

TEST_HARNESS_MAIN
