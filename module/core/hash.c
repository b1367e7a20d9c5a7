// SPDX-License-Identifier: GPL-2.0
/*
 * Tables of a namespace: connections by 4-tuple (an rhashtable that holds
 * sockets, SYN queue entries and TIME-WAIT entries alike), listeners by port,
 * local ports in use, and the choice of an ephemeral one (RFC 6056).
 */
#include <linux/random.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include "hash.h"
#include "label.h"
#include "lhash.h"
#include "state.h"
#include "timer.h"

static const struct rhashtable_params ehash_params = {
	.key_len = sizeof(struct tern_tuple),
	.key_offset = offsetof(struct tern_ep, tuple),
	.head_offset = offsetof(struct tern_ep, node),
	.min_size = 64,
	.automatic_shrinking = true,
};

/**
 * tern_hash_net_init() - empty tables
 * @tn: namespace
 *
 * Return: 0 or -ENOMEM.
 */
int tern_hash_net_init(struct tern_net *tn)
{
	unsigned int i;

	for (i = 0; i < TERN_BHASH_SIZE; i++)
		INIT_HLIST_HEAD(&tn->bhash[i]);
	for (i = 0; i < TERN_LHASH_SIZE; i++)
		INIT_HLIST_HEAD(&tn->lhash[i]);
	spin_lock_init(&tn->bhash_lock);
	spin_lock_init(&tn->lhash_lock);
	return rhashtable_init(&tn->ehash, &ehash_params);
}

/**
 * tern_hash_net_exit() - free the tables, empty by now
 * @tn: namespace
 */
void tern_hash_net_exit(struct tern_net *tn)
{
	WARN_ON_ONCE(atomic_read(&tn->ehash.nelems));
	rhashtable_destroy(&tn->ehash);
}

static bool get(struct tern_ep *ep)
{
	switch (ep->kind) {
	case TERN_EP_SOCK:
		return refcount_inc_not_zero(&tern_ep_sk(ep)->sk_refcnt);
	case TERN_EP_REQ:
		return refcount_inc_not_zero(&tern_ep_req(ep)->ref);
	default:
		return refcount_inc_not_zero(&tern_ep_tw(ep)->ref);
	}
}

/**
 * tern_ep_put() - drop a reference of an endpoint of any kind
 * @ep: from tern_hash_lookup()
 */
void tern_ep_put(struct tern_ep *ep)
{
	switch (ep->kind) {
	case TERN_EP_SOCK:
		sock_put(tern_ep_sk(ep));
		break;
	case TERN_EP_REQ:
		if (refcount_dec_and_test(&tern_ep_req(ep)->ref)) {
			sock_put(tern_ep_req(ep)->listener);
			tern_label_free(&tern_ep_req(ep)->syn.label);
			kfree_rcu(tern_ep_req(ep), rcu);
		}
		break;
	case TERN_EP_TW:
		if (refcount_dec_and_test(&tern_ep_tw(ep)->ref))
			kfree_rcu(tern_ep_tw(ep), rcu);
		break;
	}
}

/**
 * tern_hash_lookup() - the endpoint of a 4-tuple
 * @tn: namespace
 * @t: 4-tuple as seen from here
 *
 * Context: any; RCU inside. Return: counted endpoint, NULL when there is none.
 */
struct tern_ep *tern_hash_lookup(struct tern_net *tn,
				 const struct tern_tuple *t)
{
	struct tern_ep *ep;

	rcu_read_lock();
again:
	ep = rhashtable_lookup(&tn->ehash, t, ehash_params);
	/* Dead, so out of the table by now; another may have its place. */
	if (ep && !get(ep))
		goto again;
	/* A socket can leave the table and come back with another peer. */
	if (ep && unlikely(memcmp(&ep->tuple, t, sizeof(*t)))) {
		tern_ep_put(ep);
		goto again;
	}
	rcu_read_unlock();
	return ep;
}

/**
 * tern_hash_insert() - enter an endpoint
 * @tn: namespace
 * @ep: endpoint with a full tuple; its object is locked or private
 *
 * Return: 0, -EADDRNOTAVAIL when the 4-tuple is taken, -ENOMEM.
 */
int tern_hash_insert(struct tern_net *tn, struct tern_ep *ep)
{
	int err;

	smp_store_release(&ep->hashed, true);	/* see tern_ep_is() */
	err = rhashtable_lookup_insert_fast(&tn->ehash, &ep->node,
					    ehash_params);
	if (!err)
		return 0;
	WRITE_ONCE(ep->hashed, false);
	return err == -EEXIST ? -EADDRNOTAVAIL : -ENOMEM;
}

