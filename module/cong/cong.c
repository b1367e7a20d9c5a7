// SPDX-License-Identifier: GPL-2.0
/*
 * What every congestion control shares: slow start, additive increase, and
 * the course of a recovery (RFC 5681, RFC 6937). How far the window falls and
 * how it grows back is the control's (cong_reno.c); when something was lost is
 * found out in recovery.c.
 */
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/string.h>
#include "cong.h"

static const struct tern_cong_ops *const controls[] = {
	&tern_cong_reno,
};

/**
 * tern_cong_find - a congestion control by name
 * @name: as in the sysctl and TERN_CONGESTION
 *
 * Return: its operations, NULL when there is none of that name.
 */
const struct tern_cong_ops *tern_cong_find(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(controls); i++) {
		if (!strcmp(controls[i]->name, name))
			return controls[i];
	}
	return NULL;
}

static void set_cwnd(struct tern_cong *c, u32 cwnd)
{
	c->cwnd = clamp(cwnd, 1U, TERN_CWND_CLAMP);
}

/**
 * tern_cong_init - the window of a new connection (RFC 6928)
 * @c: window
 * @ops: control
 */
void tern_cong_init(struct tern_cong *c, const struct tern_cong_ops *ops)
{
	memset(c, 0, sizeof(*c));
	c->ops = ops;
	c->cwnd = TERN_INIT_CWND;
	c->ssthresh = TERN_INFINITE_SSTHRESH;
	if (ops->init)
		ops->init(c);
}

/**
 * tern_cong_ack - new data was acknowledged, and nothing is being recovered
 * @c: window
 * @s: what the ACK told
 *
 * Also for slow start after a timeout.
 */
void tern_cong_ack(struct tern_cong *c, const struct tern_cong_sample *s)
{
	if (s->acked)
		c->ops->ack(c, s);
}

/**
 * tern_cong_slow_start - grow by what was acknowledged, up to ssthresh
 * @c: window
 * @acked: segments newly acknowledged
 *
 * By segments, not by ACKs (RFC 3465), so that merged ACKs don't slow it.
 *
 * Return: how many of @acked are left for congestion avoidance.
 */
u32 tern_cong_slow_start(struct tern_cong *c, u32 acked)
{
	u32 room = c->ssthresh > c->cwnd ? c->ssthresh - c->cwnd : 0;
	u32 step = min(acked, room);

	set_cwnd(c, c->cwnd + min(step, TERN_CWND_CLAMP));
	return acked - step;
}

/**
 * tern_cong_avoid - one segment more for every @w that were acknowledged
 * @c: window
 * @w: how many it takes
 * @acked: segments newly acknowledged
 */
void tern_cong_avoid(struct tern_cong *c, u32 w, u32 acked)
{
	w = max(w, 1U);
	/* Credit gathered while @w was larger is worth one step, not more. */
	if (c->cwnd_cnt >= w) {
		c->cwnd_cnt = 0;
		set_cwnd(c, c->cwnd + 1);
	}
	c->cwnd_cnt += min(acked, TERN_CWND_CLAMP);
	if (c->cwnd_cnt >= w) {
		set_cwnd(c, c->cwnd + c->cwnd_cnt / w);
		c->cwnd_cnt %= w;
	}
}

/* RFC 5681 3.1 equation 4, for a FlightSize that @wnd bounds */
static u32 fall_to(struct tern_cong *c, u32 flight, u32 wnd)
{
	return max(c->ops->ssthresh(c, min(flight, wnd)), TERN_SSTHRESH_MIN);
}

static void remember(struct tern_cong *c)
{
	c->prior_cwnd = c->cwnd;
	c->prior_ssthresh = c->ssthresh;
}

/**
 * tern_cong_enter_recovery - a loss was found without a timeout
 * @c: window
 * @flight: FlightSize: sent and not acknowledged, segments
 * @again: in the course of a recovery, whose end is halved once more; an undo
 *	is to undo both
 *
 * cwnd itself falls step by step, by tern_cong_prr(). The caller adds what it
 * sends to @c->prr_out.
 */
void tern_cong_enter_recovery(struct tern_cong *c, u32 flight, bool again)
{
	if (!again)
		remember(c);
	c->ssthresh = fall_to(c, flight, again ? c->ssthresh : c->cwnd);
	c->cwnd_cnt = 0;
	c->prr_flight = max(flight, 1U);
	c->prr_delivered = 0;
	c->prr_out = 0;
}

