/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Congestion control behind a table of operations (RFC 5681). Knows windows
 * in segments and nothing of sockets. cong_reno is the one that is built in.
 */
#ifndef _TERN_CONG_H
#define _TERN_CONG_H

#include <linux/types.h>
#include "pure/limits.h"

struct tern_cong;

/**
 * struct tern_cong_sample - what one ACK told
 * @now_ns: clock
 * @acked: segments newly acknowledged or SACKed
 * @in_flight: segments in flight before the ACK
 * @rtt_us: round-trip sample, 0 when there was none
 * @cwnd_limited: the sender was held back by cwnd since the last ACK
 */
struct tern_cong_sample {
	u64 now_ns;
	u32 acked;
	u32 in_flight;
	u32 rtt_us;
	bool cwnd_limited;
};

/**
 * struct tern_cong_ops - a congestion control
 * @name: as in the sysctl and TERN_CONGESTION
 * @init: set up private state; may be NULL
 * @ssthresh: the slow start threshold after a loss with so many segments in
 *	flight, segments, at least 2
 * @ack: new data was acknowledged outside recovery: grow cwnd
 */
struct tern_cong_ops {
	const char *name;
	void (*init)(struct tern_cong *c);
	u32 (*ssthresh)(struct tern_cong *c, u32 flight);
	void (*ack)(struct tern_cong *c, const struct tern_cong_sample *s);
};

/**
 * struct tern_cong - congestion window of one connection
 * @ops: which control
 * @cwnd: congestion window, segments
 * @ssthresh: slow start threshold, segments
 * @cwnd_cnt: segments acked towards the next increment
 * @prior_cwnd: cwnd before the last reduction, for undo
 * @prior_ssthresh: ssthresh before it
 * @prr_flight: RFC 6937: RecoverFS, segments
 * @prr_delivered: RFC 6937: delivered since recovery began, segments
 * @prr_out: RFC 6937: sent since recovery began, segments
 * @priv: the control's own
 */
struct tern_cong {
	const struct tern_cong_ops *ops;
	u32 cwnd;
	u32 ssthresh;
	u32 cwnd_cnt;
	u32 prior_cwnd;
	u32 prior_ssthresh;
	u32 prr_flight;
	u32 prr_delivered;
	u32 prr_out;
	u64 priv[8];
};

extern const struct tern_cong_ops tern_cong_reno;

const struct tern_cong_ops *tern_cong_find(const char *name);
void tern_cong_init(struct tern_cong *c, const struct tern_cong_ops *ops);
void tern_cong_ack(struct tern_cong *c, const struct tern_cong_sample *s);
u32 tern_cong_slow_start(struct tern_cong *c, u32 acked);
void tern_cong_avoid(struct tern_cong *c, u32 w, u32 acked);
void tern_cong_enter_recovery(struct tern_cong *c, u32 flight, bool again);
void tern_cong_prr(struct tern_cong *c, u32 newly_delivered, u32 newly_lost,
		   u32 in_flight, bool una_advanced);
void tern_cong_exit_recovery(struct tern_cong *c);
void tern_cong_timeout(struct tern_cong *c, u32 flight, bool recovering);
void tern_cong_undo(struct tern_cong *c);
void tern_cong_idle(struct tern_cong *c, u32 rtos_idle);

static inline bool tern_cong_in_slow_start(const struct tern_cong *c)
{
	return c->cwnd < c->ssthresh;
}

#endif
