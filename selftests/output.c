// SPDX-License-Identifier: GPL-2.0
/*
 * How much goes out at a time: the initial window (RFC 6928), slow start
 * (RFC 5681 3.1), the window that is not used (RFC 7661) and the one that is
 * not used any more (RFC 5681 4.1, RFC 2861); and what waits for more (RFC
 * 9293 3.7.4, 3.8.6.2.1), by itself or because it was asked to.
 */
#include "fixture.h"
#include "flight.h"

WIRE_FIXTURE()

/* No timeout meanwhile, however slow the machine */
#define BEGIN()								\
	sysctl_set("rto_min_us", "10000000");				\
	FLIGHT_BEGIN(false, false, 1)

TEST_F(wire, rfc6928_2__ten)
{
	BEGIN();
	ASSERT_EQ(0, flight_write(fd, 30));
	ASSERT_EQ(0, flight_hear(p, s, 1, 10));
	EXPECT_TRUE(silence(p, DELAY_MS));
	EXPECT_EQ(10, sk_info(fd).ti_snd_cwnd);
}

/* Twice as many each round trip, however few the ACKs */
TEST_F(wire, rfc5681_3_1__slow_start)
{
	BEGIN();
	ASSERT_EQ(0, flight_write(fd, 44));
	ASSERT_EQ(0, flight_hear(p, s, 1, 10));
	flight_ack(p, 2, 0, 0);
	ASSERT_EQ(0, flight_hear(p, s, 11, 14));
	flight_ack(p, 10, 0, 0);
	ASSERT_EQ(0, flight_hear(p, s, 15, 30));
	EXPECT_TRUE(silence(p, DELAY_MS));
	EXPECT_EQ(20, sk_info(fd).ti_snd_cwnd);
	flight_ack(p, 30, 0, 0);
	ASSERT_EQ(0, flight_hear(p, s, 31, 44));
}

/* A window that was not filled says nothing of the path. */
TEST_F(wire, rfc7661__application_limited)
{
	BEGIN();
	for (int i = 0; i < 5; i++) {
		ASSERT_EQ(0, flight_write(fd, 3));
		ASSERT_EQ(0, flight_hear(p, s, 3 * i + 1, 3 * i + 3));
		flight_ack(p, 3 * i + 3, 0, 0);
	}
	ASSERT_TRUE(flight_acked(fd));
	EXPECT_EQ(10, sk_info(fd).ti_snd_cwnd);
}

FIXTURE(idle) {
	struct topo t;
	struct wire w;
	struct peer p;
	struct seg s;
};

FIXTURE_VARIANT(idle) {
	const char *knob;
	int ms;			/* of pause; the RTO is 200 ms */
	unsigned int cwnd;	/* 20 before */
};

FIXTURE_VARIANT_ADD(idle, short) { "1", 120, 20 };
FIXTURE_VARIANT_ADD(idle, long) { "1", 600, 10 };
FIXTURE_VARIANT_ADD(idle, off) { "0", 600, 20 };

FIXTURE_SETUP(idle)
{
	SKIP_UNLESS_AVAILABLE();
	ASSERT_EQ(0, topo_up(&self->t, TOPO_WIRE));
	ASSERT_EQ(0, wire_open(&self->t, &self->w));
	peer_init(&self->p, &self->w, PORT, 0);
	sysctl_set("slow_start_after_idle", variant->knob);
}

FIXTURE_TEARDOWN(idle)
{
	topo_down(&self->t);
}

TEST_F(idle, rfc5681_4_1__restart)
{
	if (variant->ms < 200 && !timetravel())
		SKIP(return, "on a slow machine a pause may outlast the RTO");
	FLIGHT_BEGIN(false, false, 1);
	ASSERT_EQ(0, flight_write(fd, 20));
	ASSERT_EQ(0, flight_hear(p, s, 1, 10));
	flight_ack(p, 10, 0, 0);
	ASSERT_EQ(0, flight_hear(p, s, 11, 20));
	flight_ack(p, 20, 0, 0);
	ASSERT_TRUE(flight_acked(fd));
	ASSERT_EQ(20, sk_info(fd).ti_snd_cwnd);
	usleep(variant->ms * 1000);
	ASSERT_EQ(0, flight_write(fd, 30));
	ASSERT_EQ(0, flight_hear(p, s, 21, 20 + variant->cwnd));
	EXPECT_TRUE(silence(p, DELAY_MS));
}

