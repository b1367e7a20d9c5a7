// SPDX-License-Identifier: GPL-2.0
/*
 * What the owner of a namespace does to it: devices, addresses, routes with
 * metrics, rules, neighbours and qdiscs, by rtnetlink.
 */
#include <linux/ethtool.h>
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <linux/veth.h>
#include <sys/ioctl.h>

#include "fuzz.h"
#include "rtnl.h"

struct request {
	struct nlmsghdr nlh;
	uint8_t body[1024];
};

/* Room for @size bytes at the end, aligned */
static void *grow(struct request *r, size_t size)
{
	uint8_t *at = (uint8_t *)r + NLMSG_ALIGN(r->nlh.nlmsg_len);

	r->nlh.nlmsg_len = NLMSG_ALIGN(r->nlh.nlmsg_len) + size;
	return at;
}

static void begin(struct request *r, int type, int flags, const void *header, size_t size)
{
	memset(r, 0, sizeof(*r));
	r->nlh.nlmsg_len = NLMSG_HDRLEN;
	r->nlh.nlmsg_type = type;
	r->nlh.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	memcpy(grow(r, size), header, size);
}

static struct rtattr *put(struct request *r, int type, const void *data, size_t size)
{
	struct rtattr *a = grow(r, RTA_LENGTH(size));

	a->rta_type = type;
	a->rta_len = RTA_LENGTH(size);
	memcpy(RTA_DATA(a), data, size);
	return a;
}

static void put32(struct request *r, int type, uint32_t v)
{
	put(r, type, &v, sizeof(v));
}

static void put_str(struct request *r, int type, const char *s)
{
	put(r, type, s, strlen(s) + 1);
}

static struct rtattr *nest(struct request *r, int type)
{
	return put(r, type, "", 0);
}

static void nest_end(struct request *r, struct rtattr *a)
{
	a->rta_len = (uint8_t *)r + r->nlh.nlmsg_len - (uint8_t *)a;
}

static int ask(struct request *r)
{
	struct {
		struct nlmsghdr nlh;
		struct nlmsgerr err;
		uint8_t quoted[sizeof(*r)];
	} reply;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	long n = -1;

	if (fd >= 0 && send(fd, r, r->nlh.nlmsg_len, 0) >= 0)
		n = recv(fd, &reply, sizeof(reply), 0);
	close(fd);
	if (n < (long)(sizeof(reply.nlh) + sizeof(reply.err)))
		return -1;
	errno = reply.nlh.nlmsg_type == NLMSG_ERROR ? -reply.err.error : 0;
	return errno ? -1 : 0;
}

int rtnl_up(const char *dev, bool up)
{
	struct ifinfomsg link = {
		.ifi_index = if_nametoindex(dev), .ifi_flags = up ? IFF_UP : 0,
		.ifi_change = IFF_UP,
	};
	struct request r;

	begin(&r, RTM_NEWLINK, 0, &link, sizeof(link));
	return ask(&r);
}

int rtnl_addr(const char *dev, int af, const char *text, int prefix)
{
	struct ifaddrmsg addr = {
		.ifa_family = af, .ifa_prefixlen = prefix, .ifa_index = if_nametoindex(dev),
		.ifa_flags = af == AF_INET6 ? IFA_F_NODAD : 0,
	};
	struct request r;
	uint8_t a[16];

	inet_pton(af, text, a);
	begin(&r, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, &addr, sizeof(addr));
	put(&r, IFA_LOCAL, a, af == AF_INET6 ? 16 : 4);
	put(&r, IFA_ADDRESS, a, af == AF_INET6 ? 16 : 4);
	return ask(&r);
}

static void put_veth(struct request *r, const char *dev, int peer_ns)
{
	struct ifinfomsg link = { 0 };
	struct rtattr *peer = nest(r, VETH_INFO_PEER);

	memcpy(grow(r, sizeof(link)), &link, sizeof(link));
	put_str(r, IFLA_IFNAME, dev);
	put32(r, IFLA_NET_NS_FD, peer_ns);
	nest_end(r, peer);
}

