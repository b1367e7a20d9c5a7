// SPDX-License-Identifier: GPL-2.0
/*
 * What may take a pair of ports out of TIME-WAIT before its time: a connect()
 * of ours under tw_reuse (RFC 6191; 1 s is the least age), and max_tw_buckets.
 */
#include "fixture.h"
#include "timewait.h"

WIRE_FIXTURE()

#define FROM	5000
#define AGE	1050000		/* a second, and some */

/* Who chooses port FROM: bind(), or connect(), to which it is the only one */
static bool by_bind;

static int from_only(void)
{
	char range[32];

	by_bind = false;
	snprintf(range, sizeof(range), "%d %d", FROM, FROM);
	return file_put("/proc/sys/net/ipv4/ip_local_port_range", range);
}

/* Opened and first closed by us, from port FROM */
static int aged(struct peer *p, struct seg *s)
{
	int fd = sk_dial(HOST_B, PORT, by_bind ? FROM : 0, SOCK_NONBLOCK);

	if (fd < 0 || peer_accept(p) || closes_first(p, s, fd))
		return -1;
	return wait_state(FROM, PORT, TERN_TIME_WAIT, SOON) ? 0 : -1;
}

/* connect() from a port in TIME-WAIT: 0, or the error */
static int again(const char *host)
{
	int fd = sk_new(SOCK_NONBLOCK), one = 1, ret = 0;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if ((by_bind && sk_bind(fd, NULL, FROM)) ||
	    (sk_connect(fd, host, PORT) && errno != EINPROGRESS))
		ret = errno;
	if (ret)
		close(fd);
	return ret;
}

/* A new connection's numbers and timestamps are beyond the old one's. */
static bool beyond(struct peer *p, struct seg *s, uint32_t seq, uint32_t ts)
{
	return !expect(p, s, SYN) && (int32_t)(s->seq - seq) > 0 && s->has_ts &&
	       (int32_t)(s->tsval - ts) > 0 && sk_count(FROM, PORT, 0) == 1 &&
	       sk_state(FROM, PORT) == TERN_SYN_SENT;
}

TEST_F(wire, rfc6191_2__chosen_by_bind)
{
	struct peer *p = &self->p;
	uint32_t seq, ts;

	by_bind = true;
	ASSERT_EQ(0, sysctl_set("tw_reuse", "0"));
	p->ts = true;
	ASSERT_EQ(0, aged(p, &self->s));
	seq = p->rcv_nxt;
	ts = self->s.tsval;
	ASSERT_EQ(0, again(HOST_B));
	EXPECT_TRUE(beyond(p, &self->s, seq, ts));
}

TEST_F(wire, rfc6191_2__reused)
{
	struct peer *p = &self->p;
	uint32_t seq, ts;

	ASSERT_EQ(0, from_only());
	ASSERT_EQ(0, sysctl_set("tw_reuse", "1"));
	p->ts = true;
	ASSERT_EQ(0, aged(p, &self->s));
	seq = p->rcv_nxt;
	ts = self->s.tsval;
	/* Somebody else's port, and a moment old */
	EXPECT_EQ(EADDRNOTAVAIL, again(HOST_B));
	EXPECT_EQ(TERN_TIME_WAIT, sk_state(FROM, PORT));
	usleep(AGE);
	ASSERT_EQ(0, again(HOST_B));
	EXPECT_TRUE(beyond(p, &self->s, seq, ts));
}

/* tw_reuse_delay_ms: sooner, later, but not later than msl_ms */
TEST_F(wire, rfc6191_2__delay)
{
	struct peer *p = &self->p;

	if (!is_tern())
		SKIP(return, "TCP has it since 6.14");
	ASSERT_EQ(0, from_only());
	ASSERT_EQ(0, sysctl_set("tw_reuse", "1"));
	p->ts = true;
	ASSERT_EQ(0, aged(p, &self->s));
	ASSERT_EQ(0, sysctl_set("tw_reuse_delay_ms", "20000"));
	usleep(AGE);
	EXPECT_EQ(EADDRNOTAVAIL, again(HOST_B));
	ASSERT_EQ(0, sysctl_set("msl_ms", "500"));
	ASSERT_EQ(0, again(HOST_B));
	EXPECT_EQ(TERN_SYN_SENT, sk_state(FROM, PORT));
}

