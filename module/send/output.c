// SPDX-License-Identifier: GPL-2.0
/*
 * The stream out (RFC 9293 3.10.2): Nagle (RFC 9293 3.7.4) as Minshall has
 * it, sender SWS avoidance (RFC 9293 3.8.6.2.1), window and cwnd tests, FIN
 * at the tail, and whether the peer's window must be probed.
 */
#include "output.h"
#include "core/timer.h"
#include "core/sock.h"
#include "mtu.h"
#include "xmit.h"
#include "queue.h"
#include "retransmit.h"

/*
 * May a segment below MSS go (RFC 9293 3.7.4, Minshall's form)? Not when one
 * is out already and not acknowledged.
 */
static bool small_may_go(const struct tern_sock *tp, bool push)
{
	if (tp->conf.cork || !push)
		return false;
	return tp->conf.nodelay || !tern_seq_after(tp->snd.sml, tp->snd.una);
}

/* The segment at snd.head was sent: it waits for its ACK now. */
static void advance_head(struct sock *sk, struct sk_buff *skb, u32 mss)
{
	struct tern_sock *tp = tern_sk(sk);

	tp->snd.head = skb_queue_is_last(&sk->sk_write_queue, skb) ?
			NULL : skb_queue_next(&sk->sk_write_queue, skb);
	tp->snd.nxt = tern_cb(skb)->end_seq;
	if (skb->len % mss)
		tp->snd.sml = tern_cb(skb)->end_seq;
	tern_cb(skb)->first_ns = tp->now_ns;
	tern_retransmit_sent(sk, skb);
}

/* Payload bytes of @skb that window and cwnd let out; 0: none now */
static u32 allowance(struct tern_sock *tp, const struct sk_buff *skb, u32 mss)
{
	const struct tern_skb_cb *cb = tern_cb(skb);
	u32 room = tp->snd.una + tp->snd.wnd - cb->seq;
	u32 flight = tern_in_flight(tp);
	u32 quota;

	if (flight >= tp->cong.cwnd) {
		tp->snd.cwnd_limited = true;
		/* A bare FIN need not wait for cwnd. */
		return !skb->len && (s32)room >= 0 ? 1 : 0;
	}
	quota = tp->cong.cwnd - flight;
	if ((s32)room <= 0 && skb->len)
		return 0;
	if (!skb->len)
		return (s32)room >= 0 ? 1 : 0;
	/* Whole segments only, unless this is all there is. */
	if (quota < DIV_ROUND_UP(skb->len, mss)) {
		room = min(room, quota * mss);
		tp->snd.cwnd_limited = true;
	}
	if (room >= skb->len)
		return skb->len;
	if (room < mss) {
		/* RFC 9293 3.8.6.2.1: or half of the window */
		return room >= (tp->snd.sws_wnd ?: tp->snd.max_wnd) / 2 ?
		       room : 0;
	}
	return room - room % mss;
}

/* Cut the head so that only @len bytes of it go now. */
static bool cut(struct sock *sk, struct sk_buff *skb, u32 len, u32 mss)
{
	return !tern_queue_split(sk, skb, len, mss);
}

/* Send the head of what is unsent. False: not now. */
static bool push_one(struct sock *sk, struct sk_buff *skb, u32 mss, bool push)
{
	struct tern_sock *tp = tern_sk(sk);
	struct tern_skb_cb *cb = tern_cb(skb);
	u32 len = allowance(tp, skb, mss);
	u32 tail = skb->len % mss;

	if (!len)
		return false;
	len = min(len, mss * tern_queue_max_segs(sk, mss));
	if (skb->len && len < skb->len) {
		if (!cut(sk, skb, len, mss))
			return false;
	} else if (skb_queue_is_last(&sk->sk_write_queue, skb) && tail &&
		   !(cb->flags & TERN_FLAG_FIN) && !small_may_go(tp, push)) {
		if (skb->len < mss || !cut(sk, skb, skb->len - tail, mss))
			return false;
	}
	if (skb_queue_is_last(&sk->sk_write_queue, skb))
		cb->flags |= TERN_FLAG_PSH;
	if (cb->mss != mss || !cb->pcount)
		tern_queue_set_pcount(skb, mss);
	cb->delivered = tp->snd.delivered;
	tern_xmit_data(sk, skb);
	TERN_ADD(tern_sk_net(sk), TCPOrigDataSent, cb->pcount);
	advance_head(sk, skb, mss);
	return true;
}

/*
 * Something waits and nothing is in flight, so no ACK will come by itself:
 * arm the window probe (RFC 9293 3.8.6.1); else disarm it.
 */
