/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What received SACK blocks mean (RFC 2018, RFC 2883, RFC 6675): sanity,
 * D-SACK and order. Pure; recovery.c walks the queue with the result.
 */
#ifndef _TERN_SACK_H
#define _TERN_SACK_H

#include "options.h"
#include "seq.h"

/**
 * struct tern_sack_in - the sane blocks of one ACK
 * @blocks: sorted by sequence, disjoint, all inside (SND.UNA, SND.NXT]
 * @num: how many
 * @dsack: the first block reported a duplicate (RFC 2883)
 * @dup: that block
 */
struct tern_sack_in {
	struct tern_sack_block blocks[TERN_SACK_MAX];
	u8 num;
	bool dsack;
	struct tern_sack_block dup;
};

/**
 * struct tern_sack_known - blocks that an ACK had told
 * @blocks: none inside another, the last one told first
 * @num: how many
 */
struct tern_sack_known {
	struct tern_sack_block blocks[TERN_SACK_MAX];
	u8 num;
};

void tern_sack_digest(struct tern_sack_in *in, const struct tern_opts *o,
		      u32 ack, u32 snd_una, u32 snd_nxt, u32 max_window);
void tern_sack_news(struct tern_sack_known *k, struct tern_sack_in *in,
		    u32 snd_una);

#endif
