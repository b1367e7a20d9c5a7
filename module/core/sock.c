// SPDX-License-Identifier: GPL-2.0
/*
 * A socket's birth and death: initial values, the child of a listener, entry
 * into ESTABLISHED from any side, the way to CLOSED from any state
 * (RFC 9293 3.3.1, 3.10.5), and the memory of its queues.
 */
#include <linux/wait.h>
#include <linux/memcontrol.h>
#include <net/inet_common.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/tcp.h>
#include <net/xfrm.h>
#include "sock.h"
#include "trace.h"
#include "state.h"
#include "budget.h"
#include "timer.h"
#include "label.h"
#include "hash.h"
#include "orphan.h"

/* Sockets that exist; the module's code must outlive them. */
static atomic_t alive = ATOMIC_INIT(0);
static DECLARE_WAIT_QUEUE_HEAD(gone_wait);

/**
 * tern_sock_write_space() - memory was freed: wake writers when it is worth it
 * @sk: socket; sk->sk_write_space
 */
void tern_sock_write_space(struct sock *sk)
{
	struct socket *sock = sk->sk_socket;
	struct socket_wq *wq;

	if (!sock || !__sk_stream_is_writeable(sk, 1))
		return;
	clear_bit(SOCK_NOSPACE, &sock->flags);

	rcu_read_lock();
	wq = rcu_dereference(sk->sk_wq);
	if (skwq_has_sleeper(wq))
		wake_up_interruptible_poll(&wq->wait, EPOLLOUT |
					   EPOLLWRNORM | EPOLLWRBAND);
	if (wq && wq->fasync_list && !(sk->sk_shutdown & SEND_SHUTDOWN))
		sock_wake_async(wq, SOCK_WAKE_SPACE, POLL_OUT);
	rcu_read_unlock();
}

/**
 * tern_sock_free_tx_skb() - free a segment of the send queue
 * @sk: socket, locked
 * @skb: unlinked already
 */
void tern_sock_free_tx_skb(struct sock *sk, struct sk_buff *skb)
{
	sk_wmem_queued_add(sk, -skb->truesize);
	sk_mem_uncharge(sk, skb->truesize);
	__kfree_skb(skb);
}

static void purge_tx(struct sock *sk)
{
	struct tern_sock *tp = tern_sk(sk);
	struct sk_buff *skb;

	while ((skb = __skb_dequeue(&sk->sk_write_queue)))
		tern_sock_free_tx_skb(sk, skb);
	tp->snd.head = NULL;
	tp->snd.packets_out = 0;
	tp->snd.sacked_out = 0;
	tp->snd.lost_out = 0;
	tp->snd.retrans_out = 0;
}

static void purge_reasm(struct sock *sk)
{
	struct sk_buff *skb;

	while ((skb = tern_reasm_prune(&tern_sk(sk)->reasm)))
		__kfree_skb(skb);
	tern_reasm_init(&tern_sk(sk)->reasm);
}

/**
 * tern_sock_purge() - empty all queues of a connection
 * @sk: socket, locked
 */
void tern_sock_purge(struct sock *sk)
{
	purge_tx(sk);
	purge_reasm(sk);
	__skb_queue_purge(&sk->sk_receive_queue);
}

/**
 * tern_sock_destruct() - last words of a socket, from an RCU callback
 * @sk: socket that nobody refers to; sk->sk_destruct
 */
void tern_sock_destruct(struct sock *sk)
{
	tern_timer_destroy(sk);
	tern_orphan_gone(sk);
	sk_sockets_allocated_dec(sk);
#if IS_ENABLED(CONFIG_IPV6)
	if (sk->sk_family == AF_INET6)
		inet6_sock_destruct(sk);
	else
#endif
		inet_sock_destruct(sk);
	if (atomic_dec_and_test(&alive))
		wake_up(&gone_wait);
}

/**
 * tern_sock_wait_gone() - wait until no socket's code can run any more
 *
 * Context: module exit. A grace period: what others might keep for longer holds
 * the module (tern_orphan_may_send()). The last steps of a socket's freeing run
 * in the same RCU callback as its destructor, hence the barrier.
 */
