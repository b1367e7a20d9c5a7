// SPDX-License-Identifier: GPL-2.0
/*
 * Zero-window probe (RFC 9293 3.8.6.1): when something waits, nothing is in
 * flight and so no ACK will come by itself. Backs off to rto_max, and goes on
 * for as long as the peer answers; but for an orphan, see exhausted().
 */
#include "persist.h"
#include "core/timer.h"
#include "core/sock.h"
#include "xmit.h"
#include "queue.h"
#include "retransmit.h"
#include "output.h"

/**
 * tern_persist_answered() - the peer is alive
 * @sk: socket, locked
 */
void tern_persist_answered(struct sock *sk)
{
	struct tern_sock *tp = tern_sk(sk);

	tp->probes = 0;
	tp->persist_start_ns = 0;
}

/*
 * An orphan ends even when the peer answers, once its probes are as rare as
 * they get, whatever its TERN_USER_TIMEOUT: a window shut for ever would hold
 * its memory for ever.
 */
static bool exhausted(struct sock *sk)
{
	struct tern_net *tn = tern_sk_net(sk);
	struct tern_sock *tp = tern_sk(sk);
	u32 max = tern_knob(tn, retries2);

	if (sock_flag(sk, SOCK_DEAD)) {
		max = tern_knob(tn, orphan_retries) ?: TERN_ORPHAN_RETRIES;
		if (tern_retransmit_rto_us(sk) >=
		    tern_conf_or_knob(sk, rto_max_us) &&
		    tp->rtt.backoff >= min(max, TERN_BACKOFF_MAX)) {
			tern_sock_timeout(sk, "timeout");
			return true;
		}
	}
	return tern_retransmit_give_up(sk, tp->probes, max,
				       tp->persist_start_ns);
}

/**
 * tern_persist_expire() - probe the window (RFC 9293 3.8.6.1)
 * @sk: socket, locked; TERN_TIMER_PERSIST
 *
 * The probe repeats the last sequence number acknowledged, which the peer
 * must answer with its window. An open window, left shut by Nagle or cork,
 * is simply used.
 */
void tern_persist_expire(struct sock *sk)
{
	struct tern_sock *tp = tern_sk(sk);
	struct sk_buff *skb = tp->snd.head;

	if (!skb || tp->snd.packets_out || sk->sk_state == TCP_CLOSE)
		return;
	if (tern_retransmit_shed(sk) || exhausted(sk))
		return;
	if (tern_seq_before(tern_cb(skb)->seq, tp->snd.una + tp->snd.wnd)) {
		bool cork = tp->conf.cork, nodelay = tp->conf.nodelay;

		tp->conf.cork = 0;
		tp->conf.nodelay = 1;
		/* Sender SWS gives way here: RFC 9293 3.8.6.2.1 (4) */
		if (tern_seq_before(tp->snd.una + tp->snd.wnd,
				    tern_cb(skb)->seq + min_t(u32, skb->len,
							      tp->snd.mss)) &&
		    !tern_queue_split(sk, skb, tp->snd.wnd, tp->snd.mss))
			tp->snd.sws_wnd = 2 * tp->snd.wnd;
		tern_output_push(sk, true);
		tp->conf.cork = cork;
		tp->conf.nodelay = nodelay;
		if (tp->snd.packets_out)
			return;
	}
	if (!tp->persist_start_ns)
		tp->persist_start_ns = tp->now_ns;
	TERN_INC(tern_sk_net(sk), TCPWinProbe);
	tern_xmit_control(sk, tp->snd.una - 1, TERN_FLAG_ACK);
	tp->probes++;
	tern_rtt_backoff(&tp->rtt);
	tern_timer_arm(sk, TERN_TIMER_PERSIST,
		       tern_retransmit_until(sk, tp->persist_start_ns,
					     tp->now_ns +
					     tern_retransmit_rto_ns(sk)));
}
