// SPDX-License-Identifier: GPL-2.0
/*
 * SEND (RFC 9293 3.10.2): bytes from the user into page frags at the tail of
 * the send queue, as large segments as the device takes; waits for room.
 */
#include <linux/sched/signal.h>
#include "sendmsg.h"
#include "core/sock.h"
#include "send/queue.h"
#include "send/output.h"

/* May the connection take data? Waits for the handshake. 0 or -errno */
static int wait_sendable(struct sock *sk, long *timeo)
{
	int err;

	if (!((1 << sk->sk_state) & (TCPF_ESTABLISHED | TCPF_CLOSE_WAIT))) {
		err = sk_stream_wait_connect(sk, timeo);
		if (err)
			return err;
	}
	if (sk->sk_err || (sk->sk_shutdown & SEND_SHUTDOWN))
		return -EPIPE;
	return 0;
}

/* The segment to fill: the unsent tail, or a new one. NULL: wait for memory */
static struct sk_buff *tail_with_room(struct sock *sk, u32 goal)
{
	struct tern_sock *tp = tern_sk(sk);
	struct sk_buff *skb = tp->snd.head ?
			      skb_peek_tail(&sk->sk_write_queue) : NULL;

	if (skb && skb->len < goal &&
	    !(tern_cb(skb)->flags & TERN_FLAG_FIN) &&
	    (skb_shinfo(skb)->nr_frags < MAX_SKB_FRAGS ||
	     skb_can_coalesce(skb, skb_shinfo(skb)->nr_frags,
			      sk_page_frag(sk)->page,
			      sk_page_frag(sk)->offset)))
		return skb;
	if (!sk_stream_memory_free(sk))
		return NULL;
	skb = tern_queue_alloc(sk, sk->sk_allocation,
			       skb_queue_empty(&sk->sk_write_queue));
	if (skb)
		tern_queue_append(sk, skb);
	return skb;
}

/*
 * Memory for up to @copy bytes: all, or, of a socket that has next to nothing
 * queued, as many as let it go on. Bytes, 0: wait
 */
static int granted(struct sock *sk, int copy)
{
	int left;

	if (likely(sk_wmem_schedule(sk, copy)))
		return copy;
	left = SOCK_MIN_SNDBUF - sk->sk_wmem_queued;
	if (left <= 0)
		return 0;
	copy = min(copy, left);
	tern_sock_force_memory(sk, copy);
	return copy;
}

/* Copy up to @want bytes into @skb. Bytes, 0: no memory or full, or -errno */
static int fill(struct sock *sk, struct sk_buff *skb, struct msghdr *msg,
		u32 want)
{
	struct page_frag *pf = sk_page_frag(sk);
	int i = skb_shinfo(skb)->nr_frags;
	bool merge;
	int copy, err;

	if (!sk_page_frag_refill(sk, pf))
		return 0;
	merge = skb_can_coalesce(skb, i, pf->page, pf->offset);
	if (!merge && i >= MAX_SKB_FRAGS)
		return 0;
	copy = granted(sk, min_t(u32, want, pf->size - pf->offset));
	if (!copy)
		return 0;
	err = skb_copy_to_page_nocache(sk, &msg->msg_iter, skb, pf->page,
				       pf->offset, copy);
	if (err)
		return err;
	if (merge) {
		skb_frag_size_add(&skb_shinfo(skb)->frags[i - 1], copy);
	} else {
		skb_fill_page_desc(skb, i, pf->page, pf->offset, copy);
		page_ref_inc(pf->page);
	}
	pf->offset += copy;
	tern_cb(skb)->end_seq += copy;
	tern_cb(skb)->pcount = 0;
	tern_sk(sk)->snd.write_seq += copy;
	return copy;
}

