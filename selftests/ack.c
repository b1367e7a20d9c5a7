// SPDX-License-Identifier: GPL-2.0
/*
 * What is acknowledged, when, and what the ACK tells beside the number: every
 * second segment and delays (RFC 9293 3.8.6.3, RFC 5681 4.2), SACK blocks (RFC
 * 2018), D-SACK (RFC 2883); and segments with old timestamps (RFC 7323 5).
 */
#include "clock.h"
#include "fixture.h"

WIRE_FIXTURE()

#define LEN		100		/* of a segment, unless it is a full one */
#define LONGEST		"500000"	/* us: no ACK is late by accident */

/* The beginning of a case: @p, @s and @fd, connected. Segments are numbered from 1. */
#define BEGIN(with_sack, with_ts)					\
	struct peer *p = &self->p;					\
	struct seg *s = &self->s;					\
	int fd = -1;							\
									\
	p->sack = with_sack;						\
	p->ts = with_ts;						\
	ASSERT_EQ(0, peer_dial(p, &fd))

#define SEQ(n)		(p->iss + 1 + ((n) - 1) * LEN)
#define END(n)		SEQ((n) + 1)

static void segment(struct peer *p, int from, int to)
{
	say(p, .flags = ACK, .seq = SEQ(from), .ack = p->rcv_nxt, .len = (to - from + 1) * LEN);
}

struct block { int from, to; };

/* An ACK of all before segment @next, with exactly these blocks, in this order */
static bool acks(struct peer *p, struct seg *s, int next, int n, const struct block *b)
{
	bool same;

	if (expect(p, s, ACK))
		return false;
	same = s->ack == SEQ(next) && s->nsack == n;
	for (int i = 0; same && i < n; i++)
		same = s->sack[i][0] == SEQ(b[i].from) && s->sack[i][1] == END(b[i].to);
	if (same)
		return true;
	fprintf(stderr, "# expected an ACK of %d with %d blocks, got of %d with %d:", next, n,
		(int)(s->ack - SEQ(1)) / LEN + 1, s->nsack);
	for (int i = 0; i < s->nsack && i < 4; i++)
		fprintf(stderr, " %d-%d", (int)(s->sack[i][0] - SEQ(1)) / LEN + 1,
			(int)(s->sack[i][1] - SEQ(1)) / LEN);
	fprintf(stderr, "\n");
	return false;
}

#define EXPECT_ACK(next, ...) do {					\
	const struct block _b[] = { { 0, 0 }, ##__VA_ARGS__ };		\
									\
	ASSERT_TRUE(acks(p, s, next, sizeof(_b) / sizeof(*_b) - 1, _b + 1)); \
} while (0)

static int option(int fd, int name, int v)
{
	return setsockopt(fd, IPPROTO_TCP, name, &v, sizeof(v));
}

static const char *timer_of(struct peer *p)
{
	static struct sk_line k;

	k = sk_find(p->to_port, p->port, 0);
	return k.timer;
}

/* No ACK comes by a timer before the test asks, and no pause is a long one. */
#define PATIENT() do {							\
	if (!is_tern())							\
		SKIP(return, "Tern's knobs");				\
	sysctl_set("delack_max_us", LONGEST);				\
	sysctl_set("rto_min_us", "10000000");				\
} while (0)

/* RFC 5681 4.2, RFC 9293 3.8.6.3 SHLD-18: at least every second full segment */
TEST_F(wire, rfc5681_4_2__every_second)
{
	PATIENT();
	BEGIN(false, false);
	ASSERT_EQ(0, option(fd, TERN_QUICKACK, 0));
	for (int i = 0; i < 5; i++) {
		for (int k = 0; k < 2; k++) {
			say(p, .flags = ACK, .seq = p->snd_nxt, .ack = p->rcv_nxt, .len = MSS);
			p->snd_nxt += MSS;
		}
		ASSERT_EQ(0, expect(p, s, ACK));
		EXPECT_EQ(p->snd_nxt, s->ack);
	}
	EXPECT_TRUE(silence(p, QUIET));
	EXPECT_EQ(0, stat_get("DelayedACKs"));
}

