// SPDX-License-Identifier: GPL-2.0
/*
 * The SYN queue: SYN-RECEIVED without a socket (RFC 9293 3.10.7.4, RFC 4987).
 * An entry answers SYNs and resends its SYN-ACK by its own hrtimer; the final
 * ACK makes a connection of it.
 */
#include "synrecv.h"
#include "core/trace.h"
#include "core/state.h"
#include "core/timer.h"
#include "core/label.h"
#include "core/lhash.h"
#include "core/hash.h"
#include "core/orphan.h"
#include "core/sock.h"
#include "send/mtu.h"
#include "send/window.h"
#include "send/xmit.h"
#include "send/ack.h"
#include "send/reset.h"
#include "accept.h"

/* What comes after so many SYN-ACKs when nobody has changed it */
static u64 default_rto_us(u8 retries)
{
	return min_t(u64, (u64)TERN_RTO_FIRST_US << min_t(u8, retries, 31),
		     TERN_RTO_HIGH_US);
}

/* From deadline to deadline, so that the softirq's latency does not add up */
static void set_due(struct tern_req *req)
{
	u64 rto_us = tern_conf_or_knob(req->listener, rto_init_us);
	u64 max_us = tern_conf_or_knob(req->listener, rto_max_us);
	u8 retries = req->syn.retries;

	rto_us = min(rto_us << min_t(u8, retries, 31), max_us);
	/*
	 * Whom it goes to may never have asked. A user's listener repeats it no
	 * more often than others do, if sooner.
	 */
	if (retries >= TERN_SYNACK_RETRIES && tern_timer_limited(req->listener))
		rto_us = max(rto_us, default_rto_us(retries));
	WRITE_ONCE(req->due, req->due + rto_us * NSEC_PER_USEC);
	trace_tern_timer(sock_net(req->listener), &req->ep.tuple, "arm",
			 "synack", req->due);
}

/* Off the queue of the listener, whose lock is not held; that of @req is. */
static void unqueue(struct tern_req *req)
{
	struct tern_listen *l = &tern_sk(req->listener)->listen;

	spin_lock_bh(&l->lock);
	if (!list_empty(&req->queue_node)) {
		list_del_init(&req->queue_node);
		WRITE_ONCE(l->syn_len, l->syn_len - 1);
		if (!req->syn.retries)
			WRITE_ONCE(l->syn_young, l->syn_young - 1);
	}
	spin_unlock_bh(&l->lock);
}

/* Its SYN-ACK is sent again; the entry is alive. */
static void count_retry(struct tern_req *req)
{
	struct tern_listen *l = &tern_sk(req->listener)->listen;

	if (!req->syn.retries) {
		spin_lock(&l->lock);
		WRITE_ONCE(l->syn_young, l->syn_young - 1);
		spin_unlock(&l->lock);
	}
	WRITE_ONCE(req->syn.retries, req->syn.retries + 1);
}

/* The entry is dead: out of table and queue. Its lock is held. */
static void bury(struct tern_req *req)
{
	struct tern_net *tn = tern_sk_net(req->listener);

	req->dead = true;
	unqueue(req);
	tern_hash_remove(tn, &req->ep);
	tern_ep_put(&req->ep);
}

/*
 * Of a dead entry, without its lock, which the callback takes: one that is
 * about to fire once more would hold the listener until then.
 */
static void disarm(struct tern_req *req)
{
	if (tern_timer_mini_cancel_sync(&req->timer))
		tern_ep_put(&req->ep);
}

/**
 * tern_synrecv_drop() - end an entry (RFC 9293 3.10.7.4: back to LISTEN)
 * @req: entry, counted by the caller
 * @event: what caused it
 */
void tern_synrecv_drop(struct tern_req *req, const char *event)
{
	spin_lock_bh(&req->lock);
	if (!req->dead) {
		tern_state_note(tern_sk_net(req->listener), &req->ep.tuple,
				TCP_SYN_RECV, TCP_CLOSE, event);
		bury(req);
	}
	spin_unlock_bh(&req->lock);
	disarm(req);
}

