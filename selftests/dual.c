// SPDX-License-Identifier: GPL-2.0
/*
 * Both families on one socket: v4-mapped addresses (RFC 4291 2.5.5.2, RFC 3493
 * 3.7), IPV6_V6ONLY, who may share a port, link-local addresses.
 */
#define _GNU_SOURCE
#include <sched.h>

#include <net/if.h>

#include "fixture.h"

FIXTURE(dual)
{
	int unused;
};

FIXTURE_SETUP(dual)
{
	int fd;

	SKIP_UNLESS_AVAILABLE();
	fd = socket(AF_INET6, SOCK_STREAM, proto());
	if (fd < 0)
		SKIP(return, "no IPv6 in this kernel");
	close(fd);
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ASSERT_EQ(0, run("ip link set lo up"));
}

FIXTURE_TEARDOWN(dual)
{
}

static struct sockaddr_in6 name6(const char *ip, int port)
{
	struct sockaddr_in6 sa = { .sin6_family = AF_INET6, .sin6_port = htons(port) };

	inet_pton(AF_INET6, ip, &sa.sin6_addr);
	return sa;
}

/* bind() or connect() a new socket. Return: it, or -1 with errno */
static int named(int (*call)(int, const struct sockaddr *, socklen_t),
		 int fd, int family, const char *ip, int port)
{
	struct sockaddr_in6 sa6 = name6(ip, port);
	struct sockaddr_in sa4 = sk_addr(ip, port);
	int err;

	err = family == AF_INET6 ?
	      call(fd, (struct sockaddr *)&sa6, sizeof(sa6)) :
	      call(fd, (struct sockaddr *)&sa4, sizeof(sa4));
	if (!err)
		return fd;
	err = errno;
	close(fd);
	errno = err;
	return -1;
}

static int bound(int family, const char *ip, int port, int only)
{
	int fd = socket(family, SOCK_STREAM, proto());

	if (family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof(only));
	return named(bind, fd, family, ip, port);
}

static int dial(int family, const char *ip, int port)
{
	return named(connect, socket(family, SOCK_STREAM, proto()), family, ip, port);
}

static bool moves(int a, int b)
{
	char buf[4] = "";

	return sk_timeouts(a, SOON) == 0 && sk_timeouts(b, SOON) == 0 &&
	       send(a, "ping", 4, 0) == 4 && recv(b, buf, 4, MSG_WAITALL) == 4 &&
	       !memcmp(buf, "ping", 4) &&
	       send(b, "pong", 4, 0) == 4 && recv(a, buf, 4, MSG_WAITALL) == 4 &&
	       !memcmp(buf, "pong", 4);
}

static const char *text(const struct sockaddr_in6 *sa)
{
	static char buf[INET6_ADDRSTRLEN];

	return inet_ntop(AF_INET6, &sa->sin6_addr, buf, sizeof(buf));
}

/* An IPv4 client at an AF_INET6 listener: accept() tells a mapped address. */
TEST_F(dual, mapped_server)
{
	int l = bound(AF_INET6, "::", PORT, 0), c, s;
	struct sockaddr_in6 sa;
	socklen_t len = sizeof(sa);
	int family;

	ASSERT_GE(l, 0);
	ASSERT_EQ(0, listen(l, 4));
	c = dial(AF_INET, "127.0.0.1", PORT);
	ASSERT_GE(c, 0);
	s = accept(l, (struct sockaddr *)&sa, &len);
	ASSERT_GE(s, 0);
	EXPECT_EQ(sizeof(sa), len);
	EXPECT_EQ(AF_INET6, sa.sin6_family);
	EXPECT_STREQ("::ffff:127.0.0.1", text(&sa));
	EXPECT_EQ(sk_port(c), ntohs(sa.sin6_port));
	ASSERT_EQ(0, getsockname(s, (struct sockaddr *)&sa, &len));
	EXPECT_STREQ("::ffff:127.0.0.1", text(&sa));
	len = sizeof(family);
	ASSERT_EQ(0, getsockopt(s, SOL_SOCKET, SO_DOMAIN, &family, &len));
	EXPECT_EQ(AF_INET6, family);
	EXPECT_TRUE(moves(c, s));
	close(c);
	EXPECT_EQ(0, recv(s, &family, 1, 0));
}

/* An AF_INET6 client of an IPv4 server */
TEST_F(dual, mapped_client)
{
	int l = bound(AF_INET, "127.0.0.1", PORT, 0), c, s;
	struct sockaddr_in6 sa;
	socklen_t len = sizeof(sa);

	ASSERT_EQ(0, listen(l, 4));
	c = dial(AF_INET6, "::ffff:127.0.0.1", PORT);
	ASSERT_GE(c, 0);
	s = accept(l, NULL, NULL);
	ASSERT_GE(s, 0);
	ASSERT_EQ(0, getpeername(c, (struct sockaddr *)&sa, &len));
	EXPECT_STREQ("::ffff:127.0.0.1", text(&sa));
	ASSERT_EQ(0, getsockname(c, (struct sockaddr *)&sa, &len));
	EXPECT_STREQ("::ffff:127.0.0.1", text(&sa));
	EXPECT_TRUE(moves(c, s));
}

