// SPDX-License-Identifier: GPL-2.0
/*
 * Sizes that others set: the owner of a namespace by its sysctls, devices,
 * routes and options, who may be an ordinary user in a user namespace, and the
 * peer by its MSS. Whatever they are, a packet holds no more than an IP packet
 * can, and what the path carries arrives.
 */
#include <linux/if_link.h>

#include "fixture.h"
#include "link.h"

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
	EXPECT_EQ(0, stat_get("RetransSegs"));
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

TEST_HARNESS_MAIN
