// SPDX-License-Identifier: GPL-2.0
/*
 * Large segments: cut at the edge of the host (GSO) and put together when
 * they come in (GRO). They travel as SKB_GSO_SCTP, which software
 * devices pass on whole and no hardware takes for TCP.
 */
#include <linux/delay.h>
#include <linux/netdevice.h>
#include <net/gro.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/protocol.h>
#include "offload.h"
#include "send/xmit.h"
#include "ipv4.h"

/* Flags that end a batch: what follows must not be glued to it */
#define FINAL_FLAGS	(TERN_FLAG_URG | TERN_FLAG_PSH | TERN_FLAG_RST | \
			 TERN_FLAG_SYN | TERN_FLAG_FIN)

/* What the length field of IPv4 can say, bytes */
#define MERGED_MAX	65535U

/* The callbacks are about to go: nothing may wait for gro_complete() then. */
static bool closing;

/* Packets that were merged, and held; gro_complete() takes them off. */
static DEFINE_PER_CPU(int, held);

/* How often module exit asks for them, and what it waits in between */
#define FLUSH_TRIES	100
#define FLUSH_MS	10

/* Over the addresses of either network header, which begins at @nh */
static __sum16 pseudo(const void *nh, unsigned int len)
{
	const struct ipv6hdr *ip6h = nh;
	const struct iphdr *iph = nh;

	if (iph->version == 6)
		return ~csum_ipv6_magic(&ip6h->saddr, &ip6h->daddr, len,
					tern_ipproto, 0);
	return ~csum_tcpudp_magic(iph->saddr, iph->daddr, len, tern_ipproto, 0);
}

/* The sum of the pseudo-header of @whole bytes, for @len */
static __sum16 pseudo_of(__sum16 sum, unsigned int whole, unsigned int len)
{
	__wsum delta = csum_sub((__force __wsum)htonl(len),
				(__force __wsum)htonl(whole));

	return ~csum_fold(csum_add(csum_unfold(sum), delta));
}

/*
 * Sequence, flags and checksum of one piece. The sum that the large segment
 * came with knows the peer, which is not in the network header while that names
 * the next of a source's route (RFC 791, RFC 8200 8.1); of it only the length
 * changes, from @whole. Return: the piece's payload.
 */
static unsigned int piece(struct sk_buff *skb, u32 seq, bool first,
			  unsigned int whole)
{
	struct ternhdr *th = tern_hdr(skb);
	unsigned int len = skb->len - skb_transport_offset(skb);
	__wsum sum;

	th->seq = htonl(seq);
	if (skb->next)
		th->flags &= ~(TERN_FLAG_FIN | TERN_FLAG_PSH);
	if (!first)
		th->flags &= ~TERN_FLAG_CWR;
	th->check = (__force u16)pseudo_of((__force __sum16)th->check, whole, len);
	sum = (__force __wsum)(u32)(u16)~th->check;
	if (skb->ip_summed == CHECKSUM_PARTIAL)
		gso_reset_checksum(skb, sum);
	else
		th->check = (__force u16)gso_make_checksum(skb, sum);
	return len - TERN_DOFF_BYTES(th->doff);
}

/* Features by which skb_segment() may leave work to the device */
static netdev_features_t usable(netdev_features_t features)
{
	features &= ~NETIF_F_GSO_PARTIAL;
	/* "TCP and UDP over IPv4" is not us. */
	if (!(features & NETIF_F_HW_CSUM))
		features &= ~(NETIF_F_IP_CSUM | NETIF_F_IPV6_CSUM);
	return features;
}

/*
 * The sender's memory goes with the pieces, each charged by its own size.
 * skb_segment() would leave the last one with that of all, and whoever
 * receives it would pay.
 */
static struct sk_buff *cut(struct sk_buff *skb, netdev_features_t features)
{
	struct sock *sk = skb->destructor == sock_wfree ? skb->sk : NULL;
	struct sk_buff *segs, *seg;
	int delta;

