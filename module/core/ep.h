/* SPDX-License-Identifier: GPL-2.0 */
/* What the connection table holds, and the ports */
#ifndef _TERN_EP_H
#define _TERN_EP_H

#include <linux/rhashtable-types.h>
#include <linux/string.h>
#include "pure/isn.h"

/**
 * enum tern_ep_kind - what an endpoint in the table is
 */
enum tern_ep_kind {
	TERN_EP_SOCK,
	TERN_EP_REQ,
	TERN_EP_TW,
};

/**
 * struct tern_ep - what the connection table holds, embedded in each object
 * @node: link in tern_net.ehash
 * @tuple: the key; never changes while hashed
 * @kind: enum tern_ep_kind
 * @hashed: in the table: set before others can find it there, cleared by the
 *	one who took it out
 * @bind: the local port held, NULL when none
 * @bind_node: link in @bind->owners
 */
struct tern_ep {
	struct rhash_head node;
	struct tern_tuple tuple;
	u8 kind;
	bool hashed;
	struct tern_bind *bind;
	struct hlist_node bind_node;
};

/*
 * Does an endpoint still stand for @t? To be asked after its lock was taken, or
 * when what waited for the lock gets its turn: since the lookup a socket may
 * have left the table, and have entered it anew with another peer. While a user
 * owns the socket "no" is certain, "yes" may be over when he lets go.
 */
static inline bool tern_ep_is(const struct tern_ep *ep,
			      const struct tern_tuple *t)
{
	/* The tuple was complete before; pairs with tern_hash_insert(). */
	return smp_load_acquire(&ep->hashed) &&
	       !memcmp(&ep->tuple, t, sizeof(*t));
}

/**
 * struct tern_bind - one local port in use
 * @node: link in tern_net.bhash
 * @owners: endpoints that hold the port
 * @port: host order
 * @autobound: chosen by connect(); bind() may not share it, connect() may
 */
struct tern_bind {
	struct hlist_node node;
	struct hlist_head owners;
	u16 port;
	bool autobound;
};

#endif
