// SPDX-License-Identifier: GPL-2.0
/*
 * timers-exact: timers with their defaults, to within 10 ms, in time travel:
 * SYN-ACK 63 s, retransmission 924.6 s, keepalive 7875 s, FIN_WAIT2 and
 * TIME_WAIT 60 s; and the same schedules at a hundredth in real time.
 */
#include "fixture.h"

WIRE_FIXTURE()

/* Waits up to @due_us after @start for a segment; false when it isn't on time. */
static bool at(struct peer *p, struct seg *s, int64_t start, int64_t due_us)
{
	if (!hear(p, s, (start + due_us - now_us()) / 1000 + SOON)) {
		fprintf(stderr, "# nothing at %.3f s\n", due_us / 1e6);
		return false;
	}
	return near_us(s->us - start, due_us);
}

static bool error_at(int fd, int64_t start, int64_t due_us, int error)
{
	int got;

	if (!(sk_wait(fd, 0, (start + due_us - now_us()) / 1000 + SOON) & POLLERR)) {
		fprintf(stderr, "# no error at %.3f s\n", due_us / 1e6);
		return false;
	}
	if (!near_us(now_us() - start, due_us))
		return false;
	got = sk_error(fd);
	if (got != error)
		fprintf(stderr, "# error %d\n", got);
	return got == error;
}

static int synack(struct peer *p, struct seg *s, int resends, int64_t unit)
{
	int64_t start, due = 0;

	if (sk_listen(PORT, 4) < 0)
		return -1;
	p->port = 5000;
	p->to_port = PORT;
	say(p, .flags = SYN, .seq = 100, .mss = 1460);
	if (expect(p, s, SYN | ACK))
		return -1;
	start = s->us;
	for (int i = 0; i < resends; i++) {
		due += unit << i;
		if (!at(p, s, start, due) || s->flags != (SYN | ACK))
			return -1;
	}
	due += unit << resends;
	sleep_until(start + due - 50000);
	if (sk_state(PORT, 5000) != TERN_SYN_RECV)
		return -1;
	if (!wait_gone(PORT, 5000, SOON) || !near_us(now_us() - start, due))
		return -1;
	return silence(p, QUIET) ? 0 : -1;
}

TEST_F_TIMEOUT(wire, synack_default, 1000)
{
	if (!timetravel())
		SKIP(return, "takes 63 s; runs in time travel");
	EXPECT_EQ(0, synack(&self->p, &self->s, 5, 1000000));
}

TEST_F(wire, synack_quick)
{
	if (!is_tern())
		SKIP(return, "TCP's unit is a constant");
	ASSERT_EQ(0, sysctl_set("rto_init_us", "200000"));
	ASSERT_EQ(0, sysctl_set("synack_retries", "2"));
	EXPECT_EQ(0, synack(&self->p, &self->s, 2, 200000));
}

/* A repeated SYN is answered, and the entry's own clock goes on. */
TEST_F(wire, synack_not_reset)
{
	struct peer *p = &self->p;
	int64_t start;

	if (!is_tern())
		SKIP(return, "TCP's clock is too coarse");
	ASSERT_GE(sk_listen(PORT, 4), 0);
	p->port = 5000;
	p->to_port = PORT;
	say(p, .flags = SYN, .seq = 100, .mss = 1460);
	ASSERT_EQ(0, expect(p, &self->s, SYN | ACK));
	start = self->s.us;
	sleep_until(start + 700000);
	say(p, .flags = SYN, .seq = 100, .mss = 1460);
	ASSERT_EQ(0, expect(p, &self->s, SYN | ACK));
	EXPECT_TRUE(at(p, &self->s, start, 1000000));
	EXPECT_TRUE(at(p, &self->s, start, 3000000));
}

/*
 * Data into silence: a loss probe if the peer permits SACK (RFC 8985, 7.1),
 * then @resends, each interval twice the last, up to @max; then ETIMEDOUT.
 */
