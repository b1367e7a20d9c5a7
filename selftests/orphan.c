// SPDX-License-Identifier: GPL-2.0
/*
 * A packet keeps its socket, and lies in the queue of anybody who is on its
 * way: a switch in another namespace. The connection's own namespace goes
 * meanwhile, and then the packet is let out. Nothing may be left in the socket
 * by then that was the namespace's: its route above all, which is counted there
 * when it is IPv6's and an exception, or one that encrypts; and whoever sees
 * the packet may ask the socket what it is. A kernel with KASAN sees the rest.
 */
#define _GNU_SOURCE
#include <linux/bpf.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/ip6.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "fixture.h"
#include "link.h"

/* A, the switch B, and the peer C; t.ns[1] is the switch's */
FIXTURE(late)
{
	struct topo t;
	int c, peer;
	bool bound;
	long tainted;
};

enum way { PLAIN, NARROW, XFRM, ASKED };

FIXTURE_VARIANT(late)
{
	enum way way;
};

/* By a route that the fib has */
FIXTURE_VARIANT_ADD(late, plain) { .way = PLAIN };
/* By an exception: an ICMPv6 error told the path's MTU */
FIXTURE_VARIANT_ADD(late, narrow) { .way = NARROW };
/* By ESP */
FIXTURE_VARIANT_ADD(late, xfrm) { .way = XFRM };
/* Past filters that look at the socket, which is bound to a device */
FIXTURE_VARIANT_ADD(late, asked) { .way = ASKED };

static int enter(int ns)
{
	return setns(ns, CLONE_NEWNET);
}

static bool says(const char *cmd)
{
	return !system(cmd);
}

/* From B, where the test is when nothing else is said */
static int run_in(FIXTURE_DATA(late) *self, int ns, const char *cmd)
{
	int ret = enter(ns) ? -1 : run("%s", cmd);

	return topo_enter(&self->t, 1) ?: ret;
}

static int ns_here(void)
{
	return open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
}

/* One whose user namespace goes with it */
static int ns_of_user(void)
{
	int ready[2], ns = -1;
	char path[32], c = 'n';
	pid_t pid;

	if (pipe(ready))
		return -1;
	pid = fork();
	if (!pid) {
		if (!unshare(CLONE_NEWUSER | CLONE_NEWNET))
			c = 'y';
		if (write(ready[1], &c, 1) == 1)
			pause();
		_exit(0);
	}
	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	if (read(ready[0], &c, 1) == 1 && c == 'y')
		ns = open(path, O_RDONLY | O_CLOEXEC);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(ready[0]);
	close(ready[1]);
	return ns;
}

static int host(FIXTURE_DATA(late) *self, int ns, const char *dev, const char *me,
		const char *peer, const char *mac)
{
	char cmd[512];

	snprintf(cmd, sizeof(cmd), "ip link set lo up && ip link set %s up && "
		 "ip addr add %s/%d dev %s %s && ip neigh add %s dev %s lladdr %s nud permanent",
		 dev, ip_text(me), is_v6() ? 120 : 24, dev, is_v6() ? "nodad" : "",
		 ip_text(peer), dev, mac);
	return run_in(self, ns, cmd);
}

static int build(FIXTURE_DATA(late) *self)
{
	static const uint8_t mac[2][2][6] = {
		{ { 2, 0, 0, 0, 0, 3 }, { 2, 0, 0, 0, 0, 1 } },
		{ { 2, 0, 0, 0, 0, 4 }, { 2, 0, 0, 0, 0, 2 } },
	};

	self->t.home = ns_here();
	self->t.ns[0] = ns_of_user();
	self->c = unshare(CLONE_NEWNET) ? -1 : ns_here();
	self->t.ns[1] = unshare(CLONE_NEWNET) ? -1 : ns_here();
	return self->t.ns[0] < 0 || self->c < 0 || self->t.ns[1] < 0 ||
	       link_veth("eth0", mac[0], self->t.ns[0]) || link_veth("eth1", mac[1], self->c) ||
	       run("ip link add br0 type bridge mcast_snooping 0 && ip link set eth0 master br0 && "
		   "ip link set eth1 master br0 && ip link set eth0 up && ip link set eth1 up && "
		   "ip link set br0 up") ||
	       host(self, self->t.ns[0], "eth0", HOST_A, HOST_B, "02:00:00:00:00:02") ||
	       host(self, self->c, "eth1", HOST_B, HOST_A, "02:00:00:00:00:01") ||
	       link_wait("eth0") || link_wait("eth1");
}

