// SPDX-License-Identifier: GPL-2.0
/*
 * Active OPEN (RFC 9293 3.10.1) and SEGMENT ARRIVES in SYN-SENT (RFC 9293
 * 3.10.7.3), simultaneous open (RFC 9293 3.5) included. The family has routed
 * and the tables hold the 4-tuple before this begins.
 */
#include <linux/security.h>
#include <net/dst.h>
#include "connect.h"
#include "core/state.h"
#include "core/timer.h"
#include "core/hash.h"
#include "core/sock.h"
#include "send/mtu.h"
#include "send/window.h"
#include "send/xmit.h"
#include "send/ack.h"
#include "send/reset.h"
#include "send/output.h"
#include "send/retransmit.h"
#include "send/keepalive.h"

/**
 * tern_connect_failed() - connect(2) has an error: the socket is as before
 * @sk: socket, locked
 * @had_port: it was bound before
 */
void tern_connect_failed(struct sock *sk, bool had_port)
{
	struct tern_net *tn = tern_sk_net(sk);
	struct tern_ep *ep = &tern_sk(sk)->ep;

	if (sk->sk_state != TCP_CLOSE)
		tern_state_set(sk, TCP_CLOSE, "connect");
	tern_hash_remove(tn, ep);
	if (!had_port) {
		tern_hash_put_port(tn, ep);
		inet_sk(sk)->inet_num = 0;
		inet_sk(sk)->inet_sport = 0;
	}
	__sk_dst_reset(sk);
	tern_sock_unname(sk);
	sk->sk_route_caps = 0;
}

/**
 * tern_connect_start() - send the SYN (RFC 9293 3.10.1)
 * @sk: socket in CLOSED, locked, routed and in the table
 *
 * Return: 0; a SYN that could not be sent is sent again by its timer.
 */
int tern_connect_start(struct sock *sk)
{
	struct tern_net *tn = tern_sk_net(sk);
	struct tern_sock *tp = tern_sk(sk);
	const struct dst_entry *dst = __sk_dst_get(sk);
	u32 iss = tp->snd.write_seq;

	tern_clock(tp);
	/* A TIME-WAIT entry whose place was taken has set a safe ISS. */
	if (!iss)
		iss = tern_isn(&tn->secret, &tp->ep.tuple, tp->now_ns);
	tp->snd.iss = iss;
	tp->snd.una = iss;
	tp->snd.nxt = iss + 1;
	tp->snd.write_seq = iss + 1;
	tp->snd.pushed_seq = iss + 1;
	tp->snd.sml = iss;
	tp->ts.offset = tern_isn_ts_offset(&tn->secret, &tp->ep.tuple);
	tp->pmtu = dst_mtu(dst);
	WRITE_ONCE(sk->sk_err, 0);
	tp->retries = 0;
	tp->snd.total_retrans = 0;
	tp->snd.syn_soon = false;
	tp->retrans_start_ns = tp->now_ns;
	tern_rtt_init(&tp->rtt, tern_conf_or_knob(sk, rto_init_us));
	tern_window_init(sk, tern_mtu_advertise(sk, dst),
			 tern_knob(tn, window_scaling), &tp->rcv.wnd,
			 &tp->rcv.wscale);

	tern_state_set(sk, TCP_SYN_SENT, "connect");
	TERN_INC(tn, ActiveOpens);
	tern_xmit_control(sk, iss, TERN_FLAG_SYN);
	tern_retransmit_syn_sent(sk);
	return 0;
}

/* What both SYNs agreed on */
static void negotiate(struct sock *sk, const struct sk_buff *skb,
		      const struct tern_opts *o)
{
	struct tern_net *tn = tern_sk_net(sk);
	struct tern_sock *tp = tern_sk(sk);
	const struct tern_skb_cb *cb = tern_cb(skb);

	tp->rcv.irs = cb->seq;
	tp->rcv.nxt = cb->seq + 1;
	tp->rcv.wup = cb->seq + 1;
	tp->rcv.copied = cb->seq + 1;
	tp->rcv.acked = cb->seq + 1;
	tp->snd.wl1 = cb->seq;
	tp->snd.wnd = cb->wnd;
	tp->snd.max_wnd = cb->wnd;
	tp->snd.sws_wnd = 0;
	tp->snd.mss_peer = o->mss ?: tern_mss_default(&tp->ep.tuple);

	tp->sack_ok = o->sack_ok && tern_knob(tn, sack);
	tp->ts.ok = o->has_ts && tern_knob(tn, timestamps);
	tp->ts.recent = o->tsval;
	tp->ts.first = o->tsval;
	tp->ts.recent_ns = tp->now_ns;
	tp->wscale_ok = o->has_wscale && tern_knob(tn, window_scaling);
	tp->snd.wscale = tp->wscale_ok ? o->wscale : 0;
	if (!tp->wscale_ok)
		tp->rcv.wscale = 0;
	tp->mad_ok = o->has_mad;
	if (o->has_mad)
		tp->peer_mad_us = o->mad_us;
	tern_mtu_sync(sk, tp->pmtu);
}

