/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The TCB, struct tern_sock. The other objects are in mini.h (struct tern_req,
 * struct tern_tw), net.h and ep.h, and what ties them to an address family in
 * af.h; the rules are the same for all:
 *
 * Locks, outer to inner:
 *	socket lock (lock_sock() in process context, bh_lock_sock() in softirq)
 *	req->lock
 *	child's socket lock (sk_clone_lock())
 *	tp->listen.lock of a listener: both its queues
 *	bind bucket lock, rhashtable bucket locks
 *
 * A tern_sock is changed under its socket lock. A segment that arrives while
 * a user owns it goes to the backlog; a timer that fires then sets
 * TERN_DEFER_TIMER in sk_tsq_flags, and release_cb runs it.
 *
 * Life: a tern_sock is found by RCU and freed by it (SOCK_RCU_FREE); the
 * protocol's reference is dropped by tern_sock_done() once nobody holds the
 * file. Its hrtimer holds no reference: the callback takes one unless the
 * count is zero, and the destructor, which runs from an RCU callback, waits
 * for it. A tern_req and a tern_tw are counted: one for the table, one for
 * the armed timer, one for each user.
 */
#ifndef _TERN_TCB_H
#define _TERN_TCB_H

#include <linux/hrtimer.h>
#include <linux/ipv6.h>
#include <linux/rhashtable.h>
#include <net/inet_sock.h>
#include <net/l3mdev.h>
#include <net/netns/generic.h>
#include <net/sock.h>
#include <net/tcp_states.h>
#include "pure/limits.h"
#include "pure/seq.h"
#include "pure/segment.h"
#include "pure/options.h"
#include "pure/rtt.h"
#include "cong/cong.h"
#include "pure/reasm.h"
#include "pure/isn.h"
#include "pure/cookie.h"
#include "pure/sack.h"
#include "netns/stats.h"
#include "netns/drop.h"
#include "netns/sysctl.h"
#include "af.h"
#include "ep.h"
#include "mini.h"
#include "net.h"

/**
 * enum tern_timer_id - jobs of a connection's one hrtimer
 */
enum tern_timer_id {
	TERN_TIMER_RETRANS,	/* retransmit: SYN, data, FIN (RFC 6298) */
	TERN_TIMER_PROBE,	/* recovery: tail loss probe (RFC 8985 7) */
	TERN_TIMER_REORDER,	/* recovery: RACK window (RFC 8985 6.3) */
	TERN_TIMER_PERSIST,	/* persist: zero window (RFC 9293 3.8.6.1) */
	TERN_TIMER_DELACK,	/* ack: delayed ACK (RFC 9293 3.8.6.3) */
	TERN_TIMER_KEEPALIVE,	/* keepalive (RFC 9293 3.8.4) */
	TERN_TIMER_FINWAIT2,	/* close: orphan in FIN-WAIT-2 */
	TERN_TIMER_SETTLE,	/* orphan: does it still hold the module? */
	TERN_TIMER_NR
};

struct tern_budget;

/**
 * struct tern_timers - owned by timer.c
 * @hr: the hrtimer
 * @due: deadline of each job, ns of CLOCK_MONOTONIC; 0 when not armed
 * @armed: what @hr is set to; KTIME_MAX when it is not queued
 * @budget: what @fine jobs are drawn from; NULL: whoever set them may
 * @fine: bit of each job that repeats, and soon
 * @held: @armed is later than such a job's deadline
 */
struct tern_timers {
	struct hrtimer hr;
	u64 due[TERN_TIMER_NR];
	u64 armed;
	struct tern_budget *budget;
	u8 fine;
	bool held;
};

/* Bit of sk_tsq_flags: the hrtimer fired while a user owned the socket. */
#define TERN_DEFER_TIMER	0
/* Likewise: the path MTU became tp->mtu_info. */
#define TERN_DEFER_MTU		1

/**
 * struct tern_snd - send sequence space (RFC 9293 3.3.1) and its queue
 * @una: SND.UNA
 * @nxt: SND.NXT
 * @wnd: SND.WND, bytes
 * @wl1: SND.WL1
 * @max_wnd: largest SND.WND seen
 * @sws_wnd: the largest of windows that are all below a segment (sender SWS),
 *	0: @max_wnd
 * @iss: ISS
 * @write_seq: sequence behind the last byte queued (FIN included)
 * @pushed_seq: write_seq when PSH was last marked
 * @sml: end of the last segment sent below MSS (Minshall's Nagle)
 * @mss: payload bytes of a full segment, options taken off
 * @mss_peer: MSS option of the peer
 * @opt_len: bytes of IP options or extension headers in each packet
 * @wscale: shift of windows received
 * @packets_out: wire segments in the retransmission queue
 * @sacked_out: of these SACKed (or told by duplicate ACKs without SACK)
 * @lost_out: of these taken for lost
 * @retrans_out: of these resent and in flight
 * @delivered: wire segments delivered so far
 * @total_retrans: wire segments resent so far
 * @segs: wire segments sent so far
 * @data_segs: of these with data
 * @bytes: payload bytes sent so far, resent ones counted again
 * @bytes_acked: bytes acknowledged so far
 * @head: first skb of sk_write_queue not yet sent, NULL when none.
 *	Sent ones stay in sk_write_queue until acknowledged.
 * @lsnd_ns: when data was sent last
 * @rto_due: when the RTO expires, had no loss probe or early SYN its place
 * @syn_soon: that SYN was sent, or is about to be
 * @fin_queued: FIN is at the tail of the queue
 * @cwnd_limited: the last push stopped at cwnd
 */
