// SPDX-License-Identifier: GPL-2.0
/* RFC 4987 3.6 */
#include <kselftest_harness.h>
#include "../../module/pure/cookie.c"

#define MINUTE	60000000000ULL

FIXTURE(cookie) {
	struct tern_cookie_key k;
	struct tern_tuple t;
	struct tern_opts syn, back;
	u32 tsval;
};

FIXTURE_SETUP(cookie)
{
	tern_cookie_key_init(&self->k);
	memset(&self->t, 0, sizeof(self->t));
	memset(&self->syn, 0, sizeof(self->syn));
	self->t.raddr.s6_addr[10] = 0xff;
	self->t.raddr.s6_addr[11] = 0xff;
	self->t.lport = htons(80);
	self->t.rport = htons(1000);
	self->syn.mss = 1460;
}

FIXTURE_TEARDOWN(cookie)
{
}

#define ENCODE(isn, now, ts)						\
	tern_cookie_encode(&self->k, &self->t, isn, &self->syn, now, ts, \
			   &self->tsval)
#define DECODE(isn, c, has_ts, now)					\
	tern_cookie_decode(&self->k, &self->t, isn, c, has_ts,		\
			   self->tsval, now, &self->back)

TEST_F(cookie, rfc4987_3_6__comes_back)
{
	u32 c = ENCODE(77, 5 * MINUTE, 1000000);

	EXPECT_EQ(1000000, self->tsval);
	ASSERT_TRUE(DECODE(77, c, false, 5 * MINUTE + 100));
	EXPECT_EQ(1460, self->back.mss);
	EXPECT_FALSE(!!self->back.has_ts);
	EXPECT_FALSE(!!self->back.has_wscale);
	EXPECT_FALSE(!!self->back.sack_ok);
}

TEST_F(cookie, rfc4987_3_6__two_minutes_old_is_too_old)
{
	for (u64 now = 0; now < 8 * MINUTE; now += MINUTE / 4 + 1) {
		u32 c = ENCODE(77, now, 0);

		EXPECT_TRUE(DECODE(77, c, false, now + MINUTE));
		EXPECT_FALSE(DECODE(77, c, false, now + 2 * MINUTE));
		EXPECT_FALSE(DECODE(77, c, false, now + 3 * MINUTE));
		if (now > MINUTE)
			EXPECT_FALSE(DECODE(77, c, false, now - MINUTE));
	}
}

/* Each minute has a key of its own: the same words do not make the same cookie. */
TEST_F(cookie, keys__rotate)
{
	u32 c = ENCODE(77, 0, 0);
	siphash_key_t old = self->k.key[1];

	EXPECT_EQ(c, ENCODE(77, MINUTE - 1, 0));
	EXPECT_NE(c, ENCODE(77, MINUTE, 0));
	EXPECT_EQ(0, memcmp(&old, &self->k.key[1], sizeof(old)));
	EXPECT_TRUE(DECODE(77, c, false, MINUTE));
	/* The third minute overwrites the first one's, wherever the clock is then. */
	ENCODE(77, 2 * MINUTE, 0);
	EXPECT_NE(0, memcmp(&old, &self->k.key[1], sizeof(old)));
	EXPECT_FALSE(DECODE(77, c, false, MINUTE));
	EXPECT_FALSE(DECODE(77, c, false, 2 * MINUTE));
}

/* No key, no cookie: nothing was sent in that minute. */
TEST_F(cookie, keys__none_drawn)
{
	for (u32 c = 0; c < 100000; c++)
		ASSERT_FALSE(DECODE(77, c * 42949, false, 5 * MINUTE));
}

TEST_F(cookie, rfc4987_3_6__another_segment_is_refused)
{
	u32 c = ENCODE(77, 0, 0);

	EXPECT_FALSE(DECODE(78, c, false, 0));
	for (int bit = 0; bit < 32; bit++)
		EXPECT_FALSE(DECODE(77, c ^ 1U << bit, false, 0));
	self->t.rport++;
	EXPECT_FALSE(DECODE(77, c, false, 0));
}

TEST_F(cookie, rfc9293_3_7_1__mss_is_never_more_than_told)
{
	for (u32 mss = 1; mss < 65536; mss++) {
		self->syn.mss = mss;
		ASSERT_TRUE(DECODE(1, ENCODE(1, 0, 0), false, 0));
		if (mss >= TERN_MSS_FLOOR)
			ASSERT_GE(mss, self->back.mss);
	}
	self->syn.mss = 0;
	ASSERT_TRUE(DECODE(1, ENCODE(1, 0, 0), false, 0));
	EXPECT_EQ(536, self->back.mss);
	self->t.raddr.s6_addr[0] = 0x20;
	ASSERT_TRUE(DECODE(1, ENCODE(1, 0, 0), false, 0));
	EXPECT_EQ(1220, self->back.mss);
}

TEST_F(cookie, timestamp__carries_the_options)
{
	self->syn.has_ts = 1;
	for (int i = 0; i < 200000; i++) {
		u32 now = shim_random();
		u32 c;

		self->syn.sack_ok = shim_random() & 1;
		self->syn.has_wscale = shim_random() & 1;
		self->syn.wscale = shim_random() % 15;
		self->syn.has_mad = shim_random() & 1;
		self->syn.mad_us = shim_random() % 600000;
		c = ENCODE(i, now, now);
		ASSERT_GE(1023, now - self->tsval);
		ASSERT_TRUE(DECODE(i, c, true, now));
		ASSERT_TRUE(!!self->back.has_ts);
		ASSERT_EQ(!!self->syn.sack_ok, !!self->back.sack_ok);
		ASSERT_EQ(!!self->syn.has_wscale, !!self->back.has_wscale);
		if (self->syn.has_wscale)
			ASSERT_EQ(self->syn.wscale, self->back.wscale);
		ASSERT_EQ(!!self->syn.has_mad, !!self->back.has_mad);
		if (self->syn.has_mad && self->syn.mad_us <= TERN_MAD_MAX_US)
			ASSERT_LE(self->syn.mad_us, self->back.mad_us);
		if (self->syn.has_mad && self->syn.mad_us > 32)
			ASSERT_GT(2 * self->syn.mad_us, self->back.mad_us);
		ASSERT_GE(TERN_MAD_MAX_US, self->back.mad_us);
	}
}

TEST_HARNESS_MAIN
