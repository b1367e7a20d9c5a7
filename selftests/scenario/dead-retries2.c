// SPDX-License-Identifier: GPL-2.0
/*
 * dead-retries2: the peer is gone, data is unacknowledged: a loss probe, then
 * retries2 resends, each interval twice the last up to rto_max_us, then
 * ETIMEDOUT: 924.6 s after the probe at an RTO of 200 ms. TERN_USER_TIMEOUT
 * ends it sooner. RFC 9293, 3.8.3; RFC 6298; RFC 8985, 7.
 */
#include "clock.h"
#include "fixture.h"

WIRE_FIXTURE()
HOSTS_FIXTURE()

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

/* What the application gets, and what the peer keeps. */
TEST_F_TIMEOUT(hosts, both_ends, 10000)
{
	static const int c[] = { TERN_SYN_SENT, TERN_ESTABLISHED, TERN_CLOSE };
	long timeouts, aborts, resent, probes;
	struct trace tr;
	int fd[2], port;
	char b = 'x';

	if (!is_tern() && !timetravel())
		SKIP(return, "takes 924.6 s");
	if (is_tern())
		ASSERT_EQ(0, trace_open(&tr));
	if (!timetravel()) {
		ASSERT_EQ(0, sysctl_set("retries2", "2"));
		ASSERT_EQ(0, sysctl_set("rto_max_us", "400000"));
	}
	ASSERT_EQ(0, sk_pair(&self->t, fd, PORT));
	port = sk_port(fd[0]);
	timeouts = stat_get("TCPTimeouts");
	aborts = stat_get("TCPAbortOnTimeout");
	resent = stat_get("RetransSegs");
	probes = stat_get("TCPLossProbes");
	ASSERT_EQ(0, topo_cut(&self->t));
	ASSERT_EQ(1, send(fd[0], &b, 1, 0));
	EXPECT_EQ(POLLERR | POLLHUP | POLLIN,
		  sk_wait(fd[0], POLLIN, 1000000) & (POLLERR | POLLHUP | POLLIN));
	EXPECT_EQ(-1, recv(fd[0], &b, 1, 0));
	EXPECT_EQ(ETIMEDOUT, errno);
	EXPECT_EQ(-1, send(fd[0], &b, 1, MSG_NOSIGNAL));
	EXPECT_EQ(EPIPE, errno);
	EXPECT_TRUE(wait_gone(port, PORT, SOON));
	if (is_tern()) {
		int n = timetravel() ? 15 : 2;

		EXPECT_EQ(aborts + 1, stat_get("TCPAbortOnTimeout"));
		EXPECT_EQ(timeouts + n, stat_get("TCPTimeouts"));
		/* The resends, and the probe unless the RTO came before it. */
		probes = stat_get("TCPLossProbes") - probes;
		EXPECT_GE(1, probes);
		EXPECT_EQ(resent + n + probes, stat_get("RetransSegs"));
	}
	topo_enter(&self->t, 1);
	EXPECT_EQ(TERN_ESTABLISHED, sk_state(PORT, port));
	if (is_tern()) {
		EXPECT_EQ(0, trace_expect(&tr, "dport=4711 ", c, 3));
		trace_close(&tr);
	}
}

TEST_HARNESS_MAIN
