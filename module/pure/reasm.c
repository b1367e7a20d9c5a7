// SPDX-License-Identifier: GPL-2.0
/*
 * The out-of-order queue: segments beyond RCV.NXT in a red-black tree, disjoint
 * and in order, and the SACK blocks that tell the sender of them. Memory, the
 * window and RCV.NXT are the caller's; an skb that leaves is the caller's too.
 */
#include <linux/kernel.h>
#include <linux/string.h>
#include "reasm.h"

/**
 * tern_reasm_init - an empty queue
 * @r: queue
 */
void tern_reasm_init(struct tern_reasm *r)
{
	memset(r, 0, sizeof(*r));
	r->root = RB_ROOT;
}

static struct sk_buff *next_of(const struct sk_buff *skb)
{
	return rb_entry_safe(rb_next(&skb->rbnode), struct sk_buff, rbnode);
}

static struct sk_buff *first_of(const struct tern_reasm *r)
{
	return rb_entry_safe(rb_first(&r->root), struct sk_buff, rbnode);
}

/* The segment with the highest sequence not after @seq */
static struct sk_buff *find_before(const struct tern_reasm *r, u32 seq)
{
	struct rb_node *n = r->root.rb_node;
	struct sk_buff *found = NULL;

	/* Most segments come in order, behind a hole. */
	if (r->last && !tern_seq_before(seq, tern_cb(r->last)->seq))
		return r->last;
	while (n) {
		struct sk_buff *skb = rb_entry(n, struct sk_buff, rbnode);

		if (tern_seq_after(tern_cb(skb)->seq, seq)) {
			n = n->rb_left;
		} else {
			found = skb;
			n = n->rb_right;
		}
	}
	return found;
}

/* Take out; the tree's node shares memory with next, prev and dev. */
static void detach(struct tern_reasm *r, struct sk_buff *skb)
{
	if (skb == r->last)
		r->last = rb_entry_safe(rb_prev(&skb->rbnode), struct sk_buff,
					rbnode);
	rb_erase(&skb->rbnode, &r->root);
	skb->next = NULL;
	skb->prev = NULL;
	skb->dev = NULL;
}

/* Link behind @prev, or first when that is NULL. */
static void attach(struct tern_reasm *r, struct sk_buff *skb,
		   struct sk_buff *prev)
{
	struct rb_node **link = &r->root.rb_node, *parent = NULL;

	if (prev) {
		parent = &prev->rbnode;
		link = &parent->rb_right;
	}
	for (; *link; link = &parent->rb_left)
		parent = *link;
	rb_link_node(&skb->rbnode, parent, link);
	rb_insert_color(&skb->rbnode, &r->root);
	if (prev == r->last)
		r->last = skb;
}

static bool touch(const struct tern_sack_block *a,
		  const struct tern_sack_block *b)
{
	return !tern_seq_after(a->start, b->end) &&
	       !tern_seq_after(b->start, a->end);
}

static void cover(struct tern_sack_block *a, const struct tern_sack_block *b)
{
	a->start = tern_seq_min(a->start, b->start);
	a->end = tern_seq_max(a->end, b->end);
}

/*
 * RFC 2018 4: the block that the last segment fell into comes first, the
 * others follow in the order in which they were told. Blocks are disjoint
 * before, so none that was passed over can touch the grown one: what makes it
 * grow is disjoint from it too.
 */
static void sack_add(struct tern_reasm *r, u32 start, u32 end)
{
	struct tern_sack_block b = { .start = start, .end = end };
	unsigned int i, kept = 0;
	struct tern_sack_block old[TERN_SACK_MAX];

	for (i = 0; i < r->num_sacks; i++) {
		if (touch(&b, &r->sacks[i]))
			cover(&b, &r->sacks[i]);
		else
			old[kept++] = r->sacks[i];
	}
	kept = min(kept, TERN_SACK_MAX - 1);
	memcpy(&r->sacks[1], old, kept * sizeof(old[0]));
	r->sacks[0] = b;
	r->num_sacks = kept + 1;
}

/* Forget the first @n bytes of sequence space, all of them payload. */
static bool trim_head(struct sk_buff *skb, u32 n)
{
	if (!pskb_pull(skb, n))
		return false;
	tern_cb(skb)->seq += n;
	return true;
}

/* Forget what is at @end and behind; a FIN is always there. */
static bool trim_tail(struct sk_buff *skb, u32 end)
{
	struct tern_skb_cb *cb = tern_cb(skb);

	if (pskb_trim(skb, end - cb->seq))
		return false;
	cb->end_seq = end;
	cb->flags &= ~TERN_FLAG_FIN;
	return true;
}

