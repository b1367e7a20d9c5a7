// SPDX-License-Identifier: GPL-2.0
/*
 * IPv6 under the connection: struct tern_af_ops, connect(), and the entry of
 * received segments and ICMPv6 errors; ipv4.c's shape. A v4-mapped peer of an
 * AF_INET6 socket is ipv4.c's.
 */
#include <linux/kconfig.h>
#if IS_ENABLED(CONFIG_IPV6)
#include <linux/icmpv6.h>
#include <net/inet_common.h>
#include <net/ip6_checksum.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/ndisc.h>
#include <net/protocol.h>
#include <net/transp_v6.h>
#include <net/xfrm.h>
#include "ipv6.h"
#include "core/hash.h"
#include "send/xmit.h"
#include "demux.h"
#include "icmp.h"
#include "core/sock.h"
#include "opening/connect.h"
#include "ipv4.h"

static void partial_check(struct sk_buff *skb, const struct in6_addr *saddr,
			  const struct in6_addr *daddr)
{
	unsigned int len = skb->len - skb_transport_offset(skb);

	tern_xmit_partial_check(skb, ~csum_ipv6_magic(saddr, daddr, len,
						      tern_ipproto, 0));
}

static void send_check(struct sock *sk, struct sk_buff *skb)
{
	partial_check(skb, &inet6_sk(sk)->saddr, &sk->sk_v6_daddr);
	tern_xmit_finish_check(skb, __sk_dst_get(sk));
}

static void flow(const struct sock *sk, int oif, struct flowi6 *fl6,
		 const struct tern_tuple *t)
{
	memset(fl6, 0, sizeof(*fl6));
	fl6->flowi6_proto = tern_ipproto;
	fl6->daddr = t->raddr;
	fl6->saddr = t->laddr;
	fl6->flowlabel = inet6_sk(sk)->flow_label;
	fl6->flowi6_oif = oif ?: t->scope;
	fl6->flowi6_mark = READ_ONCE(sk->sk_mark);
	fl6->fl6_sport = t->lport;
	fl6->fl6_dport = t->rport;
	fl6->flowi6_uid = sock_net_uid(sock_net(sk), sk);
}

/*
 * @options: of a packet with the socket's extension headers, of which a routing
 * header says where it goes first (RFC 8200 4.4). @secid: its security label,
 * 0: the socket's
 */
static struct dst_entry *route_flow(const struct sock *sk, struct flowi6 *fl6,
				    u32 secid, bool options)
{
	struct in6_addr peer, *final = NULL;

	if (options) {
		rcu_read_lock();
		final = fl6_update_dst(fl6, rcu_dereference(inet6_sk(sk)->opt),
				       &peer);
		rcu_read_unlock();
	}
	security_sk_classify_flow((struct sock *)sk,
				  flowi6_to_flowi_common(fl6));
	if (secid)
		fl6->flowi6_secid = secid;
	return ip6_dst_lookup_flow(sock_net(sk), sk, fl6, final);
}

static void keep_route(struct sock *sk, struct dst_entry *dst)
{
	inet6_sk(sk)->dst_cookie = rt6_get_cookie(dst_rt6_info(dst));
	sk_setup_caps(sk, dst);
}

static int route(struct sock *sk)
{
	struct dst_entry *dst;
	struct flowi6 fl6;

	if (__sk_dst_check(sk, inet6_sk(sk)->dst_cookie))
		return 0;
	flow(sk, sk->sk_bound_dev_if, &fl6, &tern_sk(sk)->ep.tuple);
	dst = route_flow(sk, &fl6, 0, true);
	if (IS_ERR(dst)) {
		sk->sk_route_caps = 0;
		return PTR_ERR(dst);
	}
	keep_route(sk, dst);
	return 0;
}

