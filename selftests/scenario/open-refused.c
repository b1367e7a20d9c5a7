// SPDX-License-Identifier: GPL-2.0
/*
 * open-refused: no listener: RST, ECONNREFUSED at once. RFC 9293, 3.10.7.1.
 */
#include "fixture.h"

WIRE_FIXTURE()
HOSTS_FIXTURE()

TEST_F(wire, closed_port)
{
	struct peer *p = &self->p;
	long before = stat_get("OutRsts");

	p->to_port = 9;
	say(p, .flags = SYN, .seq = 100, .mss = 1460);
	ASSERT_EQ(0, expect(p, &self->s, RST | ACK));
	EXPECT_EQ(0, self->s.seq);
	EXPECT_EQ(101, self->s.ack);
	/* Payload counts. */
	say(p, .flags = SYN, .seq = 100, .data = "12345", .len = 5);
	ASSERT_EQ(0, expect(p, &self->s, RST | ACK));
	EXPECT_EQ(106, self->s.ack);
	/* With an ACK the RST takes its number. */
	say(p, .flags = ACK, .seq = 100, .ack = 7777);
	ASSERT_EQ(0, expect(p, &self->s, RST));
	EXPECT_EQ(7777, self->s.seq);
	EXPECT_EQ(3, stat_get("OutRsts") - before);
	/* Never a RST in answer to one, nor to a broken segment. */
	say(p, .flags = RST, .seq = 100);
	say(p, .flags = RST | ACK, .seq = 100, .ack = 1);
	say(p, .flags = SYN, .seq = 100, .bad_csum = true);
	EXPECT_TRUE(silence(p, QUIET));
}

TEST_F(wire, client)
{
	struct peer *p = &self->p;
	int64_t start;
	uint32_t x;
	int fd;

	fd = sk_dial(HOST_B, PORT, 0, SOCK_NONBLOCK);
	ASSERT_EQ(0, expect(p, &self->s, SYN));
	x = self->s.seq;
	p->to_port = self->s.sport;
	/* These two don't acknowledge the SYN: they count for nothing. */
	say(p, .flags = RST, .seq = 0);
	say(p, .flags = RST | ACK, .seq = 0, .ack = x);
	EXPECT_EQ(0, sk_wait(fd, POLLOUT, QUIET));
	start = now_us();
	say(p, .flags = RST | ACK, .seq = 0, .ack = x + 1);
	EXPECT_TRUE(sk_wait(fd, POLLOUT, SOON) & POLLERR);
	EXPECT_TRUE(near_us(now_us() - start, 0));
	EXPECT_EQ(ECONNREFUSED, sk_error(fd));
	EXPECT_TRUE(wait_gone(p->to_port, PORT, SOON));
}

TEST_F(hosts, at_once)
{
	int64_t start = now_us();
	int fd = sk_new(0);

	EXPECT_EQ(-1, sk_connect(fd, HOST_B, PORT));
	EXPECT_EQ(ECONNREFUSED, errno);
	EXPECT_TRUE(near_us(now_us() - start, 0));
	/* The same socket may try again. */
	topo_enter(&self->t, 1);
	ASSERT_GE(sk_listen(PORT, 4), 0);
	topo_enter(&self->t, 0);
	EXPECT_EQ(0, sk_connect(fd, HOST_B, PORT));
}

TEST_HARNESS_MAIN
