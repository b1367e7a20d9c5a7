// SPDX-License-Identifier: GPL-2.0
/*
 * The retransmission queue: cleaned by ACKs, resent by RTO (RFC 6298 5), by
 * fast retransmission and by the tail loss probe (RFC 8985 7); R1 and R2
 * (RFC 9293 3.8.3); SYN repeats.
 */
#include <net/dst.h>
#include "retransmit.h"
#include "reset.h"
#include "core/trace.h"
#include "core/timer.h"
#include "core/sock.h"
#include "mtu.h"
#include "xmit.h"
#include "queue.h"

/**
 * tern_retransmit_rto_us() - RTO in force, backed off (RFC 6298 2, 5.5)
 * @sk: socket
 *
 * Return: microseconds.
 */
u32 tern_retransmit_rto_us(const struct sock *sk)
{
	const struct tern_sock *tp = tern_sk(sk);

	return tern_rtt_rto_us(&tp->rtt, tp->peer_mad_us,
			       tern_conf_or_knob(sk, rto_min_us),
			       tern_conf_or_knob(sk, rto_max_us));
}

/**
 * tern_retransmit_rto_ns() - the same in nanoseconds
 * @sk: socket
 */
u64 tern_retransmit_rto_ns(const struct sock *sk)
{
	return (u64)tern_retransmit_rto_us(sk) * NSEC_PER_USEC;
}

/**
 * tern_retransmit_trace() - windows and timeout after an ACK or a timeout
 * @sk: socket, locked
 */
void tern_retransmit_trace(struct sock *sk)
{
	struct tern_sock *tp = tern_sk(sk);

	if (trace_tern_cong_enabled())
		trace_tern_cong(sock_net(sk), &tp->ep.tuple, tp->cong.cwnd,
				tp->cong.ssthresh, tern_in_flight(tp),
				tp->rtt.srtt_us, tern_retransmit_rto_us(sk));
}

/* When the row of retries began: the oldest segment's first sending */
static u64 row_start(struct sock *sk)
{
	struct sk_buff *head = tern_queue_oldest(sk);

	return head ? tern_cb(head)->first_ns : tern_sk(sk)->retrans_start_ns;
}

/*
 * A peer that shut its window over data in flight, but answers, is alive: for
 * as long after it was heard as a silent one is given.
 */
static bool shut_but_alive(const struct sock *sk)
{
	const struct tern_sock *tp = tern_sk(sk);
	u64 limit = 2ULL * TERN_RTO_HIGH_US * NSEC_PER_USEC;
	u32 ut_ms = READ_ONCE(tp->conf.user_timeout_ms);

	if (ut_ms)
		limit = min(limit, (u64)ut_ms * NSEC_PER_MSEC);
	return !tp->snd.wnd && !sock_flag(sk, SOCK_DEAD) &&
	       tp->now_ns - tp->rcv.heard_ns < limit;
}

/**
 * tern_retransmit_until() - TERN_USER_TIMEOUT's end, if it is sooner
 * @sk: socket, locked
 * @start_ns: when that time began
 * @due_ns: the deadline otherwise
 *
 * RFC 5482. Return: ns of CLOCK_MONOTONIC, now when the end is past.
 */
u64 tern_retransmit_until(const struct sock *sk, u64 start_ns, u64 due_ns)
{
	const struct tern_sock *tp = tern_sk(sk);
	u32 ut_ms = READ_ONCE(tp->conf.user_timeout_ms);
	u64 end = start_ns + (u64)ut_ms * NSEC_PER_MSEC;

	return ut_ms ? clamp(end, tp->now_ns, due_ns) : due_ns;
}

static void arm_rto(struct sock *sk)
{
	struct tern_sock *tp = tern_sk(sk);
	u64 due = tp->now_ns + tern_retransmit_rto_ns(sk);
	u64 start = shut_but_alive(sk) ? tp->rcv.heard_ns : row_start(sk);

	tern_timer_disarm(sk, TERN_TIMER_PROBE);
	tern_timer_arm(sk, TERN_TIMER_RETRANS,
		       tern_retransmit_until(sk, start, due));
}

/* When to send a tail loss probe (RFC 8985 7.2); 0: none may be sent now */
static u64 probe_due(struct sock *sk)
{
	struct tern_sock *tp = tern_sk(sk);
	u64 pto;

	if (tp->rec.phase != TERN_OPEN || tp->rec.tlp_high || !tp->sack_ok ||
	    !tp->rtt.srtt_us || tp->snd.sacked_out)
		return 0;
	pto = 2ULL * tp->rtt.srtt_us;
	/* Up to a full segment's worth the peer may wait for more to come. */
	if (tp->snd.packets_out == 1 ||
	    tp->snd.nxt - tp->snd.una <= tp->snd.mss)
		pto += tp->peer_mad_us;
	return min(tp->now_ns + pto * NSEC_PER_USEC, tp->snd.rto_due);
}

