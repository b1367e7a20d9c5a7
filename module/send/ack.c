// SPDX-License-Identifier: GPL-2.0
/*
 * When to acknowledge (RFC 9293 3.8.6.3, RFC 5681 4.2): every second full
 * segment at least, at once where waiting helps nobody, else within the delay
 * that MAD told the peer. Challenge ACKs and answers to bad segments are
 * limited (RFC 5961 7).
 */
#include "ack.h"
#include "core/timer.h"
#include "core/sock.h"
#include "window.h"
#include "xmit.h"

/* Segments acknowledged at once when a peer's slow start needs the clock */
#define QUICK_ACKS	16

/**
 * tern_ack_enter_quick() - acknowledge the next segments at once
 * @sk: socket, locked
 */
void tern_ack_enter_quick(struct sock *sk)
{
	tern_sk(sk)->ack.quick = QUICK_ACKS;
	tern_sk(sk)->ack.pingpong = false;
}

/**
 * tern_ack_soon() - an ACK is owed at once; tern_ack_flush() sends it
 * @sk: socket, locked
 */
void tern_ack_soon(struct sock *sk)
{
	tern_sk(sk)->ack.pending = true;
	tern_sk(sk)->ack.now = true;
}

/*
 * The peer's segment size. It shrinks with the path: two alike in a row that
 * are not the end of a burst tell of it.
 */
static void measure(struct tern_sock *tp, const struct sk_buff *skb)
{
	u16 gso_size = skb_shinfo(skb)->gso_size;
	u32 seg = gso_size ?: skb->len;

	if (seg >= tp->rcv.mss) {
		tp->rcv.mss = min_t(u32, seg, U16_MAX);
		tp->rcv.last_seg = 0;
		return;
	}
	if (seg < TERN_MSS_MIN ||
	    (!gso_size && tern_cb(skb)->flags & TERN_FLAG_PSH))
		return;
	if (seg == tp->rcv.last_seg)
		tp->rcv.mss = seg;
	tp->rcv.last_seg = seg;
}

/**
 * tern_ack_data() - new data in order was taken: acknowledge now or later?
 * @sk: socket, locked; RCV.NXT is behind the data
 * @skb: the segment
 */
void tern_ack_data(struct sock *sk, const struct sk_buff *skb)
{
	struct tern_sock *tp = tern_sk(sk);

	measure(tp, skb);
	/* A long pause: the peer starts slowly again (RFC 5681 4.1). */
	if (tp->now_ns - tp->rcv.last_ns >
	    (u64)tern_conf_or_knob(sk, rto_min_us) * NSEC_PER_USEC &&
	    !tp->ack.pingpong)
		tp->ack.quick = QUICK_ACKS;
	tp->rcv.last_ns = tp->now_ns;

	tp->ack.pending = true;
	if (tp->rcv.nxt - tp->rcv.acked > tp->rcv.mss ||
	    !tern_reasm_empty(&tp->reasm)) {
		tp->ack.now = true;
	} else if (tp->ack.quick && !tp->ack.pingpong) {
		tp->ack.quick--;
		tp->ack.now = true;
	}
}

/**
 * tern_ack_flush() - end of an input step: send the ACK or set its deadline
 * @sk: socket, locked
 */
void tern_ack_flush(struct sock *sk)
{
	struct tern_sock *tp = tern_sk(sk);
	u32 delay_us;

	if (!tp->ack.pending)
		return;
	delay_us = min(tern_sock_delack_us(sk), tp->ack.mad_us);
	if (tp->ack.now || !delay_us) {
		tp->ack.now = false;
		tp->ack.pending = false;
		tern_xmit_ack(sk);
		return;
	}
	if (!tern_timer_armed(sk, TERN_TIMER_DELACK))
		tern_timer_arm(sk, TERN_TIMER_DELACK,
			       tp->now_ns + (u64)delay_us * NSEC_PER_USEC);
}

/**
 * tern_ack_copied() - the reader took bytes
 * @sk: socket, locked
 * @copied: how many
 *
 * Sends the ACK that is owed when the reader keeps up, or a window update.
 */
void tern_ack_copied(struct sock *sk, int copied)
{
	struct tern_sock *tp = tern_sk(sk);

	if (copied <= 0)
		return;
	tern_window_drs(sk);
	if ((1 << sk->sk_state) & (TCPF_CLOSE | TCPF_LISTEN | TCPF_SYN_SENT))
		return;
	/* The reader has all: nothing will come to carry the ACK soon. */
	if (tern_window_worth_telling(sk) ||
	    (tp->ack.pending && !tp->ack.pingpong &&
	     (tp->rcv.nxt - tp->rcv.acked > tp->rcv.mss ||
	      !atomic_read(&sk->sk_rmem_alloc))))
		tern_xmit_ack(sk);
}

/**
 * tern_ack_expire() - an ACK was delayed long enough
 * @sk: socket, locked; TERN_TIMER_DELACK
 */