void tern_sock_wait_gone(void)
{
	wait_event(gone_wait, !atomic_read(&alive));
	rcu_barrier();
}

/**
 * tern_sock_delack_us() - the longest time an ACK is delayed here
 * @sk: connection or listener
 *
 * Return: microseconds; what the MAD option tells.
 */
u32 tern_sock_delack_us(const struct sock *sk)
{
	u32 us = READ_ONCE(tern_sk(sk)->conf.delack_max_us);

	return us != ~0U ? us : tern_knob(tern_sk_net(sk), delack_max_us);
}

/**
 * tern_sock_reset_tcb() - a TCB as of a connection that has not begun
 * @sk: socket in CLOSED, queues empty; options and the bound port stay
 */
void tern_sock_reset_tcb(struct sock *sk)
{
	struct tern_net *tn = tern_sk_net(sk);
	struct tern_sock *tp = tern_sk(sk);

	memset(&tp->snd, 0, sizeof(tp->snd));
	memset(&tp->rcv, 0, sizeof(tp->rcv));
	memset(&tp->ts, 0, sizeof(tp->ts));
	memset(&tp->ack, 0, sizeof(tp->ack));
	memset(&tp->rec, 0, sizeof(tp->rec));
	tern_reasm_init(&tp->reasm);
	tern_rtt_init(&tp->rtt, tern_knob(tn, rto_init_us));
	tern_cong_init(&tp->cong, tn->sysctl.congestion_control);
	tp->peer_mad_us = TERN_MAD_DEFAULT_US;
	tp->snd.mss = TERN_MSS_DEFAULT;
	tp->snd.mss_peer = TERN_MSS_DEFAULT;
	tp->rcv.mss = TERN_MSS_DEFAULT;
	tp->sack_ok = 0;
	tp->wscale_ok = 0;
	tp->mad_ok = 0;
	tp->passive = 0;
	tp->retries = 0;
	tp->probes = 0;
	tp->retrans_start_ns = 0;
	tp->persist_start_ns = 0;
	sk->sk_err_soft = 0;
	tp->pmtu = 0;
	tp->black_hole_ns = 0;
}

/* A TCB without a past: all that is behind the inet_sock but the options */
static void fresh_tcb(struct sock *sk)
{
	struct tern_sock *tp = tern_sk(sk);

	memset((char *)tp + offsetof(struct tern_sock, ep), 0,
	       offsetof(struct tern_sock, conf) -
	       offsetof(struct tern_sock, ep));
	tp->ep.kind = TERN_EP_SOCK;
	if (sk->sk_family == AF_INET) {
		ipv6_addr_set_v4mapped(0, &tp->ep.tuple.laddr);
		ipv6_addr_set_v4mapped(0, &tp->ep.tuple.raddr);
	}
	tern_timer_init(sk);
	spin_lock_init(&tp->listen.lock);
	INIT_LIST_HEAD(&tp->listen.syn_queue);
	INIT_LIST_HEAD(&tp->listen.accept_queue);
	INIT_LIST_HEAD(&tp->accept_node);
	tern_sock_reset_tcb(sk);
	atomic_inc(&alive);
}

/**
 * tern_sock_init() - initial values of a TCB
 * @sk: new socket; proto.init
 *
 * Return: 0, or -EPROTONOSUPPORT where net.tern.enabled is 0, as without the
 * module.
 */
int tern_sock_init(struct sock *sk)
{
	struct tern_net *tn = tern_sk_net(sk);
	struct tern_sock *tp = tern_sk(sk);

	if (!tern_knob(tn, enabled))
		return -EPROTONOSUPPORT;
	memset(&tp->conf, 0, sizeof(tp->conf));
	tp->conf.delack_max_us = ~0U;
	fresh_tcb(sk);

	sk->sk_destruct = tern_sock_destruct;
	sk->sk_write_space = tern_sock_write_space;
	sk->sk_gso_type = SKB_GSO_SCTP;
	sock_set_flag(sk, SOCK_RCU_FREE);
	sock_set_flag(sk, SOCK_USE_WRITE_QUEUE);
	WRITE_ONCE(sk->sk_sndbuf, tern_knob_buf(tn, wmem, 1));
	WRITE_ONCE(sk->sk_rcvbuf, tern_knob_buf(tn, rmem, 1));
	sk_sockets_allocated_inc(sk);
	if (tern_budget_applies(sk))
		tern_timer_limit(sk);
	return 0;
}

