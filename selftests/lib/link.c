// SPDX-License-Identifier: GPL-2.0
/*
 * What ip(8) would do for each test, by rtnetlink: under emulation starting a
 * program takes ten times as long. (libmnl has no static library in Debian.)
 */
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>

#include "tern_test.h"
#include "link.h"

struct request {
	struct nlmsghdr nlh;
	uint8_t body[512];
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

/* What is put between the two is inside. */
static struct rtattr *nest(struct request *r, int type)
{
	return put(r, type, "", 0);
}

static void nest_end(struct request *r, struct rtattr *a)
{
	a->rta_len = (uint8_t *)r + r->nlh.nlmsg_len - (uint8_t *)a;
}

static void put_addr(struct request *r, int type, const struct link_addr *a)
{
	put(r, type, a->bytes, a->family == AF_INET6 ? 16 : 4);
}

static int ask(struct request *r)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	struct {
		struct nlmsghdr nlh;
		struct nlmsgerr err;
		uint8_t quoted[sizeof(*r)];
	} reply = { .err.error = -EPROTO };

	if (fd < 0)
		return -1;
	if (send(fd, r, r->nlh.nlmsg_len, 0) < 0 || recv(fd, &reply, sizeof(reply), 0) < 0)
		reply.err.error = -errno;
	close(fd);
	errno = -reply.err.error;
	return errno ? -1 : 0;
}

int link_veth(const char *name, const uint8_t mac[2][6], int peer_ns)
{
	struct ifinfomsg link = { 0 };
	struct rtattr *info, *data, *peer;
	struct request r;

	begin(&r, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &link, sizeof(link));
	put(&r, IFLA_IFNAME, name, strlen(name) + 1);
	put(&r, IFLA_ADDRESS, mac[0], 6);
	info = nest(&r, IFLA_LINKINFO);
	put(&r, IFLA_INFO_KIND, "veth", 5);
	data = nest(&r, IFLA_INFO_DATA);
	peer = nest(&r, VETH_INFO_PEER);
	memcpy(grow(&r, sizeof(link)), &link, sizeof(link));
	put(&r, IFLA_IFNAME, name, strlen(name) + 1);
	put(&r, IFLA_ADDRESS, mac[1], 6);
	put(&r, IFLA_NET_NS_FD, &peer_ns, 4);
	nest_end(&r, peer);
	nest_end(&r, data);
	nest_end(&r, info);
	return ask(&r);
}

int link_up(const char *name)
{
	struct ifinfomsg link = {
		.ifi_index = if_nametoindex(name), .ifi_flags = IFF_UP, .ifi_change = IFF_UP,
	};
	struct request r;

	begin(&r, RTM_NEWLINK, 0, &link, sizeof(link));
	return ask(&r);
}

int link_address(const char *name, const struct link_addr *a, int prefix)
{
	struct ifaddrmsg addr = {
		.ifa_family = a->family, .ifa_prefixlen = prefix,
		.ifa_index = if_nametoindex(name),
		/* Without detection of duplicates it is usable at once. */
		.ifa_flags = a->family == AF_INET6 ? IFA_F_NODAD : 0,
	};
	struct request r;

	begin(&r, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &addr, sizeof(addr));
	put_addr(&r, IFA_LOCAL, a);
	put_addr(&r, IFA_ADDRESS, a);
	return ask(&r);
}

int link_neighbour(const char *name, const struct link_addr *a, const uint8_t mac[6])
{
	struct ndmsg nd = {
		.ndm_family = a->family, .ndm_ifindex = if_nametoindex(name),
		.ndm_state = NUD_PERMANENT,
	};
	struct request r;

	begin(&r, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, &nd, sizeof(nd));
	put_addr(&r, NDA_DST, a);
	put(&r, NDA_LLADDR, mac, 6);
	return ask(&r);
}

int link_route(const struct link_addr *to, int prefix, const struct link_addr *via)
{
	struct rtmsg rt = {
		.rtm_family = to->family, .rtm_dst_len = prefix, .rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = RTPROT_BOOT, .rtm_scope = RT_SCOPE_UNIVERSE,
		.rtm_type = RTN_UNICAST,
	};
	struct request r;

	begin(&r, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, &rt, sizeof(rt));
	put_addr(&r, RTA_DST, to);
	put_addr(&r, RTA_GATEWAY, via);
	return ask(&r);
}