/**
 * tern_hash_remove() - take an endpoint out
 * @tn: namespace
 * @ep: endpoint; its object is locked, or a TIME-WAIT entry
 *
 * Return: true for the one caller that took it out.
 */
bool tern_hash_remove(struct tern_net *tn, struct tern_ep *ep)
{
	if (!READ_ONCE(ep->hashed) ||
	    rhashtable_remove_fast(&tn->ehash, &ep->node, ehash_params))
		return false;
	WRITE_ONCE(ep->hashed, false);
	return true;
}

/**
 * tern_hash_replace() - put an endpoint in the place of another, at once
 * @tn: namespace
 * @old: hashed; its object is locked
 * @new: same tuple; private, or locked
 *
 * Return: false when @old was not in the table any more.
 */
bool tern_hash_replace(struct tern_net *tn, struct tern_ep *old,
		       struct tern_ep *new)
{
	if (!READ_ONCE(old->hashed))
		return false;
	/* As tern_hash_insert() */
	smp_store_release(&new->hashed, true);
	if (rhashtable_replace_fast(&tn->ehash, &old->node, &new->node,
				    ehash_params)) {
		WRITE_ONCE(new->hashed, false);
		return false;
	}
	WRITE_ONCE(old->hashed, false);
	return true;
}

static struct tern_bind *find_bind(struct tern_net *tn, u16 port)
{
	struct tern_bind *b;

	hlist_for_each_entry(b, &tn->bhash[port % TERN_BHASH_SIZE], node)
		if (b->port == port)
			return b;
	return NULL;
}

static struct tern_bind *make_bind(struct tern_net *tn, u16 port,
				   bool autobound)
{
	struct tern_bind *b = kzalloc(sizeof(*b), GFP_ATOMIC);

	if (!b)
		return NULL;
	b->port = port;
	b->autobound = autobound;
	hlist_add_head(&b->node, &tn->bhash[port % TERN_BHASH_SIZE]);
	return b;
}

static void hold_port(struct tern_bind *b, struct tern_ep *ep)
{
	ep->bind = b;
	hlist_add_head(&ep->bind_node, &b->owners);
}

/**
 * tern_hash_put_port() - an endpoint gives up its local port
 * @tn: namespace
 * @ep: endpoint that may hold one
 */
void tern_hash_put_port(struct tern_net *tn, struct tern_ep *ep)
{
	struct tern_bind *b;

	spin_lock_bh(&tn->bhash_lock);
	b = ep->bind;
	if (b) {
		hlist_del(&ep->bind_node);
		ep->bind = NULL;
		if (hlist_empty(&b->owners)) {
			hlist_del(&b->node);
			kfree(b);
		}
	}
	spin_unlock_bh(&tn->bhash_lock);
	if (ep->kind == TERN_EP_SOCK && !ep->bind)
		inet_sk(tern_ep_sk(ep))->inet_num = 0;
}

/**
 * tern_hash_share_port() - a child or TIME-WAIT entry holds a port as well
 * @tn: namespace
 * @from: endpoint that holds it
 * @to: the other
 */
void tern_hash_share_port(struct tern_net *tn, struct tern_ep *from,
			  struct tern_ep *to)
{
	spin_lock_bh(&tn->bhash_lock);
	if (from->bind)
		hold_port(from->bind, to);
	spin_unlock_bh(&tn->bhash_lock);
}

/* Do a socket and an owner bound to device @dev share any device? */
static bool same_device(const struct sock *sk, int dev)
{
	int mine = READ_ONCE(sk->sk_bound_dev_if);

	return !mine || !dev || mine == dev;
}

static bool conflict_tw(const struct sock *sk, const struct tern_tw *tw)
{
	struct in6_addr mine = tern_lhash_bound_to(sk);

	if (!same_device(sk, tw->bound_dev_if) ||
	    (sk->sk_reuse && tw->reuse) ||
	    (sk->sk_reuseport && tw->reuseport))
		return false;
	return tern_lhash_covers(&mine, !ipv6_only_sock(sk), &tw->ep.tuple.laddr);
}

