// SPDX-License-Identifier: GPL-2.0
/*
 * Which segments are lost, and what that does to the congestion window: RACK
 * (RFC 8985) over SACK marks (RFC 2018, RFC 6675), duplicate ACKs where the
 * peer has no SACK (RFC 5681, RFC 6582), undo by timestamps (Eifel, RFC 3522
 * and RFC 4015) and by D-SACK (RFC 3708). Marks only; retransmit.c sends.
 */
#include "recovery.h"
#include "core/timer.h"
#include "queue.h"

static bool sent_after(u64 ns1, u32 end1, u64 ns2, u32 end2)
{
	return ns1 > ns2 || (ns1 == ns2 && tern_seq_after(end1, end2));
}

/*
 * RFC 8985 6.2 step 2: was it an earlier copy that arrived? Yes when the ACK
 * echoes an earlier time, or comes sooner than any round trip takes. The echo
 * says nothing of what is SACKed only.
 */
static bool earlier_copy(const struct tern_sock *tp,
			 const struct tern_skb_cb *cb,
			 const struct tern_ack_info *ai)
{
	if (ai->has_ts && !tern_seq_after(cb->end_seq, tp->snd.una) &&
	    tern_seq_before(ai->tsecr, tern_ts_val(cb->sent_ns, tp->ts.offset)))
		return true;
	return tp->now_ns - cb->sent_ns < (u64)tp->rtt.min_us * NSEC_PER_USEC;
}

/**
 * tern_recovery_delivered() - a segment reached the peer (RFC 8985 6.2)
 * @sk: socket, locked; SND.UNA is that of the ACK
 * @skb: segment of the queue, not marked SACKED yet
 * @ai: sums of this ACK
 */
void tern_recovery_delivered(struct sock *sk, struct sk_buff *skb,
			     struct tern_ack_info *ai)
{
	struct tern_sock *tp = tern_sk(sk);
	const struct tern_skb_cb *cb = tern_cb(skb);
	bool again = cb->marks & TERN_MARK_EVER;

	ai->delivered += cb->pcount;
	tp->snd.delivered += cb->pcount;
	if (cb->sent_ns > ai->newest_ns) {
		ai->newest_ns = cb->sent_ns;
		ai->newest_first_ns = cb->first_ns;
		ai->newest_again = again;
	} else if (cb->sent_ns == ai->newest_ns) {
		ai->newest_again &= again;
	}
	if (again && earlier_copy(tp, cb, ai))
		return;
	if (!again && tp->rec.fack && tern_seq_before(cb->end_seq, tp->rec.fack))
		tp->rec.reordering = true;
	if (sent_after(cb->sent_ns, cb->end_seq, tp->rec.rack_ns,
		       tp->rec.rack_end)) {
		tp->rec.rack_ns = cb->sent_ns;
		tp->rec.rack_end = cb->end_seq;
		tp->rec.rack_rtt_ns = tp->now_ns - cb->sent_ns;
	}
}

/*
 * When was the copy sent that brought this ACK, of the segment sent last of
 * all that the ACK tells of? 0: not known. By Karn, the echo must tell (RFC
 * 6298 3, RFC 7323 4.1). That of the first copy could also be repeated by an
 * ACK of the second, but then there is a D-SACK.
 */
static u64 copy_sent_ns(const struct tern_sock *tp,
			const struct tern_ack_info *ai)
{
	if (!ai->newest_again)
		return ai->newest_ns;
	if (!ai->has_ts || tp->snd.una == ai->prior_una)
		return 0;
	if (ai->tsecr == tern_ts_val(ai->newest_ns, tp->ts.offset))
		return ai->newest_ns;
	if (tp->sack_ok &&
	    ai->tsecr == tern_ts_val(ai->newest_first_ns, tp->ts.offset))
		return ai->newest_first_ns;
	return 0;
}

/*
 * The round trip of the latest of the segments that an ACK tells of. What was
 * sent before it may have arrived long ago, its ACKs lost or, without SACK,
 * withheld by a hole. An ACK of a duplicate is late.
 */
static void sample_rtt(struct sock *sk, struct tern_ack_info *ai)
{
	struct tern_sock *tp = tern_sk(sk);
	u64 sent_ns;

	if (!ai->newest_ns || ai->dsack)
		return;
	sent_ns = copy_sent_ns(tp, ai);
	if (!sent_ns)
		return;
	ai->rtt_us = max_t(u64, 1, div_u64(tp->now_ns - sent_ns,
					   NSEC_PER_USEC));
	tern_rtt_sample(&tp->rtt, ai->rtt_us,
			div_u64(tp->now_ns, NSEC_PER_USEC));
}