TEST_F(wire, rfc6191_2__no_delay)
{
	struct peer *p = &self->p;

	if (!is_tern())
		SKIP(return, "TCP has it since 6.14");
	ASSERT_EQ(0, from_only());
	ASSERT_EQ(0, sysctl_set("tw_reuse", "1"));
	ASSERT_EQ(0, sysctl_set("tw_reuse_delay_ms", "0"));
	p->ts = true;
	ASSERT_EQ(0, aged(p, &self->s));
	EXPECT_EQ(0, again(HOST_B));
}

TEST_F(wire, rfc6191_2__needs_timestamps)
{
	by_bind = true;
	ASSERT_EQ(0, sysctl_set("tw_reuse", "1"));
	ASSERT_EQ(0, aged(&self->p, &self->s));
	usleep(AGE);
	EXPECT_EQ(EADDRNOTAVAIL, again(HOST_B));
	EXPECT_EQ(TERN_TIME_WAIT, sk_state(FROM, PORT));
}

TEST_F(wire, not_reused)
{
	ASSERT_EQ(0, from_only());
	/* 2, the default: on loopback only */
	self->p.ts = true;
	ASSERT_EQ(0, aged(&self->p, &self->s));
	usleep(AGE);
	EXPECT_EQ(EADDRNOTAVAIL, again(HOST_B));
	ASSERT_EQ(0, sysctl_set("tw_reuse", "0"));
	EXPECT_EQ(EADDRNOTAVAIL, again(HOST_B));
	EXPECT_EQ(TERN_TIME_WAIT, sk_state(FROM, PORT));
}

/* Its last ACK, sent again, goes by the mark that the socket had. */
TEST_F(wire, so_mark)
{
	const char *v = is_v6() ? "-6" : "-4";
	struct peer *p = &self->p;
	int fd, mark = 42;

	if (topo_run(&self->t, 0, "ip %s rule add fwmark 42 prohibit", v))
		SKIP(return, "a kernel without routing rules");
	if (is_tern())
		ASSERT_EQ(0, sysctl_set("invalid_ratelimit", "0"));
	ASSERT_EQ(0, peer_dial(p, &fd));
	/* The route is the connection's own by now. */
	ASSERT_EQ(0, topo_run(&self->t, 0, "ip %s rule del fwmark 42 prohibit", v));
	ASSERT_EQ(0, setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)));
	ASSERT_EQ(0, closes_first(p, &self->s, fd));
	ASSERT_TRUE(wait_state(p->to_port, PORT, TERN_TIME_WAIT, SOON));
	ASSERT_EQ(0, topo_run(&self->t, 0, "ip %s rule add fwmark 42 prohibit", v));
	say(p, .flags = FIN | ACK, .seq = p->snd_nxt - 1, .ack = p->rcv_nxt);
	EXPECT_TRUE(silence(p, QUIET));
	ASSERT_EQ(0, topo_run(&self->t, 0, "ip %s rule del fwmark 42 prohibit", v));
	say(p, .flags = FIN | ACK, .seq = p->snd_nxt - 1, .ack = p->rcv_nxt);
	EXPECT_EQ(0, expect(p, &self->s, ACK));
}

TEST_F(wire, loopback)
{
	int listener = sk_listen(PORT, 4), c, s;

	ASSERT_GE(listener, 0);
	ASSERT_EQ(0, from_only());
	c = sk_dial("127.0.0.1", PORT, 0, 0);
	ASSERT_GE(c, 0);
	s = accept(listener, NULL, NULL);
	ASSERT_GE(s, 0);
	close(c);
	ASSERT_EQ(POLLIN, sk_wait(s, POLLIN, SOON));
	close(s);
	ASSERT_TRUE(wait_state(FROM, PORT, TERN_TIME_WAIT, SOON));
	usleep(AGE);
	EXPECT_EQ(0, again("127.0.0.1"));
	ASSERT_EQ(POLLIN, sk_wait(listener, POLLIN, SOON));
	EXPECT_GE(accept(listener, NULL, NULL), 0);
	EXPECT_EQ(TERN_ESTABLISHED, sk_state(FROM, PORT));
}

