// SPDX-License-Identifier: GPL-2.0
/*
 * close-merged: with nothing left to send, the ACK of the peer's FIN and the
 * own FIN are one segment: three segments in all.
 */
#include <pthread.h>

#include "fixture.h"

WIRE_FIXTURE()
HOSTS_FIXTURE()

/* What the first closer makes of FIN and ACK in one. */
TEST_F(wire, active)
{
	struct peer *p = &self->p;
	int fd;

	ASSERT_EQ(0, peer_dial(p, &fd));
	ASSERT_EQ(0, close(fd));
	ASSERT_EQ(0, expect(p, &self->s, FIN | ACK));
	say(p, .flags = FIN | ACK, .seq = p->snd_nxt, .ack = self->s.seq + 1);
	ASSERT_EQ(0, expect(p, &self->s, ACK));
	EXPECT_EQ(p->snd_nxt + 1, self->s.ack);
	EXPECT_EQ(TERN_TIME_WAIT, sk_state(p->to_port, PORT));
}

static void *close_at_eof(void *arg)
{
	int fd = *(int *)arg;
	char c;

	while (recv(fd, &c, 1, 0) > 0)
		;
	close(fd);
	return NULL;
}

/* A server that reads end of file and closes. */
TEST_F(wire, passive)
{
	struct peer *p = &self->p;
	int listener = sk_listen(PORT, 4), fd;
	pthread_t thread;

	p->port = 5000;
	fd = peer_open(p, listener);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, pthread_create(&thread, NULL, close_at_eof, &fd));
	usleep(50000);	/* it is to sleep in recv() */
	say(p, .flags = FIN | ACK, .seq = p->snd_nxt, .ack = p->rcv_nxt);
	ASSERT_EQ(0, expect(p, &self->s, FIN | ACK));
	EXPECT_EQ(p->snd_nxt + 1, self->s.ack);
	EXPECT_EQ(p->rcv_nxt, self->s.seq);
	say(p, .flags = ACK, .seq = p->snd_nxt + 1, .ack = p->rcv_nxt + 1);
	EXPECT_TRUE(wait_gone(PORT, 5000, SOON));
	pthread_join(thread, NULL);
}

/* FIN on the last data: two flags, one segment, one ACK. */
TEST_F(wire, fin_with_data)
{
	struct peer *p = &self->p;
	char buf[8];
	int fd;

	ASSERT_EQ(0, peer_dial(p, &fd));
	say(p, .flags = FIN | PSH | ACK, .seq = p->snd_nxt, .ack = p->rcv_nxt,
	    .data = "last", .len = 4);
	EXPECT_EQ(4, recv(fd, buf, sizeof(buf), MSG_WAITALL));
	EXPECT_EQ(0, recv(fd, buf, sizeof(buf), 0));
	ASSERT_EQ(0, expect(p, &self->s, ACK));
	EXPECT_EQ(p->snd_nxt + 5, self->s.ack);
}

TEST_F(hosts, three_segments)
{
	pthread_t thread;
	int fd[2], port, segments = 0;

	ASSERT_EQ(0, sk_pair(&self->t, fd, PORT));
	port = sk_port(fd[0]);
	ASSERT_EQ(0, pthread_create(&thread, NULL, close_at_eof, &fd[1]));
	usleep(50000);	/* it is to sleep in recv() */
	wire_drain(&self->w);
	ASSERT_EQ(0, close(fd[0]));
	EXPECT_TRUE(wait_state(port, PORT, TERN_TIME_WAIT, SOON));
	pthread_join(thread, NULL);
	while (wire_recv(&self->w, &self->s, QUIET))
		segments++;
	EXPECT_EQ(3, segments);
}

TEST_HARNESS_MAIN
