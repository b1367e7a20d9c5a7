/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Knobs of a namespace, /proc/sys/net/tern/. One row a knob: TERN_SYSCTLS is
 * the table, sysctl.c makes ctl_table rows of it, Documentation is checked
 * against it.
 */
#ifndef _TERN_SYSCTL_H
#define _TERN_SYSCTL_H

#include <linux/sizes.h>
#include <linux/types.h>
#include <net/inet_timewait_sock.h>
#include <net/net_namespace.h>
#include "pure/limits.h"

struct ctl_table_header;
struct tern_cong_ops;

/* A shorthand of inet_timewait_sock's fields, and a knob of ours */
#undef tw_reuse

/*
 * X(name, default, lowest, highest); the unit is the name's end or TCP's.
 * Each becomes an int field of struct tern_sysctl. max_syn_backlog,
 * max_tw_buckets and max_orphans begin at a value scaled by memory; the rows
 * have that of 16 GiB.
 */
#define TERN_SYSCTLS(X)							\
	X(enabled, 1, 0, 1)						\
	X(syn_retries, TERN_SYN_RETRIES, 1, 127)			\
	X(synack_retries, TERN_SYNACK_RETRIES, 0, 255)			\
	X(syn_linear_timeouts, 0, 0, 127)				\
	X(retries1, TERN_RETRIES1, 0, 255)				\
	X(retries2, TERN_RETRIES2, 0, 255)				\
	X(orphan_retries, 0, 0, 255)					\
	X(keepalive_probes, TERN_KEEPALIVE_PROBES, 1, 255)		\
	X(max_syn_backlog, 1024, 1, 1 << 20)				\
	X(l3mdev_accept, 0, 0, 1)					\
	X(syncookies, 1, 0, 2)						\
	X(abort_on_overflow, 0, 0, 1)					\
	X(max_tw_buckets, 65536, 0, 1 << 24)				\
	X(tw_reuse, 2, 0, 2)						\
	X(tw_reuse_delay_ms, TERN_TW_REUSE_MS, 0, 3600000)		\
	X(max_orphans, 65536, 0, 1 << 24)				\
	X(rfc1337, 1, 0, 1)						\
	X(challenge_ack_limit, 0x7fffffff, 0, 0x7fffffff)		\
	X(invalid_ratelimit, TERN_INVALID_RATELIMIT_MS, 0, 3600000)	\
	X(sack, 1, 0, 1)						\
	X(dsack, 1, 0, 1)						\
	X(window_scaling, 1, 0, 1)					\
	X(timestamps, 1, 0, 1)						\
	X(slow_start_after_idle, 1, 0, 1)				\
	X(moderate_rcvbuf, 1, 0, 1)					\
	X(mtu_probing, 0, 0, 1)						\
	X(base_mss, TERN_MSS_BASE, 88, 65535)				\
	X(min_snd_mss, TERN_MSS_FLOOR, 48, 65535)			\
	X(rto_init_us, TERN_RTO_FIRST_US, 1, 600000000)			\
	X(rto_min_us, TERN_RTO_LOW_US, 1, 600000000)			\
	X(rto_max_us, TERN_RTO_HIGH_US, 1000, 600000000)		\
	X(delack_max_us, TERN_DELACK_US, 0, TERN_MAD_MAX_US)			\
	X(msl_ms, TERN_MSL_DEFAULT_MS, 1, 3600000)

/**
 * struct tern_sysctl - knobs of one namespace; read with tern_knob()
 * @keepalive_time_ms: idle time before the first probe; the knob in seconds
 *	and its namesake in milliseconds are two views of it
 * @keepalive_intvl_ms: between probes, likewise
 * @fin_timeout_ms: FIN-WAIT-2 of an orphan, likewise
 * @notsent_lowat: bytes unsent below which a write takes more
 * @rmem: receive buffer: least, default, most, bytes
 * @wmem: send buffer: least, default, most, bytes
 * @congestion_control: of new sockets
 * @header: registration
 * @table: copy of the table for this namespace
 * The other fields are the rows of TERN_SYSCTLS, under their names.
 */
struct tern_sysctl {
#define TERN_SYSCTL_FIELD(name, def, lo, hi) int name;
	TERN_SYSCTLS(TERN_SYSCTL_FIELD)
#undef TERN_SYSCTL_FIELD
	int keepalive_time_ms;
	int keepalive_intvl_ms;
	int fin_timeout_ms;
	unsigned int notsent_lowat;
	int rmem[3];
	int wmem[3];
	const struct tern_cong_ops *congestion_control;
	struct ctl_table_header *header;
	struct ctl_table *table;
};

/* A knob's value in force; works for any int field. @tn: struct tern_net */
#define tern_knob(tn, name)	READ_ONCE((tn)->sysctl.name)

/*
 * A value of rmem or wmem in force, bytes: half of what an int counts at most,
 * since a socket may hold somewhat more than its buffer.
 */
#define tern_knob_buf(tn, name, i)					\
	min(READ_ONCE((tn)->sysctl.name[i]), SZ_1G)

/* Memory of all Tern sockets in pages: low, pressure, high; global as TCP's. */
extern long tern_sysctl_mem[3];

/* Expiries a second that a user may have at short intervals; see budget.c. */
extern int tern_sysctl_fine_timer_rate;

int tern_sysctl_net_init(struct net *net, struct tern_sysctl *s);
void tern_sysctl_net_exit(struct tern_sysctl *s);

#endif
