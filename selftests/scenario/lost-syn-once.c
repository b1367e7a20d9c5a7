// SPDX-License-Identifier: GPL-2.0
/*
 * lost-syn-once: the first SYN is lost: the connection stands after 1 s.
 */
#include "fixture.h"

WIRE_FIXTURE()
HOSTS_FIXTURE()

TEST_F(wire, second_answered)
{
	struct peer *p = &self->p;
	int64_t start;
	uint32_t x;
	int fd;

	fd = sk_dial(HOST_B, PORT, 0, SOCK_NONBLOCK);
	ASSERT_EQ(0, expect(p, &self->s, SYN));
	start = self->s.us;
	x = self->s.seq;
	ASSERT_EQ(0, expect(p, &self->s, SYN));
	EXPECT_EQ(x, self->s.seq);
	EXPECT_TRUE(near_us(self->s.us - start, 1000000));
	p->to_port = self->s.sport;
	say(p, .flags = SYN | ACK, .seq = 700, .ack = x + 1, .mss = 1460);
	ASSERT_EQ(0, expect(p, &self->s, ACK));
	EXPECT_EQ(POLLOUT, sk_wait(fd, POLLOUT, SOON));
	EXPECT_EQ(0, sk_error(fd));
	EXPECT_EQ(TERN_ESTABLISHED, sk_state(p->to_port, PORT));
}

/* Two kernels: the link eats one SYN, the application sees but the delay. */
TEST_F(hosts, one_second)
{
	int64_t start;
	int fd;

	topo_enter(&self->t, 1);
	ASSERT_GE(sk_listen(PORT, 4), 0);
	ASSERT_EQ(0, topo_drop(&self->t, 1,
			       "@th,104,8 0x02 limit rate 1/hour burst 1 packets"));
	topo_enter(&self->t, 0);
	fd = sk_new(0);
	start = now_us();
	ASSERT_EQ(0, sk_connect(fd, HOST_B, PORT));
	EXPECT_TRUE(near_us(now_us() - start, 1000000));
}

TEST_HARNESS_MAIN