static void mark_sacked(struct sock *sk, struct sk_buff *skb,
			struct tern_ack_info *ai)
{
	struct tern_sock *tp = tern_sk(sk);
	struct tern_skb_cb *cb = tern_cb(skb);

	tern_recovery_delivered(sk, skb, ai);
	if (cb->marks & TERN_MARK_LOST)
		tp->snd.lost_out -= cb->pcount;
	if (cb->marks & TERN_MARK_RETRANS)
		tp->snd.retrans_out -= cb->pcount;
	cb->marks &= ~(TERN_MARK_LOST | TERN_MARK_RETRANS);
	cb->marks |= TERN_MARK_SACKED;
	tp->snd.sacked_out += cb->pcount;
}

/*
 * Make @skb begin and end with the block as far as whole wire segments go.
 * False: no whole segment of it is inside. The part outside is left for the
 * walk to come by.
 */
static bool fit(struct sock *sk, struct sk_buff *skb,
		const struct tern_sack_block *b)
{
	struct tern_skb_cb *cb = tern_cb(skb);
	u32 len;

	if (!tern_seq_before(cb->seq, b->start) &&
	    !tern_seq_after(cb->end_seq, b->end))
		return true;
	if (cb->pcount < 2)
		return false;
	if (tern_seq_before(cb->seq, b->start)) {
		len = roundup(b->start - cb->seq, cb->mss);
		if (len < skb->len)
			tern_queue_split(sk, skb, len, cb->mss);
		return false;
	}
	len = rounddown(b->end - cb->seq, cb->mss);
	return len && len < skb->len &&
	       !tern_queue_split(sk, skb, len, cb->mss);
}

/* RFC 8985 6.2 step 4: a wider window after each round that saw a D-SACK */
static void widen_reorder_window(struct tern_sock *tp)
{
	if (tp->rec.reo_round && tern_seq_before(tp->snd.una, tp->rec.reo_round))
		return;
	tp->rec.reo_round = tp->snd.nxt ?: 1;
	tp->rec.reo_mult = clamp(tp->rec.reo_mult + 1, 2, U8_MAX);
	tp->rec.reo_persist = TERN_REO_PERSIST;
}

/*
 * @dup arrived twice: a retransmission was not needed, or the network made a
 * copy. A loss probe is no sign of reordering, and not of those to undo.
 */
static void take_dsack(struct sock *sk, const struct tern_sack_block *dup,
		       struct tern_ack_info *ai)
{
	struct tern_sock *tp = tern_sk(sk);
	int segs = DIV_ROUND_UP(dup->end - dup->start, tp->snd.mss);

	ai->dsack = true;
	TERN_INC(tern_sk_net(sk), TCPDSACKRecv);
	if (tp->rec.tlp_end && dup->end == tp->rec.tlp_end) {
		ai->dsack_probe = true;
		return;
	}
	widen_reorder_window(tp);
	if (tp->rec.undo_una && tern_seq_after(dup->end, tp->rec.undo_una))
		tp->rec.undo_retrans -= min(segs, tp->rec.undo_retrans);
}

/**
 * tern_recovery_sack() - mark what SACK blocks tell (RFC 2018, RFC 6675)
 * @sk: socket, locked
 * @o: options of the ACK
 * @ack: SEG.ACK
 * @ai: sums of this ACK
 */
void tern_recovery_sack(struct sock *sk, const struct tern_opts *o, u32 ack,
			struct tern_ack_info *ai)
{
	struct tern_sock *tp = tern_sk(sk);
	struct tern_sack_in in;
	struct sk_buff *skb;
	unsigned int i = 0;
	u32 fack = tp->rec.fack;

