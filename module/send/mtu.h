/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _TERN_MTU_H
#define _TERN_MTU_H

#include "core/tcb.h"

u16 tern_mtu_advertise(const struct sock *sk, const struct dst_entry *dst);
void tern_mtu_sync(struct sock *sk, u32 pmtu);
u16 tern_mtu_current(struct sock *sk);
void tern_mtu_black_hole(struct sock *sk);

#endif