static int data(struct peer *p, struct seg *s, int resends, int64_t rto, int64_t max)
{
	int64_t start, due = 0, step = rto;
	uint32_t seq;
	int fd;

	p->has_mad = true;	/* nothing to add to the RTO */
	if (peer_dial(p, &fd) || send(fd, "data", 4, 0) != 4 || expect(p, s, ACK))
		return -1;
	seq = s->seq;
	start = s->us;
	if (p->sack) {
		if (expect(p, s, ACK) || s->seq != seq || s->len != 4)
			return -1;
		/* The probe, from which the RTO counts. */
		fprintf(stderr, "# probe after %.6f s\n", (s->us - start) / 1e6);
		if (s->us - start > rto)
			return -1;
		start = s->us;
	}
	for (int i = 0; i < resends; i++) {
		due += step;
		step = step * 2 < max ? step * 2 : max;
		if (!at(p, s, start, due) || s->seq != seq || s->len != 4)
			return -1;
	}
	due += step;
	if (!error_at(fd, start, due, ETIMEDOUT))
		return -1;
	fprintf(stderr, "# ETIMEDOUT after %.6f s\n", (now_us() - start) / 1e6);
	return wait_gone(p->to_port, PORT, SOON) ? 0 : -1;
}

TEST_F_TIMEOUT(wire, retries2_default, 10000)
{
	if (!timetravel())
		SKIP(return, "takes 924.6 s; runs in time travel");
	self->p.sack = true;
	EXPECT_EQ(0, data(&self->p, &self->s, 15, 200000, 120000000));
}

TEST_F_TIMEOUT(wire, retries2_no_sack, 10000)
{
	if (!timetravel())
		SKIP(return, "takes 924.6 s; runs in time travel");
	EXPECT_EQ(0, data(&self->p, &self->s, 15, 200000, 120000000));
}

TEST_F(wire, retries2_quick)
{
	if (!is_tern())
		SKIP(return, "TCP counts otherwise");
	ASSERT_EQ(0, sysctl_set("retries2", "3"));
	ASSERT_EQ(0, sysctl_set("rto_max_us", "1000000"));
	EXPECT_EQ(0, data(&self->p, &self->s, 3, 200000, 1000000));
}

TEST_F(wire, user_timeout)
{
	struct peer *p = &self->p;
	int64_t start;
	int fd, ms = 1500;

	if (!is_tern())
		SKIP(return, "TCP's clock is too coarse");
	p->has_mad = true;
	ASSERT_EQ(0, peer_dial(p, &fd));
	ASSERT_EQ(0, setsockopt(fd, SOL_TERN, TERN_USER_TIMEOUT, &ms, sizeof(ms)));
	ASSERT_EQ(1, send(fd, "x", 1, 0));
	ASSERT_EQ(0, expect(p, &self->s, ACK));
	start = self->s.us;
	EXPECT_TRUE(error_at(fd, start, 1500000, ETIMEDOUT));
}

/* Probes at @idle and each @intvl behind; error when @count went unanswered. */
static int keepalive(struct peer *p, struct seg *s, int fd, int64_t start,
		     int count, int64_t idle, int64_t intvl)
{
	for (int i = 0; i < count; i++) {
		if (!at(p, s, start, idle + i * intvl))
			return -1;
		/* RFC 9293, 3.8.4: a number already acknowledged. */
		if (s->flags != ACK || s->seq != p->rcv_nxt - 1 || s->len > 1) {
			seg_print(s, "no keepalive:");
			return -1;
		}
	}
	return error_at(fd, start, idle + count * intvl, ETIMEDOUT) ? 0 : -1;
}

TEST_F_TIMEOUT(wire, keepalive_default, 20000)
{
	struct peer *p = &self->p;
	int fd, one = 1;
	int64_t start;

	if (!timetravel())
		SKIP(return, "takes 2 h 11 min 15 s; runs in time travel");
	ASSERT_EQ(0, peer_dial(p, &fd));
	start = now_us();
	ASSERT_EQ(0, setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one)));
	EXPECT_EQ(0, keepalive(p, &self->s, fd, start, 9, 7200000000LL, 75000000));
	fprintf(stderr, "# ETIMEDOUT after %.6f s\n", (now_us() - start) / 1e6);
}

