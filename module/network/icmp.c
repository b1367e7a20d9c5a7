// SPDX-License-Identifier: GPL-2.0
/*
 * What an ICMP error does to a connection (RFC 9293 3.9.2.2, RFC 5461). An
 * error counts only when the segment it quotes may be in flight (RFC 5927).
 */
#include <net/dst.h>
#include "icmp.h"
#include "demux.h"
#include "core/hash.h"
#include "send/mtu.h"
#include "core/sock.h"
#include "send/retransmit.h"
#include "opening/synrecv.h"

/* Segments in flight that the path does not carry any more, resent ones too */
static void mark_oversized(struct sock *sk)
{
	struct tern_sock *tp = tern_sk(sk);
	struct sk_buff *skb;

	skb_queue_walk(&sk->sk_write_queue, skb) {
		const struct tern_skb_cb *cb = tern_cb(skb);

		if (skb == tp->snd.head)
			break;
		if (min_t(u32, cb->mss, skb->len) > tp->snd.mss)
			tern_recovery_mark_lost(sk, skb);
	}
	/* Duplicate ACKs told of segments, not which; they are lost now. */
	if (!tp->sack_ok)
		tp->snd.sacked_out = min(tp->snd.sacked_out,
					 tp->snd.packets_out -
					 tp->snd.lost_out);
}

/**
 * tern_icmp_mtu() - the path carries packets of @mtu bytes at most
 * @sk: socket, locked
 * @mtu: bytes of a network packet
 *
 * Tells the route, makes segments smaller, and sends again at once those
 * that were too large: no congestion is behind their loss (RFC 1191 6.5).
 * An MTU is never raised here; the route forgets it in time.
 */
void tern_icmp_mtu(struct sock *sk, u32 mtu)
{
	struct tern_sock *tp = tern_sk(sk);
	const struct dst_entry *dst;
	u16 before = tp->snd.mss;

	if (sk->sk_state == TCP_LISTEN || sk->sk_state == TCP_CLOSE)
		return;
	tern_clock(tp);
	tern_af(&tp->ep.tuple)->mtu_reduced(sk, mtu);
	dst = __sk_dst_get(sk);
	if (!dst || dst_mtu(dst) >= tp->pmtu)
		return;
	tern_mtu_sync(sk, dst_mtu(dst));
	if (tp->snd.mss >= before)
		return;
	mark_oversized(sk);
	tern_retransmit_lost(sk);
}

/**
 * tern_icmp_release() - do what was put off while a user owned the socket
 * @sk: socket, locked; from release_cb
 */
void tern_icmp_release(struct sock *sk)
{
	if (test_and_clear_bit(TERN_DEFER_MTU, &sk->sk_tsq_flags))
		tern_icmp_mtu(sk, READ_ONCE(tern_sk(sk)->mtu_info));
}

static void too_big(struct sock *sk, u32 mtu)
{
	if (!sock_owned_by_user(sk)) {
		tern_icmp_mtu(sk, mtu);
		return;
	}
	/* Should the user be about to end the connection, that is in vain. */
	WRITE_ONCE(tern_sk(sk)->mtu_info, mtu);
	set_bit(TERN_DEFER_MTU, &sk->sk_tsq_flags);
}

static void redirect(struct sock *sk, struct sk_buff *skb)
{
	struct dst_entry *dst;

	if (sock_owned_by_user(sk))
		return;
	dst = __sk_dst_get(sk);
	if (dst && dst->ops->redirect)
		dst->ops->redirect(dst, sk, skb);
}

/* IP_RECVERR, IPV6_RECVERR: by the peer's family, as in TCP */
static bool wants_errors(const struct sock *sk)
{
#if IS_ENABLED(CONFIG_IPV6)
	if (!tern_tuple_v4(&tern_sk(sk)->ep.tuple))
		return inet6_test_bit(RECVERR6, sk);
#endif
	return inet_test_bit(RECVERR, sk);
}

/*
 * RFC 5461 4: a hard error ends what is not synchronised yet; a connection
 * that has worked only remembers it, as it does a soft one.
 */
static void not_delivered(struct sock *sk, enum tern_icmp_kind kind,
			  int err)
{
	bool opening = sk->sk_state == TCP_SYN_SENT ||
		       sk->sk_state == TCP_SYN_RECV;

	if (sock_owned_by_user(sk)) {
		TERN_INC(tern_sk_net(sk), LockDroppedIcmps);
		return;
	}
	if (opening && kind == TERN_ICMP_HARD) {
		tern_sock_abort(sk, err, "icmp");
		return;
	}
	if (!opening && wants_errors(sk)) {
		WRITE_ONCE(sk->sk_err, err);
		sk_error_report(sk);
		return;
	}
	WRITE_ONCE(sk->sk_err_soft, err);
}

static void sock_rcv(struct sock *sk, const struct tern_tuple *t, u32 seq,
		     enum tern_icmp_kind kind, int err, u32 info,
		     struct sk_buff *skb)
{
	const struct tern_sock *tp = tern_sk(sk);

	if (!tern_ep_is(&tp->ep, t) || sk->sk_state == TCP_CLOSE)
		return;
	/* RFC 5927 4.1 */
	if (seq - tp->snd.una > tp->snd.nxt - tp->snd.una) {
		TERN_INC(tern_sk_net(sk), OutOfWindowIcmps);
		return;
	}
	switch (kind) {
	case TERN_ICMP_TOO_BIG:
		too_big(sk, info);
		break;
	case TERN_ICMP_REDIRECT:
		redirect(sk, skb);
		break;
	default:
		not_delivered(sk, kind, err);
		break;
	}
}

/**
 * tern_icmp_rcv() - an ICMP error quotes a segment of ours
 * @net: namespace
 * @t: its connection, as seen from here
 * @seq: its SEG.SEQ
 * @kind: what the error means
 * @err: errno, positive
 * @info: the MTU of TERN_ICMP_TOO_BIG
 * @skb: the ICMP message, data at the quoted network header; not consumed
 *
 * A SYN queue entry is given up by a hard error only. TIME-WAIT has nothing
 * to lose (RFC 1337). Context: softirq.
 */
void tern_icmp_rcv(struct net *net, struct tern_tuple *t, u32 seq,
		   enum tern_icmp_kind kind, int err, u32 info,
		   struct sk_buff *skb)
{
	struct tern_ep *ep = tern_demux_find(tern_net(net), t);
	struct sock *sk;

	if (!ep)
		return;
	if (ep->kind == TERN_EP_SOCK) {
		sk = tern_ep_sk(ep);
		bh_lock_sock(sk);
		sock_rcv(sk, t, seq, kind, err, info, skb);
		bh_unlock_sock(sk);
	} else if (ep->kind == TERN_EP_REQ && kind == TERN_ICMP_HARD) {
		tern_synrecv_icmp(tern_ep_req(ep), seq, err);
	}
	tern_ep_put(ep);
}
