/* SPDX-License-Identifier: GPL-2.0 */
/* Connections without a socket: struct tern_req (SYN-RECEIVED), struct tern_tw (TIME-WAIT) */
#ifndef _TERN_MINI_H
#define _TERN_MINI_H

#include <linux/hrtimer.h>
#include <linux/refcount.h>
#include "pure/options.h"
#include "ep.h"

struct ip_options_rcu;
struct sock;
struct tern_net;

/**
 * struct tern_label - what security modules said of a SYN (label.h)
 * @secid: of the connection, 0: its listener's
 * @peer_secid: of the peer
 * @opt: IPv4 option that tells it, freed with the label; NULL: none
 */
struct tern_label {
	u32 secid;
	u32 peer_secid;
	struct ip_options_rcu *opt;
};

/**
 * struct tern_syn - what a SYN said and how it was answered
 * @irs: the peer's ISN
 * @iss: ours
 * @ts_recent: to echo
 * @ts_offset: added to our clock
 * @synack_ns: when the SYN-ACK was sent first
 * @mad_us: the longest delay of ours, as the SYN-ACK tells
 * @rcv_wnd: window advertised on the SYN-ACK
 * @mark: sk_mark for the child
 * @bound_dev_if: of the child, by which the SYN-ACK leaves too; 0: any
 * @retries: SYN-ACKs resent by the timer
 * @resent: any SYN-ACK was sent again, or may have been (Karn)
 * @rcv_wscale: ours
 * @opts: its options (mss, wscale, sack_ok, has_ts, mad), cut to what we do
 * @label: see tern_label_ask()
 *
 * All that a connection is made from, beside its 4-tuple. A SYN queue entry
 * keeps it; with a SYN cookie it lives no longer than the function that runs.
 */
struct tern_syn {
	u32 irs;
	u32 iss;
	u32 ts_recent;
	u32 ts_offset;
	u64 synack_ns;
	u32 mad_us;
	u32 rcv_wnd;
	u32 mark;
	int bound_dev_if;
	u8 retries;
	bool resent;
	u8 rcv_wscale;
	struct tern_opts opts;
	struct tern_label label;
};

/**
 * struct tern_req - a SYN queue entry: SYN-RECEIVED without a socket
 * @ep: its place in the table
 * @ref: table, armed timer, users
 * @lock: of what follows and of completion
 * @dead: left the table: completed or dropped
 * @acked: the third ACK came while the accept queue was full, or was deferred
 * @listener: holds a reference
 * @queue_node: link in the listener's SYN queue
 * @timer: SYN-ACK timer
 * @due: its deadline, ns
 * @oow_ns: rate limit of answers
 * @syn: what the SYN said
 * @rcu: freed by it
 */
struct tern_req {
	struct tern_ep ep;
	refcount_t ref;
	spinlock_t lock;		/* all that changes in it */
	bool dead;
	bool acked;
	struct sock *listener;
	struct list_head queue_node;
	struct hrtimer timer;
	u64 due;
	u64 oow_ns;
	struct tern_syn syn;
	struct rcu_head rcu;
};

/**
 * struct tern_tw - a TIME-WAIT entry
 * @ep: its place in the table
 * @ref: table, armed timer, users
 * @tn: namespace
 * @timer: 2MSL
 * @due: its deadline, ns
 * @period_ns: 2 x MSL, for a restart
 * @snd_nxt: ours, to acknowledge with
 * @rcv_nxt: the peer's, its FIN included
 * @rcv_wnd: window to advertise, unscaled
 * @rcv_wscale: ours
 * @ts_ok: timestamps in use
 * @ts_recent: TS.Recent
 * @ts_recent_ns: when it was set
 * @ts_offset: added to our clock
 * @oow_ns: rate limit of answers
 * @syn_ns: when a SYN was answered last, 0 never
 * @rto_ns: how long after that a RST is the answer to our ACK
 * @reuse: SO_REUSEADDR of the socket, for bind()
 * @reuseport: SO_REUSEPORT of the socket, for bind()
 * @uid: of the socket, for /proc
 * @mark: sk_mark for replies
 * @bound_dev_if: SO_BINDTODEVICE
 * @rcu: freed by it
 */
struct tern_tw {
	struct tern_ep ep;
	refcount_t ref;
	struct tern_net *tn;
	struct hrtimer timer;
	u64 due;
	u64 period_ns;
	u32 snd_nxt;
	u32 rcv_nxt;
	u32 rcv_wnd;
	u8 rcv_wscale;
	bool ts_ok;
	u32 ts_recent;
	u64 ts_recent_ns;
	u32 ts_offset;
	u64 oow_ns;
	u64 syn_ns;
	u64 rto_ns;
	bool reuse;
	bool reuseport;
	kuid_t uid;
	u32 mark;
	int bound_dev_if;
	struct rcu_head rcu;
};

static inline struct tern_req *tern_ep_req(struct tern_ep *ep)
{
	return container_of(ep, struct tern_req, ep);
}

static inline struct tern_tw *tern_ep_tw(struct tern_ep *ep)
{
	return container_of(ep, struct tern_tw, ep);
}

#endif
