// SPDX-License-Identifier: GPL-2.0
/*
 * hang-too-late: the cable is back after S gave up: C's next segment gets RST
 * and C ECONNRESET; a new connect() works.
 */
#include "fixture.h"

HOSTS_FIXTURE()

TEST_F_TIMEOUT(hosts, reset, 10000)
{
	int listener, c, s, again, port;
	uint32_t ack;
	char b;

	if (!is_tern() && !timetravel())
		SKIP(return, "takes 924.6 s");
	topo_enter(&self->t, 1);
	if (!timetravel()) {
		ASSERT_EQ(0, sysctl_set("retries2", "1"));
		ASSERT_EQ(0, sysctl_set("rto_max_us", "200000"));
	}
	listener = sk_listen(PORT, 4);
	topo_enter(&self->t, 0);
	c = sk_dial(HOST_B, PORT, 0, 0);
	ASSERT_GE(c, 0);
	port = sk_port(c);
	ASSERT_EQ(POLLIN, sk_wait(listener, POLLIN, SOON));
	s = accept(listener, NULL, NULL);
	ASSERT_GE(s, 0);

	ASSERT_EQ(0, topo_cut(&self->t));
	ASSERT_EQ(4, send(s, "lost", 4, 0));
	ASSERT_TRUE(sk_wait(s, 0, 1000000) & POLLERR);
	EXPECT_EQ(ETIMEDOUT, sk_error(s));
	topo_enter(&self->t, 1);
	EXPECT_EQ(0, sk_state(PORT, port));
	topo_enter(&self->t, 0);
	EXPECT_EQ(TERN_ESTABLISHED, sk_state(port, PORT));

	ASSERT_EQ(0, topo_mend(&self->t));
	wire_drain(&self->w);
	ASSERT_EQ(4, send(c, "data", 4, 0));
	ASSERT_EQ(1, wire_recv(&self->w, &self->s, SOON));
	EXPECT_EQ(4, self->s.len);
	ack = self->s.ack;
	/* RFC 9293, 3.10.7.1: of what has an ACK, its number and no more. */
	ASSERT_EQ(0, see(&self->w, &self->s, PORT, RST));
	EXPECT_EQ(ack, self->s.seq);
	sk_timeouts(c, SOON);
	EXPECT_EQ(-1, recv(c, &b, 1, 0));
	EXPECT_EQ(ECONNRESET, errno);
	EXPECT_EQ(0, sk_state(port, PORT));

	again = sk_dial(HOST_B, PORT, 0, 0);
	ASSERT_GE(again, 0);
	ASSERT_EQ(POLLIN, sk_wait(listener, POLLIN, SOON));
	s = accept(listener, NULL, NULL);
	ASSERT_EQ(1, send(again, "y", 1, 0));
	sk_timeouts(s, SOON);
	EXPECT_EQ(1, recv(s, &b, 1, 0));
	EXPECT_EQ('y', b);
}

TEST_HARNESS_MAIN
