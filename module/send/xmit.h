/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _TERN_XMIT_H
#define _TERN_XMIT_H

#include "core/tcb.h"

/* Send a queued segment (a clone of it). 0 or -errno. */
int tern_xmit_data(struct sock *sk, struct sk_buff *skb);
/* The ACK that is owed. */
void tern_xmit_ack(struct sock *sk);
/* A segment without data of a connection: RST, probe. */
int tern_xmit_control(struct sock *sk, u32 seq, u8 flags);
/* The SYN-ACK; @cookie_ts replaces the timestamp if given. */
int tern_xmit_synack(const struct sock *listener, const struct tern_tuple *t,
		     const struct tern_syn *syn, const u32 *cookie_ts);
/*
 * A segment for which there is no connection. @t as seen from here; @o may be
 * NULL; @sk, whose it is, may be NULL; @oif may be 0. @to: what it answers
 */
void tern_xmit_reply(struct net *net, const struct sock *sk, int oif,
		     const struct tern_tuple *t, u32 seq, u32 ack, u8 flags,
		     u16 wnd, const struct tern_opts *o,
		     const struct sk_buff *to);

/* SEG.SEQ of a segment without data, which the peer's window must take */
u32 tern_xmit_seq(const struct sock *sk);

/* The checksum: of the family's pseudo-header, then who sums the rest */
void tern_xmit_partial_check(struct sk_buff *skb, __sum16 pseudo);
void tern_xmit_finish_check(struct sk_buff *skb, const struct dst_entry *dst);

void tern_xmit_timewait(const struct tern_tw *tw, const struct tern_opts *o,
			const struct sk_buff *to);

#endif
