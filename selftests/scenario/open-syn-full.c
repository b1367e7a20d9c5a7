// SPDX-License-Identifier: GPL-2.0
/*
 * open-syn-full: the SYN queue of a listener is full. Without cookies further
 * SYNs are dropped and counted; with cookies connections still complete, with
 * what the SYN had said. RFC 4987.
 */
#include <time.h>

#include "fixture.h"

WIRE_FIXTURE()

#define BACKLOG	4
#define SYNS	32

/* SYNs from many ports; the number of answers, and the last one's seq. */
static int flood(struct peer *p, struct seg *s, uint32_t *y)
{
	int answers = 0;

	p->to_port = PORT;
	for (int i = 0; i < SYNS; i++) {
		p->port = 5000 + i;
		say(p, .flags = SYN, .seq = 100, .mss = 1460);
	}
	while (wire_recv(p->w, s, QUIET))
		if (s->flags == (SYN | ACK) && s->dport == 5000 + answers) {
			answers++;
			*y = s->seq;
		}
	return answers;
}

TEST_F(wire, without_cookies)
{
	long before = stat_get("TCPReqQFullDrop");
	int listener, answers;
	uint32_t y;

	ASSERT_EQ(0, sysctl_set("syncookies", "0"));
	listener = sk_listen(PORT, BACKLOG);
	ASSERT_GE(listener, 0);
	answers = flood(&self->p, &self->s, &y);
	EXPECT_GE(answers, BACKLOG);
	EXPECT_LE(answers, BACKLOG + 1);
	EXPECT_EQ(answers, sk_count(PORT, 0, TERN_SYN_RECV));
	EXPECT_EQ(SYNS - answers, stat_get("TCPReqQFullDrop") - before);

	/* Room again once one entry is gone. */
	self->p.port = 5000;
	say(&self->p, .flags = RST, .seq = 101);
	EXPECT_TRUE(wait_gone(PORT, 5000, SOON));
	self->p.port = 6000;
	say(&self->p, .flags = SYN, .seq = 100, .mss = 1460);
	EXPECT_EQ(0, expect(&self->p, &self->s, SYN | ACK));
}

TEST_F(wire, with_cookies)
{
	long sent = stat_get("SyncookiesSent"), recv_ = stat_get("SyncookiesRecv");
	struct peer *p = &self->p;
	int listener, fd;
	uint32_t y = 0;
	char buf[8];

	ASSERT_EQ(0, sysctl_set("syncookies", "1"));
	listener = sk_listen(PORT, BACKLOG);
	EXPECT_EQ(SYNS, flood(p, &self->s, &y));
	EXPECT_LE(sk_count(PORT, 0, TERN_SYN_RECV), BACKLOG + 1);
	EXPECT_GE(stat_get("SyncookiesSent") - sent, SYNS - BACKLOG - 1);

	/* The last one has no entry; its cookie alone makes the connection. */
	p->port = 5000 + SYNS - 1;
	EXPECT_EQ(0, sk_count(PORT, p->port, 0));
	say(p, .flags = ACK, .seq = 101, .ack = y + 1);
	ASSERT_EQ(POLLIN, sk_wait(listener, POLLIN, SOON));
	fd = accept(listener, NULL, NULL);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(1, stat_get("SyncookiesRecv") - recv_);
	say(p, .flags = ACK | PSH, .seq = 101, .ack = y + 1, .data = "cookie", .len = 6);
	sk_timeouts(fd, SOON);
	EXPECT_EQ(6, recv(fd, buf, sizeof(buf), 0));
	EXPECT_EQ(0, memcmp(buf, "cookie", 6));
}

/* An ACK with a made-up cookie: reset, counted, nothing to accept. */
TEST_F(wire, forged_cookie)
{
	long before = stat_get("SyncookiesFailed");
	struct peer *p = &self->p;
	int listener;
	uint32_t y = 0;

	ASSERT_EQ(0, sysctl_set("syncookies", "1"));
	listener = sk_listen(PORT, BACKLOG);
	EXPECT_EQ(SYNS, flood(p, &self->s, &y));
	p->port = 5000 + SYNS - 1;
	say(p, .flags = ACK, .seq = 101, .ack = y + 0x1234567);
	ASSERT_EQ(0, expect(p, &self->s, RST));
	EXPECT_EQ(y + 0x1234567, self->s.seq);
	EXPECT_EQ(0, sk_wait(listener, POLLIN, QUIET));
	EXPECT_EQ(1, stat_get("SyncookiesFailed") - before);
}

