/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _TERN_LISTEN_H
#define _TERN_LISTEN_H

#include "core/tcb.h"

int tern_listen(struct socket *sock, int backlog);	/* proto_ops.listen */
void tern_listen_stop(struct sock *sk);			/* socket lock held */
/* *@child as in synrecv.h */
enum skb_drop_reason tern_listen_rcv(struct sock *sk, struct sk_buff *skb,
				     const struct tern_tuple *t,
				     const u32 *tw_iss, struct sock **child);

#endif
