// SPDX-License-Identifier: GPL-2.0
/*
 * Text and FIN of a segment (RFC 9293 3.10.7.4 sixth to eighth): in order to
 * the receive queue, else to reasm; never beyond the window or the memory
 * that the socket may use. URG is not supported: its data is in-line.
 */
#include "input_data.h"
#include "core/sock.h"
#include "send/window.h"
#include "send/ack.h"
#include "closing/close.h"

static bool full(const struct sock *sk)
{
	return atomic_read(&sk->sk_rmem_alloc) > READ_ONCE(sk->sk_rcvbuf);
}

/* Memory for @skb: in the buffer, of the machine (net.tern.mem), of the cgroup */
static bool grant(struct sock *sk, struct sk_buff *skb)
{
	return !full(sk) && sk_rmem_schedule(sk, skb, skb->truesize);
}

/*
 * Give up the farthest segments out of order, but none for a farther one: half
 * of a buffer that is full, else as many as it takes.
 */
static void prune(struct sock *sk, struct sk_buff *skb)
{
	struct tern_sock *tp = tern_sk(sk);
	u32 seq = tern_cb(skb)->seq;
	int half = READ_ONCE(sk->sk_rcvbuf) / 2;
	bool was_full = full(sk);

	if (!tern_reasm_beyond(&tp->reasm, seq))
		return;
	TERN_INC(tern_sk_net(sk), OfoPruned);
	do {
		__kfree_skb(tern_reasm_prune(&tp->reasm));
	} while (tern_reasm_beyond(&tp->reasm, seq) &&
		 (was_full ? atomic_read(&sk->sk_rmem_alloc) > half :
			     !grant(sk, skb)));
}

/* Does it weigh more than the window counts on, twice its payload? */
static bool heavy(const struct sk_buff *skb)
{
	return skb->truesize > 2 * skb->len &&
	       !(tern_cb(skb)->flags & TERN_FLAG_FIN);
}

/* Payload of @skb to the end of @to, which it follows or overlaps */
static void move(struct sk_buff *to, struct sk_buff *skb)
{
	u32 off = tern_cb(to)->end_seq - tern_cb(skb)->seq;
	unsigned int n = skb->len - off;

	WARN_ON_ONCE(skb_copy_bits(skb, off, skb_put(to, n), n));
	tern_cb(to)->end_seq = tern_cb(skb)->end_seq;
	to->tstamp = skb->tstamp;
}

/*
 * Small segments weigh more than what the window leaves them: move together,
 * a page at a time, the payload of those that stand in a row. What they were
 * charged is more than what is charged now. Once: what finds no room adds
 * nothing to the queue.
 */
static void collapse(struct sock *sk)
{
	struct sk_buff_head *q = &sk->sk_receive_queue;
	struct sk_buff *skb = skb_peek(q), *end, *to;
	struct tern_sock *tp = tern_sk(sk);

	if (tp->rcv.collapsed)
		return;
	while (skb) {
		unsigned int segs = 0, bytes = 0;

		for (end = skb; end && heavy(end) &&
		     bytes + end->len <= SKB_MAX_ORDER(0, 0);
		     end = skb_peek_next(end, q)) {
			bytes += end->len;
			segs++;
		}
		if (segs < 2) {
			skb = skb_peek_next(skb, q);
			continue;
		}
		to = alloc_skb(bytes, GFP_ATOMIC | __GFP_NOWARN);
		if (!to)
			return;
		*tern_cb(to) = *tern_cb(skb);
		tern_cb(to)->end_seq = tern_cb(skb)->seq;
		skb_set_owner_r(to, sk);
		__skb_queue_before(q, skb, to);
		TERN_ADD(tern_sk_net(sk), TCPRcvCollapsed, segs);
		while (skb != end) {
			struct sk_buff *next = skb_peek_next(skb, q);

			move(to, skb);
			__skb_unlink(skb, q);
			__kfree_skb(skb);
			skb = next;
		}
	}
	tp->rcv.collapsed = true;
}

static bool room_for(struct sock *sk, struct sk_buff *skb)
{
	if (likely(grant(sk, skb)))
		return true;
	collapse(sk);
	if (grant(sk, skb))
		return true;
	prune(sk, skb);
	return grant(sk, skb);
}

/*
 * In order, for a reader who has nothing: or the connection could not go on
 * while others hold the memory. Nor could it end without a FIN.
 */
static bool must_take(const struct sock *sk, const struct sk_buff *skb)
{
	return !skb->len || skb_queue_empty(&sk->sk_receive_queue);
}

/*
 * To the tail of the receive queue, joined with its last segment if it fits.
 * Bytes that were had already stay where they are: the reader goes by numbers.
 */
