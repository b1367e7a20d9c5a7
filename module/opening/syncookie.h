/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _TERN_SYNCOOKIE_H
#define _TERN_SYNCOOKIE_H

#include "core/tcb.h"

/* A SYN for a listener passed its checks, but nothing is to be kept of it. */
enum skb_drop_reason tern_syncookie_answer(struct sock *listener,
					   struct sk_buff *skb,
					   const struct tern_tuple *t);
/* An ACK for a listener: does it answer a cookie? As tern_synrecv_rcv(). */
enum skb_drop_reason tern_syncookie_rcv(struct sock *listener,
					struct sk_buff *skb,
					const struct tern_tuple *t,
					struct sock **child);

#endif
