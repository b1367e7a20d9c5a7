/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _TERN_CONNECT_H
#define _TERN_CONNECT_H

#include "core/tcb.h"

/* connect(2) after the address was routed by the family; see ipv4.c */
int tern_connect_start(struct sock *sk);
void tern_connect_failed(struct sock *sk, bool had_port);
enum skb_drop_reason tern_connect_rcv(struct sock *sk, struct sk_buff *skb);

#endif
