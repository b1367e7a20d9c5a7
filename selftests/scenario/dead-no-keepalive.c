// SPDX-License-Identifier: GPL-2.0
/*
 * dead-no-keepalive: the peer is gone, the connection idle, no keepalive: it
 * stays ESTABLISHED for ever, here for a virtual day, and says nothing.
 */
#include "fixture.h"

HOSTS_FIXTURE()

TEST_F_TIMEOUT(hosts, a_day, 100000)
{
	int64_t day = timetravel() ? 86400000000LL : 1000000, start = now_us();
	struct sk_line k;
	int fd[2], port;

	if (is_tern() && !timetravel()) {
		ASSERT_EQ(0, sysctl_set("keepalive_time_ms", "100"));
		ASSERT_EQ(0, sysctl_set("keepalive_intvl_ms", "10"));
	}
	ASSERT_EQ(0, sk_pair(&self->t, fd, PORT));
	port = sk_port(fd[0]);
	ASSERT_EQ(0, topo_cut(&self->t));
	wire_drain(&self->w);
	sleep_until(start + day);
	EXPECT_EQ(0, wire_recv(&self->w, &self->s, QUIET));
	k = sk_find(port, PORT, 0);
	EXPECT_EQ(TERN_ESTABLISHED, k.state);
	if (is_tern())
		EXPECT_STREQ("-", k.timer);
	EXPECT_EQ(0, sk_wait(fd[0], POLLIN, 0));
	topo_enter(&self->t, 1);
	EXPECT_EQ(TERN_ESTABLISHED, sk_state(PORT, port));

	/* Nor is it any worse for it when the cable is back. */
	ASSERT_EQ(0, topo_mend(&self->t));
	ASSERT_EQ(4, send(fd[0], "late", 4, 0));
	EXPECT_EQ(POLLIN, sk_wait(fd[1], POLLIN, SOON));
}

TEST_HARNESS_MAIN
