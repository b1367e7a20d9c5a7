// SPDX-License-Identifier: GPL-2.0
/* RFC 9293 3.10.7.4 (seventh), RFC 2018 4, RFC 2883 4 */
#include <kselftest_harness.h>
#include "../../module/pure/reasm.c"

#define BASE	0xffffff00U	/* sequence numbers wrap early */
#define SPACE	2048U

static int live;

/* The byte at each sequence number is known, so that every copy is checked. */
static u8 byte_at(u32 seq)
{
	return (seq * 2654435761U) >> 24;
}

static struct sk_buff *make(u32 start, u32 end, u8 flags)
{
	struct sk_buff *skb = calloc(1, sizeof(*skb));
	u32 i;

	skb->len = end - start - !!(flags & TERN_FLAG_FIN);
	skb->head = malloc(skb->len + 1);
	skb->data = skb->head;
	skb->truesize = 256 + skb->len;
	for (i = 0; i < skb->len; i++)
		skb->data[i] = byte_at(BASE + start + i);
	tern_cb(skb)->seq = BASE + start;
	tern_cb(skb)->end_seq = BASE + end;
	tern_cb(skb)->flags = flags;
	live++;
	return skb;
}

static void release(struct sk_buff *skb)
{
	free(skb->head);
	free(skb);
	live--;
}

bool skb_try_coalesce(struct sk_buff *to, struct sk_buff *from, bool *stolen,
		      int *delta)
{
	u8 *buf;

	if (shim_no_coalesce)
		return false;
	buf = malloc(to->len + from->len);
	memcpy(buf, to->data, to->len);
	memcpy(buf + to->len, from->data, from->len);
	free(to->head);
	to->head = buf;
	to->data = buf;
	to->len += from->len;
	*delta = from->len;
	to->truesize += *delta;
	return true;
}

FIXTURE(reasm) {
	struct tern_reasm r;
	unsigned int obsoleted;
};

FIXTURE_SETUP(reasm)
{
	tern_reasm_init(&self->r);
	shim_no_coalesce = true;
}

FIXTURE_TEARDOWN(reasm)
{
	struct sk_buff *skb;

	while ((skb = tern_reasm_prune(&self->r)))
		release(skb);
	EXPECT_EQ(0, live);
}

static enum tern_reasm_result put(struct tern_reasm *r, u32 start, u32 end,
				  u8 flags, unsigned int *obsoleted)
{
	struct sk_buff *skb = make(start, end, flags), *old;
	enum tern_reasm_result res;
	bool stolen;
	int delta;

	res = tern_reasm_insert(r, skb, &stolen, &delta, &old);
	if (res != TERN_REASM_QUEUED)
		release(skb);
	while (old) {
		struct sk_buff *next = old->next;

		release(old);
		old = next;
		++*obsoleted;
	}
	return res;
}

#define PUT(a, b)	put(&self->r, a, b, 0, &self->obsoleted)
#define PUT_FIN(a, b)	put(&self->r, a, b, TERN_FLAG_FIN, &self->obsoleted)
#define EXPECT_SACK(i, a, b) do {					\
	EXPECT_LT(i, self->r.num_sacks);				\
	EXPECT_EQ(BASE + (a), self->r.sacks[i].start);			\
	EXPECT_EQ(BASE + (b), self->r.sacks[i].end);			\
} while (0)
#define EXPECT_DUP(a, b) do {						\
	EXPECT_TRUE(self->r.has_dup);					\
	EXPECT_EQ(BASE + (a), self->r.dup.start);			\
	EXPECT_EQ(BASE + (b), self->r.dup.end);				\
	self->r.has_dup = false;					\
} while (0)

#define EXPECT_PULL(nxt, a, b) do {					\
	struct sk_buff *_s = tern_reasm_pull(&self->r, BASE + (nxt));	\
	ASSERT_NE(NULL, _s);						\
	EXPECT_EQ(BASE + (a), tern_cb(_s)->seq);			\
	EXPECT_EQ(BASE + (b), tern_cb(_s)->end_seq);			\
	release(_s);							\
} while (0)