static int queue_xmit(struct sock *sk, struct sk_buff *skb)
{
	struct ipv6_pinfo *np = inet6_sk(sk);
	struct flowi6 fl6;
	int err;

	rcu_read_lock();
	err = route(sk);
	if (unlikely(err)) {
		rcu_read_unlock();
		kfree_skb(skb);
		return err;
	}
	skb_dst_set_noref(skb, __sk_dst_get(sk));
	flow(sk, sk->sk_bound_dev_if, &fl6, &tern_sk(sk)->ep.tuple);
	err = ip6_xmit(sk, skb, &fl6, READ_ONCE(sk->sk_mark),
		       rcu_dereference(np->opt), np->tclass,
		       READ_ONCE(sk->sk_priority));
	rcu_read_unlock();
	return err;
}

static struct dst_entry *req_route(const struct sock *sk, int oif, u32 secid,
				   const struct tern_tuple *t)
{
	struct dst_entry *dst;
	struct flowi6 fl6;

	flow(sk, oif, &fl6, t);
	dst = route_flow(sk, &fl6, secid, false);
	return IS_ERR(dst) ? NULL : dst;
}

static struct dst_entry *tw_route(const struct tern_tw *tw, u32 secid)
{
	struct sock *sk = tw->tn->ctl_sk6;
	struct dst_entry *dst;
	struct flowi6 fl6;

	flow(sk, tw->bound_dev_if, &fl6, &tw->ep.tuple);
	fl6.flowi6_mark = tw->mark;
	dst = route_flow(sk, &fl6, secid, false);
	return IS_ERR(dst) ? NULL : dst;
}

static int reply(const struct sock *sk, const struct tern_tuple *t,
		 struct sk_buff *skb, struct dst_entry *dst)
{
	struct ipv6hdr *iph;
	int hops;

	skb_dst_set(skb, dst);
	skb->protocol = htons(ETH_P_IPV6);
	partial_check(skb, &t->laddr, &t->raddr);
	tern_xmit_finish_check(skb, dst);
	iph = skb_push(skb, sizeof(*iph));
	skb_reset_network_header(skb);
	ip6_flow_hdr(iph, inet6_sk(sk)->tclass, 0);
	iph->payload_len = htons(skb->len - sizeof(*iph));
	iph->nexthdr = tern_ipproto;
	hops = inet6_sk(sk)->hop_limit;
	iph->hop_limit = hops >= 0 ? hops : ip6_dst_hoplimit(dst);
	iph->saddr = t->laddr;
	iph->daddr = t->raddr;
	skb->priority = READ_ONCE(sk->sk_priority);
	if (!skb->mark)
		skb->mark = READ_ONCE(sk->sk_mark);
	return ip6_local_out(sock_net(sk), skb->sk, skb);
}

static void child_setup(struct sock *child, struct dst_entry *dst)
{
	u32 scope = tern_sk(child)->ep.tuple.scope;

	if (scope && !child->sk_bound_dev_if)
		child->sk_bound_dev_if = scope;
	keep_route(child, dst);
}

static u32 scope_of(const struct in6_addr *addr, int vrf, int iif)
{
	if (vrf)
		return vrf;
	return ipv6_addr_type(addr) & IPV6_ADDR_LINKLOCAL ? iif : 0;
}

/* False: a v4-mapped address, which would be IPv4's (RFC 4291 2.5.5.2) */
static bool set_addresses(struct tern_tuple *t, const struct in6_addr *laddr,
			  const struct in6_addr *raddr, int vrf, int iif)
{
	if (ipv6_addr_v4mapped(laddr) || ipv6_addr_v4mapped(raddr))
		return false;
	t->laddr = *laddr;
	t->raddr = *raddr;
	t->scope = scope_of(raddr, vrf, iif);
	return true;
}

static bool tuple(struct tern_tuple *t, const struct sk_buff *skb)
{
	const struct ipv6hdr *iph = ipv6_hdr(skb);
	const struct ternhdr *th = tern_hdr(skb);

	t->lport = th->dest;
	t->rport = th->source;
	return set_addresses(t, &iph->daddr, &iph->saddr, tern_skb_vrf(skb),
			     tern_cb(skb)->iif);
}

