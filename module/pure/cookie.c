// SPDX-License-Identifier: GPL-2.0
/*
 * SYN cookies (RFC 4987 3.6).
 *
 * The ISN of the SYN-ACK:
 *
 *	31                           4  3   2      0
 *	+-----------------------------+---+--------+
 *	| MAC                         | M | MSS    |
 *	+-----------------------------+---+--------+
 *
 * MSS is a class of the table below, M the parity of the minute. Each minute
 * has a key of its own, drawn when first needed and overwritten by that of two
 * minutes later. The MAC covers both, the 4-tuple and the peer's ISN. The rest of
 * what a SYN says goes into the timestamp, unprotected: with it a peer can only
 * deceive itself.
 *
 *	 8    5   4   3      0
 *	+------+----+---------+
 *	| MAD  | S  | wscale  |
 *	+------+----+---------+
 */
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/random.h>
#include <linux/string.h>
#include <linux/time64.h>
#include <net/ipv6.h>
#include "cookie.h"
#include "seq.h"

#define MSS_MASK	0x7U
#define MINUTE_BIT	0x8U
#define MAC_MASK	(~(MINUTE_BIT | MSS_MASK))

#define TS_WSCALE	0xfU	/* all ones: none */
#define TS_SACK		0x10U
#define TS_MAD_SHIFT	5
#define TS_MASK		0x1ffU

/* MAD class k stands for (MAD_UNIT_US << k): 32 us to 524 ms; 0 for none. */
#define MAD_UNIT_US	16U
#define MAD_CLASS_MAX	15U

#define MINUTE_NS	(60ULL * NSEC_PER_SEC)

/* Rising. A class is never above what the peer said, short of the lowest. */
static const u16 mss_class[MSS_MASK + 1] = {
	TERN_MSS_FLOOR,
	256,
	TERN_MSS_DEFAULT,
	TERN_MSS_DEFAULT_V6,
	1360,	/* tunnels */
	1440,	/* Ethernet, IPv6 */
	1460,	/* Ethernet, IPv4 */
	8940,	/* jumbo frames */
};

/* What the MAC covers; hashed as bytes. */
struct covered {
	struct tern_tuple t;
	u32 peer_isn;
	u32 minute;
	u32 class;
};

/* Never 0, which is that of a key not drawn yet */
static u32 minute_of(u64 now_ns)
{
	return div64_u64(now_ns, MINUTE_NS) + 1;
}

/* The key of a minute, NULL when there is none */
static const siphash_key_t *key_of(const struct tern_cookie_key *k, u32 minute)
{
	/* Pairs with draw(): the key is whole. */
	if (smp_load_acquire(&k->minute[minute & 1]) != minute)
		return NULL;
	return &k->key[minute & 1];
}

/*
 * A new minute, seen for the first time. Whoever still reads the key that this
 * one overwrites has been at it for a minute; its cookie is too old by now.
 */
static const siphash_key_t *draw(struct tern_cookie_key *k, u32 minute)
{
	u32 i = minute & 1;

	spin_lock_bh(&k->lock);
	if (k->minute[i] != minute) {
		get_random_bytes(&k->key[i], sizeof(k->key[i]));
		/* Pairs with key_of(). */
		smp_store_release(&k->minute[i], minute);
	}
	spin_unlock_bh(&k->lock);
	return &k->key[i];
}

/* The whole cookie for one minute */
static u32 compose(const siphash_key_t *key, const struct tern_tuple *t,
		   u32 peer_isn, u32 minute, u32 class)
{
	struct covered c = {
		.t = *t, .peer_isn = peer_isn, .minute = minute, .class = class,
	};
	u32 mac = siphash(&c, sizeof(c), key);

	BUILD_BUG_ON(sizeof(c) != sizeof(*t) + 3 * sizeof(u32));
	return (mac & MAC_MASK) | (minute & 1 ? MINUTE_BIT : 0) | class;
}

static u32 class_of_mss(u16 mss)
{
	u32 i = MSS_MASK;

	while (i && mss_class[i] > mss)
		i--;
	return i;
}

