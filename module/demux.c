// SPDX-License-Identifier: GPL-2.0
/*
 * SEGMENT ARRIVES (RFC 9293 3.10.7): whom is it for, and in which state is
 * that? The one exit of every drop is here.
 */
#include <linux/filter.h>
#include <net/xfrm.h>
#include "demux.h"
#include "trace.h"
#include "state.h"
#include "hash.h"
#include "reset.h"
#include "timewait.h"
#include "input.h"
#include "connect.h"
#include "synrecv.h"
#include "listen.h"

/* Backlog beyond both buffers: what is in flight while a user holds on */
#define BACKLOG_SLACK	(64 * 1024)

static void drop(const struct tern_tuple *t, struct sk_buff *skb,
		 enum skb_drop_reason reason)
{
	trace_tern_drop(t, skb, reason);
	if (reason == SKB_CONSUMED)
		consume_skb(skb);
	else
		kfree_skb_reason(skb, reason);
}

/* By state; the socket is locked and counted. */
static enum skb_drop_reason by_state(struct sock *sk, struct sk_buff *skb)
{
	switch (sk->sk_state) {
	case TCP_SYN_SENT:
		return tern_connect_rcv(sk, skb);
	case TCP_CLOSE:
	case TCP_LISTEN:
		tern_reset_reply(sock_net(sk), tern_sk(sk)->af, sk,
				 &tern_sk(sk)->ep.tuple, skb);
		return SKB_DROP_REASON_TCP_CLOSE;
	default:
		return tern_input_rcv(sk, skb);
	}
}

/**
 * tern_demux_backlog_rcv() - a segment that had to wait for the user
 * @sk: socket, locked; proto.backlog_rcv
 * @skb: the segment
 *
 * Return: 0.
 */
int tern_demux_backlog_rcv(struct sock *sk, struct sk_buff *skb)
{
	enum skb_drop_reason reason = by_state(sk, skb);

	if (reason)
		drop(&tern_sk(sk)->ep.tuple, skb, reason);
	return 0;
}

static bool policy_ok(struct sock *sk, struct sk_buff *skb)
{
	if (skb->protocol == htons(ETH_P_IPV6))
		return xfrm6_policy_check(sk, XFRM_POLICY_IN, skb);
	return xfrm4_policy_check(sk, XFRM_POLICY_IN, skb);
}

/* What belongs to any socket before its state is asked */
static enum skb_drop_reason admit(struct sock *sk, struct sk_buff *skb)
{
	int bound = READ_ONCE(sk->sk_bound_dev_if);

	if (bound && bound != tern_cb(skb)->iif && bound != skb->skb_iif)
		return SKB_DROP_REASON_NO_SOCKET;
	if (!policy_ok(sk, skb))
		return SKB_DROP_REASON_XFRM_POLICY;
	nf_reset_ct(skb);
	if (rcu_access_pointer(sk->sk_filter) &&
	    sk_filter_trim_cap(sk, skb, tern_hdrlen(skb)))
		return SKB_DROP_REASON_SOCKET_FILTER;
	return TERN_GO_ON;
}

static enum skb_drop_reason to_sock(struct sock *sk, struct sk_buff *skb)
{
	enum skb_drop_reason reason = admit(sk, skb);
	u32 limit;

	if (reason)
		return reason;
	bh_lock_sock_nested(sk);
	if (!sock_owned_by_user(sk)) {
		reason = by_state(sk, skb);
	} else {
		limit = READ_ONCE(sk->sk_rcvbuf) + READ_ONCE(sk->sk_sndbuf) +
			BACKLOG_SLACK;
		/* The route is not valid outside of RCU. */
		skb_dst_drop(skb);
		if (sk_add_backlog(sk, skb, limit)) {
			TERN_INC(tern_sk_net(sk), TCPBacklogDrop);
			reason = SKB_DROP_REASON_SOCKET_BACKLOG;
		}
	}
	bh_unlock_sock(sk);
	return reason;
}

