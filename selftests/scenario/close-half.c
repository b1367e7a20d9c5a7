// SPDX-License-Identifier: GPL-2.0
/*
 * close-half: after the client's shutdown(SHUT_WR) the server still sends
 * megabytes, which the client reads to the last byte, then end of file.
 */
#include <pthread.h>
#include <signal.h>

#include "fixture.h"

WIRE_FIXTURE()
HOSTS_FIXTURE()

static uint8_t byte_at(size_t i)
{
	return i * 2654435761u >> 13;
}

struct sender {
	int fd;
	size_t len;
	bool ok;
};

static void *send_it(void *arg)
{
	struct sender *s = arg;
	uint8_t buf[16384];
	size_t at = 0;

	while (at < s->len) {
		size_t n = s->len - at < sizeof(buf) ? s->len - at : sizeof(buf);
		ssize_t r;

		for (size_t i = 0; i < n; i++)
			buf[i] = byte_at(at + i);
		r = send(s->fd, buf, n, MSG_NOSIGNAL);
		if (r <= 0)
			return NULL;
		at += r;
	}
	s->ok = !close(s->fd);
	return NULL;
}

TEST_F(hosts, megabytes)
{
	struct sender s = { .len = scaled(4) << 20 };
	uint8_t buf[16384];
	size_t got = 0, wrong = 0;
	pthread_t thread;
	int fd[2], port;
	ssize_t n;
	char c;

	ASSERT_EQ(0, sk_pair(&self->t, fd, PORT));
	port = sk_port(fd[0]);
	ASSERT_EQ(0, shutdown(fd[0], SHUT_WR));
	EXPECT_EQ(0, recv(fd[1], &c, 1, 0));
	EXPECT_TRUE(wait_state(port, PORT, TERN_FIN_WAIT2, SOON));

	s.fd = fd[1];
	ASSERT_EQ(0, pthread_create(&thread, NULL, send_it, &s));
	while ((n = recv(fd[0], buf, sizeof(buf), 0)) > 0) {
		/* More is to come than buffers hold. */
		if (!got) {
			EXPECT_EQ(TERN_FIN_WAIT2, sk_state(port, PORT));
			topo_enter(&self->t, 1);
			EXPECT_EQ(TERN_CLOSE_WAIT, sk_state(PORT, port));
			topo_enter(&self->t, 0);
		}
		for (ssize_t i = 0; i < n; i++)
			wrong += buf[i] != byte_at(got + i);
		got += n;
	}
	EXPECT_EQ(0, n);
	EXPECT_EQ(s.len, got);
	EXPECT_EQ(0, wrong);
	pthread_join(thread, NULL);
	EXPECT_TRUE(s.ok);
	EXPECT_TRUE(wait_state(port, PORT, TERN_TIME_WAIT, SOON));
	topo_enter(&self->t, 1);
	EXPECT_TRUE(wait_gone(PORT, port, SOON));
	topo_enter(&self->t, 0);
	/* Sending is over. */
	EXPECT_EQ(-1, send(fd[0], "x", 1, MSG_NOSIGNAL));
	EXPECT_EQ(EPIPE, errno);
}

/* Data in FIN_WAIT2 is delivered and acknowledged. */
TEST_F(wire, data_after_fin)
{
	struct peer *p = &self->p;
	char buf[8];
	int fd;

	ASSERT_EQ(0, peer_dial(p, &fd));
	ASSERT_EQ(0, shutdown(fd, SHUT_WR));
	ASSERT_EQ(0, expect(p, &self->s, FIN | ACK));
	/* In FIN_WAIT1 already. */
	say(p, .flags = ACK, .seq = p->snd_nxt, .ack = p->rcv_nxt, .data = "one", .len = 3);
	EXPECT_EQ(3, recv(fd, buf, sizeof(buf), 0));
	say(p, .flags = ACK, .seq = p->snd_nxt + 3, .ack = p->rcv_nxt + 1, .data = "two",
	    .len = 3);
	EXPECT_EQ(3, recv(fd, buf, sizeof(buf), 0));
	EXPECT_TRUE(wait_state(p->to_port, PORT, TERN_FIN_WAIT2, SOON));
	do {
		ASSERT_EQ(1, hear(p, &self->s, SOON));
	} while (self->s.ack != p->snd_nxt + 6);
	EXPECT_EQ(0, self->s.len);
}

/* shutdown(SHUT_RD): end of file at once, nothing on the wire. */
TEST_F(wire, shut_rd)
{
	struct peer *p = &self->p;
	char c;
	int fd;

	ASSERT_EQ(0, peer_dial(p, &fd));
	ASSERT_EQ(0, shutdown(fd, SHUT_RD));
	EXPECT_EQ(0, recv(fd, &c, 1, 0));
	EXPECT_TRUE(silence(p, QUIET));
	EXPECT_EQ(TERN_ESTABLISHED, sk_state(p->to_port, PORT));
	EXPECT_EQ(1, send(fd, "x", 1, 0));
	ASSERT_EQ(0, expect(p, &self->s, ACK));
	EXPECT_EQ(1, self->s.len);
}

TEST_HARNESS_MAIN
