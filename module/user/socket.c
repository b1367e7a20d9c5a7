// SPDX-License-Identifier: GPL-2.0
/*
 * The tables by which the kernel reaches Tern: struct proto, struct
 * proto_ops, the expiry of each timer; poll(2); and the calls that dispatch
 * by state.
 */
#include <linux/module.h>
#include <linux/poll.h>
#include <net/inet_common.h>
#include <net/protocol.h>
#include <net/transp_v6.h>
#include "socket.h"
#include "core/state.h"
#include "core/timer.h"
#include "core/hash.h"
#include "core/orphan.h"
#include "core/sock.h"
#include "send/window.h"
#include "send/ack.h"
#include "send/recovery.h"
#include "send/output.h"
#include "send/retransmit.h"
#include "send/persist.h"
#include "send/keepalive.h"
#include "closing/close.h"
#include "opening/accept.h"
#include "opening/listen.h"
#include "network/demux.h"
#include "network/icmp.h"
#include "network/ipv4.h"
#include "network/ipv6.h"
#include "sendmsg.h"
#include "recvmsg.h"
#include "sockopt.h"

void (*const tern_timer_expire[TERN_TIMER_NR])(struct sock *sk) = {
	[TERN_TIMER_RETRANS]	= tern_retransmit_expire,
	[TERN_TIMER_PROBE]	= tern_output_probe_expire,
	[TERN_TIMER_REORDER]	= tern_retransmit_reorder_expire,
	[TERN_TIMER_PERSIST]	= tern_persist_expire,
	[TERN_TIMER_DELACK]	= tern_ack_expire,
	[TERN_TIMER_KEEPALIVE]	= tern_keepalive_expire,
	[TERN_TIMER_FINWAIT2]	= tern_close_fw2_expire,
	[TERN_TIMER_SETTLE]	= tern_orphan_settle,
};

static atomic_long_t memory_allocated;
static DEFINE_PER_CPU(int, memory_per_cpu_fw_alloc);
static struct percpu_counter sockets_allocated;
static unsigned long memory_pressure;
/* What the core grants each socket even under pressure, bytes */
static int least_rmem[3] = { 4096, 131072, 6 << 20 };
static int least_wmem[3] = { 4096, 16384, 4 << 20 };

static void enter_pressure(struct sock *sk)
{
	if (READ_ONCE(memory_pressure))
		return;
	TERN_INC(tern_sk_net(sk), TCPMemoryPressures);
	WRITE_ONCE(memory_pressure, 1);
}

static void leave_pressure(struct sock *sk)
{
	if (READ_ONCE(memory_pressure))
		WRITE_ONCE(memory_pressure, 0);
}

/* Below notsent_lowat bytes unsent a writer is woken. */
static bool memory_free(const struct sock *sk, int wake)
{
	const struct tern_sock *tp = tern_sk(sk);
	u32 lowat = READ_ONCE(tp->conf.notsent_lowat) ?:
		    READ_ONCE(tern_sk_net(sk)->sysctl.notsent_lowat);
	u32 unsent = READ_ONCE(tp->snd.write_seq) - READ_ONCE(tp->snd.nxt);

	return (s32)unsent <= 0 || ((u64)unsent << wake) < lowat;
}

static void release(struct sock *sk)
{
	tern_timer_release_cb(sk);
	tern_icmp_release(sk);
}

/* close(2): a listener has no connection to close, only queues to drain. */
static void sock_close(struct sock *sk, long timeout)
{
	lock_sock(sk);
	if (sk->sk_state == TCP_LISTEN)
		tern_listen_stop(sk);
	release_sock(sk);
	tern_close(sk, timeout);
}

/* connect(AF_UNSPEC), shutdown of a listener or of SYN-SENT */
static int disconnect(struct sock *sk, int flags)
{
	if (sk->sk_state == TCP_LISTEN)
		tern_listen_stop(sk);
	return tern_close_disconnect(sk, flags);
}

/* The core hashes after bind; Tern's tables have their own times. */
static int hash(struct sock *sk)
{
	return 0;
}

static void unhash(struct sock *sk)
{
}

static void put_port(struct sock *sk)
{
	tern_hash_put_port(tern_sk_net(sk), &tern_sk(sk)->ep);
}

TERN_COMPAT_ACCEPT(accept_child, tern_accept)
TERN_COMPAT_IOCTL(sock_ioctl, tern_sockopt_ioctl)
TERN_COMPAT_CONNECT(sock_pre_connect, tern_ipv4_pre_connect)
TERN_COMPAT_CONNECT(sock_connect, tern_ipv4_connect)
TERN_COMPAT_RECVMSG(sock_recvmsg_tern, tern_recvmsg)