/* RFC 9293 3.7.1 MUST-15: the MSS of a peer that tells none, on either side */
static int first_len(struct peer *p, struct seg *s, int fd)
{
	static char buf[3000];

	if (send(fd, buf, sizeof(buf), MSG_DONTWAIT) <= 0 || !hear(p, s, SOON))
		return -1;
	return s->len;
}

TEST_F(wire, rfc9293_3_7_1__no_mss_active)
{
	struct peer *p = &self->p;
	struct seg *s = &self->s;
	int fd = sk_dial(HOST_B, PORT, 0, SOCK_NONBLOCK);

	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, expect(p, s, SYN));
	p->to_port = s->sport;
	say(p, .flags = SYN | ACK, .seq = p->iss, .ack = s->seq + 1);
	ASSERT_EQ(0, expect(p, s, ACK));
	EXPECT_EQ(is_v6() ? 1220 : 536, first_len(p, s, fd));
}

TEST_F(wire, rfc9293_3_7_1__no_mss_passive)
{
	struct peer *p = &self->p;
	struct seg *s = &self->s;
	int listener = sk_listen(PORT, 1), fd;

	p->to_port = PORT;
	say(p, .flags = SYN, .seq = p->iss);
	ASSERT_EQ(0, expect(p, s, SYN | ACK));
	say(p, .flags = ACK, .seq = p->iss + 1, .ack = s->seq + 1);
	ASSERT_TRUE(sk_wait(listener, POLLIN, SOON) & POLLIN);
	fd = accept(listener, NULL, NULL);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(is_v6() ? 1220 : 536, first_len(p, s, fd));
}

static int option(int fd, int name, int v)
{
	return setsockopt(fd, IPPROTO_TCP, name, &v, sizeof(v));
}

static int put(int fd, int len, int flags)
{
	static char buf[64 * 1460];

	return send(fd, buf, len, flags | MSG_NOSIGNAL) == len ? 0 : -1;
}

/* The next segment has the next @len bytes. */
static bool bytes(struct peer *p, struct seg *s, int len)
{
	if (expect(p, s, ACK))
		return false;
	if (s->seq != p->rcv_nxt || s->len != len) {
		fprintf(stderr, "# expected %d bytes at %u, got %d at %u\n", len, p->rcv_nxt,
			s->len, s->seq);
		return false;
	}
	p->rcv_nxt += len;
	return true;
}

static void acked(struct peer *p)
{
	say(p, .flags = ACK, .seq = p->snd_nxt, .ack = p->rcv_nxt);
}

/* RFC 9293 3.7.4 SHLD-7: one small segment in flight, and no other */
TEST_F(wire, rfc9293_3_7_4__nagle)
{
	BEGIN();
	for (int i = 0; i < 3; i++)
		ASSERT_EQ(0, put(fd, 10, 0));
	ASSERT_TRUE(bytes(p, s, 10));
	EXPECT_TRUE(silence(p, QUIET));
	acked(p);
	EXPECT_TRUE(bytes(p, s, 20));
	/* Full segments go meanwhile, and what is left of them waits. */
	ASSERT_EQ(0, put(fd, 2 * MSS + 7, 0));
	EXPECT_TRUE(bytes(p, s, MSS));
	EXPECT_TRUE(bytes(p, s, MSS));
	EXPECT_TRUE(silence(p, QUIET));
	acked(p);
	EXPECT_TRUE(bytes(p, s, 7));
}

/* Full ones in flight don't hold a small one back: Minshall's form. */
TEST_F(wire, rfc9293_3_7_4__behind_full_ones)
{
	BEGIN();
	ASSERT_EQ(0, put(fd, 2 * MSS, 0));
	ASSERT_TRUE(bytes(p, s, MSS));
	ASSERT_TRUE(bytes(p, s, MSS));
	ASSERT_EQ(0, put(fd, 10, 0));
	EXPECT_TRUE(bytes(p, s, 10));
}

