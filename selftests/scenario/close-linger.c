// SPDX-License-Identifier: GPL-2.0
/*
 * close-linger: SO_LINGER 0: RST; n: close() waits for the ACK of the FIN, at
 * most n seconds.
 */
#include <pthread.h>

#include "fixture.h"

WIRE_FIXTURE()

static void linger(int fd, int seconds)
{
	struct linger l = { .l_onoff = 1, .l_linger = seconds };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l));
}

struct closer {
	int fd;
	int64_t took_us;
};

static void *timed_close(void *arg)
{
	struct closer *c = arg;
	int64_t start = now_us();

	close(c->fd);
	c->took_us = now_us() - start;
	return NULL;
}

TEST_F(wire, zero_resets)
{
	struct peer *p = &self->p;
	int fd;

	ASSERT_EQ(0, peer_dial(p, &fd));
	linger(fd, 0);
	ASSERT_EQ(0, close(fd));
	ASSERT_EQ(1, hear(p, &self->s, SOON));
	EXPECT_EQ(RST, self->s.flags & (RST | FIN));
	EXPECT_EQ(p->rcv_nxt, self->s.seq);
	EXPECT_TRUE(wait_gone(p->to_port, PORT, SOON));
}

/* Unsent data goes as well. */
TEST_F(wire, zero_with_data)
{
	struct peer *p = &self->p;
	int fd;

	ASSERT_EQ(0, peer_dial(p, &fd));
	ASSERT_EQ(4, send(fd, "data", 4, 0));
	ASSERT_EQ(0, expect(p, &self->s, ACK));
	linger(fd, 0);
	ASSERT_EQ(0, close(fd));
	ASSERT_EQ(1, hear(p, &self->s, SOON));
	EXPECT_EQ(RST, self->s.flags & (RST | FIN));
	EXPECT_EQ(p->rcv_nxt + 4, self->s.seq);
	EXPECT_TRUE(wait_gone(p->to_port, PORT, SOON));
}

TEST_F(wire, waits_for_ack)
{
	struct peer *p = &self->p;
	struct closer c;
	pthread_t thread;
	int64_t at;

	ASSERT_EQ(0, peer_dial(p, &c.fd));
	linger(c.fd, 20);
	pthread_create(&thread, NULL, timed_close, &c);
	ASSERT_EQ(0, expect(p, &self->s, FIN | ACK));
	at = self->s.us;
	sleep_until(at + 150000);
	say(p, .flags = ACK, .seq = p->snd_nxt, .ack = p->rcv_nxt + 1);
	pthread_join(thread, NULL);
	EXPECT_GE(c.took_us, 149000);
	EXPECT_LT(c.took_us, 15000000);
	EXPECT_EQ(TERN_FIN_WAIT2, sk_state(p->to_port, PORT));
}

/* The ACK of what was sent before the FIN is not enough. */
TEST_F(wire, waits_behind_data)
{
	struct peer *p = &self->p;
	struct closer c;
	pthread_t thread;
	int64_t at;

	ASSERT_EQ(0, peer_dial(p, &c.fd));
	linger(c.fd, 20);
	ASSERT_EQ(4, send(c.fd, "data", 4, 0));
	ASSERT_EQ(0, expect(p, &self->s, ACK));
	EXPECT_EQ(4, self->s.len);
	pthread_create(&thread, NULL, timed_close, &c);
	do {
		ASSERT_EQ(1, hear(p, &self->s, SOON));
	} while (!(self->s.flags & FIN));
	EXPECT_EQ(p->rcv_nxt + 4, self->s.seq + self->s.len);
	at = self->s.us;
	say(p, .flags = ACK, .seq = p->snd_nxt, .ack = p->rcv_nxt + 4);
	sleep_until(at + 150000);
	EXPECT_EQ(TERN_FIN_WAIT1, sk_state(p->to_port, PORT));
	say(p, .flags = ACK, .seq = p->snd_nxt, .ack = p->rcv_nxt + 5);
	pthread_join(thread, NULL);
	EXPECT_GE(c.took_us, 149000);
	EXPECT_LT(c.took_us, 15000000);
	EXPECT_EQ(TERN_FIN_WAIT2, sk_state(p->to_port, PORT));
}

TEST_F(wire, gives_up_waiting)
{
	int seconds = timetravel() ? 30 : 1;
	struct peer *p = &self->p;
	struct closer c;
	pthread_t thread;

	ASSERT_EQ(0, peer_dial(p, &c.fd));
	linger(c.fd, seconds);
	pthread_create(&thread, NULL, timed_close, &c);
	pthread_join(thread, NULL);
	/* The kernel's timer wheel, not a timer of Tern's: late by an eighth at most */
	EXPECT_GE(c.took_us, seconds * 1000000LL - 20000);
	fprintf(stderr, "# late: %lld us of %lld\n", (long long)c.took_us - seconds * 1000000LL,
		seconds * 1000000LL);
	if (timetravel())
		EXPECT_LE(c.took_us, seconds * 1125000LL + 20000);
	/* The FIN still stands and goes on being resent. */
	EXPECT_EQ(TERN_FIN_WAIT1, sk_state(p->to_port, PORT));
}

TEST_HARNESS_MAIN