/* RFC 6937 3: what may be sent now so that the window ends at ssthresh */
static u32 prr_sndcnt(const struct tern_cong *c, u32 delivered, bool safe,
		      u32 in_flight)
{
	u32 due = 0, limit;

	if (in_flight > c->ssthresh) {
		u64 share = (u64)c->prr_delivered * c->ssthresh;

		share = div_u64(share + c->prr_flight - 1, c->prr_flight);
		return share > c->prr_out ? share - c->prr_out : 0;
	}
	if (c->prr_delivered > c->prr_out)
		due = c->prr_delivered - c->prr_out;
	/* Slow start (SSRB) only while this ACK brings no new loss. */
	limit = max(due, delivered) + safe;
	return min(c->ssthresh - in_flight, limit);
}

/**
 * tern_cong_prr - proportional rate reduction during recovery (RFC 6937)
 * @c: window
 * @newly_delivered: segments that this ACK told to have arrived
 * @newly_lost: segments that it made lost
 * @in_flight: segments in flight after the ACK
 * @una_advanced: SND.UNA moved
 *
 * Sets cwnd to what is in flight and what may be added now.
 */
void tern_cong_prr(struct tern_cong *c, u32 newly_delivered, u32 newly_lost,
		   u32 in_flight, bool una_advanced)
{
	u32 sndcnt;

	if (!newly_delivered)
		return;
	c->prr_delivered += newly_delivered;
	sndcnt = prr_sndcnt(c, newly_delivered, una_advanced && !newly_lost,
			    in_flight);
	/* The fast retransmission itself goes out in any case. */
	if (!c->prr_out)
		sndcnt = max(sndcnt, 1U);
	set_cwnd(c, in_flight + sndcnt);
}

/**
 * tern_cong_exit_recovery - all that was in flight at the loss has arrived
 * @c: window
 *
 * Leaves the window alone when the reduction was undone meanwhile. Not for the
 * end of a recovery from a timeout: there cwnd has grown by slow start.
 */
void tern_cong_exit_recovery(struct tern_cong *c)
{
	if (!c->prior_cwnd)
		return;
	set_cwnd(c, max(min(c->ssthresh, c->prior_cwnd), TERN_SSTHRESH_MIN));
	c->cwnd_cnt = 0;
}

/**
 * tern_cong_timeout - the retransmission timer expired (RFC 5681 3.1)
 * @c: window
 * @flight: FlightSize: sent and not acknowledged, segments
 * @recovering: from fast retransmission; the window was cut for this loss
 *
 * For the first expiry of a segment only: ssthresh falls once for one loss.
 */
void tern_cong_timeout(struct tern_cong *c, u32 flight, bool recovering)
{
	u32 cut = c->ssthresh;

	remember(c);
	c->ssthresh = fall_to(c, flight, c->cwnd);
	if (recovering)
		c->ssthresh = min(cut, max(flight / 2, TERN_SSTHRESH_MIN));
	c->cwnd_cnt = 0;
	set_cwnd(c, 1);
}

/**
 * tern_cong_undo - the last reduction was for nothing (RFC 4015)
 * @c: window
 */
void tern_cong_undo(struct tern_cong *c)
{
	if (!c->prior_cwnd)
		return;
	set_cwnd(c, max(c->cwnd, c->prior_cwnd));
	c->ssthresh = max(c->ssthresh, c->prior_ssthresh);
	c->prior_cwnd = 0;
}

/**
 * tern_cong_idle - sending starts again after a pause (RFC 2861)
 * @c: window
 * @rtos_idle: how many timeouts long it was
 *
 * Halves cwnd for each, down to the initial window (RFC 5681 4.1); ssthresh
 * remembers three quarters of what it was.
 */
void tern_cong_idle(struct tern_cong *c, u32 rtos_idle)
{
	u32 floor = min(c->cwnd, TERN_INIT_CWND);

	if (!rtos_idle)
		return;
	c->ssthresh = max(c->ssthresh, c->cwnd / 2 + c->cwnd / 4);
	set_cwnd(c, max(c->cwnd >> min(rtos_idle, 31U), floor));
	c->cwnd_cnt = 0;
}
