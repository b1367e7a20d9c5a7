// SPDX-License-Identifier: GPL-2.0
/*
 * A v4-mapped address in an IPv6 header, which an ordinary user can put there
 * in a user namespace: such are on no wire (RFC 4291 2.5.5.2), as source or
 * destination, nor in what an ICMPv6 error quotes. No listener, no connection
 * over IPv4 hears of it, whichever family its socket is of.
 */
#include <linux/ipv6.h>
#include <netinet/icmp6.h>

#include "fixture.h"

#define MAPPED	"::ffff:10.0.0.1"
#define FAR	"10.10.0.9"		/* behind the gateway HOST_B */
#define OTHER	"10.9.0.77"		/* another gateway */
#define ROUTER	"fe80:0:a09:2::1"	/* bytes 4 to 7 are HOST_B */

FIXTURE(mapped)
{
	struct topo t;
	struct wire w;			/* of IPv4 */
	struct peer p;
	struct seg s;
	int listener;
	long in_errs;
};

FIXTURE_VARIANT(mapped)
{
	int family;
};

FIXTURE_VARIANT_ADD(mapped, of_inet) { .family = AF_INET };
FIXTURE_VARIANT_ADD(mapped, of_inet6) { .family = AF_INET6 };

static void speak(int version)
{
	setenv("TERN_IP", version == 6 ? "6" : "4", 1);
}

static int listen_to(int family, int port)
{
	struct sockaddr_in6 sa = { .sin6_family = family, .sin6_port = htons(port) };
	int fd = socket(family, SOCK_STREAM, proto());

	/* All addresses; IPv4's port is at the same place. */
	if (bind(fd, (struct sockaddr *)&sa, family == AF_INET ? 16 : sizeof(sa)) || listen(fd, 4))
		return -1;
	return fd;
}

FIXTURE_SETUP(mapped)
{
	SKIP_UNLESS_AVAILABLE();
	speak(6);
	if (!available())
		SKIP(return, "no IPv6 in this kernel");
	if (topo_user())
		SKIP(return, "no user namespaces: %s", strerror(errno));
	topo_name(_metadata->name);
	ASSERT_EQ(0, topo_up(&self->t, TOPO_WIRE));
	ASSERT_EQ(0, run("ip addr add 10.0.0.1/32 dev lo && ip addr add fd00::1/128 dev lo && "
			 "ip addr add %s/128 dev lo && ip addr add %s/128 dev lo nodad && "
			 "ip neigh add %s dev eth0 lladdr 02:00:00:00:00:77",
			 MAPPED, ROUTER, OTHER));
	self->listener = listen_to(variant->family, PORT);
	ASSERT_GE(self->listener, 0);
	speak(4);
	ASSERT_EQ(0, wire_open(&self->t, &self->w));
	peer_init(&self->p, &self->w, PORT, 0);
	self->in_errs = stat_get("InErrs");
}

FIXTURE_TEARDOWN(mapped)
{
	topo_down(&self->t);
}

/* A SYN as an IPv6 packet. Return: its length */
static int syn_packet(struct peer *p, const char *from, const char *to, uint8_t *packet)
{
	struct seg s = { .sport = 5000, .dport = PORT, .seq = 1, .flags = SYN, .mss = 1000 };
	int len;

	speak(6);
	len = wire_build(p, &s, packet);
	inet_pton(AF_INET6, from, packet + 8);
	inet_pton(AF_INET6, to, packet + 24);
	wire_fix(packet, len);
	speak(4);
	return len;
}

/* The listener is as it was, and takes an IPv4 connection. */
static bool listens(FIXTURE_DATA(mapped) *self)
{
	int fd;

	if (sk_count(PORT, 0, TERN_SYN_RECV) || sk_wait(self->listener, POLLIN, 0))
		return false;
	fd = sk_dial("10.0.0.1", PORT, 0, 0);
	return fd >= 0 && sk_wait(self->listener, POLLIN, SOON) == POLLIN &&
	       accept(self->listener, NULL, NULL) >= 0;
}

static bool refused(FIXTURE_DATA(mapped) *self, int times)
{
	return wait_for(stat_get("InErrs") == self->in_errs + times, SOON);
}

/* The kernel itself makes the header. */
TEST_F(mapped, rfc4291_2_5_5_2__destination)
{
	int fd = socket(AF_INET6, SOCK_RAW, proto());
	struct sockaddr_in6 sa = { .sin6_family = AF_INET6 };
	uint8_t packet[128];
	int len = syn_packet(&self->p, "fd00::1", MAPPED, packet);

	inet_pton(AF_INET6, "fd00::1", &sa.sin6_addr);
	ASSERT_EQ(0, bind(fd, (struct sockaddr *)&sa, sizeof(sa)));
	inet_pton(AF_INET6, MAPPED, &sa.sin6_addr);
	ASSERT_EQ(len - 40, sendto(fd, packet + 40, len - 40, 0, (struct sockaddr *)&sa,
				   sizeof(sa)));
	EXPECT_TRUE(refused(self, 1));
	EXPECT_TRUE(listens(self));
}

static int send_syn(FIXTURE_DATA(mapped) *self, const char *from, const char *to)
{
	int fd = socket(AF_INET6, SOCK_RAW, IPPROTO_RAW);
	struct sockaddr_in6 sa = { .sin6_family = AF_INET6 };
	uint8_t packet[128];
	int len = syn_packet(&self->p, from, to, packet);

	inet_pton(AF_INET6, "fd00::1", &sa.sin6_addr);
	len -= sendto(fd, packet, len, 0, (struct sockaddr *)&sa, sizeof(sa));
	close(fd);
	return len;
}

