// SPDX-License-Identifier: GPL-2.0
/*
 * data-exact: loss, reordering, duplication, corruption, delay, each alone
 * and all at once, up to 30 %: every byte once, in order, both ways at the same
 * time, and end of file behind the last. Counters tell that it happened.
 * TERN_SCALE multiplies the volume.
 */
#include "fixture.h"
#include "flow.h"

HOSTS_FIXTURE()

FIXTURE_VARIANT(hosts)
{
	const char *netem;	/* at both ends */
	int kb;			/* from A to B; a quarter of it back */
	int rtt_us;		/* at least; netem lets what it reorders go at once */
	int segs;		/* of a packet, at most, or netem sees too few to lose one */
	const char *at_a[2], *at_b[3];	/* counters that must have moved */
};

#define RESENT	.at_a = { "RetransSegs" }

FIXTURE_VARIANT_ADD(hosts, clean) { .netem = NULL, .kb = 8192 };
FIXTURE_VARIANT_ADD(hosts, delay) {
	.netem = "delay 10ms 3ms", .kb = 2048, .rtt_us = 14000
};
FIXTURE_VARIANT_ADD(hosts, loss_1) { .netem = "delay 1ms loss 1%", .kb = 16384, .segs = 1, RESENT };
FIXTURE_VARIANT_ADD(hosts, loss_10) { .netem = "delay 1ms loss 10%", .kb = 1024, .segs = 4, RESENT };
FIXTURE_VARIANT_ADD(hosts, loss_30) { .netem = "loss 30%", .kb = 64, .segs = 2, RESENT };
FIXTURE_VARIANT_ADD(hosts, reorder) {
	.netem = "delay 5ms reorder 70%", .kb = 4096, .at_b = { "TCPOFOQueue" }
};
FIXTURE_VARIANT_ADD(hosts, duplicate) {
	.netem = "duplicate 30%", .kb = 4096, .at_b = { "TCPDSACKOldSent" }
};
FIXTURE_VARIANT_ADD(hosts, corrupt_5) {
	.netem = "corrupt 5%", .kb = 4096, .segs = 1, RESENT, .at_b = { "InCsumErrors" }
};
FIXTURE_VARIANT_ADD(hosts, corrupt_30) {
	.netem = "corrupt 30%", .kb = 64, .segs = 1, RESENT,
	.at_b = { "InCsumErrors" }
};
FIXTURE_VARIANT_ADD(hosts, all) {
	.netem = "delay 2ms 1ms reorder 20% loss 3% duplicate 5% corrupt 5%", .kb = 4096,
	.rtt_us = 1000, .segs = 1, RESENT, .at_b = { "InCsumErrors", "TCPOFOQueue", "TCPDSACKOldSent" }
};
FIXTURE_VARIANT_ADD(hosts, all_30) {
	.netem = "delay 2ms 1ms reorder 30% loss 30% duplicate 30% corrupt 30%", .kb = 64,
	.rtt_us = 1000, .segs = 2, RESENT,
	.at_b = { "InCsumErrors", "TCPOFOQueue", "TCPDSACKOldSent" }
};

/* Of a kernel with every check switched on, an eighth */
static size_t volume(int kb)
{
	size_t len = ((size_t)scaled(kb) << 10) / (checking() ? 8 : 1);

	return (len + 131071) & ~131071UL;
}

static bool moved(const char *const *counter, int n)
{
	bool all = true;

	for (int i = 0; i < n && counter[i]; i++)
		if (is_tern() && stat_get(counter[i]) <= 0) {
			fprintf(stderr, "# %s is %ld\n", counter[i], stat_get(counter[i]));
			all = false;
		}
	return all;
}

TEST_F_TIMEOUT(hosts, exact, 600)
{
	size_t len = volume(variant->kb);
	struct tern_info ti = { 0 };
	socklen_t ti_len = sizeof(ti);
	struct flow f[2];
	pthread_t t[4];
	int64_t start;
	int fd[2];

	for (int i = 0; i < 2; i++) {
		topo_enter(&self->t, i);
		/*
		 * Many losses end in a timeout: no need to wait for 200 ms
		 * each, nor for what a row of doublings comes to.
		 */
		if (is_tern()) {
			sysctl_set("delack_max_us", "5000");
			sysctl_set("rto_min_us", "20000");
			sysctl_set("rto_max_us", "200000");
			sysctl_set("retries2", "100");
		}
	}
	close(self->w.fd);
	for (int i = 0; i < 2 && variant->segs; i++)
		ASSERT_EQ(0, topo_run(&self->t, i, "ip link set eth0 gso_max_segs %d",
				      variant->segs));
	ASSERT_EQ(0, sk_pair(&self->t, fd, PORT));
	for (int i = 0; i < 2; i++)
		if (variant->netem)
			ASSERT_EQ(0, topo_run(&self->t, i,
					      "tc qdisc add dev eth0 root netem limit 20000 %s",
					      variant->netem));
	for (int i = 0; i < 2; i++) {
		sk_timeouts(fd[i], 120000);
		f[i] = (struct flow){
			.from = fd[i], .to = fd[!i],
			.len = i ? len / 4 : len,
		};
	}
	start = now_us();
	for (int i = 0; i < 2; i++) {
		f[i].seed = start + i;
		pthread_create(&t[i], NULL, flow_send, &f[i]);
		pthread_create(&t[2 + i], NULL, flow_recv, &f[i]);
	}
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	getsockopt(fd[0], IPPROTO_TCP, TERN_INFO, &ti, &ti_len);
	fprintf(stderr, "# seed %lld: %zu bytes in %.2f s, %u segments, %u resent, rtt %u us\n",
		(long long)start, len + len / 4, (now_us() - start) / 1e6, ti.ti_data_segs_out,
		ti.ti_total_retrans, ti.ti_rtt);
	for (int i = 0; i < 2; i++)
		EXPECT_TRUE(flow_exact(&f[i]));
	EXPECT_LE(variant->rtt_us, ti.ti_rtt);
	topo_enter(&self->t, 0);
	EXPECT_TRUE(moved(variant->at_a, ARRAY_SIZE(variant->at_a)));
	topo_enter(&self->t, 1);
	EXPECT_TRUE(moved(variant->at_b, ARRAY_SIZE(variant->at_b)));
}

TEST_HARNESS_MAIN