	tern_sack_digest(&in, o, ack, tp->snd.una, tp->snd.nxt,
			 tp->snd.max_wnd);
	if (!tp->snd.sacked_out)
		tp->rec.known.num = 0;
	tern_sack_news(&tp->rec.known, &in, tp->snd.una);
	if (in.dsack)
		take_dsack(sk, &in.dup, ai);
	for (skb = tern_queue_oldest(sk); skb && i < in.num;
	     skb = tern_queue_next_sent(sk, skb)) {
		while (i < in.num &&
		       !tern_seq_before(tern_cb(skb)->seq, in.blocks[i].end))
			i++;
		if (i == in.num)
			break;
		if (!tern_seq_after(tern_cb(skb)->end_seq,
				    in.blocks[i].start) ||
		    (tern_cb(skb)->marks & TERN_MARK_SACKED))
			continue;
		if (fit(sk, skb, &in.blocks[i])) {
			mark_sacked(sk, skb, ai);
			if (!fack || tern_seq_after(tern_cb(skb)->end_seq,
						    fack))
				fack = tern_cb(skb)->end_seq;
		}
	}
	tp->rec.fack = fack;
}

/**
 * tern_recovery_mark_lost() - take a segment, or its last copy, for lost
 * @sk: socket, locked
 * @skb: segment of the queue, sent
 */
void tern_recovery_mark_lost(struct sock *sk, struct sk_buff *skb)
{
	struct tern_sock *tp = tern_sk(sk);
	struct tern_skb_cb *cb = tern_cb(skb);

	if (cb->marks & TERN_MARK_SACKED)
		return;
	tp->rec.lost_ns = max(tp->rec.lost_ns, cb->sent_ns);
	if (cb->marks & TERN_MARK_RETRANS) {
		tp->snd.retrans_out -= cb->pcount;
		cb->marks &= ~TERN_MARK_RETRANS;
		TERN_ADD(tern_sk_net(sk), TCPLostRetransmit, cb->pcount);
	}
	if (cb->marks & TERN_MARK_LOST)
		return;
	cb->marks |= TERN_MARK_LOST;
	tp->snd.lost_out += cb->pcount;
}

/* RFC 8985 6.2 step 4: how much later a segment may be and not be lost */
static u64 reorder_window_ns(const struct tern_sock *tp)
{
	u32 us;

	if (!tp->rec.reordering &&
	    (tp->rec.phase != TERN_OPEN ||
	     tp->snd.sacked_out >= TERN_FASTRETRANS_ACKS))
		return 0;
	if (tp->rtt.min_us == ~0U)
		return 0;
	us = min_t(u64, (u64)max(tp->rec.reo_mult, 1) * tp->rtt.min_us / 4,
		   tp->rtt.srtt_us);
	return (u64)max(us, TERN_REO_MIN_US) * NSEC_PER_USEC;
}

/* RFC 8985 6.2 step 5. Returns how many segments were newly marked. */
static u32 detect(struct sock *sk)
{
	struct tern_sock *tp = tern_sk(sk);
	u64 allowed = tp->rec.rack_rtt_ns + reorder_window_ns(tp);
	u32 before = tp->snd.lost_out;
	u32 again = tp->snd.retrans_out;
	u64 next = 0;
	struct sk_buff *skb;

	tp->rec.lost_ns = 0;
	if (!tp->rec.rack_ns)
		return 0;
	for (skb = tern_queue_oldest(sk); skb;
	     skb = tern_queue_next_sent(sk, skb)) {
		const struct tern_skb_cb *cb = tern_cb(skb);

		if ((cb->marks & TERN_MARK_SACKED) ||
		    (cb->marks & (TERN_MARK_LOST | TERN_MARK_RETRANS)) ==
		    TERN_MARK_LOST)
			continue;
		if (!sent_after(tp->rec.rack_ns, tp->rec.rack_end, cb->sent_ns,
				cb->end_seq)) {
			/* Sent once, and so is what is behind it, or later. */
			if (!(cb->marks & TERN_MARK_EVER))
				break;
			continue;
		}
		if (cb->sent_ns + allowed <= tp->now_ns)
			tern_recovery_mark_lost(sk, skb);
		else
			next = max(next, cb->sent_ns + allowed);
	}
	if (next)
		tern_timer_arm(sk, TERN_TIMER_REORDER, next);
	else
		tern_timer_disarm(sk, TERN_TIMER_REORDER);
	return tp->snd.lost_out - before + again - tp->snd.retrans_out;
}

/*
 * A peer without SACK: RFC 5681 3.2, RFC 6582 3.2. Duplicate ACKs count only
 * when what was in flight at the last loss is acknowledged and more, since the
 * retransmissions made some themselves (RFC 6582 3.2 step 1, 4.1).
 */
