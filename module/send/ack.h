/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _TERN_ACK_H
#define _TERN_ACK_H

#include "core/tcb.h"

/* In-order data of @skb was taken: acknowledge now or later. */
void tern_ack_data(struct sock *sk, const struct sk_buff *skb);
void tern_ack_soon(struct sock *sk);		/* mark: at once, by flush */
void tern_ack_flush(struct sock *sk);		/* end of input: send or arm */
void tern_ack_expire(struct sock *sk);
void tern_ack_enter_quick(struct sock *sk);
/* RFC 5961 7: challenge ACK, limited per namespace. */
void tern_ack_challenge(struct sock *sk);
/* Answer to an unacceptable segment, limited by invalid_ratelimit. */
void tern_ack_invalid(struct sock *sk, const struct sk_buff *skb,
		      enum tern_stat skipped);
void tern_ack_dup(struct sock *sk, const struct sk_buff *skb);
/* True when the answer must be withheld; updates *@last_ns otherwise. */
bool tern_ack_limited(struct tern_net *tn, u64 *last_ns, u64 now_ns);
bool tern_ack_challenge_limited(struct tern_net *tn, u64 now_ns);
/* The reader took @copied bytes: send the ACK or window update it frees. */
void tern_ack_copied(struct sock *sk, int copied);

#endif
