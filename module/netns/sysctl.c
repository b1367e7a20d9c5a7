// SPDX-License-Identifier: GPL-2.0
/*
 * Knobs of a namespace: defaults, bounds and files of /proc/sys/net/tern/.
 * Rows are wired to fields by offset. What a knob means is written in
 * Documentation/tern-sysctl.rst, which scripts/check-docs.py holds against
 * the rows below.
 */
#include <linux/capability.h>
#include <linux/log2.h>
#include <linux/math.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/swap.h>
#include <linux/sysctl.h>
#include <net/sock.h>
#include "sysctl.h"
#include "cong/cong.h"

#define CONG_NAME_MAX	16

long tern_sysctl_mem[3];
int tern_sysctl_fine_timer_rate = TERN_FINE_RATE;

static const int buf_least_rcv = SOCK_MIN_RCVBUF;
static const int buf_least_snd = SZ_4K;	/* below SOCK_MIN_SNDBUF; TCP's default */
static const int rate_least;
static const int rate_most = NSEC_PER_SEC;
static const int time_least = 1;
static const int time_most_s = TERN_KEEPALIVE_MAX_S;
static const int time_most_ms = TERN_KEEPALIVE_MAX_S * MSEC_PER_SEC;

/**
 * struct row - a knob that is one int
 * @name: of its file
 * @offset: of its field in struct tern_sysctl
 * @def: default
 * @lo: lowest value
 * @hi: highest value
 */
struct row {
	const char *name;
	size_t offset;
	int def;
	int lo;
	int hi;
};

