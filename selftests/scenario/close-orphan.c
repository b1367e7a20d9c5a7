// SPDX-License-Identifier: GPL-2.0
/*
 * close-orphan: FIN_WAIT2 with the application gone and a peer that never
 * closes ends after fin_timeout; max_orphans bounds such sockets.
 */
#include "fixture.h"

WIRE_FIXTURE()

static int to_fin_wait2(struct peer *p, struct seg *s, int *linger2)
{
	int fd;

	if (peer_dial(p, &fd))
		return -1;
	if (linger2)
		setsockopt(fd, IPPROTO_TCP, TERN_LINGER2, linger2, sizeof(*linger2));
	if (close(fd) || expect(p, s, FIN | ACK))
		return -1;
	say(p, .flags = ACK, .seq = p->snd_nxt, .ack = ++p->rcv_nxt);
	s->us = now_us();
	return wait_state(p->to_port, PORT, TERN_FIN_WAIT2, SOON) ? 0 : -1;
}

static bool lasts(struct peer *p, int64_t since, int64_t us)
{
	sleep_most(since, us);
	return sk_state(p->to_port, PORT) == TERN_FIN_WAIT2 &&
	       wait_gone(p->to_port, PORT, SOON) && near_us(now_us() - since, us);
}

TEST_F(wire, fin_timeout)
{
	struct peer *p = &self->p;
	int ms = timetravel() ? 60000 : 1000;

	if (!timetravel())
		ASSERT_EQ(0, is_tern() ? sysctl_set("fin_timeout_ms", "1000") :
				  sysctl_set("fin_timeout", "1"));
	ASSERT_EQ(0, to_fin_wait2(p, &self->s, NULL));
	EXPECT_TRUE(lasts(p, self->s.us, ms * 1000LL));
	/* Nothing was sent at the end; the peer's FIN now meets nobody. */
	EXPECT_TRUE(silence(p, QUIET));
	say(p, .flags = FIN | ACK, .seq = p->snd_nxt, .ack = p->rcv_nxt);
	ASSERT_EQ(0, expect(p, &self->s, RST));
	EXPECT_EQ(p->rcv_nxt, self->s.seq);
}

TEST_F(wire, linger2)
{
	struct peer *p = &self->p;
	int one = 1;

	ASSERT_EQ(0, to_fin_wait2(p, &self->s, &one));
	EXPECT_TRUE(lasts(p, self->s.us, 1000000));
}

/* A FIN in time: TIME_WAIT as ever. */
TEST_F(wire, fin_in_time)
{
	struct peer *p = &self->p;

	ASSERT_EQ(0, to_fin_wait2(p, &self->s, NULL));
	say(p, .flags = FIN | ACK, .seq = p->snd_nxt, .ack = p->rcv_nxt);
	ASSERT_EQ(0, expect(p, &self->s, ACK));
	EXPECT_EQ(p->snd_nxt + 1, self->s.ack);
	EXPECT_TRUE(wait_state(p->to_port, PORT, TERN_TIME_WAIT, SOON));
}

/*
 * A peer that is silent when the application is gone gets orphan_retries
 * resends, then its socket goes; 0, the default, stands for 8.
 */
static void silent_peer(struct __test_metadata *_metadata, FIXTURE_DATA(wire) *self, int n)
{
	long resent = stat_get("RetransSegs"), probes = stat_get("TCPLossProbes");
	long given_up = stat_get("TCPAbortOnTimeout");
	struct peer *p = &self->p;
	int64_t last = 0;
	int fd, fins = 0;

	ASSERT_EQ(0, peer_dial(p, &fd));
	close(fd);
	while (sk_count(p->to_port, PORT, 0)) {
		if (!hear(p, &self->s, 100))
			continue;
		EXPECT_EQ(FIN | ACK, self->s.flags & ~PSH);
		EXPECT_EQ(p->rcv_nxt, self->s.seq);
		last = self->s.us;
		fins++;
	}
	resent = stat_get("RetransSegs") - resent;
	probes = stat_get("TCPLossProbes") - probes;
	EXPECT_EQ(n, resent - probes);
	EXPECT_EQ(1 + resent, fins);
	EXPECT_EQ(1, stat_get("TCPAbortOnTimeout") - given_up);
	/* The last wait is as long as any, and ends in silence. */
	EXPECT_LT(sysctl_num("rto_min_us") << n, now_us() - last);
	EXPECT_TRUE(silence(p, QUIET));
}