/* RFC 1337 3: a reset changes nothing, as is the default; else the exact one does. */
TEST_F(wire, rfc1337_3__reset)
{
	struct peer *p = &self->p;

	if (!is_tern())
		sysctl_set("rfc1337", "1");
	by_bind = true;
	ASSERT_EQ(0, aged(p, &self->s));
	say(p, .flags = RST, .seq = p->snd_nxt);
	EXPECT_TRUE(silence(p, QUIET));
	EXPECT_EQ(TERN_TIME_WAIT, sk_state(FROM, PORT));
	ASSERT_EQ(0, sysctl_set("rfc1337", "0"));
	say(p, .flags = RST, .seq = p->snd_nxt + 1);
	EXPECT_TRUE(silence(p, QUIET));
	EXPECT_EQ(TERN_TIME_WAIT, sk_state(FROM, PORT));
	say(p, .flags = RST, .seq = p->snd_nxt);
	EXPECT_TRUE(wait_gone(FROM, PORT, SOON));
	EXPECT_TRUE(silence(p, QUIET));
	if (is_tern())
		EXPECT_EQ(1, stat_get("TWKilled"));
}

/* TIME-WAIT for two hours, @old the peer's last timestamp in it; -1: failed */
static int64_t long_wait(struct peer *p, struct seg *s, uint32_t *old)
{
	p->ts = true;
	p->port = FROM;
	if (sysctl_set("msl_ms", "3600000") || to_time_wait(p, s, sk_listen(PORT, 4)))
		return -1;
	*old = p->tsval;
	return now_us();
}

#define HALF_HOUR	1800000000U
#define FORTY_MINUTES	2400000000U

/*
 * RFC 7323 5.5: 36 minutes are half of the timestamps' range. What comes later
 * seems older, and is not. A SYN:
 */
TEST_F_TIMEOUT(wire, rfc7323_5_5__syn, 10000)
{
	struct peer *p = &self->p;
	int64_t start;
	uint32_t old;

	if (!is_tern() || !timetravel())
		SKIP(return, "takes 40 minutes; TCP's timestamps take 25 days");
	start = long_wait(p, &self->s, &old);
	ASSERT_GT(start, 0);
	p->tsecr = 0;
	/* So long it is still to be told which is older. */
	sleep_until(start + HALF_HOUR);
	p->tsval = old - 1;
	say(p, .flags = SYN, .seq = p->snd_nxt - 50000, .mss = MSS);
	ASSERT_EQ(0, expect(p, &self->s, ACK));
	EXPECT_EQ(TERN_TIME_WAIT, sk_state(PORT, FROM));
	sleep_until(start + FORTY_MINUTES);
	p->tsval = old + FORTY_MINUTES;
	say(p, .flags = SYN, .seq = p->snd_nxt - 50000, .mss = MSS);
	ASSERT_EQ(0, expect(p, &self->s, SYN | ACK));
	EXPECT_EQ(p->snd_nxt - 50000 + 1, self->s.ack);
}

/* A FIN: acknowledged, and TIME-WAIT begins anew */
TEST_F_TIMEOUT(wire, rfc7323_5_5__fin, 10000)
{
	struct peer *p = &self->p;
	int64_t start;
	uint32_t old;

	if (!is_tern() || !timetravel())
		SKIP(return, "takes 40 minutes; TCP's timestamps take 25 days");
	start = long_wait(p, &self->s, &old);
	ASSERT_GT(start, 0);
	sleep_until(start + FORTY_MINUTES);
	p->tsval = old + FORTY_MINUTES;
	say(p, .flags = FIN | ACK, .seq = p->snd_nxt - 1, .ack = p->rcv_nxt);
	ASSERT_EQ(0, expect(p, &self->s, ACK));
	EXPECT_EQ(p->tsval, self->s.tsecr);
	EXPECT_LT(7200000 - SOON, sk_find(PORT, FROM, TERN_TIME_WAIT).left_ms);
	EXPECT_EQ(0, stat_get("PAWSEstab"));
}