struct tern_snd {
	u32 una;
	u32 nxt;
	u32 wnd;
	u32 wl1;
	u32 max_wnd;
	u32 sws_wnd;
	u32 iss;
	u32 write_seq;
	u32 pushed_seq;
	u32 sml;
	u16 mss;
	u16 mss_peer;
	u16 opt_len;
	u8 wscale;
	bool fin_queued;
	bool cwnd_limited;
	bool syn_soon;
	u32 packets_out;
	u32 sacked_out;
	u32 lost_out;
	u32 retrans_out;
	u32 delivered;
	u32 total_retrans;
	u32 segs;
	u32 data_segs;
	u64 bytes;
	u64 bytes_acked;
	struct sk_buff *head;
	u64 lsnd_ns;
	u64 rto_due;
};

/**
 * struct tern_rcv - receive sequence space (RFC 9293 3.3.1)
 * @nxt: RCV.NXT
 * @wnd: RCV.WND as last advertised
 * @wup: RCV.NXT when it was advertised
 * @irs: IRS
 * @copied: sequence that the reader takes next
 * @acked: highest RCV.NXT that was sent in an ACK
 * @ssthresh: ceiling of the window now, bytes (grows with DRS)
 * @mss: estimate of the peer's segment size, for the ACK of every second
 * @wscale: shift of windows advertised
 * @fin: the FIN was received in order
 * @collapsed: all that waits for the reader was looked at for segments to join
 * @nomem: what came in order did not fit the memory: the next window is zero
 * @space_copied: DRS: @copied when the measured round trip began
 * @space_ns: DRS: when it began
 * @space: DRS: bytes copied in the best round trip
 * @last_seg: size of the last segment that was smaller than @mss and full
 * @segs: wire segments received so far
 * @data_segs: of these with data
 * @ooo: of these out of order
 * @bytes: bytes received in order so far
 * @last_ns: when the last data segment came
 * @heard_ns: when the last acceptable segment of any kind came
 */
struct tern_rcv {
	u32 nxt;
	u32 wnd;
	u32 wup;
	u32 irs;
	u32 copied;
	u32 acked;
	u32 ssthresh;
	u16 mss;
	u16 last_seg;
	u8 wscale;
	bool fin : 1;
	bool nomem : 1;
	bool collapsed : 1;
	u32 space_copied;
	u32 space;
	u32 segs;
	u32 data_segs;
	u32 ooo;
	u64 space_ns;
	u64 bytes;
	u64 last_ns;
	u64 heard_ns;
};

/**
 * struct tern_ts - timestamps (RFC 7323)
 * @ok: both ends send them
 * @recent: TS.Recent
 * @first: the peer's first timestamp; older ones are another connection's
 * @recent_ns: when @recent was set, for its age
 * @offset: added to our clock
 */
struct tern_ts {
	bool ok;
	u32 recent;
	u32 first;
	u64 recent_ns;
	u32 offset;
};

/**
 * struct tern_ackst - when to acknowledge; owned by ack.c
 * @pending: an ACK is owed
 * @now: it is owed at once
 * @quick: so many more ACKs without delay
 * @pingpong: interactive: answers carry ACKs
 * @mad_us: delay that the peer was told of; none is longer
 * @oow_ns: last time an invalid segment was answered (invalid_ratelimit)
 */
struct tern_ackst {
	bool pending;
	bool now;
	u8 quick;
	bool pingpong;
	u32 mad_us;
	u64 oow_ns;
};

/**
 * enum tern_phase - loss recovery of a sender
 */
enum tern_phase {
	TERN_OPEN,
	TERN_RECOVERY,
	TERN_LOSS,
};

