// SPDX-License-Identifier: GPL-2.0
/*
 * What options do, beside reading back: the network layer's on the wire and
 * in its filters, TERN_LINGER2, TERN_INQ, TERN_CONGESTION; and what an
 * accepted socket has of its listener.
 */
#include "fixture.h"

WIRE_FIXTURE()

static int set(int fd, int level, int name, int v)
{
	return setsockopt(fd, level, name, &v, sizeof(v));
}

static int get(int fd, int level, int name)
{
	int v = -1;
	socklen_t len = sizeof(v);

	return getsockopt(fd, level, name, &v, &len) ? -errno : v;
}

static int set_tos(int fd, int v)
{
	return is_v6() ? set(fd, IPPROTO_IPV6, IPV6_TCLASS, v) : set(fd, IPPROTO_IP, IP_TOS, v);
}

static int set_ttl(int fd, int v)
{
	return is_v6() ? set(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, v) :
			 set(fd, IPPROTO_IP, IP_TTL, v);
}

/* RFC 9293 3.9.2 MUST-48, -49: the user says which DiffServ field, and which TTL. */
TEST_F(wire, rfc9293_3_9_2__active)
{
	struct peer *p = &self->p;
	struct seg *s = &self->s;
	int fd = sk_new(SOCK_NONBLOCK);

	ASSERT_EQ(0, set_tos(fd, 0x28));
	ASSERT_EQ(0, set_ttl(fd, 33));
	sk_connect(fd, HOST_B, PORT);
	ASSERT_EQ(0, peer_syn(p, s));
	EXPECT_EQ(0x28, s->tos);
	EXPECT_EQ(33, s->ttl);
	ASSERT_EQ(0, peer_synack(p));
	ASSERT_TRUE(sk_wait(fd, POLLOUT, SOON) & POLLOUT);
	ASSERT_EQ(1, send(fd, "x", 1, 0));
	ASSERT_EQ(0, expect(p, s, ACK));
	EXPECT_EQ(0x28, s->tos);
	EXPECT_EQ(33, s->ttl);
	/* RFC 9293 3.9.2 SHLD-22: it may change while the connection lasts. */
	ASSERT_EQ(0, set_tos(fd, 0x48));
	ASSERT_EQ(0, set_ttl(fd, 44));
	say(p, .flags = ACK, .seq = p->snd_nxt, .ack = s->seq + 1);
	ASSERT_EQ(1, send(fd, "y", 1, 0));
	ASSERT_EQ(0, expect(p, s, ACK));
	EXPECT_EQ(0x48, s->tos);
	EXPECT_EQ(44, s->ttl);
}

/* The SYN-ACK has the listener's, and so has the accepted socket. */
TEST_F(wire, rfc9293_3_9_2__passive)
{
	struct peer *p = &self->p;
	struct seg *s = &self->s;
	int listener = sk_listen(PORT, 4), fd;

	ASSERT_EQ(0, set_tos(listener, 0x28));
	p->to_port = PORT;
	say(p, .flags = SYN, .seq = p->iss, .mss = MSS);
	ASSERT_EQ(0, expect(p, s, SYN | ACK));
	EXPECT_EQ(0x28, s->tos);
	say(p, .flags = ACK, .seq = p->iss + 1, .ack = s->seq + 1);
	ASSERT_TRUE(sk_wait(listener, POLLIN, SOON));
	fd = accept(listener, NULL, NULL);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(1, send(fd, "x", 1, 0));
	ASSERT_EQ(0, expect(p, s, ACK));
	EXPECT_EQ(0x28, s->tos);
}

/* The host's filter drops what fits @match on its way out. */
static int drop_out(struct topo *t, const char *match)
{
	return topo_run(t, 0, "nft 'add table inet t; "
			"add chain inet t o { type filter hook output priority 0; }; "
			"add rule inet t o %s drop'", match);
}

/* A connection of the socket, and one to a listener, are seen by @match; others aren't. */
static void filtered(struct __test_metadata *_metadata, struct topo *t, struct peer *p,
		     struct seg *s, const char *match, int name, int v)
{
	int fd = sk_new(SOCK_NONBLOCK), listener = sk_listen(PORT, 4), a;