/**
 * tern_sock_name6() - an AF_INET6 socket's view of its tuple
 * @sk: socket of either family, locked or private
 */
void tern_sock_name6(struct sock *sk)
{
#if IS_ENABLED(CONFIG_IPV6)
	const struct tern_tuple *t = &tern_sk(sk)->ep.tuple;

	if (sk->sk_family != AF_INET6)
		return;
	sk->sk_v6_rcv_saddr = t->laddr;
	sk->sk_v6_daddr = t->raddr;
	inet6_sk(sk)->saddr = t->laddr;
#endif
}

/**
 * tern_sock_unname() - no peer, and no address but what bind() gave
 * @sk: socket, locked
 */
void tern_sock_unname(struct sock *sk)
{
	struct inet_sock *inet = inet_sk(sk);

	if (!(sk->sk_userlocks & SOCK_BINDADDR_LOCK))
		inet_reset_saddr(sk);
	inet->inet_dport = 0;
	inet->inet_daddr = 0;
#if IS_ENABLED(CONFIG_IPV6)
	if (sk->sk_family == AF_INET6)
		sk->sk_v6_daddr = in6addr_any;
#endif
}

/* A copy of the listener's struct ipv6_pinfo: what is the listener's alone */
static void own_pinfo(struct sock *child, const struct sock *listener)
{
#if IS_ENABLED(CONFIG_IPV6)
	struct ipv6_txoptions *opt;
	struct ipv6_pinfo *np;

	if (child->sk_family != AF_INET6)
		return;
	np = &((struct tern6_sock *)child)->inet6;
	inet_sk(child)->pinet6 = np;
	np->ipv6_mc_list = NULL;
	np->ipv6_ac_list = NULL;
	tern_compat_forget_flow_labels(child);
	np->pktoptions = NULL;
	RCU_INIT_POINTER(np->opt, NULL);
	rcu_read_lock();
	opt = rcu_dereference(inet6_sk(listener)->opt);
	if (opt)
		RCU_INIT_POINTER(np->opt, ipv6_dup_options(child, opt));
	rcu_read_unlock();
#endif
}

/*
 * A copy of the listener, with its options, filter, policies and cgroup,
 * locked and counted twice. What is the listener's alone goes. It holds the
 * module, by sk_prot; the namespace only if the listener still does, which may
 * be closing.
 */
static struct sock *copy_of(struct sock *listener)
{
	struct net *net = maybe_get_net(sock_net(listener));
	struct sock *child = NULL;

	if (!net)
		return NULL;
	child = sk_clone_lock(listener, GFP_ATOMIC);
	put_net(net);
	if (!child)
		return NULL;
	tern_state_birth(child);
	child->sk_priority = READ_ONCE(listener->sk_priority);
	child->sk_ack_backlog = 0;
	child->sk_shutdown = 0;
	child->sk_tsq_flags = 0;
	atomic64_set(&child->sk_cookie, 0);
	RCU_INIT_POINTER(inet_sk(child)->inet_opt, NULL);
	inet_sk(child)->mc_list = NULL;
	fresh_tcb(child);
	tern_timer_limit_child(child, listener);
	tern_cong_init(&tern_sk(child)->cong,
		       READ_ONCE(tern_sk(listener)->cong.ops));
	own_pinfo(child, listener);
	tern_compat_child_memcg(child, listener);
	return child;
}

