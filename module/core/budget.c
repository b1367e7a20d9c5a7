// SPDX-License-Identifier: GPL-2.0
/*
 * How often the timers of one user may fire. A timer that repeats is work in
 * softirq that no limit of its owner's covers, so whoever has no capability in
 * the initial user namespace has fine_timer_rate expiries a second at intervals
 * below TERN_FINE_NS, of all sockets in all his namespaces. What he asks for
 * beyond that is late, all of it alike, by TERN_FINE_NS at most: then it is as
 * rare as what needs no budget.
 */
#include <linux/cred.h>
#include <linux/hashtable.h>
#include <linux/refcount.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>
#include <net/sock.h>
#include "netns/sysctl.h"
#include "budget.h"

/**
 * struct tern_budget - of one user
 * @node: link in users
 * @uid: in the initial user namespace
 * @ref: sockets
 * @paid_ns: up to when his expiries are paid for; before now: he has not had
 *	all of them
 */
struct tern_budget {
	struct hlist_node node;
	kuid_t uid;
	refcount_t ref;
	atomic64_t paid_ns;
};

/* Whoever has a socket that a budget applies to */
static DEFINE_HASHTABLE(users, 6);
static DEFINE_SPINLOCK(users_lock);

/* Of all for whom there was no memory */
static struct tern_budget spare = { .ref = REFCOUNT_INIT(1) };

/*
 * The user behind it all: he may have as many user namespaces as he likes, and
 * a range of uids to map into them.
 */
static kuid_t user_of(const struct net *net)
{
	struct user_namespace *ns = net->user_ns;

	if (ns == &init_user_ns)
		ns = current_user_ns();
	if (ns == &init_user_ns)
		return current_euid();
	while (ns->parent != &init_user_ns)
		ns = ns->parent;
	/* Containers that root made are apart by whom their root is. */
	return uid_eq(ns->owner, GLOBAL_ROOT_UID) ? make_kuid(ns, 0) :
						    ns->owner;
}

/**
 * tern_budget_applies() - is the socket in a namespace whose owner is a user?
 * @sk: socket
 *
 * Its sysctls are his. Elsewhere they are the administrator's, and a budget is
 * for those sockets that got a fine interval of their own.
 */
bool tern_budget_applies(const struct sock *sk)
{
	return sock_net(sk)->user_ns != &init_user_ns;
}

static struct tern_budget *find(kuid_t uid)
{
	struct tern_budget *b;

	hash_for_each_possible(users, b, node, __kuid_val(uid))
		if (uid_eq(b->uid, uid))
			return b;
	return NULL;
}

/**
 * tern_budget_get() - the budget of who makes a socket, or sets an option of it
 * @sk: socket
 *
 * Context: process, his. Return: counted.
 */
struct tern_budget *tern_budget_get(const struct sock *sk)
{
	struct tern_budget *b, *new = kzalloc(sizeof(*new), GFP_KERNEL);
	kuid_t uid = user_of(sock_net(sk));

	spin_lock_bh(&users_lock);
	b = find(uid);
	if (b) {
		refcount_inc(&b->ref);
	} else if (new) {
		new->uid = uid;
		refcount_set(&new->ref, 1);
		hash_add(users, &new->node, __kuid_val(uid));
		swap(b, new);
	}
	spin_unlock_bh(&users_lock);
	kfree(new);
	return b ?: tern_budget_hold(&spare);
}

/**
 * tern_budget_hold() - count one more socket of the same user
 * @b: counted already, or NULL
 *
 * Return: @b.
 */
struct tern_budget *tern_budget_hold(struct tern_budget *b)
{
	if (b)
		refcount_inc(&b->ref);
	return b;
}

/**
 * tern_budget_put() - a socket goes
 * @b: its budget, or NULL
 *
 * Context: any but hardirq.
 */
void tern_budget_put(struct tern_budget *b)
{
	bool last;

	if (!b)
		return;
	spin_lock_bh(&users_lock);
	last = refcount_dec_and_test(&b->ref);
	if (last)
		hash_del(&b->node);
	spin_unlock_bh(&users_lock);
	if (last)
		kfree(b);
}

/**
 * tern_budget_fit() - when may a fine timer fire?
 * @b: its user's budget
 * @now_ns: CLOCK_MONOTONIC
 * @due_ns: when it is due
 *
 * As many as TERN_FINE_NS are good for may come at once. Return: @due_ns while
 * the budget lasts; then so much later that expiries keep to fine_timer_rate,
 * but not later than TERN_FINE_NS from now, which costs nothing.
 */
u64 tern_budget_fit(struct tern_budget *b, u64 now_ns, u64 due_ns)
{
	int rate = READ_ONCE(tern_sysctl_fine_timer_rate);
	s64 paid = atomic64_read(&b->paid_ns), next;
	u64 end = now_ns + 2 * TERN_FINE_NS;

	do {
		next = max_t(s64, paid, now_ns);
		if (!rate || next >= end)
			return max(due_ns, now_ns + TERN_FINE_NS);
		next += NSEC_PER_SEC / rate;
	} while (!atomic64_try_cmpxchg(&b->paid_ns, &paid, next));
	return max_t(u64, due_ns, next - TERN_FINE_NS);
}