static void mtu_reduced(struct sock *sk, u32 mtu)
{
	struct dst_entry *dst;

	if (!ip6_sk_accept_pmtu(sk) || route(sk))
		return;
	dst = __sk_dst_get(sk);
	if (mtu < dst_mtu(dst))
		dst->ops->update_pmtu(dst, sk, NULL, mtu, true);
	/* The entry that knows the new MTU may be another one. */
	route(sk);
}

static u32 option_len(const struct sock *sk)
{
	const struct ipv6_txoptions *opt;
	u32 len = 0;

	rcu_read_lock();
	opt = rcu_dereference(inet6_sk(sk)->opt);
	if (opt)
		len = opt->opt_flen + opt->opt_nflen;
	rcu_read_unlock();
	return len;
}

const struct tern_af_ops tern_ipv6_ops = {
	.family		= AF_INET6,
	.net_header_len	= sizeof(struct ipv6hdr),
	.packet_max	= IP6_MAX_MTU,
	.queue_xmit	= queue_xmit,
	.send_check	= send_check,
	.route		= route,
	.reply		= reply,
	.tw_route	= tw_route,
	.req_route	= req_route,
	.child_setup	= child_setup,
	.tuple		= tuple,
	.mtu_reduced	= mtu_reduced,
	.option_len	= option_len,
};

/* The IPv4 peer of a socket that may have one (RFC 4291 2.5.5.2) */
static int connect_mapped(struct sock *sk, const struct in6_addr *daddr,
			  __be16 dport)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_port = dport,
		.sin_addr.s_addr = daddr->s6_addr32[3],
	};

	if (ipv6_only_sock(sk))
		return -ENETUNREACH;
	return tern_ipv4_connect(sk, &addr, sizeof(addr));
}

/* A link-local address needs its link: given here, or by SO_BINDTODEVICE. */
static int bind_scope(struct sock *sk, const struct sockaddr_in6 *addr, int len)
{
	if (!(ipv6_addr_type(&addr->sin6_addr) & IPV6_ADDR_LINKLOCAL))
		return 0;
	if (len >= (int)sizeof(*addr) && addr->sin6_scope_id) {
		if (!sk_dev_equal_l3scope(sk, addr->sin6_scope_id))
			return -EINVAL;
		sk->sk_bound_dev_if = addr->sin6_scope_id;
	}
	return sk->sk_bound_dev_if ? 0 : -EINVAL;
}

/* The source address is the route's unless bind() gave one. */
static struct dst_entry *name(struct sock *sk, const struct in6_addr *daddr,
			      __be16 dport)
{
	struct tern_tuple *t = &tern_sk(sk)->ep.tuple;
	struct ipv6_pinfo *np = inet6_sk(sk);
	struct dst_entry *dst;
	struct flowi6 fl6;

	t->laddr = sk->sk_v6_rcv_saddr;
	t->raddr = *daddr;
	t->lport = inet_sk(sk)->inet_sport;
	t->rport = dport;
	t->scope = scope_of(daddr, tern_sk_vrf(sk), sk->sk_bound_dev_if);
	flow(sk, sk->sk_bound_dev_if, &fl6, t);
	dst = route_flow(sk, &fl6, 0, true);
	if (IS_ERR(dst))
		return dst;
	t->laddr = fl6.saddr;
	np->saddr = fl6.saddr;
	sk->sk_v6_rcv_saddr = fl6.saddr;
	sk->sk_v6_daddr = *daddr;
	inet_sk(sk)->inet_dport = dport;
	return dst;
}

static int connect_named(struct sock *sk, struct dst_entry *dst)
{
	int err = tern_hash_connect(sk);

	if (err) {
		dst_release(dst);
		return err;
	}
	keep_route(sk, dst);
	return tern_connect_start(sk);
}

