/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Tern: a stream transport with TCP's segment format and semantics under an
 * IP protocol number of its own.
 *
 *	fd = socket(AF_INET, SOCK_STREAM, IPPROTO_TERN);
 *
 * and from there on everything that a program does with a TCP socket.
 * Numbers that TCP has too (options, states, flags, option kinds, the first
 * part of struct tern_info) are TCP's, so a program written for TCP changes
 * the third argument of socket() and nothing else.
 */
#ifndef _UAPI_LINUX_TERN_H
#define _UAPI_LINUX_TERN_H

#include <linux/types.h>
#include <asm/byteorder.h>

/*
 * The first of the two protocol numbers that RFC 3692 keeps for experiments. A
 * module that was loaded with ipproto=254 wants 254 in its place.
 */
#define IPPROTO_TERN		253

/*
 * Level for getsockopt() and setsockopt(), whatever ipproto is. IPPROTO_TCP is
 * accepted as well.
 */
#define SOL_TERN		253

/*
 * Socket options. Each takes an int unless it says otherwise. One of TCP's
 * that is not listed here gives ENOPROTOOPT.
 */

/* Bool. Send small segments at once (no Nagle), and what cork holds now. */
#define TERN_NODELAY		1
/* Upper bound of the MSS, 88 to 32767; set before connect() or listen(). */
#define TERN_MAXSEG		2
/* Bool. Hold back partial segments until cleared, one RTO at most. */
#define TERN_CORK		3
/* Seconds, 1 to 32767. Idle time before the first keepalive probe. */
#define TERN_KEEPIDLE		4
/* Seconds, 1 to 32767. Time from one keepalive probe to the next. */
#define TERN_KEEPINTVL		5
/* 1 to 127. Unanswered keepalive probes before ETIMEDOUT. */
#define TERN_KEEPCNT		6
/*
 * 1 to 127. Resends of the SYN, in place of net.tern.syn_retries; of a
 * listener: of the SYN-ACK, in place of net.tern.synack_retries.
 */
#define TERN_SYNCNT		7
/* Seconds, 120 at most. Life of an orphan in FIN_WAIT2; -1: it is reset. */
#define TERN_LINGER2		8
/* Seconds. accept() only sees connections on which data have arrived. */
#define TERN_DEFER_ACCEPT	9
/* Bytes. Upper bound of the window; 0: none, only of a closed socket. */
#define TERN_WINDOW_CLAMP	10
/*
 * Read only: struct tern_info, cut to the length asked for. At IPPROTO_TCP it
 * ends before Tern's own fields.
 */
#define TERN_INFO		11
/* Bool. Acknowledge at once for now; not lasting. */
#define TERN_QUICKACK		12
/* String, at most 16 bytes with its NUL: congestion control by name. */
#define TERN_CONGESTION		13
/* ms. Longest time that sent data may stay unacknowledged (RFC 5482). */
#define TERN_USER_TIMEOUT	18
/* Bytes. EPOLLOUT is held back while this much is queued and unsent. */
#define TERN_NOTSENT_LOWAT	25
/*
 * Bool. recvmsg() adds a control message with the bytes left to read, an int.
 * The end of the stream, once it has come, counts as one more.
 */
#define TERN_INQ		36
/* cmsg_type of that message; cmsg_level is that at which TERN_INQ was set. */
#define TERN_CM_INQ		TERN_INQ

/*
 * Tern's own options: the same timers as net.tern's sysctls of those names,
 * for one socket. One that was not set is the sysctl's value in force; an
 * accepted socket begins with its listener's. A value out of range gives EINVAL
 * and changes nothing. Below 1000 us those that repeat for ever need
 * CAP_NET_ADMIN (EPERM): TERN_RTO_MAX_US, but for 0, and the keepalive times.
 */

/*
 * us, 0 to 600 s, 0: as the sysctl says. Floor of the retransmission timeout.
 * It counts resends, so a lower floor also gives up sooner: see
 * net.tern.retries2.
 */
#define TERN_RTO_MIN_US		128
/* us, 0 as above. Ceiling of the retransmission timeout and of probes. */
#define TERN_RTO_MAX_US		129
/* us, 0 as above. First timeout of a SYN or SYN-ACK: no RTT sample yet. */
#define TERN_RTO_INIT_US	130
/*
 * us, 0 to 500 ms, 0: at once. Longest delay of an ACK; told to the peer in the
 * MAD option, and never more than was told.
 */
#define TERN_DELACK_MAX_US	131
/* ms, 0 as above. Maximum segment lifetime: TIME_WAIT lasts twice as long. */
#define TERN_MSL_MS		132
/* us, 1 and up. TERN_KEEPIDLE and TERN_KEEPINTVL at a finer grain. */
#define TERN_KEEPIDLE_US	133
#define TERN_KEEPINTVL_US	134

