// SPDX-License-Identifier: GPL-2.0
/*
 * data-namespaces: sysctls, tables and counters of network namespaces are
 * apart; one that goes with live connections, half-open ones and TIME_WAIT in
 * it takes all of them along.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

#include "fixture.h"

HOSTS_FIXTURE()

TEST_F(hosts, apart)
{
	int fd[2], port, listener;
	char before[64], other[64], now[64];
	long a, b;

	/* Sysctls */
	if (is_tern()) {
		ASSERT_EQ(0, sysctl_get("retries2", before, sizeof(before)));
		ASSERT_EQ(0, sysctl_set("retries2", "7"));
		topo_enter(&self->t, 1);
		ASSERT_EQ(0, sysctl_get("retries2", other, sizeof(other)));
		EXPECT_STREQ(before, other);
		ASSERT_EQ(0, sysctl_set("retries2", "9"));
		topo_enter(&self->t, 0);
		ASSERT_EQ(0, sysctl_get("retries2", now, sizeof(now)));
		EXPECT_EQ(7, atoi(now));
	}

	/* Tables: each end sees its own, and the same port listens twice. */
	listener = sk_listen(PORT, 4);
	ASSERT_GE(listener, 0);
	a = stat_get("ActiveOpens");
	b = stat_get("PassiveOpens");
	ASSERT_EQ(0, sk_pair(&self->t, fd, PORT));
	port = sk_port(fd[0]);
	EXPECT_EQ(TERN_ESTABLISHED, sk_state(port, PORT));
	EXPECT_EQ(0, sk_count(PORT, port, 0));
	EXPECT_EQ(1, sk_count(PORT, 0, TERN_LISTEN));
	/* Counters */
	EXPECT_EQ(a + 1, stat_get("ActiveOpens"));
	EXPECT_EQ(b, stat_get("PassiveOpens"));
	topo_enter(&self->t, 1);
	EXPECT_EQ(TERN_ESTABLISHED, sk_state(PORT, port));
	EXPECT_EQ(0, sk_count(port, PORT, 0));
	EXPECT_EQ(0, stat_get("ActiveOpens"));
	EXPECT_EQ(1, stat_get("PassiveOpens"));
}

/*
 * A process with hosts of its own: a connection with data on its way either
 * way, one in TIME_WAIT, one half open, one whose SYN nobody answers; then it
 * says so and waits to be killed.
 */
static void inhabit(int tell, int which)
{
	static char data[50000];
	struct topo t;
	int live[2], gone[2];

	if (topo_up(&t, TOPO_HOSTS) || sk_pair(&t, live, PORT) ||
	    sk_pair(&t, gone, PORT + 1))
		_exit(1);
	close(gone[0]);
	close(gone[1]);
	if (!wait_for(sk_count(0, PORT + 1, TERN_TIME_WAIT) == 1, SOON))
		_exit(2);
	topo_enter(&t, 1);
	sk_listen(PORT + 2, 4);
	topo_drop(&t, 1, "@th,104,8 0x10");
	topo_enter(&t, 0);
	if (sk_dial(HOST_B, PORT + 2, 0, 0) < 0)
		_exit(3);
	if (topo_cut(&t))
		_exit(4);
	sk_dial(HOST_B, PORT + 3, 0, SOCK_NONBLOCK);
	if (send(live[0], data, sizeof(data), MSG_DONTWAIT) <= 0 ||
	    send(live[1], data, sizeof(data), MSG_DONTWAIT) <= 0)
		_exit(5);
	topo_enter(&t, which);
	if (write(tell, "x", 1) != 1)
		_exit(6);
	for (;;)
		pause();
}

static bool gone(int i)
{
	char path[32];

	snprintf(path, sizeof(path), "/sys/class/net/p%d", i);
	return access(path, F_OK);
}

/*
 * A veth pair with one end in each of those namespaces: it goes when the
 * namespace has, so a reference that leaked shows as a link that stays. Leaked
 * memory shows at the end of the run: kmemleak, ref trackers, rmmod.
 */
TEST_F_TIMEOUT(hosts, removed, 300)
{
	pid_t pid[4];
	int tell[2], status;
	char c;

	ASSERT_EQ(0, pipe(tell));
	for (int i = 0; i < 4; i++) {
		pid[i] = fork();
		if (!pid[i])
			inhabit(tell[1], i % 2);
	}
	close(tell[1]);
	/* One that can't says so by its exit code. */
	for (int i = 0; i < 4; i++) {
		while (!sk_wait(tell[0], POLLIN, 100)) {
			ASSERT_EQ(0, waitpid(-1, &status, WNOHANG)) {
				TH_LOG("a child ended: %#x", status);
			}
		}
		ASSERT_EQ(1, read(tell[0], &c, 1));
	}
	/* sysfs shows the links of the namespace it was mounted in. */
	ASSERT_EQ(0, unshare(CLONE_NEWNS));
	ASSERT_EQ(0, run("mount --make-rprivate / && mount -t sysfs sysfs /sys"));
	for (int i = 0; i < 4; i++) {
		ASSERT_EQ(0, run("ip link add p%d type veth peer name q netns %d", i, pid[i]));
		EXPECT_FALSE(gone(i));
	}
	for (int i = 0; i < 4; i++) {
		kill(pid[i], SIGKILL);
		ASSERT_EQ(pid[i], waitpid(pid[i], NULL, 0));
	}
	for (int i = 0; i < 4; i++)
		EXPECT_TRUE(wait_for(gone(i), 10 * SOON));
}

TEST_HARNESS_MAIN
