/* SPDX-License-Identifier: GPL-2.0 */
/* What ties the objects to an address family, and which one that is */
#ifndef _TERN_AF_H
#define _TERN_AF_H

#include <linux/ip.h>
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
 * @packet_max: bytes of the largest network packet
 * @queue_xmit: send a built segment of a connection; consumes @skb
 * @send_check: fill the checksum (CHECKSUM_PARTIAL) of a segment whose
 *	ternhdr is at the transport header
 * @route: (re)route a connection to its peer; sets sk->sk_dst_cache and
 *	sk_setup_caps(); 0 or -errno
 * @reply: send a built segment of no connection: the addresses come from
 *	@tuple, mark and tos from @sk, to which @skb belongs; it has the
 *	ternhdr at the transport header, checksum not yet filled, and at data:
 *	what is before it are IPv4's options; consumes @skb and @dst
 * @req_route: route to @tuple for what @sk says, by @oif and with the security
 *	label @secid unless they are 0; NULL on error
 * @tw_route: route for an answer from TIME-WAIT, likewise
 * @child_setup: the family's part of @child, a copy of its listener that has
 *	its tuple and ports: addresses, @dst (reference passes)
 * @tuple: fill @t from a received segment (local address: its destination);
 *	false when no 4-tuple has such addresses
 * @mtu_reduced: path MTU became @mtu: tell the route
 * @option_len: bytes of IP options or extension headers that the socket adds:
 *	8 KB at most
 */
struct tern_af_ops {
	sa_family_t family;
	u16 net_header_len;
	u32 packet_max;
	int (*queue_xmit)(struct sock *sk, struct sk_buff *skb);
	void (*send_check)(struct sock *sk, struct sk_buff *skb);
	int (*route)(struct sock *sk);
	int (*reply)(const struct sock *sk, const struct tern_tuple *tuple,
		     struct sk_buff *skb, struct dst_entry *dst);
	struct dst_entry *(*req_route)(const struct sock *sk, int oif,
				       u32 secid,
				       const struct tern_tuple *tuple);
	struct dst_entry *(*tw_route)(const struct tern_tw *tw, u32 secid);
	void (*child_setup)(struct sock *child, struct dst_entry *dst);
	bool (*tuple)(struct tern_tuple *t, const struct sk_buff *skb);
	void (*mtu_reduced)(struct sock *sk, u32 mtu);
	u32 (*option_len)(const struct sock *sk);
};

extern const struct tern_af_ops tern_ipv4_ops, tern_ipv6_ops;

/* See tern_tuple_v4(). */
static inline const struct tern_af_ops *tern_af(const struct tern_tuple *t)
{
#if IS_ENABLED(CONFIG_IPV6)
	if (!tern_tuple_v4(t))
		return &tern_ipv6_ops;
#endif
	return &tern_ipv4_ops;
}

/* Of a segment that came in: who reads its 4-tuple */
static inline const struct tern_af_ops *tern_skb_af(const struct sk_buff *skb)
{
#if IS_ENABLED(CONFIG_IPV6)
	if (ip_hdr(skb)->version == 6)
		return &tern_ipv6_ops;
#endif
	return &tern_ipv4_ops;
}

#endif
