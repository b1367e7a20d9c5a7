// SPDX-License-Identifier: GPL-2.0
/*
 * open-no-data: payload on SYN and SYN-ACK is neither delivered nor
 * acknowledged; sent again after establishment it is delivered once. Payload
 * on the third ACK is delivered.
 */
#include "fixture.h"

WIRE_FIXTURE()

TEST_F(wire, on_syn)
{
	struct peer *p = &self->p;
	int listener = sk_listen(PORT, 4), fd;
	char buf[32];
	uint32_t y;

	p->port = 5000;
	p->to_port = PORT;
	say(p, .flags = SYN, .seq = 100, .mss = 1460, .data = "early", .len = 5);
	ASSERT_EQ(0, expect(p, &self->s, SYN | ACK));
	EXPECT_EQ(101, self->s.ack);
	y = self->s.seq;
	say(p, .flags = ACK, .seq = 101, .ack = y + 1);
	ASSERT_EQ(POLLIN, sk_wait(listener, POLLIN, SOON));
	fd = accept(listener, NULL, NULL);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(0, sk_wait(fd, POLLIN, QUIET));
	say(p, .flags = ACK | PSH, .seq = 101, .ack = y + 1, .data = "early", .len = 5);
	EXPECT_EQ(POLLIN, sk_wait(fd, POLLIN, SOON));
	EXPECT_EQ(5, recv(fd, buf, sizeof(buf), MSG_DONTWAIT));
	EXPECT_EQ(0, memcmp(buf, "early", 5));
	ASSERT_EQ(0, expect(p, &self->s, ACK));
	EXPECT_EQ(106, self->s.ack);
}

TEST_F(wire, on_syn_ack)
{
	struct peer *p = &self->p;
	char buf[32];
	uint32_t x;
	int fd;

	fd = sk_dial(HOST_B, PORT, 0, SOCK_NONBLOCK);
	ASSERT_EQ(0, expect(p, &self->s, SYN));
	x = self->s.seq;
	p->to_port = self->s.sport;
	say(p, .flags = SYN | ACK, .seq = 300, .ack = x + 1, .mss = 1460,
	    .data = "early", .len = 5);
	ASSERT_EQ(0, expect(p, &self->s, ACK));
	EXPECT_EQ(301, self->s.ack);
	EXPECT_EQ(0, sk_wait(fd, POLLIN, QUIET));
	say(p, .flags = ACK | PSH, .seq = 301, .ack = x + 1, .data = "early", .len = 5);
	EXPECT_EQ(POLLIN, sk_wait(fd, POLLIN, SOON));
	EXPECT_EQ(5, recv(fd, buf, sizeof(buf), MSG_DONTWAIT));
	ASSERT_EQ(0, expect(p, &self->s, ACK));
	EXPECT_EQ(306, self->s.ack);
}

TEST_F(wire, on_third_ack)
{
	struct peer *p = &self->p;
	int listener = sk_listen(PORT, 4), fd;
	char buf[32];

	p->port = 5000;
	p->to_port = PORT;
	say(p, .flags = SYN, .seq = 100, .mss = 1460);
	ASSERT_EQ(0, expect(p, &self->s, SYN | ACK));
	say(p, .flags = ACK | PSH, .seq = 101, .ack = self->s.seq + 1, .data = "third", .len = 5);
	ASSERT_EQ(POLLIN, sk_wait(listener, POLLIN, SOON));
	fd = accept(listener, NULL, NULL);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(POLLIN, sk_wait(fd, POLLIN, SOON));
	EXPECT_EQ(5, recv(fd, buf, sizeof(buf), MSG_DONTWAIT));
	EXPECT_EQ(0, memcmp(buf, "third", 5));
	ASSERT_EQ(0, expect(p, &self->s, ACK));
	EXPECT_EQ(106, self->s.ack);
}

/* Data whose ACK completes a handshake with the pure ACK lost; FIN as well. */
TEST_F(wire, data_and_fin_complete)
{
	struct peer *p = &self->p;
	int listener = sk_listen(PORT, 4), fd;
	char buf[32];

	p->port = 5000;
	p->to_port = PORT;
	say(p, .flags = SYN, .seq = 100, .mss = 1460);
	ASSERT_EQ(0, expect(p, &self->s, SYN | ACK));
	say(p, .flags = ACK | FIN, .seq = 101, .ack = self->s.seq + 1, .data = "all", .len = 3);
	ASSERT_EQ(POLLIN, sk_wait(listener, POLLIN, SOON));
	fd = accept(listener, NULL, NULL);
	ASSERT_GE(fd, 0);
	sk_timeouts(fd, SOON);
	EXPECT_EQ(3, recv(fd, buf, sizeof(buf), MSG_WAITALL));
	EXPECT_EQ(0, recv(fd, buf, sizeof(buf), 0));
	EXPECT_TRUE(wait_state(PORT, 5000, TERN_CLOSE_WAIT, SOON));
	ASSERT_EQ(0, expect(p, &self->s, ACK));
	EXPECT_EQ(105, self->s.ack);
}

TEST_HARNESS_MAIN