/* Cut away what @prev, which begins at or before @skb, has already. */
static bool clip_to_prev(struct tern_reasm *r, struct sk_buff *skb,
			 const struct sk_buff *prev)
{
	u32 seq = tern_cb(skb)->seq, end = tern_cb(prev)->end_seq;

	if (!tern_seq_after(end, seq))
		return true;
	if (!trim_head(skb, end - seq))
		return false;
	tern_reasm_note_dup(r, seq, end);
	return true;
}

/*
 * Cut away what @next has already when it reaches further than @skb, so that
 * all others in the way are covered by @skb.
 */
static bool clip_to_next(struct tern_reasm *r, struct sk_buff *skb,
			 struct sk_buff *next)
{
	u32 end = tern_cb(skb)->end_seq;

	for (; next && tern_seq_before(tern_cb(next)->seq, end);
	     next = next_of(next)) {
		u32 seq = tern_cb(next)->seq;

		if (!tern_seq_after(tern_cb(next)->end_seq, end))
			continue;
		if (!trim_tail(skb, seq))
			return false;
		tern_reasm_note_dup(r, seq, end);
		break;
	}
	return true;
}

/* Take out what @skb covers; returns what follows it. */
static struct sk_buff *drop_covered(struct tern_reasm *r,
				    const struct sk_buff *skb,
				    struct sk_buff *next,
				    struct sk_buff **obsolete)
{
	while (next &&
	       tern_seq_before(tern_cb(next)->seq, tern_cb(skb)->end_seq)) {
		struct sk_buff *old = next;

		next = next_of(old);
		tern_reasm_note_dup(r, tern_cb(old)->seq,
				    tern_cb(old)->end_seq);
		detach(r, old);
		old->next = *obsolete;
		*obsolete = old;
	}
	return next;
}

static bool merge(struct sk_buff *prev, struct sk_buff *skb, bool *stolen,
		  int *delta_truesize)
{
	struct tern_skb_cb *to = tern_cb(prev), *from = tern_cb(skb);

	if (to->end_seq != from->seq ||
	    (to->flags | from->flags) & TERN_FLAG_FIN)
		return false;
	if (!skb_try_coalesce(prev, skb, stolen, delta_truesize))
		return false;
	to->end_seq = from->end_seq;
	to->flags |= from->flags & TERN_FLAG_PSH;
	return true;
}

/*
 * The block to tell is the whole stretch around the segment. Neighbours that
 * are no longer in the list of blocks count one step far: enough for what the
 * list forgot to be told again piece by piece.
 */
static void sack_around(struct tern_reasm *r, const struct sk_buff *prev,
			u32 start, u32 end, const struct sk_buff *next)
{
	if (prev && !tern_seq_before(tern_cb(prev)->end_seq, start))
		start = tern_cb(prev)->seq;
	if (next && tern_cb(next)->seq == end)
		end = tern_cb(next)->end_seq;
	sack_add(r, start, end);
}

/**
 * tern_reasm_insert - queue a segment that came too early
 * @r: queue
 * @skb: payload only, header pulled; SEG.SEQ is beyond RCV.NXT, no SYN
 * @stolen: for kfree_skb_partial(), with TERN_REASM_MERGED
 * @delta_truesize: with TERN_REASM_MERGED, what the queue grew by
 * @obsolete: segments that @skb made needless, linked by next, for the caller
 *	to uncharge and free; NULL when none
 *
 * @skb is cut where the queue has its bytes already, which may change its
 * truesize: charge it afterwards. If that needs memory and there is none, no
 * byte of it is told to the peer, who will repeat it.
 *
 * Return: who owns @skb now.
 */
enum tern_reasm_result tern_reasm_insert(struct tern_reasm *r,
					 struct sk_buff *skb, bool *stolen,
					 int *delta_truesize,
					 struct sk_buff **obsolete)
{
	const struct tern_skb_cb *cb = tern_cb(skb);
	struct sk_buff *prev = find_before(r, cb->seq);
	struct sk_buff *next = prev ? next_of(prev) : first_of(r);
	struct tern_sack_block dup = r->dup;
	bool has_dup = r->has_dup;