/**
 * tern_retransmit_rearm() - the timer for what is in flight
 * @sk: socket, locked
 *
 * RFC 6298 5.2, 5.3: none when all is acknowledged, else afresh; a loss
 * probe goes before the RTO when it may (RFC 8985 7.2).
 */
void tern_retransmit_rearm(struct sock *sk)
{
	struct tern_sock *tp = tern_sk(sk);
	u64 due;

	if (!tp->snd.packets_out) {
		tern_timer_disarm(sk, TERN_TIMER_RETRANS);
		tern_timer_disarm(sk, TERN_TIMER_PROBE);
		return;
	}
	tp->snd.rto_due = tp->now_ns + tern_retransmit_rto_ns(sk);
	due = probe_due(sk);
	if (!due) {
		arm_rto(sk);
		return;
	}
	tern_timer_disarm(sk, TERN_TIMER_RETRANS);
	tern_timer_arm(sk, TERN_TIMER_PROBE, due);
}

/**
 * tern_retransmit_sent() - a segment went out for the first time
 * @sk: socket, locked
 * @skb: the segment, in the queue
 */
void tern_retransmit_sent(struct sock *sk, struct sk_buff *skb)
{
	tern_sk(sk)->snd.packets_out += tern_cb(skb)->pcount;
	tern_sk(sk)->cong.prr_out += tern_cb(skb)->pcount;
}

/**
 * tern_retransmit_pushed() - new segments went out (RFC 6298 5.1)
 * @sk: socket, locked
 *
 * A running RTO is left to run; a probe is put off, but not behind the RTO
 * that would run without it (RFC 8985 7.2).
 */
void tern_retransmit_pushed(struct sock *sk)
{
	u64 due = 0;

	if (tern_timer_armed(sk, TERN_TIMER_RETRANS))
		return;
	if (tern_timer_armed(sk, TERN_TIMER_PROBE))
		due = probe_due(sk);
	if (due)
		tern_timer_arm(sk, TERN_TIMER_PROBE, due);
	else
		tern_retransmit_rearm(sk);
}

/**
 * tern_retransmit_syn_sent() - a SYN went out: the RTO runs
 * @sk: socket, locked
 */
void tern_retransmit_syn_sent(struct sock *sk)
{
	tern_sk(sk)->snd.rto_due = 0;
	arm_rto(sk);
}

/**
 * tern_retransmit_syn_soon() - the peer's old connection was in our SYN's way
 * @sk: socket in SYN-SENT, locked; the RST that ends the other went out
 *
 * Once, and beside its timeouts, the SYN goes out again as soon as the RST is
 * there before it.
 */
void tern_retransmit_syn_soon(struct sock *sk)
{
	struct tern_sock *tp = tern_sk(sk);
	u64 due = tp->now_ns + TERN_SYN_SOON_US * NSEC_PER_USEC;
	u64 rto_due = tp->timers.due[TERN_TIMER_RETRANS];

	if (tp->snd.syn_soon || due >= rto_due)
		return;
	tp->snd.syn_soon = true;
	tp->snd.rto_due = rto_due;
	tern_timer_arm(sk, TERN_TIMER_RETRANS, due);
}

/* Segment @skb is acknowledged as a whole: off the queue. */
static void take_off(struct sock *sk, struct sk_buff *skb,
		     struct tern_ack_info *ai)
{
	struct tern_sock *tp = tern_sk(sk);
	struct tern_skb_cb *cb = tern_cb(skb);

	if (cb->marks & TERN_MARK_SACKED)
		tp->snd.sacked_out -= cb->pcount;
	else
		tern_recovery_delivered(sk, skb, ai);
	if (cb->marks & TERN_MARK_LOST)
		tp->snd.lost_out -= cb->pcount;
	if (cb->marks & TERN_MARK_RETRANS)
		tp->snd.retrans_out -= cb->pcount;
	tp->snd.packets_out -= cb->pcount;
	__skb_unlink(skb, &sk->sk_write_queue);
	tern_sock_free_tx_skb(sk, skb);
}

/*
 * @ack is inside @skb: cut off what it covers. False: nothing to take off. A
 * wire segment of which a part is left is not delivered yet: RFC 5681 3.1 has
 * cwnd grow by what was acknowledged, however finely that is told.
 */
