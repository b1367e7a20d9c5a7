// SPDX-License-Identifier: GPL-2.0
/* RFC 9293 3.2, RFC 7323, RFC 2018, RFC 6994 */
#include <kselftest_harness.h>
#include "../../module/pure/options.c"

#define PARSE(o, syn, ...) do {						\
	const u8 _b[] = { __VA_ARGS__ };				\
	u8 *_h = malloc(sizeof(_b));	/* so that ASAN sees its ends */	\
	memcpy(_h, _b, sizeof(_b));					\
	tern_options_parse(_h, sizeof(_b), syn, o);			\
	free(_h);							\
} while (0)

TEST(rfc9293_3_2__syn_options)
{
	struct tern_opts o;

	PARSE(&o, true, 2, 4, 0x05, 0xb4, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2,
	      1, 3, 3, 7, 253, 8, 0x54, 0x45, 0, 0, 0x9c, 0x40);
	EXPECT_EQ(1460, o.mss);
	EXPECT_TRUE(!!o.sack_ok);
	EXPECT_TRUE(!!o.has_ts);
	EXPECT_EQ(1, o.tsval);
	EXPECT_EQ(2, o.tsecr);
	EXPECT_TRUE(!!o.has_wscale);
	EXPECT_EQ(7, o.wscale);
	EXPECT_TRUE(!!o.has_mad);
	EXPECT_EQ(40000, o.mad_us);
}

/* Nobody may delay an ACK for as long as 0.5 s, whatever he says. */
TEST(rfc9293_3_8_6_3__mad_is_500_ms_at_most)
{
	struct tern_opts o;

	PARSE(&o, true, 253, 8, 0x54, 0x45, 0, 0x07, 0xa1, 0x20);
	EXPECT_EQ(500000, o.mad_us);
	PARSE(&o, true, 253, 8, 0x54, 0x45, 0, 0x07, 0xa1, 0x21);
	EXPECT_EQ(500000, o.mad_us);
	PARSE(&o, true, 253, 8, 0x54, 0x45, 0xff, 0xff, 0xff, 0xff);
	EXPECT_TRUE(!!o.has_mad);
	EXPECT_EQ(500000, o.mad_us);
}

TEST(rfc9293_3_2__syn_options_elsewhere_are_ignored)
{
	struct tern_opts o;

	PARSE(&o, false, 2, 4, 5, 0xb4, 4, 2, 3, 3, 7, 253, 8, 0x54, 0x45, 0,
	      0, 0, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2);
	EXPECT_EQ(0, o.mss);
	EXPECT_FALSE(!!o.sack_ok);
	EXPECT_FALSE(!!o.has_wscale);
	EXPECT_FALSE(!!o.has_mad);
	EXPECT_TRUE(!!o.has_ts);
}

TEST(rfc9293_3_2__unknown_option_is_skipped)
{
	struct tern_opts o;

	PARSE(&o, true, 99, 5, 1, 2, 3, 2, 4, 1, 0);
	EXPECT_EQ(256, o.mss);
}

TEST(rfc9293_3_2__end_of_list_ends)
{
	struct tern_opts o;

	PARSE(&o, true, 0, 2, 4, 1, 0);
	EXPECT_EQ(0, o.mss);
}

TEST(rfc9293_3_2__malformed_ends_and_keeps)
{
	struct tern_opts o;

	PARSE(&o, true, 2, 4, 1, 0, 99, 1, 4, 2);	/* length 1 */
	EXPECT_EQ(256, o.mss);
	EXPECT_FALSE(!!o.sack_ok);
	PARSE(&o, true, 2, 4, 1, 0, 99, 9, 4, 2);	/* past the end */
	EXPECT_EQ(256, o.mss);
	EXPECT_FALSE(!!o.sack_ok);
	PARSE(&o, true, 2, 4, 1, 0, 3, 4, 7, 1, 4, 2);	/* wrong length */
	EXPECT_EQ(256, o.mss);
	EXPECT_FALSE(!!o.has_wscale);
	EXPECT_FALSE(!!o.sack_ok);
	PARSE(&o, true, 2, 4, 1, 0, 8);			/* no length */
	EXPECT_EQ(256, o.mss);
	PARSE(&o, true, 253, 7, 0x54, 0x45, 0, 0, 1, 2, 4, 1, 0);
	EXPECT_EQ(0, o.mss);
	EXPECT_FALSE(!!o.has_mad);
}

TEST(rfc6994__foreign_experiment_is_skipped)
{
	struct tern_opts o;

	PARSE(&o, true, 253, 8, 0x54, 0x46, 0, 0, 0, 1, 254, 2, 253, 2, 253, 3,
	      1, 2, 4, 1, 0);
	EXPECT_FALSE(!!o.has_mad);
	EXPECT_EQ(256, o.mss);
}

TEST(rfc7323_2_3__scale_above_14_is_14)
{
	struct tern_opts o;

	PARSE(&o, true, 3, 3, 200);
	EXPECT_EQ(14, o.wscale);
}

