// SPDX-License-Identifier: GPL-2.0
/*
 * open-isn: initial sequence numbers advance with the clock for one 4-tuple
 * and can't be predicted from one 4-tuple to the next. RFC 6528, RFC 9293,
 * 3.4.1.
 */
#include "fixture.h"

WIRE_FIXTURE()

/* The ISN that the listener picks for this port; the entry is taken back. */
static int isn_of(struct peer *p, struct seg *s, int port, uint32_t *y)
{
	p->port = port;
	p->to_port = PORT;
	say(p, .flags = SYN, .seq = 100, .mss = 1460);
	if (expect(p, s, SYN | ACK))
		return -1;
	*y = s->seq;
	return say(p, .flags = RST, .seq = 101);
}

TEST_F(wire, clock)
{
	uint32_t last, y;

	ASSERT_GE(sk_listen(PORT, 64), 0);
	ASSERT_EQ(0, isn_of(&self->p, &self->s, 5000, &last));
	for (int i = 0; i < 20; i++) {
		usleep(2000);
		ASSERT_EQ(0, isn_of(&self->p, &self->s, 5000, &y));
		/* RFC 9293: about 4 us a step; nobody needs over 1 GB/s. */
		EXPECT_GT((int32_t)(y - last), 200);
		EXPECT_LT((int32_t)(y - last), 1 << 30);
		last = y;
	}
}

TEST_F(wire, unpredictable)
{
	int n = scaled(256), ones[32] = { 0 }, steps = 0;
	uint32_t y, last = 0, delta, old_delta = 0;

	ASSERT_GE(sk_listen(PORT, 64), 0);
	for (int i = 0; i < n; i++) {
		ASSERT_EQ(0, isn_of(&self->p, &self->s, 10000 + i, &y));
		for (int b = 0; b < 32; b++)
			ones[b] += y >> b & 1;
		/* Neighbouring ports: no common step, not even nearly. */
		delta = y - last;
		if (i > 1 && (delta - old_delta + (1 << 24)) < 2 << 24)
			steps++;
		old_delta = delta;
		last = y;
	}
	/* 256 coins: 6 standard deviations are 48. */
	for (int b = 0; b < 32; b++) {
		EXPECT_GT(ones[b], n / 2 - n * 3 / 16);
		EXPECT_LT(ones[b], n / 2 + n * 3 / 16);
	}
	/* By chance one in 128. */
	EXPECT_LT(steps, n / 24);
}

/* The ISN of a connect() is made the same way. */
TEST_F(wire, client)
{
	uint32_t y[8];
	int same = 0;

	for (int i = 0; i < 8; i++) {
		int fd = sk_dial(HOST_B, PORT, 0, SOCK_NONBLOCK);

		ASSERT_GE(fd, 0);
		self->p.to_port = 0;
		ASSERT_EQ(0, expect(&self->p, &self->s, SYN));
		y[i] = self->s.seq;
		close(fd);
		wire_drain(&self->w);
		for (int j = 0; j < i; j++)
			same += (y[i] ^ y[j]) >> 20 == 0;
	}
	EXPECT_LE(same, 1);
}

/* A timestamp clock that starts at another offset for each connection. */
TEST_F(wire, timestamp_offset)
{
	uint32_t ts[4];

	ASSERT_GE(sk_listen(PORT, 64), 0);
	self->p.to_port = PORT;
	for (int i = 0; i < 4; i++) {
		self->p.port = 5000 + i;
		say(&self->p, .flags = SYN, .seq = 100, .has_ts = true, .tsval = 1);
		ASSERT_EQ(0, expect(&self->p, &self->s, SYN | ACK));
		ASSERT_TRUE(self->s.has_ts);
		ts[i] = self->s.tsval;
	}
	EXPECT_FALSE(ts[1] - ts[0] < 1 << 24 && ts[2] - ts[1] < 1 << 24 &&
		     ts[3] - ts[2] < 1 << 24);
}

TEST_HARNESS_MAIN