static bool conflict_sock(const struct sock *sk, const struct sock *other)
{
	struct in6_addr mine = tern_lhash_bound_to(sk), theirs = tern_lhash_bound_to(other);

	if (other == sk || !same_device(sk, READ_ONCE(other->sk_bound_dev_if)))
		return false;
	if (sk->sk_reuse && other->sk_reuse &&
	    READ_ONCE(other->sk_state) != TCP_LISTEN)
		return false;
	if (sk->sk_reuseport && other->sk_reuseport &&
	    uid_eq(sk->sk_uid, other->sk_uid))
		return false;
	return tern_lhash_covers(&mine, !ipv6_only_sock(sk), &theirs) ||
	       tern_lhash_covers(&theirs, !ipv6_only_sock(other), &mine);
}

/* May @sk not share the port with its owners? (bind(2), SO_REUSE*) */
static bool conflict(const struct sock *sk, const struct tern_bind *b)
{
	struct tern_ep *ep;

	/* SYN queue entries own none: they live by their listener's. */
	hlist_for_each_entry(ep, &b->owners, bind_node)
		if (ep->kind == TERN_EP_TW ?
		    conflict_tw(sk, tern_ep_tw(ep)) :
		    conflict_sock(sk, tern_ep_sk(ep)))
			return true;
	return false;
}

/*
 * Bind @sk to @port if nobody is in the way; @fresh: only to a port that
 * nobody has at all.
 */
static int try_bind(struct tern_net *tn, struct sock *sk, u16 port, bool fresh)
{
	struct tern_sock *tp = tern_sk(sk);
	struct tern_bind *b;
	int err = 0;

	spin_lock_bh(&tn->bhash_lock);
	b = find_bind(tn, port);
	if (b && (fresh || conflict(sk, b)))
		err = -EADDRINUSE;
	else if (!b)
		b = make_bind(tn, port, false);
	if (!err && !b)
		err = -ENOMEM;
	if (!err) {
		b->autobound = false;
		if (!tp->ep.bind)
			hold_port(b, &tp->ep);
		inet_sk(sk)->inet_num = port;
	}
	spin_unlock_bh(&tn->bhash_lock);
	return err;
}

/* Any port of the range, in random order */
static int bind_any(struct tern_net *tn, struct sock *sk, bool fresh)
{
	int low, high, err = -EADDRINUSE;
	u32 span, offset, i;

	tern_compat_port_range(sk, &low, &high);
	span = high - low + 1;
	offset = get_random_u32_below(span);
	for (i = 0; i < span && err == -EADDRINUSE; i++) {
		u16 port = low + (offset + i) % span;

		if (!inet_is_local_reserved_port(tn->net, port))
			err = try_bind(tn, sk, port, fresh);
		cond_resched();
	}
	return err;
}

/**
 * tern_hash_get_port() - bind to a local port
 * @sk: socket, locked; proto.get_port
 * @snum: port, 0 for any
 *
 * A socket that is bound already may ask whether it still could be, as
 * listen() does. Return: 0, -EADDRINUSE, -ENOMEM.
 */
int tern_hash_get_port(struct sock *sk, unsigned short snum)
{
	struct tern_net *tn = tern_sk_net(sk);
	int err;

	if (snum)
		return try_bind(tn, sk, snum, false);
	err = bind_any(tn, sk, true);
	if (err == -EADDRINUSE)
		err = bind_any(tn, sk, false);
	return err;
}

/**
 * tern_hash_drop_tw() - a TIME-WAIT entry has left the table: let it go
 * @tw: entry that this caller took out or replaced
 */
void tern_hash_drop_tw(struct tern_tw *tw)
{
	tern_hash_put_port(tw->tn, &tw->ep);
	atomic_dec(&tw->tn->tw_count);
	/* Marked as gone, then cancelled; pairs with timewait.c's arm(). */
	smp_mb();
	/* A callback that is about to fire once more must not outlive us. */
	if (tern_timer_mini_cancel_sync(&tw->timer))
		tern_ep_put(&tw->ep);
	tern_ep_put(&tw->ep);
}

/*
 * New timestamps tell the new connection's segments from the old one's (RFC
 * 6191). Whoever chose the port by bind() wants this one, as with TCP; of those
 * that connect() chooses, tw_reuse has 1 any, 2 on loopback.
 */
static bool reusable(struct tern_net *tn, const struct tern_tw *tw, bool bound)
{
	u64 delay = min(tern_knob(tn, tw_reuse_delay_ms),
			tern_knob(tn, msl_ms)) * (u64)NSEC_PER_MSEC;
	const struct in6_addr *l = &tw->ep.tuple.laddr;
	int mode = tern_knob(tn, tw_reuse);

	if (!tw->ts_ok || bound)
		return tw->ts_ok;
	if (!mode || ktime_get_ns() < READ_ONCE(tw->ts_recent_ns) + delay)
		return false;
	return mode == 1 || ipv6_addr_loopback(l) ||
	       (ipv6_addr_v4mapped(l) && ipv4_is_loopback(l->s6_addr32[3]));
}