/* RFC 9293 3.8.6.3 MUST-58: a lone one waits, no longer than was told. */
TEST_F(wire, rfc9293_3_8_6_3__delayed)
{
	static const struct { const char *us; int64_t due; } delays[] = {
		{ "20000", 20000 }, { "100000", 100000 }, { LONGEST, 500000 },
	};

	PATIENT();
	BEGIN(false, false);
	for (int i = 0; i < 3; i++) {
		int64_t start;

		sysctl_set("delack_max_us", delays[i].us);
		ASSERT_EQ(0, option(fd, TERN_QUICKACK, 0));
		start = now_us();
		segment(p, i + 1, i + 1);
		EXPECT_ACK(i + 2);
		EXPECT_TRUE(near_us(s->us - start, delays[i].due));
		EXPECT_EQ(i + 1, stat_get("DelayedACKs"));
	}
}

/* RFC 9293 3.8.6.3: the delay is the one that the SYN announced. */
TEST_F(wire, rfc9293_3_8_6_3__announced)
{
	struct peer *p = &self->p;
	struct seg *s = &self->s;

	if (!is_tern())
		SKIP(return, "Tern's option");
	sysctl_set("delack_max_us", "12345");
	ASSERT_GE(sk_dial(HOST_B, PORT, 0, SOCK_NONBLOCK), 0);
	ASSERT_EQ(0, expect(p, s, SYN));
	EXPECT_TRUE(s->has_mad);
	EXPECT_EQ(12345, s->mad);
}

/* RFC 5681 3.1: the first ones at once, for the peer's slow start; so after a pause. */
TEST_F(wire, rfc5681_3_1__quick)
{
	PATIENT();
	BEGIN(false, false);
	for (int i = 1; i <= 16; i++) {
		segment(p, i, i);
		EXPECT_ACK(i + 1);
	}
	EXPECT_EQ(0, stat_get("DelayedACKs"));
	segment(p, 17, 17);
	EXPECT_ACK(18);
	EXPECT_EQ(1, stat_get("DelayedACKs"));
	sysctl_set("rto_min_us", "1000");
	usleep(20000);
	segment(p, 18, 18);
	EXPECT_ACK(19);
	EXPECT_EQ(1, stat_get("DelayedACKs"));
}

/* The reader that took all won't answer soon: no need to wait for it. */
TEST_F(wire, rfc9293_3_8_6_3__reader)
{
	char buf[LEN];

	PATIENT();
	BEGIN(false, false);
	for (int i = 1; i <= 16; i++) {
		segment(p, i, i);
		EXPECT_ACK(i + 1);
		ASSERT_EQ(LEN, recv(fd, buf, LEN, MSG_WAITALL));
	}
	segment(p, 17, 17);
	ASSERT_EQ(LEN, recv(fd, buf, LEN, MSG_WAITALL));
	EXPECT_ACK(18);
	EXPECT_EQ(0, stat_get("DelayedACKs"));
}

TEST_F(wire, quickack_sends_what_is_owed)
{
	int v = -1;
	socklen_t len = sizeof(v);

	PATIENT();
	BEGIN(false, false);
	ASSERT_EQ(0, option(fd, TERN_QUICKACK, 0));
	ASSERT_EQ(0, getsockopt(fd, IPPROTO_TCP, TERN_QUICKACK, &v, &len));
	EXPECT_EQ(0, v);
	segment(p, 1, 1);
	ASSERT_TRUE(wait_for(!strcmp(timer_of(p), "delack"), SOON));
	ASSERT_EQ(0, option(fd, TERN_QUICKACK, 1));
	EXPECT_ACK(2);
	ASSERT_EQ(0, getsockopt(fd, IPPROTO_TCP, TERN_QUICKACK, &v, &len));
	EXPECT_EQ(1, v);
	segment(p, 2, 2);
	EXPECT_ACK(3);
	EXPECT_EQ(0, stat_get("DelayedACKs"));
}

/* RFC 9293 3.8.6.3: an answer carries the ACK, and none follows by itself. */
TEST_F(wire, rfc9293_3_8_6_3__carried)
{
	PATIENT();
	BEGIN(false, false);
	ASSERT_EQ(0, option(fd, TERN_QUICKACK, 0));
	segment(p, 1, 1);
	ASSERT_TRUE(wait_for(!strcmp(timer_of(p), "delack"), SOON));
	ASSERT_EQ(4, send(fd, "back", 4, 0));
	EXPECT_ACK(2);
	EXPECT_EQ(4, s->len);
	say(p, .flags = ACK, .seq = SEQ(2), .ack = s->seq + 4);
	EXPECT_TRUE(wait_for(!strcmp(timer_of(p), "-"), SOON));
	EXPECT_TRUE(silence(p, QUIET));
	EXPECT_EQ(0, stat_get("DelayedACKs"));
}

