/* SPDX-License-Identifier: GPL-2.0 */
/*
 * As much of the kernel as module/pure/ and module/cong/ use, for user space.
 * Forced in front of every file; the Makefile makes the kernel headers that
 * user space lacks into empty ones. sk_buff is linear, siphash a stand-in.
 */
#ifndef _TERN_SHIM_H
#define _TERN_SHIM_H

#include <linux/types.h>
#include <linux/in6.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s32 s32;
typedef __s64 s64;

#define READ_ONCE(x)		(x)
#define WRITE_ONCE(x, v)	((x) = (v))
#define smp_load_acquire(p)	(*(p))
#define smp_store_release(p, v)	(*(p) = (v))
#define unlikely(x)		(x)
#define EXPORT_SYMBOL(x)
#define __aligned(n)		__attribute__((aligned(n)))
#define container_of(p, t, m)	((t *)((char *)(p) - offsetof(t, m)))
#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define BUILD_BUG_ON(c)		_Static_assert(!(c), #c)
#define sizeof_field(t, f)	sizeof(((t *)0)->f)
#define NSEC_PER_SEC		1000000000L

#define min_t(t, a, b) ({ t _a = (a); t _b = (b); _a < _b ? _a : _b; })
#define max_t(t, a, b) ({ t _a = (a); t _b = (b); _a > _b ? _a : _b; })
#define min(a, b)		min_t(typeof(a), a, b)
#define max(a, b)		max_t(typeof(a), a, b)
#define clamp(x, lo, hi)	min(max(x, lo), hi)

static inline u16 htons(u16 x) { return __builtin_bswap16(x); }
static inline u16 ntohs(u16 x) { return __builtin_bswap16(x); }
static inline u32 htonl(u32 x) { return __builtin_bswap32(x); }
static inline u32 ntohl(u32 x) { return __builtin_bswap32(x); }
static inline u64 div_u64(u64 a, u32 b) { return a / b; }
static inline u64 div64_u64(u64 a, u64 b) { return a / b; }

/* xorshift; tests seed it so that a failure can be repeated */
static u64 shim_seed = 88172645463325252ULL;

static inline u32 shim_random(void)
{
	shim_seed ^= shim_seed << 13;
	shim_seed ^= shim_seed >> 7;
	shim_seed ^= shim_seed << 17;
	return shim_seed >> 16;
}

static inline void get_random_bytes(void *buf, size_t len)
{
	while (len--)
		((u8 *)buf)[len] = shim_random();
}

typedef struct { int unused; } spinlock_t;

static inline void spin_lock_init(spinlock_t *lock) { }
static inline void spin_lock_bh(spinlock_t *lock) { }
static inline void spin_unlock_bh(spinlock_t *lock) { }

typedef struct { u64 key[2]; } siphash_key_t;

/* Keyed and well mixed, no more */
static inline u64 siphash(const void *data, size_t len, const siphash_key_t *k)
{
	u64 h = k->key[0];

	for (size_t i = 0; i < len; i++) {
		h = (h ^ ((const u8 *)data)[i]) * 0x9e3779b97f4a7c15ULL;
		h ^= h >> 29;
	}
	h = (h ^ k->key[1]) * 0xbf58476d1ce4e5b9ULL;
	return h ^ h >> 32;
}

static inline bool ipv6_addr_v4mapped(const struct in6_addr *a)
{
	static const u8 prefix[12] = { [10] = 0xff, [11] = 0xff };

	return !memcmp(a, prefix, sizeof(prefix));
}

#include <linux/rbtree.h>

#undef rb_entry_safe
#define rb_entry_safe(ptr, type, member) ({				\
	struct rb_node *_n = (ptr);					\
	_n ? rb_entry(_n, type, member) : NULL;				\
})

enum skb_drop_reason {
	SKB_NOT_DROPPED_YET,
	SKB_DROP_REASON_PKT_TOO_SMALL,
};

struct sk_buff {
	union {
		struct {
			struct sk_buff *next, *prev;
			void *dev;
		};
		struct rb_node rbnode;
	};
	char cb[48] __aligned(8);
	u8 *head, *data;
	unsigned int len;
	unsigned int truesize;
	int skb_iif;
};

/* Switches of a test: allocations fail, segments can't be joined */
static bool shim_no_memory, shim_no_coalesce;

static inline void *skb_transport_header(const struct sk_buff *skb)
{
	return skb->data;
}

static inline bool pskb_may_pull(const struct sk_buff *skb, unsigned int n)
{
	return n <= skb->len;
}

static inline void *pskb_pull(struct sk_buff *skb, unsigned int n)
{
	if (n > skb->len || shim_no_memory)
		return NULL;
	skb->len -= n;
	return skb->data += n;
}

static inline int pskb_trim(struct sk_buff *skb, unsigned int len)
{
	if (shim_no_memory)
		return -1;
	skb->len = len < skb->len ? len : skb->len;
	return 0;
}

bool skb_try_coalesce(struct sk_buff *to, struct sk_buff *from, bool *stolen,
		      int *delta);

#endif
