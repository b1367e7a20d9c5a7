/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Questions about sequence numbers modulo 2^32 (RFC 9293 3.4). Pure.
 */
#ifndef _TERN_SEQ_H
#define _TERN_SEQ_H

#include <linux/types.h>

/* Is @a before @b? */
static inline bool tern_seq_before(u32 a, u32 b)
{
	return (s32)(a - b) < 0;
}

/* Is @a after @b? */
static inline bool tern_seq_after(u32 a, u32 b)
{
	return (s32)(b - a) < 0;
}

/* Is @lo <= @x <= @hi on the circle? */
static inline bool tern_seq_between(u32 x, u32 lo, u32 hi)
{
	return hi - lo >= x - lo;
}

static inline u32 tern_seq_max(u32 a, u32 b)
{
	return tern_seq_after(a, b) ? a : b;
}

static inline u32 tern_seq_min(u32 a, u32 b)
{
	return tern_seq_before(a, b) ? a : b;
}

/*
 * RFC 9293 3.10.7.4, first step: may a segment [@seq, @end_seq) be looked at
 * when the receiver expects @nxt and its window ends at @wnd_end? A segment
 * is taken when any part of it, or its edge, touches [@nxt, @wnd_end].
 */
static inline bool tern_seq_acceptable(u32 seq, u32 end_seq, u32 nxt,
				       u32 wnd_end)
{
	return !tern_seq_before(end_seq, nxt) && !tern_seq_after(seq, wnd_end);
}

#endif
