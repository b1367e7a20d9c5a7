/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _TERN_ICMP_H
#define _TERN_ICMP_H

#include "core/tcb.h"

/**
 * enum tern_icmp_kind - what an ICMP error means to a connection (RFC 5461)
 */
enum tern_icmp_kind {
	TERN_ICMP_SOFT,		/* remembered, reported at a timeout */
	TERN_ICMP_HARD,		/* ends an unsynchronised connection */
	TERN_ICMP_TOO_BIG,	/* @info is the new path MTU */
	TERN_ICMP_REDIRECT,
};

/* @t as seen from here, @seq of the segment that caused it. */
void tern_icmp_rcv(struct net *net, struct tern_tuple *t, u32 seq,
		   enum tern_icmp_kind kind, int err, u32 info,
		   struct sk_buff *skb);
/* From release_cb or at once: path MTU became tp->pmtu candidate */
void tern_icmp_mtu(struct sock *sk, u32 mtu);
void tern_icmp_release(struct sock *sk);

#endif
