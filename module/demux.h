/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _TERN_DEMUX_H
#define _TERN_DEMUX_H

#include "tcb.h"

/* A segment whose checksum holds, data at its ternhdr; consumes it. */
int tern_demux_rcv(struct sk_buff *skb, const struct tern_af_ops *af);
int tern_demux_backlog_rcv(struct sock *sk, struct sk_buff *skb);

#endif