/**
 * struct tern_recovery - owned by recovery.c
 * @phase: enum tern_phase
 * @reordering: reordering was seen
 * @tlp_again: the loss probe in flight repeated a segment
 * @reo_mult: RACK's window in quarters of the smallest RTT, 0 as 1
 * @reo_persist: recoveries until it is 1 again
 * @high: SND.NXT when the phase began; acknowledged, it ends
 * @rack_ns: send time of the latest delivered segment (RFC 8985)
 * @rack_rtt_ns: its round-trip time
 * @lost_ns: send time of the latest segment found lost by this ACK
 * @cut_ns: when the window was cut last, 0 when that was undone
 * @rack_end: end of the segment of @rack_ns
 * @fack: highest sequence SACKed
 * @known: SACK blocks that the queue was marked by, while any of it is SACKed
 * @dupacks: duplicate ACKs in a row
 * @reo_round: SND.NXT when @reo_mult grew last
 * @tlp_high: SND.NXT when a loss probe was sent, 0 none in flight
 * @tlp_end: end of the segment that a probe repeated last
 * @tlp_ts: timestamp of that probe
 * @undo_una: SND.UNA when the window was cut, 0 when it can't be undone
 * @undo_retrans: retransmissions not yet reported as duplicates
 * @retrans_ts: timestamp of the first retransmission of the phase (Eifel)
 */
struct tern_recovery {
	u8 phase;
	bool reordering;
	bool tlp_again;
	u8 reo_mult;
	u8 reo_persist;
	u32 high;
	u64 rack_ns;
	u64 rack_rtt_ns;
	u64 lost_ns;
	u64 cut_ns;
	u32 rack_end;
	u32 fack;
	struct tern_sack_known known;
	u32 dupacks;
	u32 reo_round;
	u32 tlp_high;
	u32 tlp_end;
	u32 tlp_ts;
	u32 undo_una;
	int undo_retrans;
	u32 retrans_ts;
};

/**
 * struct tern_listen - a listener's two queues; both under @lock
 * @node: link in tern_net.lhash
 * @lock: of all below
 * @syn_queue: struct tern_req.queue_node
 * @syn_len: length of @syn_queue
 * @syn_young: how many of them have sent one SYN-ACK only
 * @accept_queue: struct tern_sock.accept_node
 */
struct tern_listen {
	struct hlist_node node;
	spinlock_t lock;		/* both queues */
	struct list_head syn_queue;
	u32 syn_len;
	u32 syn_young;
	struct list_head accept_queue;
};

/**
 * struct tern_conf - options of a socket; 0 or ~0 means "the sysctl's"
 * @nodelay: TERN_NODELAY
 * @cork: TERN_CORK
 * @user_mss: TERN_MAXSEG, 0 none
 * @keepidle_us: TERN_KEEPIDLE, TERN_KEEPIDLE_US; 0: sysctl
 * @keepintvl_us: likewise
 * @keepcnt: TERN_KEEPCNT; 0: sysctl
 * @syncnt: TERN_SYNCNT; 0: sysctl
 * @linger2_ms: TERN_LINGER2; 0: sysctl, -1: none
 * @defer_accept_s: TERN_DEFER_ACCEPT; seconds
 * @user_timeout_ms: TERN_USER_TIMEOUT; 0: none
 * @rto_min_us: TERN_RTO_MIN_US; 0: sysctl
 * @rto_max_us: likewise
 * @rto_init_us: likewise
 * @delack_max_us: TERN_DELACK_MAX_US; ~0U: sysctl
 * @msl_ms: TERN_MSL_MS; 0: sysctl
 * @window_clamp: TERN_WINDOW_CLAMP; 0: none
 * @notsent_lowat: TERN_NOTSENT_LOWAT; 0: sysctl
 * @inq_level: TERN_INQ: level of its control message, 0: none
 */
struct tern_conf {
	u8 nodelay:1,
	   cork:1;
	u8 keepcnt;
	u8 syncnt;
	u8 inq_level;
	u16 user_mss;
	u64 keepidle_us;
	u64 keepintvl_us;
	int linger2_ms;
	u32 defer_accept_s;
	u32 user_timeout_ms;
	u32 rto_min_us;
	u32 rto_max_us;
	u32 rto_init_us;
	u32 delack_max_us;
	u32 msl_ms;
	u32 window_clamp;
	u32 notsent_lowat;
};

/**
 * struct tern_sock - the TCB: one socket
 * @inet: must be first
 * @ep: its place in the table
 * @snd: send sequence space
 * @rcv: receive sequence space
 * @ts: timestamps
 * @rtt: RTT estimator and RTO
 * @cong: congestion control
 * @rec: loss recovery
 * @ack: acknowledgment
 * @reasm: out-of-order queue
 * @timers: deadlines
 * @now_ns: clock read at the entry of the code that runs
 * @peer_mad_us: the peer's longest ACK delay
 * @sack_ok: both ends do SACK
 * @wscale_ok: both ends scale windows
 * @mad_ok: the peer told its MAD
 * @passive: came from a listener
 * @retries: timeouts in a row without progress
 * @probes: zero-window or keepalive probes unanswered
 * @looks: of an orphan: so often something was outside since it sent
 * @retrans_start_ns: first timeout of the row, for TERN_USER_TIMEOUT
 * @persist_start_ns: first zero-window probe unanswered, likewise
 * @pmtu: path MTU in force for @snd.mss
 * @black_hole_ns: since when segments have base_mss at most, 0: they don't
 * @mtu_info: path MTU that ICMP told of, with TERN_DEFER_MTU
 * @late_userns: of an orphan that outlives its namespace, else NULL
 * @listen: queues, when in LISTEN
 * @listener: the listener of a child not yet accepted; holds a reference
 * @accept_node: link in the listener's accept queue
 * @conf: options
 */
