/* SPDX-License-Identifier: GPL-2.0 */
/*
 * SYN cookies (RFC 4987 3.6): a SYN-RECEIVED state kept in the ISN and the
 * timestamp of the SYN-ACK instead of in memory.
 */
#ifndef _TERN_COOKIE_H
#define _TERN_COOKIE_H

#include <linux/spinlock.h>
#include "isn.h"
#include "options.h"

/**
 * struct tern_cookie_key - keys of one namespace
 * @lock: of who draws a key
 * @key: the secrets of the last two minutes in which one was needed, by parity
 * @minute: of each; it is in force when this is so, and does not change then
 */
struct tern_cookie_key {
	spinlock_t lock;		/* drawing */
	siphash_key_t key[2];
	u32 minute[2];
};

void tern_cookie_key_init(struct tern_cookie_key *k);
/*
 * encode: @peer is what the SYN said; the result's ISN carries MSS class and
 * minute; *@tsval gets window scale, SACK and MAD class in its low bits when
 * the peer sends timestamps (it is at most 1 ms or so before @ts_now).
 */
u32 tern_cookie_encode(struct tern_cookie_key *k,
		       const struct tern_tuple *t, u32 peer_isn,
		       const struct tern_opts *peer, u64 now_ns, u32 ts_now,
		       u32 *tsval);
/*
 * decode: @cookie is SEG.ACK - 1 of the third ACK, @peer_isn SEG.SEQ - 1,
 * @tsecr the echoed timestamp (has_ts false: none). True when it is ours and
 * at most two minutes old; then @peer holds what the SYN had said.
 */
bool tern_cookie_decode(const struct tern_cookie_key *k,
			const struct tern_tuple *t, u32 peer_isn, u32 cookie,
			bool has_ts, u32 tsecr, u64 now_ns,
			struct tern_opts *peer);

#endif
