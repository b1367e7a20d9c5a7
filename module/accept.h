/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _TERN_ACCEPT_H
#define _TERN_ACCEPT_H

#include "tcb.h"

bool tern_accept_full(const struct sock *listener);
/* @child is complete: queue it; takes the caller's reference of the listener's
 * queue. Caller holds listener's queue lock.
 */
void tern_accept_add(struct sock *listener, struct sock *child);
/* Body of accept(2): wait, pop; NULL with *@err. */
struct sock *tern_accept(struct sock *sk, int flags, int *err);

#endif
