// SPDX-License-Identifier: GPL-2.0
/*
 * Two hosts: network namespaces without a name, joined by a veth pair. They
 * go with the last process that holds them, so a test that dies leaves
 * nothing behind.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdarg.h>

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <grp.h>
#include <net/if.h>
#include <sys/prctl.h>

#include "tern_test.h"
#include "link.h"

static int ns_here(void)
{
	return open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
}

int topo_enter(struct topo *t, int which)
{
	return setns(which < 0 ? t->home : t->ns[which], CLONE_NEWNET);
}

int topo_run(struct topo *t, int which, const char *fmt, ...)
{
	int back = ns_here(), ret;
	char cmd[1536];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(cmd, sizeof(cmd), fmt, ap);
	va_end(ap);
	record_note(which, "run %.800s", cmd);
	ret = topo_enter(t, which) ? -1 : run("%s", cmd);
	setns(back, CLONE_NEWNET);
	close(back);
	return ret;
}

int topo_drop(struct topo *t, int which, const char *match)
{
	return topo_run(t, which, "nft 'add table inet t; "
			"add chain inet t i { type filter hook input priority 0; }; "
			"add rule inet t i meta l4proto %d %s counter drop'", proto(), match);
}

int topo_pass(struct topo *t, int which)
{
	return topo_run(t, which, "nft flush ruleset");
}

int topo_cut(struct topo *t)
{
	return topo_run(t, 0, "tc qdisc add dev eth0 root netem loss 100%%") ||
	       topo_run(t, 1, "tc qdisc add dev eth0 root netem loss 100%%");
}

int topo_mend(struct topo *t)
{
	return topo_run(t, 0, "tc qdisc del dev eth0 root") ||
	       topo_run(t, 1, "tc qdisc del dev eth0 root");
}

int topo_machine(struct topo *t, const char *name, const char *value)
{
	int fd = open("/proc/1/ns/net", O_RDONLY | O_CLOEXEC), err;

	if (fd < 0)
		return -1;
	err = setns(fd, CLONE_NEWNET) || sysctl_set(name, value);
	close(fd);
	topo_enter(t, 0);
	return err ? -1 : 0;
}

static int ethtool(int fd, int cmd, bool on)
{
	struct ethtool_value v = { .cmd = cmd, .data = on };
	struct ifreq ifr = { .ifr_data = (void *)&v };

	strcpy(ifr.ifr_name, "eth0");
	return ioctl(fd, SIOCETHTOOL, &ifr);
}

/* Off: each segment leaves by itself, its checksum complete. */
int topo_offload(struct topo *t, int which, bool on)
{
	int back = ns_here(), fd, ret;

	if (topo_enter(t, which))
		return -1;
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	ret = ethtool(fd, ETHTOOL_STXCSUM, on);
	if (on)
		ethtool(fd, ETHTOOL_SSG, on);
	ethtool(fd, ETHTOOL_STSO, on);
	ethtool(fd, ETHTOOL_SGSO, on);
	ethtool(fd, ETHTOOL_SGRO, on);
	close(fd);
	setns(back, CLONE_NEWNET);
	close(back);
	return ret;
}

const uint8_t host_mac[2][6] = { { 2, 0, 0, 0, 0, 1 }, { 2, 0, 0, 0, 0, 2 } };

/*
 * IPv6 is off, or without link-local addresses and so without solicitations:
 * nothing that a test has not caused is on the wire.
 */
static int ipv6_conf(bool on)
{
	static const char *const which[] = { "all", "default" };

	for (int i = 0; i < 2; i++) {
		char path[64];
		int err;

		snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/%s", which[i],
			 on ? "addr_gen_mode" : "disable_ipv6");
		err = file_put(path, "1");
		/* A kernel without IPv6 is as good as one where it is off. */
		if (err == -ENOENT && !on)
			return 0;
		if (err)
			return -1;
	}
	return 0;
}

static struct link_addr addr_of(const char *host, int family)
{
	struct link_addr a = { .family = family };

	inet_pton(family, family == AF_INET6 ? ip_text(host) : host, a.bytes);
	return a;
}

static int addresses(int which)
{
	static const char *const host[2] = { HOST_A, HOST_B };

	for (int v6 = 0; v6 <= is_v6(); v6++) {
		struct link_addr me = addr_of(host[which], v6 ? AF_INET6 : AF_INET);
		struct link_addr peer = addr_of(host[!which], v6 ? AF_INET6 : AF_INET);

		if (link_address("eth0", &me, v6 ? 120 : 24) ||
		    link_neighbour("eth0", &peer, host_mac[!which]))
			return -1;
	}
	return 0;
}