/* States, numbered as TCP's; tern_info.ti_state and the tracepoints. */
enum {
	TERN_ESTABLISHED = 1,
	TERN_SYN_SENT,
	TERN_SYN_RECV,
	TERN_FIN_WAIT1,
	TERN_FIN_WAIT2,
	TERN_TIME_WAIT,
	TERN_CLOSE,
	TERN_CLOSE_WAIT,
	TERN_LAST_ACK,
	TERN_LISTEN,
	TERN_CLOSING,
	TERN_NEW_SYN_RECV,	/* an entry of the SYN queue; shown as SYN_RECV */

	TERN_MAX_STATES
};

/*
 * The segment's header, TCP's bit for bit (RFC 9293, 3.1), without bit fields.
 * @doff:  upper four bits: length of header and options in 32-bit words;
 *	   lower four bits: reserved, sent as zero, ignored on receipt
 * @flags: TERN_FLAG_*
 * @check: TCP's checksum, with 253 (ipproto) for the protocol in the
 *	   pseudo-header
 */
struct ternhdr {
	__be16	source;
	__be16	dest;
	__be32	seq;
	__be32	ack_seq;
	__u8	doff;
	__u8	flags;
	__be16	window;
	__u16	check;		/* __sum16 */
	__be16	urg_ptr;	/* sent as zero, ignored on receipt (RFC 6093) */
};

#define TERN_FLAG_FIN		0x01
#define TERN_FLAG_SYN		0x02
#define TERN_FLAG_RST		0x04
#define TERN_FLAG_PSH		0x08
#define TERN_FLAG_ACK		0x10
#define TERN_FLAG_URG		0x20
#define TERN_FLAG_ECE		0x40
#define TERN_FLAG_CWR		0x80

/* Length of header and options in bytes, from ternhdr.doff, and back. */
#define TERN_DOFF_BYTES(doff)	(((doff) >> 4) << 2)
#define TERN_DOFF(bytes)	(((bytes) >> 2) << 4)

/* Option kinds and their whole lengths on the wire. */
#define TERNOPT_EOL		0
#define TERNOPT_NOP		1
#define TERNOPT_MSS		2	/* __be16; SYN only */
#define TERNOPT_WINDOW		3	/* shift, 0 to 14; SYN only */
#define TERNOPT_SACK_PERM	4	/* SYN only */
#define TERNOPT_SACK		5	/* 1 to 4 pairs of __be32, left and right edge */
#define TERNOPT_TIMESTAMP	8	/* __be32 value, __be32 echo, in microseconds */
#define TERNOPT_EXP		253	/* RFC 6994: followed by a __be16 ExID */

#define TERNOLEN_MSS		4
#define TERNOLEN_WINDOW		3
#define TERNOLEN_SACK_PERM	2
#define TERNOLEN_SACK_BASE	2
#define TERNOLEN_SACK_PERBLOCK	8
#define TERNOLEN_TIMESTAMP	10
#define TERNOLEN_MAD		8

/*
 * Max ack delay, on SYN and SYN-ACK: TERNOPT_EXP, length 8, this ExID, then a
 * __be32: the longest time in microseconds that the sender will delay an ACK.
 */
#define TERNOPT_EXID_MAD	0x5445

/* tern_info.ti_options */
#define TERNI_OPT_TIMESTAMPS	1
#define TERNI_OPT_SACK		2
#define TERNI_OPT_WSCALE	4
#define TERNI_OPT_ECN		8	/* never, nor the next: Tern has no ECN */
#define TERNI_OPT_ECN_SEEN	16

/* tern_info.ti_ca_state */
enum {
	TERN_CA_OPEN,		/* nothing out of the ordinary */
	TERN_CA_DISORDER,	/* duplicate ACKs or SACKs, no loss known yet */
	TERN_CA_CWR,		/* on ECN's account: not by Tern */
	TERN_CA_RECOVERY,	/* fast retransmission */
	TERN_CA_LOSS,		/* retransmission after a timeout */
};

/* tern_info.ti_timer: the timer that fires next */
enum {
	TERN_TIMER_KIND_NONE,
	TERN_TIMER_KIND_RETRANS,	/* SYN, data, FIN */
	TERN_TIMER_KIND_PROBE,		/* tail-loss probe */
	TERN_TIMER_KIND_REORDER,	/* RACK */
	TERN_TIMER_KIND_PERSIST,	/* zero-window probe */
	TERN_TIMER_KIND_DELACK,
	TERN_TIMER_KIND_KEEPALIVE,
	TERN_TIMER_KIND_FINWAIT2,
	TERN_TIMER_KIND_TIMEWAIT,
	TERN_TIMER_KIND_SYNACK,
	TERN_TIMER_KIND_PACING,		/* not by Tern */
};

