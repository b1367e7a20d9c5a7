// SPDX-License-Identifier: GPL-2.0
/*
 * open-isn: initial sequence numbers advance with the clock for one 4-tuple,
 * can't be predicted from one 4-tuple to the next, and are beyond those that an
 * old connection of the 4-tuple has used. RFC 6528, RFC 9293, 3.4.1.
 */
#include "fixture.h"

WIRE_FIXTURE()
HOSTS_FIXTURE()

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

/* An ISN, and between which moments it was drawn */
struct drawn {
	uint32_t isn;
	int64_t from, to;
};

/* It moved by a step in 64 ns, for as long as lies between the two. */
static bool keeps_time(const struct drawn *a, const struct drawn *b)
{
	int64_t us = (uint32_t)(b->isn - a->isn) * 64LL / 1000;

	if (us + 1 >= b->from - a->to && us - 1 <= b->to - a->from)
		return true;
	fprintf(stderr, "# %lld us by the ISN, %lld to %lld by the clock\n", (long long)us,
		(long long)(b->from - a->to), (long long)(b->to - a->from));
	return false;
}

TEST_F(wire, clock)
{
	struct drawn last, d;

	ASSERT_GE(sk_listen(PORT, 64), 0);
	for (int i = 0; i < 20; i++) {
		d.from = now_us();
		ASSERT_EQ(0, isn_of(&self->p, &self->s, 5000, &d.isn));
		d.to = self->s.us;
		EXPECT_TRUE(!i || keeps_time(&last, &d));
		last = d;
		usleep(2000);
	}
}

/* So does that of a connect(). */
TEST_F(wire, client_clock)
{
	struct drawn last, d;

	for (int i = 0; i < 20; i++) {
		int fd;

		d.from = now_us();
		fd = sk_dial(HOST_B, PORT, 5000, SOCK_NONBLOCK);
		ASSERT_GE(fd, 0);
		ASSERT_EQ(0, expect(&self->p, &self->s, SYN));
		ASSERT_EQ(5000, self->s.sport);
		d.isn = self->s.seq;
		d.to = self->s.us;
		EXPECT_TRUE(!i || keeps_time(&last, &d));
		last = d;
		close(fd);
		ASSERT_TRUE(wait_gone(5000, PORT, SOON));
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
	/* By chance one in 128: 2, and 10 once in thousands of runs; a rule is n. */
	EXPECT_LT(steps, n / 8);
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

/*
 * More bytes than the clock has steps, sent by the end that closes first: x of
 * its SYN, and, in *@end, the number behind its FIN. Time travel's machine is
 * quick enough for that. 0, or -1.
 */
static int outrun(struct topo *t, struct wire *w, struct seg *s, struct drawn *x, uint32_t *end)
{
	static char buf[65536];
	int64_t sent = 0, got = 0, start;
	int fd[2], size = 4 << 20, listener;
	ssize_t n;

	topo_enter(t, 1);
	listener = sk_listen(PORT, 4);
	topo_enter(t, 0);
	x->from = now_us();
	fd[0] = sk_dial(HOST_B, PORT, 5000, 0);
	if (fd[0] < 0 || see(w, s, 5000, SYN) || !sk_wait(listener, POLLIN, SOON))
		return -1;
	start = s->us;
	x->isn = s->seq;
	x->to = s->us;
	fd[1] = accept(listener, NULL, NULL);
	close(listener);
	setsockopt(fd[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	/* Until it is two seconds ahead of the clock */
	while (sent < (timetravel() ? (now_us() - start + 2000000) * 1000 / 64 : 1000000)) {
		while ((n = send(fd[0], buf, sizeof(buf), MSG_DONTWAIT)) > 0)
			sent += n;
		while ((n = recv(fd[1], buf, sizeof(buf), MSG_DONTWAIT)) > 0)
			got += n;
		if (sent > 1 << 30)
			return -1;
		wire_drain(w);
	}
	fprintf(stderr, "# %lld bytes in %lld us\n", (long long)sent,
		(long long)(now_us() - start));
	while (got < sent && (n = recv(fd[1], buf, sizeof(buf), 0)) > 0)
		got += n;
	wire_drain(w);
	if (got != sent || close(fd[0]) || recv(fd[1], buf, 1, 0) || close(fd[1]))
		return -1;
	do {
		if (!wire_recv(w, s, SOON))
			return -1;
	} while (s->sport != 5000 || !(s->flags & FIN));
	*end = s->seq + s->len + 1;
	return wait_state(5000, PORT, TERN_TIME_WAIT, SOON) ? 0 : -1;
}

/* The ISN is beyond what the old connection used, where the clock's wouldn't be. */
static bool is_beyond(const struct seg *s, const struct drawn *x, uint32_t end)
{
	uint32_t clock = x->isn + (s->us - x->from) * 1000 / 64;

	fprintf(stderr, "# ISN %d behind the end of the old, the clock's %d\n",
		(int)(s->seq - end), (int)(clock - end));
	return (int32_t)(s->seq - end) >= 0 && (!timetravel() || (int32_t)(clock - end) < 0);
}

/* The end in TIME-WAIT connects again. */
TEST_F(hosts, beyond_the_old)
{
	struct drawn x;
	uint32_t end;

	ASSERT_EQ(0, sysctl_set("tw_reuse", "1"));
	ASSERT_EQ(0, outrun(&self->t, &self->w, &self->s, &x, &end));
	topo_enter(&self->t, 1);
	ASSERT_GE(sk_listen(PORT, 4), 0);
	topo_enter(&self->t, 0);
	wire_drain(&self->w);
	/* A timestamp that is a second old is what allows it. */
	sleep_until(now_us() + 1100000);
	ASSERT_GE(sk_dial(HOST_B, PORT, 5000, SOCK_NONBLOCK), 0);
	ASSERT_EQ(0, see(&self->w, &self->s, 5000, SYN));
	EXPECT_TRUE(is_beyond(&self->s, &x, end));
}

/* It is connected to. */
TEST_F(hosts, beyond_the_old_passive)
{
	struct drawn x;
	uint32_t end;

	ASSERT_EQ(0, outrun(&self->t, &self->w, &self->s, &x, &end));
	ASSERT_GE(sk_listen(5000, 4), 0);
	topo_enter(&self->t, 1);
	EXPECT_TRUE(wait_gone(PORT, 5000, SOON));
	wire_drain(&self->w);
	sleep_until(now_us() + 10000);
	ASSERT_GE(sk_dial(HOST_A, 5000, PORT, SOCK_NONBLOCK), 0);
	ASSERT_EQ(0, see(&self->w, &self->s, PORT, SYN));
	ASSERT_EQ(0, see(&self->w, &self->s, 5000, SYN | ACK));
	EXPECT_TRUE(is_beyond(&self->s, &x, end));
}

TEST_HARNESS_MAIN
