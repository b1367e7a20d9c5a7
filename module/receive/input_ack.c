// SPDX-License-Identifier: GPL-2.0
/*
 * The ACK field (RFC 9293 3.10.7.4 fifth): what was acknowledged, the peer's
 * window, round trips, duplicate ACKs, and what may be sent now.
 */
#include "input_ack.h"
#include "core/state.h"
#include "core/timer.h"
#include "core/sock.h"
#include "send/mtu.h"
#include "send/window.h"
#include "send/ack.h"
#include "send/reset.h"
#include "send/queue.h"
#include "send/output.h"
#include "send/retransmit.h"
#include "send/persist.h"
#include "send/keepalive.h"
#include "closing/close.h"

/* The ACK of our SYN: ESTABLISHED (RFC 9293 3.10.7.4 fifth, SYN-RECEIVED) */
static void establish(struct sock *sk, const struct sk_buff *skb)
{
	struct tern_sock *tp = tern_sk(sk);
	const struct tern_skb_cb *cb = tern_cb(skb);

	tp->snd.una = cb->ack;
	tp->snd.wnd = (u32)cb->wnd << tp->snd.wscale;
	tp->snd.max_wnd = tp->snd.wnd;
	tp->snd.wl1 = cb->seq;
	tern_mtu_sync(sk, __sk_dst_get(sk) ? dst_mtu(__sk_dst_get(sk)) :
					     TERN_MSS_DEFAULT + 40);
	tern_ack_enter_quick(sk);
	tern_sock_establish(sk, "ack of syn");
	tern_keepalive_start(sk);
}

/*
 * RFC 5961 5: an ACK may be at most the largest window old, and none is for
 * what was never sent.
 */
static enum skb_drop_reason check_range(struct sock *sk,
					const struct sk_buff *skb)
{
	struct tern_sock *tp = tern_sk(sk);
	u32 ack = tern_cb(skb)->ack;

	if (tern_seq_before(ack, tp->snd.una - tp->snd.max_wnd)) {
		tern_ack_challenge(sk);
		return SKB_DROP_REASON_TCP_TOO_OLD_ACK;
	}
	if (tern_seq_after(ack, tp->snd.nxt)) {
		tern_ack_challenge(sk);
		return SKB_DROP_REASON_TCP_ACK_UNSENT_DATA;
	}
	return TERN_GO_ON;
}

/* RFC 5681 2: what counts as a duplicate ACK */
static bool duplicate(const struct tern_sock *tp, const struct sk_buff *skb,
		      bool window_changed)
{
	return tern_cb(skb)->ack == tp->snd.una && tp->snd.packets_out &&
	       !tern_seg_len(skb) && !window_changed;
}

/* SND.UNA moved: may the writer go on? Its buffer follows cwnd. */
static void wake_writer(struct sock *sk)
{
	tern_sock_grow_sndbuf(sk);
	/* Room, then the bit; pairs with poll(). */
	smp_mb();
	if (sk->sk_socket && test_bit(SOCK_NOSPACE, &sk->sk_socket->flags))
		sk->sk_write_space(sk);
}

static void advance(struct sock *sk, u32 ack, struct tern_ack_info *ai)
{
	struct tern_sock *tp = tern_sk(sk);

	tp->snd.bytes_acked += ack - tp->snd.una;
	tp->snd.una = ack;
	if (tern_seq_before(tp->snd.sml, ack))
		tp->snd.sml = ack;
	tern_retransmit_clean(sk, ack, ai);
	if (sk->sk_dst_pending_confirm == 0)
		sk_dst_confirm(sk);
}

/* The usual case: nothing in flight was lost, nothing is being recovered. */
static void recover(struct sock *sk, const struct tern_opts *o, u32 ack,
		    struct tern_ack_info *ai)
{
	if (tern_sk(sk)->sack_ok && o->num_sacks)
		tern_recovery_sack(sk, o, ack, ai);
	if (ai->delivered)
		TERN_ADD(tern_sk_net(sk), TCPDelivered, ai->delivered);
	tern_recovery_ack(sk, ai);
	tern_retransmit_trace(sk);
}

/*
 * Does an ACK that leaves SND.UNA where it is give the head more time? Only if
 * what it SACKs was sent before the head's last copy; else the RTO could be put
 * off for as long as anything arrives (RFC 6298 5.3).
 */
static bool tells_of_head(const struct sock *sk, const struct tern_ack_info *ai)
{
	const struct sk_buff *head = tern_queue_oldest(sk);

	return ai->delivered && tern_sk(sk)->sack_ok && head &&
	       ai->newest_ns <= tern_cb(head)->sent_ns;
}

/**
 * tern_input_ack() - the ACK field (RFC 9293 3.10.7.4 fifth)
 * @sk: socket, locked; the caller holds a reference
 * @skb: the segment, acceptable, ACK set
 * @o: its options
 *
 * Return: 0 to go on with the segment, else why it is dropped. The state may
 * be CLOSE after it (LAST-ACK, CLOSING).
 */
enum skb_drop_reason tern_input_ack(struct sock *sk, struct sk_buff *skb,
				    const struct tern_opts *o)
{
	struct tern_sock *tp = tern_sk(sk);
	u32 ack = tern_cb(skb)->ack;
	struct tern_ack_info ai = {
		.prior_una = tp->snd.una,
		.in_flight = tern_in_flight(tp),
		.has_ts = tp->ts.ok && o->has_ts,
		.tsecr = o->tsecr,
	};
	enum skb_drop_reason reason;
	bool wnd, shut;

	if (sk->sk_state == TCP_SYN_RECV) {
		if (!tern_seq_between(ack, tp->snd.iss + 1, tp->snd.nxt)) {
			tern_reset_reply(sock_net(sk), sk, &tp->ep.tuple, skb);
			return SKB_DROP_REASON_TCP_ACK_UNSENT_DATA;
		}
		establish(sk, skb);
		ai.prior_una = tp->snd.una;
	}
	reason = check_range(sk, skb);
	if (reason)
		return reason;
	if (tern_seq_before(ack, tp->snd.una)) {
		/* Old, but its SACK blocks may still tell something. */
		if (o->num_sacks) {
			recover(sk, o, ack, &ai);
			tern_retransmit_lost(sk);
			tern_output_push(sk, true);
		}
		return TERN_GO_ON;
	}
	tern_sock_heard(sk);

	/* An answered probe: idle time anew, which an interval may outlast. */
	if (tp->probes)
		tern_keepalive_start(sk);
	tern_persist_answered(sk);
	shut = !tp->snd.wnd;
	wnd = tern_window_update(sk, skb);
	ai.dup = duplicate(tp, skb, wnd);
	if (!tern_seg_len(skb))
		TERN_INC(tern_sk_net(sk), TCPPureAcks);
	if (ack != tp->snd.una)
		advance(sk, ack, &ai);
	else if (!tp->snd.packets_out && !wnd && !o->num_sacks &&
		 !tp->rec.tlp_high)
		return TERN_GO_ON;
	recover(sk, o, ack, &ai);
	if (shut && wnd && ack == ai.prior_una)
		tern_recovery_reopened(sk);
	if (ack != ai.prior_una || tells_of_head(sk, &ai))
		tern_retransmit_rearm(sk);

	if (tp->snd.fin_queued && tp->snd.una == tp->snd.write_seq)
		tern_close_fin_acked(sk);
	if (sk->sk_state == TCP_CLOSE)
		return TERN_GO_ON;
	tern_retransmit_lost(sk);
	tern_output_push(sk, true);
	if (ack != ai.prior_una)
		wake_writer(sk);
	return TERN_GO_ON;
}
