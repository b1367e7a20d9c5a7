// SPDX-License-Identifier: GPL-2.0
/*
 * hang-client-idle: C's cable is pulled and S has nothing to send: S's
 * keepalive finds it and clears the connection.
 */
#include "clock.h"
#include "fixture.h"

HOSTS_FIXTURE()

TEST_F_TIMEOUT(hosts, cleared, 20000)
{
	int fd[2], port, one = 1;
	int64_t start;
	long probes;

	if (!is_tern())
		SKIP(return, "TCP counts in seconds");
	ASSERT_EQ(0, sk_pair(&self->t, fd, PORT));
	port = sk_port(fd[0]);
	topo_enter(&self->t, 1);
	if (!timetravel()) {
		ASSERT_EQ(0, sysctl_set("keepalive_time_ms", "400"));
		ASSERT_EQ(0, sysctl_set("keepalive_intvl_ms", "100"));
		ASSERT_EQ(0, sysctl_set("keepalive_probes", "3"));
	}
	/* From when C was heard last, not from when keepalive was asked for. */
	start = now_us();
	ASSERT_EQ(1, send(fd[0], "x", 1, 0));
	ASSERT_EQ(POLLIN, sk_wait(fd[1], POLLIN, SOON));
	ASSERT_EQ(1, recv(fd[1], &(char){ 0 }, 1, 0));
	ASSERT_EQ(0, topo_cut(&self->t));
	probes = stat_get("TCPKeepAlive");
	ASSERT_EQ(0, setsockopt(fd[1], SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one)));
	EXPECT_TRUE(error_at(fd[1], start, timetravel() ? 7875000000LL : 700000, ETIMEDOUT));
	EXPECT_EQ(timetravel() ? 9 : 3, stat_get("TCPKeepAlive") - probes);
	EXPECT_EQ(0, sk_state(PORT, port));
	topo_enter(&self->t, 0);
	EXPECT_EQ(TERN_ESTABLISHED, sk_state(port, PORT));
}

TEST_HARNESS_MAIN
