// SPDX-License-Identifier: GPL-2.0
/*
 * Numbers that an outsider must not guess, each a keyed hash of the 4-tuple
 * with a key of its own, so that seeing one tells nothing of another.
 */
#include <linux/kernel.h>
#include <linux/random.h>
#include "isn.h"
#include "limits.h"

static u32 hash(const struct tern_tuple *t, const siphash_key_t *key)
{
	/* hashed as bytes: there must be no padding */
	BUILD_BUG_ON(sizeof(*t) != 2 * sizeof(struct in6_addr) +
		     2 * sizeof(__be16) + sizeof(u32));
	return siphash(t, sizeof(*t), key);
}

/**
 * tern_isn_secret_init - draw the keys of a namespace
 * @s: keys
 * @ts: that of timestamps, the same for all: one that is made anew with the
 *	addresses of an old one is not to be taken for a duplicate (RFC 6191)
 */
void tern_isn_secret_init(struct tern_secret *s, const siphash_key_t *ts)
{
	get_random_bytes(s, sizeof(*s));
	s->ts = *ts;
}

/**
 * tern_isn - initial sequence number (RFC 6528 3)
 * @s: keys
 * @t: 4-tuple
 * @now_ns: clock
 *
 * The clock part keeps the numbers of one 4-tuple moving on, so that a new
 * incarnation starts above an old one (RFC 9293 3.4.1).
 *
 * Return: the number for a SYN.
 */
u32 tern_isn(const struct tern_secret *s, const struct tern_tuple *t,
	     u64 now_ns)
{
	return hash(t, &s->isn) + (u32)(now_ns >> TERN_ISN_SHIFT);
}

/**
 * tern_isn_ts_offset - what to add to the clock in timestamps (RFC 7323 5.4)
 * @s: keys
 * @t: 4-tuple
 *
 * Return: the same for every incarnation of @t, so that PAWS and RFC 6191 see
 * time move on.
 */
u32 tern_isn_ts_offset(const struct tern_secret *s, const struct tern_tuple *t)
{
	return hash(t, &s->ts);
}

/**
 * tern_isn_share_hash - which of the listeners that share a port (SO_REUSEPORT)
 * @s: keys
 * @t: 4-tuple
 *
 * Return: a number to choose by, the same for each segment of @t.
 */
u32 tern_isn_share_hash(const struct tern_secret *s, const struct tern_tuple *t)
{
	return hash(t, &s->share);
}

/**
 * tern_isn_port_offset - where to begin the search for a port (RFC 6056 3.3.3)
 * @s: keys
 * @t: 4-tuple; its local port is not known yet and does not count
 *
 * Return: a number to be reduced to the range of ports.
 */
u32 tern_isn_port_offset(const struct tern_secret *s,
			 const struct tern_tuple *t)
{
	struct tern_tuple tmp = *t;

	tmp.lport = 0;
	return hash(&tmp, &s->port);
}
