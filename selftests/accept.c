// SPDX-License-Identifier: GPL-2.0
/* TERN_DEFER_ACCEPT: who has nothing to say yet isn't handed out, for a while. */
#include "clock.h"
#include "fixture.h"

WIRE_FIXTURE()

static int deferring(struct peer *p, int seconds)
{
	int fd = sk_listen(PORT, 4);

	p->port = 5000;
	p->to_port = PORT;
	p->has_mad = true;
	if (fd >= 0 && setsockopt(fd, IPPROTO_TCP, TERN_DEFER_ACCEPT, &seconds, sizeof(seconds)))
		return -1;
	return fd;
}

TEST_F(wire, data_wakes)
{
	struct peer *p = &self->p;
	long drops = stat_get("TCPDeferAcceptDrop");
	int listener = deferring(p, 10), fd;
	char buf[8];

	ASSERT_GE(listener, 0);
	ASSERT_EQ(0, peer_connect(p));
	EXPECT_EQ(0, sk_wait(listener, POLLIN, QUIET));
	EXPECT_EQ(TERN_SYN_RECV, sk_state(PORT, 5000));
	if (is_tern()) {
		EXPECT_EQ(drops + 1, stat_get("TCPDeferAcceptDrop"));
	}
	say(p, .flags = ACK | PSH, .seq = p->snd_nxt, .ack = p->rcv_nxt, .data = "hello", .len = 5);
	ASSERT_EQ(POLLIN, sk_wait(listener, POLLIN, SOON));
	fd = accept(listener, NULL, NULL);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(5, recv(fd, buf, sizeof(buf), MSG_DONTWAIT));
	EXPECT_EQ(TERN_ESTABLISHED, sk_state(PORT, 5000));
}

/* Nothing will come any more: there is something to be told. */
TEST_F(wire, fin_wakes)
{
	struct peer *p = &self->p;
	int listener = deferring(p, 10), fd;
	char b;

	ASSERT_GE(listener, 0);
	ASSERT_EQ(0, peer_connect(p));
	say(p, .flags = FIN | ACK, .seq = p->snd_nxt, .ack = p->rcv_nxt);
	ASSERT_EQ(POLLIN, sk_wait(listener, POLLIN, SOON));
	fd = accept(listener, NULL, NULL);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(0, recv(fd, &b, 1, MSG_DONTWAIT));
	EXPECT_EQ(TERN_CLOSE_WAIT, sk_state(PORT, 5000));
}

/* When the time is up the SYN-ACK asks once more, and an ACK is enough. */
TEST_F(wire, time_is_up)
{
	struct peer *p = &self->p;
	int listener;
	int64_t start;

	if (!is_tern())
		SKIP(return, "TCP counts in resends");
	ASSERT_EQ(0, sysctl_set("rto_init_us", "100000"));
	listener = deferring(p, 1);
	ASSERT_GE(listener, 0);
	say(p, .flags = SYN, .seq = p->iss, .mss = MSS, .has_mad = true);
	ASSERT_EQ(0, expect(p, &self->s, SYN | ACK));
	start = self->s.us;
	p->snd_nxt = p->iss + 1;
	p->rcv_nxt = self->s.seq + 1;
	say(p, .flags = ACK, .seq = p->snd_nxt, .ack = p->rcv_nxt);
	ASSERT_TRUE(at(p, &self->s, start, 1000000));
	EXPECT_EQ(SYN | ACK, self->s.flags);
	EXPECT_EQ(0, sk_wait(listener, POLLIN, 0));
	say(p, .flags = ACK, .seq = p->snd_nxt, .ack = p->rcv_nxt);
	EXPECT_EQ(POLLIN, sk_wait(listener, POLLIN, SOON));
	EXPECT_EQ(TERN_ESTABLISHED, sk_state(PORT, 5000));
}

/* A listener that is closed meanwhile takes with it whom it made wait. */
TEST_F(wire, listener_closes)
{
	struct peer *p = &self->p;
	int listener = deferring(p, 10);

	ASSERT_GE(listener, 0);
	ASSERT_EQ(0, peer_connect(p));
	EXPECT_EQ(0, sk_wait(listener, POLLIN, 50));
	close(listener);
	EXPECT_TRUE(wait_gone(PORT, 5000, SOON));
	say(p, .flags = ACK | PSH, .seq = p->snd_nxt, .ack = p->rcv_nxt, .len = 1);
	EXPECT_EQ(0, expect(p, &self->s, RST));
}

TEST_HARNESS_MAIN
