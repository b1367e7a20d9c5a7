/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Keyed hashes of a 4-tuple: initial sequence number (RFC 6528), timestamp
 * offset (RFC 7323 5.4), ephemeral port offset (RFC 6056 3.3.3), choice of a
 * listener.
 */
#ifndef _TERN_ISN_H
#define _TERN_ISN_H

#include <linux/siphash.h>
#include <linux/types.h>
#include <linux/in6.h>
#include <net/ipv6.h>

/**
 * struct tern_tuple - a connection's name, key of the tables
 * @laddr: local address; IPv4 as v4-mapped
 * @raddr: remote address
 * @lport: local port, network order
 * @rport: remote port, network order
 * @scope: VRF, else interface of a link-local address, else 0
 */
struct tern_tuple {
	struct in6_addr laddr;
	struct in6_addr raddr;
	__be16 lport;
	__be16 rport;
	u32 scope;
};

/*
 * Which family? There is one answer for a segment, a connection, an entry, an
 * answer without a socket: that of the addresses of the 4-tuple, both of one
 * family. IPv4's are v4-mapped, and such are on no wire (RFC 4291 2.5.5.2). The
 * family of a socket (sk_family) tells only what it may be connected to.
 */
static inline bool tern_tuple_v4(const struct tern_tuple *t)
{
	return ipv6_addr_v4mapped(&t->raddr);
}

/**
 * struct tern_secret - keys of one namespace
 * @isn: of initial sequence numbers
 * @ts: of timestamp offsets; one for all namespaces
 * @port: of ephemeral ports
 * @share: of the choice among listeners
 */
struct tern_secret {
	siphash_key_t isn;
	siphash_key_t ts;
	siphash_key_t port;
	siphash_key_t share;
};

void tern_isn_secret_init(struct tern_secret *s, const siphash_key_t *ts);
u32 tern_isn(const struct tern_secret *s, const struct tern_tuple *t,
	     u64 now_ns);
u32 tern_isn_ts_offset(const struct tern_secret *s, const struct tern_tuple *t);
u32 tern_isn_share_hash(const struct tern_secret *s, const struct tern_tuple *t);
u32 tern_isn_port_offset(const struct tern_secret *s,
			 const struct tern_tuple *t);

#endif
