// SPDX-License-Identifier: GPL-2.0
/* RFC 2018, RFC 2883 */
#include <kselftest_harness.h>
#include "../../module/pure/sack.c"

#define UNA	0xffffff00U
#define NXT	(UNA + 10000)
#define WND	65535U

static struct tern_sack_in digest(struct tern_opts o)
{
	struct tern_sack_in in;

	tern_sack_digest(&in, &o, UNA, UNA, NXT, WND);
	return in;
}

static struct tern_opts blocks(unsigned int n, const u32 (*b)[2])
{
	struct tern_opts o = { .num_sacks = n };

	for (unsigned int i = 0; i < n; i++) {
		o.sacks[i].start = UNA + b[i][0];
		o.sacks[i].end = UNA + b[i][1];
	}
	return o;
}

#define DIGEST(...) ({							\
	const u32 _b[][2] = { __VA_ARGS__ };				\
	digest(blocks(ARRAY_SIZE(_b), _b));			\
})

#define EXPECT_BLOCK(in, i, a, b) do {					\
	EXPECT_EQ(UNA + (a), (in).blocks[i].start);			\
	EXPECT_EQ(UNA + (b), (in).blocks[i].end);			\
} while (0)

TEST(rfc2018_3__sorted)
{
	struct tern_sack_in in = DIGEST({ 500, 600 }, { 100, 200 }, { 300, 400 });

	ASSERT_EQ(3, in.num);
	EXPECT_FALSE(in.dsack);
	EXPECT_BLOCK(in, 0, 100, 200);
	EXPECT_BLOCK(in, 1, 300, 400);
	EXPECT_BLOCK(in, 2, 500, 600);
}

TEST(rfc2018_3__overlap_is_joined)
{
	struct tern_sack_in in = DIGEST({ 300, 700 }, { 100, 300 },
					{ 400, 500 }, { 900, 901 });

	ASSERT_EQ(2, in.num);
	EXPECT_BLOCK(in, 0, 100, 700);
	EXPECT_BLOCK(in, 1, 900, 901);
}

TEST(rfc2018__impossible_blocks_are_dropped)
{
	struct tern_sack_in in = DIGEST({ 200, 100 }, { 100, 100 },
					{ 9000, 10001 }, { 0, 100 });

	EXPECT_EQ(0, in.num);
	EXPECT_FALSE(in.dsack);
	in = DIGEST({ 9000, 10000 });
	EXPECT_EQ(1, in.num);
	in = DIGEST({ 0x70000000, 0x70000010 });
	EXPECT_EQ(0, in.num);
}

TEST(rfc2883_4_1__duplicate_below_the_ack)
{
	struct tern_sack_in in = DIGEST({ -100, 0 }, { 300, 400 });

	ASSERT_TRUE(in.dsack);
	EXPECT_EQ(UNA - 100, in.dup.start);
	EXPECT_EQ(UNA, in.dup.end);
	ASSERT_EQ(1, in.num);
	EXPECT_BLOCK(in, 0, 300, 400);
}

TEST(rfc2883_4_2__duplicate_inside_the_second_block)
{
	struct tern_sack_in in = DIGEST({ 300, 350 }, { 300, 400 });

	ASSERT_TRUE(in.dsack);
	EXPECT_EQ(UNA + 300, in.dup.start);
	ASSERT_EQ(1, in.num);
	EXPECT_BLOCK(in, 0, 300, 400);
	in = DIGEST({ 300, 401 }, { 300, 400 });
	EXPECT_FALSE(in.dsack);
	ASSERT_EQ(1, in.num);
	EXPECT_BLOCK(in, 0, 300, 401);
}

TEST(rfc2883__only_the_first_block_and_not_from_long_ago)
{
	struct tern_sack_in in = DIGEST({ 300, 400 }, { -100, 0 });

	EXPECT_FALSE(in.dsack);
	EXPECT_EQ(1, in.num);
	in = DIGEST({ -65536, 0 });
	EXPECT_FALSE(in.dsack);
	in = DIGEST({ -65535, 0 });
	EXPECT_TRUE(in.dsack);
}

TEST(digest__blocks_below_a_new_ack_are_dropped)
{
	static const u32 b[][2] = { { 500, 600 }, { 100, 200 } };
	struct tern_opts o = blocks(ARRAY_SIZE(b), b);
	struct tern_sack_in in;

	tern_sack_digest(&in, &o, UNA + 300, UNA, NXT, WND);
	ASSERT_EQ(1, in.num);
	EXPECT_BLOCK(in, 0, 500, 600);
}

