// SPDX-License-Identifier: GPL-2.0
/*
 * timers-bounds: timers at the least and the most that sysctls and options
 * allow: none fires early, none is lost, none runs away with the machine.
 */
#include "fixture.h"

WIRE_FIXTURE()

static int set(int fd, int level, int name, int val)
{
	return setsockopt(fd, level, name, &val, sizeof(val));
}

/* The timer shown is @name, due in nearly @ms. */
static bool armed(struct peer *p, const char *name, double ms)
{
	struct sk_line k = sk_find(p->to_port, p->port, 0);

	if (!strcmp(k.timer, name) && k.left_ms <= ms && k.left_ms > ms - SOON)
		return true;
	fprintf(stderr, "# timer %s, %.3f ms left\n", k.timer, k.left_ms);
	return false;
}

TEST_F(wire, keepalive_longest)
{
	struct peer *p = &self->p;
	int fd;

	if (!is_tern())
		SKIP(return, "not in TCP's list");
	ASSERT_EQ(0, peer_dial(p, &fd));
	ASSERT_EQ(0, set(fd, SOL_SOCKET, SO_KEEPALIVE, 1));
	EXPECT_EQ(-1, set(fd, SOL_TERN, TERN_KEEPIDLE, 32768));
	ASSERT_EQ(0, set(fd, SOL_TERN, TERN_KEEPIDLE, 32767));
	EXPECT_TRUE(armed(p, "keepalive", 32767000));
	ASSERT_EQ(0, set(fd, SOL_TERN, TERN_KEEPIDLE_US, 0x7fffffff));
	EXPECT_TRUE(armed(p, "keepalive", 2147483.647));
	EXPECT_TRUE(silence(p, QUIET));
}

TEST_F(wire, keepalive_sysctl_longest)
{
	struct peer *p = &self->p;
	int fd;

	if (!is_tern())
		SKIP(return, "not in TCP's list");
	ASSERT_EQ(0, sysctl_set("keepalive_time", "32767"));
	EXPECT_EQ(-EINVAL, sysctl_set("keepalive_time", "32768"));
	EXPECT_EQ(-EINVAL, sysctl_set("keepalive_time_ms", "32767001"));
	ASSERT_EQ(0, peer_dial(p, &fd));
	ASSERT_EQ(0, set(fd, SOL_SOCKET, SO_KEEPALIVE, 1));
	EXPECT_TRUE(armed(p, "keepalive", 32767000));
}

/* Probes every microsecond: as many as were asked for, and the end. */
TEST_F(wire, keepalive_shortest)
{
	struct peer *p = &self->p;
	int fd, n = 0;

	if (!is_tern())
		SKIP(return, "TCP counts in seconds");
	ASSERT_EQ(0, peer_dial(p, &fd));
	EXPECT_EQ(-1, set(fd, SOL_TERN, TERN_KEEPIDLE_US, 0));
	ASSERT_EQ(0, set(fd, SOL_TERN, TERN_KEEPIDLE_US, 1));
	ASSERT_EQ(0, set(fd, SOL_TERN, TERN_KEEPINTVL_US, 1));
	ASSERT_EQ(0, set(fd, SOL_TERN, TERN_KEEPCNT, 127));
	ASSERT_EQ(0, set(fd, SOL_SOCKET, SO_KEEPALIVE, 1));
	ASSERT_TRUE(sk_wait(fd, 0, SOON) & POLLERR);
	EXPECT_EQ(ETIMEDOUT, sk_error(fd));
	while (hear(p, &self->s, QUIET))
		n += self->s.flags == ACK;
	EXPECT_EQ(127, n);
}

static int to_tw(struct peer *p, struct seg *s, int port)
{
	int fd;

	peer_init(p, p->w, port, 0);
	if (peer_dial(p, &fd) || close(fd) || expect(p, s, FIN | ACK))
		return -1;
	say(p, .flags = FIN | ACK, .seq = p->snd_nxt, .ack = p->rcv_nxt + 1);
	return expect(p, s, ACK);
}

TEST_F_TIMEOUT(wire, msl, 20000)
{
	struct peer *p = &self->p;

	if (!is_tern())
		SKIP(return, "TCP's is a constant");
	EXPECT_EQ(-EINVAL, sysctl_set("msl_ms", "0"));
	EXPECT_EQ(-EINVAL, sysctl_set("msl_ms", "3600001"));
	ASSERT_EQ(0, sysctl_set("msl_ms", "1"));
	ASSERT_EQ(0, to_tw(p, &self->s, PORT));
	EXPECT_TRUE(wait_gone(p->to_port, p->port, SOON));
	ASSERT_EQ(0, sysctl_set("msl_ms", "3600000"));
	ASSERT_EQ(0, to_tw(p, &self->s, PORT + 1));
	EXPECT_TRUE(armed(p, "timewait", 7200000));
	if (!timetravel())
		return;
	sleep_until(self->s.us + 7200000000LL - 50000);
	EXPECT_EQ(TERN_TIME_WAIT, sk_state(p->to_port, p->port));
	EXPECT_TRUE(wait_gone(p->to_port, p->port, SOON));
	EXPECT_TRUE(near_us(now_us() - self->s.us, 7200000000LL));
}

