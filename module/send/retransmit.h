/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _TERN_RETRANSMIT_H
#define _TERN_RETRANSMIT_H

#include "core/tcb.h"
#include "recovery.h"

u32 tern_retransmit_rto_us(const struct sock *sk);
u64 tern_retransmit_rto_ns(const struct sock *sk);
/* @skb went out for the first time; a push is over. */
void tern_retransmit_sent(struct sock *sk, struct sk_buff *skb);
void tern_retransmit_pushed(struct sock *sk);
/* SND.UNA advanced, or a timer ran: set RTO or probe anew. */
void tern_retransmit_rearm(struct sock *sk);
/* SYN of connect() or simultaneous open went out: RTO runs. */
void tern_retransmit_syn_sent(struct sock *sk);
void tern_retransmit_syn_soon(struct sock *sk);
/* Take what @ack covers off the queue. */
void tern_retransmit_clean(struct sock *sk, u32 ack, struct tern_ack_info *ai);
/* Resend lost segments as cwnd allows. */
void tern_retransmit_lost(struct sock *sk);
/* When to look next whether time is used up */
u64 tern_retransmit_until(const struct sock *sk, u64 start_ns, u64 due_ns);
bool tern_retransmit_shed(struct sock *sk);
/* True when retries or time are used up; the connection is gone then. */
bool tern_retransmit_give_up(struct sock *sk, u32 retries, u32 max,
			     u64 start_ns);
/* Loss probe: repeat the last segment; then, whatever was sent, the RTO runs */
void tern_retransmit_probe(struct sock *sk);
void tern_retransmit_probed(struct sock *sk);
/* Timers */
void tern_retransmit_expire(struct sock *sk);
void tern_retransmit_reorder_expire(struct sock *sk);
void tern_retransmit_trace(struct sock *sk);

#endif
