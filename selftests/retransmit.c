// SPDX-License-Identifier: GPL-2.0
/*
 * The retransmission timer, the loss probe before it, and the round trips that
 * both are made of (RFC 6298, RFC 8985 7). The path delays by 40 ms, one way.
 */
#include "fixture.h"
#include "flight.h"

WIRE_FIXTURE()

/* On a slow machine longer times: the script's part comes before they end. */
#define TIMES	(timetravel() ? 1 : 8)		/* the path's, in the handshake */
#define RTO_MS	(timetravel() ? 200 : 1000)
#define PTO_MS	(2 * TIMES * DELAY_MS)

#define BEGIN(sack, ts)							\
	sysctl_set("rto_min_us", timetravel() ? "200000" : "1000000");	\
	FLIGHT_BEGIN(sack, ts, TIMES)

/* On the wire no sooner than @ms after @start and the way; exact in time travel */
#define EXPECT_AFTER(start, ms) do {					\
	int64_t _us = ((ms) + DELAY_MS) * 1000;				\
									\
	EXPECT_LE(_us, s->us - (start));				\
	if (timetravel())						\
		EXPECT_TRUE(near_us(s->us - (start), _us));		\
} while (0)

/* The path's round trip; what a slow machine makes of it is not known. */
#define EXPECT_RTT(fd) do {						\
	unsigned int _rtt = sk_info(fd).ti_rtt;			\
									\
	EXPECT_LE(DELAY_MS * 1000, _rtt);				\
	if (timetravel())						\
		EXPECT_GE(DELAY_MS * 1000 + 5000, _rtt);		\
} while (0)

/*
 * RFC 6298 5.4 to 5.6, RFC 5681 3.1: the oldest segment, one segment's window,
 * half of the flight for ssthresh, then slow start.
 */
TEST_F(wire, rfc5681_3_1__timeout)
{
	int64_t start;

	BEGIN(false, false);
	start = now_us();
	ASSERT_EQ(0, flight_write(fd, 30));
	ASSERT_EQ(0, flight_hear(p, s, 1, 10));
	ASSERT_EQ(0, flight_hear(p, s, 1, 1));
	EXPECT_AFTER(start, RTO_MS);
	EXPECT_TRUE(silence(p, DELAY_MS));
	EXPECT_EQ(1, sk_info(fd).ti_snd_cwnd);
	EXPECT_EQ(5, sk_info(fd).ti_snd_ssthresh);
	EXPECT_EQ(1, sk_info(fd).ti_backoff);
	flight_ack(p, 1, 0, 0);
	ASSERT_EQ(0, flight_hear(p, s, 2, 3));
	flight_ack(p, 3, 0, 0);
	ASSERT_EQ(0, flight_hear(p, s, 4, 7));
	EXPECT_EQ(4, sk_info(fd).ti_snd_cwnd);
	EXPECT_EQ(1, stat_get("TCPTimeouts"));
	EXPECT_EQ(7, stat_get("TCPSlowStartRetrans") + 1);
}

/* The same segment again: ssthresh stays, the timer doubles. */
TEST_F(wire, rfc5681_3_1__second_timeout)
{
	int64_t start;

	BEGIN(false, false);
	start = now_us();
	ASSERT_EQ(0, flight_write(fd, 10));
	ASSERT_EQ(0, flight_hear(p, s, 1, 10));
	ASSERT_EQ(0, flight_hear(p, s, 1, 1));
	ASSERT_EQ(0, flight_hear(p, s, 1, 1));
	EXPECT_AFTER(start, RTO_MS + 2 * RTO_MS);
	EXPECT_EQ(1, sk_info(fd).ti_snd_cwnd);
	EXPECT_EQ(5, sk_info(fd).ti_snd_ssthresh);
}

/*
 * Karn (RFC 6298 3): the ACK that the retransmission brings covers a segment
 * that was sent once, but waited behind the hole. It is no sample, and the
 * back-off stays until there is one (RFC 6298 5).
 */
TEST_F(wire, rfc6298_3__behind_a_hole)
{
	unsigned int rtt;

	BEGIN(false, false);
	rtt = sk_info(fd).ti_rtt;
	ASSERT_EQ(0, flight_write(fd, 2));
	ASSERT_EQ(0, flight_hear(p, s, 1, 2));
	ASSERT_EQ(0, flight_hear(p, s, 1, 1));
	flight_ack(p, 2, 0, 0);
	ASSERT_TRUE(flight_acked(fd));
	EXPECT_EQ(rtt, sk_info(fd).ti_rtt);
	EXPECT_EQ(1, sk_info(fd).ti_backoff);
	ASSERT_EQ(0, flight_write(fd, 1));
	ASSERT_EQ(0, flight_hear(p, s, 3, 3));
	flight_ack(p, 3, 0, 0);
	ASSERT_TRUE(flight_acked(fd));
	EXPECT_RTT(fd);
	EXPECT_EQ(0, sk_info(fd).ti_backoff);
}

