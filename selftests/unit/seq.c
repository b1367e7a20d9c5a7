// SPDX-License-Identifier: GPL-2.0
/* RFC 9293 3.4: comparison modulo 2^32 */
#include <kselftest_harness.h>
#include "../../module/pure/seq.h"

TEST(rfc9293_3_4__order_survives_wrap)
{
	EXPECT_TRUE(tern_seq_before(0xffffffff, 0));
	EXPECT_TRUE(tern_seq_after(0, 0xffffffff));
	EXPECT_FALSE(tern_seq_before(5, 5));
	EXPECT_FALSE(tern_seq_after(5, 5));
	EXPECT_TRUE(tern_seq_before(1, 0x80000000));
	EXPECT_EQ(3, tern_seq_max(0xfffffff0, 3));
	EXPECT_EQ(0xfffffff0, tern_seq_min(0xfffffff0, 3));
}

TEST(rfc9293_3_4__between_includes_both_ends)
{
	EXPECT_TRUE(tern_seq_between(10, 10, 20));
	EXPECT_TRUE(tern_seq_between(20, 10, 20));
	EXPECT_FALSE(tern_seq_between(21, 10, 20));
	EXPECT_FALSE(tern_seq_between(9, 10, 20));
	EXPECT_TRUE(tern_seq_between(2, 0xfffffffe, 4));
}

TEST(rfc9293_3_10_7_4__acceptable)
{
	const u32 nxt = 0xfffffff0, end = nxt + 100;

	EXPECT_TRUE(tern_seq_acceptable(nxt, nxt, nxt, end));
	EXPECT_TRUE(tern_seq_acceptable(nxt, nxt, nxt, nxt));
	EXPECT_TRUE(tern_seq_acceptable(nxt + 50, nxt + 200, nxt, end));
	EXPECT_TRUE(tern_seq_acceptable(nxt - 10, nxt + 1, nxt, end));
	EXPECT_FALSE(tern_seq_acceptable(nxt - 10, nxt - 1, nxt, end));
	EXPECT_FALSE(tern_seq_acceptable(end + 1, end + 2, nxt, end));
}

TEST(order__is_antisymmetric_at_any_offset)
{
	for (int i = 0; i < 100000; i++) {
		u32 a = shim_random(), d = shim_random() & 0x7fffffff;

		if (!d)
			continue;
		ASSERT_TRUE(tern_seq_before(a, a + d));
		ASSERT_TRUE(tern_seq_after(a + d, a));
		ASSERT_FALSE(tern_seq_before(a + d, a));
	}
}

TEST_HARNESS_MAIN