static void queue_in_order(struct sock *sk, struct sk_buff *skb)
{
	struct sk_buff *tail = skb_peek_tail(&sk->sk_receive_queue);
	struct tern_skb_cb *cb = tern_cb(skb);
	bool stolen;
	int delta;

	tern_sk(sk)->rcv.nxt = cb->end_seq;
	if (tail && tern_cb(tail)->end_seq == cb->seq &&
	    !(tern_cb(tail)->flags & TERN_FLAG_FIN) &&
	    skb_try_coalesce(tail, skb, &stolen, &delta)) {
		atomic_add(delta, &sk->sk_rmem_alloc);
		sk_mem_charge(sk, delta);
		tern_cb(tail)->end_seq = cb->end_seq;
		tern_cb(tail)->flags |= cb->flags & TERN_FLAG_FIN;
		TERN_INC(tern_sk_net(sk), TCPRcvCoalesce);
		kfree_skb_partial(skb, stolen);
		return;
	}
	__skb_queue_tail(&sk->sk_receive_queue, skb);
	tern_sk(sk)->rcv.collapsed = false;
	if (!skb->destructor)
		skb_set_owner_r(skb, sk);
}

/* RCV.NXT moved: what waited out of order may follow (seventh). */
static bool drain(struct sock *sk)
{
	struct tern_sock *tp = tern_sk(sk);
	struct sk_buff *skb;
	bool fin = false;

	while ((skb = tern_reasm_pull(&tp->reasm, tp->rcv.nxt))) {
		if (!tern_seq_after(tern_cb(skb)->end_seq, tp->rcv.nxt)) {
			__kfree_skb(skb);
			continue;
		}
		fin |= tern_cb(skb)->flags & TERN_FLAG_FIN;
		queue_in_order(sk, skb);
	}
	tern_reasm_advance(&tp->reasm, tp->rcv.nxt);
	return fin;
}

/* Only the reader can make some. */
static enum skb_drop_reason no_room(struct sock *sk)
{
	TERN_INC(tern_sk_net(sk), TCPRcvQDrop);
	tern_sk(sk)->rcv.nomem = true;
	tern_ack_soon(sk);
	if (!sock_flag(sk, SOCK_DEAD))
		sk->sk_data_ready(sk);
	return SKB_DROP_REASON_SOCKET_RCVBUFF;
}

static enum skb_drop_reason in_order(struct sock *sk, struct sk_buff *skb)
{
	struct tern_sock *tp = tern_sk(sk);
	bool fin = tern_cb(skb)->flags & TERN_FLAG_FIN;
	u32 before = tp->rcv.nxt;

	if (unlikely(!room_for(sk, skb))) {
		if (!must_take(sk, skb))
			return no_room(sk);
		tern_sock_force_memory(sk, skb->truesize);
	}
	/* The estimate needs the length before the skb may be joined. */
	tp->rcv.nxt = tern_cb(skb)->end_seq;
	tern_ack_data(sk, skb);
	queue_in_order(sk, skb);
	if (unlikely(!tern_reasm_empty(&tp->reasm)))
		fin |= drain(sk);
	tp->rcv.bytes += tp->rcv.nxt - before;
	if (fin) {
		tp->rcv.bytes--;
		tern_close_fin_rcvd(sk);
	}
	if (!sock_flag(sk, SOCK_DEAD) &&
	    (sk->sk_state == TCP_CLOSE || fin ||
	     tern_window_readable(sk, READ_ONCE(sk->sk_rcvlowat))))
		sk->sk_data_ready(sk);
	return TERN_GO_ON;
}

static enum skb_drop_reason out_of_order(struct sock *sk, struct sk_buff *skb)
{
	struct tern_sock *tp = tern_sk(sk);
	struct sk_buff *obsolete = NULL, *next;
	u32 seq = tern_cb(skb)->seq, end = tern_cb(skb)->end_seq;
	bool stolen = false;
	int delta = 0;

	tern_ack_soon(sk);
	if (unlikely(!room_for(sk, skb))) {
		TERN_INC(tern_sk_net(sk), TCPOFODrop);
		return SKB_DROP_REASON_PROTO_MEM;
	}
	TERN_INC(tern_sk_net(sk), TCPOFOQueue);
	tp->rcv.ooo += max_t(u32, 1, skb_shinfo(skb)->gso_segs);
	switch (tern_reasm_insert(&tp->reasm, skb, &stolen, &delta,
				  &obsolete)) {
	case TERN_REASM_QUEUED:
		skb_set_owner_r(skb, sk);
		break;
	case TERN_REASM_MERGED:
		atomic_add(delta, &sk->sk_rmem_alloc);
		sk_mem_charge(sk, delta);
		kfree_skb_partial(skb, stolen);
		break;
	case TERN_REASM_DUP:
		tern_reasm_note_dup(&tp->reasm, seq, end);
		__kfree_skb(skb);
		break;
	case TERN_REASM_NOMEM:
		TERN_INC(tern_sk_net(sk), TCPOFODrop);
		return SKB_DROP_REASON_NOMEM;
	}
	if (!tern_knob(tern_sk_net(sk), dsack))
		tp->reasm.has_dup = false;
	for (; obsolete; obsolete = next) {
		next = obsolete->next;
		obsolete->next = NULL;
		__kfree_skb(obsolete);
	}
	return TERN_GO_ON;
}

