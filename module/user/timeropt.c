// SPDX-License-Identifier: GPL-2.0
/*
 * Options that set times and counts of a socket's timers, and who may set how
 * short ones. What repeats by itself is work in softirq that no limit of its
 * owner's covers: below TERN_USER_FLOOR_US it wants CAP_NET_ADMIN in the
 * initial user namespace, from there to TERN_FINE_NS it is drawn from the
 * user's budget (budget.c), and above that it is free.
 */
#include <linux/bpf.h>
#include <linux/capability.h>
#include <net/sock.h>
#include "timeropt.h"
#include "core/budget.h"
#include "core/timer.h"
#include "send/keepalive.h"

#define USER_RTO_MAX_US		600000000U	/* ten minutes */
#define USER_MSL_MAX_MS		3600000U

static bool live(const struct sock *sk)
{
	return !((1 << sk->sk_state) & (TCPF_CLOSE | TCPF_LISTEN));
}

static bool within(int val, int lo, int hi)
{
	return val >= lo && val <= hi;
}

/* Whom nothing bounds; asked of each, so not to be noted as a refusal */
static bool exempt(void)
{
	return has_current_bpf_ctx() ||
	       ns_capable_noaudit(&init_user_ns, CAP_NET_ADMIN);
}

/* An interval of @us that repeats: 0, or -EPERM when it is too short. */
static int allow(struct sock *sk, u64 us)
{
	if (!us || us * NSEC_PER_USEC >= TERN_FINE_NS || exempt())
		return 0;
	if (us < TERN_USER_FLOOR_US)
		return -EPERM;
	tern_timer_limit(sk);
	return 0;
}

/* TIME-WAIT entries are the namespace's, max_tw_buckets bounds them for all. */
static bool too_long(const struct sock *sk, u32 msl_ms)
{
	return msl_ms > tern_knob(tern_sk_net(sk), msl_ms) &&
	       !sockopt_ns_capable(sock_net(sk)->user_ns, CAP_NET_ADMIN);
}

/* Stored, and in force at once */
static int set_keep(struct sock *sk, u64 *field, u64 us)
{
	int err = allow(sk, us);

	if (err)
		return err;
	WRITE_ONCE(*field, us);
	if (field == &tern_sk(sk)->conf.keepidle_us && live(sk))
		tern_keepalive_start(sk);
	return 0;
}

static int set_keepalive(struct sock *sk, int name, int val)
{
	struct tern_conf *c = &tern_sk(sk)->conf;

	switch (name) {
	case TERN_KEEPIDLE:
		if (!within(val, 1, TERN_KEEPALIVE_MAX_S))
			return -EINVAL;
		return set_keep(sk, &c->keepidle_us, (u64)val * USEC_PER_SEC);
	case TERN_KEEPINTVL:
		if (!within(val, 1, TERN_KEEPALIVE_MAX_S))
			return -EINVAL;
		return set_keep(sk, &c->keepintvl_us, (u64)val * USEC_PER_SEC);
	case TERN_KEEPIDLE_US:
		if (val < 1)
			return -EINVAL;
		return set_keep(sk, &c->keepidle_us, val);
	case TERN_KEEPINTVL_US:
		if (val < 1)
			return -EINVAL;
		return set_keep(sk, &c->keepintvl_us, val);
	case TERN_KEEPCNT:
	default:
		if (!within(val, 1, TERN_KEEPALIVE_MAX_CNT))
			return -EINVAL;
		c->keepcnt = val;
		return 0;
	}
}

static int set_rto(struct sock *sk, u32 *field, int us)
{
	int err = allow(sk, us);

	if (!err)
		WRITE_ONCE(*field, us);
	return err;
}

/* More than others' SYN-ACKs unanswered: see synrecv.c's set_due() */
static int set_syncnt(struct sock *sk, int val)
{
	if (val > (int)TERN_SYNACK_RETRIES && !exempt())
		tern_timer_limit(sk);
	tern_sk(sk)->conf.syncnt = val;
	return 0;
}

/**
 * tern_timeropt_set() - an option of the timers
 * @sk: socket, locked
 * @name: TERN_*
 * @val: value; of Tern's own options 0 is the sysctl's, but ACKs are at once
 *	then
 *
 * Return: 0, -EINVAL out of range, -EPERM for what is too short or too long
 * for the caller, -ENOPROTOOPT for another option.
 */
int tern_timeropt_set(struct sock *sk, int name, int val)
{
	struct tern_conf *c = &tern_sk(sk)->conf;

	switch (name) {
	case TERN_KEEPIDLE:
	case TERN_KEEPINTVL:
	case TERN_KEEPCNT:
	case TERN_KEEPIDLE_US:
	case TERN_KEEPINTVL_US:
		return set_keepalive(sk, name, val);
	case TERN_SYNCNT:
		if (!within(val, 1, TERN_SYN_RETRIES_MAX))
			return -EINVAL;
		return set_syncnt(sk, val);
	case TERN_USER_TIMEOUT:
		if (val < 0)
			return -EINVAL;
		/* It cuts intervals short, none below a millisecond. */
		allow(sk, (u64)val * USEC_PER_MSEC);
		c->user_timeout_ms = val;
		return 0;
	case TERN_RTO_MIN_US:
		if (!within(val, 0, USER_RTO_MAX_US))
			return -EINVAL;
		return set_rto(sk, &c->rto_min_us, val);
	case TERN_RTO_MAX_US:
		if (!within(val, 0, USER_RTO_MAX_US))
			return -EINVAL;
		return set_rto(sk, &c->rto_max_us, val);
	case TERN_RTO_INIT_US:
		if (!within(val, 0, USER_RTO_MAX_US))
			return -EINVAL;
		return set_rto(sk, &c->rto_init_us, val);
	case TERN_DELACK_MAX_US:
		if (!within(val, 0, TERN_MAD_MAX_US))
			return -EINVAL;
		c->delack_max_us = val;
		return 0;
	case TERN_MSL_MS:
		if (!within(val, 0, USER_MSL_MAX_MS))
			return -EINVAL;
		if (too_long(sk, val))
			return -EPERM;
		c->msl_ms = val;
		return 0;
	default:
		return -ENOPROTOOPT;
	}
}
