// SPDX-License-Identifier: GPL-2.0
/*
 * What an ICMP error does to a connection: a hard one ends what is being
 * opened, any other is only remembered, and told when the connection is given
 * up. RFC 9293, 3.9.2.2; RFC 5461; RFC 5927.
 */
#include "clock.h"
#include "fixture.h"
#include "timewait.h"

WIRE_FIXTURE()

/* "Port unreachable", "host unreachable", "time exceeded": type and code */
#define HARD	(is_v6() ? 1 : 3), (is_v6() ? 4 : 3)
#define SOFT	(is_v6() ? 1 : 3), (is_v6() ? 3 : 1)
#define TIME	(is_v6() ? 3 : 11), 0

/* Our SYN is out. */
static int opening(struct peer *p, struct seg *s)
{
	int fd = sk_dial(HOST_B, PORT, 0, SOCK_NONBLOCK);

	return fd < 0 || peer_syn(p, s) ? -1 : fd;
}

static bool opens(struct peer *p, int fd)
{
	return !peer_synack(p) && sk_wait(fd, POLLOUT, SOON) == POLLOUT && !sk_error(fd);
}

/* The connection carries a byte each way. */
static bool works(struct peer *p, struct seg *s, int fd)
{
	char b;

	if (send(fd, "u", 1, 0) != 1 || expect(p, s, ACK) || s->seq != p->rcv_nxt)
		return false;
	p->rcv_nxt++;
	say(p, .flags = ACK | PSH, .seq = p->snd_nxt, .ack = p->rcv_nxt, .len = 1);
	p->snd_nxt++;
	return recv(fd, &b, 1, 0) == 1;
}

/* RFC 5461, 4.1: nobody is there, and it is said at once. */
TEST_F(wire, rfc5461_4_1__hard_ends_an_open)
{
	struct peer *p = &self->p;
	int fd = opening(p, &self->s);

	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, say_icmp(p, HARD, 0, self->s.seq));
	EXPECT_TRUE(sk_wait(fd, 0, SOON) & POLLERR);
	EXPECT_EQ(ECONNREFUSED, sk_error(fd));
	EXPECT_TRUE(wait_gone(p->to_port, PORT, SOON));
	EXPECT_TRUE(silence(p, QUIET));
}

/* RFC 5461, 4.2 is not taken up: a soft error may pass. */
TEST_F(wire, rfc5461_2_1__soft_lets_an_open_go_on)
{
	struct peer *p = &self->p;
	int fd;

	if (!is_tern())
		SKIP(return, "Linux's TCP ends at once");
	ASSERT_EQ(0, sysctl_set("rto_init_us", "100000"));
	fd = opening(p, &self->s);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, say_icmp(p, SOFT, 0, self->s.seq));
	ASSERT_EQ(0, say_icmp(p, TIME, 0, self->s.seq));
	ASSERT_EQ(0, expect(p, &self->s, SYN));
	EXPECT_EQ(p->rcv_nxt - 1, self->s.seq);
	ASSERT_TRUE(opens(p, fd));
	fcntl(fd, F_SETFL, 0);
	EXPECT_TRUE(works(p, &self->s, fd));
}

/* It is the reason when the open is given up. */
TEST_F(wire, rfc5461_2_1__soft_is_the_reason)
{
	struct peer *p = &self->p;
	int fd;

	if (!is_tern())
		SKIP(return, "Linux's TCP ends at once");
	ASSERT_EQ(0, sysctl_set("rto_init_us", "50000"));
	ASSERT_EQ(0, sysctl_set("syn_retries", "1"));
	fd = opening(p, &self->s);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, say_icmp(p, SOFT, 0, self->s.seq));
	EXPECT_TRUE(error_at(fd, self->s.us, 150000, EHOSTUNREACH));
}

/* RFC 5927, 4.1: one that quotes what was never sent changes nothing. */
TEST_F(wire, rfc5927_4_1__guessed_number)
{
	struct peer *p = &self->p;
	int fd = opening(p, &self->s);
	long before = stat_get("OutOfWindowIcmps");

	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, say_icmp(p, HARD, 0, self->s.seq - 1));
	ASSERT_EQ(0, say_icmp(p, HARD, 0, self->s.seq + 2));
	EXPECT_EQ(0, sk_wait(fd, 0, QUIET));
	if (is_tern()) {
		EXPECT_EQ(before + 2, stat_get("OutOfWindowIcmps"));
	}
	EXPECT_TRUE(opens(p, fd));
}

