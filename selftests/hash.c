// SPDX-License-Identifier: GPL-2.0
/*
 * Who has a port and who gets a SYN: SO_REUSEPORT, the ephemeral range and its
 * end (RFC 6056), and a table that grows with its connections. Over lo.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <sys/resource.h>

#include "fixture.h"

FIXTURE(lo)
{
	int unused;
};

FIXTURE_SETUP(lo)
{
	SKIP_UNLESS_AVAILABLE();
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ASSERT_EQ(0, run("ip link set lo up"));
}

FIXTURE_TEARDOWN(lo)
{
}

#define LO	"127.0.0.1"

static int flag(int fd, int level, int name)
{
	int one = 1;

	return setsockopt(fd, level, name, &one, sizeof(one));
}

static int shared(int port)
{
	int fd = sk_new(0);

	if (flag(fd, SOL_SOCKET, SO_REUSEPORT) || sk_bind(fd, LO, port) || listen(fd, 128)) {
		close(fd);
		return -1;
	}
	return fd;
}

static int ipv4_sysctl(const char *name, const char *value)
{
	return run("echo '%s' > /proc/sys/net/ipv4/%s", value, name);
}

/* A connection from a port that the kernel chooses: -errno, or the socket */
static int dial(int port)
{
	int fd = sk_new(0), err;

	if (!sk_connect(fd, LO, port))
		return fd;
	err = errno;
	close(fd);
	return -err;
}

/* The connections go to all listeners, and when one has left to the others. */
TEST_F(lo, reuseport_spreads)
{
	int l[4], n[4] = { 0 }, all = 0, fd;

	for (int i = 0; i < 4; i++) {
		l[i] = shared(PORT);
		ASSERT_GE(l[i], 0);
		fcntl(l[i], F_SETFL, O_NONBLOCK);
	}
	for (int i = 0; i < 64; i++)
		ASSERT_GE(dial(PORT), 0);
	for (int i = 0; i < 4; i++) {
		while ((fd = accept(l[i], NULL, NULL)) >= 0)
			n[i]++;
		/* None by chance: once in 10^8 */
		EXPECT_LT(0, n[i]);
		all += n[i];
	}
	EXPECT_EQ(64, all);
	for (int k = 3; k > 0; k--) {
		close(l[k]);
		for (int i = 0; i < 16; i++)
			ASSERT_GE(dial(PORT), 0);
		all = 0;
		for (int i = 0; i < k; i++)
			while ((fd = accept(l[i], NULL, NULL)) >= 0)
				all++;
		EXPECT_EQ(16, all);
	}
}

/* Nobody gets a share of another user's port, nor of one that isn't shared. */
TEST_F(lo, reuseport_of_another)
{
	ASSERT_GE(shared(PORT), 0);
	ASSERT_EQ(0, seteuid(1000));
	EXPECT_EQ(-1, shared(PORT));
	EXPECT_EQ(EADDRINUSE, errno);
	ASSERT_EQ(0, seteuid(0));
	EXPECT_LE(0, shared(PORT));
	ASSERT_LE(0, sk_listen(PORT + 1, 1));
	EXPECT_EQ(-1, shared(PORT + 1));
	EXPECT_EQ(EADDRINUSE, errno);
}

/* RFC 6056 3.1: of the range, each once for a peer; then there is none. */
TEST_F(lo, rfc6056_3_1__range)
{
	bool had[10] = { false };
	struct linger reset = { 1, 0 };
	int last = -1;

	ASSERT_EQ(0, ipv4_sysctl("ip_local_port_range", "40000 40009"));
	ASSERT_GE(sk_listen(PORT, 128), 0);
	ASSERT_GE(sk_listen(PORT + 1, 128), 0);
	for (int i = 0; i < 10; i++) {
		int port;

		last = dial(PORT);
		ASSERT_GE(last, 0);
		port = sk_port(last);
		ASSERT_TRUE(port >= 40000 && port <= 40009);
		EXPECT_FALSE(had[port - 40000]);
		had[port - 40000] = true;
	}
	EXPECT_EQ(-EADDRNOTAVAIL, dial(PORT));
	/* The same ports serve towards another peer. */
	EXPECT_LE(0, dial(PORT + 1));
	/* What is free again is found. */
	ASSERT_EQ(0, setsockopt(last, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)));
	close(last);
	ASSERT_TRUE(wait_for(!sk_count(PORT, 0, TERN_CLOSE) &&
			     sk_count(0, PORT, TERN_ESTABLISHED) == 9, SOON));
	EXPECT_LE(0, dial(PORT));
	EXPECT_EQ(-EADDRNOTAVAIL, dial(PORT));
}

