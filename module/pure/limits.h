/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Every number that the protocol fixes, with its unit and its source.
 * Sysctl defaults refer to these; no other file holds a naked one.
 */
#ifndef _TERN_LIMITS_H
#define _TERN_LIMITS_H

/* Header and options: RFC 9293 3.1 */
#define TERN_HDR_LEN		20U	/* bytes, without options */
#define TERN_OPT_SPACE		40U	/* bytes of options at most */
#define TERN_MAX_HEADER		320U	/* headroom kept before payload, bytes */
#define TERN_MSS_DEFAULT	536U	/* RFC 9293 3.7.1, IPv4 */
#define TERN_MSS_DEFAULT_V6	1220U	/* RFC 9293 3.7.1, IPv6 */
#define TERN_MSS_MIN		88U	/* bytes; TERN_MAXSEG's floor */
#define TERN_MSS_BASE		1024U	/* base_mss default, as TCP's */
#define TERN_MSS_FLOOR		48U	/* bytes; min_snd_mss default */
#define TERN_WSCALE_MAX		14U	/* RFC 7323 2.3 */
#define TERN_WINDOW_MAX		65535U	/* unscaled window field */
#define TERN_SACK_MAX		4U	/* RFC 2018 3: blocks in one segment */
#define TERN_FASTRETRANS_ACKS	3U	/* RFC 5681 3.2: duplicate ACKs */
#define TERN_INIT_CWND		10U	/* RFC 6928, segments */
#define TERN_INFINITE_SSTHRESH	0x7fffffffU
#define TERN_CWND_CLAMP		0x3fffffffU
#define TERN_SSTHRESH_MIN	2U	/* RFC 5681 3.1, segments */
#define TERN_ISN_SHIFT		6	/* log2 of ns a tick; RFC 9293 3.4.1: 4 us or faster */

/* Timers, microseconds unless named otherwise */
#define TERN_RTO_FIRST_US	1000000U	/* RFC 6298 2.1 */
#define TERN_RTO_LOW_US		200000U		/* 1 s in RFC 6298 2.4 */
#define TERN_RTO_HIGH_US	120000000U	/* RFC 6298 2.5: 60 s or more */
#define TERN_SYN_SOON_US	5000U		/* a RST's start over the SYN that follows */
#define TERN_DELACK_US		40000U		/* RFC 9293 3.8.6.3: below 0.5 s */
#define TERN_MAD_DEFAULT_US	200000U		/* a peer that sends no MAD */
#define TERN_MAD_MAX_US		500000U		/* RFC 9293 3.8.6.3: below 0.5 s */
#define TERN_USER_FLOOR_US	1000U		/* least interval that a user may set */
#define TERN_CLOCK_GRAIN_US	1U		/* RFC 6298 2: G */
#define TERN_RTT_MAX_US		268435456U	/* 2^28: longest sample believed */
#define TERN_RTT_MIN_WIN_US	10000000U	/* memory of the smallest sample */
#define TERN_BACKOFF_MAX	31U		/* doublings counted; enough for 71 min */
#define TERN_REO_MIN_US		1U		/* floor of RACK's window */
#define TERN_REO_PERSIST	16U		/* RFC 8985 6.2: recoveries */
#define TERN_MSL_DEFAULT_MS	30000U		/* RFC 9293 3.4.2 has 2 min */
#define TERN_TW_REUSE_MS	1000U		/* as TCP's */
#define TERN_PAWS_SLACK_US	20000U		/* 2^31 bytes take 43 ms at 400 Gbit/s */
#define TERN_PAWS_WRAP_US	0x80000000U	/* RFC 7323 5.5 at 1 us a tick */
#define TERN_BLACK_HOLE_S	600ULL		/* RFC 1191 6.3 */
#define TERN_KEEPALIVE_TIME_S	7200U		/* RFC 9293 3.8.4 */
#define TERN_KEEPALIVE_INTVL_S	75U
#define TERN_KEEPALIVE_PROBES	9U
#define TERN_KEEPALIVE_MAX_S	32767U
#define TERN_KEEPALIVE_MAX_CNT	127U
#define TERN_FIN_TIMEOUT_S	60U
#define TERN_FIN_TIMEOUT_MAX_S	120U		/* TERN_LINGER2's ceiling */

/* Counts */
#define TERN_SYN_RETRIES	6U
#define TERN_SYNACK_RETRIES	5U
#define TERN_SYN_RETRIES_MAX	127U
#define TERN_RETRIES1		3U	/* RFC 9293 3.8.3 R1 */
#define TERN_RETRIES2		15U	/* RFC 9293 3.8.3 R2 */
#define TERN_ORPHAN_RETRIES	8U	/* what orphan_retries 0 means */
#define TERN_FINE_RATE		10000U	/* a user's expiries a second; budget.c */
#define TERN_CHALLENGE_LIMIT	0x7fffffffU	/* RFC 5961 7, a second */
#define TERN_INVALID_RATELIMIT_MS 500U

#endif
