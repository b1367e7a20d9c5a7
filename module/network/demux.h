/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _TERN_DEMUX_H
#define _TERN_DEMUX_H

#include "core/tcb.h"

/* A segment, data at its ternhdr, under RCU; consumes it. */
int tern_demux_arrives(struct sk_buff *skb, int iif, int sdif, bool check_ok);
int tern_demux_backlog_rcv(struct sock *sk, struct sk_buff *skb);

#endif
