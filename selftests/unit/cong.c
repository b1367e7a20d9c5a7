// SPDX-License-Identifier: GPL-2.0
/* RFC 5681, RFC 6928, RFC 6937, RFC 4015, RFC 2861 */
#include <kselftest_harness.h>
#include "../../module/cong/cong.c"
#include "../../module/cong/reno.c"

FIXTURE(cong) {
	struct tern_cong c;
};

FIXTURE_SETUP(cong)
{
	tern_cong_init(&self->c, tern_cong_find("reno"));
}

FIXTURE_TEARDOWN(cong)
{
}

static void ack(struct tern_cong *c, u32 acked, bool limited)
{
	struct tern_cong_sample s = { .acked = acked, .cwnd_limited = limited };

	tern_cong_ack(c, &s);
}

TEST_F(cong, find__by_name)
{
	EXPECT_EQ(&tern_cong_reno, tern_cong_find("reno"));
	EXPECT_EQ(NULL, tern_cong_find("renown"));
	EXPECT_EQ(NULL, tern_cong_find(""));
}

TEST_F(cong, rfc6928_2__initial_window)
{
	EXPECT_EQ(10, self->c.cwnd);
	EXPECT_TRUE(tern_cong_in_slow_start(&self->c));
}

TEST_F(cong, rfc5681_3_1__slow_start_doubles)
{
	for (u32 want = 20; want <= 640; want *= 2) {
		u32 n = self->c.cwnd;

		while (n--)
			ack(&self->c, 1, true);
		EXPECT_EQ(want, self->c.cwnd);
	}
}

TEST_F(cong, rfc3465__merged_acks_count_segments)
{
	ack(&self->c, 10, true);
	EXPECT_EQ(20, self->c.cwnd);
}

TEST_F(cong, rfc5681_3_1__avoidance_adds_one_a_round_trip)
{
	self->c.cwnd = 20;
	self->c.ssthresh = 20;
	for (int i = 0; i < 19; i++)
		ack(&self->c, 1, true);
	EXPECT_EQ(20, self->c.cwnd);
	ack(&self->c, 1, true);
	EXPECT_EQ(21, self->c.cwnd);
	for (int i = 0; i < 21; i++)
		ack(&self->c, 1, true);
	EXPECT_EQ(22, self->c.cwnd);
	ack(&self->c, 30, true);
	EXPECT_EQ(23, self->c.cwnd);
	EXPECT_EQ(8, self->c.cwnd_cnt);
}

TEST_F(cong, rfc5681_3_1__slow_start_ends_at_ssthresh)
{
	self->c.ssthresh = 12;
	ack(&self->c, 10, true);
	EXPECT_EQ(12, self->c.cwnd);
	EXPECT_EQ(8, self->c.cwnd_cnt);
}

TEST_F(cong, rfc7661__unused_window_does_not_grow)
{
	ack(&self->c, 10, false);
	EXPECT_EQ(10, self->c.cwnd);
}

TEST_F(cong, rfc5681_3_1__timeout)
{
	self->c.cwnd = 40;
	tern_cong_timeout(&self->c, 40, false);
	EXPECT_EQ(1, self->c.cwnd);
	EXPECT_EQ(20, self->c.ssthresh);
	self->c.cwnd = 3;
	tern_cong_timeout(&self->c, 3, false);
	EXPECT_EQ(2, self->c.ssthresh);
}

/* FlightSize, not cwnd */
TEST_F(cong, rfc5681_3_1__eq_4_takes_flight_size)
{
	self->c.cwnd = 40;
	tern_cong_timeout(&self->c, 12, false);
	EXPECT_EQ(6, self->c.ssthresh);
	self->c.cwnd = 40;
	tern_cong_enter_recovery(&self->c, 12, false);
	EXPECT_EQ(6, self->c.ssthresh);
	self->c.cwnd = 10;
	tern_cong_enter_recovery(&self->c, 12, false);
	EXPECT_EQ(5, self->c.ssthresh);
}

TEST_F(cong, rfc5681_3_1__timeout_in_recovery)
{
	self->c.cwnd = 40;
	tern_cong_enter_recovery(&self->c, 40, false);
	self->c.cwnd = 20;
	tern_cong_timeout(&self->c, 45, true);
	EXPECT_EQ(20, self->c.ssthresh);
	self->c.cwnd = 40;
	tern_cong_enter_recovery(&self->c, 40, false);
	self->c.cwnd = 20;
	tern_cong_timeout(&self->c, 6, true);
	EXPECT_EQ(3, self->c.ssthresh);
}

/* Lost again: halved again, and an undo undoes both. */
TEST_F(cong, rfc5681_4_3__twice)
{
	self->c.cwnd = 40;
	tern_cong_enter_recovery(&self->c, 40, false);
	self->c.cwnd = 35;
	tern_cong_enter_recovery(&self->c, 45, true);
	EXPECT_EQ(10, self->c.ssthresh);
	tern_cong_undo(&self->c);
	EXPECT_EQ(40, self->c.cwnd);
}