TEST(rfc2018_3__blocks)
{
	struct tern_opts o;

	PARSE(&o, false, 1, 1, 5, 18, 0, 0, 0, 1, 0, 0, 0, 2,
	      0xff, 0xff, 0xff, 0xff, 0, 0, 0, 9);
	ASSERT_EQ(2, o.num_sacks);
	EXPECT_EQ(1, o.sacks[0].start);
	EXPECT_EQ(2, o.sacks[0].end);
	EXPECT_EQ(0xffffffff, o.sacks[1].start);
	EXPECT_EQ(9, o.sacks[1].end);
	PARSE(&o, true, 5, 10, 0, 0, 0, 1, 0, 0, 0, 2, 4, 2);
	EXPECT_EQ(0, o.num_sacks);
	EXPECT_TRUE(!!o.sack_ok);
	PARSE(&o, false, 5, 2);
	EXPECT_EQ(0, o.num_sacks);
	PARSE(&o, false, 5, 9, 0, 0, 0, 1, 0, 0, 0);
	EXPECT_EQ(0, o.num_sacks);
}

TEST(rfc7323_A__timestamps_are_aligned)
{
	static const u8 wire[12] = { 1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8 };
	struct tern_opts o = { .has_ts = 1, .tsval = 0x01020304,
			       .tsecr = 0x05060708 };
	u8 buf[40];

	ASSERT_EQ(12, tern_options_build(buf, &o, false));
	EXPECT_EQ(0, memcmp(buf, wire, 12));
}

TEST(rfc2018_3__three_blocks_beside_timestamps)
{
	struct tern_opts o = { .has_ts = 1, .num_sacks = 4 }, back;
	u8 buf[40];

	EXPECT_EQ(40, tern_options_size(&o, false));
	tern_options_parse(buf, tern_options_build(buf, &o, false), false, &back);
	EXPECT_EQ(3, back.num_sacks);
	o.has_ts = 0;
	EXPECT_EQ(36, tern_options_size(&o, false));
	o.num_sacks = 255;
	EXPECT_EQ(36, tern_options_build(buf, &o, false));
}

TEST(build__full_syn)
{
	struct tern_opts o = { .mss = 1460, .sack_ok = 1, .has_ts = 1,
			       .has_wscale = 1, .has_mad = 1 };

	EXPECT_EQ(28, tern_options_size(&o, true));
}

static void random_opts(struct tern_opts *o, bool syn)
{
	memset(o, 0, sizeof(*o));
	o->has_ts = shim_random() & 1;
	if (o->has_ts) {
		o->tsval = shim_random();
		o->tsecr = shim_random();
	}
	if (!syn) {
		o->num_sacks = shim_random() % 4;
		for (int i = 0; i < o->num_sacks; i++) {
			o->sacks[i].start = shim_random();
			o->sacks[i].end = shim_random();
		}
		return;
	}
	o->mss = shim_random() & 1 ? shim_random() : 0;
	o->sack_ok = shim_random() & 1;
	o->has_wscale = shim_random() & 1;
	o->wscale = o->has_wscale ? shim_random() % 15 : 0;
	o->has_mad = shim_random() & 1;
	o->mad_us = o->has_mad ? shim_random() % (TERN_MAD_MAX_US + 1) : 0;
}

TEST(build__parse_gives_it_back)
{
	for (int i = 0; i < 200000; i++) {
		bool syn = i & 1;
		struct tern_opts o, back;
		unsigned int len;
		u8 buf[40];

		random_opts(&o, syn);
		len = tern_options_build(buf, &o, syn);
		ASSERT_EQ(len, tern_options_size(&o, syn));
		ASSERT_EQ(0, len % 4);
		ASSERT_GE(40, len);
		tern_options_parse(buf, len, syn, &back);
		ASSERT_EQ(0, memcmp(&o, &back, sizeof(o)));
	}
}

TEST(parse__survives_random_bytes)
{
	static const u8 kinds[] = { 0, 1, 2, 3, 4, 5, 8, 253, 254, 99 };

	for (int i = 0; i < 300000; i++) {
		unsigned int len = shim_random() % 61;
		u8 *buf = malloc(len + !len);
		struct tern_opts o;

		for (unsigned int j = 0; j < len; j++) {
			u32 r = shim_random();

			buf[j] = r & 3 ? kinds[(r >> 2) % sizeof(kinds)] :
					 r >> 8;
		}
		tern_options_parse(buf, len, i & 1, &o);
		ASSERT_GE(TERN_SACK_MAX, o.num_sacks);
		ASSERT_GE(TERN_WSCALE_MAX, o.wscale);
		ASSERT_GE(TERN_MAD_MAX_US, o.mad_us);
		ASSERT_TRUE(i & 1 ? !o.num_sacks : !o.mss && !o.has_mad);
		free(buf);
	}
}

TEST_HARNESS_MAIN