/**
 * tern_synrecv_drain() - the listener closes: drop all its entries
 * @listener: socket that does not listen any more, locked
 */
void tern_synrecv_drain(struct sock *listener)
{
	struct tern_listen *l = &tern_sk(listener)->listen;
	struct tern_req *req;

	for (;;) {
		spin_lock_bh(&l->lock);
		req = list_first_entry_or_null(&l->syn_queue, struct tern_req,
					       queue_node);
		if (req)
			refcount_inc(&req->ref);
		spin_unlock_bh(&l->lock);
		if (!req)
			break;
		tern_synrecv_drop(req, "listener closed");
		tern_ep_put(&req->ep);
		cond_resched();
	}
}

/*
 * Half of the queue is for the young: the more of it those hold that did not
 * answer the first SYN-ACK, the sooner they go, as with TCP (RFC 4987 3.4).
 */
static u32 max_retries(const struct sock *listener)
{
	const struct tern_listen *l = &tern_sk(listener)->listen;
	u32 most = READ_ONCE(tern_sk(listener)->conf.syncnt) ?:
		   tern_knob(tern_sk_net(listener), synack_retries);
	u64 young = 2ULL * READ_ONCE(l->syn_young);
	u32 len = READ_ONCE(l->syn_len);

	if (len <= max(8U, READ_ONCE(listener->sk_max_ack_backlog)) / 2)
		return most;
	for (; most > 2 && len >= young; young *= 2)
		most--;
	return most;
}

/* Until then TERN_DEFER_ACCEPT ignores bare ACKs; 0 without it. */
static u64 defer_end(const struct tern_req *req)
{
	u32 wait_s = READ_ONCE(tern_sk(req->listener)->conf.defer_accept_s);

	return wait_s ? req->syn.synack_ns + (u64)wait_s * NSEC_PER_SEC : 0;
}

/* RFC 9293 3.8.3: the SYN-ACK again, or the end */
static bool again(struct tern_req *req)
{
	struct tern_net *tn = tern_sk_net(req->listener);
	u64 end;

	if (req->dead)
		return false;
	trace_tern_timer(tn->net, &req->ep.tuple, "fire", "synack", req->due);
	end = defer_end(req);
	if (req->acked && req->due < end) {
		/* The peer has the SYN-ACK. Ask for its ACK when time is up. */
		WRITE_ONCE(req->due, end);
		trace_tern_timer(tn->net, &req->ep.tuple, "arm", "synack", end);
		return true;
	}
	if (req->syn.retries >= max_retries(req->listener)) {
		TERN_INC(tn, AttemptFails);
		tern_state_note(tn, &req->ep.tuple, TCP_SYN_RECV, TCP_CLOSE,
				"timeout");
		bury(req);
		return false;
	}
	count_retry(req);
	req->syn.resent = true;
	TERN_INC(tn, TCPSynRetrans);
	TERN_INC(tn, RetransSegs);
	trace_tern_retransmit(tn->net, &req->ep.tuple, req->syn.iss, 0,
			      req->syn.retries);
	tern_xmit_synack(req->listener, &req->ep.tuple, &req->syn, NULL);
	set_due(req);
	return true;
}

static enum hrtimer_restart expire(struct hrtimer *t)
{
	struct tern_req *req = container_of(t, struct tern_req, timer);
	bool more;
	u64 due;

	TERN_INC(tern_sk_net(req->listener), TimersFired);
	spin_lock(&req->lock);
	more = again(req);
	due = req->due;
	spin_unlock(&req->lock);
	if (more)
		return tern_timer_mini_again(t, tern_timer_mini_fit(req->listener,
								    due));
	tern_ep_put(&req->ep);
	return HRTIMER_NORESTART;
}

/**
 * tern_synrecv_init() - begin to note what a peer says
 * @syn: filled, but for what depends on its options
 * @listener: socket in LISTEN
 * @skb: the SYN, or the ACK of a SYN cookie
 * @t: 4-tuple as seen from here
 */