/* RFC 9293 3.7.4 MUST-17: it can be switched off, which lets go what it held. */
TEST_F(wire, rfc9293_3_7_4__nodelay)
{
	BEGIN();
	ASSERT_EQ(0, put(fd, 10, 0));
	ASSERT_EQ(0, put(fd, 20, 0));
	ASSERT_TRUE(bytes(p, s, 10));
	EXPECT_TRUE(silence(p, QUIET));
	ASSERT_EQ(0, option(fd, TERN_NODELAY, 1));
	EXPECT_TRUE(bytes(p, s, 20));
	ASSERT_EQ(0, put(fd, 30, 0));
	EXPECT_TRUE(bytes(p, s, 30));
	ASSERT_EQ(0, option(fd, TERN_NODELAY, 0));
	ASSERT_EQ(0, put(fd, 40, 0));
	EXPECT_TRUE(silence(p, QUIET));
}

/* Even with nothing in flight and without Nagle only full segments go. */
TEST_F(wire, cork)
{
	BEGIN();
	ASSERT_EQ(0, option(fd, TERN_NODELAY, 1));
	ASSERT_EQ(0, option(fd, TERN_CORK, 1));
	ASSERT_EQ(0, put(fd, MSS - 10, 0));
	EXPECT_TRUE(silence(p, QUIET));
	ASSERT_EQ(0, put(fd, 15, 0));
	EXPECT_TRUE(bytes(p, s, MSS));
	EXPECT_TRUE(silence(p, QUIET));
	ASSERT_EQ(0, option(fd, TERN_CORK, 0));
	EXPECT_TRUE(bytes(p, s, 5));
}

/* Not for ever: for one RTO at most */
TEST_F(wire, cork_ends)
{
	int64_t start;

	if (!is_tern())
		SKIP(return, "TCP's time is a constant");
	BEGIN();
	sysctl_set("rto_min_us", "300000");
	ASSERT_EQ(0, option(fd, TERN_CORK, 1));
	start = now_us();
	ASSERT_EQ(0, put(fd, 10, 0));
	EXPECT_TRUE(bytes(p, s, 10));
	EXPECT_TRUE(near_us(s->us - start, 300000 + DELAY_MS * 1000));
}

/* What is sent at last goes with what was sent before. */
TEST_F(wire, msg_more)
{
	BEGIN();
	ASSERT_EQ(0, put(fd, 10, MSG_MORE));
	EXPECT_TRUE(silence(p, QUIET));
	ASSERT_EQ(0, put(fd, 20, MSG_MORE));
	ASSERT_EQ(0, put(fd, 30, 0));
	EXPECT_TRUE(bytes(p, s, 60));
	EXPECT_TRUE(s->flags & PSH);
}

/* RFC 9293 3.9.1 MUST-61: PSH on the last segment of what was written */
TEST_F(wire, rfc9293_3_9_1__push)
{
	BEGIN();
	ASSERT_EQ(0, put(fd, 2 * MSS + 100, 0));
	ASSERT_TRUE(bytes(p, s, MSS));
	EXPECT_FALSE(is_tern() && s->flags & PSH);
	ASSERT_TRUE(bytes(p, s, MSS));
	EXPECT_FALSE(is_tern() && s->flags & PSH);
	ASSERT_TRUE(bytes(p, s, 100));
	EXPECT_TRUE(s->flags & PSH);
}

/* RFC 9293 3.8.6.2.1: full segments, or the end of the data; nothing between */
TEST_F(wire, rfc9293_3_8_6_2_1__full_ones)
{
	self->p.win = 4000;
	BEGIN();
	ASSERT_EQ(0, put(fd, 3 * MSS + 540, 0));
	ASSERT_TRUE(bytes(p, s, MSS));
	ASSERT_TRUE(bytes(p, s, MSS));
	EXPECT_TRUE(silence(p, QUIET));
	p->win = MSS - 1;
	acked(p);
	EXPECT_TRUE(silence(p, QUIET));
	p->win = MSS;
	acked(p);
	EXPECT_TRUE(bytes(p, s, MSS));
	p->win = 540;
	acked(p);
	EXPECT_TRUE(bytes(p, s, 540));
}

/* ... of half of the largest window at most, so that there can be two */
TEST_F(wire, rfc9293_3_8_6_2_1__half_of_the_window)
{
	self->p.win = 2000;
	BEGIN();
	ASSERT_EQ(0, put(fd, 3000, 0));
	ASSERT_TRUE(bytes(p, s, 1000));
	ASSERT_TRUE(bytes(p, s, 1000));
	p->win = 999;
	acked(p);
	EXPECT_TRUE(silence(p, QUIET));
	p->win = 1000;
	acked(p);
	EXPECT_TRUE(bytes(p, s, 1000));
}

