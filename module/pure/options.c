// SPDX-License-Identifier: GPL-2.0
/*
 * Options of a segment, from the wire and to it (RFC 9293 3.2). What they
 * mean for a connection is not decided here.
 */
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/tern.h>
#include "options.h"

/* Bytes that each group takes, padding to a multiple of 4 included */
#define TS_SPACE	12U		/* NOP NOP TS, or SACK-permitted TS */
#define SACK_PERM_SPACE	4U		/* NOP NOP SACK-permitted */
#define WINDOW_SPACE	4U		/* NOP WS */
#define SACK_HEAD	4U		/* NOP NOP kind length */

/* Options may start at any byte, so nothing here relies on alignment. */
static u16 get16(const u8 *p)
{
	return p[0] << 8 | p[1];
}

static u32 get32(const u8 *p)
{
	return (u32)get16(p) << 16 | get16(p + 2);
}

static u8 *put16(u8 *p, u16 v)
{
	p[0] = v >> 8;
	p[1] = v;
	return p + 2;
}

static u8 *put32(u8 *p, u32 v)
{
	return put16(put16(p, v >> 16), v);
}

static u8 *put_head(u8 *p, u8 kind, u8 len)
{
	p[0] = kind;
	p[1] = len;
	return p + 2;
}

static void take_ts(const u8 *p, struct tern_opts *o)
{
	o->has_ts = 1;
	o->tsval = get32(p + 2);
	o->tsecr = get32(p + 6);
}

/* RFC 7323 appendix A: the layout of nearly every segment */
static bool parse_aligned_ts(const u8 *p, unsigned int len,
			     struct tern_opts *o)
{
	if (len != TS_SPACE || p[0] != TERNOPT_NOP || p[1] != TERNOPT_NOP ||
	    p[2] != TERNOPT_TIMESTAMP || p[3] != TERNOLEN_TIMESTAMP)
		return false;
	take_ts(p + 2, o);
	return true;
}

static bool parse_sacks(const u8 *p, unsigned int len, struct tern_opts *o)
{
	unsigned int i, n = (len - TERNOLEN_SACK_BASE) / TERNOLEN_SACK_PERBLOCK;

	if (!n || n > TERN_SACK_MAX ||
	    len != TERNOLEN_SACK_BASE + n * TERNOLEN_SACK_PERBLOCK)
		return false;
	for (i = 0, p += TERNOLEN_SACK_BASE; i < n; i++) {
		o->sacks[i].start = get32(p);
		o->sacks[i].end = get32(p + 4);
		p += TERNOLEN_SACK_PERBLOCK;
	}
	o->num_sacks = n;
	return true;
}

/* RFC 6994: an experiment of somebody else's is an unknown option. */
static bool parse_exp(const u8 *p, unsigned int len, bool syn,
		      struct tern_opts *o)
{
	if (len < 4 || get16(p + 2) != TERNOPT_EXID_MAD)
		return true;
	if (len != TERNOLEN_MAD)
		return false;
	if (syn) {
		o->has_mad = 1;
		/* RFC 9293 3.8.6.3: no ACK may wait for longer */
		o->mad_us = min(get32(p + 4), TERN_MAD_MAX_US);
	}
	return true;
}

/* One option of SYN segments. False: its length is not what it must be. */
static bool parse_syn_option(const u8 *p, unsigned int len, bool syn,
			     struct tern_opts *o)
{
	switch (p[0]) {
	case TERNOPT_MSS:
		if (len != TERNOLEN_MSS)
			return false;
		if (syn)
			o->mss = get16(p + 2);
		break;
	case TERNOPT_WINDOW:
		if (len != TERNOLEN_WINDOW)
			return false;
		if (syn) {
			o->has_wscale = 1;
			/* RFC 7323 2.3: use 14 when told more */
			o->wscale = min_t(u8, p[2], TERN_WSCALE_MAX);
		}
		break;
	case TERNOPT_SACK_PERM:
		if (len != TERNOLEN_SACK_PERM)
			return false;
		if (syn)
			o->sack_ok = 1;
		break;
	case TERNOPT_EXP:
		return parse_exp(p, len, syn, o);
	}
	return true;
}

/* One option of @len bytes, all there. False: malformed. */
static bool parse_option(const u8 *p, unsigned int len, bool syn,
			 struct tern_opts *o)
{
	switch (p[0]) {
	case TERNOPT_TIMESTAMP:
		if (len != TERNOLEN_TIMESTAMP)
			return false;
		take_ts(p, o);
		return true;
	case TERNOPT_SACK:
		return syn || parse_sacks(p, len, o);
	default:
		return parse_syn_option(p, len, syn, o);
	}
}