struct proto tern_prot = {
	.name			= "TERN",
	.owner			= THIS_MODULE,
	.close			= sock_close,
	.pre_connect		= sock_pre_connect,
	.connect		= sock_connect,
	.disconnect		= disconnect,
	.accept			= accept_child,
	.ioctl			= sock_ioctl,
	.init			= tern_sock_init,
	.shutdown		= tern_close_shutdown,
	.setsockopt		= tern_sockopt_set,
	.getsockopt		= tern_sockopt_get,
	.keepalive		= tern_keepalive_set,
	.sendmsg		= tern_sendmsg,
	.recvmsg		= sock_recvmsg_tern,
	.backlog_rcv		= tern_demux_backlog_rcv,
	.release_cb		= release,
	.hash			= hash,
	.unhash			= unhash,
	.get_port		= tern_hash_get_port,
	.put_port		= put_port,
	.stream_memory_free	= memory_free,
	.enter_memory_pressure	= enter_pressure,
	.leave_memory_pressure	= leave_pressure,
	.memory_allocated	= &memory_allocated,
	.per_cpu_fw_alloc	= &memory_per_cpu_fw_alloc,
	.memory_pressure	= &memory_pressure,
	.sockets_allocated	= &sockets_allocated,
	.sysctl_mem		= tern_sysctl_mem,
	.sysctl_rmem		= least_rmem,
	.sysctl_wmem		= least_wmem,
	.max_header		= TERN_MAX_HEADER,
	.no_autobind		= true,
	.obj_size		= sizeof(struct tern_sock),
};

/* sk_prot_creator of an orphan: the core frees by it, and puts its owner. */
struct proto tern_prot_orphan, tern_prot6_orphan;

#if IS_ENABLED(CONFIG_IPV6)
TERN_COMPAT_CONNECT(sock_pre_connect6, tern_ipv6_pre_connect)
TERN_COMPAT_CONNECT(sock_connect6, tern_ipv6_connect)

/* tern_prot but for name, size, and what connect() does */
static struct proto tern_prot6;
#endif

static __poll_t poll_listener(const struct sock *sk)
{
	return list_empty_careful(&tern_sk(sk)->listen.accept_queue) ?
	       0 : EPOLLIN | EPOLLRDNORM;
}

/* Writable, or SOCK_NOSPACE is set so that the next room wakes us */
static __poll_t poll_write(struct sock *sk)
{
	if (READ_ONCE(sk->sk_shutdown) & SEND_SHUTDOWN)
		return EPOLLOUT | EPOLLWRNORM;
	if (__sk_stream_is_writeable(sk, 1))
		return EPOLLOUT | EPOLLWRNORM;
	sk_set_bit(SOCKWQ_ASYNC_NOSPACE, sk);
	set_bit(SOCK_NOSPACE, &sk->sk_socket->flags);
	smp_mb__after_atomic(); /* room may have come between test and bit */
	return __sk_stream_is_writeable(sk, 1) ? EPOLLOUT | EPOLLWRNORM : 0;
}

static __poll_t poll(struct file *file, struct socket *sock, poll_table *wait)
{
	struct sock *sk = sock->sk;
	__poll_t mask = 0;
	u8 shutdown;
	int state;

	/* First, so that what changes after the look below wakes us. */
	sock_poll_wait(file, sock, wait);
	state = inet_sk_state_load(sk);
	shutdown = READ_ONCE(sk->sk_shutdown);
	if (state == TCP_LISTEN)
		return poll_listener(sk);
	if (shutdown == SHUTDOWN_MASK || state == TCP_CLOSE)
		mask |= EPOLLHUP;
	if (shutdown & RCV_SHUTDOWN)
		mask |= EPOLLIN | EPOLLRDNORM | EPOLLRDHUP;
	if (state != TCP_SYN_SENT && state != TCP_SYN_RECV) {
		if (tern_window_readable(sk, sock_rcvlowat(sk, 0, INT_MAX)))
			mask |= EPOLLIN | EPOLLRDNORM;
		mask |= poll_write(sk);
	}
	smp_rmb(); /* whoever ends it sets sk_err before the state */
	if (READ_ONCE(sk->sk_err) ||
	    !skb_queue_empty_lockless(&sk->sk_error_queue))
		mask |= EPOLLERR;
	return mask;
}

/* The end of a file that was to be longer: what waits for more goes now. */
static void splice_eof(struct socket *sock)
{
	struct sock *sk = sock->sk;

	if (!READ_ONCE(tern_sk(sk)->snd.head))
		return;
	lock_sock(sk);
	tern_output_push(sk, true);
	release_sock(sk);
}