static void child_tcb(struct tern_sock *tp, const struct tern_tuple *t,
		      const struct tern_syn *syn)
{
	tp->ep.tuple = *t;
	tp->passive = 1;
	tp->ack.mad_us = syn->mad_us;

	tp->rcv.irs = syn->irs;
	tp->rcv.nxt = syn->irs + 1;
	tp->rcv.wup = syn->irs + 1;
	tp->rcv.copied = syn->irs + 1;
	tp->rcv.acked = syn->irs + 1;
	tp->rcv.wnd = syn->rcv_wnd;
	tp->rcv.wscale = syn->rcv_wscale;

	tp->snd.iss = syn->iss;
	tp->snd.una = syn->iss;
	tp->snd.nxt = syn->iss + 1;
	tp->snd.write_seq = syn->iss + 1;
	tp->snd.pushed_seq = syn->iss + 1;
	tp->snd.sml = syn->iss;
	tp->snd.wl1 = syn->irs;
	tp->snd.total_retrans = syn->retries;
	tp->snd.mss_peer = syn->opts.mss ?: tern_mss_default(&tp->ep.tuple);
	tp->snd.wscale = syn->opts.has_wscale ? syn->opts.wscale : 0;

	tp->wscale_ok = syn->opts.has_wscale;
	tp->sack_ok = syn->opts.sack_ok;
	tp->mad_ok = syn->opts.has_mad;
	if (syn->opts.has_mad)
		tp->peer_mad_us = syn->opts.mad_us;
	tp->ts.ok = syn->opts.has_ts;
	tp->ts.recent = syn->ts_recent;
	tp->ts.first = syn->ts_recent;
	tp->ts.recent_ns = syn->synack_ns;
	tp->ts.offset = syn->ts_offset;
}

/**
 * tern_sock_child() - the connection that a SYN asked for
 * @listener: its listener
 * @t: 4-tuple as seen from here
 * @syn: what the SYN said
 *
 * Context: softirq. Return: the child in SYN-RECEIVED, not hashed, locked by
 * sk_clone_lock(), with a reference for the caller beside the
 * protocol's; NULL without memory or route.
 */
struct sock *tern_sock_child(struct sock *listener, const struct tern_tuple *t,
			     const struct tern_syn *syn)
{
	struct dst_entry *dst = tern_af(t)->req_route(listener, syn->bound_dev_if,
						      syn->label.secid, t);
	struct ip_options_rcu *opt;
	struct tern_sock *tp;
	struct sock *child;

	if (!dst)
		return NULL;
	child = tern_label_dup(&syn->label, &opt) ? NULL : copy_of(listener);
	if (!child) {
		kfree(opt);
		dst_release(dst);
		return NULL;
	}
	RCU_INIT_POINTER(inet_sk(child)->inet_opt, opt);
	child->sk_mark = syn->mark;
	child->sk_bound_dev_if = syn->bound_dev_if;
	inet_sk(child)->inet_num = ntohs(t->lport);
	inet_sk(child)->inet_sport = t->lport;
	inet_sk(child)->inet_dport = t->rport;

	tp = tern_sk(child);
	child_tcb(tp, t, syn);
	tern_sock_name6(child);
	tp->snd.max_wnd = 0;
	tp->snd.sws_wnd = 0;
	tern_clock(tp);
	tp->rtt.rto_init_us = tern_conf_or_knob(child, rto_init_us);
	/* Karn: a SYN-ACK sent twice gives no sample. RFC 6298 2.2 */
	if (!syn->resent && syn->synack_ns)
		tern_rtt_sample(&tp->rtt,
				div_u64(tp->now_ns - syn->synack_ns,
					NSEC_PER_USEC) ?: 1,
				div_u64(tp->now_ns, NSEC_PER_USEC));
	tern_af(t)->child_setup(child, dst);
	tern_state_set(child, TCP_SYN_RECV, "syn");
	return child;
}

/**
 * tern_sock_grow_sndbuf() - twice the congestion window fits the send buffer
 * @sk: socket, locked
 *
 * Within wmem, unless SO_SNDBUF fixed it or memory is short.
 */
