// SPDX-License-Identifier: GPL-2.0
/*
 * The send queue, sk_write_queue: everything from SND.UNA on; tp->snd.head is
 * the first segment not yet sent. Segments are large; they are cut on the way
 * out (GSO), and here when a part of one has a fate of its own.
 */
#include "queue.h"
#include "core/sock.h"
#include "mtu.h"

/**
 * tern_queue_alloc() - an empty segment for the send queue
 * @sk: socket, locked
 * @gfp: allocation flags
 * @must: whatever the sysctl mem says: the connection could not go on
 *
 * Return: the segment, headroom reserved, memory granted; NULL otherwise.
 */
struct sk_buff *tern_queue_alloc(struct sock *sk, gfp_t gfp, bool must)
{
	struct sk_buff *skb = alloc_skb_fclone(TERN_MAX_HEADER, gfp);

	if (unlikely(!skb))
		goto pressure;
	if (must) {
		tern_sock_force_memory(sk, skb->truesize);
	} else if (unlikely(!sk_wmem_schedule(sk, skb->truesize))) {
		__kfree_skb(skb);
		goto pressure;
	}
	skb_reserve(skb, TERN_MAX_HEADER);
	return skb;

pressure:
	sk->sk_prot->enter_memory_pressure(sk);
	sk_stream_moderate_sndbuf(sk);
	return NULL;
}

/**
 * tern_queue_append() - put a segment at the tail of the send queue
 * @sk: socket, locked
 * @skb: from tern_queue_alloc(); its sequence numbers are set here
 */
void tern_queue_append(struct sock *sk, struct sk_buff *skb)
{
	struct tern_sock *tp = tern_sk(sk);
	struct tern_skb_cb *cb = tern_cb(skb);

	memset(cb, 0, sizeof(*cb));
	cb->seq = tp->snd.write_seq;
	cb->end_seq = tp->snd.write_seq;
	cb->flags = TERN_FLAG_ACK;
	skb->ip_summed = CHECKSUM_PARTIAL;
	/* The headroom is the clone's that goes out: it need not be copied. */
	__skb_header_release(skb);
	__skb_queue_tail(&sk->sk_write_queue, skb);
	sk_wmem_queued_add(sk, skb->truesize);
	sk_mem_charge(sk, skb->truesize);
	if (!tp->snd.head)
		tp->snd.head = skb;
}

/**
 * tern_queue_max_segs() - wire segments that one skb may be cut into
 * @sk: socket, locked
 * @mss: payload bytes of each
 *
 * The core has taken the headers off the device's size, which may leave
 * nothing; but for extension headers (RFC 8200 4), which can be longer.
 */
u32 tern_queue_max_segs(struct sock *sk, u16 mss)
{
	u32 bytes = min(READ_ONCE(sk->sk_gso_max_size),
			GSO_LEGACY_MAX_SIZE - TERN_MAX_HEADER);
	u32 options = min_t(u32, bytes, tern_sk(sk)->snd.opt_len);
	u32 segs = min_t(u32, (bytes - options) / mss,
			 READ_ONCE(sk->sk_gso_max_segs));

	if (!sk_can_gso(sk))
		return 1;
	return max(segs, 1U);
}

/**
 * tern_queue_goal() - payload bytes to gather in one queued segment
 * @sk: socket, locked
 *
 * Many MSS where the device takes them, never more than half of the largest
 * window seen.
 */
u32 tern_queue_goal(struct sock *sk)
{
	struct tern_sock *tp = tern_sk(sk);
	u16 mss = tern_mtu_current(sk);
	u32 goal = mss * tern_queue_max_segs(sk, mss);

	if (tp->snd.max_wnd)
		goal = min(goal, max_t(u32, tp->snd.max_wnd >> 1, mss));
	return max_t(u32, goal - goal % mss, mss);
}

/**
 * tern_queue_set_pcount() - how a segment is cut on the wire
 * @skb: not shared with a clone, or the cut is as before
 * @mss: payload bytes of each piece
 */
void tern_queue_set_pcount(struct sk_buff *skb, u16 mss)
{
	struct tern_skb_cb *cb = tern_cb(skb);
	struct skb_shared_info *si = skb_shinfo(skb);

	cb->mss = mss;
	if (skb->len <= mss) {
		cb->pcount = 1;
		si->gso_size = 0;
		si->gso_segs = 0;
		si->gso_type = 0;
		return;
	}
	cb->pcount = DIV_ROUND_UP(skb->len, mss);
	si->gso_size = mss;
	si->gso_segs = cb->pcount;
	si->gso_type = SKB_GSO_SCTP;
}

/**
 * tern_queue_unclone() - a queued segment that no clone below shares
 * @skb: segment of sk_write_queue
 *
 * Return: 0 or -ENOMEM.
 */
int tern_queue_unclone(struct sk_buff *skb)
{
	if (skb_unclone(skb, GFP_ATOMIC))
		return -ENOMEM;
	__skb_header_release(skb);
	return 0;
}

/* Is the overhead of what was cut more than twice what the buffer may have? */
static bool too_many(const struct sock *sk, const struct sk_buff *skb)
{
	u64 limit = READ_ONCE(sk->sk_sndbuf) +
		    2ULL * SKB_TRUESIZE(GSO_LEGACY_MAX_SIZE);

	return (u64)READ_ONCE(sk->sk_wmem_queued) >> 1 > limit &&
	       skb != tern_sk(sk)->snd.head &&
	       skb != tern_queue_oldest(sk) &&
	       tern_queue_next_sent(sk, skb);
}

/**
 * tern_queue_split() - cut a queued segment in two
 * @sk: socket, locked
 * @skb: segment of sk_write_queue
 * @len: payload bytes that stay in @skb; less than it has
 * @mss: payload bytes of a piece on the wire
 *
 * Marks and times are copied; pcount of both is set anew, the caller keeps
 * its sums. A peer that picks pieces out of what was sent can't make the queue
 * grow without end: its overhead has a limit, but for both ends of what was
 * sent, without which the connection could not go on.
 *
 * Return: 0 or -ENOMEM, then nothing has changed.
 */
int tern_queue_split(struct sock *sk, struct sk_buff *skb, u32 len, u16 mss)
{
	struct tern_skb_cb *cb = tern_cb(skb);
	u32 moved = skb->len - len;
	struct sk_buff *rest;

	if (unlikely(too_many(sk, skb))) {
		TERN_INC(tern_sk_net(sk), TCPWqueueTooBig);
		return -ENOMEM;
	}
	if (tern_queue_unclone(skb))
		return -ENOMEM;
	rest = tern_queue_alloc(sk, GFP_ATOMIC, true);
	if (!rest)
		return -ENOMEM;
	/* Linear data would need room there: the queue has page frags only. */
	if (WARN_ON_ONCE(skb_headlen(skb))) {
		__kfree_skb(rest);
		return -ENOMEM;
	}
	sk_wmem_queued_add(sk, rest->truesize);
	sk_mem_charge(sk, rest->truesize);

	*tern_cb(rest) = *cb;
	tern_cb(rest)->seq = cb->seq + len;
	cb->end_seq = cb->seq + len;
	cb->flags &= ~(TERN_FLAG_FIN | TERN_FLAG_PSH);
	skb_split(skb, rest, len);
	rest->ip_summed = CHECKSUM_PARTIAL;
	__skb_header_release(rest);
	rest->truesize += moved;
	skb->truesize -= moved;
	tern_queue_set_pcount(skb, mss);
	tern_queue_set_pcount(rest, mss);
	__skb_queue_after(&sk->sk_write_queue, skb, rest);
	return 0;
}