	if (!sk)
		return skb_segment(skb, features);
	skb->destructor = NULL;
	segs = skb_segment(skb, features);
	if (IS_ERR(segs)) {
		skb->destructor = sock_wfree;
		return segs;
	}
	skb->sk = NULL;
	delta = -skb->truesize;
	for (seg = segs; seg; seg = seg->next) {
		seg->destructor = sock_wfree;
		seg->sk = sk;
		delta += seg->truesize;
	}
	if (likely(delta >= 0))
		refcount_add(delta, &sk->sk_wmem_alloc);
	else
		WARN_ON_ONCE(refcount_sub_and_test(-delta, &sk->sk_wmem_alloc));
	return segs;
}

/* Data at the ternhdr; cut into pieces of gso_size */
static struct sk_buff *gso_segment(struct sk_buff *skb,
				   netdev_features_t features)
{
	unsigned int mss = skb_shinfo(skb)->gso_size, whole = skb->len;
	struct sk_buff *segs, *seg;
	unsigned int thlen;
	u32 seq;

	if (!(skb_shinfo(skb)->gso_type & SKB_GSO_SCTP))
		return ERR_PTR(-EINVAL);
	if (!pskb_may_pull(skb, TERN_HDR_LEN))
		return ERR_PTR(-EINVAL);
	thlen = TERN_DOFF_BYTES(tern_hdr(skb)->doff);
	if (thlen < TERN_HDR_LEN || !pskb_may_pull(skb, thlen))
		return ERR_PTR(-EINVAL);
	seq = ntohl(tern_hdr(skb)->seq);
	if (skb->ip_summed != CHECKSUM_PARTIAL)
		tern_xmit_partial_check(skb, pseudo(skb_network_header(skb),
						    skb->len));
	__skb_pull(skb, thlen);
	if (unlikely(skb->len <= mss))
		return ERR_PTR(-EINVAL);

	segs = cut(skb, usable(features));
	if (IS_ERR(segs))
		return segs;
	for (seg = segs; seg; seg = seg->next)
		seq += piece(seg, seq, seg == segs, whole);
	return segs;
}

/* The header with its options, and past it; NULL when there is none */
static struct ternhdr *gro_header(struct sk_buff *skb)
{
	unsigned int off = skb_gro_offset(skb);
	struct ternhdr *th;
	unsigned int thlen;

	th = skb_gro_header(skb, off + TERN_HDR_LEN, off);
	if (unlikely(!th))
		return NULL;
	thlen = TERN_DOFF_BYTES(th->doff);
	if (thlen < TERN_HDR_LEN)
		return NULL;
	th = skb_gro_header(skb, off + thlen, off);
	if (unlikely(!th))
		return NULL;
	skb_gro_pull(skb, thlen);
	return th;
}

/* The held packet of the same connection */
static struct sk_buff *gro_find(struct list_head *head,
				const struct ternhdr *th)
{
	struct sk_buff *p;

	list_for_each_entry(p, head, list) {
		const struct ternhdr *held = tern_hdr(p);

		if (!NAPI_GRO_CB(p)->same_flow)
			continue;
		if (held->source == th->source && held->dest == th->dest)
			return p;
		NAPI_GRO_CB(p)->same_flow = 0;
	}
	return NULL;
}

/* RFC 6864: the identification of what may not be fragmented is free. */
static bool same_ipv4(const struct sk_buff *p, const struct iphdr *iph)
{
	const struct iphdr *held = ip_hdr(p);

	if (held->tos != iph->tos || held->ttl != iph->ttl ||
	    held->frag_off != iph->frag_off)
		return false;
	return iph->frag_off & htons(IP_DF) ||
	       ntohs(iph->id) ==
	       (u16)(ntohs(held->id) + NAPI_GRO_CB(p)->count);
}

/* The core has compared addresses and flow label; @nh is before the ternhdr */
static bool same_network(const struct sk_buff *p, const struct ternhdr *th,
			 bool v6)
{
	const struct ipv6hdr *ip6h = (const struct ipv6hdr *)th - 1;
	const struct ipv6hdr *held = ipv6_hdr(p);

	if (!v6)
		return same_ipv4(p, (const struct iphdr *)th - 1);
	/* Without extension headers on either */
	return ip6h->nexthdr == tern_ipproto && ip6h->version == 6 &&
	       (void *)(held + 1) == (void *)tern_hdr(p) &&
	       held->hop_limit == ip6h->hop_limit &&
	       *(const __be32 *)held == *(const __be32 *)ip6h;
}