/* Rounded up: an ACK is rather awaited too long than taken for lost. */
static u32 class_of_mad(const struct tern_opts *o)
{
	u32 k = 1;

	if (!o->has_mad)
		return 0;
	while (k < MAD_CLASS_MAX && (MAD_UNIT_US << k) < o->mad_us)
		k++;
	return k;
}

static u32 pack_options(const struct tern_opts *o)
{
	u32 bits = o->has_wscale ? o->wscale : TS_WSCALE;

	if (o->sack_ok)
		bits |= TS_SACK;
	return bits | class_of_mad(o) << TS_MAD_SHIFT;
}

static void unpack_options(u32 bits, struct tern_opts *o)
{
	u32 mad = (bits & TS_MASK) >> TS_MAD_SHIFT;

	o->has_ts = 1;
	o->sack_ok = !!(bits & TS_SACK);
	if ((bits & TS_WSCALE) <= TERN_WSCALE_MAX) {
		o->has_wscale = 1;
		o->wscale = bits & TS_WSCALE;
	}
	if (mad) {
		o->has_mad = 1;
		o->mad_us = min(MAD_UNIT_US << mad, TERN_MAD_MAX_US);
	}
}

/**
 * tern_cookie_key_init - a namespace without a key yet
 * @k: keys
 */
void tern_cookie_key_init(struct tern_cookie_key *k)
{
	memset(k, 0, sizeof(*k));
	spin_lock_init(&k->lock);
}

/**
 * tern_cookie_encode - the ISN and the timestamp of a SYN-ACK without state
 * @k: keys
 * @t: 4-tuple
 * @peer_isn: sequence number of the SYN
 * @peer: options of the SYN
 * @now_ns: clock
 * @ts_now: timestamp that would be sent otherwise
 * @tsval: timestamp to send, at most 1023 us before @ts_now
 *
 * Return: the ISN.
 */
u32 tern_cookie_encode(struct tern_cookie_key *k,
		       const struct tern_tuple *t, u32 peer_isn,
		       const struct tern_opts *peer, u64 now_ns, u32 ts_now,
		       u32 *tsval)
{
	u32 minute = minute_of(now_ns);
	const siphash_key_t *key = key_of(k, minute) ?: draw(k, minute);
	u16 mss = peer->mss;

	if (!mss)
		mss = tern_tuple_v4(t) ? TERN_MSS_DEFAULT : TERN_MSS_DEFAULT_V6;
	*tsval = ts_now;
	if (peer->has_ts) {
		*tsval = (ts_now & ~TS_MASK) | pack_options(peer);
		/* Later timestamps of the connection must not be older. */
		if (tern_seq_after(*tsval, ts_now))
			*tsval -= TS_MASK + 1;
	}
	return compose(key, t, peer_isn, minute, class_of_mss(mss));
}

/**
 * tern_cookie_decode - is this the third ACK of a handshake of ours?
 * @k: keys
 * @t: 4-tuple
 * @peer_isn: SEG.SEQ - 1
 * @cookie: SEG.ACK - 1
 * @has_ts: the segment has timestamps
 * @tsecr: the one echoed
 * @now_ns: clock
 * @peer: what the SYN had said; valid when true is returned
 *
 * Return: true when the cookie was made this minute or the one before.
 */
bool tern_cookie_decode(const struct tern_cookie_key *k,
			const struct tern_tuple *t, u32 peer_isn, u32 cookie,
			bool has_ts, u32 tsecr, u64 now_ns,
			struct tern_opts *peer)
{
	u32 minute = minute_of(now_ns);
	u32 class = cookie & MSS_MASK;
	const siphash_key_t *key;

	if (!(cookie & MINUTE_BIT) != !(minute & 1))
		minute--;
	key = key_of(k, minute);
	if (!key || compose(key, t, peer_isn, minute, class) != cookie)
		return false;

	memset(peer, 0, sizeof(*peer));
	peer->mss = mss_class[class];
	if (has_ts)
		unpack_options(tsecr, peer);
	return true;
}