struct tern_sock {
	struct inet_sock inet;
	struct tern_ep ep;

	struct tern_rcv rcv;
	struct tern_ts ts;
	struct tern_ackst ack;
	u64 now_ns;

	struct tern_snd snd;
	struct tern_rtt rtt;
	struct tern_cong cong;
	struct tern_recovery rec;
	struct tern_reasm reasm;
	struct tern_timers timers;

	u32 peer_mad_us;
	u8 sack_ok:1,
	   wscale_ok:1,
	   mad_ok:1,
	   passive:1;
	u8 retries;
	u8 probes;
	u8 looks;
	u64 retrans_start_ns;
	u64 persist_start_ns;
	u32 pmtu;
	u32 mtu_info;
	u64 black_hole_ns;

	struct user_namespace *late_userns;

	struct tern_listen listen;
	struct sock *listener;
	struct list_head accept_node;
	struct tern_conf conf;
};

/**
 * struct tern6_sock - a socket of AF_INET6
 * @tern: must be first
 * @inet6: the core finds it at the end
 */
struct tern6_sock {
	struct tern_sock tern;
	struct ipv6_pinfo inet6;
};

static inline struct tern_sock *tern_sk(const struct sock *sk)
{
	return (struct tern_sock *)sk;
}

static inline struct sock *tern_sk_of(struct tern_sock *tp)
{
	return &tp->inet.sk;
}

static inline struct sock *tern_ep_sk(struct tern_ep *ep)
{
	return &container_of(ep, struct tern_sock, ep)->inet.sk;
}

static inline struct tern_net *tern_sk_net(const struct sock *sk)
{
	return tern_net(sock_net(sk));
}

/* The VRF of what @sk sends, 0: none */
static inline int tern_sk_vrf(const struct sock *sk)
{
	return l3mdev_master_ifindex_by_index(sock_net(sk),
					      sk->sk_bound_dev_if);
}

/* Does @sk hear what came by device @dif, or by @sdif, slave of a VRF? */
static inline bool tern_sk_hears(const struct sock *sk, int dif, int sdif)
{
	return inet_bound_dev_eq(tern_knob(tern_sk_net(sk), l3mdev_accept),
				 READ_ONCE(sk->sk_bound_dev_if), dif, sdif);
}

/* Read the clock once for all the code that runs now. */
static inline u64 tern_clock(struct tern_sock *tp)
{
	tp->now_ns = ktime_get_ns();
	return tp->now_ns;
}

/* Our timestamp at @now_ns with @offset, in microseconds (protocol.rst) */
static inline u32 tern_ts_val(u64 now_ns, u32 offset)
{
	return (u32)div_u64(now_ns, NSEC_PER_USEC) + offset;
}

/* Is a TS.Recent set at @recent_ns too old to judge by (RFC 7323 5.5)? */
static inline bool tern_ts_stale(u64 recent_ns, u64 now_ns)
{
	return now_ns - recent_ns >
	       (u64)(TERN_PAWS_WRAP_US - 1) * NSEC_PER_USEC;
}

/* Segments believed to be in the network (RFC 6675 "pipe") */
static inline u32 tern_in_flight(const struct tern_sock *tp)
{
	return tp->snd.packets_out - tp->snd.sacked_out - tp->snd.lost_out +
	       tp->snd.retrans_out;
}

/* What is left of the window last advertised */
static inline u32 tern_rcv_window(const struct tern_sock *tp)
{
	s32 win = READ_ONCE(tp->rcv.wup) + READ_ONCE(tp->rcv.wnd) -
		  READ_ONCE(tp->rcv.nxt);

	return win > 0 ? win : 0;
}

/* What a peer takes that tells no MSS: RFC 9293 3.7.1 MUST-15 */
static inline u16 tern_mss_default(const struct tern_tuple *t)
{
	return tern_tuple_v4(t) ? TERN_MSS_DEFAULT : TERN_MSS_DEFAULT_V6;
}

/* An option of the socket, or the sysctl's value where it has none */
#define tern_conf_or_knob(sk, field)					\
	(READ_ONCE(tern_sk(sk)->conf.field) ?:				\
	 (u32)tern_knob(tern_sk_net(sk), field))

#endif
