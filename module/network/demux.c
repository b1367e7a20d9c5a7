// SPDX-License-Identifier: GPL-2.0
/*
 * SEGMENT ARRIVES (RFC 9293 3.10.7): whom is it for, and in which state is
 * that? The one exit of every drop is here.
 */
#include <linux/filter.h>
#include <net/route.h>
#include <net/xfrm.h>
#include "demux.h"
#include "core/trace.h"
#include "core/lhash.h"
#include "core/hash.h"
#include "send/reset.h"
#include "closing/timewait.h"
#include "receive/input.h"
#include "opening/connect.h"
#include "opening/synrecv.h"
#include "opening/listen.h"

/* Backlog beyond both buffers: what is in flight while a user holds on */
#define BACKLOG_SLACK	(64 * 1024)

static void drop(const struct net *net, const struct tern_tuple *t,
		 struct sk_buff *skb, enum skb_drop_reason reason)
{
	if (reason == SKB_CONSUMED) {
		consume_skb(skb);
		return;
	}
	trace_tern_drop(net, t, skb, reason);
	kfree_skb_reason(skb, reason);
}

/* By state; the socket is in the table, locked and counted. */
static enum skb_drop_reason by_state(struct sock *sk, struct sk_buff *skb)
{
	switch (sk->sk_state) {
	case TCP_SYN_SENT:
		return tern_connect_rcv(sk, skb);
	case TCP_CLOSE:
	case TCP_LISTEN:
		return SKB_DROP_REASON_TCP_CLOSE;
	default:
		return tern_input_rcv(sk, skb);
	}
}

static bool policy_ok(struct sock *sk, struct sk_buff *skb,
		      const struct tern_tuple *t)
{
	return xfrm_policy_check(sk, XFRM_POLICY_IN, skb, tern_af(t)->family);
}

/*
 * The filters of a socket: its own, the cgroup's, the security module's. What
 * one cuts off the payload was never there; the header stays.
 */
static bool filter_ok(struct sock *sk, struct sk_buff *skb)
{
	struct tern_skb_cb *cb = tern_cb(skb);
	unsigned int len = skb->len;

	if (sk_filter_trim_cap(sk, skb, tern_hdrlen(skb)))
		return false;
	cb->end_seq -= len - skb->len;
	return true;
}

/* RFC 5082: has it come from as near as IP_MINTTL, IPV6_MINHOPCOUNT ask? */
static bool near_enough(const struct sock *sk, const struct sk_buff *skb,
			const struct tern_tuple *t)
{
	if (tern_tuple_v4(t))
		return ip_hdr(skb)->ttl >= READ_ONCE(inet_sk(sk)->min_ttl);
#if IS_ENABLED(CONFIG_IPV6)
	return ipv6_hdr(skb)->hop_limit >=
	       READ_ONCE(inet6_sk(sk)->min_hopcount);
#else
	return true;
#endif
}

/* What belongs to any socket before its state is asked */
static enum skb_drop_reason admit(struct sock *sk, struct sk_buff *skb,
				  const struct tern_tuple *t)
{
	const struct tern_skb_cb *cb = tern_cb(skb);
	int bound = READ_ONCE(sk->sk_bound_dev_if);

	if (!tern_sk_hears(sk, cb->iif, cb->sdif) &&
	    (!bound || bound != skb->skb_iif))
		return SKB_DROP_REASON_NO_SOCKET;
	if (unlikely(!near_enough(sk, skb, t))) {
		TERN_INC(tern_sk_net(sk), TCPMinTTLDrop);
		return SKB_DROP_REASON_TCP_MINTTL;
	}
	if (!policy_ok(sk, skb, t))
		return SKB_DROP_REASON_XFRM_POLICY;
	nf_reset_ct(skb);
	if (!filter_ok(sk, skb))
		return SKB_DROP_REASON_SOCKET_FILTER;
	return TERN_GO_ON;
}

/* A user owns the socket: release_sock() will see to the segment. */
static enum skb_drop_reason to_backlog(struct sock *sk, struct sk_buff *skb)
{
	u64 limit = (u64)READ_ONCE(sk->sk_rcvbuf) + READ_ONCE(sk->sk_sndbuf) +
		    BACKLOG_SLACK;

	/*
	 * Neither route nor device are valid outside of RCU. Should it have
	 * to be looked up again, only the device's namespace is asked for.
	 */
	skb_dst_drop(skb);
	skb->dev = sock_net(sk)->loopback_dev;
	if (!sk_add_backlog(sk, skb, min_t(u64, limit, UINT_MAX)))
		return TERN_GO_ON;
	TERN_INC(tern_sk_net(sk), TCPBacklogDrop);
	return SKB_DROP_REASON_SOCKET_BACKLOG;
}