static int set_rcvlowat(struct sock *sk, int val)
{
	tern_window_lowat(sk, val);
	if (tern_window_readable(sk, sk->sk_rcvlowat))
		sk->sk_data_ready(sk);
	return 0;
}

/* Rows of either family */
#define TERN_STREAM_OPS							\
	.owner		= THIS_MODULE,					\
	.connect	= inet_stream_connect,				\
	.socketpair	= sock_no_socketpair,				\
	.accept		= inet_accept,					\
	.poll		= poll,						\
	.gettstamp	= sock_gettstamp,				\
	.listen		= tern_listen,					\
	.shutdown	= inet_shutdown,				\
	.setsockopt	= sock_common_setsockopt,			\
	.getsockopt	= sock_common_getsockopt,			\
	.sendmsg	= inet_sendmsg,					\
	.recvmsg	= inet_recvmsg,					\
	.mmap		= sock_no_mmap,					\
	TERN_COMPAT_SENDPAGE						\
	.splice_read	= tern_recvmsg_splice,				\
	.splice_eof	= splice_eof,					\
	.read_sock	= tern_recvmsg_read_sock,			\
	.set_rcvlowat	= set_rcvlowat,					\
	.set_peek_off	= sk_set_peek_off,

static const struct proto_ops stream_ops = {
	TERN_STREAM_OPS
	.family		= PF_INET,
	.release	= inet_release,
	.bind		= inet_bind,
	.getname	= inet_getname,
	.ioctl		= inet_ioctl,
};

static struct inet_protosw protosw = {
	.type		= SOCK_STREAM,
	.prot		= &tern_prot,
	.ops		= &stream_ops,
	.flags		= 0,
};

#if IS_ENABLED(CONFIG_IPV6)
static const struct proto_ops stream_ops6 = {
	TERN_STREAM_OPS
	.family		= PF_INET6,
	.release	= inet6_release,
	.bind		= inet6_bind,
	.getname	= inet6_getname,
	.ioctl		= inet6_ioctl,
};

static struct inet_protosw protosw6 = {
	.type		= SOCK_STREAM,
	.prot		= &tern_prot6,
	.ops		= &stream_ops6,
	.flags		= 0,
};

static int init6(void)
{
	int err;

	if (!ipv6_mod_enabled())
		return 0;
	tern_prot6 = tern_prot;
	strscpy(tern_prot6.name, "TERNv6", sizeof(tern_prot6.name));
	tern_prot6.pre_connect = sock_pre_connect6;
	tern_prot6.connect = sock_connect6;
	tern_prot6.obj_size = sizeof(struct tern6_sock);
	tern_compat_set_pinfo(&tern_prot6, offsetof(struct tern6_sock, inet6));
	err = proto_register(&tern_prot6, 1);
	if (err)
		return err;
	tern_prot6_orphan = tern_prot6;
	tern_prot6_orphan.owner = NULL;
	protosw6.protocol = tern_ipproto;
	err = inet6_register_protosw(&protosw6);
	if (err)
		proto_unregister(&tern_prot6);
	return err;
}

static void close6(void)
{
	if (ipv6_mod_enabled())
		inet6_unregister_protosw(&protosw6);
}

static void exit6(void)
{
	if (ipv6_mod_enabled())
		proto_unregister(&tern_prot6);
}
#else
static int init6(void) { return 0; }
static void close6(void) { }
static void exit6(void) { }
#endif

/**
 * tern_socket_init() - open for socket(2)
 *
 * Return: 0 or -errno.
 */
int tern_socket_init(void)
{
	int err = percpu_counter_init(&sockets_allocated, 0, GFP_KERNEL);

	if (err)
		return err;
	/* Before tern_prot is linked into the core's list: it is copied. */
	err = init6();
	if (err)
		goto err_init6;
	err = proto_register(&tern_prot, 1);
	if (err)
		goto err_prot;
	tern_prot_orphan = tern_prot;
	tern_prot_orphan.owner = NULL;
	protosw.protocol = tern_ipproto;
	inet_register_protosw(&protosw);
	return 0;

err_prot:
	close6();
	exit6();
err_init6:
	percpu_counter_destroy(&sockets_allocated);
	return err;
}

/**
 * tern_socket_close() - no new sockets
 */
void tern_socket_close(void)
{
	close6();
	inet_unregister_protosw(&protosw);
}

/**
 * tern_socket_exit() - undo the rest; no socket is left
 */
void tern_socket_exit(void)
{
	exit6();
	proto_unregister(&tern_prot);
	percpu_counter_destroy(&sockets_allocated);
}
