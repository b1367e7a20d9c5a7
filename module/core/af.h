/* SPDX-License-Identifier: GPL-2.0 */
/* What ties the objects to an address family */
#ifndef _TERN_AF_H
#define _TERN_AF_H

#include <linux/socket.h>
#include "pure/isn.h"

struct dst_entry;
struct net;
struct sk_buff;
struct sock;
struct tern_tw;

/**
 * struct tern_af_ops - what differs between IPv4 and IPv6; in ipv4.c, ipv6.c
 * @family: AF_INET or AF_INET6
 * @net_header_len: bytes of the network header without options
 * @queue_xmit: send a built segment of a connection; consumes @skb
 * @send_check: fill the checksum (CHECKSUM_PARTIAL) of a segment whose
 *	ternhdr is at the transport header
 * @route: (re)route a connection to its peer; sets sk->sk_dst_cache and
 *	sk_setup_caps(); 0 or -errno
 * @reply: send a built segment of no connection: the addresses come from
 *	@tuple, mark and tos from @sk, to which @skb belongs; it has the
 *	ternhdr at data, checksum not yet filled; consumes @skb and @dst
 * @req_route: route to @tuple for what @sk says, by @oif unless that is 0;
 *	NULL on error
 * @tw_route: route for an answer from TIME-WAIT; NULL on error
 * @child_setup: the family's part of @child, a copy of its listener that has
 *	its tuple and ports: addresses, @dst (reference passes)
 * @tuple: fill @t from a received segment (local address: its destination)
 * @mtu_reduced: path MTU became @mtu: tell the route
 * @option_len: bytes of IP options or extension headers that the socket adds
 */
struct tern_af_ops {
	sa_family_t family;
	u16 net_header_len;
	int (*queue_xmit)(struct sock *sk, struct sk_buff *skb);
	void (*send_check)(struct sock *sk, struct sk_buff *skb);
	int (*route)(struct sock *sk);
	int (*reply)(const struct sock *sk, const struct tern_tuple *tuple,
		     struct sk_buff *skb, struct dst_entry *dst);
	struct dst_entry *(*req_route)(const struct sock *sk, int oif,
				       const struct tern_tuple *tuple);
	struct dst_entry *(*tw_route)(const struct tern_tw *tw);
	void (*child_setup)(struct sock *child, struct dst_entry *dst);
	void (*tuple)(struct tern_tuple *t, const struct sk_buff *skb);
	void (*mtu_reduced)(struct sock *sk, u32 mtu);
	u32 (*option_len)(const struct sock *sk);
};

#endif
