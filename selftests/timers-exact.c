// SPDX-License-Identifier: GPL-2.0
/*
 * timers-exact: those timers that no scenario is about: the SYN-ACK's, 63 s
 * by default, and that of the delayed ACK.
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
	ASSERT_EQ(0, peer_dial(p, &fd));
	for (int i = 0; i < 20; i++) {	/* past any quick start */
		say(p, .flags = ACK | PSH, .seq = p->snd_nxt, .ack = p->rcv_nxt, .len = MSS);
		p->snd_nxt += MSS;
		while (hear(p, &self->s, 60))
			;
	}
	say(p, .flags = ACK | PSH, .seq = p->snd_nxt, .ack = p->rcv_nxt, .len = 10);
	start = now_us();
	p->snd_nxt += 10;
	ASSERT_EQ(0, expect(p, &self->s, ACK));
	EXPECT_EQ(p->snd_nxt, self->s.ack);
	EXPECT_LE(self->s.us - start, timetravel() ? 50000 : 500000);

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

TEST_HARNESS_MAIN