/* RFC 9293 3.7.1: TERN_MAXSEG bounds what is announced, and what is sent. */
TEST_F(wire, rfc9293_3_7_1__maxseg)
{
	struct peer *p = &self->p;
	struct seg *s = &self->s;
	int fd = sk_new(SOCK_NONBLOCK), v = 0;
	socklen_t len = sizeof(v);

	ASSERT_EQ(0, option(fd, TERN_MAXSEG, 500));
	sk_connect(fd, HOST_B, PORT);
	ASSERT_EQ(0, peer_syn(p, s));
	EXPECT_EQ(500, s->mss);
	ASSERT_EQ(0, peer_synack(p));
	ASSERT_TRUE(sk_wait(fd, POLLOUT, SOON) & POLLOUT);
	ASSERT_EQ(0, getsockopt(fd, IPPROTO_TCP, TERN_MAXSEG, &v, &len));
	EXPECT_EQ(500, v);
	ASSERT_EQ(0, put(fd, 1200, 0));
	EXPECT_TRUE(bytes(p, s, 500));
	EXPECT_TRUE(bytes(p, s, 500));
	EXPECT_TRUE(bytes(p, s, 200));
}

/* RFC 9293 3.7.1: the smaller of both counts; but not below min_snd_mss. */
TEST_F(wire, rfc9293_3_7_1__peers_mss)
{
	struct peer *p = &self->p;
	struct seg *s = &self->s;
	int fd;

	p->mss = 700;
	ASSERT_EQ(0, peer_dial(p, &fd));
	ASSERT_EQ(0, put(fd, 1000, 0));
	EXPECT_TRUE(bytes(p, s, 700));
	EXPECT_TRUE(bytes(p, s, 300));
}

TEST_F(wire, min_snd_mss)
{
	struct peer *p = &self->p;
	struct seg *s = &self->s;
	int fd;

	p->mss = 20;
	ASSERT_EQ(0, peer_dial(p, &fd));
	ASSERT_EQ(0, put(fd, 60, 0));
	EXPECT_TRUE(bytes(p, s, 48));
	EXPECT_TRUE(bytes(p, s, 12));
	close(fd);

	peer_init(p, &self->w, PORT + 1, 0);
	ASSERT_EQ(0, sysctl_set("min_snd_mss", "300"));
	p->mss = 200;
	ASSERT_EQ(0, peer_dial(p, &fd));
	ASSERT_EQ(0, put(fd, 500, 0));
	EXPECT_TRUE(bytes(p, s, 300));
	EXPECT_TRUE(bytes(p, s, 200));
}

static bool writable(int fd)
{
	return sk_wait(fd, POLLOUT, 0) & POLLOUT;
}

/* Writable while less than half of that is unsent; what is in flight is not. */
TEST_F(wire, notsent_lowat)
{
	int v = 0;
	socklen_t len = sizeof(v);

	BEGIN();
	ASSERT_EQ(0, option(fd, TERN_NOTSENT_LOWAT, 3500));
	ASSERT_EQ(0, getsockopt(fd, IPPROTO_TCP, TERN_NOTSENT_LOWAT, &v, &len));
	EXPECT_EQ(3500, v);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	ASSERT_EQ(0, flight_write(fd, 10));
	ASSERT_EQ(0, flight_hear(p, s, 1, 10));
	EXPECT_TRUE(writable(fd));
	ASSERT_EQ(0, flight_write(fd, 1));
	EXPECT_TRUE(writable(fd));
	/* No room to wait for, and a write that doesn't wait has some. */
	ASSERT_EQ(0, flight_write(fd, 1));
	EXPECT_FALSE(writable(fd));
	ASSERT_EQ(0, flight_write(fd, 2));
	EXPECT_FALSE(writable(fd));
	flight_ack(p, 2, 0, 0);
	ASSERT_EQ(0, flight_hear(p, s, 11, 14));
	EXPECT_TRUE(sk_wait(fd, POLLOUT, SOON) & POLLOUT);
}

TEST_HARNESS_MAIN
