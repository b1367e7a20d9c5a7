// SPDX-License-Identifier: GPL-2.0
/*
 * Passive OPEN (RFC 9293 3.10.1), SEGMENT ARRIVES in LISTEN (RFC 9293
 * 3.10.7.2) with the rules of TCP's queues (protocol.rst, Opening), and a
 * listener's end.
 */
#include "listen.h"
#include "core/state.h"
#include "core/lhash.h"
#include "core/hash.h"
#include "core/orphan.h"
#include "core/sock.h"
#include "send/reset.h"
#include "accept.h"
#include "synrecv.h"
#include "syncookie.h"

/* CLOSED to LISTEN */
static int start(struct sock *sk, int backlog)
{
	int err = tern_hash_get_port(sk, inet_sk(sk)->inet_num);

	if (err)
		return err;
	inet_sk(sk)->inet_sport = htons(inet_sk(sk)->inet_num);
	WRITE_ONCE(sk->sk_max_ack_backlog, backlog);
	sk->sk_ack_backlog = 0;
	sk_dst_reset(sk);
	tern_sk(sk)->ep.tuple.lport = inet_sk(sk)->inet_sport;
	tern_state_set(sk, TCP_LISTEN, "listen");
	/* Of two that share the port and come here at once, one at most stays. */
	err = tern_hash_get_port(sk, inet_sk(sk)->inet_num);
	if (err)
		tern_state_set(sk, TCP_CLOSE, "port in use");
	else
		tern_lhash_add(sk);
	return err;
}

/**
 * tern_listen() - listen(2)
 * @sock: socket; proto_ops.listen
 * @backlog: somaxconn caps it before
 *
 * Return: 0, -EINVAL in a wrong state, -EADDRINUSE.
 */
int tern_listen(struct socket *sock, int backlog)
{
	struct sock *sk = sock->sk;
	int err = -EINVAL;

	lock_sock(sk);
	if (sock->state != SS_UNCONNECTED || sock->type != SOCK_STREAM)
		goto out;
	if (sk->sk_state == TCP_LISTEN) {
		WRITE_ONCE(sk->sk_max_ack_backlog, backlog);
		err = 0;
	} else if (sk->sk_state == TCP_CLOSE) {
		err = start(sk, backlog);
	}
out:
	release_sock(sk);
	return err;
}

/* A connection that nobody accepted: reset it. */
static void refuse(struct sock *child)
{
	sock_hold(child);
	local_bh_disable();
	bh_lock_sock(child);
	WARN_ON_ONCE(sock_owned_by_user(child));
	if (child->sk_state != TCP_CLOSE && child->sk_state != TCP_SYN_RECV)
		tern_reset_send(child);
	tern_orphan_make(child);
	if (child->sk_state == TCP_CLOSE)
		tern_sock_done(child, "listener closed");
	else
		tern_sock_abort(child, ECONNRESET, "listener closed");
	bh_unlock_sock(child);
	local_bh_enable();
	sock_put(child);
}

/**
 * tern_listen_stop() - LISTEN to CLOSED (RFC 9293 3.10.4)
 * @sk: listener, locked
 *
 * Entries of the SYN queue go in silence, connections not accepted are reset.
 */
void tern_listen_stop(struct sock *sk)
{
	struct sock *child;

	tern_lhash_remove(sk);
	tern_state_set(sk, TCP_CLOSE, "close");
	tern_synrecv_drain(sk);
	while ((child = tern_accept_pop(sk))) {
		refuse(child);
		cond_resched();
	}
}

/* May one more SYN be remembered? 0: yes. *@cookie: answer without memory */
static enum skb_drop_reason check_queues(struct sock *sk, bool reopened,
					 bool *cookie)
{
	struct tern_net *tn = tern_sk_net(sk);
	u32 len = READ_ONCE(tern_sk(sk)->listen.syn_len);
	int mode = tern_knob(tn, syncookies);
	u32 most = tern_knob(tn, max_syn_backlog);

	*cookie = false;
	if (tern_accept_full(sk)) {
		TERN_INC(tn, ListenOverflows);
		TERN_INC(tn, ListenDrops);
		return SKB_DROP_REASON_SOCKET_BACKLOG;
	}
	/* The SYN of a known peer passes: it ended its own TIME-WAIT. */
	if (reopened)
		return TERN_GO_ON;
	if (mode == 2 || len > READ_ONCE(sk->sk_max_ack_backlog)) {
		if (mode) {
			*cookie = true;
			TERN_INC(tn, TCPReqQFullDoCookies);
			return TERN_GO_ON;
		}
		TERN_INC(tn, TCPReqQFullDrop);
		TERN_INC(tn, ListenDrops);
		return SKB_DROP_REASON_SOCKET_BACKLOG;
	}
	/* Without cookies the last quarter is kept free. */
	if (!mode && len + (most >> 2) > most) {
		TERN_INC(tn, TCPReqQFullDrop);
		TERN_INC(tn, ListenDrops);
		return SKB_DROP_REASON_SOCKET_BACKLOG;
	}
	return TERN_GO_ON;
}

static enum skb_drop_reason rcv_syn(struct sock *sk, struct sk_buff *skb,
				    const struct tern_tuple *t,
				    const u32 *tw_iss)
{
	enum skb_drop_reason reason;
	bool cookie;

	if (tern_cb(skb)->flags & TERN_FLAG_FIN)
		return SKB_DROP_REASON_TCP_FLAGS;
	reason = check_queues(sk, tw_iss, &cookie);
	if (reason)
		return reason;
	if (cookie)
		return tern_syncookie_answer(sk, skb, t);
	return tern_synrecv_create(sk, skb, t, tw_iss);
}

/**
 * tern_listen_rcv() - a segment in LISTEN (RFC 9293 3.10.7.2)
 * @sk: listener, counted, not locked: its queues have their own lock
 * @skb: the segment
 * @t: 4-tuple as seen from here
 * @tw_iss: see tern_synrecv_create()
 * @child: see tern_synrecv_rcv()
 *
 * Return: 0 when the segment is gone, or is to be given to *@child; else why
 * it is dropped.
 */
enum skb_drop_reason tern_listen_rcv(struct sock *sk, struct sk_buff *skb,
				     const struct tern_tuple *t,
				     const u32 *tw_iss, struct sock **child)
{
	const u8 flags = tern_cb(skb)->flags;
	enum skb_drop_reason reason;

	*child = NULL;
	if (flags & TERN_FLAG_RST)
		return SKB_DROP_REASON_TCP_RESET;
	if (flags & TERN_FLAG_ACK) {
		reason = SKB_DROP_REASON_TCP_INVALID_ACK_SEQUENCE;
		if (!(flags & TERN_FLAG_SYN) &&
		    tern_knob(tern_sk_net(sk), syncookies))
			reason = tern_syncookie_rcv(sk, skb, t, child);
		if (reason == SKB_DROP_REASON_TCP_INVALID_ACK_SEQUENCE)
			tern_reset_reply(sock_net(sk), sk, t, skb);
		return reason;
	}
	if (!(flags & TERN_FLAG_SYN))
		return SKB_DROP_REASON_TCP_FLAGS;
	return rcv_syn(sk, skb, t, tw_iss);
}