/* First sample of the round trip, by Karn only when the SYN was sent once */
static void first_sample(struct tern_sock *tp, const struct tern_opts *o)
{
	u32 now_us = div_u64(tp->now_ns, NSEC_PER_USEC);
	s32 rtt_us;

	if (o->has_ts && o->tsecr)
		rtt_us = now_us + tp->ts.offset - o->tsecr;
	else if (!tp->snd.total_retrans)
		rtt_us = div_u64(tp->now_ns - tp->retrans_start_ns,
				 NSEC_PER_USEC);
	else
		return;
	tern_rtt_sample(&tp->rtt, max(rtt_us, 1), now_us);
}

/* SYN,ACK of ours: ESTABLISHED */
static void connected(struct sock *sk, struct sk_buff *skb,
		      const struct tern_opts *o)
{
	struct tern_sock *tp = tern_sk(sk);

	negotiate(sk, skb, o);
	security_inet_conn_established(sk, skb);
	first_sample(tp, o);
	tp->snd.una = tern_cb(skb)->ack;
	tern_ack_enter_quick(sk);
	tern_sock_establish(sk, "syn ack");
	tern_keepalive_start(sk);
	tern_xmit_ack(sk);
	tern_output_push(sk, true);
}

/* SYN without ACK: both ends open at once (RFC 9293 3.5 figure 7) */
static void simultaneous(struct sock *sk, const struct sk_buff *skb,
			 const struct tern_opts *o)
{
	struct tern_sock *tp = tern_sk(sk);

	negotiate(sk, skb, o);
	tern_state_set(sk, TCP_SYN_RECV, "syn");
	tern_xmit_control(sk, tp->snd.iss, TERN_FLAG_SYN | TERN_FLAG_ACK);
	tern_retransmit_syn_sent(sk);
}

/* RFC 9293 3.10.7.3 first: is the ACK of our SYN? RFC 7323 3.2 for its echo */
static bool ack_acceptable(struct sock *sk, const struct sk_buff *skb,
			   const struct tern_opts *o)
{
	struct tern_sock *tp = tern_sk(sk);
	u32 now_us;

	if (tern_cb(skb)->ack != tp->snd.nxt)
		return false;
	if (!o->has_ts || !o->tsecr)
		return true;
	now_us = div_u64(tp->now_ns, NSEC_PER_USEC) + tp->ts.offset;
	if (!tern_seq_after(o->tsecr, now_us))
		return true;
	TERN_INC(tern_sk_net(sk), PAWSActive);
	return false;
}

/* An old connection of the peer's answers our SYN: it ends, ours is to begin. */
static void reset_leftover(struct sock *sk, const struct sk_buff *skb)
{
	struct tern_sock *tp = tern_sk(sk);

	tern_reset_reply(sock_net(sk), sk, &tp->ep.tuple, skb);
	if (!(tern_cb(skb)->flags & TERN_FLAG_RST))
		tern_retransmit_syn_soon(sk);
}

/**
 * tern_connect_rcv() - a segment in SYN-SENT (RFC 9293 3.10.7.3)
 * @sk: socket, locked; the caller holds a reference
 * @skb: the segment, header in front
 *
 * Payload of a SYN is ignored (protocol.rst). Return: 0 when the segment is
 * gone, else why the caller is to drop it.
 */
enum skb_drop_reason tern_connect_rcv(struct sock *sk, struct sk_buff *skb)
{
	struct tern_sock *tp = tern_sk(sk);
	const struct tern_skb_cb *cb = tern_cb(skb);
	struct tern_opts o;

	tern_clock(tp);
	tern_options_parse((const u8 *)(tern_hdr(skb) + 1), cb->optlen,
			   cb->flags & TERN_FLAG_SYN, &o);
	if ((cb->flags & TERN_FLAG_ACK) && !ack_acceptable(sk, skb, &o)) {
		reset_leftover(sk, skb);
		return SKB_DROP_REASON_TCP_INVALID_SEQUENCE;
	}
	if (cb->flags & TERN_FLAG_RST) {
		if (!(cb->flags & TERN_FLAG_ACK))
			return SKB_DROP_REASON_TCP_FLAGS;
		tern_sock_abort(sk, ECONNREFUSED, "rst");
		return SKB_DROP_REASON_TCP_RESET;
	}
	if (!(cb->flags & TERN_FLAG_SYN))
		return SKB_DROP_REASON_TCP_FLAGS;
	if (cb->flags & TERN_FLAG_ACK)
		connected(sk, skb, &o);
	else
		simultaneous(sk, skb, &o);
	__kfree_skb(skb);
	return TERN_GO_ON;
}
