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

#define OPER_UP		6	/* IF_OPER_UP, whose header is at odds with net/if.h */

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
	r->nlh.nlmsg_flags = NLM_F_REQUEST | flags;
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

/* Return: bytes of the reply, or -1 */
static int talk(struct request *r, void *reply, size_t size)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), n = -1;

	if (fd >= 0 && send(fd, r, r->nlh.nlmsg_len, 0) >= 0)
		n = recv(fd, reply, size, 0);
	if (fd >= 0)
		close(fd);
	return n;
}

static int ask(struct request *r)
{
	struct {
		struct nlmsghdr nlh;
		struct nlmsgerr err;
		uint8_t quoted[sizeof(*r)];
	} reply;

	r->nlh.nlmsg_flags |= NLM_F_ACK;
	if (talk(r, &reply, sizeof(reply)) < 0)
		return -1;
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

int link_size(const char *name, int which, uint32_t size)
{
	struct ifinfomsg link = { .ifi_index = if_nametoindex(name) };
	struct request r;

	begin(&r, RTM_NEWLINK, 0, &link, sizeof(link));
	put(&r, which, &size, sizeof(size));
	return ask(&r);
}

/*
 * The first end that is up drops what it is given until the kernel has noticed
 * that the other is, too: under RTNL, as this question is.
 */
static bool is_running(const char *name)
{
	struct ifinfomsg link = { .ifi_index = if_nametoindex(name) };
	struct {
		struct nlmsghdr nlh;
		struct ifinfomsg link;
		uint8_t attrs[8192];
	} reply;
	struct request r;
	struct rtattr *a;
	int left;

	begin(&r, RTM_GETLINK, 0, &link, sizeof(link));
	left = talk(&r, &reply, sizeof(reply)) - (int)offsetof(typeof(reply), attrs);
	for (a = (struct rtattr *)reply.attrs; RTA_OK(a, left); a = RTA_NEXT(a, left))
		if (a->rta_type == IFLA_OPERSTATE)
			return *(uint8_t *)RTA_DATA(a) == OPER_UP;
	return false;
}

int link_wait(const char *name)
{
	return wait_for(is_running(name), SOON) ? 0 : -1;
}

/* Of an IPv6 address the kernel begins to receive some time after it is there. */
static bool receives(const struct link_addr *a)
{
	struct rtmsg rt = {
		.rtm_family = a->family, .rtm_dst_len = a->family == AF_INET6 ? 128 : 32,
	};
	struct {
		struct nlmsghdr nlh;
		struct rtmsg rt;
		uint8_t attrs[512];
	} reply = { 0 };
	struct request r;

	begin(&r, RTM_GETROUTE, 0, &rt, sizeof(rt));
	put_addr(&r, RTA_DST, a);
	return talk(&r, &reply, sizeof(reply)) > 0 && reply.nlh.nlmsg_type == RTM_NEWROUTE &&
	       reply.rt.rtm_type == RTN_LOCAL;
}

int link_address(const char *name, const struct link_addr *a, int prefix)
{
	struct ifaddrmsg addr = {
		.ifa_family = a->family, .ifa_prefixlen = prefix,
		.ifa_index = if_nametoindex(name),
		/* No detection of duplicates */
		.ifa_flags = a->family == AF_INET6 ? IFA_F_NODAD : 0,
	};
	struct request r;

	begin(&r, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &addr, sizeof(addr));
	put_addr(&r, IFA_LOCAL, a);
	put_addr(&r, IFA_ADDRESS, a);
	if (ask(&r))
		return -1;
	return wait_for(receives(a), SOON) ? 0 : -1;
}

int link_neighbour(const char *name, const struct link_addr *a, const uint8_t mac[6])
{
	struct ndmsg neigh = {
		.ndm_family = a->family, .ndm_ifindex = if_nametoindex(name),
		.ndm_state = NUD_PERMANENT,
	};
	struct request r;

	begin(&r, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, &neigh, sizeof(neigh));
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