/* Is @th, with @len bytes behind it, what comes next after @p? */
static bool continues(const struct sk_buff *p, const struct ternhdr *th,
		      unsigned int len)
{
	const struct ternhdr *held = tern_hdr(p);
	unsigned int thlen = TERN_DOFF_BYTES(th->doff);
	u8 differ = held->flags ^ th->flags;

	if (th->flags & TERN_FLAG_CWR || th->doff != held->doff ||
	    differ & ~(TERN_FLAG_CWR | TERN_FLAG_FIN | TERN_FLAG_PSH))
		return false;
	if (th->ack_seq != held->ack_seq || th->window != held->window ||
	    memcmp(th + 1, held + 1, thlen - TERN_HDR_LEN))
		return false;
	if (!len || len > skb_shinfo(p)->gso_size)
		return false;
	return ntohl(held->seq) + skb_gro_len(p) == ntohl(th->seq);
}

/* Only pages that nobody else sees change hands. */
static bool movable(struct sk_buff *p, struct sk_buff *skb)
{
	unsigned int off = skb_gro_offset(skb), headlen = skb_headlen(skb);
	const struct skb_shared_info *si = skb_shinfo(skb);

	if (NAPI_GRO_CB(skb)->flush || NAPI_GRO_CB(skb)->encap_mark ||
	    skb_is_gso(skb) || p->pp_recycle != skb->pp_recycle)
		return false;
	if (skb_cloned(p) || skb_cloned(skb) || skb_zcopy(p) ||
	    skb_zcopy(skb) || skb_has_frag_list(p) || skb_has_frag_list(skb))
		return false;
	/* Payload in the linear part stays where it is: no merge. */
	if (headlen > off || !si->nr_frags ||
	    skb_frag_size(&si->frags[0]) <= off - headlen)
		return false;
	if (skb_shinfo(p)->nr_frags + si->nr_frags > MAX_SKB_FRAGS)
		return false;
	return p->len + skb_gro_len(skb) <
	       min(MERGED_MAX, READ_ONCE(p->dev->gro_max_size));
}

/* Payload of @skb to the end of @p; the caller asked movable(). */
static void merge(struct sk_buff *p, struct sk_buff *skb)
{
	struct skb_shared_info *to = skb_shinfo(p), *from = skb_shinfo(skb);
	unsigned int eat = skb_gro_offset(skb) - skb_headlen(skb);
	unsigned int len = skb_gro_len(skb);
	unsigned int bare = SKB_TRUESIZE(skb_end_offset(skb));

	skb_frag_off_add(&from->frags[0], eat);
	skb_frag_size_sub(&from->frags[0], eat);
	memcpy(&to->frags[to->nr_frags], from->frags,
	       from->nr_frags * sizeof(from->frags[0]));
	to->nr_frags += from->nr_frags;
	to->flags |= from->flags & SKBFL_SHARED_FRAG;
	from->nr_frags = 0;

	p->len += len;
	p->data_len += len;
	p->truesize += skb->truesize - bare;
	skb->truesize = bare;
	skb->len -= skb->data_len;
	skb->data_len = 0;

	if (++NAPI_GRO_CB(p)->count == 2)
		this_cpu_inc(held);
	NAPI_GRO_CB(skb)->free = NAPI_GRO_FREE;
	NAPI_GRO_CB(skb)->same_flow = 1;
}

/* Return: the held packet that has to go up now, or NULL */
static struct sk_buff *gro_segment(struct list_head *head,
				   struct sk_buff *skb, bool v6, bool check_ok)
{
	bool merging = check_ok && !READ_ONCE(closing);
	struct ternhdr *th = merging ? gro_header(skb) : NULL;
	struct sk_buff *p;
	unsigned int len;
	bool final;

	if (!th) {
		NAPI_GRO_CB(skb)->flush = 1;
		return NULL;
	}
	len = skb_gro_len(skb);
	final = !len || th->flags & FINAL_FLAGS || skb_is_gso(skb);

