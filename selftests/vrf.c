// SPDX-License-Identifier: GPL-2.0
/*
 * Routing domains (VRF): what comes by one is answered in it. A socket that is
 * bound to none hears it when l3mdev_accept says so; its connections are then
 * bound to the domain. The same addresses in two of them are two hosts.
 */
#include <pthread.h>

#include "fault.h"
#include "fixture.h"
#include "link.h"

HOSTS_FIXTURE()

#define FROM	5000

/* What a thread sends, and where */
struct sender {
	int fd;
	char *page;
};

/* A device of B, or of A, into a domain. Its addresses go with its routes. */
static int enslave(FIXTURE_DATA(hosts) *self, int which, const char *dev, const char *vrf,
		   int table)
{
	const char *me = which ? HOST_B : HOST_A, *peer = which ? HOST_A : HOST_B;

	if (topo_run(&self->t, which,
		     "ip link add %s type vrf table %d && ip link set %s up && "
		     "ip link set %s up master %s && ip addr replace %s/24 dev %s && "
		     "ip neigh replace %s lladdr 2:0:0:0:0:%d dev %s nud permanent",
		     vrf, table, vrf, dev, vrf, me, dev, peer, which ? 1 : 2, dev))
		return -1;
	if (is_v6() &&
	    topo_run(&self->t, which,
		     "ip -6 addr replace %s/120 dev %s nodad && "
		     "ip -6 neigh replace %s lladdr 2:0:0:0:0:%d dev %s nud permanent",
		     ip_text(me), dev, ip_text(peer), which ? 1 : 2, dev))
		return -1;
	return topo_enter(&self->t, 0) || link_wait(dev) || topo_enter(&self->t, 1) ||
	       link_wait(dev) || topo_enter(&self->t, 0) ? -1 : 0;
}

static int bind_to(int fd, const char *dev)
{
	return setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, dev, strlen(dev) + 1);
}

/* A listener of B's, bound to that device unless it is NULL */
static int listen_at(FIXTURE_DATA(hosts) *self, const char *dev)
{
	int fd = -1, one = 1;

	if (topo_enter(&self->t, 1))
		return -1;
	fd = sk_new(0);
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	    (dev && bind_to(fd, dev)) || sk_bind(fd, NULL, PORT) || listen(fd, 4) ||
	    topo_enter(&self->t, 0))
		return -1;
	return fd;
}

/* From A, bound likewise. 0 or the error; *@fd is the socket. */
static int dial_from(const char *dev, int *fd)
{
	int one = 1;

	*fd = sk_new(SOCK_NONBLOCK);
	if (setsockopt(*fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	    (dev && bind_to(*fd, dev)) || sk_bind(*fd, NULL, FROM))
		return errno;
	if (!sk_connect(*fd, HOST_B, PORT))
		return 0;
	if (errno != EINPROGRESS)
		return errno;
	return sk_wait(*fd, POLLOUT, SOON) ? sk_error(*fd) : ETIMEDOUT;
}

/* The device that an accepted socket is bound to, in B */
static const char *device_of(FIXTURE_DATA(hosts) *self, int fd)
{
	static char name[16];
	socklen_t len = sizeof(name);

	memset(name, 0, sizeof(name));
	if (topo_enter(&self->t, 1) ||
	    getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, &len) || topo_enter(&self->t, 0))
		return "?";
	return name;
}

static int take(int listener)
{
	int fd = sk_wait(listener, POLLIN, SOON) ? accept(listener, NULL, NULL) : -1;

	return fd < 0 || sk_timeouts(fd, SOON) ? -1 : fd;
}

/* @c's byte is what @s reads, and the other way round */
static bool talk(int c, int s, char what)
{
	char got = 0;

	fcntl(c, F_SETFL, 0);
	if (sk_timeouts(c, SOON) || send(c, &what, 1, 0) != 1 || recv(s, &got, 1, 0) != 1 ||
	    got != what || send(s, &what, 1, 0) != 1 || recv(c, &got, 1, 0) != 1)
		return false;
	return got == what;
}

/* To the end, which in B is TIME_WAIT */
static bool end(FIXTURE_DATA(hosts) *self, int c, int s)
{
	bool ok;

	close(s);
	close(c);
	ok = wait_gone(FROM, PORT, SOON) && !topo_enter(&self->t, 1);
	if (ok && is_tern())
		ok = wait_state(PORT, FROM, TERN_TIME_WAIT, SOON);
	return !topo_enter(&self->t, 0) && ok;
}

TEST_F(hosts, not_accepted)
{
	int c;

	ASSERT_EQ(0, enslave(self, 1, "eth0", "blue", 100));
	ASSERT_GE(listen_at(self, NULL), 0);
	EXPECT_EQ(ECONNREFUSED, dial_from(NULL, &c));
}

TEST_F(hosts, nobody)
{
	int c;

	ASSERT_EQ(0, enslave(self, 1, "eth0", "blue", 100));
	EXPECT_EQ(ECONNREFUSED, dial_from(NULL, &c));
}

static void accepted(struct __test_metadata *_metadata, FIXTURE_DATA(hosts) *self,
		     const char *bound, const char *child)
{
	int listener, c, s;

	ASSERT_EQ(0, enslave(self, 1, "eth0", "blue", 100));
	ASSERT_EQ(0, topo_enter(&self->t, 1));
	ASSERT_EQ(0, sysctl_set("l3mdev_accept", bound ? "0" : "1"));
	listener = listen_at(self, bound);
	ASSERT_GE(listener, 0);
	ASSERT_EQ(0, dial_from(NULL, &c));
	s = take(listener);
	ASSERT_GE(s, 0);
	EXPECT_STREQ(child, device_of(self, s));
	EXPECT_TRUE(talk(c, s, 'a'));
	EXPECT_TRUE(end(self, c, s));
}