	ASSERT_EQ(0, set(fd, SOL_SOCKET, name, v));
	EXPECT_EQ(v, get(fd, SOL_SOCKET, name));
	ASSERT_EQ(0, set(listener, SOL_SOCKET, name, v));
	ASSERT_EQ(0, drop_out(t, match));
	p->to_port = 0;
	sk_connect(fd, HOST_B, PORT);
	EXPECT_TRUE(silence(p, QUIET));
	p->port = 5000;
	p->to_port = PORT;
	say(p, .flags = SYN, .seq = p->iss, .mss = MSS);
	EXPECT_TRUE(silence(p, QUIET));
	close(fd);

	/* Without the filter the accepted socket shows that it has it too. */
	ASSERT_EQ(0, topo_pass(t, 0));
	peer_init(p, p->w, 5001, PORT);
	a = peer_open(p, listener);
	ASSERT_GE(a, 0);
	EXPECT_EQ(v, get(a, SOL_SOCKET, name));
	ASSERT_EQ(0, drop_out(t, match));
	ASSERT_EQ(1, send(a, "x", 1, 0));
	EXPECT_TRUE(silence(p, QUIET));

	peer_init(p, p->w, 5002, 0);
	ASSERT_EQ(0, peer_dial(p, &fd));
	ASSERT_EQ(1, send(fd, "x", 1, 0));
	EXPECT_EQ(0, expect(p, s, ACK));
}

TEST_F(wire, so_mark)
{
	filtered(_metadata, &self->t, &self->p, &self->s, "meta mark 42", SO_MARK, 42);
}

TEST_F(wire, so_priority)
{
	filtered(_metadata, &self->t, &self->p, &self->s, "meta priority 0:5", SO_PRIORITY, 5);
}

/* What comes by another device is not for it. */
TEST_F(wire, so_bindtodevice)
{
	struct peer *p = &self->p;
	struct seg *s = &self->s;
	int listener = sk_new(0), fd;

	ASSERT_EQ(0, setsockopt(listener, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3));
	ASSERT_EQ(0, sk_bind(listener, NULL, PORT));
	ASSERT_EQ(0, listen(listener, 4));
	p->to_port = PORT;
	say(p, .flags = SYN, .seq = p->iss, .mss = MSS);
	ASSERT_EQ(0, expect(p, s, RST | ACK));
	/* Beside it one for the other device, on the same port */
	fd = sk_new(0);
	ASSERT_EQ(0, setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "eth0", 5));
	ASSERT_EQ(0, sk_bind(fd, NULL, PORT));
	ASSERT_EQ(0, listen(fd, 4));
	ASSERT_GE(peer_open(p, fd), 0);
}

/* TIME_WAIT longer than the namespace's is the administrator's to ask for. */
TEST_F(wire, msl_ms_unprivileged)
{
	int status;

	if (!is_tern())
		SKIP(return, "Tern's option");
	ASSERT_EQ(0, sysctl_set("msl_ms", "1000"));
	if (!fork()) {
		int fd = sk_new(0);

		if (setuid(65534) || set(fd, SOL_TERN, TERN_MSL_MS, 1000))
			_exit(1);
		_exit(set(fd, SOL_TERN, TERN_MSL_MS, 1001) ? errno : 0);
	}
	ASSERT_LT(0, wait(&status));
	EXPECT_EQ(EPERM, WEXITSTATUS(status));
	EXPECT_EQ(0, set(sk_new(0), SOL_TERN, TERN_MSL_MS, 1001));
}

/* Negative: an orphan doesn't stay in FIN_WAIT2, and what comes for it is reset. */
TEST_F(wire, linger2_negative)
{
	struct peer *p = &self->p;
	struct seg *s = &self->s;
	int fd;

	ASSERT_EQ(0, peer_dial(p, &fd));
	ASSERT_EQ(0, set(fd, IPPROTO_TCP, TERN_LINGER2, -5));
	EXPECT_EQ(-1, get(fd, IPPROTO_TCP, TERN_LINGER2));
	ASSERT_EQ(0, close(fd));
	ASSERT_EQ(0, expect(p, s, FIN | ACK));
	say(p, .flags = ACK, .seq = p->snd_nxt, .ack = s->seq + 1);
	EXPECT_TRUE(wait_gone(p->to_port, p->port, SOON));
	while (hear(p, s, QUIET))
		;
	say(p, .flags = ACK, .seq = p->snd_nxt, .ack = s->seq + 1, .len = 1);
	EXPECT_EQ(0, expect(p, s, RST));
}

