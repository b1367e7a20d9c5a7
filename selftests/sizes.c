// SPDX-License-Identifier: GPL-2.0
/*
 * Sizes that others set: the owner of a namespace by its sysctls, devices,
 * routes and options, who may be an ordinary user in a user namespace, and the
 * peer by its MSS. Whatever they are, a packet holds no more than an IP packet
 * can, and what the path carries arrives.
 */
#include <linux/if_link.h>
#include <netinet/ip.h>

#include "fixture.h"
#include "link.h"

#define GSO_IPV4_MAX_SIZE	63	/* IFLA_GSO_IPV4_MAX_SIZE, new in 6.3 */

#define LO	"127.0.0.1"
#define PACKET	(65535 + (is_v6() ? 40 : 0))	/* bytes that an IP packet has at most */

FIXTURE(user)
{
	int listener;
	int fd[2];
};

/* What is longer than any packet is lost, as it is behind the next hop. */
static int lose_too_long(void)
{
	return run("nft 'add table inet t; add chain inet t o { type filter hook output priority 0; }; "
		   "add rule inet t o meta length > %d drop'", PACKET);
}

FIXTURE_SETUP(user)
{
	SKIP_UNLESS_AVAILABLE();
	if (topo_user())
		SKIP(return, "no user namespaces: %s", strerror(errno));
	/* Large windows, so that nothing but these sizes bounds a segment */
	ASSERT_EQ(0, sysctl_set("rmem", "8192 8388608 8388608"));
	ASSERT_EQ(0, sysctl_set("wmem", "8192 8388608 8388608"));
	self->listener = sk_listen(PORT, 8);
	ASSERT_GE(self->listener, 0);
}

FIXTURE_TEARDOWN(user)
{
}

static uint8_t byte_at(long i)
{
	return i * 31 >> 4;
}

/* Segments sent again, but for loss probes, which come too soon on so short a path */
static long resent(void)
{
	return stat_get("RetransSegs") - stat_get("TCPLossProbes");
}

static int dial(FIXTURE_DATA(user) *self)
{
	self->fd[0] = sk_dial(LO, PORT, 0, SOCK_NONBLOCK);
	if (self->fd[0] < 0 || !sk_wait(self->listener, POLLIN, SOON))
		return -1;
	self->fd[1] = accept(self->listener, NULL, NULL);
	return self->fd[1] < 0 ? -1 : 0;
}

static void hang_up(FIXTURE_DATA(user) *self)
{
	struct linger now = { .l_onoff = 1 };

	for (int i = 0; i < 2; i++) {
		setsockopt(self->fd[i], SOL_SOCKET, SO_LINGER, &now, sizeof(now));
		close(self->fd[i]);
	}
}

