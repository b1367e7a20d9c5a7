/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _TERN_SYNRECV_H
#define _TERN_SYNRECV_H

#include "core/tcb.h"

/* A SYN for a listener passed its checks: entry and SYN-ACK. */
enum skb_drop_reason tern_synrecv_create(struct sock *listener,
					 struct sk_buff *skb,
					 const struct tern_tuple *t,
					 const u32 *tw_iss);
/*
 * A segment for an entry. *@child: the connection it completed, locked by
 * bh_lock_sock_nested() and counted, to be given the segment; else NULL.
 * Returns 0 with a child: the segment is the child's; else why it is dropped.
 * NO_SOCKET: the entry is dead, look up again what took its place.
 */
enum skb_drop_reason tern_synrecv_rcv(struct tern_req *req,
				      struct sk_buff *skb,
				      struct sock **child);
void tern_synrecv_drop(struct tern_req *req, const char *event);
/* The listener closes: all entries go. */
void tern_synrecv_drain(struct sock *listener);
void tern_synrecv_icmp(struct tern_req *req, u32 seq, int err);

/* What the peer says, noted for a connection to be made from it: syncookie.c */
void tern_synrecv_init(struct tern_syn *syn, const struct sock *listener,
		       const struct sk_buff *skb, const struct tern_tuple *t);
void tern_synrecv_read(struct tern_syn *syn, const struct sock *listener,
		       const struct sk_buff *skb, const struct tern_tuple *t);
void tern_synrecv_offer(struct tern_syn *syn, const struct sock *listener);
/* The connection, locked and counted, in the accept queue; or NULL */
struct sock *tern_synrecv_promote(struct sock *listener,
				  const struct tern_tuple *t,
				  const struct tern_syn *syn,
				  struct tern_req *req);

#endif
