// SPDX-License-Identifier: GPL-2.0
/*
 * Loss found without a timeout, and what it does to the window: SACK and RACK
 * (RFC 6675, RFC 8985), duplicate ACKs (RFC 5681, RFC 6582), PRR (RFC 6937),
 * undo (RFC 3522, RFC 3708). The path delays by 40 ms, one way.
 */
#include "fixture.h"
#include "flight.h"

WIRE_FIXTURE()

/* Time enough for a slow machine to say its part: no RTO, no probe */
#define BEGIN(sack, ts)							\
	sysctl_set("rto_min_us", "1000000");				\
	FLIGHT_BEGIN(sack, ts, timetravel() ? 1 : 8)

#define EXPECT_WINDOW(cwnd, thresh) do {				\
	struct tern_info _ti = sk_info(fd);				\
									\
	EXPECT_EQ(cwnd, _ti.ti_snd_cwnd);				\
	EXPECT_EQ(thresh, _ti.ti_snd_ssthresh);				\
} while (0)

/* One of ten lost: half of the window, reached in steps. */
TEST_F(wire, rfc6937__one_of_ten)
{
	BEGIN(true, false);
	ASSERT_EQ(0, flight_write(fd, 30));
	ASSERT_EQ(0, flight_hear(p, s, 1, 10));
	flight_ack(p, 0, 2, 4);
	/* 3 of 10 delivered let out 2 of 5: the lost one and a new one. */
	ASSERT_EQ(0, flight_hear(p, s, 1, 1));
	ASSERT_EQ(0, flight_hear(p, s, 11, 11));
	EXPECT_TRUE(silence(p, QUIET / 2));
	flight_ack(p, 0, 2, 10);
	ASSERT_EQ(0, flight_hear(p, s, 12, 14));
	flight_ack(p, 10, 0, 0);
	/* Recovered: five in flight. */
	ASSERT_EQ(0, flight_hear(p, s, 15, 15));
	EXPECT_TRUE(silence(p, DELAY_MS));
	EXPECT_WINDOW(5, 5);
	EXPECT_EQ(1, stat_get("TCPSackRecovery"));
	EXPECT_EQ(1, stat_get("TCPFastRetrans"));
	EXPECT_EQ(0, stat_get("TCPTimeouts"));
}

/*
 * One SACK is too few to be sure: it lets out new data at once (RFC 3042),
 * and the missing one a quarter of the round trip later (RFC 8985 6.2).
 */
TEST_F(wire, rfc8985_6_2__reordering_timer)
{
	int64_t then;

	BEGIN(true, false);
	ASSERT_EQ(0, flight_write(fd, 30));
	ASSERT_EQ(0, flight_hear(p, s, 1, 10));
	flight_ack(p, 0, 2, 2);
	ASSERT_EQ(0, flight_hear(p, s, 11, 11));
	then = s->us;
	ASSERT_EQ(0, flight_hear(p, s, 1, 1));
	/* Elsewhere what is seen as then may be late by more than that. */
	if (timetravel()) {
		EXPECT_LE(DELAY_MS * 1000 / 4 - 500, s->us - then);
		EXPECT_GE(DELAY_MS * 1000 / 4 + 2000, s->us - then);
	}
	EXPECT_EQ(5, sk_info(fd).ti_snd_ssthresh);
}

/* Late, not lost: what comes in time keeps the window whole. */
TEST_F(wire, rfc8985_6_2__reordered_in_time)
{
	if (!timetravel())
		SKIP(return, "on a slow machine what follows is not in time");
	BEGIN(true, false);
	ASSERT_EQ(0, flight_write(fd, 30));
	ASSERT_EQ(0, flight_hear(p, s, 1, 10));
	flight_ack(p, 0, 2, 2);
	flight_ack(p, 2, 0, 0);
	ASSERT_EQ(0, flight_hear(p, s, 11, 13));
	EXPECT_TRUE(silence(p, DELAY_MS));
	EXPECT_EQ(0, stat_get("RetransSegs"));
	/* What is only SACKed doesn't count: RFC 5681 3.2 */
	EXPECT_EQ(11, sk_info(fd).ti_snd_cwnd);
}