TEST_F(wire, fin_timeout)
{
	struct peer *p = &self->p;
	int fd;

	if (!is_tern())
		SKIP(return, "TCP counts in seconds");
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, sysctl_set("fin_timeout_ms", i ? "32767000" : "1"));
		peer_init(p, &self->w, PORT + i, 0);
		ASSERT_EQ(0, peer_dial(p, &fd));
		ASSERT_EQ(0, close(fd));
		ASSERT_EQ(0, expect(p, &self->s, FIN | ACK));
		say(p, .flags = ACK, .seq = p->snd_nxt, .ack = p->rcv_nxt + 1);
		if (i) {
			EXPECT_TRUE(wait_state(p->to_port, p->port, TERN_FIN_WAIT2, SOON));
			EXPECT_TRUE(armed(p, "finwait2", 32767000));
		} else {
			EXPECT_TRUE(wait_gone(p->to_port, p->port, SOON));
		}
	}
}

/* SYNs at once, in a row, with the least RTO, and the longest one */
TEST_F_TIMEOUT(wire, rto_init, 10000)
{
	struct peer *p = &self->p;
	int fd, n = 0;

	if (!is_tern())
		SKIP(return, "TCP's is a constant");
	ASSERT_EQ(0, sysctl_set("rto_init_us", "1"));
	ASSERT_EQ(0, sysctl_set("rto_max_us", "1000"));
	ASSERT_EQ(0, sysctl_set("syn_retries", "127"));
	fd = sk_new(SOCK_NONBLOCK);
	sk_connect(fd, HOST_B, PORT);
	ASSERT_TRUE(sk_wait(fd, 0, SOON) & POLLERR);
	EXPECT_EQ(ETIMEDOUT, sk_error(fd));
	while (hear(p, &self->s, QUIET))
		n += self->s.flags == SYN;
	EXPECT_EQ(128, n);

	ASSERT_EQ(0, sysctl_set("rto_max_us", "600000000"));
	ASSERT_EQ(0, sysctl_set("rto_init_us", "600000000"));
	fd = sk_new(SOCK_NONBLOCK);
	sk_connect(fd, HOST_B, PORT);
	ASSERT_EQ(0, expect(p, &self->s, SYN));
	p->to_port = self->s.sport;
	EXPECT_TRUE(armed(p, "retransmit", 600000));
	if (!timetravel())
		return;
	for (int i = 1; i < 3; i++) {
		int64_t start = self->s.us;

		ASSERT_EQ(1, hear(p, &self->s, 600000 + SOON));
		EXPECT_TRUE(near_us(self->s.us - start, 600000000));
	}
}

TEST_F(wire, synack)
{
	struct peer *p = &self->p;
	int n = 1;

	if (!is_tern())
		SKIP(return, "TCP's is a constant");
	ASSERT_EQ(0, sysctl_set("rto_init_us", "1"));
	ASSERT_EQ(0, sysctl_set("rto_max_us", "1000"));
	ASSERT_EQ(0, sysctl_set("synack_retries", "255"));
	ASSERT_GE(sk_listen(PORT, 4), 0);
	p->port = 5000;
	p->to_port = PORT;
	say(p, .flags = SYN, .seq = 100, .mss = MSS);
	ASSERT_EQ(0, expect(p, &self->s, SYN | ACK));
	EXPECT_TRUE(wait_gone(PORT, 5000, SOON));
	while (hear(p, &self->s, QUIET))
		n += self->s.flags == (SYN | ACK);
	EXPECT_EQ(256, n);
}

/* The least of everything: so many resends, and the end */
TEST_F(wire, rto_least)
{
	struct peer *p = &self->p;
	int fd, n = 0;

	if (!is_tern())
		SKIP(return, "TCP's is a constant");
	p->has_mad = true;
	ASSERT_EQ(0, peer_dial(p, &fd));
	ASSERT_EQ(0, set(fd, SOL_TERN, TERN_RTO_MIN_US, 1));
	ASSERT_EQ(0, set(fd, SOL_TERN, TERN_RTO_MAX_US, 1));
	ASSERT_EQ(0, sysctl_set("retries2", "255"));
	ASSERT_EQ(1, send(fd, "x", 1, 0));
	ASSERT_TRUE(sk_wait(fd, 0, SOON) & POLLERR);
	EXPECT_EQ(ETIMEDOUT, sk_error(fd));
	while (hear(p, &self->s, QUIET))
		n += self->s.len == 1;
	EXPECT_EQ(256, n);
}