void tern_sock_grow_sndbuf(struct sock *sk)
{
	struct tern_net *tn = tern_sk_net(sk);
	struct tern_sock *tp = tern_sk(sk);
	u64 want = 2ULL * max(tp->cong.cwnd, TERN_INIT_CWND) *
		   SKB_TRUESIZE(tp->snd.mss + TERN_MAX_HEADER);

	want = min_t(u64, want, tern_knob_buf(tn, wmem, 2));
	if (want > READ_ONCE(sk->sk_sndbuf) &&
	    !(sk->sk_userlocks & SOCK_SNDBUF_LOCK) &&
	    !sk_under_memory_pressure(sk))
		WRITE_ONCE(sk->sk_sndbuf, (int)want);
}

/**
 * tern_sock_heard() - the peer is there
 * @sk: socket, locked; an acceptable segment of the peer's has come
 *
 * Idle time and silence count anew; what ICMP told before is over (RFC 5461 2).
 */
void tern_sock_heard(struct sock *sk)
{
	struct tern_sock *tp = tern_sk(sk);

	tp->rcv.heard_ns = tp->now_ns;
	if (unlikely(READ_ONCE(sk->sk_err_soft)))
		WRITE_ONCE(sk->sk_err_soft, 0);
}

/**
 * tern_sock_establish() - a connection becomes ESTABLISHED, from any side
 * @sk: socket in SYN-SENT or SYN-RECEIVED, locked
 * @event: what caused it
 */
void tern_sock_establish(struct sock *sk, const char *event)
{
	struct tern_sock *tp = tern_sk(sk);

	tern_timer_disarm(sk, TERN_TIMER_RETRANS);
	tp->retries = 0;
	tp->rtt.backoff = 0;
	tp->retrans_start_ns = 0;
	tern_sock_heard(sk);
	tp->rcv.last_ns = tp->now_ns;
	tp->rcv.space_ns = tp->now_ns;
	tp->rcv.space_copied = tp->rcv.copied;
	tp->snd.lsnd_ns = tp->now_ns;
	/* RFC 5681 3.1, RFC 6928 2: more than one SYN was lost */
	if (tp->snd.total_retrans > 1)
		tp->cong.cwnd = 1;
	if (tp->passive)
		TERN_INC(tern_sk_net(sk), PassiveOpens);
	tern_sock_grow_sndbuf(sk);
	tern_state_set(sk, TCP_ESTABLISHED, event);
	sk->sk_state_change(sk);
	sk_wake_async(sk, SOCK_WAKE_IO, POLL_OUT);
}

/*
 * An orphan has left the tables: free all it has and drop the protocol's
 * reference. The caller holds another one.
 */
static void destroy(struct sock *sk)
{
	struct tern_sock *tp = tern_sk(sk);
	struct tern_net *tn = tern_sk_net(sk);

	tern_sock_purge(sk);
	sk_stream_kill_queues(sk);
	xfrm_sk_free_policy(sk);
	if (tp->ep.bind)
		tern_hash_put_port(tn, &tp->ep);
	atomic_dec(&tn->orphans);
	tern_orphan_leave(sk);
	sock_put(sk);
}

/**
 * tern_sock_done() - the connection is CLOSED (RFC 9293 3.10.4)
 * @sk: socket, locked; the caller holds a reference
 * @event: what caused it
 *
 * Leaves the table, stops timers, wakes whoever waits. An orphan is freed.
 */
void tern_sock_done(struct sock *sk, const char *event)
{
	struct tern_sock *tp = tern_sk(sk);
	struct tern_net *tn = tern_sk_net(sk);

	if (sk->sk_state == TCP_CLOSE && !sock_flag(sk, SOCK_DEAD))
		return;
	if (sk->sk_state == TCP_SYN_SENT || sk->sk_state == TCP_SYN_RECV)
		TERN_INC(tn, AttemptFails);
	tern_timer_stop_all(sk);
	tern_hash_remove(tn, &tp->ep);
	if (!(sk->sk_userlocks & SOCK_BINDPORT_LOCK) && tp->ep.bind)
		tern_hash_put_port(tn, &tp->ep);
	/* Before the state: who polls sees both. */
	WRITE_ONCE(sk->sk_shutdown, SHUTDOWN_MASK);
	tern_state_set(sk, TCP_CLOSE, event);
	if (!sock_flag(sk, SOCK_DEAD))
		sk->sk_state_change(sk);
	else
		destroy(sk);
}

