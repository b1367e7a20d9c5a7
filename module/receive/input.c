// SPDX-License-Identifier: GPL-2.0
/*
 * SEGMENT ARRIVES in SYN-RECEIVED and the synchronised states (RFC 9293
 * 3.10.7.4): the list of steps. First to fourth are here; the fifth is
 * input_ack, the sixth to eighth input_data.
 */
#include "input.h"
#include "send/ack.h"
#include "send/reset.h"
#include "input_ack.h"
#include "input_data.h"

static bool ts_recent_stale(const struct tern_sock *tp)
{
	return tern_ts_stale(tp->ts.recent_ns, tp->now_ns);
}

/*
 * RFC 7323 5.3 R1: is the timestamp before TS.Recent? By more than the network
 * reorders, since ours tick a thousand times faster than the RFC has it (5.4);
 * but nothing from before this connection (RFC 6191).
 */
static bool paws_fails(const struct tern_sock *tp, const struct tern_opts *o)
{
	u32 slack = min(tp->ts.recent - tp->ts.first, TERN_PAWS_SLACK_US);

	return tp->ts.ok && o->has_ts &&
	       tern_seq_before(o->tsval, tp->ts.recent) &&
	       tp->ts.recent - o->tsval > slack && !ts_recent_stale(tp);
}

/* RFC 7323 4.3: the timestamp to echo comes from the left edge. */
static void update_ts_recent(struct tern_sock *tp, const struct sk_buff *skb,
			     const struct tern_opts *o)
{
	if (!tp->ts.ok || !o->has_ts ||
	    tern_seq_after(tern_cb(skb)->seq, tp->rcv.acked))
		return;
	if (tern_seq_before(o->tsval, tp->ts.recent) && !ts_recent_stale(tp))
		return;
	tp->ts.recent = o->tsval;
	tp->ts.recent_ns = tp->now_ns;
}

/* Fourth: SYN. RFC 5961 4.2: never resets, always challenged */
static enum skb_drop_reason check_syn(struct sock *sk)
{
	TERN_INC(tern_sk_net(sk), TCPSYNChallenge);
	tern_ack_challenge(sk);
	return SKB_DROP_REASON_TCP_INVALID_SYN;
}

/* First: sequence number and PAWS */
static enum skb_drop_reason check_sequence(struct sock *sk,
					   struct sk_buff *skb,
					   const struct tern_opts *o)
{
	struct tern_sock *tp = tern_sk(sk);
	const struct tern_skb_cb *cb = tern_cb(skb);

	if (paws_fails(tp, o) && !(cb->flags & TERN_FLAG_RST)) {
		if (cb->flags & TERN_FLAG_SYN)
			return check_syn(sk);
		TERN_INC(tern_sk_net(sk), PAWSEstab);
		tern_ack_dup(sk, skb);
		tern_ack_invalid(sk, skb, TERN_STAT_TCPACKSkippedPAWS);
		return SKB_DROP_REASON_TCP_RFC7323_PAWS;
	}
	if (likely(tern_seq_acceptable(cb->seq, cb->end_seq, tp->rcv.wup,
				       tp->rcv.nxt + tern_rcv_window(tp))))
		return TERN_GO_ON;
	/* RFC 5961 4.2: a SYN is challenged wherever it is. */
	if (cb->flags & TERN_FLAG_RST)
		return SKB_DROP_REASON_TCP_INVALID_SEQUENCE;
	tern_ack_dup(sk, skb);
	if (cb->flags & TERN_FLAG_SYN)
		tern_ack_challenge(sk);
	else
		tern_ack_invalid(sk, skb, TERN_STAT_TCPACKSkippedSeq);
	return SKB_DROP_REASON_TCP_INVALID_SEQUENCE;
}

/*
 * RFC 9293 3.10.7.4 in SYN-RECEIVED: an unacceptable ACK is reset. Of a
 * simultaneous open the peer's SYN-ACK is the ACK we wait for.
 */
static bool syn_ack_of_simultaneous(const struct sock *sk,
				    const struct sk_buff *skb)
{
	const struct tern_sock *tp = tern_sk(sk);
	const struct tern_skb_cb *cb = tern_cb(skb);

	return sk->sk_state == TCP_SYN_RECV && !tp->passive &&
	       (cb->flags & TERN_FLAG_SYN) && (cb->flags & TERN_FLAG_ACK) &&
	       cb->seq == tp->rcv.irs && cb->ack == tp->snd.nxt;
}

/* Steps one to five; 0 when text and FIN may be looked at */
static enum skb_drop_reason steps(struct sock *sk, struct sk_buff *skb,
				  const struct tern_opts *o)
{
	struct tern_sock *tp = tern_sk(sk);
	struct tern_skb_cb *cb = tern_cb(skb);
	enum skb_drop_reason reason;

	if (syn_ack_of_simultaneous(sk, skb)) {
		/*
		 * Its SYN was had; what else it carries is ignored. The window
		 * of a SYN is not scaled (RFC 7323 2.2).
		 */
		cb->seq++;
		cb->end_seq = cb->seq;
		cb->flags &= ~(TERN_FLAG_SYN | TERN_FLAG_FIN);
		cb->wnd >>= tp->snd.wscale;
		tern_ack_soon(sk);
	}
	reason = check_sequence(sk, skb, o);
	if (unlikely(reason))
		return reason;
	if (unlikely(cb->flags & TERN_FLAG_RST))
		return tern_reset_rcv(sk, skb);
	if (unlikely(cb->flags & TERN_FLAG_SYN))
		return check_syn(sk);
	if (unlikely(!(cb->flags & TERN_FLAG_ACK)))
		return SKB_DROP_REASON_TCP_FLAGS;
	reason = tern_input_ack(sk, skb, o);
	if (likely(!reason))
		update_ts_recent(tp, skb, o);
	return reason;
}

/**
 * tern_input_rcv() - a segment for a connection (RFC 9293 3.10.7.4)
 * @sk: socket in SYN-RECEIVED or a synchronised state, locked; the caller
 *	holds a reference
 * @skb: the segment, header in front, control block filled
 *
 * Return: 0 when the segment is gone, else why the caller is to drop it.
 */
enum skb_drop_reason tern_input_rcv(struct sock *sk, struct sk_buff *skb)
{
	struct tern_sock *tp = tern_sk(sk);
	enum skb_drop_reason reason;
	struct tern_opts o;
	u32 segs;

	tern_clock(tp);
	tern_options_parse((const u8 *)(tern_hdr(skb) + 1),
			   tern_cb(skb)->optlen,
			   tern_cb(skb)->flags & TERN_FLAG_SYN, &o);
	segs = max_t(u32, 1, skb_shinfo(skb)->gso_segs);
	tp->rcv.segs += segs;
	if (skb->len > tern_hdrlen(skb))
		tp->rcv.data_segs += segs;
	reason = steps(sk, skb, &o);
	if (likely(!reason))
		reason = tern_input_data(sk, skb);
	if (sk->sk_state != TCP_CLOSE)
		tern_ack_flush(sk);
	return reason;
}
