/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _TERN_TIMEWAIT_H
#define _TERN_TIMEWAIT_H

#include "core/tcb.h"

/**
 * enum tern_tw_verdict - what a segment in TIME-WAIT asks for
 * @TERN_TW_DROP: nothing
 * @TERN_TW_ACK: acknowledge it
 * @TERN_TW_SYN: it may open a new connection (RFC 6191): if somebody listens,
 *	kill the entry and give it to him, else refuse
 */
enum tern_tw_verdict {
	TERN_TW_DROP,
	TERN_TW_ACK,
	TERN_TW_SYN,
};

void tern_timewait_enter(struct sock *sk, const char *event);
enum tern_tw_verdict tern_timewait_rcv(struct tern_tw *tw, struct sk_buff *skb,
				       u32 *iss);
void tern_timewait_ack(struct tern_tw *tw, const struct sk_buff *skb);
/* A SYN that could open a new connection, if somebody listened */
void tern_timewait_refuse(struct tern_tw *tw, const struct sk_buff *skb);
void tern_timewait_kill(struct tern_tw *tw, const char *event);
void tern_timewait_net_exit(struct tern_net *tn);

#endif