static const struct row rows[] = {
#define ROW(name, def, lo, hi)						\
	{ #name, offsetof(struct tern_sysctl, name), def, lo, hi },
	TERN_SYSCTLS(ROW)
#undef ROW
};

/*
 * RFC 9293 3.8.6.3 lets an ACK wait as long as the peer's RTO can bear it. A
 * peer that knows our MAD adds it to its RTO, so nothing breaks; but it pays
 * for every tail with it, and one that doesn't know it resends in vain.
 */
static void check_delack(const struct tern_sysctl *s)
{
	int delack = READ_ONCE(s->delack_max_us);
	int rto_min = READ_ONCE(s->rto_min_us);

	if (delack <= rto_min / 2)
		return;
	pr_info_once("tern: delack_max_us %d is above half of rto_min_us %d: an ACK that waits so long may meet a retransmission of a peer with the same settings\n",
		     delack, rto_min);
}

static int do_delack(TERN_CTL_CONST struct ctl_table *ctl, int write,
		     void *buf, size_t *len, loff_t *pos)
{
	int ret = proc_dointvec_minmax(ctl, write, buf, len, pos);

	if (write && !ret)
		check_delack(container_of(ctl->data, struct tern_sysctl,
					  delack_max_us));
	return ret;
}

/*
 * What repeats at so short intervals is the machine's business, not only the
 * namespace's: RTOs below the floor want capability in the initial user
 * namespace.
 */
static int do_rto(TERN_CTL_CONST struct ctl_table *ctl, int write,
		  void *buf, size_t *len, loff_t *pos)
{
	int *us = ctl->data, val = READ_ONCE(*us), ret;
	struct ctl_table tmp = *ctl;

	tmp.data = &val;
	ret = proc_dointvec_minmax(&tmp, write, buf, len, pos);
	if (!write || ret)
		return ret;
	if (val < (int)TERN_USER_FLOOR_US && !capable(CAP_NET_ADMIN))
		return -EPERM;
	WRITE_ONCE(*us, val);
	return 0;
}

static int do_rto_min(TERN_CTL_CONST struct ctl_table *ctl, int write,
		      void *buf, size_t *len, loff_t *pos)
{
	int ret = do_rto(ctl, write, buf, len, pos);

	if (write && !ret)
		check_delack(container_of(ctl->data, struct tern_sysctl,
					  rto_min_us));
	return ret;
}

/* The view in seconds of a field in milliseconds: what it reads it takes back. */
static int do_seconds(TERN_CTL_CONST struct ctl_table *ctl, int write,
		      void *buf, size_t *len, loff_t *pos)
{
	int *ms = ctl->data;
	int s = write ? 0 : max(DIV_ROUND_CLOSEST(READ_ONCE(*ms), MSEC_PER_SEC), 1);
	struct ctl_table tmp = {
		.procname = ctl->procname,
		.data = &s,
		.maxlen = sizeof(s),
		.mode = ctl->mode,
		.extra1 = (void *)&time_least,
		.extra2 = (void *)&time_most_s,
	};
	int ret = proc_dointvec_minmax(&tmp, write, buf, len, pos);

	/* An empty write succeeds and leaves 0: nothing to store. */
	if (write && !ret && s)
		WRITE_ONCE(*ms, s * (int)MSEC_PER_SEC);
	return ret;
}

static int do_cong(TERN_CTL_CONST struct ctl_table *ctl, int write,
		   void *buf, size_t *len, loff_t *pos)
{
	const struct tern_cong_ops **ops = ctl->data;
	char name[CONG_NAME_MAX] = "";
	struct ctl_table tmp = {
		.procname = ctl->procname,
		.data = name,
		.maxlen = sizeof(name),
		.mode = ctl->mode,
	};
	const struct tern_cong_ops *found;
	int ret;

	if (!write)
		strscpy(name, READ_ONCE(*ops)->name, sizeof(name));
	ret = proc_dostring(&tmp, write, buf, len, pos);
	if (!write || ret)
		return ret;
	found = tern_cong_find(name);
	if (!found)
		return -ENOENT;
	WRITE_ONCE(*ops, found);
	return 0;
}

/* Knobs that are not one int of their own */
static const struct {
	size_t offset;
	struct ctl_table ctl;
} others[] = {
#define OTHER(file, field, ...)						\
	{ offsetof(struct tern_sysctl, field), {			\
		.procname = #file,					\
		.maxlen = sizeof_field(struct tern_sysctl, field),	\
		.mode = 0644,						\
		__VA_ARGS__						\
	} }
	OTHER(keepalive_time, keepalive_time_ms,
	      .proc_handler = do_seconds),
	OTHER(keepalive_intvl, keepalive_intvl_ms,
	      .proc_handler = do_seconds),
	OTHER(fin_timeout, fin_timeout_ms,
	      .proc_handler = do_seconds),
	OTHER(keepalive_time_ms, keepalive_time_ms,
	      .proc_handler = proc_dointvec_minmax,
	      .extra1 = (void *)&time_least, .extra2 = (void *)&time_most_ms),
	OTHER(keepalive_intvl_ms, keepalive_intvl_ms,
	      .proc_handler = proc_dointvec_minmax,
	      .extra1 = (void *)&time_least, .extra2 = (void *)&time_most_ms),
	OTHER(fin_timeout_ms, fin_timeout_ms,
	      .proc_handler = proc_dointvec_minmax,
	      .extra1 = (void *)&time_least, .extra2 = (void *)&time_most_ms),
	OTHER(notsent_lowat, notsent_lowat,
	      .proc_handler = proc_douintvec),
	OTHER(rmem, rmem,
	      .proc_handler = proc_dointvec_minmax,
	      .extra1 = (void *)&buf_least_rcv),
	OTHER(wmem, wmem,
	      .proc_handler = proc_dointvec_minmax,
	      .extra1 = (void *)&buf_least_snd),
	OTHER(congestion_control, congestion_control,
	      .proc_handler = do_cong),
#undef OTHER
};

/* One for the machine: other namespaces read it only. */
static const struct ctl_table machine[] = {
	{
		.procname = "mem",
		.data = tern_sysctl_mem,
		.maxlen = sizeof(tern_sysctl_mem),
		.proc_handler = proc_doulongvec_minmax,
	},
	{
		.procname = "fine_timer_rate",
		.data = &tern_sysctl_fine_timer_rate,
		.maxlen = sizeof(tern_sysctl_fine_timer_rate),
		.proc_handler = proc_dointvec_minmax,
		.extra1 = (void *)&rate_least,
		.extra2 = (void *)&rate_most,
	},
};

/* All of them; an empty one follows, the end before 6.6. */
#define TABLE_LEN	(ARRAY_SIZE(rows) + ARRAY_SIZE(others) + \
			 ARRAY_SIZE(machine))

static proc_handler *handler_of(size_t offset)
{
	switch (offset) {
	case offsetof(struct tern_sysctl, delack_max_us):
		return do_delack;
	case offsetof(struct tern_sysctl, rto_min_us):
		return do_rto_min;
	case offsetof(struct tern_sysctl, rto_init_us):
		return do_rto;
	default:
		return proc_dointvec_minmax;
	}
}

static void fill_row(struct ctl_table *ctl, const struct row *row,
		     struct tern_sysctl *s)
{
	ctl->procname = row->name;
	ctl->data = (char *)s + row->offset;
	ctl->maxlen = sizeof(int);
	ctl->mode = 0644;
	ctl->proc_handler = handler_of(row->offset);
	ctl->extra1 = (void *)&row->lo;
	ctl->extra2 = (void *)&row->hi;
}