/* RFC 7323 4.1: the echo of the last copy makes it a sample ... */
TEST_F(wire, rfc7323_4__echo_of_the_retransmission)
{
	BEGIN(false, true);
	ASSERT_EQ(0, flight_write(fd, 1));
	ASSERT_EQ(0, flight_hear(p, s, 1, 1));
	ASSERT_EQ(0, flight_hear(p, s, 1, 1));
	EXPECT_EQ(1, sk_info(fd).ti_backoff);
	flight_ack(p, 1, 0, 0);
	ASSERT_TRUE(flight_acked(fd));
	EXPECT_RTT(fd);
	EXPECT_EQ(0, sk_info(fd).ti_backoff);
}

/* ... that of another copy does not: the ACK was lost on its way, not late. */
TEST_F(wire, rfc7323_4__echo_of_an_earlier_copy)
{
	unsigned int rtt;
	uint32_t first;

	BEGIN(false, true);
	rtt = sk_info(fd).ti_rtt;
	ASSERT_EQ(0, flight_write(fd, 1));
	ASSERT_EQ(0, flight_hear(p, s, 1, 1));
	ASSERT_EQ(0, flight_hear(p, s, 1, 1));
	first = s->tsval;
	ASSERT_EQ(0, flight_hear(p, s, 1, 1));
	say(p, .flags = ACK, .seq = p->snd_nxt, .ack = END(1), .has_ts = true,
	    .tsval = p->tsval, .tsecr = first);
	ASSERT_TRUE(flight_acked(fd));
	EXPECT_EQ(rtt, sk_info(fd).ti_rtt);
	EXPECT_EQ(2, sk_info(fd).ti_backoff);
}

/* What is SACKed is a sample too, while the hole waits. */
TEST_F(wire, rfc6298_3__sacked_is_a_sample)
{
	if (!timetravel())
		SKIP(return, "only with a clock that waits for the script");
	BEGIN(true, false);
	topo_run(&self->t, 0, "tc qdisc change dev eth0 root netem delay %dms", DELAY_MS * 3 / 2);
	ASSERT_EQ(0, flight_write(fd, 4));
	ASSERT_EQ(0, flight_hear(p, s, 1, 4));
	flight_ack(p, 0, 2, 4);
	ASSERT_TRUE(wait_for(sk_info(fd).ti_sacked == 3, SOON));
	/* An eighth of the way from 40 ms to 60 ms */
	EXPECT_LE(42400, sk_info(fd).ti_rtt);
	EXPECT_GE(43000, sk_info(fd).ti_rtt);
}

/*
 * RFC 8985 7.2, 7.3: nothing new to send, so the last segment goes out again
 * after two round trips; then the RTO runs its full time.
 */
TEST_F(wire, rfc8985_7_3__probe_then_timeout)
{
	int64_t start;

	BEGIN(true, false);
	start = now_us();
	ASSERT_EQ(0, flight_write(fd, 3));
	ASSERT_EQ(0, flight_hear(p, s, 1, 3));
	ASSERT_EQ(0, flight_hear(p, s, 3, 3));
	EXPECT_AFTER(start, PTO_MS);
	EXPECT_EQ(1, stat_get("TCPLossProbes"));
	ASSERT_EQ(0, flight_hear(p, s, 1, 1));
	EXPECT_AFTER(start, PTO_MS + RTO_MS);
	EXPECT_EQ(1, stat_get("TCPTimeouts"));
	/* RFC 4022: SYN, ACK and three; what goes out again is told apart. */
	EXPECT_EQ(2, stat_get("RetransSegs"));
	EXPECT_EQ(5, stat_get("OutSegs"));
}

/*
 * RFC 9293 3.8.6: a window shut over data in flight, and open after the RTO has
 * grown long: what was sent into it goes out at once, and only the first RTO
 * was a sign of congestion.
 */
TEST_F(wire, rfc9293_3_8_6__reopened)
{
	int64_t start, waited = 0;

	BEGIN(false, false);
	sysctl_set("rto_max_us", "1000000");
	ASSERT_EQ(0, flight_write(fd, 10));
	ASSERT_EQ(0, flight_hear(p, s, 1, 10));
	for (int i = 0; i < 3; i++) {
		start = s->us;
		say(p, .flags = ACK, .seq = p->snd_nxt, .ack = SEQ(1), .win0 = true);
		ASSERT_EQ(0, flight_hear(p, s, 1, 1));
		waited = s->us - start;
	}
	EXPECT_EQ(5, sk_info(fd).ti_snd_ssthresh);
	start = now_us();
	say(p, .flags = ACK, .seq = p->snd_nxt, .ack = SEQ(1));
	ASSERT_EQ(0, flight_hear(p, s, 1, 1));
	EXPECT_GT(waited / 2, s->us - start);
	EXPECT_EQ(0, sk_info(fd).ti_backoff);
	flight_ack(p, 1, 0, 0);
	EXPECT_EQ(0, flight_hear(p, s, 2, 3));
}

