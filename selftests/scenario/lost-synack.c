// SPDX-License-Identifier: GPL-2.0
/*
 * lost-synack: every SYN-ACK is lost: the client resends its SYN and the
 * server its SYN-ACK, each on its own doubling clock; the server drops the
 * entry after synack_retries, the client gets ETIMEDOUT.
 */
#include "fixture.h"

HOSTS_FIXTURE()

TEST_F_TIMEOUT(hosts, both_clocks, 1000)
{
	int64_t unit = timetravel() ? 1000000 : 200000, start = 0;
	int syns = 0, own = 0, fd, n = 3;

	if (!is_tern())
		SKIP(return, "TCP's unit is a constant");
	/* Seen by the sniffer, dropped before the stack. */
	ASSERT_EQ(0, topo_drop(&self->t, 0, ""));
	for (int i = 0; i < 2; i++) {
		topo_enter(&self->t, 1 - i);
		ASSERT_EQ(0, sysctl_set("rto_init_us", timetravel() ? "1000000" : "200000"));
		ASSERT_EQ(0, sysctl_set("synack_retries", "2"));
		ASSERT_EQ(0, sysctl_set("syn_retries", "3"));
		if (!i)
			ASSERT_GE(sk_listen(PORT, 4), 0);
	}
	fd = sk_new(SOCK_NONBLOCK);
	ASSERT_EQ(0, setsockopt(fd, SOL_TERN, TERN_SYNCNT, &n, sizeof(n)));
	sk_connect(fd, HOST_B, PORT);
	EXPECT_EQ(EINPROGRESS, errno);
	while (wire_recv(&self->w, &self->s, 8 * unit / 1000 + SOON)) {
		struct seg *s = &self->s;

		if (!start)
			start = s->us;
		own += s->flags != SYN;
		if (s->flags != SYN)
			continue;
		EXPECT_TRUE(near_us(s->us - start, unit * ((1 << syns++) - 1)));
		/* The last SYN comes when the first entry is gone: a new one. */
		if (syns == 4)
			break;
	}
	EXPECT_EQ(4, syns);
	/* Answers to 1, 3 (2 and 3 being the clock's own are on those times). */
	EXPECT_GE(own, 5);
	EXPECT_TRUE(sk_wait(fd, 0, 16 * unit / 1000 + SOON) & POLLERR);
	EXPECT_TRUE(near_us(now_us() - start, 15 * unit));
	EXPECT_EQ(ETIMEDOUT, sk_error(fd));
	topo_enter(&self->t, 1);
	EXPECT_TRUE(wait_gone(PORT, 0, 16 * unit / 1000 + SOON));
}

TEST_HARNESS_MAIN