/* One listener, both families at once; the unspecified address is this host. */
/* "::" is this host: the one of IPv4 to a socket bound to a mapped address. */
TEST_F(dual, mapped_any)
{
	int l = bound(AF_INET, "127.0.0.1", PORT, 0), c, s;
	struct sockaddr_in6 sa;
	socklen_t len = sizeof(sa);

	ASSERT_EQ(0, listen(l, 4));
	c = bound(AF_INET6, "::ffff:127.0.0.1", 0, 0);
	ASSERT_GE(c, 0);
	ASSERT_EQ(c, named(connect, c, AF_INET6, "::", PORT));
	s = accept(l, NULL, NULL);
	ASSERT_GE(s, 0);
	ASSERT_EQ(0, getpeername(c, (struct sockaddr *)&sa, &len));
	EXPECT_STREQ("::ffff:127.0.0.1", text(&sa));
	EXPECT_TRUE(moves(c, s));
}

/* At "::" answers whoever comes, over either family. */
TEST_F(dual, both)
{
	int l = bound(AF_INET6, "::", PORT, 0), c, s;

	ASSERT_EQ(0, listen(l, 4));
	c = dial(AF_INET6, "::", PORT);
	ASSERT_GE(c, 0);
	s = accept(l, NULL, NULL);
	EXPECT_TRUE(moves(c, s));
	c = dial(AF_INET, "0.0.0.0", PORT);
	ASSERT_GE(c, 0);
	s = accept(l, NULL, NULL);
	EXPECT_TRUE(moves(s, c));
}

TEST_F(dual, v6only)
{
	int l = bound(AF_INET6, "::", PORT, 1), c, one = 1;
	struct sockaddr_in6 sa = name6("::ffff:127.0.0.1", PORT);

	ASSERT_EQ(0, listen(l, 4));
	EXPECT_EQ(-1, dial(AF_INET, "127.0.0.1", PORT));
	EXPECT_EQ(ECONNREFUSED, errno);
	EXPECT_GE(dial(AF_INET6, "::1", PORT), 0);
	c = socket(AF_INET6, SOCK_STREAM, proto());
	ASSERT_EQ(0, setsockopt(c, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)));
	EXPECT_EQ(-1, connect(c, (struct sockaddr *)&sa, sizeof(sa)));
	EXPECT_EQ(ENETUNREACH, errno);
	/* Bound, it is too late to change. */
	one = 0;
	EXPECT_EQ(-1, setsockopt(l, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)));
	EXPECT_EQ(EINVAL, errno);
}

/* Who is in whose way on one port, without SO_REUSE* */
TEST_F(dual, bind_conflicts)
{
	static const struct {
		int family[2];
		const char *ip[2];
		int only[2];
		bool clash;
	} rows[] = {
		{ { AF_INET6, AF_INET6 }, { "::", "::" }, { 0, 0 }, true },
		{ { AF_INET6, AF_INET }, { "::", "0.0.0.0" }, { 0, 0 }, true },
		{ { AF_INET, AF_INET6 }, { "0.0.0.0", "::" }, { 0, 0 }, true },
		{ { AF_INET6, AF_INET }, { "::", "0.0.0.0" }, { 1, 0 }, false },
		{ { AF_INET, AF_INET6 }, { "0.0.0.0", "::" }, { 0, 1 }, false },
		{ { AF_INET6, AF_INET }, { "::", "127.0.0.1" }, { 0, 0 }, true },
		{ { AF_INET6, AF_INET }, { "::1", "127.0.0.1" }, { 0, 0 }, false },
		{ { AF_INET6, AF_INET }, { "::1", "0.0.0.0" }, { 0, 0 }, false },
		{ { AF_INET6, AF_INET6 }, { "::1", "::" }, { 0, 0 }, true },
		{ { AF_INET6, AF_INET6 }, { "::1", "::" }, { 0, 1 }, true },
		{ { AF_INET6, AF_INET }, { "::ffff:127.0.0.1", "127.0.0.1" }, { 0, 0 }, true },
		{ { AF_INET6, AF_INET }, { "::ffff:127.0.0.1", "127.0.0.2" }, { 0, 0 }, false },
		{ { AF_INET6, AF_INET }, { "::ffff:0.0.0.0", "127.0.0.2" }, { 0, 0 }, true },
		{ { AF_INET6, AF_INET6 }, { "::ffff:127.0.0.1", "::1" }, { 0, 0 }, false },
	};

	for (int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int a = bound(rows[i].family[0], rows[i].ip[0], PORT, rows[i].only[0]);
		int b = bound(rows[i].family[1], rows[i].ip[1], PORT, rows[i].only[1]);

		ASSERT_GE(a, 0);
		EXPECT_EQ(rows[i].clash ? EADDRINUSE : 0, b < 0 ? errno : 0);
		if (rows[i].clash != (b < 0))
			fprintf(stderr, "# row %d: %s, %s\n", i, rows[i].ip[0], rows[i].ip[1]);
		close(a);
		if (b >= 0)
			close(b);
	}
}

