// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/net/tern, a line for each listener, connection, SYN queue entry and
 * TIME-WAIT entry, and /proc/net/tern_stats, the counters. Nothing is locked:
 * the objects are freed by RCU, so a line may be a moment old, never wild.
 */
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/timekeeping.h>
#include <linux/uidgid.h>
#include <net/ipv6.h>
#include "proc.h"
#include "core/state.h"
#include "core/timer.h"

/**
 * struct walk - one open file of /proc/net/tern
 * @tn: namespace
 * @it: place in the connection table
 * @conns: listeners are done, @it goes on
 */
struct walk {
	struct tern_net *tn;
	struct rhashtable_iter it;
	bool conns;
};

/**
 * struct line - what a line says
 * @state: TCP_ESTABLISHED and so on
 * @rxq: bytes not read, or connections not accepted
 * @txq: bytes not acknowledged, or the backlog
 * @timer: name of what is due next
 * @due_ns: when; 0 never
 * @retrans: timeouts or probes in a row
 * @uid: owner
 * @ino: inode of the file, 0 none
 */
struct line {
	int state;
	u32 rxq;
	u32 txq;
	const char *timer;
	u64 due_ns;
	unsigned int retrans;
	kuid_t uid;
	unsigned long ino;
};

static const char * const counters[] = {
#define COUNTER_NAME(name, text) [TERN_STAT_##name] = #name,
	TERN_STATS(COUNTER_NAME)
#undef COUNTER_NAME
};

static void show_addr(struct seq_file *seq, const struct in6_addr *addr,
		      __be16 port)
{
	if (ipv6_addr_v4mapped(addr))
		seq_printf(seq, "%pI4:%u ", &addr->s6_addr32[3], ntohs(port));
	else
		seq_printf(seq, "[%pI6c]:%u ", addr, ntohs(port));
}

/* Milliseconds with microseconds behind the point: timers are that fine. */
static void show_left(struct seq_file *seq, u64 due_ns)
{
	u64 now_ns = ktime_get_ns();
	u64 us = due_ns > now_ns ? div_u64(due_ns - now_ns, NSEC_PER_USEC) : 0;
	u32 frac;
	u64 ms = div_u64_rem(us, USEC_PER_MSEC, &frac);

	seq_printf(seq, "%llu.%03u ", ms, frac);
}

static void show_line(struct seq_file *seq, const struct tern_tuple *t,
		      const struct line *l)
{
	show_addr(seq, &t->laddr, t->lport);
	show_addr(seq, &t->raddr, t->rport);
	seq_printf(seq, "%s %u %u %s ", tern_state_name(l->state), l->rxq,
		   l->txq, l->timer);
	show_left(seq, l->due_ns);
	seq_printf(seq, "%u %u %lu\n", l->retrans,
		   from_kuid_munged(seq_user_ns(seq), l->uid), l->ino);
}

static void show_listener(struct seq_file *seq, struct sock *sk)
{
	struct tern_tuple t = { .lport = htons(inet_sk(sk)->inet_num) };
	struct line l = {
		.state = TCP_LISTEN,
		.rxq = READ_ONCE(sk->sk_ack_backlog),
		.txq = READ_ONCE(sk->sk_max_ack_backlog),
		.timer = "-",
		.uid = READ_ONCE(sk->sk_uid),
		.ino = sock_i_ino(sk),
	};

	if (sk->sk_family == AF_INET6) {
		t.laddr = sk->sk_v6_rcv_saddr;
	} else {
		ipv6_addr_set_v4mapped(sk->sk_rcv_saddr, &t.laddr);
		ipv6_addr_set_v4mapped(0, &t.raddr);
	}
	show_line(seq, &t, &l);
}

static void show_sock(struct seq_file *seq, struct sock *sk)
{
	const struct tern_sock *tp = tern_sk(sk);
	enum tern_timer_id id = tern_timer_next(sk);
	s32 unread = READ_ONCE(tp->rcv.nxt) - READ_ONCE(tp->rcv.copied);
	struct line l = {
		.state = READ_ONCE(sk->sk_state),
		.rxq = max(unread, 0),
		.txq = READ_ONCE(tp->snd.write_seq) - READ_ONCE(tp->snd.una),
		.timer = "-",
		.retrans = READ_ONCE(tp->retries) ?: READ_ONCE(tp->probes),
		.uid = READ_ONCE(sk->sk_uid),
		.ino = sock_i_ino(sk),
	};

	if (id < TERN_TIMER_NR) {
		l.timer = tern_timer_name(id);
		l.due_ns = READ_ONCE(tp->timers.due[id]);
	}
	show_line(seq, &tp->ep.tuple, &l);
}

static void show_req(struct seq_file *seq, const struct tern_req *req)
{
	const struct sock *listener = READ_ONCE(req->listener);
	struct line l = {
		.state = TCP_SYN_RECV,
		.timer = "synack",
		.due_ns = READ_ONCE(req->due),
		.retrans = READ_ONCE(req->syn.retries),
	};

	if (listener)
		l.uid = READ_ONCE(listener->sk_uid);
	show_line(seq, &req->ep.tuple, &l);
}

static void show_tw(struct seq_file *seq, const struct tern_tw *tw)
{
	struct line l = {
		.state = TCP_TIME_WAIT,
		.timer = "timewait",
		.due_ns = READ_ONCE(tw->due),
		.uid = tw->uid,
	};

	show_line(seq, &tw->ep.tuple, &l);
}