static u32 detect_newreno(struct sock *sk, struct tern_ack_info *ai)
{
	struct tern_sock *tp = tern_sk(sk);
	struct sk_buff *head = tern_queue_oldest(sk);
	u32 before = tp->snd.lost_out;
	bool partial = tp->rec.phase == TERN_RECOVERY &&
		       tp->snd.una != ai->prior_una;

	tp->rec.lost_ns = 0;
	if (!head)
		return 0;
	if (ai->dup) {
		tp->rec.dupacks++;
		if (tp->snd.sacked_out + tp->snd.lost_out + 1 <
		    tp->snd.packets_out) {
			tp->snd.sacked_out++;
			tp->snd.delivered++;
			ai->delivered++;
		}
	} else if (tp->snd.una != ai->prior_una) {
		tp->rec.dupacks = 0;
		if (!partial)
			tp->snd.sacked_out = 0;
	}
	if (partial || (tp->rec.phase == TERN_OPEN &&
			tp->rec.dupacks == TERN_FASTRETRANS_ACKS &&
			tp->snd.una != tp->rec.high)) {
		if (tern_cb(head)->pcount > 1 && head->len > tern_cb(head)->mss)
			tern_queue_split(sk, head, tern_cb(head)->mss,
					 tern_cb(head)->mss);
		if (tp->snd.sacked_out + tp->snd.lost_out +
		    tern_cb(head)->pcount > tp->snd.packets_out)
			tp->snd.sacked_out = 0;
		tern_recovery_mark_lost(sk, head);
	}
	return tp->snd.lost_out - before;
}

static void begin(struct sock *sk, u8 phase)
{
	struct tern_sock *tp = tern_sk(sk);

	tp->rec.phase = phase;
	tp->rec.high = tp->snd.nxt;
	tp->rec.undo_una = tp->snd.una ?: 1;
	tp->rec.undo_retrans = tp->snd.retrans_out;
	tp->rec.retrans_ts = 0;
	tp->rec.tlp_high = 0;
}

/*
 * Segments were found lost: recover them, and cut the window when one of them
 * was sent after the last cut (RFC 5681 4.3: a loss in the next window, or of
 * a retransmission, is another sign of congestion).
 */
static void lost_some(struct sock *sk)
{
	struct tern_sock *tp = tern_sk(sk);
	bool cut = tp->rec.lost_ns >= tp->rec.cut_ns;
	bool again = tp->rec.phase == TERN_RECOVERY;

	if (tp->rec.phase == TERN_OPEN || (cut && !again)) {
		begin(sk, TERN_RECOVERY);
		if (tp->sack_ok)
			TERN_INC(tern_sk_net(sk), TCPSackRecovery);
		else
			TERN_INC(tern_sk_net(sk), TCPRenoRecovery);
	}
	if (!cut)
		return;
	tp->rec.cut_ns = tp->now_ns;
	tp->rec.high = tp->snd.nxt;
	tern_cong_enter_recovery(&tp->cong, tp->snd.packets_out, again);
}

/* The reduction was for nothing (RFC 4015): nothing is lost after all. */
static void undo(struct sock *sk)
{
	struct tern_sock *tp = tern_sk(sk);
	struct sk_buff *skb;

	for (skb = tern_queue_oldest(sk); skb;
	     skb = tern_queue_next_sent(sk, skb)) {
		struct tern_skb_cb *cb = tern_cb(skb);

		if (cb->marks & TERN_MARK_RETRANS)
			tp->snd.retrans_out -= cb->pcount;
		if (cb->marks & TERN_MARK_LOST)
			tp->snd.lost_out -= cb->pcount;
		cb->marks &= ~(TERN_MARK_LOST | TERN_MARK_RETRANS);
	}
	tern_cong_undo(&tp->cong);
	tp->rec.phase = TERN_OPEN;
	tp->rec.undo_una = 0;
	tp->rec.cut_ns = 0;
}