/* A control message tells what is left to read after this call. */
TEST_F(wire, inq)
{
	struct peer *p = &self->p;
	char buf[30], control[64];
	struct iovec iov = { buf, sizeof(buf) };
	int fd;

	ASSERT_EQ(0, peer_dial(p, &fd));
	ASSERT_EQ(0, set(fd, IPPROTO_TCP, TERN_INQ, 1));
	EXPECT_EQ(1, get(fd, IPPROTO_TCP, TERN_INQ));
	say(p, .flags = ACK, .seq = p->snd_nxt, .ack = p->rcv_nxt, .len = 80);
	ASSERT_TRUE(sk_wait(fd, POLLIN, SOON));
	for (int left = 50; left >= -10; left -= 30) {
		struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
				      .msg_controllen = sizeof(control) };
		struct cmsghdr *c;

		ASSERT_EQ(left < 0 ? 20 : 30, recvmsg(fd, &msg, 0));
		c = CMSG_FIRSTHDR(&msg);
		ASSERT_NE(NULL, c);
		EXPECT_EQ(IPPROTO_TCP, c->cmsg_level);
		EXPECT_EQ(TERN_CM_INQ, c->cmsg_type);
		EXPECT_EQ(left < 0 ? 0 : left, *(int *)CMSG_DATA(c));
	}
}

TEST_F(wire, congestion)
{
	int listener = sk_listen(PORT, 4), fd;
	char name[16] = "";
	socklen_t len = sizeof(name);

	ASSERT_EQ(0, setsockopt(listener, IPPROTO_TCP, TERN_CONGESTION, "reno", 4));
	ASSERT_EQ(-1, setsockopt(listener, IPPROTO_TCP, TERN_CONGESTION, "nosuch", 6));
	EXPECT_EQ(ENOENT, errno);
	fd = peer_open(&self->p, listener);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, getsockopt(fd, IPPROTO_TCP, TERN_CONGESTION, name, &len));
	EXPECT_EQ(0, strcmp(name, "reno"));
}

/* What an accepted socket has of its listener, as it has it of TCP's */
TEST_F(wire, inherited)
{
	static const struct { int level, name, v, tern; } opts[] = {
		{ IPPROTO_TCP, TERN_NODELAY, 1 }, { IPPROTO_TCP, TERN_CORK, 1 },
		{ IPPROTO_TCP, TERN_KEEPIDLE, 100 }, { IPPROTO_TCP, TERN_KEEPINTVL, 7 },
		{ IPPROTO_TCP, TERN_KEEPCNT, 4 }, { IPPROTO_TCP, TERN_LINGER2, 20 },
		{ IPPROTO_TCP, TERN_USER_TIMEOUT, 12345 }, { IPPROTO_TCP, TERN_WINDOW_CLAMP, 30000 },
		{ IPPROTO_TCP, TERN_NOTSENT_LOWAT, 7000 }, { IPPROTO_TCP, TERN_INQ, 1 },
		{ SOL_SOCKET, SO_KEEPALIVE, 1 }, { SOL_SOCKET, SO_RCVLOWAT, 5 },
		{ SOL_SOCKET, SO_OOBINLINE, 1 },
		{ SOL_TERN, TERN_RTO_MIN_US, 5000, 1 }, { SOL_TERN, TERN_RTO_MAX_US, 3000000, 1 },
		{ SOL_TERN, TERN_DELACK_MAX_US, 1000, 1 }, { SOL_TERN, TERN_MSL_MS, 250, 1 },
	};
	int listener = sk_listen(PORT, 4), fd;

	for (size_t i = 0; i < sizeof(opts) / sizeof(*opts); i++) {
		if (!is_tern() && opts[i].tern)
			continue;
		EXPECT_EQ(0, set(listener, opts[i].level, opts[i].name, opts[i].v)) {
			TH_LOG("set %d", opts[i].name);
		}
	}
	fd = peer_open(&self->p, listener);
	ASSERT_GE(fd, 0);
	for (size_t i = 0; i < sizeof(opts) / sizeof(*opts); i++) {
		if (!is_tern() && opts[i].tern)
			continue;
		EXPECT_EQ(opts[i].v, get(fd, opts[i].level, opts[i].name)) {
			TH_LOG("get %d", opts[i].name);
		}
	}
}

TEST_HARNESS_MAIN