/* Without cookies strangers get three quarters of max_syn_backlog. */
TEST_F(wire, max_syn_backlog)
{
	ASSERT_EQ(0, sysctl_set("syncookies", "0"));
	ASSERT_EQ(0, sysctl_set("max_syn_backlog", "16"));
	ASSERT_GE(sk_listen(PORT, 1000), 0);
	EXPECT_EQ(13, flood(&self->p, &self->s, &(uint32_t){ 0 }));
	EXPECT_EQ(13, sk_count(PORT, 0, TERN_SYN_RECV));
}

/*
 * Of a queue that is more than half full the old ones go early, after 7 s
 * instead of 63: those that want to connect must not wait for those that don't.
 */
TEST_F_TIMEOUT(wire, old_entries_give_way, 1000)
{
	uint32_t y;
	int64_t start;
	long unit = 1000000;

	if (!is_tern())
		SKIP(return, "TCP's unit is a constant, its clock too coarse");
	if (!timetravel()) {
		unit = 200000;
		ASSERT_EQ(0, sysctl_set("rto_init_us", "200000"));
	}
	ASSERT_EQ(0, sysctl_set("syncookies", "0"));
	ASSERT_GE(sk_listen(PORT, SYNS - 1), 0);
	start = now_us();
	EXPECT_EQ(SYNS, flood(&self->p, &self->s, &y));
	sleep_most(start, 7 * unit);
	EXPECT_EQ(SYNS, sk_count(PORT, 0, TERN_SYN_RECV));
	EXPECT_TRUE(wait_for(sk_count(PORT, 0, TERN_SYN_RECV) <= SYNS / 2, SOON));
	EXPECT_LE(SYNS / 2 - 1, sk_count(PORT, 0, TERN_SYN_RECV));
	if (timetravel())
		EXPECT_GE(14 * unit, now_us() - start);
}

/* A SYN that a cookie answers: y and tsval of the SYN-ACK, which is in @s */
static int ask(struct peer *p, struct seg *s, bool ts)
{
	p->to_port = PORT;
	if (say(p, .flags = SYN, .seq = 100, .mss = 1300, .sack_ok = true, .has_wscale = true,
		.wscale = 5, .has_ts = ts, .tsval = 7, .has_mad = true, .mad = 40000) ||
	    expect(p, s, SYN | ACK))
		return -1;
	return s->ack == 101 && !sk_count(PORT, 0, TERN_SYN_RECV) ? 0 : -1;
}

/* Its ACK, with 10 bytes; 0 when that made a connection of it, @ti */
static int answer(struct peer *p, const struct seg *s, int listener, struct tern_info *ti)
{
	socklen_t len = sizeof(*ti);
	char buf[16];
	int fd;

	memset(ti, 0, sizeof(*ti));
	say(p, .flags = ACK | PSH, .seq = 101, .ack = s->seq + 1, .has_ts = s->has_ts, .tsval = 8,
	    .tsecr = s->tsval, .win = 30000, .data = "0123456789", .len = 10);
	if (!sk_wait(listener, POLLIN, QUIET))
		return -1;
	fd = accept(listener, NULL, NULL);
	sk_timeouts(fd, SOON);
	if (recv(fd, buf, 10, MSG_WAITALL) != 10 || memcmp(buf, "0123456789", 10) ||
	    getsockopt(fd, is_tern() ? SOL_TERN : IPPROTO_TCP, TERN_INFO, ti, &len))
		return -1;
	return 0;
}

