// SPDX-License-Identifier: GPL-2.0
/*
 * close-merged: with nothing left to send, the ACK of the peer's FIN and the
 * own FIN are one segment: three segments in all.
 */
#define _GNU_SOURCE
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
	EXPECT_TRUE(wait_state(p->to_port, PORT, TERN_TIME_WAIT, SOON));
}

struct server {
	int fd;
	volatile int tid;
	pthread_t thread;
};

static void *close_at_eof(void *arg)
{
	struct server *s = arg;
	char c;

	s->tid = gettid();
	while (recv(s->fd, &c, 1, 0) > 0)
		;
	close(s->fd);
	return NULL;
}

static bool sleeps(int tid)
{
	char path[48], state = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	f = tid ? fopen(path, "r") : NULL;
	if (!f)
		return false;
	if (fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
		state = 0;
	fclose(f);
	return state == 'S';
}

/* A thread that reads to the end of file and closes: it sleeps in recv() now. */
static int serve(struct server *s, int fd)
{
	*s = (struct server){ .fd = fd };
	if (pthread_create(&s->thread, NULL, close_at_eof, s))
		return -1;
	return wait_for(sleeps(s->tid), SOON) ? 0 : -1;
}

/* The ACK of the FIN waits for what the server does, on a busy machine too. */
static int patience(void)
{
	return is_tern() ? sysctl_set("delack_max_us", "500000") : 0;
}

/* A server that reads end of file and closes. */
TEST_F(wire, passive)
{
	struct peer *p = &self->p;
	int listener, fd;
	struct server server;

	ASSERT_EQ(0, patience());
	listener = sk_listen(PORT, 4);
	p->port = 5000;
	fd = peer_open(p, listener);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, serve(&server, fd));
	say(p, .flags = FIN | ACK, .seq = p->snd_nxt, .ack = p->rcv_nxt);
	ASSERT_EQ(0, expect(p, &self->s, FIN | ACK));
	EXPECT_EQ(p->snd_nxt + 1, self->s.ack);
	EXPECT_EQ(p->rcv_nxt, self->s.seq);
	say(p, .flags = ACK, .seq = p->snd_nxt + 1, .ack = p->rcv_nxt + 1);
	EXPECT_TRUE(wait_gone(PORT, 5000, SOON));
	pthread_join(server.thread, NULL);
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
	struct server server;
	struct trace tr[2];
	int fd[2], port;
	uint32_t u, w;

	topo_enter(&self->t, 1);
	ASSERT_EQ(0, patience());
	ASSERT_EQ(0, trace_both(&self->t, tr));
	ASSERT_EQ(0, sk_pair(&self->t, fd, PORT));
	port = sk_port(fd[0]);
	ASSERT_EQ(0, see(&self->w, &self->s, port, SYN));
	ASSERT_EQ(0, see(&self->w, &self->s, PORT, SYN | ACK));
	ASSERT_EQ(0, see(&self->w, &self->s, port, ACK));
	u = self->s.seq;
	w = self->s.ack;
	ASSERT_EQ(0, serve(&server, fd[1]));
	ASSERT_EQ(0, close(fd[0]));
	EXPECT_TRUE(wait_state(port, PORT, TERN_TIME_WAIT, SOON));
	pthread_join(server.thread, NULL);

	ASSERT_EQ(0, see(&self->w, &self->s, port, FIN | ACK));
	EXPECT_EQ(u, self->s.seq);
	EXPECT_EQ(w, self->s.ack);
	ASSERT_EQ(0, see(&self->w, &self->s, PORT, FIN | ACK));
	EXPECT_EQ(w, self->s.seq);
	EXPECT_EQ(u + 1, self->s.ack);
	ASSERT_EQ(0, see(&self->w, &self->s, port, ACK));
	EXPECT_EQ(u + 1, self->s.seq);
	EXPECT_EQ(w + 1, self->s.ack);
	EXPECT_EQ(0, wire_recv(&self->w, &self->s, QUIET));
	if (!is_tern())
		return;
	/* RFC 9293, 3.10.7.4: the ACK is processed before the FIN. */
	EXPECT_EQ(0, TRACE_EXPECT(&tr[0], trace_of(port, PORT), TERN_SYN_SENT,
				  TERN_ESTABLISHED, TERN_FIN_WAIT1, TERN_FIN_WAIT2,
				  TERN_TIME_WAIT));
	EXPECT_EQ(0, TRACE_EXPECT(&tr[1], trace_of(PORT, port), TERN_SYN_RECV,
				  TERN_ESTABLISHED, TERN_CLOSE_WAIT, TERN_LAST_ACK,
				  TERN_CLOSE));
	trace_close(&tr[0]);
	trace_close(&tr[1]);
}

TEST_HARNESS_MAIN
