// SPDX-License-Identifier: GPL-2.0
/*
 * timers-exact: those timers that no scenario is about: the SYN-ACK's, 63 s
 * by default, that of the delayed ACK, and where TERN_USER_TIMEOUT meets others.
 */
#include "clock.h"
#include "fixture.h"

WIRE_FIXTURE()

static int synack(struct peer *p, struct seg *s, int resends, int64_t unit)
{
	int64_t start, due = 0;

	if (sk_listen(PORT, 4) < 0)
		return -1;
	p->port = 5000;
	p->to_port = PORT;
	say(p, .flags = SYN, .seq = 100, .mss = 1460);
	if (expect(p, s, SYN | ACK))
		return -1;
	start = s->us;
	for (int i = 0; i < resends; i++) {
		due += unit << i;
		if (!at(p, s, start, due) || s->flags != (SYN | ACK))
			return -1;
	}
	due += unit << resends;
	sleep_most(start, due);
	if (sk_state(PORT, 5000) != TERN_SYN_RECV)
		return -1;
	if (!wait_gone(PORT, 5000, SOON) || !near_us(now_us() - start, due))
		return -1;
	return silence(p, QUIET) ? 0 : -1;
}

TEST_F_TIMEOUT(wire, synack_default, 1000)
{
	if (!timetravel())
		SKIP(return, "takes 63 s; runs in time travel");
	EXPECT_EQ(0, synack(&self->p, &self->s, 5, 1000000));
}

TEST_F(wire, synack_quick)
{
	if (!is_tern())
		SKIP(return, "TCP's unit is a constant");
	ASSERT_EQ(0, sysctl_set("rto_init_us", "200000"));
	ASSERT_EQ(0, sysctl_set("synack_retries", "2"));
	EXPECT_EQ(0, synack(&self->p, &self->s, 2, 200000));
}

/* A repeated SYN is answered, and the entry's own clock goes on. */
TEST_F(wire, synack_not_reset)
{
	struct peer *p = &self->p;
	int64_t start;

	if (!is_tern())
		SKIP(return, "TCP's clock is too coarse");
	ASSERT_GE(sk_listen(PORT, 4), 0);
	p->port = 5000;
	p->to_port = PORT;
	say(p, .flags = SYN, .seq = 100, .mss = 1460);
	ASSERT_EQ(0, expect(p, &self->s, SYN | ACK));
	start = self->s.us;
	sleep_until(start + 700000);
	say(p, .flags = SYN, .seq = 100, .mss = 1460);
	ASSERT_EQ(0, expect(p, &self->s, SYN | ACK));
	EXPECT_TRUE(at(p, &self->s, start, 1000000));
	EXPECT_TRUE(at(p, &self->s, start, 3000000));
}

/* A lone segment's ACK waits delack_max_us; the second full one's doesn't. */
TEST_F(wire, delayed_ack)
{
	struct peer *p = &self->p;
	int64_t start;
	int fd;

	if (!is_tern())
		SKIP(return, "TCP adapts");
	/* No pause here is a long one, which would make the next ACKs quick. */
	sysctl_set("rto_min_us", "10000000");
	ASSERT_EQ(0, peer_dial(p, &fd));
	for (int i = 0; i < 20; i++) {	/* past any quick start */
		say(p, .flags = ACK | PSH, .seq = p->snd_nxt, .ack = p->rcv_nxt, .len = MSS);
		p->snd_nxt += MSS;
		while (hear(p, &self->s, 60))
			;
	}
	start = now_us();
	say(p, .flags = ACK | PSH, .seq = p->snd_nxt, .ack = p->rcv_nxt, .len = 10);
	p->snd_nxt += 10;
	ASSERT_EQ(0, expect(p, &self->s, ACK));
	EXPECT_EQ(p->snd_nxt, self->s.ack);
	EXPECT_TRUE(near_us(self->s.us - start, 40000));

	for (int i = 0; i < 2; i++) {
		say(p, .flags = ACK, .seq = p->snd_nxt, .ack = p->rcv_nxt, .len = MSS);
		p->snd_nxt += MSS;
	}
	start = now_us();
	ASSERT_EQ(0, expect(p, &self->s, ACK));
	if (self->s.ack != p->snd_nxt)
		ASSERT_EQ(0, expect(p, &self->s, ACK));
	EXPECT_EQ(p->snd_nxt, self->s.ack);
	if (timetravel())
		EXPECT_LE(self->s.us - start, 10000);
}

