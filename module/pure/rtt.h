/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Round-trip time and retransmission timeout (RFC 6298) in microseconds. Pure.
 */
#ifndef _TERN_RTT_H
#define _TERN_RTT_H

#include <linux/types.h>
#include "limits.h"

/**
 * struct tern_rtt - the estimator
 * @srtt_us: SRTT, microseconds; 0 before the first sample
 * @rttvar_us: RTTVAR, microseconds
 * @min_us: smallest sample of the last 10 s or so, ~0U before the first
 * @min_stamp_us: low half of the clock when @min_us was taken
 * @latest_us: the last sample
 * @srtt8: SRTT times 8, the estimator's own grain
 * @rttvar4: RTTVAR times 4
 * @backoff: doublings of the RTO in force (RFC 6298 5.5)
 * @rto_init_us: RTO before the first sample
 */
struct tern_rtt {
	u32 srtt_us;
	u32 rttvar_us;
	u32 min_us;
	u32 min_stamp_us;
	u32 latest_us;
	u32 srtt8;
	u32 rttvar4;
	u32 rto_init_us;
	u8 backoff;
};

void tern_rtt_init(struct tern_rtt *r, u32 rto_init_us);
void tern_rtt_sample(struct tern_rtt *r, u32 sample_us, u32 now_us);
u32 tern_rtt_base_us(const struct tern_rtt *r, u32 peer_mad_us, u32 rto_min_us,
		     u32 rto_max_us);
u32 tern_rtt_rto_us(const struct tern_rtt *r, u32 peer_mad_us, u32 rto_min_us,
		    u32 rto_max_us);
/* backoff saturates; u32 microseconds hold 120 s and up to 71 minutes */
void tern_rtt_backoff(struct tern_rtt *r);

#endif