/* The retransmission is lost as well: found by RACK, halved twice. */
TEST_F(wire, rfc5681_4_3__retransmission_lost)
{
	BEGIN(true, false);
	ASSERT_EQ(0, flight_write(fd, 30));
	ASSERT_EQ(0, flight_hear(p, s, 1, 10));
	flight_ack(p, 0, 2, 4);
	ASSERT_EQ(0, flight_hear(p, s, 1, 1));
	ASSERT_EQ(0, flight_hear(p, s, 11, 11));
	/* 11 was sent after the second 1. */
	flight_ack(p, 0, 2, 11);
	ASSERT_EQ(0, flight_hear(p, s, 1, 1));
	EXPECT_EQ(1, stat_get("TCPLostRetransmit"));
	EXPECT_EQ(1, stat_get("TCPSackRecovery"));
	EXPECT_EQ(2, sk_info(fd).ti_snd_ssthresh);
	ASSERT_EQ(0, flight_hear(p, s, 12, 12));
	flight_ack(p, 12, 0, 0);
	ASSERT_EQ(0, flight_hear(p, s, 13, 14));
	EXPECT_TRUE(silence(p, DELAY_MS));
	EXPECT_WINDOW(2, 2);
}

/* RFC 5681 3.1: cwnd grows by segments, however many ACKs tell of one. */
TEST_F(wire, rfc5681_3_1__ack_division)
{
	BEGIN(true, false);
	ASSERT_EQ(0, flight_write(fd, 30));
	ASSERT_EQ(0, flight_hear(p, s, 1, 10));
	for (int i = 1; i <= 200; i++)
		say(p, .flags = ACK, .seq = p->snd_nxt, .ack = SEQ(1) + i);
	ASSERT_TRUE(wait_for(sk_info(fd).ti_bytes_acked >= 200, SOON));
	EXPECT_EQ(10, sk_info(fd).ti_snd_cwnd);
	EXPECT_TRUE(silence(p, DELAY_MS));
	flight_ack(p, 1, 0, 0);
	ASSERT_EQ(0, flight_hear(p, s, 11, 12));
	EXPECT_EQ(11, sk_info(fd).ti_snd_cwnd);
	EXPECT_EQ(10, sk_info(fd).ti_unacked - 1);
}

/* Several losses of one window are one sign of congestion. */
TEST_F(wire, rfc5681_4_3__one_window_one_cut)
{
	BEGIN(true, false);
	ASSERT_EQ(0, flight_write(fd, 10));
	ASSERT_EQ(0, flight_hear(p, s, 1, 10));
	flight_ack(p, 0, 2, 4);
	ASSERT_EQ(0, flight_hear(p, s, 1, 1));
	flight_ack(p, 0, 8, 8);
	ASSERT_EQ(0, flight_hear(p, s, 5, 6));
	flight_ack(p, 0, 8, 10);
	ASSERT_EQ(0, flight_hear(p, s, 7, 7));
	EXPECT_EQ(5, sk_info(fd).ti_snd_ssthresh);
	flight_ack(p, 10, 0, 0);
	ASSERT_TRUE(flight_acked(fd));
	EXPECT_WINDOW(5, 5);
}

/* Without SACK: the third duplicate ACK (RFC 5681 3.2), new data for the first two */
TEST_F(wire, rfc5681_3_2__third_duplicate)
{
	BEGIN(false, false);
	ASSERT_EQ(0, flight_write(fd, 30));
	ASSERT_EQ(0, flight_hear(p, s, 1, 10));
	flight_ack(p, 0, 0, 0);
	ASSERT_EQ(0, flight_hear(p, s, 11, 11));
	flight_ack(p, 0, 0, 0);
	ASSERT_EQ(0, flight_hear(p, s, 12, 12));
	flight_ack(p, 0, 0, 0);
	ASSERT_EQ(0, flight_hear(p, s, 1, 1));
	EXPECT_EQ(1, stat_get("TCPRenoRecovery"));
	EXPECT_EQ(5, sk_info(fd).ti_snd_ssthresh);
	/* A partial ACK: the next hole goes out at once (RFC 6582 3.2). */
	flight_ack(p, 4, 0, 0);
	ASSERT_EQ(0, flight_hear(p, s, 5, 5));
	flight_ack(p, 12, 0, 0);
	while (hear(p, s, DELAY_MS * 2))
		EXPECT_GE((int)(s->seq - SEQ(13)), 0);
	EXPECT_WINDOW(5, 5);
}