/* RFC 5681 4.2: at once above a hole, and when one is filled, or part of it */
TEST_F(wire, rfc5681_4_2__hole)
{
	PATIENT();
	BEGIN(true, false);
	ASSERT_EQ(0, option(fd, TERN_QUICKACK, 0));
	segment(p, 4, 4);
	EXPECT_ACK(1, { 4, 4 });
	segment(p, 1, 1);
	EXPECT_ACK(2, { 4, 4 });
	segment(p, 2, 3);
	EXPECT_ACK(5);
	EXPECT_EQ(0, stat_get("DelayedACKs"));
	EXPECT_EQ(1, stat_get("TCPOFOQueue"));
}

/* RFC 2018 4: the block of the newest segment first, then those told before */
TEST_F(wire, rfc2018_4__newest_first)
{
	BEGIN(true, false);
	segment(p, 2, 2);
	EXPECT_ACK(1, { 2, 2 });
	segment(p, 6, 6);
	EXPECT_ACK(1, { 6, 6 }, { 2, 2 });
	segment(p, 4, 4);
	EXPECT_ACK(1, { 4, 4 }, { 6, 6 }, { 2, 2 });
	/* The whole stretch that holds it, whichever it joins */
	segment(p, 3, 3);
	EXPECT_ACK(1, { 2, 4 }, { 6, 6 });
	segment(p, 5, 5);
	EXPECT_ACK(1, { 2, 6 });
	segment(p, 9, 9);
	EXPECT_ACK(1, { 9, 9 }, { 2, 6 });
	segment(p, 1, 1);
	EXPECT_ACK(7, { 9, 9 });
	segment(p, 7, 8);
	EXPECT_ACK(10);
}

/* RFC 2018 3: four blocks at most, three beside timestamps; the oldest goes untold. */
TEST_F(wire, rfc2018_3__four_blocks)
{
	BEGIN(true, false);
	for (int i = 2; i <= 8; i += 2) {
		segment(p, i, i);
		ASSERT_EQ(0, expect(p, s, ACK));
	}
	segment(p, 10, 10);
	EXPECT_ACK(1, { 10, 10 }, { 8, 8 }, { 6, 6 }, { 4, 4 });
	/* It was had all the same. */
	segment(p, 1, 1);
	ASSERT_EQ(0, expect(p, s, ACK));
	EXPECT_EQ(SEQ(3), s->ack);
}

TEST_F(wire, rfc2018_3__three_with_timestamps)
{
	BEGIN(true, true);
	for (int i = 2; i <= 8; i += 2) {
		segment(p, i, i);
		ASSERT_EQ(0, expect(p, s, ACK));
	}
	segment(p, 10, 10);
	EXPECT_ACK(1, { 10, 10 }, { 8, 8 }, { 6, 6 });
}

/* RFC 2018 2: not without leave; the peer's SYN gave none, or ours asked for none. */
TEST_F(wire, rfc2018_2__not_permitted)
{
	BEGIN(false, false);
	segment(p, 2, 2);
	EXPECT_ACK(1);
	segment(p, 2, 2);
	EXPECT_ACK(1);
	segment(p, 1, 1);
	EXPECT_ACK(3);
	segment(p, 1, 1);
	EXPECT_ACK(3);
}

TEST_F(wire, rfc2018_2__sack_off)
{
	struct peer *p = &self->p;
	struct seg *s = &self->s;
	int fd, listener;

	ASSERT_EQ(0, sysctl_set("sack", "0"));
	fd = sk_dial(HOST_B, PORT, 0, SOCK_NONBLOCK);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, peer_syn(p, s));
	EXPECT_FALSE(s->sack_ok);
	p->sack = true;
	ASSERT_EQ(0, peer_synack(p));
	segment(p, 2, 2);
	EXPECT_ACK(1);
	/* As a server it doesn't accept the offer either. */
	listener = sk_listen(PORT + 1, 1);
	ASSERT_GE(listener, 0);
	p->to_port = PORT + 1;
	p->port = PORT + 2;
	say(p, .flags = SYN, .seq = p->iss, .mss = MSS, .sack_ok = true);
	ASSERT_EQ(0, expect(p, s, SYN | ACK));
	EXPECT_FALSE(s->sack_ok);
}