/*
 * getsockopt(fd, SOL_TERN, TERN_INFO). Fields are only ever appended; the
 * length returned tells which are there. Down to @ti_total_rto_time it is
 * struct tcp_info, so TCP_INFO at level IPPROTO_TCP reads it too, and ends
 * there. A field that Tern has no value for is 0.
 *
 * Unless said otherwise: times in microseconds, counts of segments.
 */
struct tern_info {
	__u8	ti_state;		/* TERN_ESTABLISHED ... */
	__u8	ti_ca_state;		/* TERN_CA_* */
	__u8	ti_retransmits;		/* timeouts in a row so far */
	__u8	ti_probes;		/* window or keepalive probes unanswered */
	__u8	ti_backoff;		/* doublings of the timeout */
	__u8	ti_options;		/* TERNI_OPT_* */
	__u8	ti_snd_wscale : 4, ti_rcv_wscale : 4;
	__u8	ti_delivery_rate_app_limited : 1, ti_fastopen_client_fail : 2;

	__u32	ti_rto;
	__u32	ti_ato;			/* delay of the next delayed ACK */
	__u32	ti_snd_mss;		/* bytes */
	__u32	ti_rcv_mss;		/* bytes */

	__u32	ti_unacked;		/* LISTEN: connections waiting for accept() */
	__u32	ti_sacked;		/* LISTEN: backlog */
	__u32	ti_lost;
	__u32	ti_retrans;		/* resent and not acknowledged yet */
	__u32	ti_fackets;

	__u32	ti_last_data_sent;	/* ms ago, these four */
	__u32	ti_last_ack_sent;
	__u32	ti_last_data_recv;
	__u32	ti_last_ack_recv;

	__u32	ti_pmtu;		/* bytes */
	__u32	ti_rcv_ssthresh;	/* bytes */
	__u32	ti_rtt;			/* smoothed */
	__u32	ti_rttvar;
	__u32	ti_snd_ssthresh;
	__u32	ti_snd_cwnd;
	__u32	ti_advmss;		/* bytes */
	__u32	ti_reordering;

	__u32	ti_rcv_rtt;
	__u32	ti_rcv_space;		/* bytes */

	__u32	ti_total_retrans;	/* since the connection began */

	__u64	ti_pacing_rate;		/* bytes per second */
	__u64	ti_max_pacing_rate;
	__u64	ti_bytes_acked;
	__u64	ti_bytes_received;
	__u32	ti_segs_out;
	__u32	ti_segs_in;

	__u32	ti_notsent_bytes;
	__u32	ti_min_rtt;
	__u32	ti_data_segs_in;
	__u32	ti_data_segs_out;

	__u64	ti_delivery_rate;	/* bytes per second */

	__u64	ti_busy_time;		/* time with data in flight ... */
	__u64	ti_rwnd_limited;	/* ... of it, held up by the peer's window */
	__u64	ti_sndbuf_limited;	/* ... of it, held up by the send buffer */

	__u32	ti_delivered;
	__u32	ti_delivered_ce;

	__u64	ti_bytes_sent;		/* resent ones counted again */
	__u64	ti_bytes_retrans;
	__u32	ti_dsack_dups;
	__u32	ti_reord_seen;

	__u32	ti_rcv_ooopack;

	__u32	ti_snd_wnd;		/* bytes, scaled */
	__u32	ti_rcv_wnd;		/* bytes, scaled */

	__u32	ti_rehash;
	__u16	ti_total_rto;		/* timeouts since the connection began */
	__u16	ti_total_rto_recoveries;
	__u32	ti_total_rto_time;	/* ms spent in them */

	/* Tern's own from here. */
	__u32	ti_peer_mad_us;		/* peer's max ack delay; 200000 if not told */
	__u32	ti_delack_max_us;	/* ours */
	__u32	ti_msl_ms;

	__u32	ti_snd_una;		/* sequence numbers as on the wire */
	__u32	ti_snd_nxt;
	__u32	ti_rcv_nxt;

	__u32	ti_timer;		/* TERN_TIMER_KIND_* */
	__u32	ti_accept_queue;	/* LISTEN: connections waiting for accept() */
	__u64	ti_timer_left_us;	/* until @ti_timer fires */
	__u32	ti_accept_max;		/* LISTEN: backlog, capped by somaxconn */
	__u32	ti_syn_queue;		/* LISTEN: half-open connections */
};

#endif /* _UAPI_LINUX_TERN_H */
