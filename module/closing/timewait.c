// SPDX-License-Identifier: GPL-2.0
/*
 * TIME-WAIT (RFC 9293 3.4.2, 3.10.7.4): a small entry takes the socket's place
 * in the table for 2 MSL, acknowledges what comes late, and lets a new
 * connection in when that is safe (RFC 6191). A RST doesn't end it (RFC 1337),
 * save one: see asked_for().
 */
#include "timewait.h"
#include "core/trace.h"
#include "core/state.h"
#include "core/timer.h"
#include "core/hash.h"
#include "core/sock.h"
#include "send/xmit.h"
#include "send/ack.h"
#include "send/retransmit.h"

static enum hrtimer_restart expire(struct hrtimer *t)
{
	struct tern_tw *tw = container_of(t, struct tern_tw, timer);
	u64 due = READ_ONCE(tw->due);

	TERN_INC(tw->tn, TimersFired);
	/* A repeated FIN has moved the end. */
	if (ktime_get_ns() < due)
		return tern_timer_mini_again(t, due);
	if (tern_hash_remove(tw->tn, &tw->ep)) {
		TERN_INC(tw->tn, TW);
		tern_state_note(tw->tn, &tw->ep.tuple, TCP_TIME_WAIT,
				TCP_CLOSE, "2msl");
		tern_hash_put_port(tw->tn, &tw->ep);
		atomic_dec(&tw->tn->tw_count);
		tern_ep_put(&tw->ep);
	}
	tern_ep_put(&tw->ep);
	return HRTIMER_NORESTART;
}

static struct tern_tw *create(struct sock *sk)
{
	struct tern_net *tn = tern_sk_net(sk);
	struct tern_sock *tp = tern_sk(sk);
	u32 msl_ms = tern_conf_or_knob(sk, msl_ms);
	struct tern_tw *tw;

	if (atomic_read(&tn->tw_count) >= tern_knob(tn, max_tw_buckets))
		return NULL;
	tw = kzalloc(sizeof(*tw), GFP_ATOMIC | __GFP_NOWARN);
	if (!tw)
		return NULL;
	tw->ep.kind = TERN_EP_TW;
	tw->ep.tuple = tp->ep.tuple;
	/* One for the table, one for the timer, one for the creator */
	refcount_set(&tw->ref, 3);
	tw->tn = tn;
	tw->period_ns = 2ULL * msl_ms * NSEC_PER_MSEC;
	tw->snd_nxt = tp->snd.nxt;
	tw->rcv_nxt = tp->rcv.nxt;
	tw->rcv_wnd = tern_rcv_window(tp);
	tw->rcv_wscale = tp->rcv.wscale;
	tw->ts_ok = tp->ts.ok;
	tw->ts_recent = tp->ts.recent;
	tw->ts_recent_ns = tp->ts.recent_ns;
	tw->ts_offset = tp->ts.offset;
	tw->rto_ns = tern_retransmit_rto_ns(sk);
	tw->reuse = sk->sk_reuse;
	tw->reuseport = sk->sk_reuseport;
	tw->uid = sk->sk_uid;
	tw->mark = sk->sk_mark;
	tw->bound_dev_if = sk->sk_bound_dev_if;
	tern_timer_mini_init(&tw->timer, expire);
	return tw;
}

/*
 * Start the clock of an entry that is in the table. Not before: a callback
 * that came first would find nothing to remove, and the entry stay for ever.
 * But it may have left the table already, too soon for its timer to be
 * cancelled.
 */
static void arm(struct tern_tw *tw)
{
	u64 due = READ_ONCE(tw->due);

	trace_tern_timer(tw->tn->net, &tw->ep.tuple, "arm", "timewait", due);
	tern_timer_mini_start(&tw->timer, due);
	/* Armed, then looked at; pairs with tern_hash_drop_tw(). */
	smp_mb();
	if (!READ_ONCE(tw->ep.hashed) && tern_timer_mini_cancel(&tw->timer))
		tern_ep_put(&tw->ep);
}

/**
 * tern_timewait_enter() - TIME-WAIT begins: the socket is done
 * @sk: socket, locked; the caller holds a reference and has sent the ACK
 * @event: what caused it
 *
 * Without memory, or over max_tw_buckets, the connection is CLOSED at once.
 */
