/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _TERN_RECOVERY_H
#define _TERN_RECOVERY_H

#include "core/tcb.h"

/**
 * struct tern_ack_info - what one ACK brought
 * @prior_una: SND.UNA before
 * @delivered: segments newly acknowledged or SACKed
 * @lost: segments newly marked lost
 * @in_flight: before the ACK
 * @rtt_us: round-trip sample, 0 none
 * @newest_ns: when the latest of the delivered segments was sent, 0 none
 * @newest_first_ns: when it was sent first
 * @newest_again: it had been sent before
 * @tsecr: echoed timestamp, valid with @has_ts
 * @has_ts: the ACK had timestamps
 * @dup: a duplicate ACK (RFC 5681 2)
 * @dsack: it told of a duplicate (RFC 2883)
 * @dsack_probe: that of a loss probe
 */
struct tern_ack_info {
	u32 prior_una;
	u32 delivered;
	u32 lost;
	u32 in_flight;
	u32 rtt_us;
	u32 tsecr;
	u64 newest_ns;
	u64 newest_first_ns;
	bool newest_again;
	bool has_ts;
	bool dup;
	bool dsack;
	bool dsack_probe;
};

/* @skb was acknowledged or SACKed for the first time. */
void tern_recovery_delivered(struct sock *sk, struct sk_buff *skb,
			     struct tern_ack_info *ai);
void tern_recovery_sack(struct sock *sk, const struct tern_opts *o, u32 ack,
			struct tern_ack_info *ai);
/* After both: phase, undo, loss detection, cwnd. */
void tern_recovery_ack(struct sock *sk, struct tern_ack_info *ai);
void tern_recovery_timeout(struct sock *sk);
void tern_recovery_mark_lost(struct sock *sk, struct sk_buff *skb);
/* RACK's window passed: mark what is lost. True when something is. */
bool tern_recovery_reordered(struct sock *sk);
void tern_recovery_reopened(struct sock *sk);

#endif