void tern_synrecv_init(struct tern_syn *syn, const struct sock *listener,
		       const struct sk_buff *skb, const struct tern_tuple *t)
{
	memset(syn, 0, sizeof(*syn));
	syn->bound_dev_if = READ_ONCE(listener->sk_bound_dev_if) ?:
			    tern_skb_vrf(skb);
	syn->mark = READ_ONCE(listener->sk_mark);
	syn->mad_us = tern_sock_delack_us(listener);
	syn->ts_offset = tern_isn_ts_offset(&tern_sk_net(listener)->secret, t);
}

/**
 * tern_synrecv_offer() - the window for what the SYN asked for
 * @syn: with its options
 * @listener: socket in LISTEN
 */
void tern_synrecv_offer(struct tern_syn *syn, const struct sock *listener)
{
	tern_window_init(listener, syn->opts.mss, syn->opts.has_wscale,
			 &syn->rcv_wnd, &syn->rcv_wscale);
}

/**
 * tern_synrecv_read() - note what a SYN said, cut to what this end does
 * @syn: filled, but for our ISN and when it was answered
 * @listener: socket in LISTEN
 * @skb: the SYN
 * @t: 4-tuple as seen from here
 */
void tern_synrecv_read(struct tern_syn *syn, const struct sock *listener,
		       const struct sk_buff *skb, const struct tern_tuple *t)
{
	const struct tern_net *tn = tern_sk_net(listener);
	const struct tern_skb_cb *cb = tern_cb(skb);

	tern_synrecv_init(syn, listener, skb, t);
	syn->irs = cb->seq;
	tern_options_parse((const u8 *)(tern_hdr(skb) + 1), cb->optlen, true,
			   &syn->opts);
	syn->opts.has_ts &= tern_knob(tn, timestamps);
	syn->opts.sack_ok &= tern_knob(tn, sack);
	syn->opts.has_wscale &= tern_knob(tn, window_scaling);
	syn->ts_recent = syn->opts.tsval;
	tern_synrecv_offer(syn, listener);
}

/* Into table and queue. False: taken already, closed, or no memory */
static bool enter(struct tern_req *req)
{
	struct sock *listener = req->listener;
	struct tern_net *tn = tern_sk_net(listener);
	struct tern_listen *l = &tern_sk(listener)->listen;
	bool ok;

	if (tern_hash_insert(tn, &req->ep))
		return false;
	spin_lock_bh(&l->lock);
	ok = tern_lhash_takes(listener, &req->ep.tuple);
	if (ok) {
		list_add_tail(&req->queue_node, &l->syn_queue);
		WRITE_ONCE(l->syn_len, l->syn_len + 1);
		WRITE_ONCE(l->syn_young, l->syn_young + 1);
	}
	spin_unlock_bh(&l->lock);
	return ok;
}

/**
 * tern_synrecv_create() - a new entry for a SYN (RFC 9293 3.10.7.2 third)
 * @listener: socket in LISTEN
 * @skb: the SYN; its payload is ignored
 * @t: 4-tuple as seen from here
 * @tw_iss: ISS beyond a connection whose TIME-WAIT this SYN ended, or NULL
 *
 * Return: 0 when the segment is gone, NOMEM, SOCKET_FILTER when a security
 * module is against it.
 */
