// SPDX-License-Identifier: GPL-2.0
/*
 * Memory of sockets is charged to the memory cgroup of whom it belongs to, and
 * given back: "sock" of memory.stat. (What comes in is charged above memory.max,
 * too, by the kernel's rule for what can't wait.)
 */
#include <linux/sockios.h>

#include "fixture.h"

#define MOST	(16 << 20)	/* bytes that buffers may hold */

FIXTURE(cgroup)
{
	struct topo t;
	int client, server;
};

FIXTURE_SETUP(cgroup)
{
	SKIP_UNLESS_AVAILABLE();
	if (group_up())
		SKIP(return, "no memory cgroups in this kernel");
	topo_name(_metadata->name);
	ASSERT_EQ(0, topo_up(&self->t, TOPO_HOSTS));
}

FIXTURE_TEARDOWN(cgroup)
{
	topo_down(&self->t);
	group_down();
}

/* Large buffers; one end is the cgroup's. */
static int open_pair(FIXTURE_DATA(cgroup) *self, bool server)
{
	static const char mem[] = "4096 4000000 16777216";
	int listener, size = MOST;

	for (int i = 0; i < 2; i++)
		if (topo_enter(&self->t, i) || (is_tern() && sysctl_set("rto_max_us", "200000")))
			return -1;
	if (topo_enter(&self->t, 1) || sysctl_set("rmem", mem) || group_enter(server))
		return -1;
	listener = sk_listen(PORT, 4);
	if (listener < 0)
		return -1;
	if (setsockopt(listener, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) ||
	    topo_enter(&self->t, 0) || group_enter(!server))
		return -1;
	self->client = sk_dial(HOST_B, PORT, 0, SOCK_NONBLOCK);
	if (self->client < 0 || group_enter(server) || !sk_wait(listener, POLLIN, SOON))
		return -1;
	self->server = accept(listener, NULL, NULL);
	close(listener);
	if (self->server < 0 || group_enter(false))
		return -1;
	return setsockopt(self->client, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
}

static uint8_t byte_at(long i)
{
	return i * 31 >> 4;
}

/* Until nothing more is taken for a while. Return: bytes */
static long stuff(int fd, long most)
{
	long sent = 0;

	while (sent < most && sk_wait(fd, POLLOUT, 500)) {
		uint8_t buf[16384];
		ssize_t n;

		for (size_t i = 0; i < sizeof(buf); i++)
			buf[i] = byte_at(sent + i);
		n = send(fd, buf, sizeof(buf), MSG_NOSIGNAL);
		if (n < 0)
			return errno == EAGAIN ? sent : -1;
		sent += n;
	}
	return sent;
}

/* Return: bytes that came, each the right one */
static long drain(int fd, long most)
{
	long got = 0;

	while (got < most && sk_wait(fd, POLLIN, SOON)) {
		uint8_t buf[16384];
		ssize_t n = recv(fd, buf, sizeof(buf), 0);

		if (n <= 0)
			return -1;
		for (ssize_t i = 0; i < n; i++)
			if (buf[i] != byte_at(got + i))
				return -1;
		got += n;
	}
	return got;
}

static long queued(int fd, int which)
{
	int n = -1;

	return ioctl(fd, which, &n) ? -1 : n;
}

/* While the stream stands still: what is queued at that end is in its charge. */
static void holds(struct __test_metadata *_metadata, FIXTURE_DATA(cgroup) *self, bool server)
{
	long sent, held;

	ASSERT_EQ(0, open_pair(self, server));
	sent = stuff(self->client, 64L << 20);
	ASSERT_LT(1 << 20, sent);
	held = server ? queued(self->server, SIOCINQ) : queued(self->client, SIOCOUTQ);
	ASSERT_LT(1 << 20, held);
	EXPECT_TRUE(wait_for(group_charged() >= held, SOON));
	fprintf(stderr, "# %ld bytes held, %ld charged\n", held, group_charged());
	EXPECT_EQ(sent, drain(self->server, sent));
	close(self->client);
	close(self->server);
	EXPECT_TRUE(wait_for(group_charged() == 0, SOON));
}

TEST_F(cgroup, sender)
{
	holds(_metadata, self, false);
}

/* A socket that accept() returned: before 6.18 the listener's, then who called's. */
TEST_F(cgroup, receiver)
{
	holds(_metadata, self, true);
}

TEST_HARNESS_MAIN
