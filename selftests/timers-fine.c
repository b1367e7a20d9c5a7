// SPDX-License-Identifier: GPL-2.0
/*
 * timers-fine: every timer at microseconds or milliseconds. Never early; in
 * time travel at most 100 us late; in real time how late is told:
 *	# lateness: NAME n N p50 US us p99 US us max US us tcp ...
 * beside TCP where TCP can be set to less than seconds.
 *
 * Never early: each deadline is held against a moment before the call or the
 * segment that started the clock. Lateness is from segment to segment where
 * there is one before.
 */
#include "fixture.h"
#include "flight.h"

WIRE_FIXTURE()

#define MANY	8		/* connections that end side by side */

struct lateness {
	int n;
	bool early;
	int64_t us[1024];
};

/* @at: when it was; @due: not before; @after: the nominal time since @from */
static void sample(struct lateness *l, int64_t at, int64_t due, int64_t from, int64_t after)
{
	if (at < due) {
		fprintf(stderr, "# early by %lld us\n", (long long)(due - at));
		l->early = true;
	}
	if (l->n < (int)(sizeof(l->us) / sizeof(l->us[0])))
		l->us[l->n++] = at - from - after;
}

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void print(struct lateness *l)
{
	qsort(l->us, l->n, sizeof(l->us[0]), by_size);
	fprintf(stderr, "p50 %lld us p99 %lld us", (long long)l->us[l->n / 2],
		(long long)l->us[l->n * 99 / 100]);
}

/* True when as exact as it must be. @tcp: NULL where TCP can't be set so */
static bool tell(const char *name, struct lateness *l, struct lateness *tcp)
{
	if (!l->n || (tcp && !tcp->n))
		return false;
	fprintf(stderr, "# lateness: %s n %d ", name, l->n);
	print(l);
	fprintf(stderr, " max %lld us tcp ", (long long)l->us[l->n - 1]);
	if (tcp)
		print(tcp);
	else
		fprintf(stderr, "n/a");
	fprintf(stderr, "\n");
	if (timetravel() && (l->us[0] < -100 || l->us[l->n - 1] > 100))
		return false;
	return !l->early;
}

static int set(int fd, int name, int val)
{
	return setsockopt(fd, is_tern() ? SOL_TERN : IPPROTO_TCP, name, &val, sizeof(val));
}

/* The connection's own options: 1, 2, 4, ... ms, as SYNs */
TEST_F(wire, syn)
{
	struct lateness l = { 0 };

	if (!is_tern())
		SKIP(return, "TCP's is a constant");
	for (int i = 0; i < 8; i++) {
		int64_t start, due, last = 0, step = 1000;
		int fd = sk_new(SOCK_NONBLOCK);

		ASSERT_EQ(0, set(fd, TERN_RTO_INIT_US, 1000));
		ASSERT_EQ(0, set(fd, TERN_SYNCNT, 5));
		wire_drain(&self->w);
		start = now_us();
		sk_connect(fd, HOST_B, PORT);
		due = start;
		for (int k = 0; k <= 5; k++) {
			ASSERT_EQ(1, wire_recv(&self->w, &self->s, SOON));
			ASSERT_EQ(SYN, self->s.flags);
			if (k) {
				due += step;
				sample(&l, self->s.us, due, last, step);
				step *= 2;
			}
			last = self->s.us;
		}
		ASSERT_TRUE(sk_wait(fd, 0, SOON) & POLLERR);
		EXPECT_GE(now_us() - start, 63000);
		EXPECT_EQ(ETIMEDOUT, sk_error(fd));
		close(fd);
	}
	EXPECT_TRUE(tell("syn", &l, NULL));
}

TEST_F(wire, synack)
{
	struct peer *p = &self->p;
	struct lateness l = { 0 };

	if (!is_tern())
		SKIP(return, "TCP's is a constant");
	ASSERT_EQ(0, sysctl_set("rto_init_us", "1000"));
	ASSERT_GE(sk_listen(PORT, 16), 0);
	for (int i = 0; i < 8; i++) {
		int64_t start, due, last, step = 1000;

		peer_init(p, &self->w, 5000 + i, PORT);
		start = now_us();
		say(p, .flags = SYN, .seq = 100, .mss = MSS);
		ASSERT_EQ(0, expect(p, &self->s, SYN | ACK));
		last = self->s.us;
		due = start;
		for (int k = 0; k < 5; k++, step *= 2) {
			ASSERT_EQ(0, expect(p, &self->s, SYN | ACK));
			due += step;
			sample(&l, self->s.us, due, last, step);
			last = self->s.us;
		}
		EXPECT_TRUE(wait_gone(PORT, p->port, SOON));
	}
	EXPECT_TRUE(tell("synack", &l, NULL));
}