/* The time that the peer says it may wait with an ACK is added to the timeout ... */
TEST_F(wire, rfc6298_2__peers_mad)
{
	int64_t start;

	if (!is_tern())
		SKIP(return, "Tern's option");
	self->p.has_mad = true;
	self->p.mad = 300000;
	BEGIN(false, false);
	EXPECT_EQ(300000, sk_info(fd).ti_peer_mad_us);
	start = now_us();
	ASSERT_EQ(0, flight_write(fd, 1));
	ASSERT_EQ(0, flight_hear(p, s, 1, 1));
	ASSERT_EQ(0, flight_hear(p, s, 1, 1));
	/* The round trip, four times its half, and that */
	EXPECT_AFTER(start, 3 * TIMES * DELAY_MS + 300);
}

/* ... as far as RFC 9293 3.8.6.3 lets it wait: or a peer could have it be minutes ... */
TEST_F(wire, rfc9293_3_8_6_3__peers_mad_limit)
{
	int64_t start;

	if (!is_tern())
		SKIP(return, "Tern's option");
	self->p.has_mad = true;
	self->p.mad = 0xffffffff;
	BEGIN(false, false);
	EXPECT_EQ(500000, sk_info(fd).ti_peer_mad_us);
	start = now_us();
	ASSERT_EQ(0, flight_write(fd, 1));
	ASSERT_EQ(0, flight_hear(p, s, 1, 1));
	ASSERT_EQ(0, flight_hear(p, s, 1, 1));
	EXPECT_AFTER(start, 3 * TIMES * DELAY_MS + 500);
}

/* ... and to the probe's, where a single segment may wait for it: RFC 8985 7.2. */
TEST_F(wire, rfc8985_7_2__peers_mad)
{
	int64_t start;

	if (!is_tern())
		SKIP(return, "Tern's option");
	self->p.has_mad = true;
	self->p.mad = 300000;
	BEGIN(true, false);
	start = now_us();
	ASSERT_EQ(0, flight_write(fd, 1));
	ASSERT_EQ(0, flight_hear(p, s, 1, 1));
	ASSERT_EQ(0, flight_hear(p, s, 1, 1));
	EXPECT_AFTER(start, PTO_MS + 300);
	EXPECT_EQ(1, stat_get("TCPLossProbes"));
	EXPECT_EQ(0, stat_get("TCPTimeouts"));
}

/* So may several that are one full segment together: RFC 9293 3.8.6.3. */
TEST_F(wire, rfc8985_7_2__peers_mad_small)
{
	int64_t start;

	if (!is_tern())
		SKIP(return, "Tern's option");
	self->p.has_mad = true;
	self->p.mad = 300000;
	BEGIN(true, false);
	setsockopt(fd, proto(), TERN_NODELAY, &(int){ 1 }, sizeof(int));
	start = now_us();
	for (int i = 0; i < 3; i++)
		ASSERT_EQ(10, send(fd, "ten bytes.", 10, 0));
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(1, hear(p, s, SOON));
		EXPECT_EQ(p->rcv_nxt + 10 * i, s->seq);
	}
	ASSERT_EQ(1, hear(p, s, SOON));
	EXPECT_EQ(p->rcv_nxt + 20, s->seq);
	EXPECT_AFTER(start, PTO_MS + 300);
	EXPECT_EQ(1, stat_get("TCPLossProbes"));
}

/* New data where there is some, over cwnd's limit */
TEST_F(wire, rfc8985_7_3__probe_of_new_data)
{
	int64_t start;

	BEGIN(true, false);
	start = now_us();
	ASSERT_EQ(0, flight_write(fd, 30));
	ASSERT_EQ(0, flight_hear(p, s, 1, 10));
	ASSERT_EQ(0, flight_hear(p, s, 11, 11));
	EXPECT_AFTER(start, PTO_MS);
	/* Its SACK tells what was lost. */
	flight_ack(p, 0, 11, 11);
	ASSERT_EQ(0, flight_hear(p, s, 1, 1));
	EXPECT_EQ(0, stat_get("TCPTimeouts"));
	EXPECT_EQ(1, stat_get("TCPSackRecovery"));
}

