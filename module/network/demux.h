/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _TERN_DEMUX_H
#define _TERN_DEMUX_H

#include "core/tcb.h"

/* A segment, data at its ternhdr, under RCU; consumes it, unless it returns an error. */
int tern_demux_arrives(struct sk_buff *skb, int iif, int sdif, bool check_ok);
/* Counted, or NULL. */
struct tern_ep *tern_demux_find(struct tern_net *tn, struct tern_tuple *t);
int tern_demux_backlog_rcv(struct sock *sk, struct sk_buff *skb);

#endif