/**
 * tern_sock_abort() - the connection ends with an error (RFC 9293 3.10.5)
 * @sk: socket, locked; the caller holds a reference
 * @err: positive errno for the user
 * @event: what caused it
 *
 * What was not sent is dropped; what was received stays readable.
 */
void tern_sock_abort(struct sock *sk, int err, const char *event)
{
	if (sk->sk_state == TCP_CLOSE)
		return;
	WRITE_ONCE(sk->sk_err, err);
	purge_tx(sk);
	tern_sock_done(sk, event);
	/* Last: whoever it wakes sees all of the end. */
	if (!sock_flag(sk, SOCK_DEAD))
		sk_error_report(sk);
}

/**
 * tern_sock_force_memory() - memory that can't be refused, counted all the same
 * @sk: socket, locked
 * @size: bytes that are charged next
 *
 * A segment for a reader or a writer who has none, or neither could go on. The
 * core's sk_forced_mem_schedule() isn't exported, but a stream is always given
 * what makes its send buffer full: ask for that, and give back the rest.
 */
void tern_sock_force_memory(struct sock *sk, int size)
{
	int want, spare;

	/* Refused, the send buffer is cut to the least: it is full soon. */
	if (likely(sk_wmem_schedule(sk, size)))
		return;
	want = max(size - sk->sk_forward_alloc,
		   READ_ONCE(sk->sk_sndbuf) - sk->sk_wmem_queued);
	if (!__sk_mem_schedule(sk, want, SK_MEM_SEND))
		return;
	spare = sk->sk_forward_alloc - size;
	if (spare >= (int)PAGE_SIZE)
		__sk_mem_reclaim(sk, spare);
}

/**
 * tern_sock_short_of_memory() - is what this socket holds needed elsewhere?
 * @sk: socket, locked
 *
 * Above the highest value of the sysctl mem no socket gets any.
 */
bool tern_sock_short_of_memory(const struct sock *sk)
{
	return sk->sk_wmem_queued > SOCK_MIN_SNDBUF &&
	       sk_memory_allocated(sk) > sk_prot_mem_limits(sk, 2);
}

/**
 * tern_sock_timeout() - the peer is given up (RFC 9293 3.8.3)
 * @sk: socket, locked; the caller holds a reference
 * @event: what ran out
 *
 * The application gets what ICMP told of the path, else ETIMEDOUT.
 */
void tern_sock_timeout(struct sock *sk, const char *event)
{
	TERN_INC(tern_sk_net(sk), TCPAbortOnTimeout);
	tern_sock_abort(sk, READ_ONCE(sk->sk_err_soft) ?: ETIMEDOUT, event);
}

/* One walk through the table. True when it met an orphan. */
static bool end_all(struct tern_net *tn)
{
	struct rhashtable_iter it;
	struct tern_ep *ep;
	bool met = false;

	rhashtable_walk_enter(&tn->ehash, &it);
	rhashtable_walk_start(&it);
	while ((ep = rhashtable_walk_next(&it))) {
		struct sock *sk;

		if (IS_ERR(ep) || ep->kind != TERN_EP_SOCK)
			continue;
		met = true;
		sk = tern_ep_sk(ep);
		if (!refcount_inc_not_zero(&sk->sk_refcnt))
			continue;
		rhashtable_walk_stop(&it);
		lock_sock(sk);
		tern_sock_abort(sk, ENETDOWN, "netns exit");
		release_sock(sk);
		sock_put(sk);
		cond_resched();
		rhashtable_walk_start(&it);
	}
	rhashtable_walk_stop(&it);
	rhashtable_walk_exit(&it);
	return met;
}

/**
 * tern_sock_net_exit() - end all orphans of a namespace
 * @tn: namespace that no file refers to any more
 */
void tern_sock_net_exit(struct tern_net *tn)
{
	/* A walk misses sockets while the table is being resized. */
	while (end_all(tn))
		cond_resched();
}