/* *@gone: it has left @t's place meanwhile, the segment is not for it. */
static enum skb_drop_reason to_sock(struct sock *sk, struct sk_buff *skb,
				    const struct tern_tuple *t, bool *gone)
{
	enum skb_drop_reason reason = admit(sk, skb, t);

	if (reason)
		return reason;
	bh_lock_sock_nested(sk);
	if (sock_owned_by_user(sk))
		reason = to_backlog(sk, skb);
	else if (tern_ep_is(&tern_sk(sk)->ep, t))
		reason = by_state(sk, skb);
	else
		*gone = true;
	bh_unlock_sock(sk);
	return reason;
}

/* A new connection gets the segment that completed it; then accept() wakes. */
static enum skb_drop_reason to_child(struct sock *listener, struct sock *child,
				     struct sk_buff *skb)
{
	enum skb_drop_reason reason = tern_input_rcv(child, skb);

	__acquire(&child->sk_lock.slock);	/* by tern_sock_child() */
	bh_unlock_sock(child);
	sock_put(child);
	listener->sk_data_ready(listener);
	return reason;
}

static enum skb_drop_reason to_req(struct tern_req *req, struct sk_buff *skb,
				   bool *gone)
{
	enum skb_drop_reason reason = admit(req->listener, skb, &req->ep.tuple);
	struct sock *child;

	if (reason)
		return reason;
	reason = tern_synrecv_rcv(req, skb, &child);
	if (child)
		return to_child(req->listener, child, skb);
	*gone = reason == SKB_DROP_REASON_NO_SOCKET;
	return reason;
}

/* @tw: the TIME-WAIT entry that gives way to this SYN, with @iss; or NULL */
static enum skb_drop_reason to_listener(struct sock *sk, struct sk_buff *skb,
					const struct tern_tuple *t,
					struct tern_tw *tw, const u32 *iss)
{
	enum skb_drop_reason reason = admit(sk, skb, t);
	struct sock *child;

	if (reason)
		return reason;
	if (tw) {
		TERN_INC(tw->tn, TWRecycled);
		tern_timewait_kill(tw, "syn");
	}
	reason = tern_listen_rcv(sk, skb, t, iss, &child);
	if (child)
		reason = to_child(sk, child, skb);
	return reason;
}

/* RFC 9293 3.9.2.3 MUST-57: others neither open a connection nor get a RST. */
static bool unicast(const struct sk_buff *skb, const struct tern_tuple *t)
{
	const struct rtable *rt;

	if (!tern_tuple_v4(t))
		return !ipv6_addr_is_multicast(&t->laddr);
	rt = skb_rtable(skb);
	return !rt || !(rt->rt_flags & (RTCF_BROADCAST | RTCF_MULTICAST));
}

/* No connection: a listener, or nobody (RFC 9293 3.10.7.1) */
static enum skb_drop_reason to_nobody(struct tern_net *tn, struct sk_buff *skb,
				      const struct tern_tuple *t)
{
	enum skb_drop_reason reason = SKB_DROP_REASON_NO_SOCKET;
	struct sock *sk;

	if (!unicast(skb, t))
		return SKB_DROP_REASON_NOT_SPECIFIED;
	sk = tern_lhash_find(tn, t, tern_cb(skb)->iif, tern_cb(skb)->sdif);
	if (sk) {
		reason = to_listener(sk, skb, t, NULL, NULL);
		sock_put(sk);
	} else if (!tern_knob(tn, enabled)) {
		reason = SKB_DROP_REASON_IP_NOPROTO;
	} else if (policy_ok(NULL, skb, t)) {
		tern_reset_reply(tn->net, NULL, t, skb);
	} else {
		reason = SKB_DROP_REASON_XFRM_POLICY;
	}
	return reason;
}

/* A SYN that may open a new connection in place of an entry (RFC 6191) */
static enum skb_drop_reason reopen(struct tern_tw *tw, struct sk_buff *skb,
				   const struct tern_tuple *t, u32 iss)
{
	struct sock *sk = tern_lhash_find(tw->tn, t, tern_cb(skb)->iif,
						  tern_cb(skb)->sdif);
	enum skb_drop_reason reason;

	if (!sk) {
		tern_timewait_refuse(tw, skb);
		return SKB_CONSUMED;
	}
	reason = to_listener(sk, skb, t, tw, &iss);
	sock_put(sk);
	return reason;
}

static enum skb_drop_reason to_timewait(struct tern_tw *tw, struct sk_buff *skb,
					const struct tern_tuple *t)
{
	u32 iss;

	if (!policy_ok(NULL, skb, t))
		return SKB_DROP_REASON_XFRM_POLICY;
	switch (tern_timewait_rcv(tw, skb, &iss)) {
	case TERN_TW_SYN:
		return reopen(tw, skb, t, iss);
	case TERN_TW_ACK:
		tern_timewait_ack(tw, skb);
		break;
	case TERN_TW_DROP:
		break;
	}
	return SKB_CONSUMED;
}

/* *@gone: what was found died before it could be asked; look up again. */
static enum skb_drop_reason to_found(struct tern_ep *ep, struct sk_buff *skb,
				     const struct tern_tuple *t, bool *gone)
{
	switch (ep->kind) {
	case TERN_EP_REQ:
		return to_req(tern_ep_req(ep), skb, gone);
	case TERN_EP_TW:
		return to_timewait(tern_ep_tw(ep), skb, t);
	default:
		return to_sock(tern_ep_sk(ep), skb, t, gone);
	}
}