/* RFC 8985 7.4.2: the probe repaired a loss, which is a sign of congestion. */
TEST_F(wire, rfc8985_7_4__repaired)
{
	BEGIN(true, true);
	ASSERT_EQ(0, flight_write(fd, 6));
	ASSERT_EQ(0, flight_hear(p, s, 1, 6));
	flight_ack(p, 5, 0, 0);
	ASSERT_EQ(0, flight_hear(p, s, 6, 6));
	flight_ack(p, 6, 0, 0);
	ASSERT_TRUE(flight_acked(fd));
	EXPECT_EQ(1, stat_get("TCPLossProbeRecovery"));
	EXPECT_EQ(2, sk_info(fd).ti_snd_ssthresh);
	EXPECT_EQ(2, sk_info(fd).ti_snd_cwnd);
}

/* Only the ACK was late: nothing was lost. */
TEST_F(wire, rfc8985_7_4__not_needed)
{
	uint32_t first;

	BEGIN(true, true);
	ASSERT_EQ(0, flight_write(fd, 6));
	ASSERT_EQ(0, flight_hear(p, s, 1, 6));
	first = s->tsval;
	ASSERT_EQ(0, flight_hear(p, s, 6, 6));
	say(p, .flags = ACK, .seq = p->snd_nxt, .ack = END(6), .has_ts = true,
	    .tsval = p->tsval, .tsecr = first);
	ASSERT_TRUE(flight_acked(fd));
	EXPECT_EQ(0, stat_get("TCPLossProbeRecovery"));
	EXPECT_LE(10, sk_info(fd).ti_snd_cwnd);
}

/* Without timestamps the first ACK doesn't tell; a D-SACK then does. */
TEST_F(wire, rfc8985_7_4__dsack_of_the_probe)
{
	BEGIN(true, false);
	ASSERT_EQ(0, flight_write(fd, 6));
	ASSERT_EQ(0, flight_hear(p, s, 1, 6));
	ASSERT_EQ(0, flight_hear(p, s, 6, 6));
	flight_ack(p, 6, 0, 0);
	ASSERT_TRUE(flight_acked(fd));
	EXPECT_EQ(0, stat_get("TCPLossProbeRecovery"));
	flight_ack(p, 6, 6, 6);
	ASSERT_TRUE(wait_for(stat_get("TCPDSACKRecv") == 1, SOON));
	ASSERT_EQ(0, flight_write(fd, 1));
	ASSERT_EQ(0, flight_hear(p, s, 7, 7));
	flight_ack(p, 7, 0, 0);
	ASSERT_TRUE(flight_acked(fd));
	EXPECT_EQ(0, stat_get("TCPLossProbeRecovery"));
	EXPECT_LE(10, sk_info(fd).ti_snd_cwnd);
}

/* RFC 3522: the timeout was for nothing; the window is given back. */
TEST_F(wire, rfc4015__spurious_timeout)
{
	uint32_t first;

	BEGIN(false, true);
	ASSERT_EQ(0, flight_write(fd, 30));
	ASSERT_EQ(0, flight_hear(p, s, 1, 10));
	first = s->tsval;
	ASSERT_EQ(0, flight_hear(p, s, 1, 1));
	EXPECT_EQ(1, sk_info(fd).ti_snd_cwnd);
	say(p, .flags = ACK, .seq = p->snd_nxt, .ack = END(2), .has_ts = true,
	    .tsval = p->tsval, .tsecr = first);
	/* Nothing but new data follows. */
	ASSERT_EQ(0, flight_hear(p, s, 11, 12));
	EXPECT_EQ(1, stat_get("TCPSpuriousRTOs"));
	EXPECT_LE(10, sk_info(fd).ti_snd_cwnd);
	EXPECT_LT(1 << 20, sk_info(fd).ti_snd_ssthresh);
}

/*
 * RFC 8985 6.3: at a timeout what was sent only just now isn't lost. Three
 * segments without an answer, a fourth shortly before the timer.
 */
TEST_F(wire, rfc8985_6_3__recent_is_not_lost)
{
	if (!timetravel())
		SKIP(return, "only with a clock that waits for the script");
	BEGIN(true, false);
	ASSERT_EQ(0, flight_write(fd, 1));
	ASSERT_EQ(0, flight_hear(p, s, 1, 1));
	flight_ack(p, 1, 0, 0);
	ASSERT_EQ(0, flight_write(fd, 3));
	ASSERT_EQ(0, flight_hear(p, s, 2, 4));
	ASSERT_EQ(0, flight_hear(p, s, 4, 4));		/* the probe */
	usleep(140000);
	ASSERT_EQ(0, flight_write(fd, 1));
	ASSERT_EQ(0, flight_hear(p, s, 5, 5));
	ASSERT_EQ(0, flight_hear(p, s, 2, 2));		/* the timeout */
	EXPECT_EQ(1, stat_get("TCPTimeouts"));
	EXPECT_EQ(3, sk_info(fd).ti_lost);
}

TEST_HARNESS_MAIN
