// SPDX-License-Identifier: GPL-2.0
/*
 * Every closing transition (RFC 9293 3.6, 3.10.4, 3.10.5): CLOSE and half
 * close, ABORT, FIN received, our FIN acknowledged, linger, orphans and their
 * limits, FIN-WAIT-2's end.
 */
#include <linux/sched/signal.h>
#include "close.h"
#include "core/state.h"
#include "core/timer.h"
#include "core/hash.h"
#include "core/orphan.h"
#include "core/sock.h"
#include "send/ack.h"
#include "send/reset.h"
#include "send/output.h"
#include "timewait.h"
#include "send/keepalive.h"

/* RFC 9293 3.10.4: where CLOSE leads, and whether a FIN goes out */
static const struct {
	u8 next;
	bool fin;
} close_call[TCP_MAX_STATES] = {
	[TCP_ESTABLISHED] = { TCP_FIN_WAIT1, true },
	[TCP_SYN_SENT]	  = { TCP_CLOSE, false },
	[TCP_SYN_RECV]	  = { TCP_FIN_WAIT1, true },
	[TCP_FIN_WAIT1]	  = { TCP_FIN_WAIT1, false },
	[TCP_FIN_WAIT2]	  = { TCP_FIN_WAIT2, false },
	[TCP_CLOSE]	  = { TCP_CLOSE, false },
	[TCP_CLOSE_WAIT]  = { TCP_LAST_ACK, true },
	[TCP_LAST_ACK]	  = { TCP_LAST_ACK, false },
	[TCP_LISTEN]	  = { TCP_CLOSE, false },
	[TCP_CLOSING]	  = { TCP_CLOSING, false },
};

/* Our side of the stream ends. True when a FIN was queued. */
static bool close_send(struct sock *sk)
{
	int state = sk->sk_state;

	if (!close_call[state].fin)
		return false;
	tern_state_set(sk, close_call[state].next, "close");
	tern_clock(tern_sk(sk));
	tern_output_fin(sk);
	return true;
}

/**
 * tern_close_shutdown() - shutdown(2)
 * @sk: socket, locked; proto.shutdown
 * @how: RCV_SHUTDOWN, SEND_SHUTDOWN; the core keeps sk_shutdown
 */
void tern_close_shutdown(struct sock *sk, int how)
{
	if (how & SEND_SHUTDOWN)
		close_send(sk);
}

/**
 * tern_close_abort() - ABORT (RFC 9293 3.10.5)
 * @sk: socket, locked; the caller holds a reference
 * @err: errno for the user
 * @event: what caused it
 */
void tern_close_abort(struct sock *sk, int err, const char *event)
{
	if ((1 << sk->sk_state) & (TCPF_ESTABLISHED | TCPF_FIN_WAIT1 |
				   TCPF_FIN_WAIT2 | TCPF_CLOSE_WAIT |
				   TCPF_SYN_RECV) ||
	    ((1 << sk->sk_state) & (TCPF_LAST_ACK | TCPF_CLOSING) &&
	     tern_sk(sk)->snd.head))
		tern_reset_send(sk);
	tern_sock_abort(sk, err, event);
}

static u64 fin_wait2_ns(const struct sock *sk)
{
	int ms = READ_ONCE(tern_sk(sk)->conf.linger2_ms);

	if (!ms)
		ms = tern_knob(tern_sk_net(sk), fin_timeout_ms);
	return (u64)ms * NSEC_PER_MSEC;
}

/* FIN-WAIT-2 and nobody to read: bounded (local limit, RFC 9293 3.10.4) */
static void orphan_fin_wait2(struct sock *sk)
{
	struct tern_sock *tp = tern_sk(sk);

	if (READ_ONCE(tp->conf.linger2_ms) < 0) {
		TERN_INC(tern_sk_net(sk), TCPAbortOnLinger);
		tern_close_abort(sk, ECONNRESET, "linger2");
		return;
	}
	tern_timer_arm(sk, TERN_TIMER_FINWAIT2,
		       tp->now_ns + fin_wait2_ns(sk));
}