/* Sources that a test makes up: answers go over the wire too. */
static int routes(void)
{
	for (int v6 = 0; v6 <= is_v6(); v6++) {
		struct link_addr to = addr_of("10.10.0.0", v6 ? AF_INET6 : AF_INET);
		struct link_addr via = addr_of(HOST_B, v6 ? AF_INET6 : AF_INET);

		if (link_route(&to, v6 ? 112 : 16, &via))
			return -1;
	}
	return 0;
}

/* One end, whose kernel answers where it has an address */
static int host_up(int which, bool kernel)
{
	if (link_up("lo") || link_up("eth0"))
		return -1;
	return kernel ? addresses(which) : 0;
}

static const char *case_name = "";

void topo_name(const char *name)
{
	case_name = name;
}

/* PROGRAM:CASE */
static const char *full_name(void)
{
	const char *prog = program_invocation_name;
	static char name[512];

	snprintf(name, sizeof(name), "%s%s%s%s", strncmp(prog, "./", 2) ? prog : prog + 2,
		 *case_name ? ":" : "", case_name, is_v6() ? "@6" : "");
	return name;
}

/* For guest-tests, which records changes of state: whose namespace this is. */
static void tell_name(void)
{
	const char *file = getenv("TERN_EDGES");
	int fd = file ? open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666) : -1;
	int sk = socket(AF_INET, SOCK_DGRAM, 0);
	uint64_t cookie = 0;
	socklen_t len = sizeof(cookie);

	if (fd >= 0 && !getsockopt(sk, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &len))
		dprintf(fd, "%llu %s\n", (unsigned long long)cookie, full_name());
	close(sk);
	if (fd >= 0)
		close(fd);
}

/* A new namespace, which the process is in from now on */
static int new_ns(bool v6)
{
	int ns;

	if (unshare(CLONE_NEWNET))
		return -1;
	ns = ns_here();
	tell_name();
	return ipv6_conf(v6) ? -1 : ns;
}

/* From A: the cable to B, and both ends up */
static int plug(struct topo *t, bool kernel)
{
	return link_veth("eth0", host_mac, t->ns[1]) || topo_enter(t, 1) ||
	       host_up(1, kernel) || topo_enter(t, 0) || host_up(0, true) || routes() ||
	       topo_enter(t, 1) || link_wait("eth0") || topo_enter(t, 0);
}

int topo_up(struct topo *t, enum topo_kind kind)
{
	t->record = -1;
	t->home = ns_here();
	if (t->home < 0)
		return -1;
	t->ns[1] = new_ns(is_v6() && kind == TOPO_HOSTS);
	t->ns[0] = t->ns[1] < 0 ? -1 : new_ns(is_v6());
	if (t->ns[0] < 0 || plug(t, kind == TOPO_HOSTS))
		return -1;
	if (kind == TOPO_WIRE)
		topo_offload(t, 0, false);
	/* Until the last case's namespaces are gone, where time costs nothing */
	if (timetravel())
		sleep_until(now_us() + 1000000);
	return record_open(t, kind, full_name());
}

#define NOBODY	65534

int topo_user(void)
{
	if (setgroups(0, NULL) || setgid(NOBODY) || setuid(NOBODY) || prctl(PR_SET_DUMPABLE, 1) ||
	    unshare(CLONE_NEWUSER | CLONE_NEWNET))
		return -1;
	/* Without that he may not map his group. */
	if (file_put("/proc/self/setgroups", "deny") ||
	    file_put("/proc/self/uid_map", "0 65534 1") ||
	    file_put("/proc/self/gid_map", "0 65534 1") || ipv6_conf(is_v6()))
		return -1;
	return link_up("lo");
}

int topo_renew(struct topo *t)
{
	/* What A goes on with began with a host that is no more: nobody's to judge. */
	record_close(t);
	if (topo_enter(t, 0) || run("ip link del eth0"))
		return -1;
	close(t->ns[1]);
	t->ns[1] = new_ns(is_v6());
	return t->ns[1] < 0 || topo_enter(t, 0) || plug(t, true) ? -1 : 0;
}

void topo_down(struct topo *t)
{
	record_close(t);
	topo_enter(t, -1);
	close(t->ns[0]);
	close(t->ns[1]);
	close(t->home);
}

struct sk_name sk_name(const char *host, int port)
{
	struct sk_name n = { .sa.sa_family = family() };

	if (host && strchr(host, ':'))
		n.sa.sa_family = AF_INET6;
	if (n.sa.sa_family == AF_INET6) {
		n.len = sizeof(n.in6);
		n.in6.sin6_port = htons(port);
		if (host)
			inet_pton(AF_INET6, ip_text(host), &n.in6.sin6_addr);
	} else {
		n.len = sizeof(n.in);
		n.in.sin_port = htons(port);
		if (host)
			inet_pton(AF_INET, host, &n.in.sin_addr);
	}
	return n;
}