TEST(digest__any_blocks_give_a_sane_result)
{
	for (int i = 0; i < 300000; i++) {
		struct tern_opts o = { .num_sacks = shim_random() % 5 };
		struct tern_sack_in in;

		for (int j = 0; j < o.num_sacks; j++) {
			o.sacks[j].start = UNA + shim_random() % 12000 - 1000;
			o.sacks[j].end = o.sacks[j].start +
					 shim_random() % 3000 - 100;
		}
		in = digest(o);
		ASSERT_GE(o.num_sacks, in.num + in.dsack);
		for (int j = 0; j < in.num; j++) {
			u32 prev = j ? in.blocks[j - 1].end : UNA;

			ASSERT_TRUE(tern_seq_after(in.blocks[j].start, prev));
			ASSERT_TRUE(tern_seq_after(in.blocks[j].end,
						   in.blocks[j].start));
			ASSERT_FALSE(tern_seq_after(in.blocks[j].end, NXT));
		}
	}
}

static struct tern_sack_in news(struct tern_sack_known *k, u32 una, struct tern_sack_in in)
{
	tern_sack_news(k, &in, una);
	return in;
}

#define NEWS(k, ...)	news(k, UNA, DIGEST(__VA_ARGS__))

/* What was told, or part of it, is no news; what goes beyond it is, as a whole. */
TEST(news__once)
{
	struct tern_sack_known k = { 0 };
	struct tern_sack_in in;

	in = NEWS(&k, { 300, 400 }, { 100, 200 });
	ASSERT_EQ(2, in.num);
	in = NEWS(&k, { 300, 400 }, { 100, 200 });
	EXPECT_EQ(0, in.num);
	in = NEWS(&k, { 310, 390 });
	EXPECT_EQ(0, in.num);
	in = NEWS(&k, { 300, 500 }, { 100, 200 });
	ASSERT_EQ(1, in.num);
	EXPECT_BLOCK(in, 0, 300, 500);
	in = NEWS(&k, { 90, 201 });
	ASSERT_EQ(1, in.num);
	EXPECT_BLOCK(in, 0, 90, 201);
	EXPECT_EQ(2, k.num);
}

/* Side by side is not the same as one: a segment may lie across. */
TEST(news__not_joined)
{
	struct tern_sack_known k = { 0 };

	EXPECT_EQ(1, NEWS(&k, { 100, 200 }).num);
	EXPECT_EQ(1, NEWS(&k, { 200, 300 }).num);
	EXPECT_EQ(1, NEWS(&k, { 100, 300 }).num);
	EXPECT_EQ(1, k.num);
}

TEST(news__what_una_passed_is_forgotten)
{
	struct tern_sack_known k = { 0 };

	EXPECT_EQ(2, NEWS(&k, { 100, 200 }, { 300, 400 }).num);
	EXPECT_EQ(1, news(&k, UNA + 200, DIGEST({ 500, 600 })).num);
	ASSERT_EQ(2, k.num);
	/* 4 GiB later the numbers come again. */
	EXPECT_EQ(1, NEWS(&k, { 100, 200 }).num);
}

/* Of many the last ones are remembered. */
TEST(news__the_last_few)
{
	struct tern_sack_known k = { 0 };

	for (u32 i = 1; i <= 6; i++)
		EXPECT_EQ(1, NEWS(&k, { 100 * i, 100 * i + 50 }).num);
	EXPECT_EQ(TERN_SACK_MAX, k.num);
	EXPECT_EQ(0, NEWS(&k, { 600, 650 }, { 500, 550 }, { 400, 450 }, { 300, 350 }).num);
	EXPECT_EQ(1, NEWS(&k, { 200, 250 }).num);
	EXPECT_EQ(1, NEWS(&k, { 300, 350 }).num);
}

/* Random blocks against a map of what was told as a whole */
TEST(news__model)
{
	struct tern_sack_known k = { 0 };

	for (int i = 0; i < 200000; i++) {
		u32 start = 1 + shim_random() % 64, len = 1 + shim_random() % 16;
		struct tern_sack_block b = { .start = UNA + start, .end = UNA + start + len };
		struct tern_sack_in in = { .num = 1, .blocks = { b } };
		bool held = false;

		for (unsigned int j = 0; j < k.num; j++)
			held |= k.blocks[j].start <= b.start && k.blocks[j].end >= b.end;
		tern_sack_news(&k, &in, UNA);
		ASSERT_EQ(!held, in.num);
		ASSERT_LE(1, k.num);
		ASSERT_GE(TERN_SACK_MAX, k.num);
		for (unsigned int j = 0; j < k.num; j++)
			for (unsigned int l = 0; l < k.num; l++)
				ASSERT_TRUE(j == l || k.blocks[j].start < k.blocks[l].start ||
					    k.blocks[j].end > k.blocks[l].end);
	}
}

TEST_HARNESS_MAIN