TEST_F(lo, range_of_bind)
{
	ASSERT_EQ(0, ipv4_sysctl("ip_local_port_range", "40000 40003"));
	for (int i = 0; i < 4; i++)
		ASSERT_EQ(0, sk_bind(sk_new(0), LO, 0));
	EXPECT_EQ(-1, sk_bind(sk_new(0), LO, 0));
	EXPECT_EQ(EADDRINUSE, errno);
}

/* RFC 6056 3.2: not what is kept for somebody */
TEST_F(lo, rfc6056_3_2__reserved)
{
	ASSERT_EQ(0, ipv4_sysctl("ip_local_port_range", "40000 40009"));
	ASSERT_EQ(0, ipv4_sysctl("ip_local_reserved_ports", "40000-40007"));
	ASSERT_GE(sk_listen(PORT, 128), 0);
	for (int i = 0; i < 2; i++) {
		int fd = dial(PORT);

		ASSERT_GE(fd, 0);
		EXPECT_LE(40008, sk_port(fd));
	}
	EXPECT_EQ(-EADDRNOTAVAIL, dial(PORT));
	/* Who asks for one by name gets it. */
	EXPECT_EQ(0, sk_bind(sk_new(0), LO, 40001));
}

/* An address without a port: that is chosen by connect(), as if not bound. */
TEST_F(lo, bind_address_no_port)
{
	ASSERT_EQ(0, ipv4_sysctl("ip_local_port_range", "40000 40001"));
	ASSERT_GE(sk_listen(PORT, 128), 0);
	ASSERT_GE(sk_listen(PORT + 1, 128), 0);
	for (int i = 0; i < 4; i++) {
		int fd = sk_new(0);

		ASSERT_EQ(0, flag(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT));
		ASSERT_EQ(0, sk_bind(fd, LO, 0));
		EXPECT_EQ(0, sk_port(fd));
		/* Four connections of two ports */
		ASSERT_EQ(0, sk_connect(fd, LO, PORT + i % 2));
		EXPECT_LE(40000, sk_port(fd));
	}
}

/* Many: the table grows, and shrinks; each connection has its own bytes. */
TEST_F(lo, thousands)
{
	struct rlimit lim = { 16384, 16384 };
	int n = scaled(2000), l, *c, *s;

	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &lim));
	c = calloc(n, sizeof(int));
	s = calloc(n, sizeof(int));
	l = sk_listen(PORT, 128);
	ASSERT_GE(l, 0);
	for (int i = 0; i < n; i++) {
		c[i] = dial(PORT);
		ASSERT_GE(c[i], 0);
		s[i] = accept(l, NULL, NULL);
		ASSERT_GE(s[i], 0);
		ASSERT_EQ(sizeof(i), send(c[i], &i, sizeof(i), 0));
	}
	EXPECT_EQ(2 * n, sk_count(0, 0, TERN_ESTABLISHED));
	for (int i = 0; i < n; i++) {
		int v = -1;

		ASSERT_EQ(sizeof(v), recv(s[i], &v, sizeof(v), MSG_DONTWAIT));
		ASSERT_EQ(i, v);
		ASSERT_EQ(sizeof(v), send(s[i], &v, sizeof(v), 0));
	}
	for (int i = 0; i < n; i++) {
		int v = -1;

		ASSERT_EQ(sizeof(v), recv(c[i], &v, sizeof(v), MSG_DONTWAIT));
		ASSERT_EQ(i, v);
		close(s[i]);
		close(c[i]);
	}
	EXPECT_EQ(0, sk_count(0, 0, TERN_ESTABLISHED));
	EXPECT_LE(0, dial(PORT));
}

TEST_HARNESS_MAIN