static bool cut_at(struct sock *sk, struct sk_buff *skb, u32 ack,
		   struct tern_ack_info *ai)
{
	struct tern_sock *tp = tern_sk(sk);
	struct tern_skb_cb *cb = tern_cb(skb);
	u32 old = cb->pcount, rest;
	struct sk_buff *next;

	if (tern_seq_before(ack, cb->seq + 1) || ack - cb->seq >= skb->len)
		return false;
	if (tern_queue_split(sk, skb, ack - cb->seq, cb->mss))
		return false;
	/* Not at a boundary of wire segments: one more than before */
	next = tern_queue_next_sent(sk, skb);
	rest = cb->pcount + tern_cb(next)->pcount - old;
	tp->snd.packets_out += rest;
	if (cb->marks & TERN_MARK_LOST)
		tp->snd.lost_out += rest;
	if (cb->marks & TERN_MARK_SACKED)
		tp->snd.sacked_out += rest;
	if (cb->marks & TERN_MARK_RETRANS)
		tp->snd.retrans_out += rest;
	if (!(cb->marks & TERN_MARK_SACKED)) {
		ai->delivered -= rest;
		tp->snd.delivered -= rest;
	}
	return true;
}

/**
 * tern_retransmit_clean() - SND.UNA moved: free what it covers
 * @sk: socket, locked
 * @ack: SEG.ACK, acceptable and above SND.UNA as it was
 * @ai: sums of this ACK
 */
void tern_retransmit_clean(struct sock *sk, u32 ack, struct tern_ack_info *ai)
{
	struct tern_sock *tp = tern_sk(sk);
	struct sk_buff *skb;
	u32 without_sack = tp->sack_ok ? 0 : tp->snd.sacked_out;

	/* Without SACK no segment is marked; the sum is set anew later. */
	if (without_sack)
		tp->snd.sacked_out = 0;
	while ((skb = tern_queue_oldest(sk))) {
		if (tern_seq_after(tern_cb(skb)->end_seq, ack) &&
		    !cut_at(sk, skb, ack, ai))
			break;
		take_off(sk, skb, ai);
	}
	if (without_sack) {
		/* Duplicate ACKs told of all of these but the hole. */
		u32 told = ai->delivered ?
			   min(without_sack, ai->delivered - 1) : 0;

		ai->delivered -= told;
		tp->snd.delivered -= told;
		tp->snd.sacked_out =
			min(without_sack - told,
			    tp->snd.packets_out - tp->snd.lost_out);
	}
	/* A back-off ends with the next sample: RFC 6298 5. */
	tp->retries = 0;
}

/* Send @skb again, at most @segs wire segments of it. 0 or -errno. */
static int send_again(struct sock *sk, struct sk_buff *skb, u32 segs)
{
	struct tern_sock *tp = tern_sk(sk);
	struct tern_skb_cb *cb = tern_cb(skb);
	u32 old = cb->pcount, grown;
	u16 mss;

	tern_mtu_current(sk);
	mss = min(cb->mss, tp->snd.mss);
	if (cb->mss > mss && skb->len > mss) {
		/* The path became narrower: cut finer. */
		if (tern_queue_unclone(skb))
			return -ENOMEM;
		tern_queue_set_pcount(skb, mss);
		grown = cb->pcount - old;
		tp->snd.packets_out += grown;
		if (cb->marks & TERN_MARK_LOST)
			tp->snd.lost_out += grown;
		if (cb->marks & TERN_MARK_RETRANS)
			tp->snd.retrans_out += grown;
		if (cb->marks & TERN_MARK_SACKED)
			tp->snd.sacked_out += grown;
	}
	if (cb->pcount > segs &&
	    tern_queue_split(sk, skb, segs * cb->mss, cb->mss))
		return -ENOMEM;
	if (!tp->rec.retrans_ts)
		tp->rec.retrans_ts = tern_ts_val(tp->now_ns, tp->ts.offset) ?:
				     1;
	cb->marks |= TERN_MARK_EVER;
	tp->snd.total_retrans += cb->pcount;
	TERN_ADD(tern_sk_net(sk), RetransSegs, cb->pcount);
	trace_tern_retransmit(sock_net(sk), &tp->ep.tuple, cb->seq, skb->len,
			      tp->retries);
	return tern_xmit_data(sk, skb);
}