/**
 * tern_demux_find() - the endpoint for what came in
 * @tn: namespace
 * @t: 4-tuple as seen from here; its VRF is taken off when the endpoint is in
 *	none and hears that one all the same (l3mdev_accept)
 *
 * Context: any. Return: as tern_hash_lookup().
 */
struct tern_ep *tern_demux_find(struct tern_net *tn, struct tern_tuple *t)
{
	struct tern_ep *ep = tern_hash_lookup(tn, t);
	u32 scope = t->scope;

	if (likely(ep || !scope) || !tern_knob(tn, l3mdev_accept))
		return ep;
	t->scope = 0;
	ep = tern_hash_lookup(tn, t);
	if (!ep)
		t->scope = scope;
	return ep;
}

/*
 * Whatever dies leaves the table before its lock is free, so that each turn
 * finds something else: an entry's child, a socket's TIME-WAIT, or nothing.
 */
static enum skb_drop_reason dispatch(struct tern_net *tn, struct sk_buff *skb,
				     struct tern_tuple *t)
{
	enum skb_drop_reason reason;
	u32 scope = t->scope;
	struct tern_ep *ep;
	bool gone;

	do {
		gone = false;
		t->scope = scope;
		ep = tern_demux_find(tn, t);
		if (!ep)
			return to_nobody(tn, skb, t);
		reason = to_found(ep, skb, t, &gone);
		tern_ep_put(ep);
	} while (gone);
	return reason;
}

/* What is no segment at all */
static int refuse(struct tern_net *tn, struct sk_buff *skb,
		  enum skb_drop_reason reason)
{
	if (!tern_knob(tn, enabled))
		return -ENOPROTOOPT;
	TERN_INC(tn, InErrs);
	drop(tn->net, NULL, skb, reason);
	return 0;
}

/**
 * tern_demux_arrives() - SEGMENT ARRIVES (RFC 9293 3.10.7)
 * @skb: data at the ternhdr; consumed, but for an error
 * @iif: device it came by, as the family sees it
 * @sdif: its slave, when that is a VRF, else 0
 * @check_ok: the checksum holds
 *
 * Context: softirq, RCU. Return: 0, or -ENOPROTOOPT when the namespace has Tern
 * switched off and no socket from before takes it.
 */
int tern_demux_arrives(struct sk_buff *skb, int iif, int sdif, bool check_ok)
{
	struct tern_net *tn = tern_net(dev_net(skb->dev));
	struct tern_skb_cb *cb = tern_cb(skb);
	enum skb_drop_reason reason;
	struct tern_tuple t;

	TERN_INC(tn, InSegs);
	/* Its memory is charged to whom it is for. */
	skb_orphan(skb);
	if (!pskb_may_pull(skb, TERN_HDR_LEN))
		return refuse(tn, skb, SKB_DROP_REASON_PKT_TOO_SMALL);
	if (!check_ok) {
		TERN_INC(tn, InCsumErrors);
		return refuse(tn, skb, SKB_DROP_REASON_TCP_CSUM);
	}
	reason = tern_segment_parse(skb);
	if (reason)
		return refuse(tn, skb, reason);
	cb->iif = iif;
	cb->sdif = sdif;
	if (!tern_skb_af(skb)->tuple(&t, skb))
		return refuse(tn, skb, SKB_DROP_REASON_NOT_SPECIFIED);
	trace_tern_recv(tn->net, &t, cb->seq, cb->ack, cb->flags, cb->wnd,
			skb->len - tern_hdrlen(skb));
	reason = dispatch(tn, skb, &t);
	if (unlikely(reason == SKB_DROP_REASON_IP_NOPROTO))
		return -ENOPROTOOPT;
	if (reason)
		drop(tn->net, &t, skb, reason);
	return 0;
}

/* The connection ended before the segment had its turn: whose is it now? */
static enum skb_drop_reason after_end(struct sock *sk, struct sk_buff *skb,
				      struct tern_tuple *t)
{
	enum skb_drop_reason reason;

	local_bh_disable();
	rcu_read_lock();
	reason = dispatch(tern_sk_net(sk), skb, t);
	rcu_read_unlock();
	local_bh_enable();
	return reason;
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
	enum skb_drop_reason reason;
	struct tern_tuple t;
	u32 scope;

	tern_skb_af(skb)->tuple(&t, skb);
	scope = t.scope;
	/* Found without its VRF, it is compared without: tern_demux_find() */
	if (scope && !tern_ep_is(&tern_sk(sk)->ep, &t) &&
	    tern_knob(tern_sk_net(sk), l3mdev_accept))
		t.scope = 0;
	if (tern_ep_is(&tern_sk(sk)->ep, &t)) {
		reason = by_state(sk, skb);
	} else {
		t.scope = scope;
		reason = after_end(sk, skb, &t);
	}
	if (reason)
		drop(sock_net(sk), &t, skb, reason);
	return 0;
}
