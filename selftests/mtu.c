// SPDX-License-Identifier: GPL-2.0
/*
 * Path MTU: a router with a narrow link behind it, which tells of it by ICMP
 * (RFC 1191) or does not (RFC 4821 7.7); and which of such messages are
 * believed (RFC 5927). The router is host B of the topology, the far host a
 * third namespace.
 */
#define _GNU_SOURCE
#include <sched.h>

#include "fixture.h"

#define ROUTER		"10.20.0.1"	/* its second address */
#define FAR		"10.20.0.2"
#define NARROW		1300
#define TS_OPT		12

FIXTURE(path)
{
	struct topo t;
	int far;		/* namespace */
	int fd[2];		/* near, far */
};

FIXTURE_VARIANT(path)
{
	bool gso;		/* the sender hands large segments down */
};

FIXTURE_VARIANT_ADD(path, gso) { .gso = true };
FIXTURE_VARIANT_ADD(path, single) { .gso = false };

static int narrow(struct topo *t, int mtu)
{
	return topo_run(t, 1, "ip link set eth1 mtu %d", mtu);
}

/* A third host behind B, which becomes a router. */
static int far_up(struct topo *t)
{
	const char *more = is_v6() ? "120 nodad" : "24";
	int ns;

	if (topo_enter(t, 1) || unshare(CLONE_NEWNET))
		return -1;
	ns = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (run("ip -batch - <<-END\n"
		"link set lo up\n"
		"link add eth0 type veth peer name eth1 netns /proc/%d/fd/%d\n"
		"addr add %s/%s dev eth0\n"
		"link set eth0 up\n"
		"END\n", getpid(), t->ns[1], ip_text(FAR), more))
		return -1;
	if (topo_run(t, 1, "echo 1 > /proc/sys/net/ipv4/ip_forward; "
		     "echo 1 > /proc/sys/net/ipv6/conf/all/forwarding; "
		     "ip -batch - <<-END\n"
		     "addr add %s/%s dev eth1\n"
		     "%s"
		     "link set eth1 up\n"
		     "END\n", ip_text(ROUTER), more,
		     /* Solicitations come from a link-local address. */
		     is_v6() ? "addr add fe80::1/64 dev eth1 nodad\n" : ""))
		return -1;
	if (setns(ns, CLONE_NEWNET) || run("ip route add %s via %s", ip_text(HOST_A),
					   ip_text(ROUTER)))
		return -1;
	if (topo_run(t, 0, "ip route add %s via %s", ip_text(FAR), ip_text(HOST_B)))
		return -1;
	return ns;
}

FIXTURE_SETUP(path)
{
	int listener;

	SKIP_UNLESS_AVAILABLE();
	ASSERT_EQ(0, topo_up(&self->t, TOPO_HOSTS));
	self->far = far_up(&self->t);
	ASSERT_GE(self->far, 0);
	if (!variant->gso)
		topo_offload(&self->t, 0, false);
	ASSERT_EQ(0, setns(self->far, CLONE_NEWNET));
	listener = sk_listen(PORT, 4);
	ASSERT_GE(listener, 0);
	topo_enter(&self->t, 0);
	sysctl_set("rto_min_us", "50000");
	self->fd[0] = sk_dial(FAR, PORT, 0, 0);
	ASSERT_GE(self->fd[0], 0);
	ASSERT_EQ(POLLIN, sk_wait(listener, POLLIN, SOON));
	self->fd[1] = accept(listener, NULL, NULL);
	ASSERT_GE(self->fd[1], 0);
	close(listener);
	fcntl(self->fd[0], F_SETFL, O_NONBLOCK);
	fcntl(self->fd[1], F_SETFL, O_NONBLOCK);
}

FIXTURE_TEARDOWN(path)
{
	topo_down(&self->t);
	close(self->far);
}

/* Bytes @from to @to of a stream, and whether each was what it had to be */
static bool transfer(int *fd, size_t from, size_t to, int ms)
{
	static uint8_t buf[65536];
	int64_t end = now_us() + ms * 1000LL;
	size_t sent = from, got = from;

	while (got < to && now_us() < end) {
		size_t len = to - sent < sizeof(buf) ? to - sent : sizeof(buf);
		ssize_t n;

		for (size_t i = 0; i < len; i++)
			buf[i] = (sent + i) % 251;
		n = len ? send(fd[0], buf, len, MSG_NOSIGNAL) : 0;
		if (n > 0)
			sent += n;
		n = recv(fd[1], buf, sizeof(buf), 0);
		for (ssize_t i = 0; i < n; i++)
			if (buf[i] != (got + i) % 251)
				return false;
		if (n > 0)
			got += n;
		else
			sk_wait(fd[1], POLLIN, 10);
	}
	return got == to;
}

