/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _TERN_PERSIST_H
#define _TERN_PERSIST_H

#include "core/tcb.h"

void tern_persist_expire(struct sock *sk);
void tern_persist_answered(struct sock *sk);

#endif