int rtnl_veth(const char *dev, int peer_ns)
{
	struct ifinfomsg link = { 0 };
	struct rtattr *info, *data;
	struct request r;

	begin(&r, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &link, sizeof(link));
	put_str(&r, IFLA_IFNAME, dev);
	info = nest(&r, IFLA_LINKINFO);
	put_str(&r, IFLA_INFO_KIND, "veth");
	data = nest(&r, IFLA_INFO_DATA);
	put_veth(&r, dev, peer_ns);
	nest_end(&r, data);
	nest_end(&r, info);
	return ask(&r);
}

/* Mostly one that is there */
static const char *any_dev(struct fz *f)
{
	const char *dev = NULL;

	for (int i = 0; i < 3 && (!dev || !if_nametoindex(dev)); i++)
		dev = PICK_OF(f, "lo", "lo", "v0", "v0", "tun0", "tun0", "d0", "d1", "br0", "vrf0",
			      "m0", "v1");
	return dev;
}

static int any_index(struct fz *f)
{
	return if_nametoindex(any_dev(f));
}

/* The first two have most of what matters. */
static bool somewhere(struct fz *f)
{
	return enter(f, one_in(f, 8) ? 2 : one_in(f, 3));
}

long do_addr(struct fz *f)
{
	int af = any_af(f), most = af == AF_INET6 ? 128 : 32;
	struct ifaddrmsg addr = {
		.ifa_family = af, .ifa_prefixlen = one_in(f, 2) ? most : pick(f, most + 1),
		.ifa_flags = one_in(f, 8) ? any32(f) : IFA_F_NODAD,
		.ifa_scope = one_in(f, 4) ? PICK_OF(f, 0, 200, 253, 254, 255) : 0,
	};
	bool gone = one_in(f, 3);
	struct request r;
	uint8_t a[16];

	if (!somewhere(f))
		return -1;
	addr.ifa_index = any_index(f);
	any_addr(f, af, a);
	begin(&r, gone ? RTM_DELADDR : RTM_NEWADDR, gone ? 0 : NLM_F_CREATE | NLM_F_REPLACE,
	      &addr, sizeof(addr));
	put(&r, IFA_LOCAL, a, most / 8);
	meet_again(f, af, a);
	if (one_in(f, 4))
		any_addr(f, af, a);
	put(&r, IFA_ADDRESS, a, most / 8);
	if (one_in(f, 4)) {
		struct ifa_cacheinfo life = { .ifa_prefered = pick(f, 3), .ifa_valid = pick(f, 3) };

		put(&r, IFA_CACHEINFO, &life, sizeof(life));
	}
	return ask(&r);
}

static void link_attribute(struct fz *f, struct request *r, struct ifinfomsg *link)
{
	uint8_t mac[6] = { 2, 0, 0, 0, 0, pick(f, 8) };

	switch (pick(f, 13)) {
	case 0:
	case 1:
		put32(r, IFLA_MTU, edge_size(f));
		break;
	case 2:
	case 3:
		put32(r, IFLA_GSO_MAX_SIZE, edge_size(f));
		break;
	case 4:
		put32(r, IFLA_GSO_MAX_SEGS, PICK_OF(f, 0u, 1u, 2u, 64u, 65535u, 65536u, 0xffffffffu));
		break;
	case 5:
		put32(r, 63 /* IFLA_GSO_IPV4_MAX_SIZE */, edge_size(f));
		break;
	case 6:
		put32(r, one_in(f, 2) ? 58 /* IFLA_GRO_MAX_SIZE */ : 64 /* GRO_IPV4 */, edge_size(f));
		break;
	case 7:
		put32(r, IFLA_TXQLEN, PICK_OF(f, 0u, 1u, 2u, 1000u));
		break;
	case 8:
		put32(r, IFLA_MASTER, one_in(f, 3) ? 0 : if_nametoindex(PICK_OF(f, "br0", "vrf0")));
		break;
	case 9:
		put(r, IFLA_ADDRESS, mac, 6);
		break;
	case 10:
		if (one_in(f, 4))
			put32(r, IFLA_NET_NS_FD, w.ns[pick(f, SPACES)]);
		break;
	case 11:
		link->ifi_change = PICK_OF(f, IFF_UP, IFF_NOARP, IFF_ALLMULTI, IFF_PROMISC,
					   IFF_MULTICAST);
		link->ifi_flags = one_in(f, 2) ? link->ifi_change : 0;
		break;
	default:
		link->ifi_change = link->ifi_flags = IFF_UP;
	}
}

