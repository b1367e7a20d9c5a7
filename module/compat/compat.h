/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between kernels, force-included by Kbuild. Sources are written
 * for the newest kernel; a block here gives older ones its names.
 */
#ifndef _TERN_COMPAT_H
#define _TERN_COMPAT_H

#include <linux/version.h>
#include <linux/hrtimer.h>

/* 6.13: hrtimer_setup() joins hrtimer_init() and the store of the function */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
static inline void hrtimer_setup(struct hrtimer *t,
				 enum hrtimer_restart (*fn)(struct hrtimer *),
				 clockid_t clock, enum hrtimer_mode mode)
{
	hrtimer_init(t, clock, mode);
	t->function = fn;
}
#endif

/*
 * 6.2: a socket that does not pin its namespace has a tracker of its own and,
 * later and in stable trees, a passive reference. Turn the one into the other.
 */
#include <net/net_namespace.h>
#include <net/sock.h>
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
static inline void tern_compat_unpin_net(struct sock *sk, struct net *net)
{
	put_net_track(net, &sk->ns_tracker);
}
#else
static inline void tern_compat_unpin_net(struct sock *sk, struct net *net)
{
	net_passive_inc(net);
	put_net_track(net, &sk->ns_tracker);
	__netns_tracker_alloc(net, &sk->ns_tracker, false, GFP_ATOMIC);
}
#endif

/* 6.6: register_net_sysctl_sz(); 6.11: handlers take a const ctl_table */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
#define register_net_sysctl_sz(net, path, table, size)			\
	register_net_sysctl(net, path, table)	/* ends at an empty row */
#endif
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 11, 0)
#define TERN_CTL_CONST
#else
#define TERN_CTL_CONST	const
#endif

#endif
