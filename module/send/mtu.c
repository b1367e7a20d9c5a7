// SPDX-License-Identifier: GPL-2.0
/*
 * Segment sizes in both directions: the MSS option that is sent (RFC 9293
 * 3.7.1) and the payload of a full segment for the path MTU in force
 * (RFC 9293 3.7.2, RFC 6691).
 */
#include <net/dst.h>
#include "mtu.h"

/* Timestamps in every segment: ten bytes and two of padding */
#define TS_OPT_LEN	12U

/**
 * tern_mtu_advertise() - the MSS to tell a peer (RFC 9293 3.7.1)
 * @sk: connection or listener, for TERN_MAXSEG
 * @dst: route to the peer
 *
 * Return: bytes, without the 20 of the header, options not taken off.
 */
u16 tern_mtu_advertise(const struct sock *sk, const struct dst_entry *dst)
{
	u32 mss = dst ? dst_metric_advmss(dst) : TERN_MSS_DEFAULT;
	u32 user = tern_sk(sk)->conf.user_mss;

	if (user)
		mss = min(mss, user);
	return min_t(u32, mss, U16_MAX);
}

/* Payload, with our options, of a packet of @pmtu bytes; never next to none */
static u32 path_mss(const struct tern_sock *tp, u32 pmtu)
{
	u32 header = tern_af(&tp->ep.tuple)->net_header_len + tp->snd.opt_len + TERN_HDR_LEN;

	pmtu = min(pmtu, tern_af(&tp->ep.tuple)->packet_max);
	return max(pmtu > header ? pmtu - header : 0, TERN_MSS_FLOOR);
}

/**
 * tern_mtu_sync() - the path MTU is @pmtu: size segments by it
 * @sk: socket, locked
 * @pmtu: bytes of a network packet
 *
 * min_snd_mss is for what a peer tells, or is told here; a segment that the
 * path doesn't carry helps nobody.
 */
void tern_mtu_sync(struct sock *sk, u32 pmtu)
{
	struct tern_sock *tp = tern_sk(sk);
	u32 floor = tern_knob(tern_sk_net(sk), min_snd_mss);
	const struct tern_af_ops *af = tern_af(&tp->ep.tuple);
	u32 mss = tp->snd.mss_peer;

	tp->pmtu = pmtu;
	tp->snd.opt_len = af->option_len(sk);
	if (tp->conf.user_mss)
		mss = min_t(u32, mss, tp->conf.user_mss);
	if (tp->black_hole_ns)
		mss = min_t(u32, mss, tern_knob(tern_sk_net(sk), base_mss));
	mss = min(max(mss, floor), path_mss(tp, pmtu));
	if (tp->ts.ok)
		mss -= min(mss - 1, TS_OPT_LEN);
	/* Never more than half of the largest window seen: RFC 9293 3.8.6.2.1 */
	if (tp->snd.max_wnd > 2 * TERN_MSS_DEFAULT)
		mss = min(mss, tp->snd.max_wnd >> 1);
	/* Below GSO_BY_FRAGS, whatever was said above */
	tp->snd.mss = mss;
}

/**
 * tern_mtu_black_hole() - is it their size that stops the segments?
 * @sk: socket, locked; its oldest segment has timed out retries1 times
 *
 * A router may drop what is too large and say nothing (RFC 4821 7.7, RFC 8899
 * 4.3). Smaller segments are tried, and kept for as long as the route would
 * keep what ICMP told (RFC 1191 6.3).
 */
void tern_mtu_black_hole(struct sock *sk)
{
	struct tern_net *tn = tern_sk_net(sk);
	struct tern_sock *tp = tern_sk(sk);
	u16 before = tp->snd.mss;

	if (!tern_knob(tn, mtu_probing) || tp->black_hole_ns)
		return;
	tp->black_hole_ns = tp->now_ns;
	tern_mtu_sync(sk, tp->pmtu);
	if (tp->snd.mss < before)
		TERN_INC(tn, TCPMTUBlackHole);
	else
		tp->black_hole_ns = 0;
}

/**
 * tern_mtu_current() - payload bytes of a full segment now
 * @sk: socket, locked
 *
 * Follows the route's MTU, and leaves room for the SACK blocks that ride on
 * data while there is something to report.
 */
u16 tern_mtu_current(struct sock *sk)
{
	struct tern_sock *tp = tern_sk(sk);
	const struct dst_entry *dst = __sk_dst_get(sk);
	u32 pmtu = dst ? dst_mtu(dst) : tp->pmtu;
	unsigned int n = tp->reasm.num_sacks + tp->reasm.has_dup;
	u32 room = TERN_OPT_SPACE - (tp->ts.ok ? TS_OPT_LEN : 0);

	if (unlikely(tp->black_hole_ns) &&
	    tp->now_ns - tp->black_hole_ns > TERN_BLACK_HOLE_S * NSEC_PER_SEC) {
		tp->black_hole_ns = 0;
		tern_mtu_sync(sk, pmtu);
	}
	if (unlikely(pmtu != tp->pmtu))
		tern_mtu_sync(sk, pmtu);
	if (likely(!n) || !tp->sack_ok)
		return tp->snd.mss;
	n = min(n, (room - 4) / 8);
	return max_t(u32, tp->snd.mss - min_t(u32, tp->snd.mss - 1, 4 + 8 * n),
		     TERN_MSS_FLOOR / 2);
}
