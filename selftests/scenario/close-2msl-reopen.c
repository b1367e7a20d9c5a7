// SPDX-License-Identifier: GPL-2.0
/*
 * close-2msl-reopen: a new SYN for a 4-tuple in TIME_WAIT is accepted when its
 * timestamp is newer, or, without timestamps, its number is behind the old
 * connection's last. RFC 6191.
 */
#include "fixture.h"
#include "timewait.h"

WIRE_FIXTURE()

static bool reopens(struct peer *p, struct seg *s)
{
	while (hear(p, s, QUIET))
		if (s->flags == (SYN | ACK))
			return true;
	return false;
}

TEST_F(wire, newer_timestamp)
{
	struct peer *p = &self->p;
	int listener = sk_listen(PORT, 4), fd;
	char buf[8];
	uint32_t y;

	p->port = 5000;
	p->ts = true;
	ASSERT_EQ(0, to_time_wait(p, &self->s, listener));
	/* Newer by more than any clock's grain; the number may well be lower. */
	p->tsval += 2000000;
	p->tsecr = 0;
	say(p, .flags = SYN, .seq = p->snd_nxt - 50000, .mss = 1460);
	ASSERT_TRUE(reopens(p, &self->s));
	EXPECT_EQ(p->snd_nxt - 50000 + 1, self->s.ack);
	/* Its own number is clear of the old connection's. */
	y = self->s.seq;
	EXPECT_GT((int32_t)(y - p->rcv_nxt), 0);
	p->snd_nxt -= 50000 - 1;
	say(p, .flags = ACK | PSH, .seq = p->snd_nxt, .ack = y + 1, .data = "again", .len = 5);
	ASSERT_EQ(POLLIN, sk_wait(listener, POLLIN, SOON));
	fd = accept(listener, NULL, NULL);
	ASSERT_GE(fd, 0);
	sk_timeouts(fd, SOON);
	EXPECT_EQ(5, recv(fd, buf, sizeof(buf), 0));
	EXPECT_EQ(TERN_ESTABLISHED, sk_state(PORT, 5000));
}

TEST_F(wire, older_timestamp)
{
	struct peer *p = &self->p;
	int listener = sk_listen(PORT, 4);

	p->port = 5000;
	p->ts = true;
	p->tsval = 100000;
	ASSERT_EQ(0, to_time_wait(p, &self->s, listener));
	p->tsval = 50000;
	say(p, .flags = SYN, .seq = p->snd_nxt + 50000, .mss = 1460);
	EXPECT_FALSE(reopens(p, &self->s));
	EXPECT_EQ(TERN_TIME_WAIT, sk_state(PORT, 5000));
}

TEST_F(wire, by_number)
{
	struct peer *p = &self->p;
	int listener = sk_listen(PORT, 4);

	p->port = 5000;
	ASSERT_EQ(0, to_time_wait(p, &self->s, listener));
	say(p, .flags = SYN, .seq = p->snd_nxt - 50000, .mss = 1460);
	EXPECT_FALSE(reopens(p, &self->s));
	EXPECT_EQ(TERN_TIME_WAIT, sk_state(PORT, 5000));
	say(p, .flags = SYN, .seq = p->snd_nxt + 50000, .mss = 1460);
	EXPECT_TRUE(reopens(p, &self->s));
}

TEST_HARNESS_MAIN
