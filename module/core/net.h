/* SPDX-License-Identifier: GPL-2.0 */
/* Tern in one network namespace */
#ifndef _TERN_NET_H
#define _TERN_NET_H

#include <linux/rhashtable-types.h>
#include <net/netns/generic.h>
#include "pure/cookie.h"
#include "pure/isn.h"
#include "netns/stats.h"
#include "netns/sysctl.h"

#define TERN_BHASH_SIZE		256U
#define TERN_LHASH_SIZE		64U
#define TERN_PORT_TABLE_SIZE	256U

/**
 * struct tern_net - Tern in one network namespace
 * @net: the namespace
 * @sysctl: knobs
 * @mib: counters
 * @secret: keyed hashes
 * @cookie: SYN cookie keys
 * @ehash: all endpoints with a full 4-tuple, by struct tern_tuple
 * @bhash: local ports in use, heads of struct tern_bind
 * @bhash_lock: of @bhash and every owners list
 * @lhash: listeners by port, linked by tp->listen.node
 * @lhash_lock: writers of @lhash; readers use RCU
 * @port_moved: how far connect() has gone on through the ports, by a hash of
 *	the peer (RFC 6056 3.3.4)
 * @cookie_ns: when a SYN cookie was sent last, 0 never
 * @ctl_sk4: control socket for replies without a socket, IPv4
 * @ctl_sk6: likewise, IPv6; NULL without it
 * @tw_count: TIME-WAIT entries
 * @orphans: sockets without a file
 * @estab: connections in ESTABLISHED or CLOSE-WAIT (CurrEstab)
 * @challenge_second: second of @challenge_count
 * @challenge_count: challenge ACKs sent in that second
 */
struct tern_net {
	struct net *net;
	struct tern_sysctl sysctl;
	struct tern_mib __percpu *mib;
	struct tern_secret secret;
	struct tern_cookie_key cookie;
	struct rhashtable ehash;
	struct hlist_head bhash[TERN_BHASH_SIZE];
	spinlock_t bhash_lock;		/* bhash, owners lists */
	struct hlist_head lhash[TERN_LHASH_SIZE];
	spinlock_t lhash_lock;		/* writers of lhash */
	atomic_t port_moved[TERN_PORT_TABLE_SIZE];
	u64 cookie_ns;
	struct sock *ctl_sk4;
	struct sock *ctl_sk6;
	atomic_t tw_count;
	atomic_t orphans;
	atomic_t estab;
	u32 challenge_second;
	u32 challenge_count;
};

extern unsigned int tern_net_id;

static inline struct tern_net *tern_net(const struct net *net)
{
	return net_generic(net, tern_net_id);
}

#endif