/* Segments of the host in the next @ms, which the peer answers with its window shut */
static int shut_for(struct peer *p, struct seg *s, uint32_t ack, int ms, bool answer)
{
	int64_t end = now_us() + ms * 1000LL;
	int n = 0;

	while (now_us() < end) {
		n += hear(p, s, 50);
		if (answer)
			say(p, .flags = ACK, .seq = p->snd_nxt, .ack = ack, .win0 = true);
	}
	return n;
}

/*
 * A peer that shut its window over data in flight and answers isn't given up
 * by TERN_USER_TIMEOUT, nor flooded when that is over; silent, it is.
 */
TEST_F(wire, user_timeout_shut)
{
	struct peer *p = &self->p;
	int fd, ms = 500;
	int64_t start;
	uint32_t seq;

	if (!is_tern())
		SKIP(return, "TCP's clock is too coarse");
	p->has_mad = true;
	ASSERT_EQ(0, peer_dial(p, &fd));
	ASSERT_EQ(0, setsockopt(fd, SOL_TERN, TERN_USER_TIMEOUT, &ms, sizeof(ms)));
	seq = p->rcv_nxt;
	ASSERT_EQ(1, send(fd, "x", 1, 0));
	/* RTOs of 0.2 s at least: some at 0.2, 0.6, 1.4 s, and where the time ends */
	EXPECT_LE(shut_for(p, &self->s, seq, 1500, true), 10);
	EXPECT_EQ(TERN_ESTABLISHED, sk_state(p->to_port, PORT));
	start = now_us();
	say(p, .flags = ACK, .seq = p->snd_nxt, .ack = seq, .win0 = true);
	EXPECT_TRUE(error_at(fd, start, 500000, ETIMEDOUT));
}

/* A zero window that isn't answered: from the first probe */
TEST_F(wire, user_timeout_persist)
{
	struct peer *p = &self->p;
	int fd, ms = 700;

	if (!is_tern())
		SKIP(return, "TCP's clock is too coarse");
	p->has_mad = true;
	ASSERT_EQ(0, peer_dial(p, &fd));
	ASSERT_EQ(0, setsockopt(fd, SOL_TERN, TERN_USER_TIMEOUT, &ms, sizeof(ms)));
	say(p, .flags = ACK, .seq = p->snd_nxt, .ack = p->rcv_nxt, .win0 = true);
	ASSERT_EQ(1, send(fd, "x", 1, 0));
	ASSERT_EQ(0, expect(p, &self->s, ACK));
	EXPECT_TRUE(error_at(fd, self->s.us, 700000, ETIMEDOUT));
}

/* TERN_USER_TIMEOUT instead of the count of probes, not at the next of them */
TEST_F(wire, user_timeout_keepalive)
{
	struct peer *p = &self->p;
	int fd, one = 1, ms = 700, idle = 300000, intvl = 250000;
	int64_t start;

	if (!is_tern())
		SKIP(return, "TCP counts in seconds");
	ASSERT_EQ(0, peer_dial(p, &fd));
	ASSERT_EQ(0, setsockopt(fd, SOL_TERN, TERN_USER_TIMEOUT, &ms, sizeof(ms)));
	ASSERT_EQ(0, setsockopt(fd, SOL_TERN, TERN_KEEPIDLE_US, &idle, sizeof(idle)));
	ASSERT_EQ(0, setsockopt(fd, SOL_TERN, TERN_KEEPINTVL_US, &intvl, sizeof(intvl)));
	ASSERT_EQ(0, setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one)));
	start = now_us();
	say(p, .flags = ACK, .seq = p->snd_nxt, .ack = p->rcv_nxt);
	EXPECT_TRUE(at(p, &self->s, start, 300000));
	EXPECT_TRUE(at(p, &self->s, start, 550000));
	EXPECT_TRUE(error_at(fd, start, 700000, ETIMEDOUT));
}

/* An answer starts the idle time, also when the interval is longer. */
TEST_F(wire, keepalive_long_interval)
{
	struct peer *p = &self->p;
	int fd, one = 1, idle = 100000, intvl = 100000000;
	int64_t start;

	if (!is_tern())
		SKIP(return, "TCP counts in seconds");
	ASSERT_EQ(0, peer_dial(p, &fd));
	ASSERT_EQ(0, setsockopt(fd, SOL_TERN, TERN_KEEPIDLE_US, &idle, sizeof(idle)));
	ASSERT_EQ(0, setsockopt(fd, SOL_TERN, TERN_KEEPINTVL_US, &intvl, sizeof(intvl)));
	ASSERT_EQ(0, setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one)));
	for (int i = 0; i < 3; i++) {
		start = now_us();
		say(p, .flags = ACK, .seq = p->snd_nxt, .ack = p->rcv_nxt);
		ASSERT_TRUE(at(p, &self->s, start, 100000));
	}
}

TEST_HARNESS_MAIN