const char *ip_text(const char *host)
{
	static char text[4][INET6_ADDRSTRLEN];
	static int turn;
	struct in6_addr a = { .s6_addr = { 0xfd, 0x09 } };

	if (!is_v6() || strchr(host, ':') || inet_pton(AF_INET, host, &a.s6_addr[12]) != 1)
		return host;
	if (!strcmp(host, "127.0.0.1"))
		a = in6addr_loopback;
	else if (!strcmp(host, "0.0.0.0"))
		a = in6addr_any;
	turn = (turn + 1) % 4;
	/* Not inet_ntop(): nothing with a dot in it. */
	snprintf(text[turn], sizeof(text[turn]), "%x::%x:%x", a.s6_addr[0] << 8 | a.s6_addr[1],
		 a.s6_addr[12] << 8 | a.s6_addr[13], a.s6_addr[14] << 8 | a.s6_addr[15]);
	return text[turn];
}

int sk_name_port(const struct sk_name *n)
{
	/* The port is at the same place in both. */
	return ntohs(n->in.sin_port);
}

bool sk_name_is(const struct sk_name *n, const char *host, int port)
{
	struct sk_name want = sk_name(host, port);

	/* The flow label is not part of the name. */
	return n->len == want.len && n->sa.sa_family == want.sa.sa_family &&
	       n->in.sin_port == want.in.sin_port &&
	       (want.sa.sa_family == AF_INET ?
		n->in.sin_addr.s_addr == want.in.sin_addr.s_addr :
		!memcmp(&n->in6.sin6_addr, &want.in6.sin6_addr, 16));
}

struct sk_name sk_local(int fd)
{
	struct sk_name n = { .len = sizeof(n.space) };

	if (getsockname(fd, &n.sa, &n.len))
		n.len = 0;
	return n;
}

struct sk_name sk_peer(int fd)
{
	struct sk_name n = { .len = sizeof(n.space) };

	if (getpeername(fd, &n.sa, &n.len))
		n.len = 0;
	return n;
}

int sk_bind(int fd, const char *host, int port)
{
	struct sk_name n = sk_name(host, port);

	return bind(fd, &n.sa, n.len);
}

int sk_connect(int fd, const char *host, int port)
{
	struct sk_name n = sk_name(host, port);

	return connect(fd, &n.sa, n.len);
}

struct sockaddr_in sk_addr(const char *ip, int port)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_port = htons(port) };

	if (ip)
		inet_pton(AF_INET, ip, &sa.sin_addr);
	return sa;
}

int sk_new(int flags)
{
	return socket(family(), SOCK_STREAM | flags, proto());
}

int sk_listen(int port, int backlog)
{
	int fd = sk_new(0), one = 1;

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (sk_bind(fd, NULL, port) || listen(fd, backlog)) {
		perror("# listen");
		close(fd);
		return -1;
	}
	return fd;
}

int sk_dial(const char *ip, int port, int from, int flags)
{
	int fd = sk_new(flags), one = 1;

	if (fd < 0)
		return -1;
	if (from) {
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
		if (sk_bind(fd, NULL, from))
			goto fail;
	}
	if (sk_connect(fd, ip, port) && errno != EINPROGRESS)
		goto fail;
	return fd;
fail:
	fprintf(stderr, "# dial: %s\n", strerror(errno));
	close(fd);
	return -1;
}

int sk_port(int fd)
{
	struct sk_name n = sk_local(fd);

	return n.len ? sk_name_port(&n) : -1;
}

int sk_wait(int fd, int events, int ms)
{
	struct pollfd p = { .fd = fd, .events = events };

	return poll(&p, 1, ms) > 0 ? p.revents : 0;
}

struct tern_info sk_info(int fd)
{
	struct tern_info ti = { 0 };
	socklen_t len = sizeof(ti);

	getsockopt(fd, is_tern() ? SOL_TERN : IPPROTO_TCP, TERN_INFO, &ti, &len);
	return ti;
}

int sk_error(int fd)
{
	int val = -1;
	socklen_t len = sizeof(val);

	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &val, &len) ? -1 : val;
}

int sk_timeouts(int fd, int ms)
{
	struct timeval tv = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };

	return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)) ||
	       setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
}

int sk_pair(struct topo *t, int fd[2], int port)
{
	int listener;

	if (topo_enter(t, 1))
		return -1;
	listener = sk_listen(port, 8);
	if (topo_enter(t, 0) || listener < 0)
		return -1;
	fd[0] = sk_dial(HOST_B, port, 0, 0);
	if (fd[0] < 0)
		return -1;
	fd[1] = sk_wait(listener, POLLIN, SOON) ? accept(listener, NULL, NULL) : -1;
	close(listener);
	if (fd[1] < 0)
		return -1;
	return sk_timeouts(fd[0], 20000) || sk_timeouts(fd[1], 20000);
}