TEST_F(hosts, l3mdev_accept)
{
	accepted(_metadata, self, NULL, "blue");
}

/* In-tree TCP's cookies carry no device, yet the route back is the same. */
TEST_F(hosts, cookie)
{
	ASSERT_EQ(0, topo_enter(&self->t, 1));
	if (is_tern())
		ASSERT_EQ(0, sysctl_set("syncookies", "2"));
	accepted(_metadata, self, NULL, "blue");
}

TEST_F(hosts, bound_to_vrf)
{
	accepted(_metadata, self, "blue", "blue");
}

TEST_F(hosts, bound_to_slave)
{
	accepted(_metadata, self, "eth0", "eth0");
}

/* The client's end is in a domain. */
TEST_F(hosts, dial)
{
	int listener, c, s;

	ASSERT_EQ(0, enslave(self, 0, "eth0", "blue", 100));
	listener = listen_at(self, NULL);
	ASSERT_GE(listener, 0);
	ASSERT_EQ(0, dial_from("blue", &c));
	s = take(listener);
	ASSERT_GE(s, 0);
	EXPECT_TRUE(talk(c, s, 'a'));
}

/* One address each in two domains, one 4-tuple: two connections */
TEST_F(hosts, apart)
{
	static const char * const vrf[] = { "blue", "red" }, * const dev[] = { "eth0", "eth1" };
	int listener, c[2], s[2];

	ASSERT_EQ(0, topo_enter(&self->t, 0));
	ASSERT_EQ(0, link_veth("eth1", host_mac, self->t.ns[1]));
	for (int i = 0; i < 2; i++)
		for (int which = 0; which < 2; which++)
			ASSERT_EQ(0, topo_run(&self->t, which, "ip link set %s up", dev[i]));
	for (int i = 0; i < 2; i++)
		for (int which = 0; which < 2; which++)
			ASSERT_EQ(0, enslave(self, which, dev[i], vrf[i], 100 + i));
	ASSERT_EQ(0, topo_enter(&self->t, 1));
	ASSERT_EQ(0, sysctl_set("l3mdev_accept", "1"));
	listener = listen_at(self, NULL);
	ASSERT_GE(listener, 0);
	for (int i = 0; i < 2; i++) {
		EXPECT_EQ(0, dial_from(vrf[i], &c[i]));
		s[i] = take(listener);
		ASSERT_GE(s[i], 0);
		EXPECT_STREQ(vrf[i], device_of(self, s[i]));
	}
	for (int i = 0; i < 2; i++)
		EXPECT_TRUE(talk(c[i], s[i], 'a' + i));
}

/*
 * A connection of A, which has its device in a domain and the socket in none: a
 * route of the main table leads there, and l3mdev_accept hears the answers.
 */
static void leaked(struct __test_metadata *_metadata, FIXTURE_DATA(hosts) *self, int *c, int *s)
{
	int listener;

	ASSERT_EQ(0, enslave(self, 0, "eth0", "blue", 100));
	ASSERT_EQ(0, topo_run(&self->t, 0, "ip %s route add %s dev eth0",
			      is_v6() ? "-6" : "-4", ip_text(HOST_B)));
	ASSERT_EQ(0, topo_enter(&self->t, 0));
	ASSERT_EQ(0, sysctl_set("l3mdev_accept", "1"));
	listener = listen_at(self, NULL);
	ASSERT_GE(listener, 0);
	ASSERT_EQ(0, dial_from(NULL, c));
	*s = take(listener);
	ASSERT_GE(*s, 0);
	EXPECT_TRUE(talk(*c, *s, 'a'));
}

TEST_F(hosts, leak)
{
	int c, s;

	leaked(_metadata, self, &c, &s);
}

static void *send_byte(void *arg)
{
	struct sender *a = arg;

	return (void *)(intptr_t)send(a->fd, a->page, 1, 0);
}

/* What comes while the user has the socket is for it as well. */
TEST_F(hosts, leak_while_sending)
{
	struct sender a;
	pthread_t thread;
	void *sent;
	int s, uffd;
	char byte;

	a.page = fault_page(&uffd);
	if (!a.page)
		SKIP(return, "no userfaultfd");
	leaked(_metadata, self, &a.fd, &s);
	ASSERT_EQ(0, pthread_create(&thread, NULL, send_byte, &a));
	EXPECT_TRUE(fault_begun(uffd));
	/* With no delay on the wire it is there when send() returns. */
	EXPECT_EQ(1, send(s, "b", 1, 0));
	EXPECT_EQ(0, fault_serve(uffd, a.page));
	ASSERT_EQ(0, pthread_join(thread, &sent));
	EXPECT_EQ(1, (intptr_t)sent);
	EXPECT_EQ(1, recv(a.fd, &byte, 1, 0));
	EXPECT_EQ('b', byte);
	EXPECT_EQ(1, recv(s, &byte, 1, 0));
	/* At its first turn, not when it is sent once more */
	if (is_tern()) {
		ASSERT_EQ(0, topo_enter(&self->t, 0));
		EXPECT_EQ(0, stat_get("TCPBacklogDrop"));
	}
}

TEST_HARNESS_MAIN