/* C says that an echo request of A's was too big, which A believes unseen. */
static int narrow(FIXTURE_DATA(late) *self)
{
	struct {
		struct icmp6_hdr error;
		struct ip6_hdr ip;
		struct icmp6_hdr echo;
	} m = {
		.error = { .icmp6_type = ICMP6_PACKET_TOO_BIG, .icmp6_mtu = htonl(1280) },
		.ip = { .ip6_vfc = 6 << 4, .ip6_nxt = IPPROTO_ICMPV6, .ip6_plen = htons(1400) },
		.echo = { .icmp6_type = ICMP6_ECHO_REQUEST },
	};
	struct sk_name to = sk_name(HOST_A, 0), from = sk_name(HOST_B, 0);
	char cmd[128];
	bool told;
	int fd, n;

	m.ip.ip6_src = to.in6.sin6_addr;
	m.ip.ip6_dst = from.in6.sin6_addr;
	if (enter(self->c))
		return -1;
	fd = socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6);
	n = sendto(fd, &m, sizeof(m), 0, &to.sa, to.len);
	close(fd);
	if (n != sizeof(m) || topo_enter(&self->t, 0))
		return -1;
	snprintf(cmd, sizeof(cmd), "ip -6 route get %s | grep -q 'mtu 1280'", ip_text(HOST_B));
	told = wait_for(says(cmd), SOON);
	return topo_enter(&self->t, 1) || !told;
}

/* One way is enough: what C sends is in the clear. */
static int encrypt(FIXTURE_DATA(late) *self)
{
	char state[512], policy[1024];

	snprintf(state, sizeof(state), "ip xfrm state add src %s dst %s proto esp spi 1 reqid 1 "
		 "mode transport enc 'ecb(cipher_null)' ''", ip_text(HOST_A), ip_text(HOST_B));
	snprintf(policy, sizeof(policy), "%s && ip xfrm policy add src %s dst %s proto %d dir out "
		 "tmpl src %s dst %s proto esp reqid 1 mode transport", state, ip_text(HOST_A),
		 ip_text(HOST_B), proto(), ip_text(HOST_A), ip_text(HOST_B));
	return run_in(self, self->c, state) || run_in(self, self->t.ns[0], policy);
}

/* A program that asks whose socket it is, as a file */
static int program(const char *file)
{
	struct bpf_insn insn[] = {
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_get_socket_uid },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr load = {
		.prog_type = BPF_PROG_TYPE_SCHED_CLS,
		.insn_cnt = sizeof(insn) / sizeof(insn[0]),
		.insns = (uintptr_t)insn,
		.license = (uintptr_t)"GPL",
	};
	union bpf_attr pin = { .pathname = (uintptr_t)file };
	int err;

	pin.bpf_fd = syscall(__NR_bpf, BPF_PROG_LOAD, &load, sizeof(load));
	err = syscall(__NR_bpf, BPF_OBJ_PIN, &pin, sizeof(pin));
	close(pin.bpf_fd);
	return err;
}

/* Where C's packets come in; none is dropped. */
static int ask(FIXTURE_DATA(late) *self)
{
	if (unshare(CLONE_NEWNS) || run("mount --make-rprivate / && mount -t bpf bpf /mnt") ||
	    program("/mnt/uid"))
		return -1;
	return run_in(self, self->c, "tc qdisc add dev eth1 clsact && "
		      "tc filter add dev eth1 ingress prio 1 bpf object-pinned /mnt/uid && "
		      "tc filter add dev eth1 ingress prio 2 basic match "
		      "'meta(sk_bind_if eq \"eth9\")' flowid 1:1");
}

FIXTURE_SETUP(late)
{
	SKIP_UNLESS_AVAILABLE();
	if (variant->way == NARROW && !is_v6())
		SKIP(return, "only of IPv6 is it counted in the namespace");
	ASSERT_EQ(0, build(self));
	if (variant->way == NARROW)
		ASSERT_EQ(0, narrow(self));
	if (variant->way == XFRM && encrypt(self))
		SKIP(return, "no IPsec here");
	if (variant->way == ASKED && ask(self))
		SKIP(return, "no filters here");
	self->bound = variant->way == ASKED;
	self->tainted = file_num("/proc/sys/kernel/tainted", "%ld");
}

