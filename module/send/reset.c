// SPDX-License-Identifier: GPL-2.0
/*
 * RST out, in answer (RFC 9293 3.5.2, 3.10.7.1) and of our own accord, and
 * RST in (RFC 9293 3.5.3, RFC 5961 3).
 */
#include "reset.h"
#include "ack.h"
#include "core/sock.h"
#include "xmit.h"

/**
 * tern_reset_reply() - RST in answer to a segment (RFC 9293 3.10.7.1)
 * @net: namespace
 * @sk: listener or connection whose the RST is, or NULL
 * @t: 4-tuple as seen from here
 * @skb: the segment; a RST is never answered
 */
void tern_reset_reply(struct net *net, const struct sock *sk,
		      const struct tern_tuple *t, const struct sk_buff *skb)
{
	const struct tern_skb_cb *cb = tern_cb(skb);
	int oif = sk ? READ_ONCE(sk->sk_bound_dev_if) : 0;

	if (cb->flags & TERN_FLAG_RST)
		return;
	if (!oif)
		oif = tern_skb_vrf(skb);
	if (cb->flags & TERN_FLAG_ACK)
		tern_xmit_reply(net, sk, oif, t, cb->ack, 0, TERN_FLAG_RST,
				0, NULL, skb);
	else
		tern_xmit_reply(net, sk, oif, t, 0, cb->end_seq,
				TERN_FLAG_RST | TERN_FLAG_ACK, 0, NULL, skb);
}

/**
 * tern_reset_send() - reset a connection (RFC 9293 3.10.5)
 * @sk: socket, locked
 */
void tern_reset_send(struct sock *sk)
{
	struct tern_net *tn = tern_sk_net(sk);
	struct tern_sock *tp = tern_sk(sk);

	tern_clock(tp);
	TERN_INC(tn, OutRsts);
	if (tern_xmit_control(sk, tern_xmit_seq(sk),
			      TERN_FLAG_RST | TERN_FLAG_ACK))
		TERN_INC(tn, TCPAbortFailed);
}

/* What the user reads in SO_ERROR */
static int reset_errno(int state)
{
	switch (state) {
	case TCP_SYN_SENT:
	case TCP_SYN_RECV:
		return ECONNREFUSED;
	case TCP_CLOSE_WAIT:
		return EPIPE;
	default:
		return ECONNRESET;
	}
}

/**
 * tern_reset_rcv() - a RST came (RFC 9293 3.10.7.4 second, RFC 5961 3.2)
 * @sk: socket in a synchronised state or SYN-RECEIVED, locked; the caller
 *	holds a reference
 * @skb: the segment, acceptable by sequence
 *
 * Exactly RCV.NXT resets, any other place in the window is challenged.
 * Return: why the segment is dropped; never 0.
 */
enum skb_drop_reason tern_reset_rcv(struct sock *sk, struct sk_buff *skb)
{
	struct tern_sock *tp = tern_sk(sk);
	int state = sk->sk_state;

	if (tern_cb(skb)->seq != tp->rcv.nxt) {
		tern_ack_challenge(sk);
		return SKB_DROP_REASON_TCP_RESET;
	}
	if (state == TCP_ESTABLISHED || state == TCP_CLOSE_WAIT)
		TERN_INC(tern_sk_net(sk), EstabResets);
	tern_sock_abort(sk, reset_errno(state), "rst");
	return SKB_DROP_REASON_TCP_RESET;
}
