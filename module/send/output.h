/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _TERN_OUTPUT_H
#define _TERN_OUTPUT_H

#include "core/tcb.h"

/* Send what window, cwnd and Nagle allow. @push: nothing more is to come. */
void tern_output_push(struct sock *sk, bool push);
void tern_output_fin(struct sock *sk);
void tern_output_probe_expire(struct sock *sk);
/* Is there unsent data or FIN? */
static inline bool tern_output_pending(const struct sock *sk)
{
	return tern_sk(sk)->snd.head;
}

#endif