/* A fault left a new segment empty: it must not stay in the queue. */
static void drop_empty_tail(struct sock *sk)
{
	struct tern_sock *tp = tern_sk(sk);
	struct sk_buff *skb = skb_peek_tail(&sk->sk_write_queue);

	if (!skb || skb->len || !tp->snd.head ||
	    (tern_cb(skb)->flags & TERN_FLAG_FIN))
		return;
	if (tp->snd.head == skb)
		tp->snd.head = NULL;
	__skb_unlink(skb, &sk->sk_write_queue);
	tern_sock_free_tx_skb(sk, skb);
}

/* Room is out: send what there is and sleep for more. 0 or -errno */
static int wait_memory(struct sock *sk, long *timeo)
{
	set_bit(SOCK_NOSPACE, &sk->sk_socket->flags);
	drop_empty_tail(sk);
	tern_output_push(sk, true);
	return sk_stream_wait_memory(sk, timeo);
}

/* A long write: let go of what makes full segments before the end. */
static void push_early(struct sock *sk)
{
	struct tern_sock *tp = tern_sk(sk);

	if (!tern_seq_after(tp->snd.write_seq,
			    tp->snd.pushed_seq + (tp->snd.max_wnd >> 1)))
		return;
	tp->snd.pushed_seq = tp->snd.write_seq;
	tern_output_push(sk, false);
}

/* The copy itself. Bytes taken, or -errno when none was */
static int copy_all(struct sock *sk, struct msghdr *msg, long *timeo)
{
	u32 goal = tern_queue_goal(sk);
	struct sk_buff *skb;
	int copied = 0, n;
	int err = 0;

	while (msg_data_left(msg)) {
		err = -EPIPE;
		if (sk->sk_err || (sk->sk_shutdown & SEND_SHUTDOWN))
			break;
		skb = tail_with_room(sk, goal);
		n = !skb ? 0 :
		    fill(sk, skb, msg, min_t(u32, msg_data_left(msg),
					     goal - min(goal, skb->len)));
		if (n > 0) {
			copied += n;
			if (skb->len >= goal)
				push_early(sk);
			continue;
		}
		err = n;
		/* Full of frags: another segment has room. */
		if (!n && skb && skb->len &&
		    skb_shinfo(skb)->nr_frags >= MAX_SKB_FRAGS) {
			goal = skb->len;
			skb = tail_with_room(sk, goal);
			goal = tern_queue_goal(sk);
			if (skb)
				continue;
		}
		if (n)
			break;
		err = wait_memory(sk, timeo);
		if (err)
			break;
		goal = tern_queue_goal(sk);
	}
	drop_empty_tail(sk);
	return copied ?: err;
}

/**
 * tern_sendmsg() - SEND (RFC 9293 3.10.2)
 * @sk: socket, not locked; proto.sendmsg
 * @msg: data and flags; MSG_OOB is not supported (RFC 6093)
 * @len: bytes of data
 *
 * Return: bytes taken, or -errno as TCP gives.
 */
int tern_sendmsg(struct sock *sk, struct msghdr *msg, size_t len)
{
	int flags = msg->msg_flags;
	long timeo;
	int ret;

	if (flags & (MSG_OOB | MSG_FASTOPEN))
		return -EOPNOTSUPP;
	if (msg->msg_controllen) {
		struct sockcm_cookie cookie;

		sockcm_init(&cookie, sk);
		ret = sock_cmsg_send(sk, msg, &cookie);
		if (ret)
			return ret;
	}
	lock_sock(sk);
	timeo = sock_sndtimeo(sk, flags & MSG_DONTWAIT);
	sk_clear_bit(SOCKWQ_ASYNC_NOSPACE, sk);
	ret = wait_sendable(sk, &timeo);
	if (!ret)
		ret = copy_all(sk, msg, &timeo);
	if (ret > 0)
		tern_output_push(sk, !(flags & MSG_MORE));
	else if (ret < 0)
		ret = sk_stream_error(sk, flags, ret);
	if (ret == -EAGAIN)
		sk->sk_write_space(sk);
	release_sock(sk);
	return ret;
}