/* The path carries NARROW bytes from now on; the stream goes on at @from. */
static void narrowed(struct __test_metadata *_metadata, struct topo *t, int *fd, size_t from)
{
	ASSERT_EQ(0, narrow(t, NARROW));
	EXPECT_TRUE(transfer(fd, from, from + 500000, SOON));
	EXPECT_EQ(NARROW, sk_info(fd[0]).ti_pmtu);
	EXPECT_EQ(mss_of(NARROW) - TS_OPT, sk_info(fd[0]).ti_snd_mss);
	if (is_tern())
		EXPECT_EQ(0, stat_get("TCPTimeouts"));
}

/* RFC 1191: what was too large goes out again at once, in smaller pieces. */
TEST_F(path, rfc1191_6__fragmentation_needed)
{
	narrowed(_metadata, &self->t, self->fd, 0);
}

TEST_F(path, rfc1191_6__later_on)
{
	ASSERT_TRUE(transfer(self->fd, 0, 500000, SOON));
	EXPECT_EQ(1500, sk_info(self->fd[0]).ti_pmtu);
	narrowed(_metadata, &self->t, self->fd, 500000);
}

/* The router is silent. */
static int silent(struct topo *t)
{
	return topo_run(t, 1, "nft 'add table inet t; "
			"add chain inet t o { type filter hook output priority 0; }; "
			"add rule inet t o meta l4proto icmp drop; "
			"add rule inet t o icmpv6 type packet-too-big drop'");
}

/* RFC 4821 7.7: after some timeouts it is taken for a black hole. */
TEST_F(path, rfc4821_7_7__black_hole)
{
	if (!is_tern())
		SKIP(return, "Tern's knobs");
	ASSERT_EQ(0, sysctl_set("mtu_probing", "1"));
	ASSERT_EQ(0, sysctl_set("retries1", "2"));
	ASSERT_EQ(0, silent(&self->t));
	ASSERT_EQ(0, narrow(&self->t, NARROW));
	EXPECT_TRUE(transfer(self->fd, 0, 100000, 4 * SOON));
	EXPECT_EQ(1024 - TS_OPT, sk_info(self->fd[0]).ti_snd_mss);
	EXPECT_EQ(1, stat_get("TCPMTUBlackHole"));
	EXPECT_LE(2, stat_get("TCPTimeouts"));
}

/* Off, as it is by default: full segments, for ever */
TEST_F(path, rfc4821_7_7__not_asked_for)
{
	if (!is_tern())
		SKIP(return, "Tern's knobs");
	ASSERT_EQ(0, sysctl_set("retries1", "2"));
	ASSERT_EQ(0, silent(&self->t));
	ASSERT_EQ(0, narrow(&self->t, NARROW));
	EXPECT_FALSE(transfer(self->fd, 0, 100000, 600));
	EXPECT_TRUE(wait_for(stat_get("TCPTimeouts") > 2, 4 * SOON));
	EXPECT_EQ(MSS - TS_OPT, sk_info(self->fd[0]).ti_snd_mss);
}

WIRE_FIXTURE()

/* "Fragmentation needed" by the peer, quoting a segment with @seq */
static int too_big(struct peer *p, uint32_t seq, int mtu)
{
	return say_icmp(p, is_v6() ? 2 : 3, is_v6() ? 0 : 4, mtu, seq);
}

/* RFC 5927 4.1, 7: only one that quotes what is in flight is believed. */
TEST_F(wire, rfc5927_4_1__sequence)
{
	struct peer *p = &self->p;
	struct seg *s = &self->s;
	char buf[3000] = { 0 };
	uint32_t una;
	int fd;

	ASSERT_EQ(0, peer_dial(p, &fd));
	una = p->rcv_nxt;
	ASSERT_EQ(2 * MSS, send(fd, buf, 2 * MSS, 0));
	ASSERT_EQ(0, expect(p, s, ACK));
	ASSERT_EQ(0, expect(p, s, ACK));
	ASSERT_EQ(0, too_big(p, una - 1, NARROW));
	ASSERT_EQ(0, too_big(p, una + 2 * MSS + 1, NARROW));
	EXPECT_TRUE(wait_for(stat_get("OutOfWindowIcmps") == 2, SOON));
	EXPECT_EQ(MSS, sk_info(fd).ti_snd_mss);
	ASSERT_EQ(0, too_big(p, una, NARROW));
	/* Two in place of the first */
	ASSERT_EQ(0, expect(p, s, ACK));
	EXPECT_EQ(una, s->seq);
	EXPECT_EQ(mss_of(NARROW), s->len);
	EXPECT_EQ(mss_of(NARROW), sk_info(fd).ti_snd_mss);
	EXPECT_EQ(2, stat_get("OutOfWindowIcmps"));
	/* An MTU never grows by ICMP; the one behind it tells that it has come. */
	ASSERT_EQ(0, too_big(p, una, 1400));
	ASSERT_EQ(0, too_big(p, una - 1, 1400));
	EXPECT_TRUE(wait_for(stat_get("OutOfWindowIcmps") == 3, SOON));
	EXPECT_EQ(mss_of(NARROW), sk_info(fd).ti_snd_mss);
}

TEST_HARNESS_MAIN