long do_link_set(struct fz *f)
{
	struct ifinfomsg link = { 0 };
	struct request r;

	if (!somewhere(f))
		return -1;
	link.ifi_index = any_index(f);
	begin(&r, RTM_NEWLINK, 0, &link, sizeof(link));
	for (int i = pick(f, 3); i >= 0; i--)
		link_attribute(f, &r, &link);
	memcpy(NLMSG_DATA(&r.nlh), &link, sizeof(link));
	return ask(&r);
}

static const struct {
	const char *kind, *name;
	bool upon;		/* another device */
} links[] = {
	{ "dummy", "d0" }, { "dummy", "d1" }, { "bridge", "br0" }, { "vrf", "vrf0" },
	{ "veth", "v0" }, { "veth", "v1" }, { "macvlan", "m0", true }, { "ipvlan", "m0", true },
	{ "vlan", "m0", true }, { "ifb", "d1" }, { "sit", "d1" }, { "ipip", "d1" },
};

long do_link_new(struct fz *f)
{
	struct ifinfomsg link = { .ifi_flags = IFF_UP, .ifi_change = IFF_UP };
	int n = pick(f, sizeof(links) / sizeof(links[0])), upon = 0, ret;
	struct rtattr *info, *data;
	struct request r;

	if (sh->no_kind[n] || !somewhere(f))
		return -1;
	if (links[n].upon)
		upon = any_index(f);
	begin(&r, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &link, sizeof(link));
	put_str(&r, IFLA_IFNAME, links[n].name);
	if (upon)
		put32(&r, IFLA_LINK, upon);
	info = nest(&r, IFLA_LINKINFO);
	put_str(&r, IFLA_INFO_KIND, links[n].kind);
	data = nest(&r, IFLA_INFO_DATA);
	if (!strcmp(links[n].kind, "veth"))
		put_veth(&r, links[n].name, w.ns[pick(f, SPACES)]);
	else if (!strcmp(links[n].kind, "vrf"))
		put32(&r, 1 /* IFLA_VRF_TABLE */, 100);
	else if (!strcmp(links[n].kind, "vlan"))
		put(&r, 1 /* IFLA_VLAN_ID */, &(uint16_t){ 5 }, 2);
	nest_end(&r, data);
	nest_end(&r, info);
	ret = ask(&r);
	/* Or each time a program would be run to load it. */
	if (ret && errno == EOPNOTSUPP)
		sh->no_kind[n] = 1;
	return ret;
}

long do_link_del(struct fz *f)
{
	struct ifinfomsg link = { 0 };
	struct request r;

	if (!somewhere(f))
		return -1;
	link.ifi_index = if_nametoindex(PICK_OF(f, "v0", "v1", "d0", "d1", "br0", "vrf0", "m0"));
	if (!link.ifi_index)
		return -1;
	begin(&r, RTM_DELLINK, 0, &link, sizeof(link));
	return ask(&r);
}

long do_ethtool(struct fz *f)
{
	struct ethtool_value v = {
		.cmd = PICK_OF(f, ETHTOOL_STXCSUM, ETHTOOL_SSG, ETHTOOL_STSO, ETHTOOL_SGSO,
			       ETHTOOL_SGRO, ETHTOOL_SRXCSUM),
		.data = pick(f, 2),
	};
	struct ifreq ifr = { .ifr_data = (void *)&v };
	int fd, ret;

	if (!somewhere(f))
		return -1;
	strcpy(ifr.ifr_name, any_dev(f));
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ret = ioctl(fd, SIOCETHTOOL, &ifr);
	close(fd);
	return ret;
}

