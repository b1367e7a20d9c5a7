/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _TERN_RESET_H
#define _TERN_RESET_H

#include "core/tcb.h"

/* RFC 9293 3.10.7.1: RST in answer to @skb, never to a RST. @t: as seen here */
void tern_reset_reply(struct net *net, const struct sock *sk,
		      const struct tern_tuple *t, const struct sk_buff *skb);
/* Active reset of a connection. */
void tern_reset_send(struct sock *sk);
/* RFC 9293 3.10.7.4 second, RFC 5961 3: a RST came; nonzero when done. */
enum skb_drop_reason tern_reset_rcv(struct sock *sk, struct sk_buff *skb);

#endif
