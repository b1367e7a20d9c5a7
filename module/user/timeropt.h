/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _TERN_TIMEROPT_H
#define _TERN_TIMEROPT_H

#include "core/tcb.h"

int tern_timeropt_set(struct sock *sk, int name, int val);

#endif
