// SPDX-License-Identifier: GPL-2.0
/*
 * Received SACK blocks, made safe to use: what can't be true is dropped, a
 * report of a duplicate is told from a report of data held (RFC 2018,
 * RFC 2883). The scoreboard is in recovery.c.
 */
#include <linux/kernel.h>
#include <linux/string.h>
#include "sack.h"

/* Neither empty nor the wrong way round */
static bool proper(const struct tern_sack_block *b)
{
	return tern_seq_before(b->start, b->end);
}

static bool inside(const struct tern_sack_block *b,
		   const struct tern_sack_block *outer)
{
	return !tern_seq_before(b->start, outer->start) &&
	       !tern_seq_after(b->end, outer->end);
}

/*
 * RFC 2883 4: the first block is a D-SACK when the cumulative ACK or the
 * second block covers it. One that lies further back than the largest window
 * can't be of this connection's recent past.
 */
static bool is_dsack(const struct tern_opts *o, u32 ack, u32 una, u32 nxt,
		     u32 max_window)
{
	const struct tern_sack_block *b = &o->sacks[0];

	if (!o->num_sacks || !proper(b) || tern_seq_after(b->end, nxt) ||
	    tern_seq_before(b->start, una - max_window))
		return false;
	if (!tern_seq_after(b->end, ack))
		return true;
	return o->num_sacks > 1 && proper(&o->sacks[1]) &&
	       inside(b, &o->sacks[1]);
}

/*
 * A block begins behind the ACK: what follows the ACK directly would have
 * been acknowledged.
 */
static bool believable(const struct tern_sack_block *b, u32 una, u32 nxt)
{
	return proper(b) && tern_seq_after(b->start, una) &&
	       !tern_seq_after(b->end, nxt);
}

/* Insert in order; neighbours are joined afterwards. */
static void add_sorted(struct tern_sack_in *in, const struct tern_sack_block *b)
{
	unsigned int i = in->num++;

	for (; i && tern_seq_before(b->start, in->blocks[i - 1].start); i--)
		in->blocks[i] = in->blocks[i - 1];
	in->blocks[i] = *b;
}

static void join(struct tern_sack_in *in)
{
	struct tern_sack_block *to = in->blocks;
	unsigned int i;

	if (!in->num)
		return;
	for (i = 1; i < in->num; i++) {
		const struct tern_sack_block *b = &in->blocks[i];

		if (tern_seq_after(b->start, to->end))
			*++to = *b;
		else
			to->end = tern_seq_max(to->end, b->end);
	}
	in->num = to - in->blocks + 1;
}

/**
 * tern_sack_digest - sort out the SACK blocks of an ACK
 * @in: result
 * @o: options of the segment
 * @ack: SEG.ACK, acceptable or old, not beyond @snd_nxt
 * @snd_una: SND.UNA, before or after @ack was taken
 * @snd_nxt: SND.NXT
 * @max_window: largest window that the peer ever offered, bytes
 */
void tern_sack_digest(struct tern_sack_in *in, const struct tern_opts *o,
		      u32 ack, u32 snd_una, u32 snd_nxt, u32 max_window)
{
	u32 una = tern_seq_max(ack, snd_una);
	unsigned int i = 0;

	memset(in, 0, sizeof(*in));
	if (is_dsack(o, ack, snd_una, snd_nxt, max_window)) {
		in->dsack = true;
		in->dup = o->sacks[i++];
	}
	for (; i < min_t(unsigned int, o->num_sacks, TERN_SACK_MAX); i++) {
		if (believable(&o->sacks[i], una, snd_nxt))
			add_sorted(in, &o->sacks[i]);
	}
	join(in);
}

static bool any_holds(const struct tern_sack_known *k,
		      const struct tern_sack_block *b)
{
	unsigned int i;

	for (i = 0; i < k->num; i++) {
		if (inside(b, &k->blocks[i]))
			return true;
	}
	return false;
}

/* In front, in place of what is inside it, or of the one told longest ago */
static void remember(struct tern_sack_known *k, const struct tern_sack_block *b)
{
	struct tern_sack_known old = *k;
	unsigned int i;

	k->blocks[0] = *b;
	k->num = 1;
	for (i = 0; i < old.num && k->num < TERN_SACK_MAX; i++) {
		if (!inside(&old.blocks[i], b))
			k->blocks[k->num++] = old.blocks[i];
	}
}

/**
 * tern_sack_news - leave what was told before out of the blocks of an ACK
 * @k: what was told; gets what is new
 * @in: the blocks; those that are inside one that was told go
 * @snd_una: SND.UNA; what lies before it is forgotten
 *
 * A receiver repeats its blocks with each ACK (RFC 2018 4), and an attacker for
 * ever: that is not to cost a walk through all that is in flight.
 */
void tern_sack_news(struct tern_sack_known *k, struct tern_sack_in *in,
		    u32 snd_una)
{
	unsigned int i, kept = 0;

	for (i = 0; i < k->num; i++) {
		if (tern_seq_after(k->blocks[i].end, snd_una))
			k->blocks[kept++] = k->blocks[i];
	}
	k->num = kept;
	for (i = 0, kept = 0; i < in->num; i++) {
		if (!any_holds(k, &in->blocks[i]))
			in->blocks[kept++] = in->blocks[i];
	}
	in->num = kept;
	while (kept--)
		remember(k, &in->blocks[kept]);
}
