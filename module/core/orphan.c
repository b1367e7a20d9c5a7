// SPDX-License-Identifier: GPL-2.0
/*
 * A connection without a file: what it holds of namespace and module. A packet
 * of it may lie in anybody's queue for as long as its owner likes, beyond the
 * connection's end and its namespace's, and the socket's memory with it.
 */
#include <linux/module.h>
#include <linux/user_namespace.h>
#include <net/dst.h>
#include <net/transp_v6.h>
#include "orphan.h"
#include "timer.h"

/* Is anything outside still? Looked at after so long, then twice as long, ... */
#define LOOK_NS		(16ULL * NSEC_PER_MSEC)
#define LOOK_SHIFT_MAX	6	/* about a second */

/* The core puts this owner when the socket's memory has been given back. */
static bool holds_module(const struct sock *sk)
{
	return sk->sk_prot_creator->owner;
}

/*
 * Does anybody else have hold of it, a packet or whoever keeps one? Of
 * sk_wmem_alloc one is the socket's own; of the references one is the
 * protocol's and one the caller's.
 */
static bool outside(const struct sock *sk)
{
	return refcount_read(&sk->sk_wmem_alloc) > 1 ||
	       refcount_read(&sk->sk_refcnt) > 2;
}

/**
 * tern_orphan_make() - the file is closed, the connection goes on
 * @sk: socket, locked; the caller holds a reference beside the protocol's
 *
 * An orphan doesn't hold its namespace, whose exit ends it
 * (tern_sock_net_exit()), and the module only while something of it is
 * outside, so that a dead peer can't delay either. Whoever calls this holds
 * the module by an open file.
 */
void tern_orphan_make(struct sock *sk)
{
	struct net *net = sock_net(sk);

	sock_orphan(sk);
	atomic_inc(&tern_sk_net(sk)->orphans);
	tern_orphan_settle(sk);
	if (!sk->sk_net_refcnt)
		return;
	sk->sk_net_refcnt = 0;
	sock_inuse_add(net, -1);
	tern_compat_unpin_net(sk, net);
}

/**
 * tern_orphan_may_send() - an orphan is about to send
 * @sk: orphan, locked; tern_orphan_settle() is called when it has
 *
 * What it sends may lie somewhere when the module is to go: from here on that
 * is refused. Return: false when the module is going already.
 */
bool tern_orphan_may_send(struct sock *sk)
{
	DEBUG_NET_WARN_ON_ONCE(sk->sk_state == TCP_CLOSE);
	tern_sk(sk)->looks = 0;
	if (holds_module(sk))
		return true;
	if (!try_module_get(THIS_MODULE))
		return false;
	sk->sk_prot_creator = sk->sk_prot;
	return true;
}

/**
 * tern_orphan_settle() - let go of the module, or look again later
 * @sk: orphan, locked; the caller holds a reference beside the protocol's
 *
 * TERN_TIMER_SETTLE. When a packet is freed nobody is told. Of a socket in
 * CLOSED nothing is sent any more: the core lets go with its memory.
 */
void tern_orphan_settle(struct sock *sk)
{
	struct tern_sock *tp = tern_sk(sk);

	if (!holds_module(sk))
		return;
	if (!outside(sk)) {
		sk->sk_prot_creator = sk->sk_family == AF_INET6 ?
				      &tern_prot6_orphan : &tern_prot_orphan;
		module_put(THIS_MODULE);
	} else if (sk->sk_state != TCP_CLOSE) {
		tern_timer_arm(sk, TERN_TIMER_SETTLE,
			       ktime_get_ns() + (LOOK_NS << tp->looks));
		if (tp->looks < LOOK_SHIFT_MAX)
			tp->looks++;
	}
}

/**
 * tern_orphan_leave() - the connection is over: keep nothing but memory
 * @sk: orphan in CLOSED, locked, out of all tables
 *
 * The last of it may be freed when its namespace is no more. What is counted
 * in the namespace goes now: route and flow labels. Who sees a packet of it
 * may ask the socket where it is from: by the device it was bound to (em_meta),
 * which goes as well, and by the owner of sock_net()
 * (bpf_get_socket_uid()), whose memory is kept.
 */
void tern_orphan_leave(struct sock *sk)
{
	struct net *net = sock_net(sk);

	sk_dst_reset(sk);
	WRITE_ONCE(sk->sk_bound_dev_if, 0);
#if IS_ENABLED(CONFIG_IPV6)
	if (sk->sk_family == AF_INET6)
		tern_inet6_cleanup(sk);
#endif
	if (outside(sk)) {
		tern_sk(sk)->late_userns = get_user_ns(net->user_ns);
		tern_compat_hold_net(net);
	}
	tern_orphan_settle(sk);
}

/**
 * tern_orphan_gone() - nobody has a packet of it any more
 * @sk: socket that nobody refers to
 *
 * Context: RCU callback.
 */
void tern_orphan_gone(struct sock *sk)
{
	if (!tern_sk(sk)->late_userns)
		return;
	put_user_ns(tern_sk(sk)->late_userns);
	tern_compat_drop_net(sock_net(sk));
}