TEST_F(mapped, rfc4291_2_5_5_2__source)
{
	ASSERT_EQ(0, send_syn(self, "::ffff:10.0.0.2", "fd00::1"));
	EXPECT_TRUE(refused(self, 1));
	ASSERT_EQ(0, send_syn(self, "::ffff:10.0.0.2", MAPPED));
	EXPECT_TRUE(refused(self, 2));
	EXPECT_TRUE(listens(self));
}

/*
 * An ICMPv6 message of this host to itself, with @more bytes and a quote of the
 * segment with @seq, as if its addresses had been IPv6's
 */
static int say_mapped(FIXTURE_DATA(mapped) *self, int type, uint32_t info, int more, uint32_t seq)
{
	struct peer *p = &self->p;
	struct seg quoted = { .sport = p->to_port, .dport = p->port, .seq = seq };
	struct sockaddr_in6 sa = { .sin6_family = AF_INET6 };
	int fd = socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6), hops = 255, ret;
	uint8_t msg[256] = { type, type == ICMP6_DST_UNREACH ? ICMP6_DST_UNREACH_NOPORT : 0 };
	uint8_t packet[128], ends[20] = { [10] = 255, [11] = 255 };

	*(uint32_t *)(msg + 4) = info;
	speak(6);
	wire_build(p, &quoted, packet);
	speak(4);
	memcpy(ends + 12, &p->to, 4);
	memcpy(packet + 8, ends, 16);
	memcpy(ends + 12, &p->addr, 4);
	memcpy(packet + 24, ends, 16);
	if (more) {			/* of a redirect: the option that holds it */
		msg[40] = 4;
		msg[41] = (8 + 48) / 8;
	}
	memcpy(msg + 8 + more, packet, 48);

	inet_pton(AF_INET6, ROUTER, &sa.sin6_addr);
	sa.sin6_scope_id = 1;		/* lo */
	setsockopt(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, &hops, sizeof(hops));
	ret = bind(fd, (struct sockaddr *)&sa, sizeof(sa)) ||
	      sendto(fd, msg, 56 + more, 0, (struct sockaddr *)&sa, sizeof(sa)) != 56 + more;
	close(fd);
	return ret;
}

/* connect() to @host, over IPv4 by a socket of either family */
static int dial(int family, const char *host)
{
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK, proto());
	char name[64];

	snprintf(name, sizeof(name), "%s%s", family == AF_INET6 ? "::ffff:" : "", host);
	return sk_connect(fd, name, PORT) && errno != EINPROGRESS ? -1 : fd;
}

/* An error like "port unreachable" ends what is being opened. */
TEST_F(mapped, rfc4291_2_5_5_2__quoted_hard)
{
	struct peer *p = &self->p;
	int fd = dial(variant->family, HOST_B);

	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, peer_syn(p, &self->s));
	ASSERT_EQ(0, say_mapped(self, ICMP6_DST_UNREACH, 0, 0, self->s.seq));
	EXPECT_EQ(0, sk_wait(fd, 0, QUIET));
	EXPECT_EQ(TERN_SYN_SENT, sk_state(p->to_port, PORT));
	ASSERT_EQ(0, peer_synack(p));
	EXPECT_EQ(POLLOUT, sk_wait(fd, POLLOUT, SOON));

	/* Likewise what we have answered */
	peer_init(p, &self->w, 5000, PORT);
	ASSERT_EQ(0, say(p, .flags = SYN, .seq = p->iss, .mss = MSS));
	ASSERT_EQ(0, expect(p, &self->s, SYN | ACK));
	ASSERT_EQ(0, say_mapped(self, ICMP6_DST_UNREACH, 0, 0, self->s.seq));
	EXPECT_FALSE(wait_gone(PORT, 5000, QUIET));
}

TEST_F(mapped, rfc4291_2_5_5_2__quoted_too_big)
{
	struct peer *p = &self->p;
	int fd = dial(variant->family, HOST_B);

	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, peer_accept(p));
	ASSERT_EQ(0, say_mapped(self, ICMP6_PACKET_TOO_BIG, htonl(1280), 0, p->rcv_nxt));
	EXPECT_FALSE(wait_for(sk_info(fd).ti_pmtu != 1500, QUIET));
	EXPECT_EQ(1500, sk_info(fd).ti_pmtu);
}

/* The redirect would be taken for IPv4's, each field at another place. */
TEST_F(mapped, rfc4291_2_5_5_2__quoted_redirect)
{
	struct peer *p = &self->p;
	uint32_t gateway;
	int fd;

	inet_pton(AF_INET, OTHER, &gateway);
	inet_pton(AF_INET, FAR, &p->addr);
	fd = dial(variant->family, FAR);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, peer_syn(p, &self->s));
	ASSERT_EQ(0, say_mapped(self, ND_REDIRECT, gateway, 40, self->s.seq));
	EXPECT_NE(0, run("ip route get %s | grep -q 'via %s'", FAR, OTHER));
	EXPECT_EQ(0, run("ip route get %s | grep -q 'via %s'", FAR, HOST_B));
}

TEST_HARNESS_MAIN
