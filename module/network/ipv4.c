// SPDX-License-Identifier: GPL-2.0
/*
 * IPv4 under the connection: struct tern_af_ops, connect(), and the entry of
 * received segments and ICMP errors. What does not depend on the family is
 * elsewhere, so that IPv6 is a file of this shape.
 */
#include <linux/icmp.h>
#include <net/icmp.h>
#include <net/inet_common.h>
#include <net/ip.h>
#include <net/protocol.h>
#include <net/route.h>
#include <net/xfrm.h>
#include "ipv4.h"
#include "core/hash.h"
#include "send/xmit.h"
#include "demux.h"
#include "icmp.h"
#include "core/sock.h"
#include "opening/connect.h"

static __be32 addr4(const struct in6_addr *a)
{
	return a->s6_addr32[3];
}

static void partial_check(struct sk_buff *skb, __be32 saddr, __be32 daddr)
{
	unsigned int len = skb->len - skb_transport_offset(skb);

	tern_xmit_partial_check(skb, ~csum_tcpudp_magic(saddr, daddr, len,
							tern_ipproto, 0));
}

static void send_check(struct sock *sk, struct sk_buff *skb)
{
	const struct inet_sock *inet = inet_sk(sk);

	partial_check(skb, inet->inet_saddr, inet->inet_daddr);
	tern_xmit_finish_check(skb, __sk_dst_get(sk));
}

static int queue_xmit(struct sock *sk, struct sk_buff *skb)
{
	return ip_queue_xmit(sk, skb, &inet_sk(sk)->cork.fl);
}

/* First hop with a source route (RFC 791), else the peer itself */
static __be32 first_hop(const struct sock *sk, __be32 daddr)
{
	const struct ip_options_rcu *opt;
	__be32 hop = daddr;

	rcu_read_lock();
	opt = rcu_dereference(inet_sk(sk)->inet_opt);
	if (opt && opt->opt.srr)
		hop = opt->opt.faddr;
	rcu_read_unlock();
	return hop;
}

/* @fl4 is complete but for the label. @secid: it, 0: @sk's */
static struct rtable *route_flow(const struct sock *sk, struct flowi4 *fl4,
				 u32 secid)
{
	security_sk_classify_flow((struct sock *)sk,
				  flowi4_to_flowi_common(fl4));
	if (secid)
		fl4->flowi4_secid = secid;
	return ip_route_output_flow(sock_net(sk), fl4, (struct sock *)sk);
}

static struct rtable *route_tuple(const struct sock *sk, int oif, u32 secid,
				  struct flowi4 *fl4,
				  const struct tern_tuple *t)
{
	ip_route_connect_init(fl4, first_hop(sk, addr4(&t->raddr)),
			      addr4(&t->laddr), oif, tern_ipproto, t->lport,
			      t->rport, (struct sock *)sk);
	return route_flow(sk, fl4, secid);
}

static int route(struct sock *sk)
{
	struct tern_sock *tp = tern_sk(sk);
	struct flowi4 *fl4 = &inet_sk(sk)->cork.fl.u.ip4;
	struct rtable *rt;

	if (__sk_dst_check(sk, 0))
		return 0;
	rt = route_tuple(sk, sk->sk_bound_dev_if, 0, fl4, &tp->ep.tuple);
	if (IS_ERR(rt)) {
		sk->sk_route_caps = 0;
		return PTR_ERR(rt);
	}
	sk_setup_caps(sk, &rt->dst);
	return 0;
}

static struct dst_entry *req_route(const struct sock *sk, int oif, u32 secid,
				   const struct tern_tuple *t)
{
	struct flowi4 fl4;
	struct rtable *rt = route_tuple(sk, oif, secid, &fl4, t);

	return IS_ERR(rt) ? NULL : &rt->dst;
}

static struct dst_entry *tw_route(const struct tern_tw *tw, u32 secid)
{
	const struct tern_tuple *t = &tw->ep.tuple;
	struct sock *sk = tw->tn->ctl_sk4;
	struct flowi4 fl4;
	struct rtable *rt;

	ip_route_connect_init(&fl4, addr4(&t->raddr), addr4(&t->laddr),
			      tw->bound_dev_if, tern_ipproto, t->lport,
			      t->rport, sk);
	fl4.flowi4_mark = tw->mark;
	rt = route_flow(sk, &fl4, secid);
	return IS_ERR(rt) ? NULL : &rt->dst;
}