static struct ctl_table *make_table(const struct net *net,
				    struct tern_sysctl *s)
{
	struct ctl_table *table, *ctl;
	size_t i;

	table = kcalloc(TABLE_LEN + 1, sizeof(*table), GFP_KERNEL);
	if (!table)
		return NULL;
	ctl = table;
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		fill_row(ctl++, &rows[i], s);
	for (i = 0; i < ARRAY_SIZE(others); i++, ctl++) {
		*ctl = others[i].ctl;
		ctl->data = (char *)s + others[i].offset;
	}
	for (i = 0; i < ARRAY_SIZE(machine); i++, ctl++) {
		*ctl = machine[i];
		ctl->mode = net_eq(net, &init_net) ? 0644 : 0444;
	}
	return table;
}

/* As TCP's: 4.68, 6.25 and 9.37 % of the memory that buffers may use */
static void default_mem(void)
{
	unsigned long limit = max(nr_free_buffer_pages() / 16, 128UL);

	tern_sysctl_mem[0] = limit / 4 * 3;
	tern_sysctl_mem[1] = limit;
	tern_sysctl_mem[2] = tern_sysctl_mem[0] * 2;
}

/* As TCP's: a socket may take 1/128 of the memory that buffers may use. */
static void default_buffers(struct tern_sysctl *s)
{
	unsigned long share = nr_free_buffer_pages() << (PAGE_SHIFT - 7);

	s->wmem[0] = PAGE_SIZE;
	s->wmem[1] = SZ_16K;
	s->wmem[2] = clamp(share, (unsigned long)SZ_64K,
			   (unsigned long)SZ_4M);
	s->rmem[0] = PAGE_SIZE;
	s->rmem[1] = SZ_128K;
	s->rmem[2] = clamp(share, (unsigned long)SZ_128K,
			   (unsigned long)(SZ_4M + SZ_2M));
}

/*
 * TCP derives these from the size of its table, which has a slot for each
 * 128 KiB of memory, 2^19 at most. Tern's table grows, the limits are the same.
 */
static void scale_defaults(struct tern_sysctl *s)
{
	unsigned long slots = totalram_pages() >> (17 - PAGE_SHIFT);

	slots = roundup_pow_of_two(clamp(slots, 512UL, 1UL << 19));
	s->max_syn_backlog = max(slots / 128, 128UL);
	s->max_tw_buckets = slots / 2;
	s->max_orphans = slots / 2;
}

static void set_defaults(struct tern_sysctl *s)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		*(int *)((char *)s + rows[i].offset) = rows[i].def;
	scale_defaults(s);
	default_buffers(s);
	s->keepalive_time_ms = TERN_KEEPALIVE_TIME_S * MSEC_PER_SEC;
	s->keepalive_intvl_ms = TERN_KEEPALIVE_INTVL_S * MSEC_PER_SEC;
	s->fin_timeout_ms = TERN_FIN_TIMEOUT_S * MSEC_PER_SEC;
	s->notsent_lowat = UINT_MAX;
	s->congestion_control = &tern_cong_reno;
}

/**
 * tern_sysctl_net_init() - defaults and files of a new namespace
 * @net: namespace
 * @s: its knobs
 *
 * Every namespace begins with the defaults, whatever the first one has now.
 * Writes need CAP_NET_ADMIN over its user namespace, as in all of
 * /proc/sys/net; RTOs below TERN_USER_FLOOR_US that over the initial one.
 *
 * Context: process. Return: 0 or -ENOMEM.
 */
int tern_sysctl_net_init(struct net *net, struct tern_sysctl *s)
{
	if (net_eq(net, &init_net))
		default_mem();
	set_defaults(s);
	s->table = make_table(net, s);
	if (!s->table)
		return -ENOMEM;
	s->header = register_net_sysctl_sz(net, "net/tern", s->table,
					   TABLE_LEN);
	if (s->header)
		return 0;
	kfree(s->table);
	s->table = NULL;
	return -ENOMEM;
}

/**
 * tern_sysctl_net_exit() - take the files of a namespace away
 * @s: its knobs; values stay readable
 *
 * Context: process; waits for who reads or writes a file.
 */
void tern_sysctl_net_exit(struct tern_sysctl *s)
{
	unregister_net_sysctl_table(s->header);
	kfree(s->table);
}