/* A flow label that was leased (RFC 6437), none where it is not asked for */
static int take_flow_label(struct sock *sk, const struct sockaddr_in6 *addr)
{
	__be32 label = 0;
	struct ip6_flowlabel *lease;

	if (inet6_test_bit(SNDFLOW, sk))
		label = addr->sin6_flowinfo & IPV6_FLOWLABEL_MASK;
	if (label) {
		lease = fl6_sock_lookup(sk, label);
		if (IS_ERR(lease))
			return -EINVAL;
		fl6_sock_release(lease);
	}
	inet6_sk(sk)->flow_label = label;
	return 0;
}

/**
 * tern_ipv6_pre_connect() - proto.pre_connect: the cgroup's BPF program
 * @sk: socket, locked by its user
 * @addr: peer, a sockaddr_in6, which the program may change
 * @len: bytes of @addr
 *
 * Return: 0, or -errno of whoever forbids it.
 */
int tern_ipv6_pre_connect(struct sock *sk, struct sockaddr_in *addr, int len)
{
	/* The program sees as much of it as connect() would. */
	if (len < SIN6_LEN_RFC2133)
		return -EINVAL;
	return tern_compat_run_connect(INET6, sk, addr, len);
}

/**
 * tern_ipv6_connect() - proto.connect of AF_INET6 (RFC 9293 3.10.1)
 * @sk: socket in CLOSED, locked by its user
 * @addr: peer, a sockaddr_in6
 * @len: bytes of @addr
 *
 * Return: 0 with the SYN sent, or -errno and the socket as before.
 */
int tern_ipv6_connect(struct sock *sk, struct sockaddr_in *addr, int len)
{
	const struct sockaddr_in6 *addr6 = (const struct sockaddr_in6 *)addr;
	bool had_port = tern_sk(sk)->ep.bind;
	struct in6_addr daddr;
	struct dst_entry *dst;
	int err;

	if (len < SIN6_LEN_RFC2133)
		return -EINVAL;
	if (addr6->sin6_family != AF_INET6)
		return -EAFNOSUPPORT;
	daddr = addr6->sin6_addr;
	/* The unspecified address is this host. */
	if (ipv6_addr_any(&daddr)) {
		daddr = in6addr_loopback;
		if (ipv6_addr_v4mapped(&sk->sk_v6_rcv_saddr))
			ipv6_addr_set_v4mapped(htonl(INADDR_LOOPBACK), &daddr);
	}
	if (ipv6_addr_v4mapped(&daddr))
		return connect_mapped(sk, &daddr, addr6->sin6_port);
	/* RFC 9293 3.9.2.3: MUST-57, one peer only */
	if (ipv6_addr_is_multicast(&daddr))
		return -ENETUNREACH;
	err = bind_scope(sk, addr6, len) ?: take_flow_label(sk, addr6);
	if (err)
		return err;
	dst = name(sk, &daddr, addr6->sin6_port);
	if (IS_ERR(dst))
		return PTR_ERR(dst);
	err = connect_named(sk, dst);
	if (err)
		tern_connect_failed(sk, had_port);
	return err;
}

/* The kernel's answer where a protocol has no handler; @nhoff names us. */
static int unknown(struct sk_buff *skb, int iif, u16 nhoff)
{
	if (xfrm6_policy_check(NULL, XFRM_POLICY_IN, skb)) {
		__IP6_INC_STATS(dev_net(skb->dev), __in6_dev_get(skb->dev),
				IPSTATS_MIB_INUNKNOWNPROTOS);
		/* It has been a segment's. */
		memset(IP6CB(skb), 0, sizeof(*IP6CB(skb)));
		IP6CB(skb)->iif = iif;
		icmpv6_send(skb, ICMPV6_PARAMPROB, ICMPV6_UNK_NEXTHDR, nhoff);
	}
	kfree_skb_reason(skb, SKB_DROP_REASON_IP_NOPROTO);
	return 0;
}

