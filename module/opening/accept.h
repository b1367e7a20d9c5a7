/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _TERN_ACCEPT_H
#define _TERN_ACCEPT_H

#include "core/tcb.h"

bool tern_accept_full(const struct sock *listener);
bool tern_accept_add(struct sock *listener, struct sock *child);
struct sock *tern_accept_pop(struct sock *listener);
/* Body of accept(2): wait, pop; NULL with *@err. */
struct sock *tern_accept(struct sock *sk, int flags, int *err);

#endif
