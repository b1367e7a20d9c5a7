/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Out-of-order queue of a receiver, and the SACK blocks it reports
 * (RFC 9293 3.10.7.4 seventh, RFC 2018 4, RFC 2883 4). Knows sk_buff, not
 * sockets: the caller accounts the memory.
 */
#ifndef _TERN_REASM_H
#define _TERN_REASM_H

#include <linux/rbtree.h>
#include "options.h"
#include "segment.h"

/**
 * struct tern_reasm - segments beyond RCV.NXT
 * @root: by sequence, no overlap
 * @last: the one with the highest sequence, NULL when empty
 * @sacks: blocks to report, the one that changed last first
 * @num_sacks: how many
 * @has_dup: @dup is to be told with the next ACK (D-SACK)
 * @dup: range received twice
 */
struct tern_reasm {
	struct rb_root root;
	struct sk_buff *last;
	struct tern_sack_block sacks[TERN_SACK_MAX];
	u8 num_sacks;
	bool has_dup;
	struct tern_sack_block dup;
};

/**
 * enum tern_reasm_result - what became of a segment
 * @TERN_REASM_QUEUED: the queue owns it now
 * @TERN_REASM_MERGED: its bytes joined a queued one; caller frees what is
 *	left with kfree_skb_partial(skb, stolen)
 * @TERN_REASM_DUP: nothing new in it; caller frees it
 * @TERN_REASM_NOMEM: it couldn't be cut; caller frees it, the sender has it
 */
enum tern_reasm_result {
	TERN_REASM_QUEUED,
	TERN_REASM_MERGED,
	TERN_REASM_DUP,
	TERN_REASM_NOMEM,
};

static inline bool tern_reasm_empty(const struct tern_reasm *r)
{
	return !r->last;
}

/**
 * tern_reasm_beyond - does what is needed last begin behind @seq?
 * @r: queue
 * @seq: sequence number
 */
static inline bool tern_reasm_beyond(const struct tern_reasm *r, u32 seq)
{
	return r->last && tern_seq_after(tern_cb(r->last)->seq, seq);
}

void tern_reasm_init(struct tern_reasm *r);
enum tern_reasm_result tern_reasm_insert(struct tern_reasm *r,
					 struct sk_buff *skb, bool *stolen,
					 int *delta_truesize,
					 struct sk_buff **obsolete);
struct sk_buff *tern_reasm_pull(struct tern_reasm *r, u32 rcv_nxt);
struct sk_buff *tern_reasm_prune(struct tern_reasm *r);
void tern_reasm_note_dup(struct tern_reasm *r, u32 start, u32 end);
void tern_reasm_advance(struct tern_reasm *r, u32 rcv_nxt);
unsigned int tern_reasm_report(struct tern_reasm *r, struct tern_opts *o,
			       unsigned int max);

#endif