/* RFC 5461, 2.2: the half of a connection that we answered ends likewise. */
TEST_F(wire, rfc5461_2_2__hard_ends_a_syn_queue_entry)
{
	struct peer *p = &self->p;

	ASSERT_GE(sk_listen(PORT, 4), 0);
	p->port = 5000;
	p->to_port = PORT;
	say(p, .flags = SYN, .seq = p->iss, .mss = MSS);
	ASSERT_EQ(0, expect(p, &self->s, SYN | ACK));
	ASSERT_EQ(0, say_icmp(p, HARD, 0, self->s.seq + 1));
	ASSERT_EQ(0, say_icmp(p, SOFT, 0, self->s.seq));
	EXPECT_TRUE(silence(p, QUIET));
	EXPECT_EQ(TERN_SYN_RECV, sk_state(PORT, 5000));
	ASSERT_EQ(0, say_icmp(p, HARD, 0, self->s.seq));
	EXPECT_TRUE(wait_gone(PORT, 5000, SOON));
}

/* RFC 5461, 2.1: what has worked goes on. */
TEST_F(wire, rfc5461_2_1__established_survives)
{
	struct peer *p = &self->p;
	int fd;

	p->has_mad = true;
	ASSERT_EQ(0, peer_dial(p, &fd));
	ASSERT_EQ(1, send(fd, "x", 1, 0));
	ASSERT_EQ(0, expect(p, &self->s, ACK));
	ASSERT_EQ(0, say_icmp(p, HARD, 0, self->s.seq));
	ASSERT_EQ(0, say_icmp(p, SOFT, 0, self->s.seq));
	EXPECT_EQ(0, sk_wait(fd, 0, 50));
	p->rcv_nxt++;
	say(p, .flags = ACK, .seq = p->snd_nxt, .ack = p->rcv_nxt);
	while (hear(p, &self->s, QUIET))
		EXPECT_EQ(p->rcv_nxt - 1, self->s.seq);
	EXPECT_TRUE(works(p, &self->s, fd));
	EXPECT_EQ(TERN_ESTABLISHED, sk_state(p->to_port, PORT));
}

static int data_into_silence(struct peer *p, struct seg *s)
{
	int fd;

	if (sysctl_set("retries2", "2") || sysctl_set("rto_max_us", "200000"))
		return -1;
	p->has_mad = true;
	if (peer_dial(p, &fd) || send(fd, "data", 4, 0) != 4 || expect(p, s, ACK))
		return -1;
	return fd;
}

TEST_F(wire, rfc9293_3_8_3__reason_of_the_end)
{
	struct peer *p = &self->p;
	int fd;

	if (!is_tern())
		SKIP(return, "takes 924.6 s");
	fd = data_into_silence(p, &self->s);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, say_icmp(p, SOFT, 0, self->s.seq));
	EXPECT_TRUE(error_at(fd, self->s.us, 600000, EHOSTUNREACH));
}

/* The path was mended meanwhile: an error of before is no reason any more. */
TEST_F(wire, rfc9293_3_8_3__reason_passes)
{
	struct peer *p = &self->p;
	int fd;

	if (!is_tern())
		SKIP(return, "takes 924.6 s");
	fd = data_into_silence(p, &self->s);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, say_icmp(p, SOFT, 0, self->s.seq));
	p->rcv_nxt += 4;
	say(p, .flags = ACK, .seq = p->snd_nxt, .ack = p->rcv_nxt);
	ASSERT_TRUE(wait_for(sk_find(p->to_port, PORT, 0).txq == 0, SOON));
	while (hear(p, &self->s, QUIET))
		;
	ASSERT_EQ(4, send(fd, "more", 4, 0));
	ASSERT_EQ(0, expect(p, &self->s, ACK));
	EXPECT_TRUE(error_at(fd, self->s.us, 600000, ETIMEDOUT));
}