static bool take_over_tw(struct tern_net *tn, struct tern_sock *tp,
			 struct tern_tw *tw)
{
	if (!reusable(tn, tw, !tp->ep.bind->autobound) ||
	    !tern_hash_replace(tn, &tw->ep, &tp->ep))
		return false;
	/* 0 would mean that there is none. */
	tp->snd.write_seq = tw->snd_nxt + TERN_WINDOW_MAX + 2 ?: 1;
	tp->ts.recent = READ_ONCE(tw->ts_recent);
	TERN_INC(tn, TWRecycled);
	tern_state_note(tn, &tw->ep.tuple, TCP_TIME_WAIT, TCP_CLOSE,
			"connect");
	tern_hash_drop_tw(tw);
	return true;
}

/* Take the place of a TIME-WAIT entry (RFC 6191); false: keep off. */
static bool take_over(struct tern_net *tn, struct tern_sock *tp)
{
	struct tern_ep *ep = tern_hash_lookup(tn, &tp->ep.tuple);
	bool done;

	if (!ep)
		return false;
	done = ep->kind == TERN_EP_TW && take_over_tw(tn, tp, tern_ep_tw(ep));
	tern_ep_put(ep);
	return done;
}

static int enter(struct tern_net *tn, struct tern_sock *tp, u16 port)
{
	int err;

	tp->ep.tuple.lport = htons(port);
	err = tern_hash_insert(tn, &tp->ep);
	if (err == -EADDRNOTAVAIL && take_over(tn, tp))
		err = 0;
	return err;
}

/* An ephemeral port for @tp's peer: shared with other peers' connections */
static int try_port(struct tern_net *tn, struct tern_sock *tp, u16 port)
{
	struct tern_bind *b;
	int err;

	spin_lock_bh(&tn->bhash_lock);
	b = find_bind(tn, port);
	if (b && !b->autobound) {
		spin_unlock_bh(&tn->bhash_lock);
		return -EADDRNOTAVAIL;
	}
	if (!b)
		b = make_bind(tn, port, true);
	if (b)
		hold_port(b, &tp->ep);
	spin_unlock_bh(&tn->bhash_lock);
	if (!b)
		return -ENOMEM;
	inet_sk(tern_sk_of(tp))->inet_num = port;
	err = enter(tn, tp, port);
	if (err)
		tern_hash_put_port(tn, &tp->ep);
	return err;
}

/*
 * RFC 6056 3.3.4: where the search begins is a keyed hash of the peer, moved
 * on with each connection; peers of another slot can't see how far.
 */
static u32 first_port(struct tern_net *tn, struct tern_sock *tp, u32 span)
{
	u32 hash, moved;

	tp->ep.tuple.lport = 0;
	hash = tern_isn_port_offset(&tn->secret, &tp->ep.tuple);
	moved = atomic_add_return(1 + get_random_u32_below(8),
				  &tn->port_moved[hash % TERN_PORT_TABLE_SIZE]);
	return (hash / TERN_PORT_TABLE_SIZE + moved) % span;
}

static int choose_port(struct tern_net *tn, struct tern_sock *tp)
{
	int low, high, err = -EADDRNOTAVAIL;
	u32 span, offset, i;

	tern_compat_port_range(tern_sk_of(tp), &low, &high);
	span = high - low + 1;
	offset = first_port(tn, tp, span);
	for (i = 0; i < span && err == -EADDRNOTAVAIL; i++) {
		u16 port = low + (offset + i) % span;

		if (!inet_is_local_reserved_port(tn->net, port))
			err = try_port(tn, tp, port);
		cond_resched();
	}
	return err;
}

/**
 * tern_hash_connect() - a local port and a place in the table for connect()
 * @sk: socket, locked; tp->ep.tuple complete but for the local port
 *
 * Return: 0, -EADDRNOTAVAIL, -ENOMEM.
 */
int tern_hash_connect(struct sock *sk)
{
	struct tern_net *tn = tern_sk_net(sk);
	struct tern_sock *tp = tern_sk(sk);
	int err;

	tp->snd.write_seq = 0;
	tp->ts.recent = 0;
	if (tp->ep.bind)
		err = enter(tn, tp, inet_sk(sk)->inet_num);
	else
		err = choose_port(tn, tp);
	if (!err)
		inet_sk(sk)->inet_sport = htons(inet_sk(sk)->inet_num);
	return err;
}