/* struct inet6_protocol.handler: data at the ternhdr, under RCU */
static int rcv(struct sk_buff *skb)
{
	int err, iif = inet6_iif(skb);
	u16 nhoff = IP6CB(skb)->nhoff;
	const struct ipv6hdr *iph = ipv6_hdr(skb);

	/* RFC 9293 3.9.2.3: MUST-57 */
	if (skb->pkt_type != PACKET_HOST ||
	    ipv6_addr_is_multicast(&iph->daddr)) {
		kfree_skb_reason(skb, SKB_DROP_REASON_NOT_SPECIFIED);
		return 0;
	}
	err = tern_demux_arrives(skb, iif, inet6_sdif(skb),
				 !skb_checksum_init(skb, tern_ipproto,
						    ip6_compute_pseudo) &&
				 !skb_checksum_complete(skb));
	return unlikely(err) ? unknown(skb, iif, nhoff) : 0;
}

/* False when the error means nothing to a connection */
static bool classify(u8 type, u8 code, enum tern_icmp_kind *kind, int *err)
{
	int fatal;

	if (type == NDISC_REDIRECT) {
		*kind = TERN_ICMP_REDIRECT;
		*err = 0;
		return true;
	}
	if (type == ICMPV6_ECHO_REQUEST || type == ICMPV6_ECHO_REPLY)
		return false;
	fatal = icmpv6_err_convert(type, code, err);
	*kind = type == ICMPV6_PKT_TOOBIG ? TERN_ICMP_TOO_BIG :
		fatal ? TERN_ICMP_HARD : TERN_ICMP_SOFT;
	return true;
}

/*
 * struct inet6_protocol.err_handler: data at the quoted IPv6 header, which was
 * ours; 8 bytes are there behind @offset: ports and SEG.SEQ
 */
static int err_rcv(struct sk_buff *skb, struct inet6_skb_parm *opt, u8 type,
		   u8 code, int offset, __be32 info)
{
	const struct ipv6hdr *iph = (const struct ipv6hdr *)skb->data;
	const struct ternhdr *th = (const void *)(skb->data + offset);
	enum tern_icmp_kind kind;
	struct tern_tuple t;
	int err;

	if (!classify(type, code, &kind, &err))
		return 0;
	if (!set_addresses(&t, &iph->saddr, &iph->daddr,
			   inet6_sdif(skb) ? skb->skb_iif : 0, inet6_iif(skb)))
		return 0;
	t.lport = th->source;
	t.rport = th->dest;
	tern_icmp_rcv(dev_net(skb->dev), &t, ntohl(th->seq), kind, err,
		      ntohl(info), skb);
	return 0;
}

static const struct inet6_protocol tern_protocol = {
	.handler	= rcv,
	.err_handler	= err_rcv,
	.flags		= INET6_PROTO_NOPOLICY | INET6_PROTO_FINAL,
};

/**
 * tern_ipv6_net_init() - the socket that stands in where there is none
 * @tn: namespace
 *
 * Return: 0 or -errno; 0 without IPv6 in this kernel.
 */
int tern_ipv6_net_init(struct tern_net *tn)
{
	tn->ctl_sk6 = NULL;
	if (!ipv6_mod_enabled())
		return 0;
	return inet_ctl_sock_create(&tn->ctl_sk6, PF_INET6, SOCK_RAW,
				    tern_ipproto, tn->net);
}

/**
 * tern_ipv6_net_exit() - undo tern_ipv6_net_init()
 * @tn: namespace
 */
void tern_ipv6_net_exit(struct tern_net *tn)
{
	inet_ctl_sock_destroy(tn->ctl_sk6);
	tn->ctl_sk6 = NULL;
}

/**
 * tern_ipv6_init() - receive our protocol from now on
 *
 * Return: 0, or -EAGAIN when the protocol number is taken.
 */
int tern_ipv6_init(void)
{
	if (!ipv6_mod_enabled())
		return 0;
	return inet6_add_protocol(&tern_protocol, tern_ipproto) ? -EAGAIN : 0;
}

/**
 * tern_ipv6_exit() - undo tern_ipv6_init(); waits for handlers that run
 */
void tern_ipv6_exit(void)
{
	if (ipv6_mod_enabled())
		inet6_del_protocol(&tern_protocol, tern_ipproto);
}
#endif