TEST_F(reasm, rfc9293_3_10_7_4__comes_out_in_order)
{
	EXPECT_TRUE(tern_reasm_empty(&self->r));
	EXPECT_EQ(TERN_REASM_QUEUED, PUT(200, 300));
	EXPECT_EQ(TERN_REASM_QUEUED, PUT(400, 500));
	EXPECT_EQ(TERN_REASM_QUEUED, PUT(100, 200));
	EXPECT_FALSE(tern_reasm_empty(&self->r));
	EXPECT_EQ(NULL, tern_reasm_pull(&self->r, BASE + 99));
	EXPECT_PULL(100, 100, 200);
	EXPECT_PULL(200, 200, 300);
	EXPECT_EQ(NULL, tern_reasm_pull(&self->r, BASE + 300));
	EXPECT_PULL(450, 400, 500);
	EXPECT_TRUE(tern_reasm_empty(&self->r));
	EXPECT_FALSE(self->r.has_dup);
}

TEST_F(reasm, rfc2018_4__latest_block_first)
{
	PUT(100, 200);
	PUT(300, 400);
	PUT(500, 600);
	EXPECT_SACK(0, 500, 600);
	EXPECT_SACK(1, 300, 400);
	EXPECT_SACK(2, 100, 200);
	PUT(200, 250);
	EXPECT_SACK(0, 100, 250);
	EXPECT_SACK(1, 500, 600);
	EXPECT_SACK(2, 300, 400);
	PUT(250, 300);
	EXPECT_EQ(2, self->r.num_sacks);
	EXPECT_SACK(0, 100, 400);
	EXPECT_SACK(1, 500, 600);
}

TEST_F(reasm, rfc2018_4__oldest_block_falls_off)
{
	struct tern_opts o;

	for (u32 i = 1; i < 8; i++)
		PUT(i * 100, i * 100 + 50);
	EXPECT_EQ(4, self->r.num_sacks);
	EXPECT_SACK(0, 700, 750);
	EXPECT_SACK(3, 400, 450);
	PUT(150, 160);	/* its neighbour is told again with it */
	EXPECT_SACK(0, 100, 160);
	EXPECT_EQ(3, tern_reasm_report(&self->r, &o, 3));
	EXPECT_EQ(3, o.num_sacks);
	EXPECT_EQ(4, tern_reasm_report(&self->r, &o, 99));
}

TEST_F(reasm, rfc2883_4_2__whole_duplicate)
{
	struct tern_opts o;

	PUT(100, 200);
	PUT(300, 400);
	EXPECT_EQ(TERN_REASM_DUP, PUT(120, 180));
	EXPECT_SACK(0, 100, 200);
	EXPECT_EQ(0, tern_reasm_report(&self->r, &o, 0));
	ASSERT_EQ(2, tern_reasm_report(&self->r, &o, 2));
	EXPECT_EQ(BASE + 120, o.sacks[0].start);
	EXPECT_EQ(BASE + 180, o.sacks[0].end);
	EXPECT_EQ(BASE + 100, o.sacks[1].start);
	ASSERT_EQ(2, tern_reasm_report(&self->r, &o, 4));
	EXPECT_EQ(BASE + 100, o.sacks[0].start);
}

TEST_F(reasm, rfc2883_4_2__partial_duplicates)
{
	PUT(100, 200);
	EXPECT_EQ(TERN_REASM_QUEUED, PUT(150, 300));
	EXPECT_DUP(150, 200);
	EXPECT_SACK(0, 100, 300);
	EXPECT_EQ(TERN_REASM_QUEUED, PUT(50, 150));
	EXPECT_DUP(100, 150);
	EXPECT_SACK(0, 50, 300);
	EXPECT_PULL(50, 50, 100);
	EXPECT_PULL(100, 100, 200);
	EXPECT_PULL(200, 200, 300);
}