static void any_metrics(struct fz *f, struct request *r)
{
	struct rtattr *m = nest(r, RTA_METRICS);

	for (int i = 1 + pick(f, 4); i; i--) {
		int which = 1 + pick(f, 17);

		if (which == 16 /* RTAX_CC_ALGO */)
			put_str(r, which, one_in(f, 2) ? "reno" : "cubic");
		else
			put32(r, which, which == RTAX_MTU || which == RTAX_ADVMSS ?
			      edge_size(f) : (uint32_t)edge_int(f));
	}
	nest_end(r, m);
}

long do_route(struct fz *f)
{
	int af = any_af(f), most = af == AF_INET6 ? 128 : 32;
	struct rtmsg rt = {
		.rtm_family = af, .rtm_protocol = RTPROT_BOOT,
		.rtm_dst_len = PICK_OF(f, 0, 8, 24, 64, 128),
		.rtm_table = PICK_OF(f, RT_TABLE_MAIN, RT_TABLE_MAIN, RT_TABLE_LOCAL, 100),
		.rtm_type = PICK_OF(f, RTN_UNICAST, RTN_UNICAST, RTN_UNICAST, RTN_LOCAL,
				    RTN_BLACKHOLE, RTN_UNREACHABLE, RTN_PROHIBIT, RTN_THROW,
				    RTN_BROADCAST),
		.rtm_flags = one_in(f, 3) ? RTNH_F_ONLINK : 0,
	};
	bool gone = one_in(f, 4);
	struct request r;
	uint8_t a[16];

	if (!somewhere(f))
		return -1;
	if (rt.rtm_dst_len > most)
		rt.rtm_dst_len = most;
	begin(&r, gone ? RTM_DELROUTE : RTM_NEWROUTE,
	      gone ? 0 : NLM_F_CREATE | (one_in(f, 2) ? NLM_F_REPLACE : NLM_F_APPEND),
	      &rt, sizeof(rt));
	if (rt.rtm_dst_len) {
		any_addr(f, af, a);
		if (rt.rtm_dst_len < most)
			memset(a + rt.rtm_dst_len / 8, 0, (most - rt.rtm_dst_len) / 8);
		put(&r, RTA_DST, a, most / 8);
	}
	if (one_in(f, 3)) {
		any_addr(f, af, a);
		put(&r, RTA_GATEWAY, a, most / 8);
	}
	if (!one_in(f, 4))
		put32(&r, RTA_OIF, any_index(f));
	if (one_in(f, 5)) {
		any_addr(f, af, a);
		put(&r, RTA_PREFSRC, a, most / 8);
	}
	if (one_in(f, 2))
		any_metrics(f, &r);
	return ask(&r);
}

long do_rule(struct fz *f)
{
	struct fib_rule_hdr h = {
		.family = any_af(f), .table = PICK_OF(f, RT_TABLE_MAIN, 100, 0),
		.action = PICK_OF(f, FR_ACT_TO_TBL, FR_ACT_TO_TBL, FR_ACT_BLACKHOLE,
				  FR_ACT_UNREACHABLE, FR_ACT_PROHIBIT),
	};
	bool gone = one_in(f, 3);
	struct request r;

	if (!somewhere(f))
		return -1;
	begin(&r, gone ? RTM_DELRULE : RTM_NEWRULE, gone ? 0 : NLM_F_CREATE, &h, sizeof(h));
	put32(&r, FRA_PRIORITY, pick(f, 4) + 1);
	if (one_in(f, 2))
		put32(&r, FRA_FWMARK, pick(f, 3));
	if (one_in(f, 3))
		put(&r, FRA_L3MDEV, "\1", 1);
	if (one_in(f, 4))
		put_str(&r, FRA_OIFNAME, any_dev(f));
	return ask(&r);
}