/* Resend a segment that is marked lost; it is in flight again. */
static int resend(struct sock *sk, struct sk_buff *skb, u32 segs)
{
	struct tern_sock *tp = tern_sk(sk);
	struct tern_skb_cb *cb = tern_cb(skb);
	int err = send_again(sk, skb, segs);

	if (err == -ENOMEM) {
		TERN_INC(tern_sk_net(sk), TCPRetransFail);
		return err;
	}
	if (!(cb->marks & TERN_MARK_RETRANS)) {
		cb->marks |= TERN_MARK_RETRANS;
		tp->snd.retrans_out += cb->pcount;
	}
	if (tp->rec.undo_una)
		tp->rec.undo_retrans += cb->pcount;
	tp->cong.prr_out += cb->pcount;
	return 0;
}

/**
 * tern_retransmit_lost() - resend what is marked lost, as cwnd allows
 * @sk: socket, locked
 *
 * The oldest segment's new copy gets the RTO's full time.
 */
void tern_retransmit_lost(struct sock *sk)
{
	struct tern_sock *tp = tern_sk(sk);
	struct tern_net *tn = tern_sk_net(sk);
	bool slow = tp->rec.phase == TERN_LOSS;
	bool restart = !tern_timer_armed(sk, TERN_TIMER_RETRANS);
	struct sk_buff *skb;
	bool sent = false;

	if (!tp->snd.lost_out || tp->snd.lost_out == tp->snd.retrans_out ||
	    tern_in_flight(tp) >= tp->cong.cwnd)
		return;
	for (skb = tern_queue_oldest(sk);
	     skb && tp->snd.lost_out != tp->snd.retrans_out;
	     skb = tern_queue_next_sent(sk, skb)) {
		u32 flight = tern_in_flight(tp);

		if ((tern_cb(skb)->marks &
		     (TERN_MARK_LOST | TERN_MARK_RETRANS)) != TERN_MARK_LOST)
			continue;
		if (flight >= tp->cong.cwnd)
			break;
		if (resend(sk, skb, tp->cong.cwnd - flight))
			break;
		sent = true;
		if (tern_cb(skb)->seq == tp->snd.una)
			restart = true;
		if (slow)
			TERN_ADD(tn, TCPSlowStartRetrans, tern_cb(skb)->pcount);
		else
			TERN_ADD(tn, TCPFastRetrans, tern_cb(skb)->pcount);
	}
	if (sent && restart)
		arm_rto(sk);
}

/**
 * tern_retransmit_give_up() - R2: are the retries or the time used up?
 * @sk: socket, locked; the caller holds a reference
 * @retries: sent again so far without an answer
 * @max: limit
 * @start_ns: when the row began, for TERN_USER_TIMEOUT; 0: not yet
 *
 * RFC 9293 3.8.3, RFC 5482. Return: true when the connection was aborted.
 */
bool tern_retransmit_give_up(struct sock *sk, u32 retries, u32 max,
			     u64 start_ns)
{
	struct tern_sock *tp = tern_sk(sk);
	u32 ut_ms = READ_ONCE(tp->conf.user_timeout_ms);

	if (ut_ms && start_ns &&
	    tp->now_ns < start_ns + (u64)ut_ms * NSEC_PER_MSEC)
		return false;
	if (!ut_ms && retries < max)
		return false;
	if (ut_ms && !start_ns)
		return false;
	tern_sock_timeout(sk, "timeout");
	return true;
}

/**
 * tern_retransmit_shed() - end an orphan whose memory others need
 * @sk: socket, locked; the caller holds a reference
 *
 * Nobody else can end it. Return: true when it was ended.
 */
bool tern_retransmit_shed(struct sock *sk)
{
	if (!sock_flag(sk, SOCK_DEAD) || !tern_sock_short_of_memory(sk))
		return false;
	TERN_INC(tern_sk_net(sk), TCPAbortOnMemory);
	tern_reset_send(sk);
	tern_sock_abort(sk, ENOMEM, "memory");
	return true;
}

static void syn_again(struct sock *sk)
{
	struct tern_net *tn = tern_sk_net(sk);
	struct tern_sock *tp = tern_sk(sk);
	u8 flags = TERN_FLAG_SYN;

	/* Closed since, it is still owed: RFC 9293 3.10.4, SYN-RECEIVED */
	if (sk->sk_state != TCP_SYN_SENT)
		flags |= TERN_FLAG_ACK;
	tp->snd.total_retrans++;
	TERN_INC(tn, TCPSynRetrans);
	TERN_INC(tn, RetransSegs);
	trace_tern_retransmit(sock_net(sk), &tp->ep.tuple, tp->snd.iss, 0,
			      tp->retries);
	tern_xmit_control(sk, tp->snd.iss, flags);
}