TEST_F(wire, orphan_retries)
{
	if (!is_tern())
		SKIP(return, "TCP's RTO has no setting");
	ASSERT_EQ(0, sysctl_set("rto_min_us", "20000"));
	ASSERT_EQ(0, sysctl_set("orphan_retries", "3"));
	silent_peer(_metadata, self, 3);
}

TEST_F(wire, orphan_retries_default)
{
	if (!timetravel() || !is_tern())
		SKIP(return, "102 s, in time travel");
	silent_peer(_metadata, self, 8);
}

/*
 * A window shut for ever, by a peer that answers, holds no orphan for ever:
 * its TERN_USER_TIMEOUT, an hour, is of silence.
 */
TEST_F(wire, user_timeout_shut)
{
	struct peer *p = &self->p;
	int fd, hour_ms = 3600000, probes = 0;

	if (!is_tern())
		SKIP(return, "TCP's RTO has no setting");
	ASSERT_EQ(0, sysctl_set("rto_min_us", "20000"));
	ASSERT_EQ(0, sysctl_set("rto_max_us", "80000"));
	ASSERT_EQ(0, sysctl_set("orphan_retries", "3"));
	p->has_mad = true;
	ASSERT_EQ(0, peer_dial(p, &fd));
	ASSERT_EQ(0, setsockopt(fd, SOL_TERN, TERN_USER_TIMEOUT, &hour_ms, sizeof(hour_ms)));
	say(p, .flags = ACK, .seq = p->snd_nxt, .ack = p->rcv_nxt, .win0 = true);
	ASSERT_TRUE(wait_for(!sk_info(fd).ti_snd_wnd, SOON));
	ASSERT_EQ(100, send(fd, self->s.buf, 100, 0));
	close(fd);
	while (probes < 20 && sk_count(p->to_port, PORT, 0)) {
		if (!hear(p, &self->s, 100))
			continue;
		EXPECT_EQ(ACK, self->s.flags);
		probes++;
		say(p, .flags = ACK, .seq = p->snd_nxt, .ack = p->rcv_nxt, .win0 = true);
	}
	EXPECT_LE(3, probes);
	EXPECT_GT(20, probes);
	EXPECT_EQ(1, stat_get("TCPAbortOnTimeout"));
}

/* Those beyond are reset, and counted. */
TEST_F(wire, max_orphans)
{
	long aborted = stat_get("TCPAbortOnMemory");

	if (!is_tern())
		SKIP(return, "TCP's bound is not per namespace");
	ASSERT_EQ(0, sysctl_set("max_orphans", "2"));
	for (int i = 0; i < 6; i++) {
		int fd;

		peer_init(&self->p, &self->w, PORT + i, 0);
		ASSERT_EQ(0, peer_dial(&self->p, &fd));
		close(fd);
		ASSERT_EQ(1, hear(&self->p, &self->s, SOON));
		EXPECT_EQ(i < 2 ? FIN : RST, self->s.flags & (FIN | RST));
		EXPECT_EQ(self->p.rcv_nxt, self->s.seq);
		if (i < 2) {
			EXPECT_TRUE(wait_state(self->p.to_port, PORT + i, TERN_FIN_WAIT1, SOON));
		} else {
			EXPECT_TRUE(wait_gone(self->p.to_port, PORT + i, SOON));
		}
	}
	EXPECT_EQ(2, stat_get("Orphans"));
	EXPECT_EQ(4, stat_get("TCPAbortOnMemory") - aborted);
}

TEST_HARNESS_MAIN
