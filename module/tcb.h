/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The objects: struct tern_sock (TCB), struct tern_req (SYN-RECEIVED),
 * struct tern_tw (TIME-WAIT), struct tern_net, and what ties them to an
 * address family.
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
#include <net/netns/generic.h>
#include <net/sock.h>
#include <net/tcp_states.h>
#include "limits.h"
#include "seq.h"
#include "segment.h"
#include "options.h"
#include "rtt.h"
#include "cong.h"
#include "reasm.h"
#include "isn.h"
#include "cookie.h"
#include "sack.h"
#include "stats.h"
#include "drop.h"
#include "sysctl.h"

struct tern_sock;
struct tern_req;
struct tern_tw;
struct flowi;

/**
 * enum tern_ep_kind - what an endpoint in the table is
 */
enum tern_ep_kind {
	TERN_EP_SOCK,
	TERN_EP_REQ,
	TERN_EP_TW,
};

/**
 * struct tern_ep - what the connection table holds, embedded in each object
 * @node: link in tern_net.ehash
 * @tuple: the key; never changes while hashed
 * @kind: enum tern_ep_kind
 * @hashed: in the table; written under the object's lock
 * @bind: the local port held, NULL when none
 * @bind_node: link in @bind->owners
 */
struct tern_ep {
	struct rhash_head node;
	struct tern_tuple tuple;
	u8 kind;
	bool hashed;
	struct tern_bind *bind;
	struct hlist_node bind_node;
};

/**
 * struct tern_bind - one local port in use
 * @node: link in tern_net.bhash
 * @owners: endpoints that hold the port
 * @port: host order
 * @autobound: chosen by connect(); bind() may not share it, connect() may
 */
struct tern_bind {
	struct hlist_node node;
	struct hlist_head owners;
	u16 port;
	bool autobound;
};

#define TERN_BHASH_SIZE		256U
#define TERN_LHASH_SIZE		64U
#define TERN_PORT_TABLE_SIZE	256U

/**
 * struct tern_net - Tern in one network namespace
 * @net: the namespace
 * @sysctl: knobs
 * @mib: counters
 * @secret: keyed hashes
 * @cookie: SYN cookie keys
 * @ehash: all endpoints with a full 4-tuple, by struct tern_tuple
 * @bhash: local ports in use, heads of struct tern_bind
 * @bhash_lock: of @bhash and every owners list
 * @lhash: listeners by port, linked by tp->listen.node
 * @lhash_lock: writers of @lhash; readers use RCU
 * @port_moved: how far connect() has gone on through the ports, by a hash of
 *	the peer (RFC 6056 3.3.4)
 * @cookie_ns: when a SYN cookie was sent last, 0 never
 * @ctl_sk4: control socket for replies without a socket, IPv4
 * @ctl_sk6: likewise, IPv6; NULL without it
 * @tw_count: TIME-WAIT entries
 * @orphans: sockets without a file
 * @estab: connections in ESTABLISHED or CLOSE-WAIT (CurrEstab)
 * @challenge_second: second of @challenge_count
 * @challenge_count: challenge ACKs sent in that second
 */
struct tern_net {
	struct net *net;
	struct tern_sysctl sysctl;
	struct tern_mib __percpu *mib;
	struct tern_secret secret;
	struct tern_cookie_key cookie;
	struct rhashtable ehash;
	struct hlist_head bhash[TERN_BHASH_SIZE];
	spinlock_t bhash_lock;		/* bhash, owners lists */
	struct hlist_head lhash[TERN_LHASH_SIZE];
	spinlock_t lhash_lock;		/* writers of lhash */
	atomic_t port_moved[TERN_PORT_TABLE_SIZE];
	u64 cookie_ns;
	struct sock *ctl_sk4;
	struct sock *ctl_sk6;
	atomic_t tw_count;
	atomic_t orphans;
	atomic_t estab;
	u32 challenge_second;
	u32 challenge_count;
};

extern unsigned int tern_net_id;

static inline struct tern_net *tern_net(const struct net *net)
{
	return net_generic(net, tern_net_id);
}

/**
 * struct tern_af_ops - what differs between IPv4 and IPv6; in ipv4.c, ipv6.c
 * @family: AF_INET or AF_INET6
 * @net_header_len: bytes of the network header without options
 * @queue_xmit: send a built segment of a connection; consumes @skb
 * @send_check: fill the checksum (CHECKSUM_PARTIAL) of a segment whose
 *	ternhdr is at the transport header
 * @route: (re)route a connection to its peer; sets sk->sk_dst_cache and
 *	sk_setup_caps(); 0 or -errno
 * @reply: send a built segment with no socket: the addresses come from
 *	@tuple; @skb has the ternhdr at data, checksum not yet filled;
 *	@sk may be a listener for mark, tos, or NULL; @dst may be NULL;
 *	consumes @skb
 * @req_route: route to @tuple for a request of @listener; NULL on error
 * @tw_route: route for an answer from TIME-WAIT; NULL on error
 * @child_setup: the family's part of @child, a copy of its listener that has
 *	its tuple and ports: addresses, @dst (reference passes)
 * @tuple: fill @t from a received segment (local address: its destination)
 * @mtu_reduced: path MTU became @mtu: tell the route
 * @option_len: bytes of IP options or extension headers that the socket adds
 */