/* Bytes that arrive, each the right one, before nothing comes for @ms; -1: a wrong one */
static long carry(int fd[2], long want, int ms)
{
	static uint8_t out[8 << 20], in[65536];
	long sent = 0, got = 0;

	for (long i = 0; i < want; i++)
		out[i] = byte_at(i);
	while (got < want) {
		struct pollfd p[2] = {
			{ .fd = fd[0], .events = sent < want ? POLLOUT : 0 },
			{ .fd = fd[1], .events = POLLIN },
		};
		long n;

		if (poll(p, 2, ms) <= 0 || (p[0].revents | p[1].revents) & (POLLERR | POLLHUP))
			break;
		if (p[0].revents & POLLOUT) {
			n = send(fd[0], out + sent, want - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
			sent += n > 0 ? n : 0;
		}
		if (!(p[1].revents & POLLIN))
			continue;
		n = recv(fd[1], in, sizeof(in), MSG_DONTWAIT);
		for (long i = 0; i < n; i++)
			if (in[i] != byte_at(got + i))
				return -1;
		got += n > 0 ? n : 0;
	}
	return got;
}

/*
 * Segments of 65535 bytes are told from what gso_size 65535 means, GSO_BY_FRAGS;
 * and neither the size that a device takes nor the least that a peer's MSS
 * counts for makes a packet that there can't be.
 */
static void large(struct __test_metadata *_metadata, FIXTURE_DATA(user) *self, int gso,
		  const char *least, bool lose)
{
	int tos = 8;

	if (lose)
		ASSERT_EQ(0, lose_too_long());
	if (sysctl_set("timestamps", "0"))
		SKIP(return, "no such knob in this namespace");
	if (gso)
		ASSERT_EQ(0, link_size("lo", IFLA_GSO_MAX_SIZE, gso));
	ASSERT_EQ(0, dial(self));
	EXPECT_EQ(6 << 20, carry(self->fd, 6 << 20, SOON));
	if (least)
		ASSERT_EQ(0, sysctl_set("min_snd_mss", least));
	/* Sizes are made anew. */
	ASSERT_EQ(0, setsockopt(self->fd[0], IPPROTO_IP, IP_TOS, &tos, sizeof(tos)));
	EXPECT_EQ(1 << 20, carry(self->fd, 1 << 20, SOON));
	EXPECT_GE(0, resent());
	hang_up(self);
}

TEST_F(user, small_device_and_large_floor)
{
	large(_metadata, self, 400, "65535", false);
}

TEST_F(user, none_too_long)
{
	large(_metadata, self, 400, "65535", true);
}

TEST_F(user, small_device)
{
	large(_metadata, self, 400, NULL, true);
}

TEST_F(user, large_floor)
{
	large(_metadata, self, 0, "65535", true);
}

static int link_sizes(const int *size)
{
	static const int which[] = {
		IFLA_MTU, IFLA_GSO_MAX_SIZE, GSO_IPV4_MAX_SIZE, IFLA_GSO_MAX_SEGS,
	};

	for (int i = 0; i < ARRAY_SIZE(which); i++)
		/* Before 6.3 there is one size for both families. */
		if (size[i] && link_size("lo", which[i], size[i]) && errno != EINVAL &&
		    errno != EOPNOTSUPP)
			return -1;
	return 0;
}

/* Does a packet with the least payload there is fit, so that data arrive? */
static bool fits(int mtu)
{
	return mtu >= ip_hlen() + 20 + 48;
}

/*
 * Devices: each MTU with each size and count that large segments may have. (321
 * is the least that the core takes: nothing is left behind the headers.)
 */
TEST_F_TIMEOUT(user, devices, 300)
{
	static const int mtus[] = {
		68, 88, 107, 108, 128, 300, 576, 1280, 1500, 9000, 32768, 65475, 65535, 65536,
		100000, 0x7fffffff,
	};
	static const int sizes[][3] = {		/* gso_max_size, gso_ipv4_max_size, gso_max_segs */
		{ 65536, 65536, 65535 }, { 321, 321, 65535 }, { 322, 322, 65535 },
		{ 400, 65536, 65535 }, { 65536, 400, 65535 }, { 641, 641, 65535 },
		{ 642, 642, 1 }, { 2000, 2000, 2 }, { 65535, 65535, 65535 },
		{ 65537, 65537, 65535 }, { 524280, 524280, 65535 }, { 65536, 65536, 1 },
	};
	int n = 0;

	ASSERT_EQ(0, lose_too_long());
	for (int i = 0; i < ARRAY_SIZE(mtus); i++) {
		long want = mtus[i] < 300 ? 20 << 10 : 300 << 10;

		if (is_v6() && mtus[i] < 1280)
			continue;
		for (int j = 0; j < ARRAY_SIZE(sizes); j++) {
			int size[4] = { mtus[i], sizes[j][0], sizes[j][1], sizes[j][2] };
			long got;

			ASSERT_EQ(0, link_sizes(size));
			if (dial(self)) {
				/* Not even a SYN fits. */
				ASSERT_FALSE(fits(mtus[i]));
				continue;
			}
			got = carry(self->fd, want, fits(mtus[i]) ? SOON : 20);
			/* The windows are open now. */
			if (got == want)
				got = carry(self->fd, want, SOON);
			if (got != want && (fits(mtus[i]) || got < 0)) {
				fprintf(stderr, "# MTU %d, GSO %d, %d bytes, %d segments: %ld bytes\n",
					size[0], size[1], size[2], size[3], got);
				EXPECT_EQ(want, got);
			}
			hang_up(self);
			n++;
		}
	}
	fprintf(stderr, "# %d combinations\n", n);
}

/* Sysctls and options that size segments, all with all; @mtu of lo */
static void segments(struct __test_metadata *_metadata, FIXTURE_DATA(user) *self, int mtu)
{
	static const char *const least[] = { "48", "88", "536", "1460", "65483", "65534", "65535" };
	static const char *const base[] = { "88", "1024", "65535" };
	static const int most[] = { 0, 88, 536, 32767 };
	const long want = 200 << 10;
	int n = 0;

	ASSERT_EQ(0, lose_too_long());
	ASSERT_EQ(0, link_size("lo", IFLA_MTU, mtu));
	for (int i = 0; i < ARRAY_SIZE(least) * ARRAY_SIZE(base) * ARRAY_SIZE(most) * 2; i++) {
		int j = i, tos = i % 2 ? 8 : 0, maxseg, ts;
		const char *min_snd_mss, *base_mss;
		long got;

		min_snd_mss = least[j % ARRAY_SIZE(least)];
		j /= ARRAY_SIZE(least);
		base_mss = base[j % ARRAY_SIZE(base)];
		j /= ARRAY_SIZE(base);
		maxseg = most[j % ARRAY_SIZE(most)];
		ts = j / ARRAY_SIZE(most);
		ASSERT_EQ(0, sysctl_set("min_snd_mss", "48"));
		ASSERT_EQ(0, sysctl_set("base_mss", base_mss));
		ASSERT_EQ(0, sysctl_set("timestamps", ts ? "1" : "0"));
		ASSERT_EQ(0, dial(self));
		ASSERT_EQ(0, setsockopt(self->fd[0], IPPROTO_TCP, TERN_MAXSEG, &maxseg, sizeof(int)));
		got = carry(self->fd, want, SOON);
		/* Now in the middle of it */
		ASSERT_EQ(0, sysctl_set("min_snd_mss", min_snd_mss));
		ASSERT_EQ(0, setsockopt(self->fd[0], IPPROTO_IP, IP_TOS, &tos, sizeof(tos)));
		if (got == want)
			got = carry(self->fd, want, SOON);
		if (got != want) {
			fprintf(stderr, "# MTU %d, min_snd_mss %s, base_mss %s, TERN_MAXSEG %d, timestamps %d: %ld bytes\n",
				mtu, min_snd_mss, base_mss, maxseg, ts, got);
			EXPECT_EQ(want, got);
		}
		hang_up(self);
		n++;
	}
	fprintf(stderr, "# %d combinations\n", n);
	EXPECT_GE(0, resent());
}

TEST_F(user, segments_of_lo)
{
	segments(_metadata, self, 65536);
}

TEST_F(user, segments_of_a_narrow_path)
{
	segments(_metadata, self, 1280);
}

/* Route metrics, which a namespace's owner sets as he likes */
TEST_F(user, routes)
{
	static const char *const metrics[] = {
		"advmss 1", "advmss 88", "advmss 65535", "mtu lock 88", "mtu lock 120",
		"mtu 1280", "mtu lock 65535", "mtu lock 100000", "window 1", "window 65535",
		"window 4294967295", "initcwnd 1", "initcwnd 4294967295", "initrwnd 4294967295",
		"rto_min 1ms", "hoplimit 255 mtu lock 300 advmss 65535 window 2",
	};
	const long want = 200 << 10;

	ASSERT_EQ(0, lose_too_long());
	for (int i = 0; i < ARRAY_SIZE(metrics); i++) {
		long got;

		ASSERT_EQ(0, run("ip %s route replace local %s dev lo table local proto kernel %s %s",
				 is_v6() ? "-6" : "", ip_text(LO), is_v6() ? "metric 0" :
				 "scope host src 127.0.0.1", metrics[i]));
		ASSERT_EQ(0, dial(self));
		got = carry(self->fd, want, SOON);
		if (got != want)
			fprintf(stderr, "# %s: %ld bytes\n", metrics[i], got);
		/* Of IPv6 no packet has less than 1280 bytes to itself. */
		if (!is_v6() || !strstr(metrics[i], "mtu lock"))
			EXPECT_EQ(want, got);
		hang_up(self);
	}
}

/* The largest buffers there may be: an int is no less than what they hold. */
TEST_F(user, buffers)
{
	static const char *const sizes[] = {
		"8192 8192 8192", "8192 16384 2147483647", "2147483647 2147483647 2147483647",
	};
	const long want = 2 << 20;

	for (int i = 0; i < ARRAY_SIZE(sizes) * ARRAY_SIZE(sizes); i++) {
		const char *rmem = sizes[i % ARRAY_SIZE(sizes)], *wmem = sizes[i / ARRAY_SIZE(sizes)];
		int lowat = INT32_MAX;

		ASSERT_EQ(0, sysctl_set("rmem", rmem));
		ASSERT_EQ(0, sysctl_set("wmem", wmem));
		close(self->listener);
		self->listener = sk_listen(PORT, 8);
		ASSERT_GE(self->listener, 0);
		ASSERT_EQ(0, dial(self));
		EXPECT_EQ(want, carry(self->fd, want, SOON));
		ASSERT_EQ(0, setsockopt(self->fd[1], SOL_SOCKET, SO_RCVLOWAT, &lowat, sizeof(lowat)));
		setsockopt(self->fd[0], IPPROTO_TCP, TERN_NOTSENT_LOWAT, &lowat, sizeof(lowat));
		EXPECT_EQ(64, send(self->fd[0], sizes, 64, 0));
		hang_up(self);
	}
}

/* IP options of 40 bytes, extension headers of 4 KB: in each packet */
TEST_F(user, options)
{
	uint8_t opt[8 * 255] = { 0 };
	const long want = 2 << 20;
	int len = 40;

	ASSERT_EQ(0, lose_too_long());
	ASSERT_EQ(0, sysctl_set("timestamps", "0"));
	if (is_v6()) {
		len = sizeof(opt);
		opt[1] = len / 8 - 1;
		/* Eight options that nobody knows, which a host skips */
		for (int i = 0, at = 2; i < 8; i++) {
			opt[at] = 0x1e;
			opt[at + 1] = i < 7 ? 255 : len - at - 2;
			at += 2 + opt[at + 1];
		}
	} else {
		memset(opt, IPOPT_NOP, len);
	}
	ASSERT_EQ(0, dial(self));
	ASSERT_EQ(want, carry(self->fd, want, SOON));
	if (is_v6()) {
		ASSERT_EQ(0, setsockopt(self->fd[0], IPPROTO_IPV6, IPV6_HOPOPTS, opt, len));
		ASSERT_EQ(0, setsockopt(self->fd[0], IPPROTO_IPV6, IPV6_DSTOPTS, opt, len));
	} else {
		ASSERT_EQ(0, setsockopt(self->fd[0], IPPROTO_IP, IP_OPTIONS, opt, len));
	}
	EXPECT_EQ(want, carry(self->fd, want, SOON));
	EXPECT_GE(0, resent());
	hang_up(self);
}

WIRE_FIXTURE()

/* Whatever MSS a peer tells, a segment has no more than that, and the path's. */
TEST_F(wire, peers_mss)
{
	static const int told[] = {
		1, 2, 47, 48, 49, 87, 88, 536, 1400, 1448, 1460, 1461, 8960, 32767, 65475, 65495,
		65515, 65534, 65535,
	};
	struct peer *p = &self->p;
	struct seg *s = &self->s;
	int mtu = 1500;

	for (int i = 0; i < ARRAY_SIZE(told) * 2; i++) {
		static uint8_t buf[200000];
		int mss = told[i % ARRAY_SIZE(told)], most, fd, got = 0;

		if (i == ARRAY_SIZE(told)) {
			mtu = 65535;
			ASSERT_EQ(0, topo_run(&self->t, 0, "ip link set eth0 mtu %d", mtu));
			ASSERT_EQ(0, topo_run(&self->t, 1, "ip link set eth0 mtu %d", mtu));
		}
		most = mss < 48 ? 48 : mss;
		if (most > mss_of(mtu))
			most = mss_of(mtu);
		peer_init(p, &self->w, PORT + i, 0);
		p->mss = mss;
		p->has_wscale = true;
		ASSERT_EQ(0, peer_dial(p, &fd));
		fcntl(fd, F_SETFL, O_NONBLOCK);
		ASSERT_LT(0, send(fd, buf, sizeof(buf), 0));
		while (got < 3 && hear(p, s, SOON)) {
			got++;
			if (s->len > most || (got == 1 && most < 30000 && s->len != most))
				fprintf(stderr, "# MSS %d, MTU %d: a segment of %d bytes\n", mss, mtu,
					s->len);
			EXPECT_GE(most, s->len);
			if (most < 30000 && got == 1)
				EXPECT_EQ(most, s->len);
		}
		EXPECT_LT(0, got);
		say(p, .flags = RST, .seq = p->snd_nxt);
		close(fd);
		wire_drain(&self->w);
	}
}

TEST_HARNESS_MAIN
