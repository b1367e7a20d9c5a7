/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _TERN_QUEUE_H
#define _TERN_QUEUE_H

#include "core/tcb.h"

struct sk_buff *tern_queue_alloc(struct sock *sk, gfp_t gfp, bool must);
/* Append an empty segment at write_seq; charges its memory. */
void tern_queue_append(struct sock *sk, struct sk_buff *skb);
u32 tern_queue_max_segs(struct sock *sk, u16 mss);
/* Payload bytes to gather in one queued segment (many MSS). */
u32 tern_queue_goal(struct sock *sk);
int tern_queue_unclone(struct sk_buff *skb);
int tern_queue_split(struct sock *sk, struct sk_buff *skb, u32 len, u16 mss);
void tern_queue_set_pcount(struct sk_buff *skb, u16 mss);

/* The oldest segment not acknowledged, NULL when all are. */
static inline struct sk_buff *tern_queue_oldest(const struct sock *sk)
{
	struct sk_buff *skb = skb_peek(&sk->sk_write_queue);

	return skb == tern_sk(sk)->snd.head ? NULL : skb;
}

/* The one sent after @skb, NULL when it was the last. */
static inline struct sk_buff *tern_queue_next_sent(const struct sock *sk,
						   const struct sk_buff *skb)
{
	struct sk_buff *next = skb->next;

	if (next == (struct sk_buff *)&sk->sk_write_queue ||
	    next == tern_sk(sk)->snd.head)
		return NULL;
	return next;
}

/* The one sent last, NULL when all are acknowledged */
static inline struct sk_buff *tern_queue_newest(const struct sock *sk)
{
	const struct sk_buff *head = tern_sk(sk)->snd.head;
	struct sk_buff *skb = head ? head->prev : sk->sk_write_queue.prev;

	return skb == (struct sk_buff *)&sk->sk_write_queue ? NULL : skb;
}

#endif
