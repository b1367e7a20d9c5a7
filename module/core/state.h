/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _TERN_STATE_H
#define _TERN_STATE_H

#include "tcb.h"

/* The only store to sk_state; @event is a string constant for the trace. */
void tern_state_set(struct sock *sk, int state, const char *event);
void tern_state_birth(struct sock *sk);
/* The same for what has no socket: trace and counters only. */
void tern_state_note(struct tern_net *tn, const struct tern_tuple *t, int old,
		     int state, const char *event);
const char *tern_state_name(int state);

#endif
