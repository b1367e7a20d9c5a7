// SPDX-License-Identifier: GPL-2.0
/*
 * How much goes out at a time: the initial window (RFC 6928), slow start
 * (RFC 5681 3.1), the window that is not used (RFC 7661) and the one that is
 * not used any more (RFC 5681 4.1, RFC 2861).
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
	EXPECT_EQ(10, flight_info(fd).ti_snd_cwnd);
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
	EXPECT_EQ(20, flight_info(fd).ti_snd_cwnd);
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
	usleep(1000);
	EXPECT_EQ(10, flight_info(fd).ti_snd_cwnd);
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
	usleep(1000);
	ASSERT_EQ(20, flight_info(fd).ti_snd_cwnd);
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

TEST_HARNESS_MAIN