/* Does this ACK show that the retransmission was not needed? */
static void try_undo(struct sock *sk, const struct tern_ack_info *ai)
{
	struct tern_sock *tp = tern_sk(sk);
	struct tern_net *tn = tern_sk_net(sk);
	bool loss = tp->rec.phase == TERN_LOSS;

	if (!tp->rec.undo_una)
		return;
	/*
	 * Eifel: the ACK echoes a time before the first retransmission. Not
	 * with a D-SACK, when it may be the ACKs that were lost (RFC 3522 3.2).
	 */
	if (tp->rec.phase != TERN_OPEN && ai->has_ts && tp->rec.retrans_ts &&
	    !ai->dsack &&
	    tp->snd.una != ai->prior_una &&
	    tern_seq_before(ai->tsecr, tp->rec.retrans_ts)) {
		undo(sk);
		TERN_INC(tn, TCPFullUndo);
		if (loss)
			TERN_INC(tn, TCPSpuriousRTOs);
		return;
	}
	/* Every retransmission was told of as a duplicate. */
	if (ai->dsack && !ai->dsack_probe && !tp->rec.undo_retrans) {
		undo(sk);
		TERN_INC(tn, TCPDSACKUndo);
	}
}

/*
 * RFC 8985 7.4.2: did the probe repair a loss that nobody noticed? The echo
 * tells which copy was acknowledged. Without it an ACK of later data tells
 * that one of them was lost, and a duplicate ACK that both arrived.
 */
static void probe_acked(struct sock *sk, const struct tern_ack_info *ai)
{
	struct tern_sock *tp = tern_sk(sk);
	bool original;

	if (!tp->rec.tlp_high ||
	    tern_seq_before(tp->snd.una, tp->rec.tlp_high))
		return;
	original = !tp->rec.tlp_again || ai->dsack_probe ||
		   tp->snd.una == ai->prior_una ||
		   (ai->has_ts && tern_seq_before(ai->tsecr, tp->rec.tlp_ts));
	if (!original && !ai->has_ts && tp->snd.una == tp->rec.tlp_high)
		return;
	tp->rec.tlp_high = 0;
	if (original || tp->rec.phase != TERN_OPEN)
		return;
	tp->rec.cut_ns = tp->now_ns;
	tern_cong_enter_recovery(&tp->cong, ai->in_flight, false);
	tern_cong_exit_recovery(&tp->cong);
	TERN_INC(tern_sk_net(sk), TCPLossProbeRecovery);
}

static void end_phase(struct sock *sk)
{
	struct tern_sock *tp = tern_sk(sk);

	if (tp->rec.phase == TERN_OPEN ||
	    tern_seq_before(tp->snd.una, tp->rec.high))
		return;
	if (tp->rec.phase == TERN_RECOVERY)
		tern_cong_exit_recovery(&tp->cong);
	if (tp->rec.reo_persist && !--tp->rec.reo_persist)
		tp->rec.reo_mult = 0;
	tp->rec.phase = TERN_OPEN;
	tp->rec.dupacks = 0;
	if (!tp->sack_ok)
		tp->snd.sacked_out = 0;
}

/*
 * In recovery by PRR; else only an ACK of new data lets it grow, save the one
 * that ends a recovery (RFC 5681 3.2).
 */
static void update_cwnd(struct sock *sk, const struct tern_ack_info *ai,
			bool ended)
{
	struct tern_sock *tp = tern_sk(sk);
	bool advanced = tp->snd.una != ai->prior_una;
	struct tern_cong_sample s = {
		.now_ns = tp->now_ns,
		.acked = ai->delivered,
		.in_flight = ai->in_flight,
		.rtt_us = ai->rtt_us,
		.cwnd_limited = tp->snd.cwnd_limited ||
				tp->rec.phase == TERN_LOSS,
	};

	if (tp->rec.phase == TERN_RECOVERY)
		tern_cong_prr(&tp->cong, ai->delivered, ai->lost,
			      tern_in_flight(tp), advanced);
	else if (advanced && !ended)
		tern_cong_ack(&tp->cong, &s);
	/* RFC 6582 3.2 step 3: a partial ACK resends in any case. */
	if (tp->rec.phase == TERN_RECOVERY && advanced && !tp->sack_ok)
		tp->cong.cwnd = max(tp->cong.cwnd, tern_in_flight(tp) + 1);
}

/**
 * tern_recovery_ack() - what an ACK means for loss and window
 * @sk: socket, locked; SND.UNA and marks are up to date
 * @ai: sums of this ACK
 */