TEST_F(reasm, insert__larger_replaces_smaller)
{
	PUT(100, 150);
	PUT(200, 250);
	PUT(300, 400);
	EXPECT_EQ(TERN_REASM_QUEUED, PUT(90, 350));
	EXPECT_EQ(2, self->obsoleted);
	EXPECT_SACK(0, 90, 400);
	EXPECT_EQ(1, self->r.num_sacks);
	EXPECT_PULL(90, 90, 300);
	EXPECT_PULL(300, 300, 400);
}

TEST_F(reasm, insert__two_neighbours_have_it_all)
{
	PUT(100, 200);
	PUT(200, 300);
	EXPECT_EQ(TERN_REASM_DUP, PUT(150, 250));
	EXPECT_DUP(150, 250);
	EXPECT_SACK(0, 100, 300);
	EXPECT_EQ(1, self->r.num_sacks);
}

TEST_F(reasm, insert__fin_counts_and_is_cut_off)
{
	struct sk_buff *cut;

	EXPECT_EQ(TERN_REASM_QUEUED, PUT_FIN(100, 201));
	EXPECT_EQ(TERN_REASM_DUP, PUT_FIN(150, 201));
	EXPECT_EQ(TERN_REASM_DUP, PUT_FIN(200, 201));
	EXPECT_EQ(TERN_REASM_QUEUED, PUT_FIN(50, 101));
	EXPECT_SACK(0, 50, 201);
	cut = tern_reasm_pull(&self->r, BASE + 50);
	ASSERT_NE(NULL, cut);
	EXPECT_EQ(BASE + 100, tern_cb(cut)->end_seq);
	EXPECT_EQ(0, tern_cb(cut)->flags & TERN_FLAG_FIN);
	release(cut);
	EXPECT_PULL(100, 100, 201);
	EXPECT_EQ(TERN_REASM_QUEUED, PUT_FIN(300, 301));
	EXPECT_PULL(300, 300, 301);
}

TEST_F(reasm, insert__adjacent_is_merged)
{
	shim_no_coalesce = false;
	PUT(100, 200);
	EXPECT_EQ(TERN_REASM_MERGED, PUT(200, 300));
	EXPECT_EQ(TERN_REASM_MERGED, PUT(250, 400));
	EXPECT_EQ(TERN_REASM_QUEUED, PUT_FIN(400, 401));
	EXPECT_SACK(0, 100, 401);
	EXPECT_PULL(100, 100, 400);
}

TEST_F(reasm, insert__no_memory_leaves_the_queue_alone)
{
	PUT(100, 200);
	PUT(300, 400);
	self->r.has_dup = false;
	shim_no_memory = true;
	EXPECT_EQ(TERN_REASM_NOMEM, PUT(150, 350));
	EXPECT_EQ(TERN_REASM_NOMEM, PUT(250, 350));
	shim_no_memory = false;
	EXPECT_FALSE(self->r.has_dup);
	EXPECT_EQ(2, self->r.num_sacks);
	EXPECT_EQ(0, self->obsoleted);
}

TEST_F(reasm, rfc2018_8__prune_takes_the_highest)
{
	PUT(100, 200);
	PUT(300, 400);
	PUT(400, 500);
	release(tern_reasm_prune(&self->r));
	EXPECT_SACK(0, 300, 400);
	release(tern_reasm_prune(&self->r));
	EXPECT_EQ(1, self->r.num_sacks);
	EXPECT_SACK(0, 100, 200);
	PUT(300, 350);
	EXPECT_SACK(0, 300, 350);
	release(tern_reasm_prune(&self->r));
	release(tern_reasm_prune(&self->r));
	EXPECT_EQ(0, self->r.num_sacks);
	EXPECT_EQ(NULL, tern_reasm_prune(&self->r));
}

TEST_F(reasm, advance__forgets_what_was_reached)
{
	PUT(100, 200);
	PUT(300, 400);
	tern_reasm_advance(&self->r, BASE + 99);
	EXPECT_EQ(2, self->r.num_sacks);
	tern_reasm_advance(&self->r, BASE + 200);
	EXPECT_EQ(1, self->r.num_sacks);
	EXPECT_SACK(0, 300, 400);
}

