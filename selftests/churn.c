// SPDX-License-Identifier: GPL-2.0
/*
 * What unload.sh unloads the module under, over the loopback; TERN_IP=6: ::1.
 *   churn traffic FILE	connections, now and then a rest without a socket, longer
 *			where FILE exists; without the module all fail, and are
 *			tried again
 *   churn orphans	leaves what lives on without a file: connections in
 *			FIN_WAIT2 and LAST_ACK, one that resends, one that probes
 *			a shut window; ends with an entry half open. An nftables
 *			table "t" sees to it that no answer ends them.
 *	churn held HOW QDISC	in a namespace of its own, which lives until it is
 *			killed: a connection is closed, by FIN or RST as HOW says,
 *			and what it sends stays in QDISC of the device; says "held"
 */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>

#include "tern_test.h"

#define LO	"127.0.0.1"

/* One connection after another, to @listener and to where nobody listens */
static void talk(int listener, const char *file)
{
	for (int i = 0; i < 8 && access(file, F_OK); i++) {
		int client = sk_new(SOCK_NONBLOCK), server;
		char c = 'x';

		if (client < 0)
			return;
		sk_connect(client, LO, i ? PORT : PORT + 1);
		server = sk_wait(listener, POLLIN, i ? 200 : 0) ?
			 accept(listener, NULL, NULL) : -1;
		if (server >= 0) {
			sk_timeouts(server, 200);
			send(client, &c, 1, MSG_NOSIGNAL);
			if (recv(server, &c, 1, 0) == 1)
				send(server, &c, 1, MSG_NOSIGNAL);
			/* Now this end is first, now that */
			if (i & 1)
				close(client);
			close(server);
			if (i & 1)
				continue;
		}
		close(client);
	}
}

static void traffic(const char *file)
{
	for (;;) {
		int listener = access(file, F_OK) ? sk_new(0) : -1, one = 1;

		if (listener >= 0) {
			setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
			if (!sk_bind(listener, NULL, PORT) && !listen(listener, 8))
				talk(listener, file);
			close(listener);
		}
		/* A socket that can't be made has the kernel run modprobe. */
		usleep(listener < 0 ? 50000 : 5000);
	}
}

static int pair(int fd[2], int port)
{
	int listener = sk_listen(port, 4);

	fd[0] = listener < 0 ? -1 : sk_dial(LO, port, 0, 0);
	fd[1] = fd[0] < 0 ? -1 : accept(listener, NULL, NULL);
	close(listener);
	return fd[1] < 0 ? -1 : 0;
}

static int drop(const char *match)
{
	return run("nft 'add table inet t; flush table inet t; "
		   "add chain inet t i { type filter hook input priority 0; }; "
		   "add rule inet t i meta l4proto %d %s drop'", proto(), match);
}

static int orphans(void)
{
	int first[2], data[2], full[2];
	static char buf[65536];

	if (pair(first, PORT) || pair(data, PORT + 1) || pair(full, PORT + 2))
		return 1;
	close(first[0]);
	if (!wait_state(0, PORT, TERN_FIN_WAIT2, SOON))
		return 2;
	while (send(full[0], buf, sizeof(buf), MSG_DONTWAIT) > 0)
		;
	if (!wait_for(!strcmp(sk_find(0, PORT + 2, 0).timer, "persist"), SOON))
		return 3;
	/* Bare ACKs alone: the other end of this one stays half open. */
	if (drop("@th,104,8 0x10") || sk_listen(PORT + 3, 4) < 0 ||
	    sk_dial(LO, PORT + 3, 0, 0) < 0 || !wait_state(PORT + 3, 0, TERN_SYN_RECV, SOON))
		return 4;
	if (drop(""))
		return 5;
	send(data[0], buf, 1000, 0);
	return 0;
}

/*
 * The server's end, which closed first and has nothing under way, stays in
 * FIN_WAIT2; the client's stays in LAST_ACK or is gone.
 */
static int held(bool abort, const char *qdisc)
{
	struct linger hard = { .l_onoff = abort };
	int fd[2], port;

	if (unshare(CLONE_NEWNET) || run("ip link set lo up") || pair(fd, PORT))
		return 1;
	port = sk_port(fd[0]);
	close(fd[1]);
	if (!wait_state(PORT, port, TERN_FIN_WAIT2, SOON) || drop("") ||
	    run("tc qdisc add dev lo root %s", qdisc))
		return 2;
	setsockopt(fd[0], SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
	close(fd[0]);
	if (abort ? !wait_gone(port, PORT, SOON) : !wait_state(port, PORT, TERN_LAST_ACK, SOON))
		return 3;
	if (run("tc -s qdisc show dev lo | grep -q 'backlog [1-9]'"))
		return 4;
	printf("held\n");
	fflush(stdout);
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "traffic"))
		traffic(argv[2]);
	if (argc == 2 && !strcmp(argv[1], "orphans"))
		return orphans();
	if (argc == 4 && !strcmp(argv[1], "held"))
		return held(!strcmp(argv[2], "rst"), argv[3]);
	fprintf(stderr, "usage: churn traffic FILE | orphans | held fin|rst QDISC\n");
	return 2;
}