/* RFC 6582 3.2: duplicates that the retransmissions made don't start another. */
TEST_F(wire, rfc6582_3_2__no_second_fast_retransmit)
{
	BEGIN(false, false);
	ASSERT_EQ(0, flight_write(fd, 10));
	ASSERT_EQ(0, flight_hear(p, s, 1, 10));
	for (int i = 0; i < 3; i++)
		flight_ack(p, 0, 0, 0);
	ASSERT_EQ(0, flight_hear(p, s, 1, 1));
	flight_ack(p, 10, 0, 0);
	ASSERT_EQ(0, flight_write(fd, 5));
	ASSERT_EQ(0, flight_hear(p, s, 11, 15));
	for (int i = 0; i < 4; i++)
		flight_ack(p, 10, 0, 0);
	EXPECT_TRUE(silence(p, DELAY_MS * 2));
	EXPECT_EQ(1, stat_get("TCPFastRetrans"));
}

/* Eifel: the ACK of the original undoes the cut (RFC 3522, RFC 4015). */
TEST_F(wire, rfc3522__original_was_late)
{
	uint32_t first;

	BEGIN(true, true);
	ASSERT_EQ(0, flight_write(fd, 30));
	ASSERT_EQ(0, flight_hear(p, s, 1, 10));
	first = s->tsval;
	flight_ack(p, 0, 2, 4);
	ASSERT_EQ(0, flight_hear(p, s, 1, 1));
	EXPECT_EQ(5, sk_info(fd).ti_snd_ssthresh);
	say(p, .flags = ACK, .seq = p->snd_nxt, .ack = END(4), .has_ts = true,
	    .tsval = p->tsval, .tsecr = first);
	EXPECT_TRUE(wait_for(stat_get("TCPFullUndo") == 1, SOON));
	EXPECT_LE(10, sk_info(fd).ti_snd_cwnd);
	EXPECT_LT(1 << 20, sk_info(fd).ti_snd_ssthresh);
}

/* The same when the echo is of the retransmission: it was needed. */
TEST_F(wire, rfc3522__original_was_lost)
{
	BEGIN(true, true);
	ASSERT_EQ(0, flight_write(fd, 30));
	ASSERT_EQ(0, flight_hear(p, s, 1, 10));
	flight_ack(p, 0, 2, 10);
	ASSERT_EQ(0, flight_hear(p, s, 1, 1));
	flight_ack(p, 10, 0, 0);
	ASSERT_TRUE(wait_for(!sk_info(fd).ti_sacked, SOON));
	EXPECT_EQ(0, stat_get("TCPFullUndo"));
	EXPECT_EQ(5, sk_info(fd).ti_snd_ssthresh);
	EXPECT_EQ(5, sk_info(fd).ti_snd_cwnd);
}

/* Every retransmission is reported as a duplicate: nothing had been lost. */
TEST_F(wire, rfc3708__dsack_undoes)
{
	BEGIN(true, false);
	ASSERT_EQ(0, flight_write(fd, 10));
	ASSERT_EQ(0, flight_hear(p, s, 1, 10));
	flight_ack(p, 0, 2, 10);
	ASSERT_EQ(0, flight_hear(p, s, 1, 1));
	flight_ack(p, 10, 0, 0);
	ASSERT_TRUE(flight_acked(fd));
	EXPECT_EQ(5, sk_info(fd).ti_snd_ssthresh);
	say(p, .flags = ACK, .seq = p->snd_nxt, .ack = END(10), .nsack = 1,
	    .sack = { { SEQ(1), END(1) } });
	EXPECT_TRUE(wait_for(stat_get("TCPDSACKUndo") == 1, SOON));
	EXPECT_EQ(1, stat_get("TCPDSACKRecv"));
	EXPECT_LE(10, sk_info(fd).ti_snd_cwnd);
	EXPECT_LT(1 << 20, sk_info(fd).ti_snd_ssthresh);
}

TEST_HARNESS_MAIN
