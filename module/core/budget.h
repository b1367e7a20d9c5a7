/* SPDX-License-Identifier: GPL-2.0 */
/* How often the timers of one user may fire */
#ifndef _TERN_BUDGET_H
#define _TERN_BUDGET_H

#include <linux/time64.h>
#include <linux/types.h>
#include "pure/limits.h"

struct sock;
struct tern_budget;

/* A repeated interval below this is fine: it is drawn from the budget. */
#define TERN_FINE_NS	((u64)TERN_RTO_LOW_US * NSEC_PER_USEC)

bool tern_budget_applies(const struct sock *sk);
struct tern_budget *tern_budget_get(const struct sock *sk);
struct tern_budget *tern_budget_hold(struct tern_budget *b);
void tern_budget_put(struct tern_budget *b);
u64 tern_budget_fit(struct tern_budget *b, u64 now_ns, u64 due_ns);

#endif
