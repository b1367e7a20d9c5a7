// SPDX-License-Identifier: GPL-2.0
/*
 * open-syn-full: the SYN queue of a listener is full. Without cookies further
 * SYNs are dropped and counted; with cookies connections still complete.
 * RFC 4987.
 */
#include "fixture.h"

WIRE_FIXTURE()

#define BACKLOG	4
#define SYNS	32

/* SYNs from many ports; the number of answers, and the last one's seq. */
static int flood(struct peer *p, struct seg *s, uint32_t *y)
{
	int answers = 0;

	p->to_port = PORT;
	for (int i = 0; i < SYNS; i++) {
		p->port = 5000 + i;
		say(p, .flags = SYN, .seq = 100, .mss = 1460);
	}
	while (wire_recv(p->w, s, QUIET))
		if (s->flags == (SYN | ACK) && s->dport == 5000 + answers) {
			answers++;
			*y = s->seq;
		}
	return answers;
}

TEST_F(wire, without_cookies)
{
	long before = stat_get("TCPReqQFullDrop");
	int listener, answers;
	uint32_t y;

	ASSERT_EQ(0, sysctl_set("syncookies", "0"));
	listener = sk_listen(PORT, BACKLOG);
	ASSERT_GE(listener, 0);
	answers = flood(&self->p, &self->s, &y);
	EXPECT_GE(answers, BACKLOG);
	EXPECT_LE(answers, BACKLOG + 1);
	EXPECT_EQ(answers, sk_count(PORT, 0, TERN_SYN_RECV));
	EXPECT_EQ(SYNS - answers, stat_get("TCPReqQFullDrop") - before);

	/* Room again once one entry is gone. */
	self->p.port = 5000;
	say(&self->p, .flags = RST, .seq = 101);
	EXPECT_TRUE(wait_gone(PORT, 5000, SOON));
	self->p.port = 6000;
	say(&self->p, .flags = SYN, .seq = 100, .mss = 1460);
	EXPECT_EQ(0, expect(&self->p, &self->s, SYN | ACK));
}

TEST_F(wire, with_cookies)
{
	long sent = stat_get("SyncookiesSent"), recv_ = stat_get("SyncookiesRecv");
	struct peer *p = &self->p;
	int listener, fd;
	uint32_t y = 0;
	char buf[8];

	ASSERT_EQ(0, sysctl_set("syncookies", "1"));
	listener = sk_listen(PORT, BACKLOG);
	EXPECT_EQ(SYNS, flood(p, &self->s, &y));
	EXPECT_LE(sk_count(PORT, 0, TERN_SYN_RECV), BACKLOG + 1);
	EXPECT_GE(stat_get("SyncookiesSent") - sent, SYNS - BACKLOG - 1);

	/* The last one has no entry; its cookie alone makes the connection. */
	p->port = 5000 + SYNS - 1;
	EXPECT_EQ(0, sk_count(PORT, p->port, 0));
	say(p, .flags = ACK, .seq = 101, .ack = y + 1);
	ASSERT_EQ(POLLIN, sk_wait(listener, POLLIN, SOON));
	fd = accept(listener, NULL, NULL);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(1, stat_get("SyncookiesRecv") - recv_);
	say(p, .flags = ACK | PSH, .seq = 101, .ack = y + 1, .data = "cookie", .len = 6);
	sk_timeouts(fd, SOON);
	EXPECT_EQ(6, recv(fd, buf, sizeof(buf), 0));
	EXPECT_EQ(0, memcmp(buf, "cookie", 6));
}

/* An ACK with a made-up cookie: reset, counted, nothing to accept. */
TEST_F(wire, forged_cookie)
{
	long before = stat_get("SyncookiesFailed");
	struct peer *p = &self->p;
	int listener;
	uint32_t y = 0;

	ASSERT_EQ(0, sysctl_set("syncookies", "1"));
	listener = sk_listen(PORT, BACKLOG);
	EXPECT_EQ(SYNS, flood(p, &self->s, &y));
	p->port = 5000 + SYNS - 1;
	say(p, .flags = ACK, .seq = 101, .ack = y + 0x1234567);
	ASSERT_EQ(0, expect(p, &self->s, RST));
	EXPECT_EQ(y + 0x1234567, self->s.seq);
	EXPECT_EQ(0, sk_wait(listener, POLLIN, QUIET));
	EXPECT_EQ(1, stat_get("SyncookiesFailed") - before);
}

TEST_HARNESS_MAIN