/**
 * tern_close_fw2_expire() - the peer of an orphan never closed
 * @sk: socket, locked; TERN_TIMER_FINWAIT2
 */
void tern_close_fw2_expire(struct sock *sk)
{
	if (sk->sk_state == TCP_FIN_WAIT2 && sock_flag(sk, SOCK_DEAD))
		tern_sock_done(sk, "fin_timeout");
}

/**
 * tern_close_fin_acked() - the peer acknowledged our FIN
 * @sk: socket, locked; the caller holds a reference
 */
void tern_close_fin_acked(struct sock *sk)
{
	switch (sk->sk_state) {
	case TCP_FIN_WAIT1:
		tern_state_set(sk, TCP_FIN_WAIT2, "ack of fin");
		WRITE_ONCE(sk->sk_shutdown, sk->sk_shutdown | SEND_SHUTDOWN);
		if (sock_flag(sk, SOCK_DEAD))
			orphan_fin_wait2(sk);
		else
			sk->sk_state_change(sk);
		break;
	case TCP_CLOSING:
		tern_timewait_enter(sk, "ack of fin");
		break;
	case TCP_LAST_ACK:
		tern_sock_done(sk, "ack of fin");
		break;
	}
}

/**
 * tern_close_fin_rcvd() - the peer's FIN is in order (RFC 9293 3.10.7.4 eighth)
 * @sk: socket, locked, RCV.NXT behind the FIN; the caller holds a reference
 */
void tern_close_fin_rcvd(struct sock *sk)
{
	struct tern_sock *tp = tern_sk(sk);

	tp->rcv.fin = true;
	WRITE_ONCE(sk->sk_shutdown, sk->sk_shutdown | RCV_SHUTDOWN);
	sock_set_flag(sk, SOCK_DONE);
	tern_ack_soon(sk);

	switch (sk->sk_state) {
	case TCP_SYN_RECV:
	case TCP_ESTABLISHED:
		tern_state_set(sk, TCP_CLOSE_WAIT, "fin");
		/* A reader that closes at once merges ACK and FIN. */
		tp->ack.now = false;
		tp->ack.pingpong = true;
		break;
	case TCP_FIN_WAIT1:
		tern_state_set(sk, TCP_CLOSING, "fin");
		break;
	case TCP_FIN_WAIT2:
		tern_ack_flush(sk);
		tern_timewait_enter(sk, "fin");
		break;
	}
	if (sock_flag(sk, SOCK_DEAD))
		return;
	sk->sk_state_change(sk);
	if (sk->sk_shutdown == SHUTDOWN_MASK || sk->sk_state == TCP_CLOSE)
		sk_wake_async(sk, SOCK_WAKE_WAITD, POLL_HUP);
	else
		sk_wake_async(sk, SOCK_WAKE_WAITD, POLL_IN);
}

/* Bytes that came and were not read are lost with close(): RFC 1122 4.2.2.13 */
static bool drop_unread(struct sock *sk)
{
	struct tern_sock *tp = tern_sk(sk);
	struct sk_buff *skb;
	bool unread = false;

	while ((skb = __skb_dequeue(&sk->sk_receive_queue))) {
		u32 end = tern_cb(skb)->end_seq;

		if (tern_cb(skb)->flags & TERN_FLAG_FIN)
			end--;
		if (tern_seq_after(end, tp->rcv.copied))
			unread = true;
		__kfree_skb(skb);
		cond_resched();
	}
	return unread;
}

/* SO_LINGER: until our FIN is acknowledged, @timeout at most */
static void linger(struct sock *sk, long timeout)
{
	DEFINE_WAIT_FUNC(wait, woken_wake_function);

	add_wait_queue(sk_sleep(sk), &wait);
	while (timeout && !signal_pending(current))
		if (sk_wait_event(sk, &timeout,
				  !((1 << sk->sk_state) &
				    (TCPF_FIN_WAIT1 | TCPF_CLOSING |
				     TCPF_LAST_ACK)), &wait))
			break;
	remove_wait_queue(sk_sleep(sk), &wait);
}