void tern_ack_expire(struct sock *sk)
{
	struct tern_sock *tp = tern_sk(sk);

	if (!tp->ack.pending || sk->sk_state == TCP_CLOSE)
		return;
	/* No answer carried it: the exchange is not interactive. */
	tp->ack.pingpong = false;
	TERN_INC(tern_sk_net(sk), DelayedACKs);
	tern_xmit_ack(sk);
}

/**
 * tern_ack_dup() - what was had already: the next ACK tells of it (RFC 2883 4)
 * @sk: socket, locked
 * @skb: segment that begins before RCV.NXT, or doesn't
 */
void tern_ack_dup(struct sock *sk, const struct sk_buff *skb)
{
	const struct tern_skb_cb *cb = tern_cb(skb);
	struct tern_sock *tp = tern_sk(sk);

	if (tp->sack_ok && tern_seg_len(skb) &&
	    tern_seq_before(cb->seq, tp->rcv.nxt) &&
	    tern_knob(tern_sk_net(sk), dsack))
		tern_reasm_note_dup(&tp->reasm, cb->seq,
				    tern_seq_min(cb->end_seq, tp->rcv.nxt));
}

/**
 * tern_ack_limited() - must this answer to a bad segment be withheld?
 * @tn: namespace
 * @last_ns: when the last one was sent; updated when this one may go
 * @now_ns: clock
 *
 * One in invalid_ratelimit milliseconds, so that two ends can't keep each
 * other busy.
 */
bool tern_ack_limited(struct tern_net *tn, u64 *last_ns, u64 now_ns)
{
	u64 gap = (u64)tern_knob(tn, invalid_ratelimit) * NSEC_PER_MSEC;

	u64 last = READ_ONCE(*last_ns);

	if (last && now_ns - last < gap)
		return true;
	WRITE_ONCE(*last_ns, now_ns);
	return false;
}

/**
 * tern_ack_challenge_limited() - RFC 5961 7: is this second's share used up?
 * @tn: namespace
 * @now_ns: clock
 *
 * At least half of the limit and a random share of the rest, so that an
 * attacker can't count what others got (CVE-2016-5696). Races lose a count at
 * most.
 */
bool tern_ack_challenge_limited(struct tern_net *tn, u64 now_ns)
{
	u32 limit = tern_knob(tn, challenge_ack_limit);
	u32 second = div_u64(now_ns, NSEC_PER_SEC);
	u32 left;

	if (limit == TERN_CHALLENGE_LIMIT)
		return false;
	if (READ_ONCE(tn->challenge_second) != second) {
		WRITE_ONCE(tn->challenge_second, second);
		WRITE_ONCE(tn->challenge_count, (limit + 1) / 2 +
			   get_random_u32_below(limit / 2 + 1));
	}
	left = READ_ONCE(tn->challenge_count);
	if (!left)
		return true;
	WRITE_ONCE(tn->challenge_count, left - 1);
	return false;
}

/**
 * tern_ack_challenge() - challenge ACK (RFC 5961 3.2, 4.2, 5.2)
 * @sk: socket, locked
 */
void tern_ack_challenge(struct sock *sk)
{
	struct tern_net *tn = tern_sk_net(sk);
	struct tern_sock *tp = tern_sk(sk);

	if (tern_ack_limited(tn, &tp->ack.oow_ns, tp->now_ns) ||
	    tern_ack_challenge_limited(tn, tp->now_ns)) {
		TERN_INC(tn, TCPACKSkippedChallenge);
		return;
	}
	TERN_INC(tn, TCPChallengeACK);
	tern_xmit_ack(sk);
}

/**
 * tern_ack_invalid() - answer an unacceptable segment (RFC 9293 3.10.7.4
 * first)
 * @sk: socket, locked
 * @skb: the segment
 * @skipped: counter of answers withheld
 *
 * A segment with data can't be part of an ACK loop and is always answered, nor
 * can a probe of the window or of a keep-alive: the answer is acceptable. An
 * ACK of what was never sent is none: both ends may be off by one.
 */
void tern_ack_invalid(struct sock *sk, const struct sk_buff *skb,
		      enum tern_stat skipped)
{
	struct tern_net *tn = tern_sk_net(sk);
	struct tern_sock *tp = tern_sk(sk);
	const struct tern_skb_cb *cb = tern_cb(skb);
	bool data = tern_seg_len(skb) && !(cb->flags & TERN_FLAG_SYN);
	bool probe = cb->seq == tp->rcv.nxt - 1 && !tern_seg_len(skb) &&
		     !tern_seq_after(cb->ack, tp->snd.nxt);

	if (!data && !probe && tern_ack_limited(tn, &tp->ack.oow_ns, tp->now_ns)) {
		TERN_INC_STAT(tn, skipped);
		return;
	}
	tern_xmit_ack(sk);
}
