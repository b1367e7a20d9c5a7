/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _TERN_WINDOW_H
#define _TERN_WINDOW_H

#include "core/tcb.h"

/* Initial window of a connection or request, and its scale. */
void tern_window_init(const struct sock *sk, u16 mss, bool scaling, u32 *wnd,
		      u8 *wscale);
/* What to advertise now, unscaled bytes; also remembers it. */
u16 tern_window_select(struct sock *sk);
void tern_window_drs(struct sock *sk);
/* Is there enough to wake the reader for? */
bool tern_window_readable(const struct sock *sk, int target);
void tern_window_lowat(struct sock *sk, int val);
/* RFC 9293 3.10.7.4 fifth: SND.WND from a segment. True when it changed. */
bool tern_window_update(struct sock *sk, const struct sk_buff *skb);
/* True when the peer must be told of a larger window. */
bool tern_window_worth_telling(struct sock *sk);

#endif