TEST_F(reasm, note_dup__one_range_for_one_ack)
{
	tern_reasm_note_dup(&self->r, BASE, BASE);
	EXPECT_FALSE(self->r.has_dup);
	tern_reasm_note_dup(&self->r, BASE, BASE + 10);
	tern_reasm_note_dup(&self->r, BASE + 10, BASE + 20);
	tern_reasm_note_dup(&self->r, BASE + 30, BASE + 40);
	EXPECT_DUP(0, 20);
}

/* What the queue must hold, by sequence number */
static bool have[SPACE];

static bool tree_is_sane(const struct tern_reasm *r)
{
	u32 expect[SPACE] = {}, at = 0;
	const struct sk_buff *skb, *last = NULL;

	for (skb = first_of(r); skb; skb = next_of(skb)) {
		const struct tern_skb_cb *cb = tern_cb(skb);
		u32 i, start = cb->seq - BASE;

		if (start < at || cb->end_seq - cb->seq != skb->len)
			return false;
		for (i = 0; i < skb->len; i++) {
			if (skb->data[i] != byte_at(cb->seq + i))
				return false;
			expect[start + i] = 1;
		}
		at = start + i;
		last = skb;
	}
	for (u32 i = 0; i < SPACE; i++) {
		if (expect[i] != have[i])
			return false;
	}
	return last == r->last;
}

static bool sacks_are_true(const struct tern_reasm *r)
{
	for (unsigned int i = 0; i < r->num_sacks; i++) {
		const struct tern_sack_block *b = &r->sacks[i];

		if (!tern_seq_before(b->start, b->end))
			return false;
		for (u32 s = b->start; s != b->end; s++) {
			if (!have[s - BASE])
				return false;
		}
		for (unsigned int j = 0; j < i; j++) {
			if (touch(b, &r->sacks[j]))
				return false;
		}
	}
	return true;
}

static bool first_sack_has(const struct tern_reasm *r, u32 start, u32 end)
{
	return r->num_sacks && !tern_seq_after(r->sacks[0].start, BASE + start) &&
	       !tern_seq_before(r->sacks[0].end, BASE + end);
}

TEST_F(reasm, model__random_segments)
{
	for (int round = 0; round < 400; round++) {
		u32 nxt = 0, start, end, max = 1 + shim_random() % 300;
		struct sk_buff *skb;

		memset(have, 0, sizeof(have));
		shim_no_coalesce = round & 1;
		while (nxt < SPACE - 400) {
			start = nxt + 1 + shim_random() % (SPACE - 301 - nxt);
			end = start + 1 + shim_random() % max;
			if (shim_random() % 4 == 0 && nxt < SPACE - 700) {
				start = nxt + 1 + shim_random() % 300;
				end = start + 1 + shim_random() % max;
			}
			PUT(start, end);
			memset(have + start, true, end - start);
			ASSERT_TRUE(first_sack_has(&self->r, start, end));

			if (shim_random() % 30 == 0) {
				skb = tern_reasm_prune(&self->r);
				memset(have + (tern_cb(skb)->seq - BASE), 0,
				       skb->len);
				release(skb);
			}
			if (shim_random() % 8 == 0) {
				nxt += 1 + shim_random() % 100;
				while ((skb = tern_reasm_pull(&self->r,
							      BASE + nxt))) {
					start = tern_cb(skb)->seq - BASE;
					memset(have + start, 0, skb->len);
					nxt = max(nxt, start + skb->len);
					release(skb);
				}
				tern_reasm_advance(&self->r, BASE + nxt);
			}
			ASSERT_TRUE(tree_is_sane(&self->r));
			ASSERT_TRUE(sacks_are_true(&self->r));
		}
		while ((skb = tern_reasm_prune(&self->r)))
			release(skb);
		ASSERT_EQ(0, live);
		ASSERT_EQ(0, self->r.num_sacks);
	}
}

TEST_HARNESS_MAIN
