// SPDX-License-Identifier: GPL-2.0
/*
 * leftover-syn: a SYN meets the old connection of a client that is gone without
 * a word: challenge ACK, RST, and the SYN again at once, not at its timeout.
 * RFC 9293, 3.5.2 and 3.10.7.3, RFC 5961, 4.2.
 */
#include "clock.h"
#include "fixture.h"

HOSTS_FIXTURE()
WIRE_FIXTURE()

#define FROM	5000

/* Established from A's port FROM, then gone at A: B has not heard of it. */
static int leave(struct topo *t, int listener)
{
	struct linger now = { .l_onoff = 1 };
	int c = sk_dial(HOST_B, PORT, FROM, 0), s;

	s = sk_wait(listener, POLLIN, SOON) ? accept(listener, NULL, NULL) : -1;
	if (c < 0 || s < 0 || topo_cut(t) ||
	    setsockopt(c, SOL_SOCKET, SO_LINGER, &now, sizeof(now)) || close(c) ||
	    topo_mend(t))
		return -1;
	return s;
}

TEST_F(hosts, again_at_once)
{
	struct seg *s = &self->s;
	uint32_t seq, ack;
	int listener, c, old, new;
	int64_t us;
	char b;

	topo_enter(&self->t, 1);
	listener = sk_listen(PORT, 4);
	topo_enter(&self->t, 0);
	old = leave(&self->t, listener);
	ASSERT_GE(old, 0);
	EXPECT_EQ(0, sk_state(FROM, PORT));
	wire_drain(&self->w);

	c = sk_dial(HOST_B, PORT, FROM, SOCK_NONBLOCK);
	ASSERT_GE(c, 0);
	ASSERT_EQ(0, see(&self->w, s, FROM, SYN));
	seq = s->seq;
	ASSERT_EQ(0, see(&self->w, s, PORT, ACK));
	ack = s->ack;
	EXPECT_NE(seq + 1, ack);
	ASSERT_EQ(0, see(&self->w, s, FROM, RST));
	EXPECT_EQ(ack, s->seq);
	us = s->us;
	/* The same SYN, in order behind the RST */
	ASSERT_EQ(0, see(&self->w, s, FROM, SYN));
	EXPECT_EQ(seq, s->seq);
	EXPECT_LE(s->us - us, timetravel() ? 10000 : 500000);
	ASSERT_EQ(0, see(&self->w, s, PORT, SYN | ACK));
	EXPECT_EQ(seq + 1, s->ack);
	ASSERT_EQ(POLLOUT, sk_wait(c, POLLOUT, SOON));
	EXPECT_EQ(1, stat_get("TCPSynRetrans"));

	sk_timeouts(old, SOON);
	EXPECT_EQ(-1, recv(old, &b, 1, 0));
	EXPECT_EQ(ECONNRESET, errno);
	ASSERT_EQ(POLLIN, sk_wait(listener, POLLIN, SOON));
	new = accept(listener, NULL, NULL);
	ASSERT_GE(new, 0);
	ASSERT_EQ(1, send(c, "y", 1, 0));
	sk_timeouts(new, SOON);
	EXPECT_EQ(1, recv(new, &b, 1, 0));
	EXPECT_EQ('y', b);
}

/* Once, and the SYN's timeouts are where they are without. */
TEST_F(wire, once)
{
	struct peer *p = &self->p;
	struct seg *s = &self->s;
	int64_t start;
	int fd;

	if (!is_tern())
		SKIP(return, "TCP's second timeout is one after the early SYN");
	fd = sk_dial(HOST_B, PORT, 0, SOCK_NONBLOCK);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, peer_syn(p, s));
	start = s->us;
	for (int i = 0; i < 2; i++) {
		say(p, .flags = ACK, .seq = 1000, .ack = 2000);
		ASSERT_EQ(0, expect(p, s, RST));
		EXPECT_EQ(2000, s->seq);
		if (i)
			continue;
		ASSERT_EQ(0, expect(p, s, SYN));
		EXPECT_LE(s->us - start, timetravel() ? 10000 : 900000);
	}
	ASSERT_TRUE(at(p, s, start, 1000000));
	EXPECT_EQ(SYN, s->flags);
	ASSERT_TRUE(at(p, s, start, 3000000));
	EXPECT_EQ(SYN, s->flags);
	ASSERT_EQ(0, peer_synack(p));
	EXPECT_EQ(POLLOUT, sk_wait(fd, POLLOUT, SOON));
}

/* A reset of an old connection is no answer to reset, nor to send again for. */
TEST_F(wire, old_rst)
{
	struct peer *p = &self->p;
	int fd = sk_dial(HOST_B, PORT, 0, SOCK_NONBLOCK);

	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, peer_syn(p, &self->s));
	say(p, .flags = RST | ACK, .seq = 1000, .ack = 2000);
	EXPECT_TRUE(silence(p, QUIET));
	EXPECT_EQ(TERN_SYN_SENT, sk_state(p->to_port, PORT));
}

TEST_HARNESS_MAIN