TEST_F(wire, rto)
{
	struct peer *p = &self->p;
	struct lateness l = { 0 };
	int fd;

	if (!is_tern())
		SKIP(return, "TCP_RTO_MIN_US is not in 6.12");
	for (int i = 0; i < 8; i++) {
		int64_t start, due, last;

		peer_init(p, &self->w, PORT + i, 0);
		p->has_mad = true;
		ASSERT_EQ(0, peer_dial(p, &fd));
		/* The ceiling wins: 1 ms whatever the round trip. */
		ASSERT_EQ(0, set(fd, TERN_RTO_MIN_US, 1000));
		ASSERT_EQ(0, set(fd, TERN_RTO_MAX_US, 1000));
		start = now_us();
		ASSERT_EQ(1, send(fd, "x", 1, 0));
		ASSERT_EQ(0, expect(p, &self->s, ACK));
		last = self->s.us;
		due = start;
		for (int k = 0; k < 15; k++) {
			ASSERT_EQ(0, expect(p, &self->s, ACK));
			due += 1000;
			sample(&l, self->s.us, due, last, 1000);
			last = self->s.us;
		}
		ASSERT_TRUE(sk_wait(fd, 0, SOON) & POLLERR);
		EXPECT_GE(now_us() - start, 16000);
		EXPECT_EQ(ETIMEDOUT, sk_error(fd));
		close(fd);
	}
	EXPECT_TRUE(tell("rto", &l, NULL));
}

#define PATH_US	1000		/* of a short path: the round trip */

/* RFC 8985 7.2: two round trips after the last segment; it wasn't lost. */
TEST_F(wire, loss_probe)
{
	struct peer *p = &self->p;
	struct seg *s = &self->s;
	struct lateness l = { 0 };
	int fd, after;

	if (!is_tern())
		SKIP(return, "TCP waits for two jiffies at least");
	fd = flight_begin(&self->t, p, true, false, PATH_US, PATH_US);
	ASSERT_GE(fd, 0);
	/* One that is sent twice is no sample: RFC 6298 section 3. */
	after = 2 * sk_info(fd).ti_rtt;
	ASSERT_LE(2 * PATH_US, after);
	for (int k = 1; k <= 60; k++) {
		int64_t start = now_us(), last;

		ASSERT_EQ(0, flight_write(fd, 1));
		ASSERT_EQ(0, flight_hear(p, s, k, k));
		last = s->us;
		ASSERT_EQ(0, flight_hear(p, s, k, k));
		sample(&l, s->us, start + PATH_US + after, last, after);
		flight_ack(p, k, k, k);
		ASSERT_TRUE(flight_acked(fd));
	}
	EXPECT_EQ(60, stat_get("TCPLossProbes"));
	EXPECT_EQ(0, stat_get("TCPTimeouts"));
	EXPECT_TRUE(tell("loss_probe", &l, NULL));
}

/*
 * RFC 8985 6.2: a quarter of the least round trip after a SACK. The handshake
 * is slow, so that the probe is far behind.
 */
TEST_F(wire, reorder)
{
	struct peer *p = &self->p;
	struct seg *s = &self->s;
	struct lateness l = { 0 };

	if (!is_tern())
		SKIP(return, "TCP's is a jiffy at least");
	for (int i = 0; i < 20; i++) {
		int fd, after;
		int64_t start;

		peer_init(p, &self->w, PORT + i, 0);
		fd = flight_begin(&self->t, p, true, false, 50 * PATH_US, PATH_US);
		ASSERT_GE(fd, 0);
		ASSERT_EQ(0, flight_write(fd, 2));
		ASSERT_EQ(0, flight_hear(p, s, 1, 2));
		start = now_us();
		flight_ack(p, 0, 2, 2);
		ASSERT_EQ(0, flight_hear(p, s, 1, 1));
		after = sk_info(fd).ti_min_rtt / 4;
		EXPECT_LE(PATH_US / 4, after);
		sample(&l, s->us, start + after + PATH_US, start, after + PATH_US);
		/* No FIN, which would have a probe of its own. */
		say(p, .flags = RST, .seq = p->snd_nxt);
		close(fd);
	}
	EXPECT_EQ(20, stat_get("TCPFastRetrans"));
	EXPECT_EQ(0, stat_get("TCPLossProbes"));
	EXPECT_TRUE(tell("reorder", &l, NULL));
}

