// SPDX-License-Identifier: GPL-2.0
/*
 * The accept queue of a listener: connections that nobody has taken yet. It
 * holds backlog + 1, as TCP's does.
 */
#include <linux/sched/signal.h>
#include "accept.h"
#include "core/lhash.h"
#include "core/hash.h"
#include "core/sock.h"

/**
 * tern_accept_full() - is there no room for another connection?
 * @listener: socket in LISTEN
 */
bool tern_accept_full(const struct sock *listener)
{
	return sk_acceptq_is_full(listener);
}

/**
 * tern_accept_add() - a child waits to be accepted
 * @listener: its listener
 * @child: connection, locked; the queue takes over the protocol's reference
 *	until accept(2) does
 *
 * Context: tp->listen.lock of @listener is held. Return: false when the
 * listener does not listen for it any more.
 */
bool tern_accept_add(struct sock *listener, struct sock *child)
{
	struct tern_sock *tp = tern_sk(child);

	if (!tern_lhash_takes(listener, &tp->ep.tuple))
		return false;
	sock_hold(listener);
	tp->listener = listener;
	list_add_tail(&tp->accept_node, &tern_sk(listener)->listen.accept_queue);
	sk_acceptq_added(listener);
	return true;
}

/**
 * tern_accept_pop() - take the connection that waited longest
 * @listener: socket
 *
 * Return: it, with the protocol's reference; NULL when none waits.
 */
struct sock *tern_accept_pop(struct sock *listener)
{
	struct tern_listen *l = &tern_sk(listener)->listen;
	struct tern_sock *tp;

	spin_lock_bh(&l->lock);
	tp = list_first_entry_or_null(&l->accept_queue, struct tern_sock,
				      accept_node);
	if (tp) {
		list_del_init(&tp->accept_node);
		sk_acceptq_removed(listener);
	}
	spin_unlock_bh(&l->lock);
	if (!tp)
		return NULL;
	tp->listener = NULL;
	sock_put(listener);
	return tern_sk_of(tp);
}

/* Sleep until a connection waits. 0 or -errno */
static int wait_for_connect(struct sock *sk, long timeo)
{
	struct tern_listen *l = &tern_sk(sk)->listen;
	DEFINE_WAIT(wait);
	int err;

	for (;;) {
		prepare_to_wait_exclusive(sk_sleep(sk), &wait,
					  TASK_INTERRUPTIBLE);
		release_sock(sk);
		if (list_empty_careful(&l->accept_queue))
			timeo = schedule_timeout(timeo);
		sched_annotate_sleep();
		lock_sock(sk);
		err = 0;
		if (!list_empty_careful(&l->accept_queue))
			break;
		err = -EINVAL;
		if (sk->sk_state != TCP_LISTEN)
			break;
		err = sock_intr_errno(timeo);
		if (signal_pending(current))
			break;
		err = -EAGAIN;
		if (!timeo)
			break;
	}
	finish_wait(sk_sleep(sk), &wait);
	return err;
}

/**
 * tern_accept() - body of accept(2)
 * @sk: listener, not locked
 * @flags: O_NONBLOCK
 * @err: set when nothing is returned
 *
 * Return: a connection with the protocol's reference, or NULL.
 */
struct sock *tern_accept(struct sock *sk, int flags, int *err)
{
	struct sock *child = NULL;
	long timeo;

	lock_sock(sk);
	*err = -EINVAL;
	if (sk->sk_state != TCP_LISTEN)
		goto out;
	timeo = sock_rcvtimeo(sk, flags & O_NONBLOCK);
	while (!(child = tern_accept_pop(sk))) {
		*err = -EAGAIN;
		if (!timeo)
			break;
		*err = wait_for_connect(sk, timeo);
		if (*err)
			break;
	}
	if (child)
		*err = 0;
out:
	release_sock(sk);
	return child;
}
