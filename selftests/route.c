// SPDX-License-Identifier: GPL-2.0
/*
 * A better route that comes later: where the kernel tells of it (IPv4 always,
 * IPv6 not of one in another table) the next segment takes it; else a
 * connection asks anew, with a SYN at each resend, with data after retries1 of
 * them (RFC 9293 3.8.3, RFC 1122 3.3.1.4 and 4.2.3.5).
 */
#include "fixture.h"

WIRE_FIXTURE()

/* To the peer by another device, behind which nobody is */
static int detour(FIXTURE_DATA(wire) *self)
{
	return topo_run(&self->t, 0, "ip %s route add %s dev d1 table local src %s",
			is_v6() ? "-6" : "-4", ip_text(HOST_B), ip_text(HOST_A));
}

/* Packets that the other device was given */
static bool took_detour(void)
{
	return file_num("/proc/thread-self/net/dev",
			" d1: %*d %*d %*d %*d %*d %*d %*d %*d %*d %ld") > 0;
}

/* The device, and one RTO for all */
static int begin(FIXTURE_DATA(wire) *self, const char *rto_us)
{
	if (is_tern()) {
		sysctl_set("rto_init_us", rto_us);
		sysctl_set("rto_min_us", rto_us);
		sysctl_set("rto_max_us", rto_us);
	}
	if (topo_run(&self->t, 0, "ip link add d1 type dummy && ip link set d1 up"))
		return -1;
	/* What the kernel has yet to do with a new link changes routes. */
	if (timetravel())
		sleep_until(now_us() + 2000000);
	return 0;
}

TEST_F(wire, syn)
{
	struct peer *p = &self->p;
	int fd;

	ASSERT_EQ(0, begin(self, "1000000"));
	fd = sk_dial(HOST_B, PORT, 0, SOCK_NONBLOCK);
	ASSERT_GE(fd, 0);
	p->port = PORT;
	p->to_port = sk_port(fd);
	ASSERT_EQ(0, expect(p, &self->s, SYN));
	ASSERT_EQ(0, detour(self));
	/* Nothing but a resend goes there; none was due before, if time allows. */
	EXPECT_TRUE(!timetravel() || !took_detour());
	wire_drain(&self->w);
	EXPECT_TRUE(wait_for(took_detour(), SOON));
	if (is_tern())
		EXPECT_TRUE(silence(p, QUIET));
	close(fd);
}

TEST_F(wire, retries1)
{
	struct peer *p = &self->p;
	int fd, early = 0, resent = 0;
	long probes;

	/* Of IPv4 a second is enough for the new route to be there before a resend. */
	ASSERT_EQ(0, begin(self, is_v6() ? "100000" : "1000000"));
	ASSERT_EQ(0, sysctl_set("retries1", "5"));
	ASSERT_EQ(0, sysctl_set("retries2", "255"));
	p->has_mad = true;
	ASSERT_EQ(0, peer_dial(p, &fd));
	ASSERT_EQ(1, send(fd, "x", 1, 0));
	ASSERT_EQ(0, expect(p, &self->s, ACK));
	ASSERT_EQ(0, detour(self));
	while (hear(p, &self->s, 0))
		early++;
	EXPECT_TRUE(wait_for(took_detour(), 2 * SOON));
	probes = stat_get("TCPLossProbes");
	while (hear(p, &self->s, QUIET)) {
		EXPECT_EQ(1, self->s.len);
		resent++;
	}
	fprintf(stderr, "# %d resent before, %d after, %ld probes\n", early, resent, probes);
	if (is_tern())
		EXPECT_GE(is_v6() ? 5 : 0, resent);
	if (is_tern() && is_v6() && timetravel())
		EXPECT_EQ(5 + probes, early + resent);
	close(fd);
}

TEST_HARNESS_MAIN
