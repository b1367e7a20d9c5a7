// SPDX-License-Identifier: GPL-2.0
/*
 * host-crash: the client's machine is killed outright: no FIN; S finds out by
 * keepalive, or by what it sends and nobody acknowledges. RFC 9293, 3.8.3 and
 * 3.8.4.
 */
#include "clock.h"
#include "pair.h"

TEST_F_TIMEOUT(pair, dead, 200)
{
	int idle, busy, still, iport, bport, sport, one = 1, probes = 0, resent = 0, rst = 0;
	int64_t heard = 0, sent;
	long probed;
	uint32_t end;
	char c;

	/* The first probe is later than the time it takes to be sure of the end. */
	ASSERT_EQ(0, sysctl_set("keepalive_time_ms", "20000"));
	ASSERT_EQ(0, sysctl_set("keepalive_intvl_ms", "300"));
	ASSERT_EQ(0, sysctl_set("keepalive_probes", "3"));
	ASSERT_EQ(0, sysctl_set("retries2", "3"));
	ASSERT_EQ(0, sysctl_set("rto_max_us", "400000"));
	ASSERT_EQ(0, pair_boot(self));
	idle = far_accept(self->listener, BOOT, &iport);
	ASSERT_GE(idle, 0);
	busy = far_more(self->listener, idle, &bport);
	still = far_more(self->listener, idle, &sport);
	ASSERT_GE(busy, 0);
	ASSERT_GE(still, 0);
	ASSERT_TRUE(far_echoes(busy));
	ASSERT_EQ(0, setsockopt(idle, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one)));
	ASSERT_TRUE(far_echoes(idle));
	/* Let the last ACK pass: from here on the wire belongs to the dead. */
	while (wire_recv(&self->w, &self->s, QUIET))
		if (self->s.sport == iport)
			heard = self->s.us;
	ASSERT_NE(0, heard);

	ASSERT_EQ(0, pair_kill(self->tell));
	EXPECT_EQ(TERN_ESTABLISHED, sk_state(PORT, iport));
	EXPECT_EQ(TERN_ESTABLISHED, sk_state(PORT, bport));
	probed = stat_get("TCPLossProbes");
	sent = now_us();
	ASSERT_EQ(4, send(busy, "data", 4, 0));
	EXPECT_TRUE(error_at(idle, heard, 20900000, ETIMEDOUT));
	ASSERT_TRUE(sk_wait(busy, 0, 2 * SOON) & POLLERR);
	fprintf(stderr, "# data unacknowledged: %lld ms\n", (long long)(now_us() - sent) / 1000);
	EXPECT_EQ(-1, recv(busy, &c, 1, 0));
	EXPECT_EQ(ETIMEDOUT, errno);
	EXPECT_EQ(0, sk_state(PORT, iport));
	EXPECT_EQ(0, sk_state(PORT, bport));
	/* Nothing asked after this one. */
	EXPECT_EQ(TERN_ESTABLISHED, sk_state(PORT, sport));

	/* No FIN, and no other segment of the dead; ours, as they were due. */
	end = 0;
	while (wire_recv(&self->w, &self->s, QUIET)) {
		struct seg *s = &self->s;

		EXPECT_EQ(PORT, s->sport);
		EXPECT_NE(sport, s->dport);
		EXPECT_EQ(0, s->flags & FIN);
		rst += !!(s->flags & RST);
		if (s->flags & RST)
			continue;
		if (s->dport == iport) {
			probes++;
			EXPECT_EQ(0, s->len);
			EXPECT_TRUE(near_us(s->us - heard, 20000000 + (probes - 1) * 300000));
		} else if (s->len) {
			EXPECT_TRUE(!end || s->seq == end);
			end = s->seq;
			resent++;
		}
	}
	EXPECT_EQ(3, probes);
	/* Sent, probed unless the RTO came before, and as often as retries2 says. */
	probed = stat_get("TCPLossProbes") - probed;
	EXPECT_GE(1, probed);
	EXPECT_EQ(1 + probed + 3, resent);
	EXPECT_GT(rst, 0);
}

TEST_HARNESS_MAIN