/* RFC 2883 4.1.1: wholly had already. Told first, and once */
TEST_F(wire, rfc2883_4_1__duplicate)
{
	BEGIN(true, false);
	segment(p, 1, 2);
	ASSERT_EQ(0, expect(p, s, ACK));
	segment(p, 1, 1);
	EXPECT_ACK(3, { 1, 1 });
	segment(p, 5, 5);
	EXPECT_ACK(3, { 5, 5 });
	segment(p, 2, 2);
	EXPECT_ACK(3, { 2, 2 }, { 5, 5 });
	EXPECT_EQ(2, stat_get("TCPDSACKOldSent"));
}

/* RFC 2883 4.1.2: a duplicate of what waits above a hole: it, then its block */
TEST_F(wire, rfc2883_4_1__duplicate_out_of_order)
{
	BEGIN(true, false);
	segment(p, 3, 5);
	EXPECT_ACK(1, { 3, 5 });
	segment(p, 4, 4);
	EXPECT_ACK(1, { 4, 4 }, { 3, 5 });
	/* RFC 2883 4.2: only the part that was had */
	segment(p, 5, 7);
	EXPECT_ACK(1, { 5, 5 }, { 3, 7 });
}

TEST_F(wire, rfc2883_4_1__dsack_off)
{
	ASSERT_EQ(0, sysctl_set("dsack", "0"));
	BEGIN(true, false);
	segment(p, 1, 1);
	ASSERT_EQ(0, expect(p, s, ACK));
	segment(p, 1, 1);
	EXPECT_ACK(2);
	segment(p, 3, 3);
	EXPECT_ACK(2, { 3, 3 });
	segment(p, 3, 3);
	EXPECT_ACK(2, { 3, 3 });
	EXPECT_EQ(0, stat_get("TCPDSACKOldSent"));
}

/* A segment whose timestamp is @val; @len of its bytes come to the reader at once. */
static int stamped(struct peer *p, struct seg *s, int fd, uint32_t val)
{
	char buf[LEN];

	say(p, .flags = ACK, .seq = p->snd_nxt, .ack = p->rcv_nxt, .len = LEN,
	    .has_ts = true, .tsval = val, .tsecr = p->tsecr);
	if (expect(p, s, ACK))
		return -1;
	if (s->ack == p->snd_nxt)
		return 0;
	p->snd_nxt += LEN;
	return s->ack == p->snd_nxt ? recv(fd, buf, LEN, MSG_DONTWAIT) : -1;
}

/* RFC 7323 5.3 R1: an old timestamp: an ACK, and the segment is gone. */
TEST_F(wire, rfc7323_5_3__old)
{
	BEGIN(false, true);
	ASSERT_EQ(LEN, stamped(p, s, fd, 1000000));
	EXPECT_EQ(1000000, s->tsecr);
	EXPECT_EQ(0, stamped(p, s, fd, 900000));
	EXPECT_EQ(1000000, s->tsecr);
	EXPECT_EQ(1, stat_get("PAWSEstab"));
	/* The same segment, with a timestamp that is right */
	EXPECT_EQ(LEN, stamped(p, s, fd, 1000000));
	EXPECT_EQ(LEN, stamped(p, s, fd, 1000001));
	EXPECT_EQ(1000001, s->tsecr);
}

/* A microsecond's tick is finer than a network keeps order: 20 ms count as none. */
TEST_F(wire, rfc7323_5_3__reordered)
{
	if (!is_tern())
		SKIP(return, "TCP's ticks are of a millisecond");
	BEGIN(false, true);
	ASSERT_EQ(LEN, stamped(p, s, fd, 1000000));
	EXPECT_EQ(LEN, stamped(p, s, fd, 980000));
	/* RFC 7323 4.3: what is echoed never goes back. */
	EXPECT_EQ(1000000, s->tsecr);
	EXPECT_EQ(0, stamped(p, s, fd, 979999));
	EXPECT_EQ(1, stat_get("PAWSEstab"));
}

