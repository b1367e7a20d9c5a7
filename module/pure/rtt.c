// SPDX-License-Identifier: GPL-2.0
/*
 * The round-trip estimator and the timeout made from it (RFC 6298). Which
 * segments give a sample (Karn, timestamps) is the caller's business, and so
 * is the timer.
 */
#include <linux/kernel.h>
#include <linux/string.h>
#include "rtt.h"

/**
 * tern_rtt_init - no sample yet
 * @r: estimator
 * @rto_init_us: timeout until the first sample (RFC 6298 2.1)
 */
void tern_rtt_init(struct tern_rtt *r, u32 rto_init_us)
{
	memset(r, 0, sizeof(*r));
	r->min_us = ~0U;
	r->rto_init_us = rto_init_us;
}

static void track_min(struct tern_rtt *r, u32 sample_us, u32 now_us)
{
	if (sample_us > r->min_us &&
	    now_us - r->min_stamp_us <= TERN_RTT_MIN_WIN_US)
		return;
	r->min_us = sample_us;
	r->min_stamp_us = now_us;
}

/* RFC 6298 2.2 and 2.3: alpha 1/8, beta 1/4, RTTVAR from the old SRTT */
static void smooth(struct tern_rtt *r, u32 sample_us)
{
	u32 srtt = r->srtt8 >> 3;
	u32 err;

	if (!r->srtt8) {
		r->srtt8 = sample_us << 3;
		r->rttvar4 = sample_us << 1;
		return;
	}
	err = sample_us > srtt ? sample_us - srtt : srtt - sample_us;
	r->rttvar4 += err - (r->rttvar4 >> 2);
	r->srtt8 += sample_us - srtt;
}

/**
 * tern_rtt_sample - take one measured round trip
 * @r: estimator
 * @sample_us: the round trip; one below the clock's grain counts as 1 us
 * @now_us: low half of the clock, for the age of the minimum
 *
 * A sample ends the back-off of the timeout (RFC 6298 5, closing note).
 */
void tern_rtt_sample(struct tern_rtt *r, u32 sample_us, u32 now_us)
{
	/* The upper bound keeps SRTT times 8 and RTTVAR times 4 in 32 bits. */
	sample_us = clamp(sample_us, TERN_CLOCK_GRAIN_US, TERN_RTT_MAX_US);
	r->latest_us = sample_us;
	track_min(r, sample_us, now_us);
	smooth(r, sample_us);
	r->srtt_us = r->srtt8 >> 3;
	r->rttvar_us = r->rttvar4 >> 2;
	r->backoff = 0;
}

/**
 * tern_rtt_base_us - the retransmission timeout without back-off
 * @r: estimator
 * @peer_mad_us: longest time that the peer delays an ACK
 * @rto_min_us: floor
 * @rto_max_us: ceiling; wins over the floor
 *
 * RTO = SRTT + max(G, 4 RTTVAR) + MAD. The floor is not for the first timeout,
 * which was configured as such.
 *
 * Return: microseconds
 */
u32 tern_rtt_base_us(const struct tern_rtt *r, u32 peer_mad_us, u32 rto_min_us,
		     u32 rto_max_us)
{
	u64 rto;

	if (!r->srtt_us)
		return min(r->rto_init_us, rto_max_us);
	rto = (u64)r->srtt_us + max(r->rttvar4, TERN_CLOCK_GRAIN_US) +
	      peer_mad_us;
	rto = max_t(u64, rto, rto_min_us);
	return min_t(u64, rto, rto_max_us);
}

/**
 * tern_rtt_rto_us - the retransmission timeout in force
 * @r: estimator
 * @peer_mad_us: longest time that the peer delays an ACK
 * @rto_min_us: floor
 * @rto_max_us: ceiling, of the backed-off value too (RFC 6298 2.5)
 *
 * Return: microseconds
 */
u32 tern_rtt_rto_us(const struct tern_rtt *r, u32 peer_mad_us, u32 rto_min_us,
		    u32 rto_max_us)
{
	u64 rto = tern_rtt_base_us(r, peer_mad_us, rto_min_us, rto_max_us);

	return min_t(u64, rto << r->backoff, rto_max_us);
}

/**
 * tern_rtt_backoff - double the timeout (RFC 6298 5.5)
 * @r: estimator
 */
void tern_rtt_backoff(struct tern_rtt *r)
{
	if (r->backoff < TERN_BACKOFF_MAX)
		r->backoff++;
}