TEST_F(wire, keepalive_quick)
{
	struct peer *p = &self->p;
	int fd, one = 1, n = 3, idle = 500000, intvl = 200000;
	int64_t start;

	if (!is_tern())
		SKIP(return, "TCP counts in seconds");
	ASSERT_EQ(0, peer_dial(p, &fd));
	ASSERT_EQ(0, setsockopt(fd, SOL_TERN, TERN_KEEPIDLE_US, &idle, sizeof(idle)));
	ASSERT_EQ(0, setsockopt(fd, SOL_TERN, TERN_KEEPINTVL_US, &intvl, sizeof(intvl)));
	ASSERT_EQ(0, setsockopt(fd, SOL_TERN, TERN_KEEPCNT, &n, sizeof(n)));
	start = now_us();
	ASSERT_EQ(0, setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one)));
	/* The first is answered, so it starts anew. */
	ASSERT_TRUE(at(p, &self->s, start, 500000));
	EXPECT_EQ(p->rcv_nxt - 1, self->s.seq);
	start = now_us();
	say(p, .flags = ACK, .seq = p->snd_nxt, .ack = p->rcv_nxt);
	EXPECT_EQ(0, keepalive(p, &self->s, fd, start, 3, 500000, 200000));
}

/* A zero window is probed with doubling intervals, and for ever while answered. */
TEST_F_TIMEOUT(wire, persist, 10000)
{
	struct peer *p = &self->p;
	int64_t last, step = 0;
	int fd, n = timetravel() ? 20 : 4;
	uint32_t seq;

	if (!is_tern())
		SKIP(return, "TCP's clock is too coarse");
	p->has_mad = true;
	ASSERT_EQ(0, peer_dial(p, &fd));
	seq = p->rcv_nxt;
	say(p, .flags = ACK, .seq = p->snd_nxt, .ack = seq, .win0 = true);
	ASSERT_EQ(1, send(fd, "z", 1, 0));
	last = now_us();
	for (int i = 0; i < n; i++) {
		int64_t gap;

		ASSERT_EQ(1, hear(p, &self->s, 125000));
		gap = self->s.us - last;
		last = self->s.us;
		step = step * 2 < 120000000 ? step * 2 : 120000000;
		if (i <= 1)
			step = gap;
		EXPECT_TRUE(near_us(gap, step));
		say(p, .flags = ACK, .seq = p->snd_nxt, .ack = seq, .win0 = true);
	}
	EXPECT_EQ(TERN_ESTABLISHED, sk_state(p->to_port, PORT));
	/* Open: the byte comes at once. */
	say(p, .flags = ACK, .seq = p->snd_nxt, .ack = seq);
	do {
		ASSERT_EQ(1, hear(p, &self->s, SOON));
	} while (!self->s.len);
	EXPECT_EQ(seq, self->s.seq);
}

/* A lone segment's ACK waits delack_max_us; the second full one's doesn't. */
TEST_F(wire, delayed_ack)
{
	struct peer *p = &self->p;
	int64_t start;
	int fd;

	if (!is_tern())
		SKIP(return, "TCP adapts");
	ASSERT_EQ(0, peer_dial(p, &fd));
	for (int i = 0; i < 20; i++) {	/* past any quick start */
		say(p, .flags = ACK | PSH, .seq = p->snd_nxt, .ack = p->rcv_nxt, .len = MSS);
		p->snd_nxt += MSS;
		while (hear(p, &self->s, 60))
			;
	}
	say(p, .flags = ACK | PSH, .seq = p->snd_nxt, .ack = p->rcv_nxt, .len = 10);
	start = now_us();
	p->snd_nxt += 10;
	ASSERT_EQ(0, expect(p, &self->s, ACK));
	EXPECT_EQ(p->snd_nxt, self->s.ack);
	EXPECT_LE(self->s.us - start, timetravel() ? 50000 : 500000);

	for (int i = 0; i < 2; i++) {
		say(p, .flags = ACK, .seq = p->snd_nxt, .ack = p->rcv_nxt, .len = MSS);
		p->snd_nxt += MSS;
	}
	start = now_us();
	ASSERT_EQ(0, expect(p, &self->s, ACK));
	if (self->s.ack != p->snd_nxt)
		ASSERT_EQ(0, expect(p, &self->s, ACK));
	EXPECT_EQ(p->snd_nxt, self->s.ack);
	if (timetravel())
		EXPECT_LE(self->s.us - start, 10000);
}

TEST_HARNESS_MAIN