/* RFC 7323 5.2: "less than" is modulo 2^32. */
TEST_F(wire, rfc7323_5_2__wrap)
{
	self->p.tsval = 0xfff00000;
	BEGIN(false, true);
	ASSERT_EQ(LEN, stamped(p, s, fd, 0xffffff00));
	ASSERT_EQ(LEN, stamped(p, s, fd, 0x00000100));
	EXPECT_EQ(0x100, s->tsecr);
	EXPECT_EQ(0, stamped(p, s, fd, 0xfff00000));
	/* Nearly half of the circle is after, the other half before. */
	ASSERT_EQ(LEN, stamped(p, s, fd, 0x7fff0000));
	EXPECT_EQ(0, stamped(p, s, fd, 0xffffffff));
	EXPECT_EQ(2, stat_get("PAWSEstab"));
}

/* RFC 7323 5.2: a reset is not subject to it. */
TEST_F(wire, rfc7323_5_2__reset)
{
	BEGIN(false, true);
	ASSERT_EQ(LEN, stamped(p, s, fd, 1000000));
	say(p, .flags = RST, .seq = p->snd_nxt, .has_ts = true, .tsval = 1);
	ASSERT_TRUE(sk_wait(fd, 0, SOON) & POLLERR);
	EXPECT_EQ(ECONNRESET, sk_error(fd));
}

/* RFC 7323 5.5: after half of the clock's circle, 2^31 us, no timestamp is old. */
TEST_F_TIMEOUT(wire, rfc7323_5_5__stale, 10000)
{
	int64_t start;

	if (!timetravel() || !is_tern())
		SKIP(return, "takes 36 minutes; runs in time travel");
	BEGIN(false, true);
	start = now_us();
	ASSERT_EQ(LEN, stamped(p, s, fd, 1000000));
	sleep_until(start + 2147000000);
	EXPECT_EQ(0, stamped(p, s, fd, 500000));
	sleep_until(start + 2148000000);
	EXPECT_EQ(LEN, stamped(p, s, fd, 500000));
	EXPECT_EQ(500000, s->tsecr);
	EXPECT_EQ(1, stat_get("PAWSEstab"));
}

/* RFC 7323 3.2: none unless both offer; once agreed, on each segment */
TEST_F(wire, rfc7323_3_2__timestamps_off)
{
	struct peer *p = &self->p;
	struct seg *s = &self->s;
	int fd;

	ASSERT_EQ(0, sysctl_set("timestamps", "0"));
	fd = sk_dial(HOST_B, PORT, 0, SOCK_NONBLOCK);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, peer_syn(p, s));
	EXPECT_FALSE(s->has_ts);
	/* An answer that offers them nevertheless */
	p->ts = true;
	ASSERT_EQ(0, peer_synack(p));
	segment(p, 1, 1);
	EXPECT_ACK(2);
	EXPECT_FALSE(s->has_ts);
	ASSERT_EQ(1, send(fd, "x", 1, 0));
	ASSERT_EQ(0, expect(p, s, ACK));
	EXPECT_FALSE(s->has_ts);
	/* As a server */
	ASSERT_GE(sk_listen(PORT + 1, 1), 0);
	p->to_port = PORT + 1;
	p->port = PORT + 2;
	say(p, .flags = SYN, .seq = p->iss, .mss = MSS);
	ASSERT_EQ(0, expect(p, s, SYN | ACK));
	EXPECT_FALSE(s->has_ts);
}

/* RFC 2883 4.2.1: part of it was had in order. */
TEST_F(wire, rfc2883_4_2__partial)
{
	BEGIN(true, false);
	segment(p, 1, 2);
	ASSERT_EQ(0, expect(p, s, ACK));
	segment(p, 2, 4);
	EXPECT_ACK(5, { 2, 2 });
}

/* 0x80000000 is 2^31 - 0x100 after 0x100: newer, though within 20 ms of half the circle */
TEST_F(wire, rfc7323_5_2__wrap_exact)
{
	self->p.tsval = 0xfff00000;
	BEGIN(false, true);
	ASSERT_EQ(LEN, stamped(p, s, fd, 0x00000100));
	ASSERT_EQ(LEN, stamped(p, s, fd, 0x80000000));
	EXPECT_EQ(0, stamped(p, s, fd, 0x00000001));
}

TEST_HARNESS_MAIN