	*stolen = false;
	*delta_truesize = 0;
	*obsolete = NULL;
	if (cb->seq == cb->end_seq)
		return TERN_REASM_DUP;
	if (prev && !tern_seq_before(tern_cb(prev)->end_seq, cb->end_seq)) {
		tern_reasm_note_dup(r, cb->seq, cb->end_seq);
		sack_around(r, prev, cb->seq, tern_cb(prev)->end_seq, next);
		return TERN_REASM_DUP;
	}
	if ((prev && !clip_to_prev(r, skb, prev)) ||
	    !clip_to_next(r, skb, next)) {
		r->dup = dup;
		r->has_dup = has_dup;
		return TERN_REASM_NOMEM;
	}
	/* Fails not any more: now the queue may change. */
	next = drop_covered(r, skb, next, obsolete);
	sack_around(r, prev, cb->seq, cb->end_seq, next);
	if (cb->seq == cb->end_seq)	/* prev and next had it between them */
		return TERN_REASM_DUP;
	if (prev && merge(prev, skb, stolen, delta_truesize))
		return TERN_REASM_MERGED;
	attach(r, skb, prev);
	return TERN_REASM_QUEUED;
}

/**
 * tern_reasm_pull - take the first segment if its turn has come
 * @r: queue
 * @rcv_nxt: RCV.NXT
 *
 * It may begin before @rcv_nxt, or end there.
 *
 * Return: the segment, NULL when the first one is still beyond a hole.
 */
struct sk_buff *tern_reasm_pull(struct tern_reasm *r, u32 rcv_nxt)
{
	struct sk_buff *skb = first_of(r);

	if (!skb || tern_seq_after(tern_cb(skb)->seq, rcv_nxt))
		return NULL;
	detach(r, skb);
	return skb;
}

/* Drop the blocks that became empty, keep the order. */
static void sack_compact(struct tern_reasm *r)
{
	unsigned int i, kept = 0;

	for (i = 0; i < r->num_sacks; i++) {
		if (tern_seq_before(r->sacks[i].start, r->sacks[i].end))
			r->sacks[kept++] = r->sacks[i];
	}
	r->num_sacks = kept;
}

/**
 * tern_reasm_prune - give up the segment that is needed last
 * @r: queue
 *
 * To free memory (RFC 2018 8 allows it, the sender keeps what it sent).
 *
 * Return: the segment, NULL when the queue is empty.
 */
struct sk_buff *tern_reasm_prune(struct tern_reasm *r)
{
	struct sk_buff *skb = r->last;
	unsigned int i;

	if (!skb)
		return NULL;
	detach(r, skb);
	for (i = 0; i < r->num_sacks; i++)
		r->sacks[i].end = tern_seq_min(r->sacks[i].end,
					       tern_cb(skb)->seq);
	sack_compact(r);
	return skb;
}

/**
 * tern_reasm_note_dup - a range was received twice
 * @r: queue
 * @start: its first sequence number
 * @end: the one behind its last
 *
 * RFC 2883 4: the next ACK tells one contiguous range; a further one that
 * doesn't touch it goes untold.
 */
void tern_reasm_note_dup(struct tern_reasm *r, u32 start, u32 end)
{
	struct tern_sack_block b = { .start = start, .end = end };

	if (!tern_seq_before(start, end))
		return;
	if (!r->has_dup) {
		r->has_dup = true;
		r->dup = b;
	} else if (touch(&r->dup, &b)) {
		cover(&r->dup, &b);
	}
}

/**
 * tern_reasm_advance - RCV.NXT moved: forget the blocks that it reached
 * @r: queue
 * @rcv_nxt: RCV.NXT
 */
void tern_reasm_advance(struct tern_reasm *r, u32 rcv_nxt)
{
	unsigned int i;

	for (i = 0; i < r->num_sacks; i++) {
		if (!tern_seq_after(r->sacks[i].start, rcv_nxt))
			r->sacks[i].end = r->sacks[i].start;
	}
	sack_compact(r);
}

/**
 * tern_reasm_report - the SACK blocks for an ACK
 * @r: queue
 * @o: gets them, a D-SACK first
 * @max: how many fit
 *
 * A D-SACK is told once; it stays pending when @max is 0.
 *
 * Return: number of blocks, also in @o->num_sacks.
 */
unsigned int tern_reasm_report(struct tern_reasm *r, struct tern_opts *o,
			       unsigned int max)
{
	unsigned int i, n = 0;

	max = min(max, TERN_SACK_MAX);
	if (r->has_dup && max) {
		o->sacks[n++] = r->dup;
		r->has_dup = false;
	}
	for (i = 0; i < r->num_sacks && n < max; i++)
		o->sacks[n++] = r->sacks[i];
	o->num_sacks = n;
	return n;
}
