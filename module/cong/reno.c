// SPDX-License-Identifier: GPL-2.0
/*
 * Reno: halve on loss, one segment more each round trip (RFC 5681 3.1).
 */
#include <linux/kernel.h>
#include "cong.h"

static u32 reno_ssthresh(struct tern_cong *c, u32 flight)
{
	return max(flight / 2, TERN_SSTHRESH_MIN);
}

/* A window that is not used up says nothing of the path (RFC 7661 3). */
static void reno_ack(struct tern_cong *c, const struct tern_cong_sample *s)
{
	u32 acked = s->acked;

	if (!s->cwnd_limited)
		return;
	if (tern_cong_in_slow_start(c))
		acked = tern_cong_slow_start(c, acked);
	if (acked)
		tern_cong_avoid(c, c->cwnd, acked);
}

const struct tern_cong_ops tern_cong_reno = {
	.name = "reno",
	.ssthresh = reno_ssthresh,
	.ack = reno_ack,
};