void tern_recovery_ack(struct sock *sk, struct tern_ack_info *ai)
{
	struct tern_sock *tp = tern_sk(sk);
	bool recovering = tp->rec.phase == TERN_RECOVERY;

	if (tern_seq_before(tp->rec.fack, tp->snd.una))
		tp->rec.fack = 0;
	sample_rtt(sk, ai);
	probe_acked(sk, ai);
	try_undo(sk, ai);
	end_phase(sk);
	if (!tp->snd.packets_out) {
		tern_timer_disarm(sk, TERN_TIMER_REORDER);
		tp->rec.dupacks = 0;
	} else if (!tp->sack_ok) {
		ai->lost = detect_newreno(sk, ai);
	} else if (tp->snd.sacked_out || tp->rec.phase != TERN_OPEN ||
		   tern_timer_armed(sk, TERN_TIMER_REORDER)) {
		/* No news: what time alone tells, the timer does. */
		if (ai->delivered || tp->snd.una != ai->prior_una)
			ai->lost = detect(sk);
	}
	if (ai->lost)
		lost_some(sk);
	update_cwnd(sk, ai, recovering && tp->rec.phase == TERN_OPEN);
}

/**
 * tern_recovery_reordered() - the reordering window has passed
 * @sk: socket, locked
 *
 * Return: true when segments were found lost (RFC 8985 6.3).
 */
bool tern_recovery_reordered(struct sock *sk)
{
	struct tern_sock *tp = tern_sk(sk);
	u32 lost = tp->snd.packets_out ? detect(sk) : 0;

	if (!lost)
		return false;
	lost_some(sk);
	if (tp->rec.phase == TERN_RECOVERY)
		tern_cong_prr(&tp->cong, 1, lost, tern_in_flight(tp), false);
	return true;
}

/* RFC 8985 6.3: the head, and what is later than RACK allows, is lost. */
static bool timed_out(const struct tern_sock *tp, const struct sk_buff *skb,
		      u64 late_ns)
{
	const struct tern_skb_cb *cb = tern_cb(skb);

	return !tp->sack_ok || cb->seq == tp->snd.una ||
	       cb->sent_ns + late_ns <= tp->now_ns;
}

/**
 * tern_recovery_timeout() - the RTO expired
 * @sk: socket, locked
 *
 * RFC 5681 3.1: a segment's first timeout cuts ssthresh, the following ones of
 * the same segment don't, nor do those into a shut window, which are not
 * counted. A head that was SACKed and is still here means that the peer reneged
 * (RFC 2018 8).
 */
void tern_recovery_timeout(struct sock *sk)
{
	struct tern_sock *tp = tern_sk(sk);
	struct sk_buff *skb = tern_queue_oldest(sk);
	bool reneged = skb && (tern_cb(skb)->marks & TERN_MARK_SACKED);
	u64 late_ns;

	if (tp->rec.phase != TERN_LOSS || (!tp->retries && tp->snd.wnd)) {
		tern_cong_timeout(&tp->cong, tp->snd.packets_out,
				  tp->rec.phase == TERN_RECOVERY);
		begin(sk, TERN_LOSS);
		tp->rec.cut_ns = tp->now_ns;
	} else {
		tp->cong.cwnd = 1;
		tp->cong.cwnd_cnt = 0;
	}
	tp->rec.high = tp->snd.nxt;
	late_ns = tp->rec.rack_rtt_ns + reorder_window_ns(tp);
	if (!tp->sack_ok)
		tp->snd.sacked_out = 0;
	for (; skb; skb = tern_queue_next_sent(sk, skb)) {
		struct tern_skb_cb *cb = tern_cb(skb);

		if (reneged && (cb->marks & TERN_MARK_SACKED)) {
			cb->marks &= ~TERN_MARK_SACKED;
			tp->snd.sacked_out -= cb->pcount;
		}
		if (timed_out(tp, skb, late_ns))
			tern_recovery_mark_lost(sk, skb);
	}
	tern_timer_disarm(sk, TERN_TIMER_REORDER);
}

/**
 * tern_recovery_reopened() - a window is open that was shut over data in flight
 * @sk: socket, locked
 *
 * What was sent into it again wasn't kept, and how long it was shut tells of
 * the reader, not of the path: the back-off ends (RFC 6298 5.7 is of losses).
 */
void tern_recovery_reopened(struct sock *sk)
{
	struct tern_sock *tp = tern_sk(sk);
	struct sk_buff *head = tern_queue_oldest(sk);

	if (tp->rec.phase != TERN_LOSS || !head)
		return;
	tp->rtt.backoff = 0;
	tern_recovery_mark_lost(sk, head);
}
