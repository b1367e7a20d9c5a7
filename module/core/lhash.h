/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _TERN_LHASH_H
#define _TERN_LHASH_H

#include "tcb.h"

void tern_lhash_add(struct sock *sk);
void tern_lhash_remove(struct sock *sk);
bool tern_lhash_takes(const struct sock *sk, const struct tern_tuple *t);
/* Counted, or NULL. */
struct sock *tern_lhash_find(struct tern_net *tn, const struct tern_tuple *t,
			     int dif, int sdif);

/* What a socket is bound to; IPv4's "any" is ::ffff:0.0.0.0 */
struct in6_addr tern_lhash_bound_to(const struct sock *sk);
/* Does @a, with IPv4's addresses too if @both, stand for @b? */
bool tern_lhash_covers(const struct in6_addr *a, bool both,
		       const struct in6_addr *b);

#endif
