// SPDX-License-Identifier: GPL-2.0
/*
 * Deadlines of a connection on one softirq hrtimer, and the hrtimers of small
 * objects. The only file that touches an hrtimer. What a job means is its
 * owner's business (tern_timer_expire[]).
 *
 * Lazy: a deadline that moves later, or goes, is only stored; the hrtimer is
 * left to fire, finds nothing due and is set anew. It is started only when a
 * deadline comes before what it is set to, so never late; save that a user's
 * own short intervals wait for his budget (budget.c), by what the hrtimer is
 * set to: deadlines stay as they are.
 */
#include "timer.h"
#include "budget.h"
#include "trace.h"

#define NOT_ARMED	((u64)KTIME_MAX)

/* Jobs that repeat by themselves. Others come of a segment each. */
#define REPEATING	(BIT(TERN_TIMER_RETRANS) | BIT(TERN_TIMER_PERSIST) | \
			 BIT(TERN_TIMER_KEEPALIVE))

/* One without a name is no timer of the protocol's: it is not shown. */
static const char *const names[TERN_TIMER_NR] = {
	[TERN_TIMER_RETRANS]	= "retransmit",
	[TERN_TIMER_PROBE]	= "probe",
	[TERN_TIMER_REORDER]	= "reorder",
	[TERN_TIMER_PERSIST]	= "persist",
	[TERN_TIMER_DELACK]	= "delack",
	[TERN_TIMER_KEEPALIVE]	= "keepalive",
	[TERN_TIMER_FINWAIT2]	= "finwait2",
};

/**
 * tern_timer_name() - a job's name as /proc and traces show it
 * @id: the job
 */
const char *tern_timer_name(enum tern_timer_id id)
{
	return id < TERN_TIMER_NR ? names[id] : "-";
}

static void note(struct sock *sk, const char *op, enum tern_timer_id id, u64 due)
{
	if (names[id])
		trace_tern_timer(sock_net(sk), &tern_sk(sk)->ep.tuple, op,
				 names[id], due);
}

/* The job that is due next, of all or of those that are shown */
static enum tern_timer_id earliest(const struct tern_timers *tm, bool shown)
{
	enum tern_timer_id id, next = TERN_TIMER_NR;
	u64 best = NOT_ARMED;

	for (id = 0; id < TERN_TIMER_NR; id++) {
		u64 due = READ_ONCE(tm->due[id]);

		if (due && due < best && (names[id] || !shown)) {
			best = due;
			next = id;
		}
	}
	return next;
}

/**
 * tern_timer_next() - the protocol's job that is due next
 * @sk: socket; locked, or the answer is a hint
 *
 * Return: its id, or TERN_TIMER_NR when none is armed.
 */
enum tern_timer_id tern_timer_next(const struct sock *sk)
{
	return earliest(&tern_sk(sk)->timers, true);
}

/* When may the hrtimer of @sk, or of what is a listener's, be due? */
static u64 fit(const struct sock *sk, struct tern_budget *b, u64 due_ns)
{
	u64 when = tern_budget_fit(b, ktime_get_ns(), due_ns);

	if (when > due_ns)
		TERN_INC(tern_sk_net(sk), TimersHeld);
	return when;
}

/* Set the hrtimer to job @id if that comes before what it is set to. */
static void program(struct sock *sk, enum tern_timer_id id)
{
	struct tern_timers *tm = &tern_sk(sk)->timers;
	bool fine = tm->fine & BIT(id), held;
	u64 when = tm->due[id];

	if (!when || when >= tm->armed || (fine && tm->held))
		return;
	if (fine)
		when = fit(sk, tm->budget, when);
	held = when > tm->due[id];
	if (when >= tm->armed)
		return;
	tm->armed = when;
	tm->held = held;
	hrtimer_start(&tm->hr, ns_to_ktime(when), HRTIMER_MODE_ABS_SOFT);
}