/**
 * tern_options_parse - read the options of a segment
 * @ptr: first byte behind the header
 * @len: bytes of options
 * @syn: SYN is set: the options of SYN segments count, SACK blocks don't
 * @o: result; what is absent is 0
 *
 * An unknown option is skipped. One that can't be right ends the parsing; what
 * came before it stays.
 */
void tern_options_parse(const u8 *ptr, unsigned int len, bool syn,
			struct tern_opts *o)
{
	const u8 *end = ptr + len;

	memset(o, 0, sizeof(*o));
	if (parse_aligned_ts(ptr, len, o))
		return;
	while (ptr < end && *ptr != TERNOPT_EOL) {
		if (*ptr == TERNOPT_NOP) {
			ptr++;
			continue;
		}
		if (end - ptr < 2 || ptr[1] < 2 || ptr[1] > end - ptr)
			return;
		if (!parse_option(ptr, ptr[1], syn, o))
			return;
		ptr += ptr[1];
	}
}

/* SACK blocks that fit beside the timestamps (RFC 2018 3) */
static unsigned int sacks_fit(const struct tern_opts *o)
{
	unsigned int left = TERN_OPT_SPACE - SACK_HEAD;

	if (o->has_ts)
		left -= TS_SPACE;
	return min_t(unsigned int, o->num_sacks,
		     min(TERN_SACK_MAX, left / TERNOLEN_SACK_PERBLOCK));
}

/**
 * tern_options_size - bytes that tern_options_build() would write
 * @o: the options
 * @syn: for a segment with SYN
 *
 * Return: a multiple of 4, at most 40.
 */
unsigned int tern_options_size(const struct tern_opts *o, bool syn)
{
	unsigned int sacks, size = o->has_ts ? TS_SPACE : 0;

	if (!syn) {
		sacks = sacks_fit(o);
		if (sacks)
			size += SACK_HEAD + sacks * TERNOLEN_SACK_PERBLOCK;
		return size;
	}
	if (o->mss)
		size += TERNOLEN_MSS;
	if (o->sack_ok && !o->has_ts)
		size += SACK_PERM_SPACE;
	if (o->has_wscale)
		size += WINDOW_SPACE;
	if (o->has_mad)
		size += TERNOLEN_MAD;
	return size;
}

/* Timestamps; the two bytes before them carry SACK-permitted or nothing. */
static u8 *build_ts(u8 *p, const struct tern_opts *o, bool sack_perm)
{
	if (sack_perm)
		p = put_head(p, TERNOPT_SACK_PERM, TERNOLEN_SACK_PERM);
	else
		p = put_head(p, TERNOPT_NOP, TERNOPT_NOP);
	p = put_head(p, TERNOPT_TIMESTAMP, TERNOLEN_TIMESTAMP);
	return put32(put32(p, o->tsval), o->tsecr);
}

static u8 *build_syn(u8 *p, const struct tern_opts *o)
{
	if (o->mss) {
		p = put_head(p, TERNOPT_MSS, TERNOLEN_MSS);
		p = put16(p, o->mss);
	}
	if (o->has_ts) {
		p = build_ts(p, o, o->sack_ok);
	} else if (o->sack_ok) {
		p = put_head(p, TERNOPT_NOP, TERNOPT_NOP);
		p = put_head(p, TERNOPT_SACK_PERM, TERNOLEN_SACK_PERM);
	}
	if (o->has_wscale) {
		p = put_head(p, TERNOPT_NOP, TERNOPT_WINDOW);
		p = put_head(p, TERNOLEN_WINDOW, o->wscale);
	}
	if (o->has_mad) {
		p = put_head(p, TERNOPT_EXP, TERNOLEN_MAD);
		p = put32(put16(p, TERNOPT_EXID_MAD), o->mad_us);
	}
	return p;
}

/**
 * tern_options_build - write the options of a segment
 * @ptr: where to; 40 bytes suffice
 * @o: the options; SACK blocks that find no room are left out
 * @syn: for a segment with SYN
 *
 * Return: bytes written, as tern_options_size() says.
 */
unsigned int tern_options_build(u8 *ptr, const struct tern_opts *o, bool syn)
{
	unsigned int i, sacks;
	u8 *p = ptr;

	if (syn)
		return build_syn(p, o) - ptr;

	if (o->has_ts)
		p = build_ts(p, o, false);
	sacks = sacks_fit(o);
	if (sacks) {
		p = put_head(p, TERNOPT_NOP, TERNOPT_NOP);
		p = put_head(p, TERNOPT_SACK, TERNOLEN_SACK_BASE +
			     sacks * TERNOLEN_SACK_PERBLOCK);
		for (i = 0; i < sacks; i++)
			p = put32(put32(p, o->sacks[i].start), o->sacks[i].end);
	}
	return p - ptr;
}