TEST_F(wire, persist)
{
	struct peer *p = &self->p;
	struct lateness l = { 0 };
	int64_t start, due, last = 0;
	int fd;

	if (!is_tern())
		SKIP(return, "TCP_RTO_MIN_US is not in 6.12");
	p->has_mad = true;
	ASSERT_EQ(0, peer_dial(p, &fd));
	ASSERT_EQ(0, sysctl_set("rto_min_us", "1000"));
	ASSERT_EQ(0, sysctl_set("rto_max_us", "1000"));
	say(p, .flags = ACK, .seq = p->snd_nxt, .ack = p->rcv_nxt, .win0 = true);
	start = now_us();
	ASSERT_EQ(1, send(fd, "x", 1, 0));
	due = start;
	for (int k = 0; k < 120; k++) {
		ASSERT_EQ(0, expect(p, &self->s, ACK));
		due += 1000;
		sample(&l, self->s.us, due, k ? last : start, 1000);
		last = self->s.us;
		say(p, .flags = ACK, .seq = p->snd_nxt, .ack = p->rcv_nxt, .win0 = true);
	}
	EXPECT_TRUE(tell("persist", &l, NULL));
}

TEST_F(wire, keepalive)
{
	struct peer *p = &self->p;
	struct lateness l = { 0 };
	int64_t start, due, last;
	int fd, one = 1;

	if (!is_tern())
		SKIP(return, "TCP counts in seconds");
	ASSERT_EQ(0, peer_dial(p, &fd));
	ASSERT_EQ(0, set(fd, TERN_KEEPIDLE_US, 1500));
	ASSERT_EQ(0, set(fd, TERN_KEEPCNT, 127));
	/* Idle time, started anew by each answer; no second probe meanwhile */
	ASSERT_EQ(0, set(fd, TERN_KEEPINTVL_US, 100000000));
	ASSERT_EQ(0, setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one)));
	while (hear(p, &self->s, 20))
		;
	for (int k = 0; k < 60; k++) {
		start = now_us();
		say(p, .flags = ACK, .seq = p->snd_nxt, .ack = p->rcv_nxt);
		ASSERT_EQ(0, expect(p, &self->s, ACK));
		sample(&l, self->s.us, start + 1500, start, 1500);
	}
	EXPECT_TRUE(tell("keepidle", &l, NULL));

	memset(&l, 0, sizeof(l));
	ASSERT_EQ(0, set(fd, TERN_KEEPINTVL_US, 700));
	start = now_us();
	say(p, .flags = ACK, .seq = p->snd_nxt, .ack = p->rcv_nxt);
	due = start + 1500;
	last = 0;
	for (int k = 0; k < 127; k++) {
		ASSERT_EQ(0, expect(p, &self->s, ACK));
		sample(&l, self->s.us, due, k ? last : start, k ? 700 : 1500);
		last = self->s.us;
		due += 700;
	}
	ASSERT_TRUE(sk_wait(fd, 0, SOON) & POLLERR);
	EXPECT_GE(now_us(), due);
	EXPECT_EQ(ETIMEDOUT, sk_error(fd));
	EXPECT_TRUE(tell("keepintvl", &l, NULL));
}

TEST_F(wire, delack)
{
	struct peer *p = &self->p;
	struct lateness l = { 0 };
	int fd;

	if (!is_tern())
		SKIP(return, "TCP's least is 40 ms");
	ASSERT_EQ(0, sysctl_set("delack_max_us", "500"));
	ASSERT_EQ(0, peer_dial(p, &fd));
	for (int k = 0; k < 120; k++) {
		int64_t start = now_us();

		say(p, .flags = ACK | PSH, .seq = p->snd_nxt, .ack = p->rcv_nxt, .len = 10);
		p->snd_nxt += 10;
		ASSERT_EQ(0, expect(p, &self->s, ACK));
		ASSERT_EQ(p->snd_nxt, self->s.ack);
		/* The first ones are quick. */
		if (k >= 20)
			sample(&l, self->s.us, start + 500, start, 500);
	}
	EXPECT_TRUE(tell("delack", &l, NULL));
}