void tern_timewait_enter(struct sock *sk, const char *event)
{
	struct tern_net *tn = tern_sk_net(sk);
	struct tern_sock *tp = tern_sk(sk);
	struct tern_tw *tw = create(sk);

	if (!tw) {
		TERN_INC(tn, TCPTimeWaitOverflow);
		tern_sock_done(sk, event);
		return;
	}
	atomic_inc(&tn->tw_count);
	tern_hash_share_port(tn, &tp->ep, &tw->ep);
	tw->due = ktime_get_ns() + tw->period_ns;
	tern_state_note(tn, &tw->ep.tuple, sk->sk_state, TCP_TIME_WAIT, event);
	if (tern_hash_replace(tn, &tp->ep, &tw->ep)) {
		arm(tw);
	} else {
		/* Nothing can find it, so nothing would wait for it. */
		tern_hash_drop_tw(tw);
		tern_ep_put(&tw->ep);	/* the timer's, never started */
	}
	tern_ep_put(&tw->ep);
	tern_sock_done(sk, NULL);
}

/**
 * tern_timewait_ack() - acknowledge from TIME-WAIT
 * @tw: entry
 * @skb: the segment
 */
void tern_timewait_ack(struct tern_tw *tw, const struct sk_buff *skb)
{
	struct tern_opts o = {
		.has_ts = tw->ts_ok,
		.tsval = tern_ts_val(ktime_get_ns(), tw->ts_offset),
		.tsecr = READ_ONCE(tw->ts_recent),
	};

	tern_xmit_timewait(tw, &o, skb);
}

/**
 * tern_timewait_kill() - end an entry before its time
 * @tw: entry, counted by the caller
 * @event: what caused it
 */
void tern_timewait_kill(struct tern_tw *tw, const char *event)
{
	if (!tern_hash_remove(tw->tn, &tw->ep))
		return;
	TERN_INC(tw->tn, TWKilled);
	tern_state_note(tw->tn, &tw->ep.tuple, TCP_TIME_WAIT, TCP_CLOSE,
			event);
	tern_hash_drop_tw(tw);
}

/* RFC 7323 5.5, as in a connection */
static bool ts_recent_stale(const struct tern_tw *tw)
{
	return tern_ts_stale(READ_ONCE(tw->ts_recent_ns), ktime_get_ns());
}

/*
 * RFC 6191 2: may this SYN open the 4-tuple again? One that comes when TS.Recent
 * is stale is a new one: no duplicate lives for so long.
 */
static bool may_reopen(const struct tern_tw *tw, const struct tern_skb_cb *cb,
		       const struct tern_opts *o)
{
	u32 recent = READ_ONCE(tw->ts_recent);

	if ((cb->flags & (TERN_FLAG_SYN | TERN_FLAG_ACK | TERN_FLAG_RST |
			  TERN_FLAG_FIN)) != TERN_FLAG_SYN)
		return false;
	if (tw->ts_ok && o->has_ts && o->tsval != recent)
		return tern_seq_after(o->tsval, recent) || ts_recent_stale(tw);
	return tern_seq_after(cb->seq, tw->rcv_nxt);
}

/* @syn: it is a SYN's answer, which a RST may answer in turn. */
static enum tern_tw_verdict limited_ack(struct tern_tw *tw, bool syn)
{
	u64 now = ktime_get_ns();

	if (tern_ack_limited(tw->tn, &tw->oow_ns, now)) {
		TERN_INC(tw->tn, TCPACKSkippedTimeWait);
		return TERN_TW_DROP;
	}
	if (syn)
		WRITE_ONCE(tw->syn_ns, now);
	return TERN_TW_ACK;
}

/*
 * A SYN of the peer's was out of place, and the RST has exactly the number of
 * our ACK, within a round trip: the peer is opening and doesn't know the old
 * connection (RFC 9293 3.10.7.3), its SYN is to come again. An old duplicate of
 * data brings about such a RST as well (RFC 1337 2), hence of a SYN only.
 */
static bool asked_for(const struct tern_tw *tw)
{
	u64 syn = READ_ONCE(tw->syn_ns);

	return syn && ktime_get_ns() - syn <= tw->rto_ns;
}

static void rcv_rst(struct tern_tw *tw, const struct tern_skb_cb *cb)
{
	if (cb->seq == tw->rcv_nxt &&
	    (!tern_knob(tw->tn, rfc1337) || asked_for(tw)))
		tern_timewait_kill(tw, "rst");
}

/**
 * tern_timewait_refuse() - nobody listens for the SYN of a TERN_TW_SYN
 * @tw: entry, counted by the caller; it goes on
 * @skb: the segment
 *
 * Answered as any SYN that is out of place, so that a forged one does not end
 * TIME-WAIT at the end that called.
 */
