// SPDX-License-Identifier: GPL-2.0
/* RFC 9293 3.1: the header */
#include <kselftest_harness.h>
#include "../../module/pure/segment.c"

static void wrap(struct sk_buff *skb, void *buf, unsigned int len)
{
	memset(skb, 0, sizeof(*skb));
	memset(skb->cb, 0xa5, sizeof(skb->cb));	/* the network layer's */
	skb->head = buf;
	skb->data = buf;
	skb->len = len;
	skb->skb_iif = 7;
}

TEST(rfc9293_3_1__build_is_read_back)
{
	u8 buf[20 + 12 + 100] = {};
	struct ternhdr *th = (struct ternhdr *)buf;
	struct sk_buff skb;

	tern_segment_build(th, htons(1000), htons(80), 0xfffffff0, 77, 12,
			   TERN_FLAG_ACK | TERN_FLAG_PSH, 4321);
	wrap(&skb, buf, sizeof(buf));
	ASSERT_EQ(SKB_NOT_DROPPED_YET, tern_segment_parse(&skb));
	EXPECT_EQ(0xfffffff0, tern_cb(&skb)->seq);
	EXPECT_EQ(84, tern_cb(&skb)->end_seq);
	EXPECT_EQ(100, tern_seg_len(&skb));
	EXPECT_EQ(77, tern_cb(&skb)->ack);
	EXPECT_EQ(4321, tern_cb(&skb)->wnd);
	EXPECT_EQ(TERN_FLAG_ACK | TERN_FLAG_PSH, tern_cb(&skb)->flags);
	EXPECT_EQ(7, tern_cb(&skb)->iif);
	EXPECT_EQ(12, tern_cb(&skb)->optlen);
	EXPECT_EQ(32, tern_hdrlen(&skb));
	EXPECT_EQ(0, tern_cb(&skb)->marks);
}

TEST(rfc9293_3_1__wire_layout)
{
	static const u8 wire[20] = {
		0x12, 0x34, 0x56, 0x78, 1, 2, 3, 4, 5, 6, 7, 8,
		0x60, 0x12, 0xab, 0xcd, 0, 0, 0, 0,
	};
	struct ternhdr th;

	memset(&th, 0xff, sizeof(th));
	tern_segment_build(&th, htons(0x1234), htons(0x5678), 0x01020304,
			   0x05060708, 4, TERN_FLAG_SYN | TERN_FLAG_ACK,
			   0xabcd);
	EXPECT_EQ(0, memcmp(&th, wire, sizeof(wire)));
}

TEST(rfc9293_3_1__ack_field_is_zero_without_flag)
{
	struct ternhdr th;

	tern_segment_build(&th, 0, 0, 1, 99, 0, TERN_FLAG_RST, 0);
	EXPECT_EQ(0, th.ack_seq);
}

TEST(rfc9293_3_4__syn_and_fin_count_one_each)
{
	u8 buf[20] = {};
	struct ternhdr *th = (struct ternhdr *)buf;
	struct sk_buff skb;

	tern_segment_build(th, 0, 0, 0xffffffff, 0, 0,
			   TERN_FLAG_SYN | TERN_FLAG_FIN, 0);
	wrap(&skb, buf, sizeof(buf));
	ASSERT_EQ(SKB_NOT_DROPPED_YET, tern_segment_parse(&skb));
	EXPECT_EQ(1, tern_cb(&skb)->end_seq);
}

TEST(rfc9293_3_1__impossible_lengths_are_dropped)
{
	u8 buf[60] = {};
	struct ternhdr *th = (struct ternhdr *)buf;
	struct sk_buff skb;

	for (unsigned int len = 0; len <= sizeof(buf); len++) {
		for (unsigned int doff = 0; doff < 16; doff++) {
			bool ok = len >= 20 && doff >= 5 && doff * 4 <= len;

			th->doff = doff << 4;
			wrap(&skb, buf, len);
			ASSERT_EQ(ok, !tern_segment_parse(&skb));
		}
	}
}

TEST_HARNESS_MAIN
