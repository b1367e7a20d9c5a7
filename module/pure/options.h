/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Options of a segment: parse and build (RFC 9293 3.2, RFC 7323, RFC 2018,
 * RFC 6994 for MAD). Pure.
 */
#ifndef _TERN_OPTIONS_H
#define _TERN_OPTIONS_H

#include <linux/types.h>
#include "limits.h"

/**
 * struct tern_sack_block - one SACK block, host order
 * @start: first sequence number received
 * @end: the one behind the last
 */
struct tern_sack_block {
	u32 start;
	u32 end;
};

/**
 * struct tern_opts - options of one segment, host order
 * @tsval: timestamp, microseconds
 * @tsecr: echoed timestamp
 * @mad_us: longest time that the sender delays an ACK, microseconds, at most
 *	TERN_MAD_MAX_US (a longer one is cut to it)
 * @mss: maximum segment size, bytes; 0 when absent
 * @wscale: window scale shift, at most 14 (a larger one is cut to it)
 * @num_sacks: how many of @sacks are set
 * @has_ts: @tsval and @tsecr are set
 * @has_wscale: @wscale is set
 * @has_mad: @mad_us is set
 * @sack_ok: SACK permitted
 * @sacks: SACK blocks in the order of the wire
 */
struct tern_opts {
	u32 tsval;
	u32 tsecr;
	u32 mad_us;
	u16 mss;
	u8 wscale;
	u8 num_sacks;
	u8 has_ts:1,
	   has_wscale:1,
	   has_mad:1,
	   sack_ok:1;
	struct tern_sack_block sacks[TERN_SACK_MAX];
};

void tern_options_parse(const u8 *ptr, unsigned int len, bool syn,
			struct tern_opts *o);
unsigned int tern_options_size(const struct tern_opts *o, bool syn);
unsigned int tern_options_build(u8 *ptr, const struct tern_opts *o, bool syn);

#endif