TEST_F(wire, user_timeout)
{
	struct peer *p = &self->p;
	struct lateness l[2] = { 0 };

	if (!is_tern())
		SKIP(return, "measures both");
	for (int i = 0; i < 25; i++) {
		struct lateness *here = &l[i % 5 == 4];
		int64_t start;
		int fd;

		if (i % 5 == 4)
			setenv("TERN_PROTO", "6", 1);
		else
			unsetenv("TERN_PROTO");
		wire_drain(&self->w);
		peer_init(p, &self->w, PORT + i, 0);
		ASSERT_EQ(0, peer_dial(p, &fd));
		ASSERT_EQ(0, set(fd, TERN_USER_TIMEOUT, 20));
		start = now_us();
		ASSERT_EQ(1, send(fd, "x", 1, 0));
		ASSERT_TRUE(sk_wait(fd, 0, SOON) & POLLERR);
		sample(here, now_us(), start + 20000, start, 20000);
		EXPECT_EQ(ETIMEDOUT, sk_error(fd));
		close(fd);
	}
	EXPECT_TRUE(tell("user_timeout", &l[0], &l[1]));
}

/*
 * @n connections that end at @us after @start[], looked at again and again:
 * the list of sockets tells which are left. A look takes a while itself.
 */
static int watch(struct lateness *l, int n, const int64_t *start, const int *port,
		 int64_t us)
{
	static char text[65536];
	bool gone[MANY] = { false };
	int fd = open("/proc/thread-self/net/tern", O_RDONLY);
	int left = n;

	if (fd < 0)
		return -1;
	sleep_until(start[0] + us - 2000);
	while (left) {
		int64_t before = now_us(), after;
		size_t len = 0;
		ssize_t got;

		lseek(fd, 0, SEEK_SET);
		while ((got = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
			len += got;
		text[len] = '\0';
		after = now_us();
		if (before > start[n - 1] + us + SOON * 1000LL)
			break;
		for (int i = 0; i < n; i++) {
			char key[16];

			snprintf(key, sizeof(key), ":%d ", port[i]);
			if (gone[i] || strstr(text, key))
				continue;
			gone[i] = true;
			left--;
			sample(l, after, start[i] + us, start[i], us);
		}
	}
	close(fd);
	return left ? -1 : 0;
}

/* Closed by the host; the peer acknowledges with @flags */
static int closed(struct peer *p, struct seg *s, struct lateness *l, int rounds, int n,
		  int flags, int64_t us)
{
	int64_t start[MANY];
	int port[MANY];

	for (int r = 0; r < rounds; r++) {
		for (int i = 0; i < n; i++) {
			int fd;

			peer_init(p, p->w, PORT, 0);
			if (peer_dial(p, &fd) || close(fd) || expect(p, s, FIN | ACK))
				return -1;
			start[i] = now_us();
			port[i] = p->to_port;
			say(p, .flags = flags, .seq = p->snd_nxt, .ack = p->rcv_nxt + 1);
			if (flags & FIN && expect(p, s, ACK))
				return -1;
		}
		if (watch(l, n, start, port, us))
			return -1;
	}
	return 0;
}

/* Few at once in time travel, where a look at the list takes time too */
TEST_F(wire, time_wait)
{
	struct lateness l = { 0 };
	bool tt = timetravel();

	if (!is_tern())
		SKIP(return, "TCP's is a constant");
	ASSERT_EQ(0, sysctl_set("msl_ms", "50"));
	ASSERT_EQ(0, closed(&self->p, &self->s, &l, tt ? 4 : 6, tt ? 1 : MANY, FIN | ACK,
			    100000));
	EXPECT_TRUE(tell("time_wait", &l, NULL));
}

TEST_F(wire, fin_wait2)
{
	struct lateness l = { 0 };
	bool tt = timetravel();

	if (!is_tern())
		SKIP(return, "TCP counts in seconds");
	ASSERT_EQ(0, sysctl_set("fin_timeout_ms", "50"));
	ASSERT_EQ(0, closed(&self->p, &self->s, &l, tt ? 4 : 6, tt ? 1 : MANY, ACK,
			    50000));
	EXPECT_TRUE(tell("fin_wait2", &l, NULL));
}

TEST_HARNESS_MAIN