/* Run what is due, then set the hrtimer to what comes next. */
static void run_due(struct sock *sk)
{
	struct tern_timers *tm = &tern_sk(sk)->timers;
	u64 now = tern_clock(tern_sk(sk));
	enum tern_timer_id id;

	tm->armed = NOT_ARMED;
	tm->held = false;
	for (id = 0; id < TERN_TIMER_NR; id++) {
		if (!tm->due[id] || tm->due[id] > now)
			continue;
		note(sk, "fire", id, tm->due[id]);
		tm->due[id] = 0;
		tern_timer_expire[id](sk);
	}

	/* What is held doesn't hold up what comes after it. */
	id = earliest(tm, false);
	if (id < TERN_TIMER_NR)
		program(sk, id);
	for (id = 0; tm->held && id < TERN_TIMER_NR; id++)
		program(sk, id);
}

static enum hrtimer_restart fired(struct hrtimer *hr)
{
	struct tern_sock *tp = container_of(hr, struct tern_sock, timers.hr);
	struct sock *sk = tern_sk_of(tp);

	if (!refcount_inc_not_zero(&sk->sk_refcnt))
		return HRTIMER_NORESTART;

	TERN_INC(tern_sk_net(sk), TimersFired);
	bh_lock_sock(sk);
	if (sock_owned_by_user(sk))
		set_bit(TERN_DEFER_TIMER, &sk->sk_tsq_flags);
	else
		run_due(sk);
	bh_unlock_sock(sk);
	sock_put(sk);
	return HRTIMER_NORESTART;
}

/**
 * tern_timer_release_cb() - run what fired while a user owned the socket
 * @sk: socket, about to be released; its spinlock is held
 */
void tern_timer_release_cb(struct sock *sk)
{
	if (test_and_clear_bit(TERN_DEFER_TIMER, &sk->sk_tsq_flags))
		run_due(sk);
}

/**
 * tern_timer_init() - no job armed
 * @sk: new socket
 */
void tern_timer_init(struct sock *sk)
{
	struct tern_timers *tm = &tern_sk(sk)->timers;

	memset(tm->due, 0, sizeof(tm->due));
	tm->armed = NOT_ARMED;
	tm->budget = NULL;
	tm->fine = 0;
	tm->held = false;
	hrtimer_setup(&tm->hr, fired, CLOCK_MONOTONIC, HRTIMER_MODE_ABS_SOFT);
}

/**
 * tern_timer_limit() - short intervals are drawn from the user's budget
 * @sk: socket of his, locked or new; he is the caller
 *
 * From now on; those that it had before stay. Twice is as good as once.
 */
void tern_timer_limit(struct sock *sk)
{
	struct tern_timers *tm = &tern_sk(sk)->timers;

	if (tm->budget)
		return;
	/* Whole; pairs with who reads a listener's without a lock. */
	smp_store_release(&tm->budget, tern_budget_get(sk));
}

/**
 * tern_timer_limit_child() - a connection's are the listener's user's
 * @child: new socket
 * @listener: its listener
 */
void tern_timer_limit_child(struct sock *child, const struct sock *listener)
{
	struct tern_budget *b = READ_ONCE(tern_sk(listener)->timers.budget);

	tern_sk(child)->timers.budget = tern_budget_hold(b);
}

/**
 * tern_timer_limited() - does a budget bound the intervals of a socket?
 * @sk: socket
 */
bool tern_timer_limited(const struct sock *sk)
{
	return READ_ONCE(tern_sk(sk)->timers.budget);
}

/* Is a job due at @due_ns one that is drawn from the budget? */
static bool is_fine(const struct tern_budget *b, u64 due_ns)
{
	return b && due_ns < ktime_get_ns() + TERN_FINE_NS;
}

/**
 * tern_timer_arm() - a job is due at a time
 * @sk: socket, locked
 * @id: the job; a deadline it had is replaced
 * @due_ns: CLOCK_MONOTONIC, nanoseconds
 */
void tern_timer_arm(struct sock *sk, enum tern_timer_id id, u64 due_ns)
{
	struct tern_timers *tm = &tern_sk(sk)->timers;

	/* RFC 9293 3.8.6.1: a window is either probed or filled. */
	WARN_ON_ONCE(id == TERN_TIMER_RETRANS && tm->due[TERN_TIMER_PERSIST]);
	WARN_ON_ONCE(id == TERN_TIMER_PERSIST && tm->due[TERN_TIMER_RETRANS]);

	tm->due[id] = due_ns;
	note(sk, "arm", id, due_ns);
	/* By the whole interval: what is left of a long one isn't fine. */
	if ((BIT(id) & REPEATING) && is_fine(tm->budget, due_ns))
		tm->fine |= BIT(id);
	else
		tm->fine &= ~BIT(id);
	program(sk, id);
}