enum skb_drop_reason tern_synrecv_create(struct sock *listener,
					 struct sk_buff *skb,
					 const struct tern_tuple *t,
					 const u32 *tw_iss)
{
	struct tern_net *tn = tern_sk_net(listener);
	struct tern_req *req = kzalloc(sizeof(*req), GFP_ATOMIC | __GFP_NOWARN);

	if (!req) {
		TERN_INC(tn, ListenDrops);
		return SKB_DROP_REASON_NOMEM;
	}
	req->ep.kind = TERN_EP_REQ;
	req->ep.tuple = *t;
	req->listener = listener;
	tern_synrecv_read(&req->syn, listener, skb, t);
	if (tern_label_ask(&req->syn, listener, skb, t)) {
		kfree(req);
		TERN_INC(tn, ListenDrops);
		return SKB_DROP_REASON_SOCKET_FILTER;
	}
	sock_hold(listener);
	/* Table, timer, this function */
	refcount_set(&req->ref, 3);
	spin_lock_init(&req->lock);
	INIT_LIST_HEAD(&req->queue_node);
	tern_timer_mini_init(&req->timer, expire);
	req->syn.synack_ns = ktime_get_ns();
	req->syn.iss = tw_iss ? *tw_iss :
			    tern_isn(&tn->secret, t, req->syn.synack_ns);

	spin_lock_bh(&req->lock);
	req->due = req->syn.synack_ns;
	if (!enter(req)) {
		tern_ep_put(&req->ep);	/* the timer's, never started */
		bury(req);
		goto out;
	}
	tern_state_note(tn, t, TCP_LISTEN, TCP_SYN_RECV, "syn");
	set_due(req);
	tern_timer_mini_start(&req->timer,
			      tern_timer_mini_fit(listener, req->due));
	tern_xmit_synack(listener, &req->ep.tuple, &req->syn, NULL);
out:
	spin_unlock_bh(&req->lock);
	tern_ep_put(&req->ep);
	__kfree_skb(skb);
	return TERN_GO_ON;
}

/**
 * tern_synrecv_promote() - the handshake is complete: a connection, queued
 * @listener: socket in LISTEN
 * @t: 4-tuple as seen from here
 * @syn: what the SYN said
 * @req: entry that it takes the place of, locked; NULL with a SYN cookie
 *
 * Context: softirq. Return: locked and counted, in SYN-RECEIVED; NULL without
 * memory, route, listener, place in the table, or the right label.
 */
struct sock *tern_synrecv_promote(struct sock *listener,
				  const struct tern_tuple *t,
				  const struct tern_syn *syn,
				  struct tern_req *req)
{
	struct tern_net *tn = tern_sk_net(listener);
	struct tern_listen *l = &tern_sk(listener)->listen;
	struct sock *child = tern_sock_child(listener, t, syn);
	struct tern_ep *ep;
	bool ok;

	if (!child)
		return NULL;
	ep = &tern_sk(child)->ep;
	ok = tern_label_child(child, listener, &syn->label) &&
	     (req ? tern_hash_replace(tn, &req->ep, ep) :
		    !tern_hash_insert(tn, ep));
	if (ok) {
		spin_lock(&l->lock);
		ok = tern_accept_add(listener, child);
		if (ok)
			tern_hash_share_port(tn, &tern_sk(listener)->ep, ep);
		spin_unlock(&l->lock);
	}
	if (ok)
		return child;
	/* Nobody will have it: an orphan from the start. */
	tern_orphan_make(child);
	tern_sock_done(child, "no listener");
	__acquire(&child->sk_lock.slock);	/* by tern_sock_child() */
	bh_unlock_sock(child);
	sock_put(child);
	return NULL;
}

static bool deferred(const struct tern_req *req, const struct sk_buff *skb)
{
	return skb->len == tern_hdrlen(skb) &&
	       !(tern_cb(skb)->flags & TERN_FLAG_FIN) &&
	       ktime_get_ns() < defer_end(req);
}

/* The third ACK came too soon: the next one says nothing of the round trip. */
static void waited(struct tern_req *req)
{
	req->acked = true;
	req->syn.resent = true;
}

/* The accept queue is full: wait for room, or tell the peer at once. */
static enum skb_drop_reason overflow(struct tern_req *req,
				     const struct sk_buff *skb)
{
	struct tern_net *tn = tern_sk_net(req->listener);

	TERN_INC(tn, ListenOverflows);
	waited(req);
	if (!tern_knob(tn, abort_on_overflow))
		return SKB_DROP_REASON_SOCKET_BACKLOG;
	tern_reset_reply(tn->net, req->listener, &req->ep.tuple, skb);
	TERN_INC(tn, AttemptFails);
	tern_state_note(tn, &req->ep.tuple, TCP_SYN_RECV, TCP_CLOSE,
			"overflow");
	bury(req);
	return SKB_DROP_REASON_TCP_RESET;
}