FIXTURE_TEARDOWN(late)
{
	close(self->peer);
	close(self->c);
	topo_down(&self->t);
}

/* A connection of A's with C, across B */
static int connection(FIXTURE_DATA(late) *self)
{
	int listener, fd;
	char c = 'x';

	if (enter(self->c))
		return -1;
	listener = sk_listen(PORT, 4);
	if (topo_enter(&self->t, 0))
		return -1;
	fd = sk_new(0);
	if ((self->bound && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "eth0", 4)) ||
	    sk_connect(fd, HOST_B, PORT))
		return -1;
	self->peer = sk_wait(listener, POLLIN, SOON) ? accept(listener, NULL, NULL) : -1;
	if (send(fd, &c, 1, MSG_NOSIGNAL) != 1 || recv(self->peer, &c, 1, 0) != 1)
		fd = -1;
	close(listener);
	return topo_enter(&self->t, 1) ? -1 : fd;
}

/* A namespace comes and goes: those that went before are freed by then. */
static bool another(FIXTURE_DATA(late) *self, const char *link)
{
	static const uint8_t mac[2][6] = { { 2, 0, 0, 0, 0, 5 }, { 2, 0, 0, 0, 0, 6 } };
	int ns = unshare(CLONE_NEWNET) ? -1 : ns_here();
	bool ok = !topo_enter(&self->t, 1) && !link_veth(link, mac, ns);

	close(ns);
	return ok && wait_for(!if_nametoindex(link), 4 * SOON);
}

static long packets(void)
{
	return file_num("/proc/thread-self/net/dev",
			" eth1: %*d %*d %*d %*d %*d %*d %*d %*d %*d %ld");
}

static void outlive(struct __test_metadata *_metadata, FIXTURE_DATA(late) *self)
{
	long before;

	ASSERT_EQ(0, topo_enter(&self->t, 1));
	ASSERT_TRUE(wait_for(says("tc -s qdisc show dev eth1 | grep -q 'backlog [1-9]'"), SOON));
	/* That is all that is left of A. */
	close(self->t.ns[0]);
	self->t.ns[0] = -1;
	ASSERT_TRUE(wait_for(!if_nametoindex("eth0"), 4 * SOON));
	ASSERT_TRUE(another(self, "one"));
	ASSERT_TRUE(another(self, "two"));
	before = packets();
	ASSERT_EQ(0, run("tc qdisc change dev eth1 root plug release_indefinite"));
	EXPECT_TRUE(wait_for(packets() > before, SOON));
	/* Its end waits for callbacks of RCU, and so for the socket's. */
	ASSERT_TRUE(another(self, "three"));
	EXPECT_EQ(self->tainted, file_num("/proc/sys/kernel/tainted", "%ld"));
}

/* The namespace's end is the connection's, too. */
TEST_F_TIMEOUT(late, fin, 300)
{
	int fd = connection(self), port;

	ASSERT_GE(fd, 0);
	port = sk_port(fd);
	ASSERT_EQ(0, run("tc qdisc add dev eth1 root plug limit 1000000"));
	ASSERT_EQ(0, topo_enter(&self->t, 0));
	close(fd);
	ASSERT_TRUE(wait_state(port, PORT, TERN_FIN_WAIT1, SOON));
	outlive(_metadata, self);
}

/* The connection is long over. */
TEST_F_TIMEOUT(late, rst, 300)
{
	struct linger hard = { .l_onoff = 1 };
	int fd = connection(self), port;

	ASSERT_GE(fd, 0);
	port = sk_port(fd);
	ASSERT_EQ(0, run("tc qdisc add dev eth1 root plug limit 1000000"));
	ASSERT_EQ(0, topo_enter(&self->t, 0));
	ASSERT_EQ(0, setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard)));
	close(fd);
	ASSERT_TRUE(wait_gone(port, PORT, SOON));
	outlive(_metadata, self);
}

TEST_HARNESS_MAIN
