// SPDX-License-Identifier: GPL-2.0
/*
 * Keep-alive (RFC 9293 3.8.4): when nothing was heard for keepalive_time,
 * probe every keepalive_intvl; keepalive_probes without an answer and the
 * connection is gone.
 */
#include "keepalive.h"
#include "core/timer.h"
#include "core/sock.h"
#include "xmit.h"
#include "reset.h"
#include "output.h"
#include "retransmit.h"

/**
 * tern_keepalive_idle_ns() - silence before the first probe
 * @sk: socket
 */
u64 tern_keepalive_idle_ns(const struct sock *sk)
{
	u64 us = READ_ONCE(tern_sk(sk)->conf.keepidle_us);
	struct tern_net *tn = tern_sk_net(sk);

	return us ? us * NSEC_PER_USEC :
		    (u64)tern_knob(tn, keepalive_time_ms) * NSEC_PER_MSEC;
}

/**
 * tern_keepalive_intvl_ns() - time between probes
 * @sk: socket
 */
u64 tern_keepalive_intvl_ns(const struct sock *sk)
{
	u64 us = READ_ONCE(tern_sk(sk)->conf.keepintvl_us);
	struct tern_net *tn = tern_sk_net(sk);

	return us ? us * NSEC_PER_USEC :
		    (u64)tern_knob(tn, keepalive_intvl_ms) * NSEC_PER_MSEC;
}

/**
 * tern_keepalive_start() - the idle time begins anew, or its length changed
 * @sk: socket, locked
 */
void tern_keepalive_start(struct sock *sk)
{
	struct tern_sock *tp = tern_sk(sk);

	if (!sock_flag(sk, SOCK_KEEPOPEN) ||
	    ((1 << sk->sk_state) & (TCPF_CLOSE | TCPF_LISTEN | TCPF_SYN_SENT)))
		return;
	tern_timer_arm(sk, TERN_TIMER_KEEPALIVE,
		       tp->rcv.heard_ns + tern_keepalive_idle_ns(sk));
}

/**
 * tern_keepalive_set() - SO_KEEPALIVE
 * @sk: socket, locked; proto.keepalive
 * @on: switch it on; the flag itself is set by the core after this
 */
void tern_keepalive_set(struct sock *sk, int on)
{
	struct tern_sock *tp = tern_sk(sk);

	if ((1 << sk->sk_state) & (TCPF_CLOSE | TCPF_LISTEN | TCPF_SYN_SENT))
		return;
	tp->probes = 0;
	if (on && !sock_flag(sk, SOCK_KEEPOPEN))
		tern_timer_arm(sk, TERN_TIMER_KEEPALIVE,
			       tp->rcv.heard_ns + tern_keepalive_idle_ns(sk));
	else if (!on)
		tern_timer_disarm(sk, TERN_TIMER_KEEPALIVE);
}

static bool dead(struct sock *sk, u64 silence)
{
	struct tern_sock *tp = tern_sk(sk);
	u32 ut_ms = READ_ONCE(tp->conf.user_timeout_ms);
	u32 max = READ_ONCE(tp->conf.keepcnt) ?:
		  tern_knob(tern_sk_net(sk), keepalive_probes);

	if (ut_ms)
		return tp->probes && silence >= (u64)ut_ms * NSEC_PER_MSEC;
	return tp->probes >= max;
}

/**
 * tern_keepalive_expire() - nothing was heard for long: probe or give up
 * @sk: socket, locked; TERN_TIMER_KEEPALIVE
 */
void tern_keepalive_expire(struct sock *sk)
{
	struct tern_sock *tp = tern_sk(sk);
	u64 idle = tern_keepalive_idle_ns(sk);
	u64 silence = tp->now_ns - tp->rcv.heard_ns;
	u64 due;

	if (sk->sk_state == TCP_CLOSE || !sock_flag(sk, SOCK_KEEPOPEN))
		return;
	/* Data in flight has its own timers. */
	if (tp->snd.packets_out || tern_output_pending(sk)) {
		tern_timer_arm(sk, TERN_TIMER_KEEPALIVE, tp->now_ns + idle);
		return;
	}
	if (silence < idle) {
		tp->probes = 0;
		tern_timer_arm(sk, TERN_TIMER_KEEPALIVE,
			       tp->rcv.heard_ns + idle);
		return;
	}
	if (dead(sk, silence)) {
		tern_reset_send(sk);
		tern_sock_timeout(sk, "keepalive");
		return;
	}
	TERN_INC(tern_sk_net(sk), TCPKeepAlive);
	tern_xmit_control(sk, tp->snd.una - 1, TERN_FLAG_ACK);
	tp->probes++;
	due = tp->now_ns + tern_keepalive_intvl_ns(sk);
	/* TERN_USER_TIMEOUT's end, unless that is past: a probe has a chance. */
	if (silence < (u64)READ_ONCE(tp->conf.user_timeout_ms) * NSEC_PER_MSEC)
		due = tern_retransmit_until(sk, tp->rcv.heard_ns, due);
	tern_timer_arm(sk, TERN_TIMER_KEEPALIVE, due);
}