static int reply(const struct sock *sk, const struct tern_tuple *t,
		 struct sk_buff *skb, struct dst_entry *dst)
{
	__be32 saddr = addr4(&t->laddr), daddr = addr4(&t->raddr);
	unsigned int optlen = skb_transport_offset(skb);
	struct iphdr *iph;
	int ttl;

	skb_dst_set(skb, dst);
	skb->protocol = htons(ETH_P_IP);
	partial_check(skb, saddr, daddr);
	tern_xmit_finish_check(skb, dst);
	iph = skb_push(skb, sizeof(*iph));
	skb_reset_network_header(skb);
	memset(iph, 0, sizeof(*iph));
	/* The option of a label, for who puts another in its place */
	if (optlen) {
		IPCB(skb)->opt.optlen = optlen;
		IPCB(skb)->opt.cipso = sizeof(*iph);
	}
	iph->version = 4;
	iph->ihl = (sizeof(*iph) + optlen) / 4;
	iph->tos = READ_ONCE(inet_sk(sk)->tos);
	/* Never fragmented, so it needs no identification: RFC 6864 4.1 */
	iph->frag_off = htons(IP_DF);
	ttl = READ_ONCE(inet_sk(sk)->uc_ttl);
	iph->ttl = ttl >= 0 ? ttl : ip4_dst_hoplimit(dst);
	iph->protocol = tern_ipproto;
	iph->saddr = saddr;
	iph->daddr = daddr;
	skb->priority = READ_ONCE(sk->sk_priority);
	if (!skb->mark)
		skb->mark = READ_ONCE(sk->sk_mark);
	return ip_local_out(sock_net(sk), skb->sk, skb);
}

static void child_setup(struct sock *child, struct dst_entry *dst)
{
	const struct tern_tuple *t = &tern_sk(child)->ep.tuple;
	struct inet_sock *inet = inet_sk(child);
	struct flowi4 *fl4 = &inet->cork.fl.u.ip4;

	inet->inet_daddr = addr4(&t->raddr);
	inet->inet_rcv_saddr = addr4(&t->laddr);
	inet->inet_saddr = addr4(&t->laddr);
	atomic_set(&inet->inet_id, get_random_u16());

	/* The rest of it ip_queue_xmit() fills when it has to route anew. */
	memset(fl4, 0, sizeof(*fl4));
	fl4->saddr = inet->inet_saddr;
	fl4->daddr = inet->inet_daddr;
	sk_setup_caps(child, dst);
}

static bool tuple(struct tern_tuple *t, const struct sk_buff *skb)
{
	const struct iphdr *iph = ip_hdr(skb);
	const struct ternhdr *th = tern_hdr(skb);

	ipv6_addr_set_v4mapped(iph->daddr, &t->laddr);
	ipv6_addr_set_v4mapped(iph->saddr, &t->raddr);
	t->lport = th->dest;
	t->rport = th->source;
	t->scope = tern_skb_vrf(skb);
	return true;
}

static void mtu_reduced(struct sock *sk, u32 mtu)
{
	struct dst_entry *dst = __sk_dst_check(sk, 0);

	if (!ip_sk_accept_pmtu(sk))
		return;
	if (dst && mtu < dst_mtu(dst))
		dst->ops->update_pmtu(dst, sk, NULL, mtu, true);
	/* The entry that knows the new MTU is another one. */
	route(sk);
}

static u32 option_len(const struct sock *sk)
{
	const struct ip_options_rcu *opt;
	u32 len = 0;

	rcu_read_lock();
	opt = rcu_dereference(inet_sk(sk)->inet_opt);
	if (opt)
		len = opt->opt.optlen;
	rcu_read_unlock();
	return len;
}