struct tern_af_ops {
	sa_family_t family;
	u16 net_header_len;
	int (*queue_xmit)(struct sock *sk, struct sk_buff *skb);
	void (*send_check)(struct sock *sk, struct sk_buff *skb);
	int (*route)(struct sock *sk);
	int (*reply)(struct net *net, const struct sock *sk,
		     const struct tern_tuple *tuple, struct sk_buff *skb,
		     struct dst_entry *dst);
	struct dst_entry *(*req_route)(const struct sock *listener,
				       const struct tern_tuple *tuple);
	struct dst_entry *(*tw_route)(const struct tern_tw *tw);
	void (*child_setup)(struct sock *child, const struct tern_req *req,
			    struct dst_entry *dst);
	void (*tuple)(struct tern_tuple *t, const struct sk_buff *skb);
	void (*mtu_reduced)(struct sock *sk, u32 mtu);
	u32 (*option_len)(const struct sock *sk);
};

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
	TERN_TIMER_NR
};

/**
 * struct tern_timers - owned by timer.c
 * @hr: the hrtimer
 * @due: deadline of each job, ns of CLOCK_MONOTONIC; 0 when not armed
 * @armed: what @hr is set to; KTIME_MAX when it is not queued
 */
struct tern_timers {
	struct hrtimer hr;
	u64 due[TERN_TIMER_NR];
	u64 armed;
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
 * @rto_due: when the RTO expires, had no loss probe its place
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
	u8 wscale;
	bool fin_queued;
	bool cwnd_limited;
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
 * @af: address family
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
 * @retrans_start_ns: first timeout of the row, for TERN_USER_TIMEOUT
 * @persist_start_ns: first zero-window probe unanswered, likewise
 * @pmtu: path MTU in force for @snd.mss
 * @black_hole_ns: since when segments have base_mss at most, 0: they don't
 * @mtu_info: path MTU that ICMP told of, with TERN_DEFER_MTU
 * @listen: queues, when in LISTEN
 * @listener: the listener of a child not yet accepted; holds a reference
 * @accept_node: link in the listener's accept queue
 * @conf: options
 */
struct tern_sock {
	struct inet_sock inet;
	struct tern_ep ep;
	const struct tern_af_ops *af;

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
	u64 retrans_start_ns;
	u64 persist_start_ns;
	u32 pmtu;
	u32 mtu_info;
	u64 black_hole_ns;

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

/**
 * struct tern_req - a SYN queue entry: SYN-RECEIVED without a socket
 * @ep: its place in the table
 * @ref: table, armed timer, users
 * @lock: of what follows and of completion
 * @dead: left the table: completed or dropped
 * @listener: holds a reference
 * @queue_node: link in the listener's SYN queue
 * @af: address family
 * @timer: SYN-ACK timer
 * @due: its deadline, ns
 * @irs: the peer's ISN
 * @iss: ours
 * @ts_recent: to echo
 * @ts_offset: added to our clock
 * @synack_ns: when the SYN-ACK was sent first
 * @oow_ns: rate limit of answers
 * @retries: SYN-ACKs resent by the timer
 * @resent: any SYN-ACK was sent again (Karn)
 * @mad_us: the longest delay of ours, as the SYN-ACK tells
 * @acked: the third ACK came while the accept queue was full, or was deferred
 * @rcv_wnd: window advertised on the SYN-ACK
 * @rcv_wscale: ours
 * @opts: what the SYN said (mss, wscale, sack_ok, has_ts, mad)
 * @iif: device it came by
 * @mark: sk_mark for the child
 * @rcu: freed by it
 */
struct tern_req {
	struct tern_ep ep;
	refcount_t ref;
	spinlock_t lock;		/* all that changes in it */
	bool dead;
	struct sock *listener;
	struct list_head queue_node;
	const struct tern_af_ops *af;
	struct hrtimer timer;
	u64 due;
	u32 irs;
	u32 iss;
	u32 ts_recent;
	u32 ts_offset;
	u64 synack_ns;
	u64 oow_ns;
	u8 retries;
	bool resent;
	bool acked;
	u32 mad_us;
	u32 rcv_wnd;
	u8 rcv_wscale;
	struct tern_opts opts;
	int iif;
	u32 mark;
	struct rcu_head rcu;
};

/**
 * struct tern_tw - a TIME-WAIT entry
 * @ep: its place in the table
 * @ref: table, armed timer, users
 * @tn: namespace
 * @af: address family
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
	const struct tern_af_ops *af;
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
	bool reuse;
	bool reuseport;
	kuid_t uid;
	u32 mark;
	int bound_dev_if;
	struct rcu_head rcu;
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

static inline struct tern_req *tern_ep_req(struct tern_ep *ep)
{
	return container_of(ep, struct tern_req, ep);
}

static inline struct tern_tw *tern_ep_tw(struct tern_ep *ep)
{
	return container_of(ep, struct tern_tw, ep);
}

static inline struct tern_net *tern_sk_net(const struct sock *sk)
{
	return tern_net(sock_net(sk));
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
	return ipv6_addr_v4mapped(&t->raddr) ? TERN_MSS_DEFAULT :
					       TERN_MSS_DEFAULT_V6;
}

/* An option of the socket, or the sysctl's value where it has none */
#define tern_conf_or_knob(sk, field)					\
	(READ_ONCE(tern_sk(sk)->conf.field) ?:				\
	 (u32)tern_knob(tern_sk_net(sk), field))

#endif
