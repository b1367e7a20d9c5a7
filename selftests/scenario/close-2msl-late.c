// SPDX-License-Identifier: GPL-2.0
/*
 * close-2msl-late: a late segment of the old connection is absorbed by
 * TIME_WAIT, never delivered to a new connection on the same 4-tuple, and a
 * RST doesn't end TIME_WAIT. RFC 1337, RFC 9293, 3.4.2 and 3.10.7.4.
 */
#include "fixture.h"
#include "timewait.h"

WIRE_FIXTURE()

TEST_F(wire, data_absorbed)
{
	struct peer *p = &self->p;
	int listener = sk_listen(PORT, 4);

	p->port = 5000;
	ASSERT_EQ(0, to_time_wait(p, &self->s, listener));
	/* The answer is an ACK of what it has, and nothing else; TCP limits them. */
	say(p, .flags = ACK | PSH, .seq = p->snd_nxt - 6, .ack = p->rcv_nxt,
	    .data = "late!", .len = 5);
	if (is_tern()) {
		ASSERT_EQ(0, expect(p, &self->s, ACK));
		EXPECT_EQ(p->rcv_nxt, self->s.seq);
		EXPECT_EQ(p->snd_nxt, self->s.ack);
	}
	EXPECT_EQ(TERN_TIME_WAIT, sk_state(PORT, 5000));
	EXPECT_EQ(0, sk_wait(listener, POLLIN, 0));
}

TEST_F(wire, rst_ignored)
{
	struct peer *p = &self->p;
	int listener = sk_listen(PORT, 4);

	if (!is_tern())
		ASSERT_EQ(0, sysctl_set("rfc1337", "1"));
	p->port = 5000;
	ASSERT_EQ(0, to_time_wait(p, &self->s, listener));
	say(p, .flags = RST, .seq = p->snd_nxt);
	say(p, .flags = RST, .seq = p->snd_nxt + 100);
	say(p, .flags = RST | ACK, .seq = p->snd_nxt, .ack = p->rcv_nxt);
	EXPECT_TRUE(silence(p, QUIET));
	EXPECT_EQ(TERN_TIME_WAIT, sk_state(PORT, 5000));
}

/* A new connection on the 4-tuple, then a segment of the old one. */
TEST_F(wire, not_delivered)
{
	struct peer *p = &self->p;
	int listener = sk_listen(PORT, 4), fd;
	uint32_t old_seq, old_ack;
	char buf[16];

	p->port = 5000;
	p->ts = true;
	ASSERT_EQ(0, to_time_wait(p, &self->s, listener));
	old_seq = p->snd_nxt - 6;
	old_ack = p->rcv_nxt;

	p->tsval += 5000;
	p->iss = p->snd_nxt + 100000;
	p->tsecr = 0;
	fd = peer_open(p, listener);
	ASSERT_GE(fd, 0);
	/* Old number, old timestamp. */
	say(p, .flags = ACK | PSH, .seq = old_seq, .ack = old_ack, .data = "late!", .len = 5,
	    .has_ts = true, .tsval = 2);
	/* A number in the window, but an old timestamp: PAWS. */
	say(p, .flags = ACK | PSH, .seq = p->snd_nxt, .ack = p->rcv_nxt, .data = "late!",
	    .len = 5, .has_ts = true, .tsval = 2, .tsecr = p->tsecr);
	EXPECT_EQ(0, sk_wait(fd, POLLIN, QUIET));
	say(p, .flags = ACK | PSH, .seq = p->snd_nxt, .ack = p->rcv_nxt, .data = "new", .len = 3);
	EXPECT_EQ(3, recv(fd, buf, sizeof(buf), 0));
	EXPECT_EQ(0, memcmp(buf, "new", 3));
}

TEST_HARNESS_MAIN
