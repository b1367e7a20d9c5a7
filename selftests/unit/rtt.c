// SPDX-License-Identifier: GPL-2.0
/* RFC 6298 */
#include <kselftest_harness.h>
#include "../../module/pure/rtt.c"

#define LOW	TERN_RTO_LOW_US
#define HIGH	TERN_RTO_HIGH_US

FIXTURE(rtt) {
	struct tern_rtt r;
};

FIXTURE_SETUP(rtt)
{
	tern_rtt_init(&self->r, TERN_RTO_FIRST_US);
}

FIXTURE_TEARDOWN(rtt)
{
}

TEST_F(rtt, rfc6298_2_1__initial)
{
	EXPECT_EQ(1000000, tern_rtt_rto_us(&self->r, 0, LOW, HIGH));
	EXPECT_EQ(1000000, tern_rtt_base_us(&self->r, 200000, 5000000, HIGH));
	EXPECT_EQ(500000, tern_rtt_rto_us(&self->r, 0, LOW, 500000));
	EXPECT_EQ(~0U, self->r.min_us);
}

TEST_F(rtt, rfc6298_2_2__first_sample)
{
	tern_rtt_sample(&self->r, 100000, 5);
	EXPECT_EQ(100000, self->r.srtt_us);
	EXPECT_EQ(50000, self->r.rttvar_us);
	EXPECT_EQ(300000, tern_rtt_rto_us(&self->r, 0, LOW, HIGH));
	EXPECT_EQ(340000, tern_rtt_rto_us(&self->r, 40000, LOW, HIGH));
	EXPECT_EQ(100000, self->r.latest_us);
	EXPECT_EQ(100000, self->r.min_us);
}

TEST_F(rtt, rfc6298_2_3__second_sample)
{
	tern_rtt_sample(&self->r, 100000, 0);
	tern_rtt_sample(&self->r, 180000, 0);
	/* RTTVAR = 3/4 * 50000 + 1/4 * 80000, SRTT = 7/8 * 100000 + 1/8 * 180000 */
	EXPECT_EQ(57500, self->r.rttvar_us);
	EXPECT_EQ(110000, self->r.srtt_us);
	tern_rtt_sample(&self->r, 30000, 0);
	EXPECT_EQ(100000, self->r.srtt_us);
	EXPECT_EQ(63125, self->r.rttvar_us);
}

TEST_F(rtt, rfc6298_2_4__floor_and_ceiling)
{
	tern_rtt_sample(&self->r, 10, 0);
	EXPECT_EQ(LOW, tern_rtt_rto_us(&self->r, 0, LOW, HIGH));
	EXPECT_EQ(30, tern_rtt_rto_us(&self->r, 0, 1, HIGH));
	EXPECT_EQ(20, tern_rtt_rto_us(&self->r, 0, 1, 20));
	EXPECT_EQ(20, tern_rtt_rto_us(&self->r, ~0U, 50, 20));
	EXPECT_EQ(HIGH, tern_rtt_rto_us(&self->r, ~0U, 1, HIGH));
}

TEST_F(rtt, rfc6298_2__steady_rtt_leaves_the_grain)
{
	for (int i = 0; i < 1000; i++)
		tern_rtt_sample(&self->r, 800, i);
	EXPECT_EQ(800, self->r.srtt_us);
	EXPECT_LE(801, tern_rtt_rto_us(&self->r, 0, 1, HIGH));
	EXPECT_GE(804, tern_rtt_rto_us(&self->r, 0, 1, HIGH));
}

TEST_F(rtt, rfc6298_5_5__backoff_doubles_and_saturates)
{
	u32 want = LOW;

	tern_rtt_sample(&self->r, 10, 0);
	for (int i = 0; i < 300; i++) {
		ASSERT_EQ(want, tern_rtt_rto_us(&self->r, 0, LOW, HIGH));
		tern_rtt_backoff(&self->r);
		want = min(2 * want, HIGH);
	}
	EXPECT_EQ(LOW, tern_rtt_base_us(&self->r, 0, LOW, HIGH));
	EXPECT_EQ(~0U, tern_rtt_rto_us(&self->r, ~0U, LOW, ~0U));
}

TEST_F(rtt, rfc6298_5__sample_ends_backoff)
{
	tern_rtt_backoff(&self->r);
	EXPECT_EQ(2000000, tern_rtt_rto_us(&self->r, 0, LOW, HIGH));
	tern_rtt_sample(&self->r, 10, 0);
	EXPECT_EQ(LOW, tern_rtt_rto_us(&self->r, 0, LOW, HIGH));
}

TEST_F(rtt, min__ages)
{
	tern_rtt_sample(&self->r, 100, 0xfffffff0);
	tern_rtt_sample(&self->r, 500, 1000);
	EXPECT_EQ(100, self->r.min_us);
	tern_rtt_sample(&self->r, 400, TERN_RTT_MIN_WIN_US);
	EXPECT_EQ(400, self->r.min_us);
	tern_rtt_sample(&self->r, 90, TERN_RTT_MIN_WIN_US + 1);
	EXPECT_EQ(90, self->r.min_us);
}

TEST_F(rtt, sample__any_value_stays_in_range)
{
	for (int i = 0; i < 300000; i++) {
		u32 s = shim_random() >> (shim_random() % 32), rto;

		if (shim_random() % 50 == 0)
			s = shim_random() & 1 ? 0 : ~0U;
		tern_rtt_sample(&self->r, s, i);
		ASSERT_LE(1, self->r.srtt_us);
		ASSERT_GE(TERN_RTT_MAX_US, self->r.srtt_us);
		ASSERT_GE(TERN_RTT_MAX_US, self->r.rttvar_us);
		rto = tern_rtt_rto_us(&self->r, 0, 1, ~0U);
		ASSERT_LT(self->r.srtt_us, rto);
	}
}

TEST_HARNESS_MAIN