/* RFC 6937 4, figure 2: 20 in flight, one lost, Reno: cwnd ends at 10 */
TEST_F(cong, rfc6937_4__one_loss_of_twenty)
{
	struct tern_cong *c = &self->c;
	u32 flight = 20 - 1 - 3, sent = 0;	/* lost one, three SACKed */

	c->cwnd = 20;
	tern_cong_enter_recovery(c, 20, false);
	EXPECT_EQ(10, c->ssthresh);
	tern_cong_prr(c, 3, 1, flight, false);
	for (int i = 0; i < 17; i++) {
		while (flight < c->cwnd) {
			flight++;
			sent++;
			c->prr_out++;
		}
		if (i < 16)
			tern_cong_prr(c, 1, 0, --flight, false);
	}
	EXPECT_EQ(10, sent);
	EXPECT_EQ(10, c->cwnd);
	tern_cong_exit_recovery(c);
	EXPECT_EQ(10, c->cwnd);
}

TEST_F(cong, rfc6937_3__fast_retransmit_goes_out)
{
	self->c.cwnd = 100;
	tern_cong_enter_recovery(&self->c, 100, false);
	tern_cong_prr(&self->c, 1, 1, 98, false);
	EXPECT_EQ(99, self->c.cwnd);
	self->c.prr_out = 1;
	tern_cong_prr(&self->c, 1, 0, 98, false);
	EXPECT_EQ(98, self->c.cwnd);
	tern_cong_enter_recovery(&self->c, 100, false);
	tern_cong_prr(&self->c, 1, 1, self->c.ssthresh, false);
	EXPECT_EQ(self->c.ssthresh + 1, self->c.cwnd);
}

TEST_F(cong, rfc6937_3__share_is_rounded_up)
{
	self->c.cwnd = 7;
	tern_cong_enter_recovery(&self->c, 7, false);
	self->c.prr_out = 1;
	tern_cong_prr(&self->c, 3, 0, 4, false);	/* 3 * 3 / 7 */
	EXPECT_EQ(5, self->c.cwnd);
}

/* After heavy loss: one for one, or one more while SND.UNA moves. */
TEST_F(cong, rfc6937_3__below_ssthresh)
{
	struct tern_cong *c = &self->c;

	c->cwnd = 40;
	tern_cong_enter_recovery(c, 40, false);
	c->prr_out = 5;
	c->prr_delivered = 5;
	tern_cong_prr(c, 1, 1, 4, true);
	EXPECT_EQ(5, c->cwnd);
	c->prr_out++;
	tern_cong_prr(c, 1, 0, 4, true);
	EXPECT_EQ(6, c->cwnd);
	c->prr_out++;
	tern_cong_prr(c, 100, 0, 4, true);
	EXPECT_EQ(20, c->cwnd);
	tern_cong_prr(c, 0, 5, 1, true);
	EXPECT_EQ(20, c->cwnd);
}

TEST_F(cong, rfc4015__undo)
{
	struct tern_cong *c = &self->c;

	c->cwnd = 40;
	c->ssthresh = 30;
	tern_cong_timeout(c, 40, false);
	tern_cong_undo(c);
	EXPECT_EQ(40, c->cwnd);
	EXPECT_EQ(30, c->ssthresh);
	tern_cong_exit_recovery(c);
	EXPECT_EQ(40, c->cwnd);
	c->cwnd = 5;
	tern_cong_undo(c);
	EXPECT_EQ(5, c->cwnd);
}

TEST_F(cong, rfc2861__idle_halves_to_initial_window)
{
	struct tern_cong *c = &self->c;

	c->cwnd = 100;
	c->ssthresh = 50;
	tern_cong_idle(c, 0);
	EXPECT_EQ(100, c->cwnd);
	tern_cong_idle(c, 2);
	EXPECT_EQ(25, c->cwnd);
	EXPECT_EQ(75, c->ssthresh);
	tern_cong_idle(c, ~0U);
	EXPECT_EQ(10, c->cwnd);
	c->cwnd = 4;
	tern_cong_idle(c, 1);
	EXPECT_EQ(4, c->cwnd);
}

TEST_F(cong, window__never_zero_nor_beyond_the_clamp)
{
	struct tern_cong *c = &self->c;

	for (int i = 0; i < 500000; i++) {
		u32 n = shim_random() >> (shim_random() % 32);

		switch (shim_random() % 8) {
		case 0:
			tern_cong_enter_recovery(c, n, n & 1);
			break;
		case 1:
			tern_cong_exit_recovery(c);
			break;
		case 2:
			if (shim_random() % 8 == 0)
				tern_cong_timeout(c, n, n & 1);
			break;
		case 3:
			tern_cong_undo(c);
			break;
		case 4:
			tern_cong_idle(c, n);
			break;
		case 5:
			tern_cong_prr(c, n, n & 3, shim_random() >> 8, n & 1);
			c->prr_out += n & 7;
			break;
		default:
			ack(c, n, true);
		}
		ASSERT_LE(1, c->cwnd);
		ASSERT_GE(TERN_CWND_CLAMP, c->cwnd);
		ASSERT_LE(2, c->ssthresh);
	}
}

TEST_HARNESS_MAIN