long do_neigh(struct fz *f)
{
	int af = any_af(f);
	struct ndmsg n = {
		.ndm_family = af,
		.ndm_state = PICK_OF(f, NUD_PERMANENT, NUD_REACHABLE, NUD_STALE, NUD_FAILED,
				     NUD_NOARP),
	};
	bool gone = one_in(f, 3);
	uint8_t a[16], mac[6] = { 2, 0, 0, 0, 0, pick(f, 8) };
	struct request r;

	if (!somewhere(f))
		return -1;
	n.ndm_ifindex = any_index(f);
	any_addr(f, af, a);
	begin(&r, gone ? RTM_DELNEIGH : RTM_NEWNEIGH, gone ? 0 : NLM_F_CREATE | NLM_F_REPLACE,
	      &n, sizeof(n));
	put(&r, NDA_DST, a, af == AF_INET6 ? 16 : 4);
	put(&r, NDA_LLADDR, mac, 6);
	return ask(&r);
}

static void qdisc_netem(struct fz *f, struct request *r)
{
	struct tc_netem_qopt q = {
		.latency = pick(f, 3) ? 0 : pick(f, 400000), .limit = PICK_OF(f, 1u, 10u, 1000u),
		.jitter = pick(f, 3) ? 0 : pick(f, 400000), .gap = pick(f, 4),
		.loss = pick(f, 3) ? 0 : any32(f) / 4, .duplicate = pick(f, 3) ? 0 : any32(f) / 4,
	};
	struct tc_netem_corrupt corrupt = { .probability = any32(f) / 8 };
	struct tc_netem_reorder reorder = { .probability = any32(f) / 2 };
	struct rtattr *a = put(r, TCA_OPTIONS, &q, sizeof(q));

	if (one_in(f, 4))
		put(r, TCA_NETEM_CORRUPT, &corrupt, sizeof(corrupt));
	if (q.latency && one_in(f, 3))
		put(r, TCA_NETEM_REORDER, &reorder, sizeof(reorder));
	nest_end(r, a);
}

static void qdisc_tbf(struct fz *f, struct request *r)
{
	struct tc_tbf_qopt q = {
		.rate = { .rate = PICK_OF(f, 10000u, 1000000u, 100000000u), .linklayer = 1 },
		.limit = PICK_OF(f, 1000u, 100000u), .buffer = PICK_OF(f, 1000u, 1000000u),
	};
	struct rtattr *a = nest(r, TCA_OPTIONS);

	put(r, TCA_TBF_PARMS, &q, sizeof(q));
	put32(r, TCA_TBF_BURST, PICK_OF(f, 1600u, 20000u, 100000u));
	nest_end(r, a);
}

long do_qdisc(struct fz *f)
{
	static const char *const of[] = { "netem", "netem", "tbf", "plug", "plug", "pfifo", "prio",
					  "fq", "fq_codel", "sfq", "noqueue", "clsact" };
	const char *kind = of[pick(f, 12)];
	struct tcmsg tc = { .tcm_parent = TC_H_ROOT, .tcm_handle = 0x10000 };
	bool gone = one_in(f, 4);
	struct request r;

	if (!somewhere(f))
		return -1;
	tc.tcm_ifindex = any_index(f);
	if (!strcmp(kind, "clsact")) {
		tc.tcm_parent = TC_H_CLSACT;
		tc.tcm_handle = 0xffff0000;
	}
	begin(&r, gone ? RTM_DELQDISC : RTM_NEWQDISC,
	      gone ? 0 : one_in(f, 2) ? NLM_F_CREATE | NLM_F_REPLACE : 0, &tc, sizeof(tc));
	put_str(&r, TCA_KIND, kind);
	if (gone)
		return ask(&r);
	if (!strcmp(kind, "netem")) {
		qdisc_netem(f, &r);
	} else if (!strcmp(kind, "tbf")) {
		qdisc_tbf(f, &r);
	} else if (!strcmp(kind, "plug")) {
		struct tc_plug_qopt q = { .action = pick(f, 4), .limit = 100000 };

		put(&r, TCA_OPTIONS, &q, sizeof(q));
	} else if (!strcmp(kind, "pfifo")) {
		put32(&r, TCA_OPTIONS, pick(f, 20));
	}
	return ask(&r);
}
