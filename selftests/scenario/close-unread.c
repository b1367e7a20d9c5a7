// SPDX-License-Identifier: GPL-2.0
/*
 * close-unread: close() with data unread: RST, the peer gets ECONNRESET.
 * RFC 1122, 4.2.2.13, RFC 2525, 2.17.
 */
#include <linux/sockios.h>

#include "fixture.h"

WIRE_FIXTURE()
HOSTS_FIXTURE()

static bool unread(int fd)
{
	int n = 0;

	return !ioctl(fd, SIOCINQ, &n) && n > 0;
}

TEST_F(wire, reset)
{
	struct peer *p = &self->p;
	int listener = sk_listen(PORT, 4), fd;

	p->port = 5000;
	fd = peer_open(p, listener);
	ASSERT_GE(fd, 0);
	say(p, .flags = ACK | PSH, .seq = p->snd_nxt, .ack = p->rcv_nxt, .data = "unread",
	    .len = 6);
	EXPECT_TRUE(wait_for(unread(fd), SOON));
	ASSERT_EQ(0, close(fd));
	do {
		ASSERT_EQ(1, hear(p, &self->s, SOON));
	} while (!(self->s.flags & RST));
	EXPECT_EQ(p->rcv_nxt, self->s.seq);
	EXPECT_FALSE(self->s.flags & FIN);
	EXPECT_TRUE(wait_gone(PORT, 5000, SOON));
	EXPECT_TRUE(silence(p, QUIET));
}

/* Data that comes after close() finds nobody to read it either. */
TEST_F(wire, data_for_orphan)
{
	struct peer *p = &self->p;
	int listener = sk_listen(PORT, 4), fd;

	p->port = 5000;
	fd = peer_open(p, listener);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, close(fd));
	ASSERT_EQ(0, expect(p, &self->s, FIN | ACK));
	say(p, .flags = ACK, .seq = p->snd_nxt, .ack = p->rcv_nxt + 1);
	EXPECT_TRUE(wait_state(PORT, 5000, TERN_FIN_WAIT2, SOON));
	say(p, .flags = ACK | PSH, .seq = p->snd_nxt, .ack = p->rcv_nxt + 1, .len = 9);
	ASSERT_EQ(1, hear(p, &self->s, SOON));
	EXPECT_EQ(RST, self->s.flags & RST);
	EXPECT_TRUE(wait_gone(PORT, 5000, SOON));
}

TEST_F(hosts, peer_sees_it)
{
	int fd[2];
	char c;

	ASSERT_EQ(0, sk_pair(&self->t, fd, PORT));
	ASSERT_EQ(6, send(fd[0], "unread", 6, 0));
	EXPECT_TRUE(wait_for(unread(fd[1]), SOON));
	ASSERT_EQ(0, close(fd[1]));
	EXPECT_EQ(-1, recv(fd[0], &c, 1, 0));
	EXPECT_EQ(ECONNRESET, errno);
	/* Told once; from here on it is a closed socket. */
	EXPECT_EQ(0, recv(fd[0], &c, 1, 0));
	EXPECT_EQ(-1, send(fd[0], &c, 1, MSG_NOSIGNAL));
	EXPECT_EQ(EPIPE, errno);
	EXPECT_TRUE(wait_gone(0, PORT, SOON));
}

TEST_HARNESS_MAIN