/* The ACK that completes the handshake is here (RFC 9293 3.10.7.4 fifth) */
static enum skb_drop_reason complete_req(struct tern_req *req,
					 struct sk_buff *skb,
					 struct sock **child)
{
	struct tern_net *tn = tern_sk_net(req->listener);

	if (deferred(req, skb)) {
		waited(req);
		TERN_INC(tn, TCPDeferAcceptDrop);
		return SKB_CONSUMED;
	}
	if (tern_accept_full(req->listener))
		return overflow(req, skb);
	*child = tern_synrecv_promote(req->listener, &req->ep.tuple, &req->syn,
				      req);
	if (!*child) {
		TERN_INC(tn, ListenDrops);
		return SKB_DROP_REASON_NOMEM;
	}
	bury(req);
	return TERN_GO_ON;
}

static void send_ack(const struct tern_req *req, const struct sk_buff *skb)
{
	const struct tern_syn *syn = &req->syn;
	struct tern_opts o = {
		.has_ts = syn->opts.has_ts,
		.tsval = tern_ts_val(ktime_get_ns(), syn->ts_offset),
		.tsecr = syn->ts_recent,
	};

	tern_xmit_reply(sock_net(req->listener), req->listener,
			syn->bound_dev_if, &req->ep.tuple, syn->iss + 1,
			syn->irs + 1, TERN_FLAG_ACK,
			min(syn->rcv_wnd, TERN_WINDOW_MAX) >> syn->rcv_wscale,
			&o, skb);
}

/* RFC 5961 7 */
static void challenge(struct tern_req *req, const struct sk_buff *skb)
{
	struct tern_net *tn = tern_sk_net(req->listener);
	u64 now = ktime_get_ns();

	if (tern_ack_limited(tn, &req->oow_ns, now) ||
	    tern_ack_challenge_limited(tn, now)) {
		TERN_INC(tn, TCPACKSkippedChallenge);
		return;
	}
	TERN_INC(tn, TCPChallengeACK);
	send_ack(req, skb);
}

/* The SYN of the entry, without another flag that matters */
static bool same_syn(const struct tern_req *req, const struct tern_skb_cb *cb)
{
	return (cb->flags & (TERN_FLAG_SYN | TERN_FLAG_ACK | TERN_FLAG_RST)) ==
	       TERN_FLAG_SYN && cb->seq == req->syn.irs;
}

/* It is answered at once; the timer is left alone. */
static enum skb_drop_reason syn_again(struct tern_req *req,
				      const struct tern_opts *o)
{
	if (o->has_ts && req->syn.opts.has_ts)
		req->syn.ts_recent = o->tsval;
	req->syn.resent = true;
	TERN_INC(tern_sk_net(req->listener), TCPSynRetrans);
	tern_xmit_synack(req->listener, &req->ep.tuple, &req->syn, NULL);
	return SKB_CONSUMED;
}

/* First: sequence number, and PAWS, which a RST is not subject to */
static enum skb_drop_reason check_sequence(struct tern_req *req,
					   const struct sk_buff *skb,
					   const struct tern_opts *o)
{
	const struct tern_skb_cb *cb = tern_cb(skb);
	struct tern_net *tn = tern_sk_net(req->listener);
	enum skb_drop_reason reason = TERN_GO_ON;

	if (!tern_seq_acceptable(cb->seq, cb->end_seq, req->syn.irs + 1,
				 req->syn.irs + 1 + req->syn.rcv_wnd)) {
		reason = SKB_DROP_REASON_TCP_INVALID_SEQUENCE;
	} else if (!(cb->flags & TERN_FLAG_RST) && req->syn.opts.has_ts &&
		   o->has_ts && tern_seq_before(o->tsval, req->syn.ts_recent)) {
		TERN_INC(tn, PAWSEstab);
		reason = SKB_DROP_REASON_TCP_RFC7323_PAWS;
	}
	if (!reason || (cb->flags & TERN_FLAG_RST))
		return reason;
	if (tern_ack_limited(tn, &req->oow_ns, ktime_get_ns()))
		TERN_INC(tn, TCPACKSkippedSynRecv);
	else
		send_ack(req, skb);
	return reason;
}

