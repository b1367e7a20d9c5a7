// SPDX-License-Identifier: GPL-2.0
/*
 * Deadlines of a connection on one softirq hrtimer, and the hrtimers of small
 * objects. The only file that touches an hrtimer. What a job means is its
 * owner's business (tern_timer_expire[]).
 *
 * Lazy: a deadline that moves later, or goes, is only stored; the hrtimer is
 * left to fire, finds nothing due and is set anew. It is started only when a
 * deadline comes before what it is set to, so never late.
 */
#include "timer.h"
#include "trace.h"

#define NOT_ARMED	((u64)KTIME_MAX)

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

/**
 * tern_timer_next() - the protocol's job that is due next
 * @sk: socket; locked, or the answer is a hint
 *
 * Return: its id, or TERN_TIMER_NR when none is armed.
 */
enum tern_timer_id tern_timer_next(const struct sock *sk)
{
	const struct tern_timers *tm = &tern_sk(sk)->timers;
	enum tern_timer_id id, next = TERN_TIMER_NR;
	u64 best = NOT_ARMED;

	for (id = 0; id < TERN_TIMER_NR; id++) {
		u64 due = READ_ONCE(tm->due[id]);

		if (names[id] && due && due < best) {
			best = due;
			next = id;
		}
	}
	return next;
}

static void program(struct tern_timers *tm, u64 due_ns)
{
	tm->armed = due_ns;
	hrtimer_start(&tm->hr, ns_to_ktime(due_ns), HRTIMER_MODE_ABS_SOFT);
}

/* Run what is due, then set the hrtimer to what comes next. */
static void run_due(struct sock *sk)
{
	struct tern_timers *tm = &tern_sk(sk)->timers;
	u64 now = tern_clock(tern_sk(sk)), next = NOT_ARMED;
	enum tern_timer_id id;

	tm->armed = NOT_ARMED;
	for (id = 0; id < TERN_TIMER_NR; id++) {
		if (!tm->due[id] || tm->due[id] > now)
			continue;
		note(sk, "fire", id, tm->due[id]);
		tm->due[id] = 0;
		tern_timer_expire[id](sk);
	}

	for (id = 0; id < TERN_TIMER_NR; id++)
		if (tm->due[id])
			next = min(next, tm->due[id]);
	if (next < tm->armed)
		program(tm, next);
}

static enum hrtimer_restart fired(struct hrtimer *hr)
{
	struct tern_sock *tp = container_of(hr, struct tern_sock, timers.hr);
	struct sock *sk = tern_sk_of(tp);

	if (!refcount_inc_not_zero(&sk->sk_refcnt))
		return HRTIMER_NORESTART;

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
	hrtimer_setup(&tm->hr, fired, CLOCK_MONOTONIC, HRTIMER_MODE_ABS_SOFT);
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
	if (due_ns < tm->armed)
		program(tm, due_ns);
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
	if (tm->armed != NOT_ARMED && hrtimer_try_to_cancel(&tm->hr) == 1)
		tm->armed = NOT_ARMED;
}

/**
 * tern_timer_destroy() - wait for the hrtimer's callback to be over
 * @sk: socket nobody refers to; not called from the callback (see tcb.h)
 */
void tern_timer_destroy(struct sock *sk)
{
	hrtimer_cancel(&tern_sk(sk)->timers.hr);
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
