// SPDX-License-Identifier: GPL-2.0
/*
 * lost-ack-idle: the third ACK is lost and C says nothing: C is ESTABLISHED,
 * S SYN_RCVD; S resends the SYN-ACK and C acknowledges each; when all of those
 * are lost S gives up after synack_retries, C stays ESTABLISHED, and learns
 * of it by keepalive. RFC 9293, 3.8.3.
 */
#include "clock.h"
#include "fixture.h"

HOSTS_FIXTURE()

TEST_F_TIMEOUT(hosts, gives_up, 10000)
{
	int64_t unit = timetravel() ? 1000000 : 600000, start, due = 0;
	int listener, fd, n = timetravel() ? 5 : 1, idle = 100000, one = 1;
	struct seg *s = &self->s;
	uint32_t x, y;

	if (!is_tern())
		SKIP(return, "TCP's unit is a constant");
	topo_enter(&self->t, 1);
	if (!timetravel()) {
		ASSERT_EQ(0, sysctl_set("rto_init_us", "600000"));
		ASSERT_EQ(0, sysctl_set("synack_retries", "1"));
	}
	listener = sk_listen(PORT, 4);
	/* Bare ACKs don't arrive. */
	ASSERT_EQ(0, topo_drop(&self->t, 1, "@th,104,8 0x10"));
	topo_enter(&self->t, 0);
	fd = sk_dial(HOST_B, PORT, 0, 0);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, see(&self->w, s, sk_port(fd), SYN));
	x = s->seq;
	ASSERT_EQ(0, see(&self->w, s, PORT, SYN | ACK));
	start = s->us;
	y = s->seq;
	ASSERT_EQ(0, see(&self->w, s, sk_port(fd), ACK));
	EXPECT_EQ(x + 1, s->seq);
	EXPECT_EQ(y + 1, s->ack);
	for (int i = 0; i < n; i++) {
		due += unit << i;
		ASSERT_EQ(1, wire_recv(&self->w, s, (unit << i) / 1000 + SOON));
		EXPECT_EQ(SYN | ACK, s->flags);
		EXPECT_EQ(y, s->seq);
		EXPECT_TRUE(near_us(s->us - start, due));
		ASSERT_EQ(1, wire_recv(&self->w, s, SOON));
		EXPECT_EQ(ACK, s->flags);
		EXPECT_EQ(x + 1, s->seq);
		EXPECT_EQ(y + 1, s->ack);
	}
	EXPECT_EQ(TERN_ESTABLISHED, sk_state(0, PORT));
	topo_enter(&self->t, 1);
	EXPECT_EQ(TERN_SYN_RECV, sk_state(PORT, sk_port(fd)));
	due += unit << n;
	sleep_most(start, due);
	EXPECT_EQ(TERN_SYN_RECV, sk_state(PORT, sk_port(fd)));
	EXPECT_TRUE(wait_gone(PORT, sk_port(fd), SOON));
	EXPECT_TRUE(near_us(now_us() - start, due));
	EXPECT_EQ(0, sk_wait(listener, POLLIN, 0));
	topo_enter(&self->t, 0);
	EXPECT_EQ(TERN_ESTABLISHED, sk_state(0, PORT));

	/* The probe finds nobody who knows of it. */
	ASSERT_EQ(0, topo_pass(&self->t, 1));
	ASSERT_EQ(0, setsockopt(fd, SOL_TERN, TERN_KEEPIDLE_US, &idle, sizeof(idle)));
	ASSERT_EQ(0, setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one)));
	EXPECT_TRUE(sk_wait(fd, 0, SOON) & POLLERR);
	EXPECT_EQ(ECONNRESET, sk_error(fd));
}

/* One that does arrive makes the connection. */
TEST_F_TIMEOUT(hosts, second_ack, 100)
{
	int listener, fd;

	if (!is_tern())
		SKIP(return, "TCP's unit is a constant");
	topo_enter(&self->t, 1);
	/* Time enough to let the next ACK pass */
	ASSERT_EQ(0, sysctl_set("rto_init_us", "2000000"));
	listener = sk_listen(PORT, 4);
	ASSERT_EQ(0, topo_drop(&self->t, 1, "@th,104,8 0x10"));
	topo_enter(&self->t, 0);
	fd = sk_dial(HOST_B, PORT, 0, 0);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, topo_pass(&self->t, 1));
	topo_enter(&self->t, 1);
	EXPECT_EQ(TERN_SYN_RECV, sk_state(PORT, sk_port(fd)));
	EXPECT_EQ(POLLIN, sk_wait(listener, POLLIN, SOON));
	EXPECT_EQ(TERN_ESTABLISHED, sk_state(PORT, sk_port(fd)));
}

TEST_HARNESS_MAIN