/* The file is going: what must happen to the connection? */
static void close_user(struct sock *sk, long timeout)
{
	struct tern_net *tn = tern_sk_net(sk);

	if (drop_unread(sk) && sk->sk_state != TCP_CLOSE) {
		TERN_INC(tn, TCPAbortOnClose);
		tern_close_abort(sk, ECONNRESET, "unread");
	} else if (sock_flag(sk, SOCK_LINGER) && !sk->sk_lingertime) {
		tern_close_abort(sk, ECONNRESET, "linger 0");
	} else if (sk->sk_state == TCP_SYN_SENT) {
		tern_sock_done(sk, "close");
	} else if (sk->sk_state != TCP_CLOSE &&
		   (atomic_read(&tn->orphans) >= tern_knob(tn, max_orphans) ||
		    tern_sock_short_of_memory(sk))) {
		/* Its long farewell is one too many, or too dear. */
		TERN_INC(tn, TCPAbortOnMemory);
		tern_close_abort(sk, ENOMEM, "orphans");
	} else {
		close_send(sk);
	}
	linger(sk, timeout);
}

/* In FIN-WAIT-2 already: its time as an orphan begins now. */
static void close_orphan(struct sock *sk)
{
	tern_clock(tern_sk(sk));
	if (sk->sk_state == TCP_FIN_WAIT2)
		orphan_fin_wait2(sk);
}

/**
 * tern_close() - close(2) of a socket that is no listener
 * @sk: socket, not locked; proto.close by way of socket.c
 * @timeout: how long to linger
 */
void tern_close(struct sock *sk, long timeout)
{
	struct net *net = sk->sk_net_refcnt ? get_net(sock_net(sk)) : NULL;
	bool closed;

	/* An orphan doesn't hold its namespace, whose exit must find us gone. */
	lock_sock(sk);
	WRITE_ONCE(sk->sk_shutdown, SHUTDOWN_MASK);
	close_user(sk, timeout);

	sock_hold(sk);
	closed = sk->sk_state == TCP_CLOSE;
	tern_orphan_make(sk);
	release_sock(sk);

	/*
	 * Nobody else can own it now; what the backlog brought has run with
	 * SOCK_DEAD set and may have ended it.
	 */
	local_bh_disable();
	bh_lock_sock(sk);
	if (closed)
		tern_sock_done(sk, "close");
	else
		close_orphan(sk);
	bh_unlock_sock(sk);
	local_bh_enable();
	sock_put(sk);
	if (net)
		put_net(net);
}

/**
 * tern_close_disconnect() - connect(AF_UNSPEC), or shutdown of SYN-SENT
 * @sk: socket, locked; proto.disconnect
 * @flags: O_NONBLOCK
 *
 * Return: 0.
 */
int tern_close_disconnect(struct sock *sk, int flags)
{
	struct tern_net *tn = tern_sk_net(sk);
	struct tern_sock *tp = tern_sk(sk);

	if (sk->sk_state != TCP_CLOSE)
		tern_close_abort(sk, ECONNRESET, "disconnect");
	tern_sock_purge(sk);
	if (!(sk->sk_userlocks & SOCK_BINDPORT_LOCK) && tp->ep.bind)
		tern_hash_put_port(tn, &tp->ep);
	tern_sock_unname(sk);
	sk_set_peek_off(sk, -1);
	sk_dst_reset(sk);
	if (sk->sk_frag.page) {
		put_page(sk->sk_frag.page);
		sk->sk_frag.page = NULL;
		sk->sk_frag.offset = 0;
	}
	WRITE_ONCE(sk->sk_shutdown, 0);
	sock_reset_flag(sk, SOCK_DONE);
	tern_sock_reset_tcb(sk);
	sk_error_report(sk);
	return 0;
}
