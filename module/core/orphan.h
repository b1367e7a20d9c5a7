/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _TERN_ORPHAN_H
#define _TERN_ORPHAN_H

#include "tcb.h"

/* Defined in socket.c: as tern_prot, tern_prot6, but without holding the module. */
extern struct proto tern_prot_orphan, tern_prot6_orphan;

void tern_orphan_make(struct sock *sk);
bool tern_orphan_may_send(struct sock *sk);
void tern_orphan_settle(struct sock *sk);
void tern_orphan_leave(struct sock *sk);
void tern_orphan_gone(struct sock *sk);

#endif
