/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _TERN_TIMER_H
#define _TERN_TIMER_H

#include "tcb.h"

/* Defined in socket.c: what each job does when due; socket lock held. */
extern void (*const tern_timer_expire[TERN_TIMER_NR])(struct sock *sk);

void tern_timer_init(struct sock *sk);
void tern_timer_arm(struct sock *sk, enum tern_timer_id id, u64 due_ns);
void tern_timer_disarm(struct sock *sk, enum tern_timer_id id);
void tern_timer_stop_all(struct sock *sk);
void tern_timer_destroy(struct sock *sk);
void tern_timer_release_cb(struct sock *sk);
void tern_timer_limit(struct sock *sk);
void tern_timer_limit_child(struct sock *child, const struct sock *listener);
bool tern_timer_limited(const struct sock *sk);
const char *tern_timer_name(enum tern_timer_id id);
/* The job due next, TERN_TIMER_NR when none. */
enum tern_timer_id tern_timer_next(const struct sock *sk);

static inline bool tern_timer_armed(const struct sock *sk,
				    enum tern_timer_id id)
{
	return tern_sk(sk)->timers.due[id];
}

/*
 * Timers of small objects (struct tern_req, struct tern_tw). mini_start of an
 * idle timer: the caller has taken a reference for it. mini_cancel: true when
 * it was queued, so that its reference is the caller's now. mini_again: to be
 * returned from the callback. mini_fit: for one that repeats, before both.
 */
void tern_timer_mini_init(struct hrtimer *t,
			  enum hrtimer_restart (*fn)(struct hrtimer *t));
void tern_timer_mini_start(struct hrtimer *t, u64 due_ns);
bool tern_timer_mini_cancel(struct hrtimer *t);
bool tern_timer_mini_cancel_sync(struct hrtimer *t);
u64 tern_timer_mini_fit(const struct sock *owner, u64 due_ns);
enum hrtimer_restart tern_timer_mini_again(struct hrtimer *t, u64 due_ns);

#endif