/* The peer opens anew with an old timestamp: the ACK of its SYN, a RST of that */
static int leftover(struct peer *p, struct seg *s, int flags, int len)
{
	int fd;

	p->ts = true;
	p->tsval = 100000;
	p->port = FROM;
	fd = sk_listen(PORT, 4);
	if (sysctl_set("invalid_ratelimit", "0") || to_time_wait(p, s, fd))
		return -1;
	p->tsval = 50000;
	say(p, .flags = flags, .seq = p->snd_nxt - 6, .ack = p->rcv_nxt, .len = len,
	    .data = "late!");
	return expect(p, s, ACK) || s->ack != p->snd_nxt ? -1 : 0;
}

/* RFC 9293 3.10.7.3: it knows of no old connection, so nor need we. */
TEST_F(wire, rst_of_opener)
{
	struct peer *p = &self->p;

	if (!is_tern())
		SKIP(return, "TCP's rfc1337 is for all");
	ASSERT_EQ(0, leftover(p, &self->s, SYN, 0));
	say(p, .flags = RST, .seq = self->s.ack + 1);
	EXPECT_TRUE(silence(p, QUIET));
	EXPECT_EQ(TERN_TIME_WAIT, sk_state(PORT, FROM));
	say(p, .flags = SYN, .seq = p->snd_nxt - 6);
	ASSERT_EQ(0, expect(p, &self->s, ACK));
	say(p, .flags = RST, .seq = self->s.ack);
	EXPECT_TRUE(wait_gone(PORT, FROM, SOON));
	p->tsecr = 0;
	say(p, .flags = SYN, .seq = p->snd_nxt - 6);
	EXPECT_EQ(0, expect(p, &self->s, SYN | ACK));
}

/* Later than an RTO it is somebody else's. */
TEST_F(wire, rst_too_late)
{
	struct peer *p = &self->p;

	if (!is_tern())
		SKIP(return, "TCP's rfc1337 is for all");
	ASSERT_EQ(0, leftover(p, &self->s, SYN, 0));
	usleep(3000000);
	say(p, .flags = RST, .seq = self->s.ack);
	EXPECT_TRUE(silence(p, QUIET));
	EXPECT_EQ(TERN_TIME_WAIT, sk_state(PORT, FROM));
}

/* RFC 1337 2: an old duplicate of data makes the peer's host send it. */
TEST_F(wire, rfc1337_2__rst_of_duplicate)
{
	struct peer *p = &self->p;

	if (!is_tern())
		SKIP(return, "TCP's rfc1337 is for all");
	ASSERT_EQ(0, leftover(p, &self->s, ACK | PSH, 5));
	say(p, .flags = RST, .seq = self->s.ack);
	EXPECT_TRUE(silence(p, QUIET));
	EXPECT_EQ(TERN_TIME_WAIT, sk_state(PORT, FROM));
}

/* No more than max_tw_buckets: the next is forgotten at once, and counted. */
TEST_F(wire, rfc9293_3_3_2__too_many)
{
	struct peer *p = &self->p;
	long over = stat_get("TCPTimeWaitOverflow");

	if (!is_tern())
		SKIP(return, "TCP's limit is approximate");
	ASSERT_EQ(0, sysctl_set("max_tw_buckets", "1"));
	for (int i = 0; i < 2; i++) {
		int fd;

		p->to_port = 0;
		ASSERT_EQ(0, peer_dial(p, &fd));
		ASSERT_EQ(0, closes_first(p, &self->s, fd));
		if (!i) {
			EXPECT_TRUE(wait_state(p->to_port, PORT, TERN_TIME_WAIT, SOON));
		}
	}
	EXPECT_TRUE(wait_gone(p->to_port, PORT, SOON));
	EXPECT_EQ(1, sk_count(0, PORT, TERN_TIME_WAIT));
	EXPECT_EQ(over + 1, stat_get("TCPTimeWaitOverflow"));
}

TEST_HARNESS_MAIN
