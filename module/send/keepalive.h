/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _TERN_KEEPALIVE_H
#define _TERN_KEEPALIVE_H

#include "core/tcb.h"

void tern_keepalive_start(struct sock *sk);
void tern_keepalive_set(struct sock *sk, int on);	/* proto.keepalive */
void tern_keepalive_expire(struct sock *sk);
u64 tern_keepalive_idle_ns(const struct sock *sk);
u64 tern_keepalive_intvl_ns(const struct sock *sk);

#endif
