/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A machine beside ours, with pair/far on it, that can be killed and booted:
 * TERN_PAIR names the file where scripts/vm/pair reads what to do with it.
 */
#ifndef TERN_PAIR_H
#define TERN_PAIR_H

#include "fixture.h"

/* Milliseconds a machine may take to boot and to connect */
#define BOOT	90000

FIXTURE(pair)
{
	struct topo t;
	struct wire w;
	struct seg s;
	int tell, listener;
};

FIXTURE_SETUP(pair)
{
	const char *path = getenv("TERN_PAIR");

	SKIP_UNLESS_AVAILABLE();
	if (!path)
		SKIP(return, "needs two machines: scripts/vm/pair-tests");
	self->tell = open(path, O_WRONLY);
	ASSERT_GE(self->tell, 0);
	/* No namespaces here: the wire is this machine's. */
	self->t.home = open("/proc/self/ns/net", O_RDONLY);
	self->t.ns[0] = self->t.home;
	ASSERT_EQ(0, wire_sniff(&self->t, &self->w, 0));
	self->listener = sk_listen(PORT, 8);
	ASSERT_GE(self->listener, 0);
}

FIXTURE_TEARDOWN(pair)
{
}

static inline int pair_says(int tell, const char *what)
{
	return write(tell, what, strlen(what)) == strlen(what) ? 0 : -1;
}

#define pair_boot(self)	pair_says((self)->tell, "pair: boot\n")

static inline int far_accept(int listener, int ms, int *port)
{
	int fd = sk_wait(listener, POLLIN, ms) ? accept(listener, NULL, NULL) : -1;
	struct sk_name n;

	if (fd < 0)
		return -1;
	sk_timeouts(fd, SOON);
	n = sk_peer(fd);
	*port = sk_name_port(&n);
	return fd;
}

/* One more connection, asked for over @fd. */
static inline int far_more(int listener, int fd, int *port)
{
	return send(fd, "n", 1, 0) == 1 ? far_accept(listener, SOON, port) : -1;
}

static inline bool far_echoes(int fd)
{
	char c = 0;

	return send(fd, "e", 1, 0) == 1 && recv(fd, &c, 1, 0) == 1 && c == 'e';
}

/*
 * Killed, and known to be dead. That a neighbour is gone ARP finds out as well,
 * and the error is EHOSTUNREACH then; the entry is pinned, as if the other were
 * behind a router.
 */
static inline int pair_kill(int tell)
{
	if (run("ip neigh change $(ip neigh show %s dev eth0 | "
		"sed -n 's/\\(.*lladdr [^ ]*\\).*/\\1/p') dev eth0 nud permanent", ip_text(HOST_B)) ||
	    pair_says(tell, "pair: kill\n"))
		return -1;
	return run("while ping -c 1 -W 1 %s; do :; done > /dev/null", ip_text(HOST_B));
}

#endif
