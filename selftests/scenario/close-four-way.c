// SPDX-License-Identifier: GPL-2.0
/*
 * close-four-way: FIN u, ACK u+1, FIN w, ACK w+1 through FIN_WAIT1,
 * CLOSE_WAIT, FIN_WAIT2, LAST_ACK, TIME_WAIT, CLOSED. RFC 9293, 3.6,
 * figure 12.
 */
#include "fixture.h"

WIRE_FIXTURE()
HOSTS_FIXTURE()

TEST_F(wire, active)
{
	struct peer *p = &self->p;
	uint32_t u;
	char c;
	int fd;

	ASSERT_EQ(0, peer_dial(p, &fd));
	ASSERT_EQ(0, shutdown(fd, SHUT_WR));
	ASSERT_EQ(0, expect(p, &self->s, FIN | ACK));
	u = self->s.seq;
	EXPECT_EQ(p->rcv_nxt, u);
	EXPECT_TRUE(wait_state(p->to_port, PORT, TERN_FIN_WAIT1, SOON));

	say(p, .flags = ACK, .seq = p->snd_nxt, .ack = u + 1);
	EXPECT_TRUE(wait_state(p->to_port, PORT, TERN_FIN_WAIT2, SOON));

	say(p, .flags = FIN | ACK, .seq = p->snd_nxt, .ack = u + 1);
	ASSERT_EQ(0, expect(p, &self->s, ACK));
	EXPECT_EQ(u + 1, self->s.seq);
	EXPECT_EQ(p->snd_nxt + 1, self->s.ack);
	EXPECT_EQ(0, recv(fd, &c, 1, 0));
	EXPECT_TRUE(wait_state(p->to_port, PORT, TERN_TIME_WAIT, SOON));
	EXPECT_EQ(0, close(fd));
	EXPECT_EQ(TERN_TIME_WAIT, sk_state(p->to_port, PORT));
	EXPECT_TRUE(silence(p, QUIET));
}

TEST_F(wire, passive)
{
	struct peer *p = &self->p;
	int listener = sk_listen(PORT, 4), fd;
	char c;

	p->port = 5000;
	fd = peer_open(p, listener);
	ASSERT_GE(fd, 0);
	say(p, .flags = FIN | ACK, .seq = p->snd_nxt, .ack = p->rcv_nxt);
	ASSERT_EQ(0, expect(p, &self->s, ACK));
	EXPECT_EQ(p->snd_nxt + 1, self->s.ack);
	EXPECT_TRUE(wait_state(PORT, 5000, TERN_CLOSE_WAIT, SOON));
	EXPECT_EQ(0, recv(fd, &c, 1, 0));

	ASSERT_EQ(0, close(fd));
	ASSERT_EQ(0, expect(p, &self->s, FIN | ACK));
	EXPECT_EQ(p->rcv_nxt, self->s.seq);
	EXPECT_EQ(p->snd_nxt + 1, self->s.ack);
	EXPECT_TRUE(wait_state(PORT, 5000, TERN_LAST_ACK, SOON));
	say(p, .flags = ACK, .seq = p->snd_nxt + 1, .ack = p->rcv_nxt + 1);
	EXPECT_TRUE(wait_gone(PORT, 5000, SOON));
}

/* What was sent before close() arrives before the FIN, in one or two segments. */
TEST_F(wire, data_first)
{
	struct peer *p = &self->p;
	int fd, got = 0;

	ASSERT_EQ(0, peer_dial(p, &fd));
	ASSERT_EQ(5, send(fd, "bytes", 5, 0));
	ASSERT_EQ(0, close(fd));
	while (!(self->s.flags & FIN)) {
		ASSERT_EQ(1, hear(p, &self->s, SOON));
		EXPECT_EQ(p->rcv_nxt + got, self->s.seq);
		got += self->s.len;
	}
	EXPECT_EQ(5, got);
}

/* A lost FIN is sent again with the same number. */
TEST_F(wire, fin_resent)
{
	struct peer *p = &self->p;
	int64_t first;
	int fd;

	ASSERT_EQ(0, peer_dial(p, &fd));
	ASSERT_EQ(0, close(fd));
	ASSERT_EQ(0, expect(p, &self->s, FIN | ACK));
	first = self->s.us;
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, expect(p, &self->s, FIN | ACK));
		EXPECT_EQ(p->rcv_nxt, self->s.seq);
	}
	EXPECT_GT(self->s.us - first, 200000);
	EXPECT_EQ(TERN_FIN_WAIT1, sk_state(p->to_port, PORT));
}

TEST_F(hosts, both_ends)
{
	struct trace tr[2];
	int fd[2], port;
	uint32_t u, w;
	char ch;

	ASSERT_EQ(0, trace_both(&self->t, tr));
	if (is_tern())
		ASSERT_EQ(0, sysctl_set("msl_ms", "100"));
	ASSERT_EQ(0, sk_pair(&self->t, fd, PORT));
	port = sk_port(fd[0]);
	ASSERT_EQ(0, see(&self->w, &self->s, port, SYN));
	ASSERT_EQ(0, see(&self->w, &self->s, PORT, SYN | ACK));
	w = self->s.seq + 1;
	ASSERT_EQ(0, see(&self->w, &self->s, port, ACK));

	ASSERT_EQ(0, shutdown(fd[0], SHUT_WR));
	EXPECT_EQ(0, recv(fd[1], &ch, 1, 0));
	EXPECT_TRUE(wait_state(port, PORT, TERN_FIN_WAIT2, SOON));
	topo_enter(&self->t, 1);
	EXPECT_TRUE(wait_state(PORT, port, TERN_CLOSE_WAIT, SOON));
	ASSERT_EQ(0, close(fd[1]));
	EXPECT_TRUE(wait_gone(PORT, port, SOON));
	topo_enter(&self->t, 0);
	EXPECT_EQ(0, recv(fd[0], &ch, 1, 0));
	close(fd[0]);

	u = self->s.seq;
	ASSERT_EQ(0, see(&self->w, &self->s, port, FIN | ACK));
	EXPECT_EQ(u, self->s.seq);
	EXPECT_EQ(w, self->s.ack);
	ASSERT_EQ(0, see(&self->w, &self->s, PORT, ACK));
	EXPECT_EQ(w, self->s.seq);
	EXPECT_EQ(u + 1, self->s.ack);
	ASSERT_EQ(0, see(&self->w, &self->s, PORT, FIN | ACK));
	EXPECT_EQ(w, self->s.seq);
	EXPECT_EQ(u + 1, self->s.ack);
	ASSERT_EQ(0, see(&self->w, &self->s, port, ACK));
	EXPECT_EQ(u + 1, self->s.seq);
	EXPECT_EQ(w + 1, self->s.ack);
	EXPECT_EQ(0, wire_recv(&self->w, &self->s, QUIET));
	if (!is_tern())
		return;
	EXPECT_TRUE(wait_gone(port, PORT, SOON));
	EXPECT_EQ(0, TRACE_EXPECT(&tr[0], trace_of(port, PORT), TERN_SYN_SENT,
				  TERN_ESTABLISHED, TERN_FIN_WAIT1, TERN_FIN_WAIT2,
				  TERN_TIME_WAIT, TERN_CLOSE));
	EXPECT_EQ(0, TRACE_EXPECT(&tr[1], trace_of(PORT, port), TERN_SYN_RECV,
				  TERN_ESTABLISHED, TERN_CLOSE_WAIT, TERN_LAST_ACK,
				  TERN_CLOSE));
	trace_close(&tr[0]);
	trace_close(&tr[1]);
}

TEST_HARNESS_MAIN