/* The listener that is @n-th of all, NULL when there are fewer */
static struct tern_ep *nth_listener(struct tern_net *tn, loff_t n)
{
	struct tern_sock *tp;
	unsigned int i;

	for (i = 0; i < TERN_LHASH_SIZE; i++)
		hlist_for_each_entry_rcu(tp, &tn->lhash[i], listen.node)
			if (!n--)
				return &tp->ep;
	return NULL;
}

/* @ep came of the walk; a table that is being resized says -EAGAIN. */
static struct tern_ep *skip_resize(struct walk *w, struct tern_ep *ep)
{
	while (IS_ERR(ep))
		ep = rhashtable_walk_next(&w->it);
	return ep;
}

/* What is at @pos, which counts the header line; goes on to the table. */
static struct tern_ep *first_after(struct walk *w, loff_t pos)
{
	struct tern_ep *ep = nth_listener(w->tn, pos - 1);

	if (ep)
		return ep;
	w->conns = true;
	return skip_resize(w, rhashtable_walk_next(&w->it));
}

static void rewind_walk(struct walk *w)
{
	rhashtable_walk_exit(&w->it);
	rhashtable_walk_enter(&w->tn->ehash, &w->it);
	w->conns = false;
}

/*
 * The place in the table outlives stop() in w->it, so that a long list is
 * walked once and not again for every page.
 */
static void *walk_start(struct seq_file *seq, loff_t *pos)
	__acquires(RCU)
{
	struct walk *w = seq->private;

	if (!*pos)
		rewind_walk(w);
	rhashtable_walk_start(&w->it);
	if (!*pos)
		return SEQ_START_TOKEN;
	if (!w->conns)
		return first_after(w, *pos);
	return skip_resize(w, rhashtable_walk_peek(&w->it));
}

static void *walk_next(struct seq_file *seq, void *v, loff_t *pos)
{
	struct walk *w = seq->private;

	++*pos;
	if (!w->conns)
		return first_after(w, *pos);
	return skip_resize(w, rhashtable_walk_next(&w->it));
}

static void walk_stop(struct seq_file *seq, void *v)
	__releases(RCU)
{
	struct walk *w = seq->private;

	rhashtable_walk_stop(&w->it);
}

static int walk_show(struct seq_file *seq, void *v)
{
	const struct walk *w = seq->private;
	struct tern_ep *ep = v;

	if (v == SEQ_START_TOKEN)
		seq_puts(seq, "local remote state rxq txq timer left_ms retrans uid inode\n");
	else if (!w->conns)
		show_listener(seq, tern_ep_sk(ep));
	else if (ep->kind == TERN_EP_SOCK)
		show_sock(seq, tern_ep_sk(ep));
	else if (ep->kind == TERN_EP_REQ)
		show_req(seq, tern_ep_req(ep));
	else
		show_tw(seq, tern_ep_tw(ep));
	return 0;
}

static const struct seq_operations walk_ops = {
	.start	= walk_start,
	.next	= walk_next,
	.stop	= walk_stop,
	.show	= walk_show,
};

/* Removing the entry closes open files, so tn lives as long as the file. */
static int walk_open(struct inode *inode, struct file *file)
{
	struct walk *w = __seq_open_private(file, &walk_ops, sizeof(*w));

	if (!w)
		return -ENOMEM;
	w->tn = pde_data(inode);
	rhashtable_walk_enter(&w->tn->ehash, &w->it);
	return 0;
}

static int walk_release(struct inode *inode, struct file *file)
{
	struct seq_file *seq = file->private_data;
	struct walk *w = seq->private;

	rhashtable_walk_exit(&w->it);
	return seq_release_private(inode, file);
}

static const struct proc_ops walk_proc_ops = {
	.proc_open	= walk_open,
	.proc_read	= seq_read,
	.proc_lseek	= seq_lseek,
	.proc_release	= walk_release,
};

static unsigned long counter_sum(const struct tern_net *tn, int i)
{
	unsigned long sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += per_cpu_ptr(tn->mib, cpu)->v[i];
	return sum;
}

static int stats_show(struct seq_file *seq, void *v)
{
	struct tern_net *tn = tern_net(seq_file_single_net(seq));
	int i;

	seq_printf(seq, "CurrEstab %d\n", atomic_read(&tn->estab));
	seq_printf(seq, "Orphans %d\n", atomic_read(&tn->orphans));
	seq_printf(seq, "TimeWait %d\n", atomic_read(&tn->tw_count));
	for (i = 0; i < TERN_STAT_NR; i++)
		seq_printf(seq, "%s %lu\n", counters[i], counter_sum(tn, i));
	return 0;
}

/**
 * tern_proc_net_init() - create /proc/net/tern and /proc/net/tern_stats
 * @tn: namespace, its tables and counters set up
 *
 * Context: process. Return: 0 or -ENOMEM.
 */
int tern_proc_net_init(struct tern_net *tn)
{
	struct proc_dir_entry *dir = tn->net->proc_net;

	if (!proc_create_data("tern", 0444, dir, &walk_proc_ops, tn))
		return -ENOMEM;
	if (proc_create_net_single("tern_stats", 0444, dir, stats_show, NULL))
		return 0;
	remove_proc_entry("tern", dir);
	return -ENOMEM;
}

/**
 * tern_proc_net_exit() - remove both files
 * @tn: namespace, before its tables go
 *
 * Context: process; waits for readers.
 */
void tern_proc_net_exit(struct tern_net *tn)
{
	remove_proc_entry("tern_stats", tn->net->proc_net);
	remove_proc_entry("tern", tn->net->proc_net);
}