void tern_timewait_refuse(struct tern_tw *tw, const struct sk_buff *skb)
{
	if (limited_ack(tw, true) == TERN_TW_ACK)
		tern_timewait_ack(tw, skb);
}

/* The peer's FIN again: our ACK was lost. Answer, and wait anew. */
static enum tern_tw_verdict fin_again(struct tern_tw *tw,
				      const struct tern_opts *o)
{
	u64 now = ktime_get_ns(), due = now + tw->period_ns;

	if (o->has_ts) {
		WRITE_ONCE(tw->ts_recent, o->tsval);
		WRITE_ONCE(tw->ts_recent_ns, now);
	}
	WRITE_ONCE(tw->due, due);
	trace_tern_timer(tw->tn->net, &tw->ep.tuple, "arm", "timewait", due);
	return TERN_TW_ACK;
}

/**
 * tern_timewait_rcv() - a segment in TIME-WAIT (RFC 9293 3.10.7.4)
 * @tw: entry, counted by the caller
 * @skb: the segment
 * @iss: set with TERN_TW_SYN: an ISS beyond the old connection's
 *
 * A late segment is never delivered; an ACK is the most it gets. Return: what
 * the caller is to do.
 */
enum tern_tw_verdict tern_timewait_rcv(struct tern_tw *tw, struct sk_buff *skb,
				       u32 *iss)
{
	const struct tern_skb_cb *cb = tern_cb(skb);
	bool old, inside;
	struct tern_opts o;

	tern_options_parse((const u8 *)(tern_hdr(skb) + 1), cb->optlen,
			   cb->flags & TERN_FLAG_SYN, &o);
	if (cb->flags & TERN_FLAG_RST) {
		rcv_rst(tw, cb);
		return TERN_TW_DROP;
	}
	if (may_reopen(tw, cb, &o)) {
		/* 0 would mean that there is none. */
		*iss = tw->snd_nxt + TERN_WINDOW_MAX + 2 ?: 1;
		return TERN_TW_SYN;
	}
	old = tw->ts_ok && o.has_ts &&
	      tern_seq_before(o.tsval, READ_ONCE(tw->ts_recent)) &&
	      !ts_recent_stale(tw);
	if (old)
		TERN_INC(tw->tn, PAWSEstab);
	inside = tern_seq_acceptable(cb->seq, cb->end_seq, tw->rcv_nxt,
				     tw->rcv_nxt + tw->rcv_wnd);
	if ((cb->flags & TERN_FLAG_FIN) && cb->end_seq == tw->rcv_nxt && !old)
		return fin_again(tw, &o);
	/* A bare ACK in place needs no answer. */
	if (inside && !old && cb->seq == cb->end_seq)
		return TERN_TW_DROP;
	return limited_ack(tw, cb->flags & TERN_FLAG_SYN);
}

/* End a counted entry, and its callback with it. */
static void end_now(struct tern_net *tn, struct tern_tw *tw)
{
	bool mine = tern_hash_remove(tn, &tw->ep);

	smp_mb();	/* as tern_hash_drop_tw() */
	if (tern_timer_mini_cancel_sync(&tw->timer))
		tern_ep_put(&tw->ep);
	if (mine) {
		tern_hash_put_port(tn, &tw->ep);
		atomic_dec(&tn->tw_count);
		tern_ep_put(&tw->ep);
	}
	tern_ep_put(&tw->ep);
}

/* One walk through the table. True when it met an entry. */
static bool end_all(struct tern_net *tn)
{
	struct rhashtable_iter it;
	struct tern_ep *ep;
	bool met = false;

	rhashtable_walk_enter(&tn->ehash, &it);
	rhashtable_walk_start(&it);
	while ((ep = rhashtable_walk_next(&it))) {
		if (IS_ERR(ep) || ep->kind != TERN_EP_TW)
			continue;
		met = true;
		if (!refcount_inc_not_zero(&tern_ep_tw(ep)->ref))
			continue;
		rhashtable_walk_stop(&it);
		end_now(tn, tern_ep_tw(ep));
		cond_resched();
		rhashtable_walk_start(&it);
	}
	rhashtable_walk_stop(&it);
	rhashtable_walk_exit(&it);
	return met;
}

/**
 * tern_timewait_net_exit() - end all entries of a namespace
 * @tn: namespace that no segment reaches any more
 *
 * Context: process. No callback of an entry runs after it.
 */
void tern_timewait_net_exit(struct tern_net *tn)
{
	/* A walk misses entries while the table is being resized. */
	while (end_all(tn))
		cond_resched();
}