	p = gro_find(head, th);
	if (p && movable(p, skb) && same_network(p, th, v6) &&
	    continues(p, th, len)) {
		final |= len < skb_shinfo(p)->gso_size;
		tern_hdr(p)->flags |= th->flags &
				      (TERN_FLAG_FIN | TERN_FLAG_PSH);
		merge(p, skb);
		return final ? p : NULL;
	}
	NAPI_GRO_CB(skb)->flush |= final;
	return p;
}

static struct sk_buff *gro_receive(struct list_head *head,
				   struct sk_buff *skb)
{
	return gro_segment(head, skb, false, NAPI_GRO_CB(skb)->flush ||
			   !skb_gro_checksum_validate(skb, tern_ipproto,
						      inet_gro_compute_pseudo));
}

/* Only of what was merged; @thoff is from data to the ternhdr */
static int gro_complete(struct sk_buff *skb, int thoff)
{
	this_cpu_dec(held);
	tern_xmit_partial_check(skb, pseudo(skb_network_header(skb),
					    skb->len - thoff));
	skb_shinfo(skb)->gso_type |= SKB_GSO_SCTP;
	skb_shinfo(skb)->gso_segs = NAPI_GRO_CB(skb)->count;
	return 0;
}

static const struct net_offload tern_offload = {
	.callbacks = {
		.gso_segment	= gso_segment,
		.gro_receive	= gro_receive,
		.gro_complete	= gro_complete,
	},
};

#if IS_ENABLED(CONFIG_IPV6)
static struct sk_buff *gro_receive6(struct list_head *head,
				    struct sk_buff *skb)
{
	return gro_segment(head, skb, true, NAPI_GRO_CB(skb)->flush ||
			   !skb_gro_checksum_validate(skb, tern_ipproto,
						      ip6_gro_compute_pseudo));
}

static const struct net_offload tern_offload6 = {
	.callbacks = {
		.gso_segment	= gso_segment,
		.gro_receive	= gro_receive6,
		.gro_complete	= gro_complete,
	},
};
#endif

/**
 * tern_offload_init() - cut and merge segments of our protocol from now on
 *
 * Return: 0 or -errno.
 */
int tern_offload_init(void)
{
	int err = inet_add_offload(&tern_offload, tern_ipproto);

#if IS_ENABLED(CONFIG_IPV6)
	if (!err) {
		err = inet6_add_offload(&tern_offload6, tern_ipproto);
		if (err)
			inet_del_offload(&tern_offload, tern_ipproto);
	}
#endif
	return err;
}

static bool any_held(void)
{
	int cpu, n = 0;

	for_each_possible_cpu(cpu)
		n += READ_ONCE(per_cpu(held, cpu));
	return n > 0;
}

/* Have each device polled: that hands up what has been held for a tick. */
static void poll_all(void)
{
	struct napi_struct *napi;
	struct net_device *dev;
	struct net *net;

	local_bh_disable();
	rcu_read_lock();
	for_each_net_rcu(net)
		for_each_netdev_rcu(net, dev)
			list_for_each_entry_rcu(napi, &dev->napi_list, dev_list)
				napi_schedule(napi);
	rcu_read_unlock();
	local_bh_enable();
}

/*
 * A device whose gro_flush_timeout is long holds packets for as long, and would
 * then find no gro_complete(). It is not waited for without end: what a device
 * held that is gone meanwhile was freed, and is missed here for ever.
 */
static void flush_held(void)
{
	int tries;

	for (tries = 0; any_held() && tries < FLUSH_TRIES; tries++) {
		poll_all();
		msleep(FLUSH_MS);
	}
}

/**
 * tern_offload_exit() - undo tern_offload_init(); waits for callbacks
 */
void tern_offload_exit(void)
{
	WRITE_ONCE(closing, true);
	synchronize_net();
	flush_held();
#if IS_ENABLED(CONFIG_IPV6)
	inet6_del_offload(&tern_offload6, tern_ipproto);
#endif
	inet_del_offload(&tern_offload, tern_ipproto);
}