static void check_probe(struct sock *sk)
{
	struct tern_sock *tp = tern_sk(sk);

	if (!tp->snd.head || tp->snd.packets_out) {
		tern_timer_disarm(sk, TERN_TIMER_PERSIST);
		return;
	}
	if (tern_timer_armed(sk, TERN_TIMER_PERSIST))
		return;
	tern_timer_disarm(sk, TERN_TIMER_RETRANS);
	tp->rtt.backoff = 0;
	tern_timer_arm(sk, TERN_TIMER_PERSIST,
		       tp->now_ns + tern_retransmit_rto_ns(sk));
}

/* RFC 5681 4.1, RFC 2861: a window not used for long is not trusted. */
static void check_idle(struct sock *sk)
{
	struct tern_sock *tp = tern_sk(sk);
	u64 rto_ns = tern_retransmit_rto_ns(sk);
	u64 idle = tp->now_ns - tp->snd.lsnd_ns;

	if (tp->snd.packets_out || idle <= rto_ns || !tp->snd.wnd ||
	    !tern_knob(tern_sk_net(sk), slow_start_after_idle))
		return;
	tern_cong_idle(&tp->cong, min_t(u64, div64_u64(idle, rto_ns), 32));
}

/**
 * tern_output_push() - send what windows and Nagle allow
 * @sk: socket, locked, in a state that may send
 * @push: no more data is to come soon; false holds a part segment back
 */
void tern_output_push(struct sock *sk, bool push)
{
	struct tern_sock *tp = tern_sk(sk);
	bool sent = false;
	u32 mss;

	if ((1 << sk->sk_state) & (TCPF_CLOSE | TCPF_SYN_SENT | TCPF_SYN_RECV |
				   TCPF_LISTEN))
		return;
	if (!tp->snd.head) {
		check_probe(sk);
		return;
	}
	tern_clock(tp);
	mss = tern_mtu_current(sk);
	check_idle(sk);
	tp->snd.cwnd_limited = false;
	while (tp->snd.head && push_one(sk, tp->snd.head, mss, push))
		sent = true;
	if (sent) {
		tp->snd.lsnd_ns = tp->now_ns;
		if (tern_timer_armed(sk, TERN_TIMER_PERSIST)) {
			tern_timer_disarm(sk, TERN_TIMER_PERSIST);
			tp->rtt.backoff = 0;
		}
		tern_retransmit_pushed(sk);
		/* Answering soon after receiving: the answers carry ACKs. */
		if (tp->now_ns - tp->rcv.last_ns <
		    (u64)TERN_DELACK_US * NSEC_PER_USEC)
			tp->ack.pingpong = true;
	}
	check_probe(sk);
}

/* One segment more than cwnd lets out (RFC 8985 7.3). False: none to send. */
static bool push_probe(struct sock *sk)
{
	struct tern_sock *tp = tern_sk(sk);
	u32 cwnd = tp->cong.cwnd;
	bool sent;

	if (!tp->snd.head)
		return false;
	tp->cong.cwnd = tern_in_flight(tp) + 1;
	sent = push_one(sk, tp->snd.head, tern_mtu_current(sk), true);
	tp->cong.cwnd = cwnd;
	if (sent)
		tp->snd.lsnd_ns = tp->now_ns;
	return sent;
}

/**
 * tern_output_probe_expire() - tail loss probe (RFC 8985 7.3)
 * @sk: socket, locked; TERN_TIMER_PROBE
 *
 * New data if there is some and the window allows it, else the last segment
 * again: an ACK of either tells what was lost.
 */
void tern_output_probe_expire(struct sock *sk)
{
	struct tern_sock *tp = tern_sk(sk);

	if (!tp->snd.packets_out || sk->sk_state == TCP_CLOSE)
		return;
	tp->rec.tlp_again = false;
	if (!push_probe(sk))
		tern_retransmit_probe(sk);
	tern_retransmit_probed(sk);
}

/**
 * tern_output_fin() - queue our FIN behind all data, and push
 * @sk: socket, locked, in the state that follows CLOSE
 */
void tern_output_fin(struct sock *sk)
{
	struct tern_sock *tp = tern_sk(sk);
	struct sk_buff *tail = skb_peek_tail(&sk->sk_write_queue);
	gfp_t gfp = sk_gfp_mask(sk, sk->sk_allocation);

	if (!tail || !tp->snd.head) {
		/* Who has slept for the lock may sleep, whatever is barred. */
		gfp |= __GFP_DIRECT_RECLAIM | __GFP_NOFAIL;
		tail = alloc_skb_fclone(TERN_MAX_HEADER, gfp);
		skb_reserve(tail, TERN_MAX_HEADER);
		/* The stream must end: over the limit if need be. */
		tern_sock_force_memory(sk, tail->truesize);
		tern_queue_append(sk, tail);
	}
	tern_cb(tail)->flags |= TERN_FLAG_FIN;
	tern_cb(tail)->end_seq++;
	tp->snd.write_seq++;
	tp->snd.fin_queued = true;
	tern_output_push(sk, true);
}
