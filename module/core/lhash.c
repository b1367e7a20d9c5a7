// SPDX-License-Identifier: GPL-2.0
/*
 * Listeners by port, and which addresses a bound socket stands for. Read under
 * RCU; written under the listener's lock and lhash_lock.
 */
#include "lhash.h"

static struct hlist_head *listen_head(struct tern_net *tn, u16 port)
{
	return &tn->lhash[port % TERN_LHASH_SIZE];
}

/**
 * tern_lhash_add() - a socket listens on its port
 * @sk: socket in LISTEN, locked
 */
void tern_lhash_add(struct sock *sk)
{
	struct tern_listen *l = &tern_sk(sk)->listen;
	struct tern_net *tn = tern_sk_net(sk);

	spin_lock_bh(&l->lock);
	spin_lock(&tn->lhash_lock);
	hlist_add_head_rcu(&l->node, listen_head(tn, inet_sk(sk)->inet_num));
	spin_unlock(&tn->lhash_lock);
	spin_unlock_bh(&l->lock);
}

/**
 * tern_lhash_remove() - it does not any more: nothing enters its queues
 * @sk: socket, locked
 */
void tern_lhash_remove(struct sock *sk)
{
	struct tern_listen *l = &tern_sk(sk)->listen;
	struct tern_net *tn = tern_sk_net(sk);

	spin_lock_bh(&l->lock);
	spin_lock(&tn->lhash_lock);
	hlist_del_init_rcu(&l->node);
	spin_unlock(&tn->lhash_lock);
	spin_unlock_bh(&l->lock);
}

/* The address a socket is bound to; IPv4's "any" is ::ffff:0.0.0.0 */
struct in6_addr tern_lhash_bound_to(const struct sock *sk)
{
	struct in6_addr a;

#if IS_ENABLED(CONFIG_IPV6)
	if (sk->sk_family == AF_INET6)
		return sk->sk_v6_rcv_saddr;
#endif
	ipv6_addr_set_v4mapped(inet_sk(sk)->inet_rcv_saddr, &a);
	return a;
}

static bool wildcard(const struct in6_addr *a)
{
	return ipv6_addr_any(a) ||
	       (ipv6_addr_v4mapped(a) && !a->s6_addr32[3]);
}

/* Is @b, or some address that the wildcard @b stands for, one of @a's? */
bool tern_lhash_covers(const struct in6_addr *a, bool both,
		       const struct in6_addr *b)
{
	if (ipv6_addr_any(a))
		return both || !ipv6_addr_v4mapped(b);
	if (wildcard(a))
		return ipv6_addr_v4mapped(b);
	return ipv6_addr_equal(a, b);
}

/* Is a segment to @t's port and address for a listener? */
static bool takes(const struct sock *sk, const struct tern_tuple *t)
{
	struct in6_addr own = tern_lhash_bound_to(sk);

	return inet_sk(sk)->inet_num == ntohs(t->lport) &&
	       tern_lhash_covers(&own, !ipv6_only_sock(sk), &t->laddr);
}

/**
 * tern_lhash_takes() - does a socket listen for a 4-tuple still?
 * @sk: socket; its listen.lock is held
 * @t: 4-tuple as seen from here
 *
 * Since it was found it may have been closed, and opened again elsewhere. While
 * the lock is held the answer holds.
 */
bool tern_lhash_takes(const struct sock *sk, const struct tern_tuple *t)
{
	lockdep_assert_held(&tern_sk(sk)->listen.lock);
	return !hlist_unhashed(&tern_sk(sk)->listen.node) && takes(sk, t);
}

/* How well a listener fits; -1 when not at all */
static int score(const struct sock *sk, const struct tern_tuple *t, int dif,
		 int sdif)
{
	struct in6_addr own;
	int points = 1;

	if (!takes(sk, t) || !tern_sk_hears(sk, dif, sdif))
		return -1;
	if (READ_ONCE(sk->sk_bound_dev_if))
		points += 4;
	own = tern_lhash_bound_to(sk);
	if (!wildcard(&own))
		points += 2;
	/* Before one that takes both families */
	if (sk->sk_family == AF_INET)
		points++;
	return points;
}

/**
 * tern_lhash_find() - who takes a SYN
 * @tn: namespace
 * @t: 4-tuple as seen from here
 * @dif: device it came by
 * @sdif: its slave, 0 if none
 *
 * Of equals (SO_REUSEPORT) the 4-tuple's hash chooses, keyed so that a peer
 * can't aim at one of them. Return: counted socket, NULL when nobody listens.
 */
struct sock *tern_lhash_find(struct tern_net *tn, const struct tern_tuple *t,
			     int dif, int sdif)
{
	struct tern_sock *tp;
	int high, ties;
	struct sock *best;
	u32 hash;

	rcu_read_lock();
again:
	best = NULL;
	high = 0;
	ties = 0;
	hash = 0;
	hlist_for_each_entry_rcu(tp, listen_head(tn, ntohs(t->lport)),
				 listen.node) {
		struct sock *sk = tern_sk_of(tp);
		int points = score(sk, t, dif, sdif);

		if (points > high) {
			high = points;
			best = sk;
			ties = 1;
		} else if (points > 0 && points == high) {
			if (++ties == 2)
				hash = tern_isn_share_hash(&tn->secret, t);
			if (!reciprocal_scale(hash, ties))
				best = sk;
			hash = hash * 1664525 + 1013904223;
		}
	}
	/* It has left the list meanwhile; another may take its place. */
	if (best && !refcount_inc_not_zero(&best->sk_refcnt))
		goto again;
	rcu_read_unlock();
	return best;
}
