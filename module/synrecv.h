/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _TERN_SYNRECV_H
#define _TERN_SYNRECV_H

#include "tcb.h"

/* A SYN for a listener passed its checks: entry, or cookie, and SYN-ACK. */
enum skb_drop_reason tern_synrecv_create(struct sock *listener,
					 struct sk_buff *skb,
					 const struct tern_tuple *t,
					 const struct tern_opts *o,
					 const u32 *tw_iss);
/*
 * A segment for an entry. *@child: the connection it completed, locked by
 * bh_lock_sock_nested() and counted, to be given the segment; else NULL.
 */
enum skb_drop_reason tern_synrecv_rcv(struct tern_req *req,
				      struct sk_buff *skb,
				      struct sock **child);
/* An ACK for a listener: is it the answer to a cookie? As synrecv_rcv. */
enum skb_drop_reason tern_synrecv_cookie(struct sock *listener,
					 struct sk_buff *skb,
					 const struct tern_tuple *t,
					 struct sock **child);
void tern_synrecv_drop(struct tern_req *req, const char *event);
void tern_synrecv_put(struct tern_req *req);
/* ICMP error for an entry */
void tern_synrecv_icmp(struct tern_req *req, u32 seq, int err);

#endif