/**
 * tern_timer_disarm() - a job is not due any more
 * @sk: socket, locked
 * @id: the job
 */
void tern_timer_disarm(struct sock *sk, enum tern_timer_id id)
{
	struct tern_timers *tm = &tern_sk(sk)->timers;

	if (!tm->due[id])
		return;
	note(sk, "cancel", id, tm->due[id]);
	tm->due[id] = 0;
}

/**
 * tern_timer_stop_all() - the connection is closed
 * @sk: socket, locked
 *
 * A callback that runs meanwhile on another CPU finds no job.
 */
void tern_timer_stop_all(struct sock *sk)
{
	struct tern_timers *tm = &tern_sk(sk)->timers;
	enum tern_timer_id id;

	for (id = 0; id < TERN_TIMER_NR; id++)
		tern_timer_disarm(sk, id);
	if (tm->armed != NOT_ARMED && hrtimer_try_to_cancel(&tm->hr) == 1) {
		tm->armed = NOT_ARMED;
		tm->held = false;
	}
}

/**
 * tern_timer_destroy() - wait for the hrtimer's callback to be over
 * @sk: socket nobody refers to; not called from the callback (see tcb.h)
 */
void tern_timer_destroy(struct sock *sk)
{
	hrtimer_cancel(&tern_sk(sk)->timers.hr);
	tern_budget_put(tern_sk(sk)->timers.budget);
}

/**
 * tern_timer_mini_fit() - when may a small object's repeating timer fire?
 * @owner: the socket that it is of, a listener
 * @due_ns: when it is due
 *
 * Return: that time, or later when its user's budget is used up.
 */
u64 tern_timer_mini_fit(const struct sock *owner, u64 due_ns)
{
	struct tern_budget *b = READ_ONCE(tern_sk(owner)->timers.budget);

	return is_fine(b, due_ns) ? fit(owner, b, due_ns) : due_ns;
}

/**
 * tern_timer_mini_init() - set up the hrtimer of a small object
 * @t: the hrtimer
 * @fn: its callback, run in softirq
 */
void tern_timer_mini_init(struct hrtimer *t,
			  enum hrtimer_restart (*fn)(struct hrtimer *t))
{
	hrtimer_setup(t, fn, CLOCK_MONOTONIC, HRTIMER_MODE_ABS_SOFT);
}

/**
 * tern_timer_mini_start() - arm an idle hrtimer
 * @t: the hrtimer; the caller took a reference of its object for it
 * @due_ns: CLOCK_MONOTONIC, nanoseconds
 */
void tern_timer_mini_start(struct hrtimer *t, u64 due_ns)
{
	hrtimer_start(t, ns_to_ktime(due_ns), HRTIMER_MODE_ABS_SOFT);
}

/**
 * tern_timer_mini_cancel() - take an hrtimer out of the queue
 * @t: the hrtimer
 *
 * Return: true when it was queued: its reference is the caller's now. False
 * when it was idle, or its callback runs, which drops the reference itself.
 */
bool tern_timer_mini_cancel(struct hrtimer *t)
{
	return hrtimer_try_to_cancel(t) == 1;
}

/**
 * tern_timer_mini_cancel_sync() - the same, waiting for a running callback
 * @t: the hrtimer
 *
 * What the callback set anew is taken out as well. Context: process or
 * softirq, without a lock that the callback takes; not from the callback.
 */
bool tern_timer_mini_cancel_sync(struct hrtimer *t)
{
	return hrtimer_cancel(t) == 1;
}

/**
 * tern_timer_mini_again() - from the callback: fire once more
 * @t: the hrtimer
 * @due_ns: CLOCK_MONOTONIC, nanoseconds
 *
 * Return: what the callback is to return.
 */
enum hrtimer_restart tern_timer_mini_again(struct hrtimer *t, u64 due_ns)
{
	hrtimer_set_expires(t, ns_to_ktime(due_ns));
	return HRTIMER_RESTART;
}
