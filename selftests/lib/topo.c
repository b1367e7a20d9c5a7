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
#include <net/if.h>

#include "tern_test.h"

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
	ret = topo_enter(t, which) ? -1 : run("%s", cmd);
	setns(back, CLONE_NEWNET);
	close(back);
	return ret;
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

int topo_up(struct topo *t, enum topo_kind kind)
{
	t->home = ns_here();
	if (t->home < 0 || unshare(CLONE_NEWNET))
		return -1;
	t->ns[1] = ns_here();
	if (unshare(CLONE_NEWNET))
		return -1;
	t->ns[0] = ns_here();

	if (run("echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6;"
		"echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6; exec "
		"ip -batch - <<-END\n"
		"link set lo up\n"
		"link add eth0 address 02:00:00:00:00:01 type veth "
			"peer name eth0 address 02:00:00:00:00:02 netns /proc/%d/fd/%d\n"
		"addr add " HOST_A "/24 dev eth0\n"
		"link set eth0 up\n"
		"neigh add " HOST_B " lladdr 02:00:00:00:00:02 dev eth0 nud permanent\n"
		"END\n", getpid(), t->ns[1]))
		return -1;
	if (topo_run(t, 1, "echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6; exec "
		     "ip -batch - <<-END\n"
		     "link set lo up\n"
		     "%s\n"
		     "link set eth0 up\n"
		     "%s\n"
		     "END\n",
		     kind == TOPO_HOSTS ? "addr add " HOST_B "/24 dev eth0" : "",
		     kind == TOPO_HOSTS ? "neigh add " HOST_A
		     " lladdr 02:00:00:00:00:01 dev eth0 nud permanent" : ""))
		return -1;
	/* Sources that a test makes up: answers go over the wire too. */
	if (run("ip route add 10.10.0.0/16 via " HOST_B))
		return -1;
	if (kind == TOPO_WIRE)
		topo_offload(t, 0, false);
	return 0;
}

void topo_down(struct topo *t)
{
	topo_enter(t, -1);
	close(t->ns[0]);
	close(t->ns[1]);
	close(t->home);
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
	return socket(AF_INET, SOCK_STREAM | flags, proto());
}

int sk_listen(int port, int backlog)
{
	struct sockaddr_in sa = sk_addr(NULL, port);
	int fd = sk_new(0), one = 1;

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)) || listen(fd, backlog)) {
		perror("# listen");
		close(fd);
		return -1;
	}
	return fd;
}

int sk_dial(const char *ip, int port, int from, int flags)
{
	struct sockaddr_in sa = sk_addr(ip, port), me = sk_addr(NULL, from);
	int fd = sk_new(flags), one = 1;

	if (fd < 0)
		return -1;
	if (from) {
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
		if (bind(fd, (struct sockaddr *)&me, sizeof(me)))
			goto fail;
	}
	if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) && errno != EINPROGRESS)
		goto fail;
	return fd;
fail:
	fprintf(stderr, "# dial: %s\n", strerror(errno));
	close(fd);
	return -1;
}

int sk_port(int fd)
{
	struct sockaddr_in sa;
	socklen_t len = sizeof(sa);

	return getsockname(fd, (struct sockaddr *)&sa, &len) ? -1 : ntohs(sa.sin_port);
}

int sk_wait(int fd, int events, int ms)
{
	struct pollfd p = { .fd = fd, .events = events };

	return poll(&p, 1, ms) > 0 ? p.revents : 0;
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