/* SYN, or SYN-ACK of a simultaneous open, again (RFC 9293 3.8.3) */
static void expire_syn(struct sock *sk)
{
	struct tern_net *tn = tern_sk_net(sk);
	struct tern_sock *tp = tern_sk(sk);
	u32 max = READ_ONCE(tp->conf.syncnt) ?: tern_knob(tn, syn_retries);
	u64 rto_due = tp->snd.rto_due;

	/* tern_retransmit_syn_soon(): no timeout, which is still to come */
	if (rto_due) {
		tp->snd.rto_due = 0;
		syn_again(sk);
		tern_timer_arm(sk, TERN_TIMER_RETRANS, rto_due);
		return;
	}
	if (tern_retransmit_give_up(sk, tp->retries, max,
				    tp->retrans_start_ns))
		return;
	/* A route of another table, better by now, IPv6 does not tell of. */
	dst_negative_advice(sk);
	tp->rtt.rto_init_us = tern_conf_or_knob(sk, rto_init_us);
	if (tp->retries >= tern_knob(tn, syn_linear_timeouts))
		tern_rtt_backoff(&tp->rtt);
	tp->retries++;
	syn_again(sk);
	arm_rto(sk);
}

/**
 * tern_retransmit_expire() - RTO (RFC 6298 5.4 to 5.6, RFC 9293 3.8.3)
 * @sk: socket, locked; TERN_TIMER_RETRANS
 */
void tern_retransmit_expire(struct sock *sk)
{
	struct tern_net *tn = tern_sk_net(sk);
	struct tern_sock *tp = tern_sk(sk);
	u32 max = tern_knob(tn, retries2);

	/* The number comes again after 4 GiB. */
	if (sk->sk_state != TCP_CLOSE && tp->snd.una == tp->snd.iss &&
	    !tp->snd.bytes_acked) {
		expire_syn(sk);
		return;
	}
	if (!tp->snd.packets_out || sk->sk_state == TCP_CLOSE)
		return;
	if (tern_retransmit_shed(sk))
		return;
	if (sock_flag(sk, SOCK_DEAD))
		max = tern_knob(tn, orphan_retries) ?: TERN_ORPHAN_RETRIES;
	if (!shut_but_alive(sk) &&
	    tern_retransmit_give_up(sk, tp->retries, max, row_start(sk)))
		return;
	if (tp->retries >= tern_knob(tn, retries1)) {
		dst_negative_advice(sk);
		tern_mtu_black_hole(sk);
	}

	TERN_INC(tn, TCPTimeouts);
	tern_recovery_timeout(sk);
	tern_rtt_backoff(&tp->rtt);
	if (!shut_but_alive(sk) && tp->retries < U8_MAX)
		tp->retries++;
	resend(sk, tern_queue_oldest(sk), 1);
	arm_rto(sk);
	tern_retransmit_trace(sk);
}

/**
 * tern_retransmit_probe() - the last segment sent goes out again
 * @sk: socket, locked, with segments in flight
 *
 * RFC 8985 7.3: a loss probe when there is nothing new to send. Of a large
 * segment only the last wire segment.
 */
void tern_retransmit_probe(struct sock *sk)
{
	struct tern_sock *tp = tern_sk(sk);
	struct sk_buff *skb = tern_queue_newest(sk);

	if (tern_cb(skb)->pcount > 1) {
		u32 keep = (tern_cb(skb)->pcount - 1) * tern_cb(skb)->mss;

		if (!tern_queue_split(sk, skb, keep, tern_cb(skb)->mss))
			skb = tern_queue_next_sent(sk, skb);
	}
	tp->rec.tlp_again = true;
	tp->rec.tlp_end = tern_cb(skb)->end_seq;
	tp->rec.tlp_ts = tern_ts_val(tp->now_ns, tp->ts.offset);
	send_again(sk, skb, tern_cb(skb)->pcount);
}

/**
 * tern_retransmit_probed() - a loss probe went out: the RTO runs afresh
 * @sk: socket, locked
 */
void tern_retransmit_probed(struct sock *sk)
{
	tern_sk(sk)->rec.tlp_high = tern_sk(sk)->snd.nxt ?: 1;
	TERN_INC(tern_sk_net(sk), TCPLossProbes);
	arm_rto(sk);
}

/**
 * tern_retransmit_reorder_expire() - RACK's window passed (RFC 8985 6.3)
 * @sk: socket, locked; TERN_TIMER_REORDER
 */
void tern_retransmit_reorder_expire(struct sock *sk)
{
	if (sk->sk_state != TCP_CLOSE && tern_recovery_reordered(sk))
		tern_retransmit_lost(sk);
}