/* A new connection gets the segment that completed it; then accept() wakes. */
static enum skb_drop_reason to_child(struct sock *listener, struct sock *child,
				     struct sk_buff *skb)
{
	enum skb_drop_reason reason = tern_input_rcv(child, skb);

	bh_unlock_sock(child);
	sock_put(child);
	listener->sk_data_ready(listener);
	return reason;
}

static enum skb_drop_reason to_req(struct tern_req *req, struct sk_buff *skb)
{
	enum skb_drop_reason reason = admit(req->listener, skb);
	struct sock *child;

	if (reason)
		return reason;
	reason = tern_synrecv_rcv(req, skb, &child);
	if (child)
		reason = to_child(req->listener, child, skb);
	return reason;
}

/* A listener, or nobody (RFC 9293 3.10.7.1) */
static enum skb_drop_reason to_listener(struct tern_net *tn,
					struct sk_buff *skb,
					const struct tern_tuple *t,
					const struct tern_af_ops *af,
					const u32 *tw_iss)
{
	enum skb_drop_reason reason;
	struct sock *sk, *child;

	sk = tern_hash_find_listener(tn, t, tern_cb(skb)->iif, 0, skb);
	if (!sk) {
		if (!policy_ok(NULL, skb))
			return SKB_DROP_REASON_XFRM_POLICY;
		tern_reset_reply(tn->net, af, NULL, t, skb);
		return SKB_DROP_REASON_NO_SOCKET;
	}
	reason = admit(sk, skb);
	if (!reason)
		reason = tern_listen_rcv(sk, skb, t, af, tw_iss, &child);
	else
		child = NULL;
	if (child)
		reason = to_child(sk, child, skb);
	sock_put(sk);
	return reason;
}

static enum skb_drop_reason to_timewait(struct tern_tw *tw, struct sk_buff *skb,
					const struct tern_tuple *t,
					const struct tern_af_ops *af)
{
	u32 iss;

	switch (tern_timewait_rcv(tw, skb, &iss)) {
	case TERN_TW_SYN:
		return to_listener(tw->tn, skb, t, af, &iss);
	case TERN_TW_ACK:
		tern_timewait_ack(tw);
		break;
	case TERN_TW_DROP:
		break;
	}
	return SKB_CONSUMED;
}

static enum skb_drop_reason dispatch(struct tern_net *tn, struct sk_buff *skb,
				     const struct tern_tuple *t,
				     const struct tern_af_ops *af)
{
	struct tern_ep *ep = tern_hash_lookup(tn, t);
	enum skb_drop_reason reason;

	if (!ep)
		return to_listener(tn, skb, t, af, NULL);
	switch (ep->kind) {
	case TERN_EP_REQ:
		reason = to_req(tern_ep_req(ep), skb);
		break;
	case TERN_EP_TW:
		reason = to_timewait(tern_ep_tw(ep), skb, t, af);
		break;
	default:
		reason = to_sock(tern_ep_sk(ep), skb);
		break;
	}
	tern_ep_put(ep);
	return reason;
}

/**
 * tern_demux_rcv() - a segment arrived (RFC 9293 3.10.7)
 * @skb: checksum and header are good, control block filled; consumed
 * @af: address family
 *
 * Context: softirq. Return: 0.
 */
int tern_demux_rcv(struct sk_buff *skb, const struct tern_af_ops *af)
{
	struct tern_net *tn = tern_net(dev_net(skb->dev));
	const struct tern_skb_cb *cb = tern_cb(skb);
	enum skb_drop_reason reason;
	struct tern_tuple t;

	af->tuple(&t, skb);
	trace_tern_recv(&t, cb->seq, cb->ack, cb->flags, cb->wnd,
			skb->len - tern_hdrlen(skb));
	reason = dispatch(tn, skb, &t, af);
	if (reason)
		drop(&t, skb, reason);
	return 0;
}