const struct tern_af_ops tern_ipv4_ops = {
	.family		= AF_INET,
	.net_header_len	= sizeof(struct iphdr),
	.packet_max	= IPV4_MAX_PMTU,
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

/* The source address is the route's unless bind() gave one. */
static void set_addresses(struct sock *sk, const struct flowi4 *fl4,
			  __be32 daddr, __be16 dport)
{
	struct inet_sock *inet = inet_sk(sk);
	struct tern_tuple *t = &tern_sk(sk)->ep.tuple;

	if (!inet->inet_saddr)
		inet->inet_saddr = fl4->saddr;
	if (!inet->inet_rcv_saddr)
		inet->inet_rcv_saddr = inet->inet_saddr;
	inet->inet_dport = dport;
	inet->inet_daddr = daddr;
	atomic_set(&inet->inet_id, get_random_u16());

	ipv6_addr_set_v4mapped(inet->inet_saddr, &t->laddr);
	ipv6_addr_set_v4mapped(daddr, &t->raddr);
	t->lport = inet->inet_sport;
	t->rport = dport;
	t->scope = tern_sk_vrf(sk);
	tern_sock_name6(sk);
}

static struct rtable *connect_route(struct sock *sk,
				    const struct sockaddr_in *addr)
{
	struct inet_sock *inet = inet_sk(sk);
	struct rtable *rt;

	rt = ip_route_connect(&inet->cork.fl.u.ip4,
			      first_hop(sk, addr->sin_addr.s_addr),
			      inet->inet_saddr, sk->sk_bound_dev_if,
			      tern_ipproto, inet->inet_sport, addr->sin_port,
			      sk);
	if (IS_ERR(rt))
		return rt;
	/* RFC 9293 3.9.2.3: MUST-57, one peer only */
	if (rt->rt_flags & (RTCF_MULTICAST | RTCF_BROADCAST)) {
		ip_rt_put(rt);
		return ERR_PTR(-ENETUNREACH);
	}
	return rt;
}

/* From the choice of a port on; takes @rt. */
static int connect_routed(struct sock *sk, struct rtable *rt)
{
	struct inet_sock *inet = inet_sk(sk);
	__be16 sport = inet->inet_sport;
	int err;

	err = tern_hash_connect(sk);
	if (err) {
		ip_rt_put(rt);
		return err;
	}
	rt = ip_route_newports(&inet->cork.fl.u.ip4, rt, sport,
			       inet->inet_dport, inet->inet_sport,
			       inet->inet_dport, sk);
	if (IS_ERR(rt))
		return PTR_ERR(rt);
	sk_setup_caps(sk, &rt->dst);
	return tern_connect_start(sk);
}

/**
 * tern_ipv4_pre_connect() - proto.pre_connect: the cgroup's BPF program
 * @sk: socket, locked by its user
 * @addr: peer, which the program may change
 * @len: bytes of @addr
 *
 * Return: 0, or -errno of whoever forbids it.
 */
int tern_ipv4_pre_connect(struct sock *sk, struct sockaddr_in *addr, int len)
{
	/* The program sees as much of it as connect() would. */
	if (len < (int)sizeof(*addr))
		return -EINVAL;
	return tern_compat_run_connect(INET4, sk, addr, len);
}

/**
 * tern_ipv4_connect() - proto.connect (RFC 9293 3.10.1, active OPEN)
 * @sk: socket in CLOSED, locked by its user
 * @addr: peer
 * @len: bytes of @addr
 *
 * Return: 0 with the SYN sent, or -errno and the socket as before.
 */
int tern_ipv4_connect(struct sock *sk, struct sockaddr_in *addr, int len)
{
	bool had_port = tern_sk(sk)->ep.bind;
	struct flowi4 *fl4 = &inet_sk(sk)->cork.fl.u.ip4;
	struct rtable *rt;
	__be32 daddr;
	int err;

	if (len < (int)sizeof(*addr))
		return -EINVAL;
	if (addr->sin_family != AF_INET)
		return -EAFNOSUPPORT;
	daddr = addr->sin_addr.s_addr;
	if (!daddr && first_hop(sk, daddr) != daddr)
		return -EINVAL;
	rt = connect_route(sk, addr);
	if (IS_ERR(rt))
		return PTR_ERR(rt);
	/* INADDR_ANY is this host; the route says by which address. */
	if (first_hop(sk, daddr) == daddr)
		daddr = fl4->daddr;
	set_addresses(sk, fl4, daddr, addr->sin_port);
	err = connect_routed(sk, rt);
	if (err)
		tern_connect_failed(sk, had_port);
	return err;
}

/* The kernel's answer where a protocol has no handler */
static int unknown(struct sk_buff *skb)
{
	if (xfrm4_policy_check(NULL, XFRM_POLICY_IN, skb)) {
		__IP_INC_STATS(dev_net(skb->dev), IPSTATS_MIB_INUNKNOWNPROTOS);
		/* It has been a segment's; icmp_send() looks for options. */
		memset(IPCB(skb), 0, sizeof(*IPCB(skb)));
		icmp_send(skb, ICMP_DEST_UNREACH, ICMP_PROT_UNREACH, 0);
	}
	kfree_skb_reason(skb, SKB_DROP_REASON_IP_NOPROTO);
	return 0;
}

/* struct net_protocol.handler: data at the ternhdr, under RCU */
static int rcv(struct sk_buff *skb)
{
	int err;

	/* RFC 9293 3.9.2.3: MUST-57; not for us, so nobody's error */
	if (skb->pkt_type != PACKET_HOST) {
		kfree_skb_reason(skb, SKB_DROP_REASON_NOT_SPECIFIED);
		return 0;
	}
	/* Of a segment from this host the route tells the sender's device. */
	err = tern_demux_arrives(skb, inet_iif(skb),
				 inet_sdif(skb),
				 !skb_checksum_init(skb, tern_ipproto,
						    inet_compute_pseudo) &&
				 !skb_checksum_complete(skb));
	return unlikely(err) ? unknown(skb) : 0;
}

/* False when the error means nothing to a connection */
static bool classify(const struct icmphdr *icmp, enum tern_icmp_kind *kind,
		     int *err)
{
	*kind = TERN_ICMP_SOFT;
	*err = EPROTO;
	switch (icmp->type) {
	case ICMP_REDIRECT:
		*kind = TERN_ICMP_REDIRECT;
		return true;
	case ICMP_PARAMETERPROB:
		return true;
	case ICMP_TIME_EXCEEDED:
		*err = EHOSTUNREACH;
		return true;
	case ICMP_DEST_UNREACH:
		break;
	default:
		return false;
	}
	if (icmp->code > NR_ICMP_UNREACH)
		return false;
	*err = icmp_err_convert[icmp->code].errno;
	if (icmp->code == ICMP_FRAG_NEEDED)
		*kind = TERN_ICMP_TOO_BIG;
	else if (icmp_err_convert[icmp->code].fatal)
		*kind = TERN_ICMP_HARD;
	return true;
}

/*
 * struct net_protocol.err_handler: data at the quoted IP header, which was
 * ours, and 8 bytes behind it: ports and SEG.SEQ
 */
static int err_rcv(struct sk_buff *skb, u32 info)
{
	const struct iphdr *iph = (const struct iphdr *)skb->data;
	const struct ternhdr *th;
	enum tern_icmp_kind kind;
	struct tern_tuple t;
	int err;

	if (!classify(icmp_hdr(skb), &kind, &err))
		return 0;
	th = (const struct ternhdr *)(skb->data + (iph->ihl << 2));
	ipv6_addr_set_v4mapped(iph->saddr, &t.laddr);
	ipv6_addr_set_v4mapped(iph->daddr, &t.raddr);
	t.lport = th->source;
	t.rport = th->dest;
	t.scope = inet_sdif(skb) ? skb->skb_iif : 0;
	tern_icmp_rcv(dev_net(skb->dev), &t, ntohl(th->seq), kind, err, info,
		      skb);
	return 0;
}

static const struct net_protocol tern_protocol = {
	.handler		= rcv,
	.err_handler		= err_rcv,
	.no_policy		= 1,
	.icmp_strict_tag_validation = 1,
};

/**
 * tern_ipv4_net_init() - the socket that stands in where there is none
 * @tn: namespace
 *
 * Return: 0 or -errno.
 */
int tern_ipv4_net_init(struct tern_net *tn)
{
	int err = inet_ctl_sock_create(&tn->ctl_sk4, PF_INET, SOCK_RAW,
				       tern_ipproto, tn->net);

	if (err)
		return err;
	/* With DF set the identification is free to be 0 (RFC 6864). */
	inet_sk(tn->ctl_sk4)->pmtudisc = IP_PMTUDISC_DO;
	return 0;
}

/**
 * tern_ipv4_net_exit() - undo tern_ipv4_net_init()
 * @tn: namespace
 */
void tern_ipv4_net_exit(struct tern_net *tn)
{
	inet_ctl_sock_destroy(tn->ctl_sk4);
	tn->ctl_sk4 = NULL;
}

/**
 * tern_ipv4_init() - receive our protocol from now on
 *
 * Return: 0, or -EAGAIN when the protocol number is taken.
 */
int tern_ipv4_init(void)
{
	return inet_add_protocol(&tern_protocol, tern_ipproto) ? -EAGAIN : 0;
}

/**
 * tern_ipv4_exit() - undo tern_ipv4_init(); waits for handlers that run
 */
void tern_ipv4_exit(void)
{
	inet_del_protocol(&tern_protocol, tern_ipproto);
}