/* Wholly before RCV.NXT: had already; say so (RFC 2883 4). */
static enum skb_drop_reason old_data(struct sock *sk, struct sk_buff *skb)
{
	tern_ack_dup(sk, skb);
	tern_ack_soon(sk);
	return SKB_DROP_REASON_TCP_OLD_DATA;
}

/* The peer's FIN was taken: what comes again was not acknowledged there. */
static bool fin_was_taken(int state)
{
	return (1 << state) & (TCPF_CLOSE_WAIT | TCPF_CLOSING | TCPF_LAST_ACK);
}

/* States in which text or FIN has a meaning (RFC 9293 3.10.7.4 seventh) */
static bool takes_text(int state)
{
	return (1 << state) & (TCPF_ESTABLISHED | TCPF_FIN_WAIT1 |
			       TCPF_FIN_WAIT2);
}

/**
 * tern_input_data() - text and FIN (RFC 9293 3.10.7.4 sixth to eighth)
 * @sk: socket, locked; the caller holds a reference
 * @skb: the segment, acceptable, header still in front
 *
 * Return: 0 when the segment was taken; else why the caller is to free it.
 */
enum skb_drop_reason tern_input_data(struct sock *sk, struct sk_buff *skb)
{
	struct tern_sock *tp = tern_sk(sk);
	struct tern_skb_cb *cb = tern_cb(skb);
	u32 wnd_end;

	if (cb->seq != cb->end_seq && fin_was_taken(sk->sk_state) &&
	    tern_seq_before(cb->seq, tp->rcv.nxt))
		return old_data(sk, skb);
	if (cb->seq == cb->end_seq || !takes_text(sk->sk_state)) {
		__kfree_skb(skb);
		return TERN_GO_ON;
	}
	/* Nobody will read it (RFC 1122 4.2.2.13) */
	if (sk->sk_state != TCP_ESTABLISHED &&
	    (sk->sk_shutdown & RCV_SHUTDOWN) &&
	    tern_seq_after(cb->end_seq - !!(cb->flags & TERN_FLAG_FIN),
			   tp->rcv.nxt)) {
		TERN_INC(tern_sk_net(sk), TCPAbortOnData);
		tern_close_abort(sk, ECONNRESET, "data after close");
		return SKB_DROP_REASON_TCP_CLOSE;
	}
	skb_dst_drop(skb);
	skb->dev = NULL;
	__skb_pull(skb, tern_hdrlen(skb));

	if (!tern_seq_after(cb->end_seq, tp->rcv.nxt))
		return old_data(sk, skb);
	wnd_end = tp->rcv.nxt + tern_rcv_window(tp);
	if (!tern_seq_before(cb->seq, wnd_end)) {
		if (tern_rcv_window(tp) || skb->len) {
			TERN_INC(tern_sk_net(sk), TCPZeroWindowDrop);
			tern_ack_soon(sk);
			return SKB_DROP_REASON_TCP_OVERWINDOW;
		}
	}
	/* What lies beyond the window is cut off, its FIN with it. */
	if (tern_seq_after(cb->end_seq - !!(cb->flags & TERN_FLAG_FIN),
			   wnd_end)) {
		if (pskb_trim(skb, wnd_end - cb->seq))
			return SKB_DROP_REASON_NOMEM;
		cb->end_seq = wnd_end;
		cb->flags &= ~TERN_FLAG_FIN;
		if (!tern_seq_after(wnd_end, tp->rcv.nxt)) {
			TERN_INC(tern_sk_net(sk), TCPZeroWindowDrop);
			tern_ack_soon(sk);
			return SKB_DROP_REASON_TCP_ZEROWINDOW;
		}
	}
	if (tern_seq_after(cb->seq, tp->rcv.nxt))
		return out_of_order(sk, skb);
	if (tern_seq_before(cb->seq, tp->rcv.nxt)) {
		tern_ack_dup(sk, skb);
		tern_ack_soon(sk);
	}
	return in_order(sk, skb);
}
