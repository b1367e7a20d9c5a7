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
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 10, 0)
#include <net/proto_memory.h>	/* 6.10: split from sock.h */
#endif
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

/* Before that, who needs the memory of struct net takes a reference himself. */
#include <linux/netdevice.h>
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
static inline void tern_compat_hold_net(struct net *net)
{
	refcount_inc(&net->passive);
}

static inline void tern_compat_drop_net(struct net *net)
{
	net_ns_type_operations.drop_ns(net);
}
#else
#define tern_compat_hold_net(net)	((void)(net))
#define tern_compat_drop_net(net)	((void)(net))
#endif

/* 6.5: GSO has a header of its own */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 5, 0)
#include <net/gso.h>
#endif

/* 6.6: options of inet_sock became atomic bits */
#include <net/inet_sock.h>
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
#define tern_compat_bit_RECVERR		recverr
#define inet_test_bit(nr, sk)	(inet_sk(sk)->tern_compat_bit_##nr)
#endif

/* Young 6.1 lack what stable trees took over from 6.10 */
#include <net/ip6_fib.h>
#include <net/ip6_route.h>
#ifndef dst_rt6_info
#define dst_rt6_info(dst)	((struct rt6_info *)(dst))
#endif

/* 6.7: likewise those of ipv6_pinfo */
#include <linux/ipv6.h>
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
#define tern_compat_bit6_SNDFLOW	sndflow
#define tern_compat_bit6_RECVERR6	recverr
#define inet6_test_bit(nr, sk)	(inet6_sk(sk)->tern_compat_bit6_##nr)
#endif

/* 6.5: the place of ipv6_pinfo is told; before it is the end of the object */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)
#define tern_compat_set_pinfo(prot, offset)	((void)(offset))
#else
#define tern_compat_set_pinfo(prot, offset)				\
	((prot)->ipv6_pinfo_offset = (offset))
#endif

/* Stable 6.12 and later: the list of flow labels is inet_sock's */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
#define tern_compat_forget_flow_labels(sk)				\
	RCU_INIT_POINTER(inet6_sk(sk)->ipv6_fl_list, NULL)
#else
#define tern_compat_forget_flow_labels(sk)				\
	RCU_INIT_POINTER(inet_sk(sk)->ipv6_fl_list, NULL)
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

/* 6.8: the port range of a socket (IP_LOCAL_PORT_RANGE came in 6.3) */
#include <net/ip.h>
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
#define tern_compat_port_range(sk, lo, hi)				\
	inet_get_local_port_range(sock_net(sk), lo, hi)
#else
#define tern_compat_port_range(sk, lo, hi)				\
	inet_sk_get_local_port_range(sk, lo, hi)
#endif

/*
 * Entries of struct proto whose signature changed: an adaptor each, made
 * where the table is. 6.10: accept() takes a struct; 6.5: ioctl() a kernel
 * int, and sendpage is gone; 6.19: connect() takes sockaddr_unsized; 7.1:
 * recvmsg() has no addr_len.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 10, 0)
#define TERN_COMPAT_ACCEPT(name, fn)					\
static struct sock *name(struct sock *sk, int flags, int *err, bool kern) \
{									\
	return fn(sk, flags, err);					\
}
#else
#define TERN_COMPAT_ACCEPT(name, fn)					\
static struct sock *name(struct sock *sk, struct proto_accept_arg *arg)	\
{									\
	return fn(sk, arg->flags, &arg->err);				\
}
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)
#define TERN_COMPAT_IOCTL(name, fn)					\
static int name(struct sock *sk, int cmd, unsigned long arg)		\
{									\
	int val = 0, err = fn(sk, cmd, &val);				\
									\
	return err ?: put_user(val, (int __user *)arg);			\
}
#define TERN_COMPAT_SENDPAGE	.sendpage = sock_no_sendpage,
#else
#define TERN_COMPAT_IOCTL(name, fn)					\
static int name(struct sock *sk, int cmd, int *karg)			\
{									\
	return fn(sk, cmd, karg);					\
}
#define TERN_COMPAT_SENDPAGE
#endif

/* 6.7: a cgroup's program sees the length of the address */
#include <linux/bpf-cgroup.h>
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
#define tern_compat_run_connect(family, sk, addr, len)			\
	BPF_CGROUP_RUN_PROG_##family##_CONNECT(sk, (struct sockaddr *)(addr))
#else
#define tern_compat_run_connect(family, sk, addr, len)			\
	BPF_CGROUP_RUN_PROG_##family##_CONNECT(sk,			\
			(struct sockaddr *)(addr), &(len))
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 19, 0)
#define TERN_COMPAT_CONNECT(name, fn)					\
static int name(struct sock *sk, struct sockaddr *addr, int len)	\
{									\
	return fn(sk, (struct sockaddr_in *)addr, len);			\
}
#else
#define TERN_COMPAT_CONNECT(name, fn)					\
static int name(struct sock *sk, struct sockaddr_unsized *addr, int len) \
{									\
	return fn(sk, (struct sockaddr_in *)addr, len);			\
}
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(7, 1, 0)
#define TERN_COMPAT_RECVMSG(name, fn)					\
static int name(struct sock *sk, struct msghdr *msg, size_t len, int flags, \
		int *addr_len)						\
{									\
	return fn(sk, msg, len, flags, addr_len);			\
}
#define tern_compat_recv_error(sk, msg, len, addr_len)			\
	inet_recv_error(sk, msg, len, addr_len)
#else
#define TERN_COMPAT_RECVMSG(name, fn)					\
static int name(struct sock *sk, struct msghdr *msg, size_t len, int flags) \
{									\
	return fn(sk, msg, len, flags, NULL);				\
}
#define tern_compat_recv_error(sk, msg, len, addr_len)			\
	inet_recv_error(sk, msg, len)
#endif

/* 6.3 and later: drop reasons that the floor lacks, by a near one */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
#define SKB_DROP_REASON_TCP_MINTTL	SKB_DROP_REASON_NOT_SPECIFIED
#define SKB_CONSUMED	SKB_DROP_REASON_MAX	/* never given to the core */
#define SKB_DROP_REASON_TCP_INVALID_ACK_SEQUENCE			\
	SKB_DROP_REASON_TCP_ACK_UNSENT_DATA
#endif

/*
 * 6.18: accept() charges the memory of any protocol's socket to the memory
 * cgroup of who calls it. Before, the listener's pays from the start.
 */
#include <linux/memcontrol.h>
static inline void tern_compat_child_memcg(struct sock *child,
					   const struct sock *listener)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 18, 0) && defined(CONFIG_MEMCG)
	struct mem_cgroup *memcg = listener->sk_memcg;

	if (mem_cgroup_sockets_enabled && memcg && css_tryget(&memcg->css))
		child->sk_memcg = memcg;
#endif
}

/* 6.4: TCP_IS_MPTCP, which a TCP program may ask for */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 4, 0)
#define TCP_IS_MPTCP	43
#endif

/*
 * Exported no more: options and flow labels then go with the socket, which needs
 * no namespace for it.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 0, 0)
static inline void tern_inet6_cleanup(struct sock *sk)
{
}
#else
#define tern_inet6_cleanup(sk)	inet6_cleanup_sock(sk)
#endif

#endif