TEST_F(wire, rto_most)
{
	struct peer *p = &self->p;
	int fd;

	if (!is_tern())
		SKIP(return, "TCP's is a constant");
	p->has_mad = true;
	p->mad = 0xffffffff;
	ASSERT_EQ(0, peer_dial(p, &fd));
	EXPECT_EQ(-1, set(fd, SOL_TERN, TERN_RTO_MIN_US, 600000001));
	ASSERT_EQ(0, set(fd, SOL_TERN, TERN_RTO_MIN_US, 600000000));
	ASSERT_EQ(0, set(fd, SOL_TERN, TERN_RTO_MAX_US, 600000000));
	ASSERT_EQ(1, send(fd, "x", 1, 0));
	ASSERT_EQ(0, expect(p, &self->s, ACK));
	EXPECT_TRUE(armed(p, "retransmit", 600000));
	EXPECT_TRUE(silence(p, QUIET));
}

TEST_F(wire, delack)
{
	struct peer *p = &self->p;
	int fd;

	if (!is_tern())
		SKIP(return, "TCP adapts");
	/* What the SYN tells is the bound from then on. */
	ASSERT_EQ(0, sysctl_set("delack_max_us", "500000"));
	ASSERT_EQ(0, peer_dial(p, &fd));
	/* The first ones are quick. */
	for (int k = 0; k <= 40; k++) {
		int64_t start;

		ASSERT_EQ(0, sysctl_set("delack_max_us", k == 40 ? "500000" : k % 2 ? "0" : "1"));
		start = now_us();
		say(p, .flags = ACK | PSH, .seq = p->snd_nxt, .ack = p->rcv_nxt, .len = 10);
		p->snd_nxt += 10;
		ASSERT_EQ(0, expect(p, &self->s, ACK));
		EXPECT_EQ(p->snd_nxt, self->s.ack);
		if (k == 40)
			EXPECT_TRUE(near_us(self->s.us - start, 500000));
	}
}

TEST_F(wire, user_timeout)
{
	struct peer *p = &self->p;
	/* On a slow machine so long that it is seen before it fires */
	int fd, rto_ms = timetravel() ? 200 : 2000;

	if (!is_tern())
		SKIP(return, "TCP's clock is too coarse");
	for (int i = 0; i < 2; i++) {
		peer_init(p, &self->w, PORT + i, 0);
		p->has_mad = true;
		ASSERT_EQ(0, peer_dial(p, &fd));
		EXPECT_EQ(-1, set(fd, SOL_TERN, TERN_USER_TIMEOUT, -1));
		ASSERT_EQ(0, set(fd, SOL_TERN, TERN_USER_TIMEOUT, i ? 0x7fffffff : 1));
		ASSERT_EQ(0, set(fd, SOL_TERN, TERN_RTO_MIN_US, rto_ms * 1000));
		ASSERT_EQ(1, send(fd, "x", 1, 0));
		ASSERT_EQ(0, expect(p, &self->s, ACK));
		if (i) {
			/* The RTO as ever */
			EXPECT_TRUE(armed(p, "retransmit", rto_ms));
			EXPECT_EQ(1, hear(p, &self->s, SOON));
			EXPECT_EQ(TERN_ESTABLISHED, sk_state(p->to_port, p->port));
		} else {
			ASSERT_TRUE(sk_wait(fd, 0, SOON) & POLLERR);
			EXPECT_EQ(ETIMEDOUT, sk_error(fd));
		}
	}
}

/* A shut window and no time to answer: so many probes, and the end */
TEST_F(wire, persist_least)
{
	struct peer *p = &self->p;
	int fd, n = 0;

	if (!is_tern())
		SKIP(return, "TCP's is a constant");
	p->has_mad = true;
	ASSERT_EQ(0, peer_dial(p, &fd));
	ASSERT_EQ(0, set(fd, SOL_TERN, TERN_RTO_MAX_US, 1));
	ASSERT_EQ(0, sysctl_set("retries2", "255"));
	say(p, .flags = ACK, .seq = p->snd_nxt, .ack = p->rcv_nxt, .win0 = true);
	ASSERT_EQ(1, send(fd, "x", 1, 0));
	ASSERT_TRUE(sk_wait(fd, 0, SOON) & POLLERR);
	EXPECT_EQ(ETIMEDOUT, sk_error(fd));
	while (hear(p, &self->s, QUIET))
		n += self->s.flags == ACK && !self->s.len;
	EXPECT_EQ(255, n);
}

TEST_HARNESS_MAIN