/* Nothing but the cookie and the timestamp has kept them. */
TEST_F(wire, cookie_keeps_options)
{
	struct tern_info ti;
	int listener;

	record_note(0, "break window-kept a cookie doesn't keep what its SYN ACK offered");
	ASSERT_EQ(0, sysctl_set("syncookies", "2"));
	listener = sk_listen(PORT, BACKLOG);
	ASSERT_GE(listener, 0);
	ASSERT_EQ(0, ask(&self->p, &self->s, true));
	EXPECT_TRUE(self->s.has_ts && self->s.has_wscale && self->s.sack_ok);
	EXPECT_EQ(7, self->s.tsecr);
	ASSERT_EQ(0, answer(&self->p, &self->s, listener, &ti));
	EXPECT_EQ(TERNI_OPT_TIMESTAMPS | TERNI_OPT_SACK | TERNI_OPT_WSCALE,
		  ti.ti_options & (TERNI_OPT_TIMESTAMPS | TERNI_OPT_SACK | TERNI_OPT_WSCALE));
	EXPECT_EQ(5, (int)ti.ti_snd_wscale);
	EXPECT_EQ(self->s.wscale, (int)ti.ti_rcv_wscale);
	/* The largest class of MSS, and the smallest of MAD, that it fits */
	EXPECT_GE(1300 - 12, ti.ti_snd_mss);
	EXPECT_LE(536 - 12, ti.ti_snd_mss);
	if (is_tern()) {
		EXPECT_LE(40000, ti.ti_peer_mad_us);
		EXPECT_GT(80000, ti.ti_peer_mad_us);
	}
}

/* They have no place without a timestamp, so none of them is offered. */
TEST_F(wire, cookie_without_timestamps)
{
	struct tern_info ti;
	int listener;

	record_note(0, "break window-kept a cookie doesn't keep what its SYN ACK offered");
	ASSERT_EQ(0, sysctl_set("syncookies", "2"));
	listener = sk_listen(PORT, BACKLOG);
	ASSERT_GE(listener, 0);
	ASSERT_EQ(0, ask(&self->p, &self->s, false));
	EXPECT_FALSE(self->s.has_ts || self->s.has_wscale || self->s.sack_ok);
	ASSERT_EQ(0, answer(&self->p, &self->s, listener, &ti));
	EXPECT_EQ(0, ti.ti_options & (TERNI_OPT_TIMESTAMPS | TERNI_OPT_SACK | TERNI_OPT_WSCALE));
	EXPECT_GE(1300, ti.ti_snd_mss);
	EXPECT_LE(536, ti.ti_snd_mss);
}

/* Up to @s seconds behind the @n-th turn of the minute from now */
static void sleep_minutes(int n, int s)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	sleep_until(now_us() + (n * 60 - now.tv_sec % 60 + s) * 1000000LL);
}

/*
 * Each minute has a key of its own. That of the minute before is good still,
 * also when the new one is in use; older ones are forgotten.
 */
TEST_F_TIMEOUT(wire, cookie_ages, 1000)
{
	long failed = stat_get("SyncookiesFailed");
	struct tern_info ti;
	static struct seg old, s;
	int listener;

	if (!timetravel() || !is_tern())
		SKIP(return, "takes minutes; runs in time travel, with Tern's minutes");
	ASSERT_EQ(0, sysctl_set("syncookies", "2"));
	listener = sk_listen(PORT, BACKLOG);
	ASSERT_GE(listener, 0);
	for (int minutes = 1; minutes <= 2; minutes++) {
		struct peer *p = &self->p;

		sleep_minutes(1, 2);
		p->port = 5000 + minutes;
		ASSERT_EQ(0, ask(p, &old, true));
		/* The oldest that is good, the youngest that isn't */
		sleep_minutes(minutes, minutes == 1 ? 58 : 1);
		p->port = 6000 + minutes;
		ASSERT_EQ(0, ask(p, &s, true));
		ASSERT_EQ(0, answer(p, &s, listener, &ti));
		p->port = 5000 + minutes;
		wire_drain(&self->w);
		if (minutes == 1) {
			EXPECT_EQ(0, answer(p, &old, listener, &ti));
			EXPECT_EQ(5, (int)ti.ti_snd_wscale);
			EXPECT_EQ(0, stat_get("SyncookiesFailed") - failed);
		} else {
			EXPECT_EQ(-1, answer(p, &old, listener, &ti));
			EXPECT_EQ(0, expect(p, &self->s, RST));
			EXPECT_EQ(old.seq + 1, self->s.seq);
			EXPECT_EQ(1, stat_get("SyncookiesFailed") - failed);
		}
	}
}

TEST_HARNESS_MAIN