/* A soft error wakes who asked for errors, and the connection goes on. */
static void told(struct __test_metadata *_metadata, FIXTURE_DATA(wire) *self, int fd)
{
	struct peer *p = &self->p;

	ASSERT_EQ(1, send(fd, "x", 1, 0));
	ASSERT_EQ(0, expect(p, &self->s, ACK));
	ASSERT_EQ(0, say_icmp(p, SOFT, 0, self->s.seq));
	EXPECT_TRUE(sk_wait(fd, 0, SOON) & POLLERR);
	EXPECT_EQ(EHOSTUNREACH, sk_error(fd));
	p->rcv_nxt++;
	say(p, .flags = ACK, .seq = p->snd_nxt, .ack = p->rcv_nxt);
	while (hear(p, &self->s, QUIET))
		EXPECT_EQ(p->rcv_nxt - 1, self->s.seq);
	EXPECT_TRUE(works(p, &self->s, fd));
}

/* Who asks for errors is woken by one, and can go on. */
TEST_F(wire, recverr)
{
	struct peer *p = &self->p;
	int fd, one = 1;

	p->has_mad = true;
	ASSERT_EQ(0, peer_dial(p, &fd));
	if (is_v6()) {
		ASSERT_EQ(0, setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, &one, sizeof(one)));
	} else {
		ASSERT_EQ(0, setsockopt(fd, IPPROTO_IP, IP_RECVERR, &one, sizeof(one)));
	}
	told(_metadata, self, fd);
}

/* An IPv6 socket that goes to the IPv4 peer; the SYN is out. */
static int opening_mapped(struct peer *p, struct seg *s)
{
	struct sockaddr_in6 sa = { .sin6_family = AF_INET6, .sin6_port = htons(PORT) };
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, proto());

	inet_pton(AF_INET6, "::ffff:" HOST_B, &sa.sin6_addr);
	if (fd < 0 || !connect(fd, (struct sockaddr *)&sa, sizeof(sa)) || errno != EINPROGRESS)
		return -1;
	return peer_syn(p, s) ? -1 : fd;
}

/* RFC 4291, 2.5.5.2: an IPv6 socket hears of its IPv4 peer by ICMP, not ICMPv6. */
TEST_F(wire, rfc4291_2_5_5_2__mapped_peer)
{
	struct peer *p = &self->p;
	char buf[3000] = { 0 };
	int fd, one = 1;

	if (is_v6())
		SKIP(return, "has an IPv4 peer");
	fd = opening_mapped(p, &self->s);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, say_icmp(p, HARD, 0, self->s.seq));
	EXPECT_TRUE(sk_wait(fd, 0, SOON) & POLLERR);
	EXPECT_EQ(ECONNREFUSED, sk_error(fd));
	close(fd);

	peer_init(p, &self->w, PORT, 0);
	p->has_mad = true;
	fd = opening_mapped(p, &self->s);
	ASSERT_GE(fd, 0);
	ASSERT_TRUE(opens(p, fd));
	/* Its errors are those of IPv4. */
	ASSERT_EQ(0, setsockopt(fd, IPPROTO_IP, IP_RECVERR, &one, sizeof(one)));
	ASSERT_EQ(2 * MSS, send(fd, buf, 2 * MSS, 0));
	ASSERT_EQ(0, expect(p, &self->s, ACK));
	EXPECT_EQ(MSS, self->s.len);
	ASSERT_EQ(0, say_icmp(p, 3, 4, 1000, p->rcv_nxt));
	do {
		ASSERT_EQ(1, hear(p, &self->s, SOON));
	} while (self->s.seq != p->rcv_nxt);
	EXPECT_EQ(mss_of(1000), self->s.len);
	p->rcv_nxt += 2 * MSS;
	say(p, .flags = ACK, .seq = p->snd_nxt, .ack = p->rcv_nxt);
	while (hear(p, &self->s, QUIET))
		;
	sk_error(fd);
	fcntl(fd, F_SETFL, 0);
	told(_metadata, self, fd);
}

/* RFC 1337, 3: nothing from outside ends TIME-WAIT. Nobody there: nothing. */
TEST_F(wire, rfc1337_3__time_wait)
{
	struct peer *p = &self->p;
	int fd;

	ASSERT_EQ(0, peer_dial(p, &fd));
	ASSERT_EQ(0, closes_first(p, &self->s, fd));
	ASSERT_EQ(0, say_icmp(p, HARD, 0, self->s.seq - 1));
	p->to_port++;
	ASSERT_EQ(0, say_icmp(p, HARD, 0, self->s.seq - 1));
	EXPECT_TRUE(silence(p, QUIET));
	EXPECT_EQ(TERN_TIME_WAIT, sk_state(p->to_port - 1, PORT));
}

TEST_HARNESS_MAIN