/* Second: RST in the window. RFC 5961 3.2: only the exact one counts. */
static enum skb_drop_reason rcv_rst(struct tern_req *req,
				    const struct sk_buff *skb)
{
	struct tern_net *tn = tern_sk_net(req->listener);

	if (tern_cb(skb)->seq != req->syn.irs + 1) {
		challenge(req, skb);
		return SKB_DROP_REASON_TCP_RESET;
	}
	TERN_INC(tn, EmbryonicRsts);
	TERN_INC(tn, AttemptFails);
	tern_state_note(tn, &req->ep.tuple, TCP_SYN_RECV, TCP_CLOSE, "rst");
	bury(req);
	return SKB_DROP_REASON_TCP_RESET;
}

/* Steps of RFC 9293 3.10.7.4 for an entry; its lock is held. */
static enum skb_drop_reason steps(struct tern_req *req, struct sk_buff *skb,
				  struct sock **child)
{
	struct tern_net *tn = tern_sk_net(req->listener);
	const struct tern_skb_cb *cb = tern_cb(skb);
	enum skb_drop_reason reason;
	struct tern_opts o;

	tern_options_parse((const u8 *)(tern_hdr(skb) + 1), cb->optlen,
			   cb->flags & TERN_FLAG_SYN, &o);
	if (same_syn(req, cb))
		return syn_again(req, &o);
	reason = check_sequence(req, skb, &o);
	if (reason)
		return reason;
	if (cb->flags & TERN_FLAG_RST)
		return rcv_rst(req, skb);
	/* Fourth: RFC 5961 4.2 */
	if (cb->flags & TERN_FLAG_SYN) {
		TERN_INC(tn, TCPSYNChallenge);
		challenge(req, skb);
		return SKB_DROP_REASON_TCP_INVALID_SYN;
	}
	if (!(cb->flags & TERN_FLAG_ACK))
		return SKB_DROP_REASON_TCP_FLAGS;
	if (cb->ack != req->syn.iss + 1) {
		tern_reset_reply(tn->net, req->listener,
				 &req->ep.tuple, skb);
		return SKB_DROP_REASON_TCP_INVALID_ACK_SEQUENCE;
	}
	return complete_req(req, skb, child);
}

/**
 * tern_synrecv_rcv() - a segment for an entry (RFC 9293 3.10.7.4)
 * @req: entry, counted by the caller
 * @skb: the segment
 * @child: the connection that it completed: locked, counted; else NULL
 *
 * Return: 0 when the segment is to be given to *@child, NO_SOCKET when the
 * entry is dead and the caller is to look up again, else why it is dropped.
 */
enum skb_drop_reason tern_synrecv_rcv(struct tern_req *req,
				      struct sk_buff *skb, struct sock **child)
{
	enum skb_drop_reason reason;
	bool dead;

	*child = NULL;
	spin_lock(&req->lock);
	if (req->dead)
		reason = SKB_DROP_REASON_NO_SOCKET;
	else
		reason = steps(req, skb, child);
	dead = req->dead;
	spin_unlock(&req->lock);
	if (dead)
		disarm(req);
	return reason;
}

/**
 * tern_synrecv_icmp() - an ICMP error for an entry
 * @req: entry, counted by the caller
 * @seq: of the segment that caused it
 * @err: hard error; an entry of ours ends by it, as RFC 5461 2.2 allows
 */
void tern_synrecv_icmp(struct tern_req *req, u32 seq, int err)
{
	if (seq != req->syn.iss) {
		TERN_INC(tern_sk_net(req->listener), OutOfWindowIcmps);
		return;
	}
	tern_synrecv_drop(req, "icmp");
}
