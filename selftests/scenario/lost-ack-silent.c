// SPDX-License-Identifier: GPL-2.0
/*
 * lost-ack-silent: the third ACK is lost, S has given up, and the RSTs it
 * answers with are lost too: C resends with doubling up to rto_max_us and
 * gives up after retries2 with ETIMEDOUT: 924.6 s at an RTO of 200 ms.
 */
#include "clock.h"
#include "fixture.h"

HOSTS_FIXTURE()

TEST_F_TIMEOUT(hosts, gives_up, 10000)
{
	int n = timetravel() ? 15 : 2, fd, sent = 0, rsts = 0;
	int64_t step = 200000, due = 0, start = 0;
	struct seg *s = &self->s;
	uint32_t x = 0, y;
	long probes;

	if (!is_tern())
		SKIP(return, "TCP's RTO has no MAD to go by");
	topo_enter(&self->t, 1);
	ASSERT_EQ(0, sysctl_set("rto_init_us", "50000"));
	ASSERT_EQ(0, sysctl_set("synack_retries", "0"));
	ASSERT_GE(sk_listen(PORT, 4), 0);
	ASSERT_EQ(0, topo_drop(&self->t, 1, "@th,104,8 0x10"));
	topo_enter(&self->t, 0);
	if (!timetravel())
		ASSERT_EQ(0, sysctl_set("retries2", "2"));
	ASSERT_EQ(0, topo_drop(&self->t, 0, "@th,104,8 & 0x04 == 0x04"));
	fd = sk_dial(HOST_B, PORT, 0, 0);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, see(&self->w, s, sk_port(fd), SYN));
	ASSERT_EQ(0, see(&self->w, s, PORT, SYN | ACK));
	y = s->seq + 1;
	topo_enter(&self->t, 1);
	EXPECT_TRUE(wait_gone(PORT, sk_port(fd), SOON));
	topo_enter(&self->t, 0);
	wire_drain(&self->w);

	/*
	 * Data; the loss probe, from which the RTO counts, unless a slow machine's
	 * RTO came before it; resends. Each meets a RST.
	 */
	probes = stat_get("TCPLossProbes");
	ASSERT_EQ(4, send(fd, "data", 4, 0));
	for (int i = -2; i < n; ) {
		ASSERT_EQ(1, wire_recv(&self->w, s, 125000));
		if (s->flags & RST) {
			rsts++;
			EXPECT_EQ(y, s->seq);
			continue;
		}
		if (i == -2)
			x = s->seq;
		EXPECT_EQ(x, s->seq);
		EXPECT_EQ(4, s->len);
		EXPECT_EQ(y, s->ack);
		sent++;
		if (i == -1 && !timetravel() && stat_get("TCPLossProbes") == probes)
			i++;
		if (i < 0) {
			start = s->us;
		} else {
			due += step;
			EXPECT_TRUE(near_us(s->us - start, due));
			step = step * 2 < 120000000 ? step * 2 : 120000000;
		}
		i++;
	}
	EXPECT_EQ(TERN_ESTABLISHED, sk_state(sk_port(fd), PORT));
	due += step;
	EXPECT_TRUE(error_at(fd, start, timetravel() ? 924600000 : due, ETIMEDOUT));
	while (wire_recv(&self->w, s, QUIET))
		rsts += s->flags == RST;
	EXPECT_EQ(sent, rsts);
}

TEST_HARNESS_MAIN