/* The nearest listener takes the SYN: IPv4's own before one for both. */
TEST_F(dual, nearest_listener)
{
	int one = 1, near, wide, c;
	struct sockaddr_in6 sa = name6("::", PORT);

	near = bound(AF_INET, "127.0.0.1", PORT, 0);
	setsockopt(near, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	wide = socket(AF_INET6, SOCK_STREAM, proto());
	setsockopt(wide, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	ASSERT_EQ(0, bind(wide, (struct sockaddr *)&sa, sizeof(sa)));
	ASSERT_EQ(0, listen(near, 4));
	EXPECT_EQ(-1, listen(wide, 4));
	EXPECT_EQ(EADDRINUSE, errno);
	c = dial(AF_INET, "127.0.0.1", PORT);
	ASSERT_GE(c, 0);
	EXPECT_EQ(POLLIN, sk_wait(near, POLLIN, SOON));
}

/* A link-local address needs its link. */
TEST_F(dual, scope)
{
	struct sockaddr_in6 sa = name6("fe80::1", PORT), peer;
	socklen_t len = sizeof(peer);
	int l, c, s;

	ASSERT_EQ(0, run("ip link add d0 type dummy && ip link set d0 up && "
			 "ip -6 addr add fe80::1/64 dev d0 nodad"));
	l = socket(AF_INET6, SOCK_STREAM, proto());
	EXPECT_EQ(-1, bind(l, (struct sockaddr *)&sa, sizeof(sa)));
	EXPECT_EQ(EINVAL, errno);
	c = socket(AF_INET6, SOCK_STREAM, proto());
	EXPECT_EQ(-1, connect(c, (struct sockaddr *)&sa, sizeof(sa)));
	EXPECT_EQ(EINVAL, errno);
	sa.sin6_scope_id = if_nametoindex("d0");
	ASSERT_EQ(0, bind(l, (struct sockaddr *)&sa, sizeof(sa)));
	ASSERT_EQ(0, listen(l, 4));
	ASSERT_EQ(0, connect(c, (struct sockaddr *)&sa, sizeof(sa)));
	s = accept(l, (struct sockaddr *)&peer, &len);
	ASSERT_GE(s, 0);
	EXPECT_EQ(if_nametoindex("d0"), peer.sin6_scope_id);
	EXPECT_TRUE(moves(c, s));
}

/*
 * An address that a connect() was too early for: it is in a table of routes
 * which the one that was found first knows nothing of.
 */
TEST_F(dual, late_address)
{
	struct sockaddr_in6 sa = name6("fe80::1", PORT);
	int l, c, s;

	if (is_tern())
		ASSERT_EQ(0, sysctl_set("rto_init_us", "50000"));
	ASSERT_EQ(0, run("ip link add d0 type dummy && ip link set d0 up && "
			 "ip -6 addr add fe80::2/64 dev d0 nodad"));
	sa.sin6_scope_id = if_nametoindex("d0");
	l = socket(AF_INET6, SOCK_STREAM, proto());
	ASSERT_EQ(l, named(bind, l, AF_INET6, "::", PORT));
	ASSERT_EQ(0, listen(l, 4));
	c = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, proto());
	ASSERT_EQ(-1, connect(c, (struct sockaddr *)&sa, sizeof(sa)));
	ASSERT_EQ(EINPROGRESS, errno);
	EXPECT_EQ(0, sk_wait(c, POLLOUT, QUIET));
	ASSERT_EQ(0, run("ip -6 addr add fe80::1/64 dev d0 nodad"));
	ASSERT_EQ(POLLOUT, sk_wait(c, POLLOUT, SOON));
	s = accept(l, NULL, NULL);
	ASSERT_GE(s, 0);
	fcntl(c, F_SETFL, 0);
	EXPECT_TRUE(moves(c, s));
}

TEST_F(dual, arguments)
{
	int fd = socket(AF_INET6, SOCK_STREAM, proto());
	struct sockaddr_in6 sa = name6("ff02::1", PORT);
	struct sockaddr_in sa4 = sk_addr("127.0.0.1", PORT);

	EXPECT_EQ(-1, connect(fd, (struct sockaddr *)&sa, sizeof(sa)));
	EXPECT_EQ(ENETUNREACH, errno);
	EXPECT_EQ(-1, connect(fd, (struct sockaddr *)&sa4, sizeof(sa)));
	EXPECT_EQ(EAFNOSUPPORT, errno);
	sa = name6("::1", PORT);
	EXPECT_EQ(-1, connect(fd, (struct sockaddr *)&sa, 20));
	EXPECT_EQ(EINVAL, errno);
	/* After all that it still connects. */
	EXPECT_EQ(-1, connect(fd, (struct sockaddr *)&sa, sizeof(sa)));
	EXPECT_EQ(ECONNREFUSED, errno);
}

TEST_HARNESS_MAIN
