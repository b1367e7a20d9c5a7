/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints: state changes, segments out and in, retransmissions, timers,
 * drops and congestion samples; enough to draw a connection from trace_pipe.
 *
 * saddr, sport are this end's and daddr, dport the peer's, whichever way
 * a segment goes, as in sock:inet_sock_set_state. IPv4 is shown v4-mapped.
 * netns is the namespace's inode, which tells the ends of one machine apart.
 * Strings are copied: a pointer into the module would outlive it in the ring.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM tern

#if !defined(_TERN_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TERN_TRACE_H

#include <linux/skbuff.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <linux/tracepoint.h>
#include <net/net_namespace.h>
#include <net/tcp_states.h>
#include "netns/drop.h"
#include "pure/isn.h"

#define TERN_TRACE_STATES(X)						\
	X(TCP_ESTABLISHED, "ESTABLISHED")				\
	X(TCP_SYN_SENT, "SYN_SENT")					\
	X(TCP_SYN_RECV, "SYN_RECV")					\
	X(TCP_FIN_WAIT1, "FIN_WAIT1")					\
	X(TCP_FIN_WAIT2, "FIN_WAIT2")					\
	X(TCP_TIME_WAIT, "TIME_WAIT")					\
	X(TCP_CLOSE, "CLOSE")						\
	X(TCP_CLOSE_WAIT, "CLOSE_WAIT")					\
	X(TCP_LAST_ACK, "LAST_ACK")					\
	X(TCP_LISTEN, "LISTEN")						\
	X(TCP_CLOSING, "CLOSING")					\
	X(TCP_NEW_SYN_RECV, "SYN_RECV")

/* Tell perf and trace-cmd the values behind the names. */
#define TERN_TRACE_ENUM(state, name) TRACE_DEFINE_ENUM(state);
TERN_TRACE_STATES(TERN_TRACE_ENUM)
#undef TERN_TRACE_ENUM

#undef FN
#define FN(reason) TRACE_DEFINE_ENUM(SKB_DROP_REASON_##reason);
DEFINE_DROP_REASON(FN, FN)

#undef FN
#undef FNe
#define FN(reason) { SKB_DROP_REASON_##reason, #reason },
#define FNe(reason) { SKB_DROP_REASON_##reason, #reason }

/* A trailing row ends the list without a comma. */
#define TERN_TRACE_PAIR(state, name) { state, name },
#define tern_trace_state_name(state)					\
	__print_symbolic(state, TERN_TRACE_STATES(TERN_TRACE_PAIR)	\
			 { 0, "NONE" })

#define tern_trace_flags(flags)						\
	__print_flags(flags, "|",					\
		      { 0x02, "SYN" }, { 0x01, "FIN" },			\
		      { 0x04, "RST" }, { 0x08, "PSH" },			\
		      { 0x10, "ACK" }, { 0x20, "URG" },			\
		      { 0x40, "ECE" }, { 0x80, "CWR" })

#define TERN_TRACE_TUPLE						\
	__field(unsigned int, netns)					\
	__array(__u8, laddr, 16)					\
	__array(__u8, raddr, 16)					\
	__field(__u16, lport)						\
	__field(__u16, rport)

#define TERN_TRACE_TUPLE_ASSIGN(net, t)					\
	do {								\
		__entry->netns = (net)->ns.inum;			\
		memcpy(__entry->laddr, &(t)->laddr, 16);		\
		memcpy(__entry->raddr, &(t)->raddr, 16);		\
		__entry->lport = ntohs((t)->lport);			\
		__entry->rport = ntohs((t)->rport);			\
	} while (0)

#define TERN_TRACE_TUPLE_FMT						\
	"sport=%u dport=%u saddr=%pI6c daddr=%pI6c netns=%u "
#define TERN_TRACE_TUPLE_ARGS						\
	__entry->lport, __entry->rport, __entry->laddr, __entry->raddr,	\
	__entry->netns

/*
 * Every change of state; @event is what caused it. cookie is the namespace's,
 * never used twice, unlike its inode.
 */
TRACE_EVENT(tern_state,
	TP_PROTO(const struct net *net, const struct tern_tuple *t, int oldstate, int newstate,
		 const char *event),

	TP_ARGS(net, t, oldstate, newstate, event),

	TP_STRUCT__entry(
		TERN_TRACE_TUPLE
		__field(int, oldstate)
		__field(int, newstate)
		__field(__u64, cookie)
		__array(char, event, 24)
	),

	TP_fast_assign(
		TERN_TRACE_TUPLE_ASSIGN(net, t);
		__entry->oldstate = oldstate;
		__entry->newstate = newstate;
		__entry->cookie = net->net_cookie;
		strscpy(__entry->event, event, sizeof(__entry->event));
	),

	TP_printk(TERN_TRACE_TUPLE_FMT "oldstate=%s newstate=%s event=%s",
		  TERN_TRACE_TUPLE_ARGS,
		  tern_trace_state_name(__entry->oldstate),
		  tern_trace_state_name(__entry->newstate),
		  __entry->event)
);

/* A segment: SEG.SEQ, SEG.ACK, flags, SEG.WND in bytes, payload length. */
DECLARE_EVENT_CLASS(tern_segment,
	TP_PROTO(const struct net *net, const struct tern_tuple *t, u32 seq, u32 ack, u8 flags,
		 u32 wnd, u32 len),

	TP_ARGS(net, t, seq, ack, flags, wnd, len),

	TP_STRUCT__entry(
		TERN_TRACE_TUPLE
		__field(__u32, seq)
		__field(__u32, ack)
		__field(__u32, wnd)
		__field(__u32, len)
		__field(__u8, flags)
	),

	TP_fast_assign(
		TERN_TRACE_TUPLE_ASSIGN(net, t);
		__entry->seq = seq;
		__entry->ack = ack;
		__entry->wnd = wnd;
		__entry->len = len;
		__entry->flags = flags;
	),

	TP_printk(TERN_TRACE_TUPLE_FMT "flags=%s seq=%u ack=%u win=%u len=%u",
		  TERN_TRACE_TUPLE_ARGS,
		  tern_trace_flags(__entry->flags), __entry->seq,
		  __entry->ack, __entry->wnd, __entry->len)
);

DEFINE_EVENT(tern_segment, tern_send,
	TP_PROTO(const struct net *net, const struct tern_tuple *t, u32 seq, u32 ack, u8 flags,
		 u32 wnd, u32 len),
	TP_ARGS(net, t, seq, ack, flags, wnd, len)
);

DEFINE_EVENT(tern_segment, tern_recv,
	TP_PROTO(const struct net *net, const struct tern_tuple *t, u32 seq, u32 ack, u8 flags,
		 u32 wnd, u32 len),
	TP_ARGS(net, t, seq, ack, flags, wnd, len)
);

/* A segment goes out again, after @retries timeouts in a row. */
TRACE_EVENT(tern_retransmit,
	TP_PROTO(const struct net *net, const struct tern_tuple *t, u32 seq, u32 len, u8 retries),

	TP_ARGS(net, t, seq, len, retries),

	TP_STRUCT__entry(
		TERN_TRACE_TUPLE
		__field(__u32, seq)
		__field(__u32, len)
		__field(__u8, retries)
	),

	TP_fast_assign(
		TERN_TRACE_TUPLE_ASSIGN(net, t);
		__entry->seq = seq;
		__entry->len = len;
		__entry->retries = retries;
	),

	TP_printk(TERN_TRACE_TUPLE_FMT "seq=%u len=%u retries=%u",
		  TERN_TRACE_TUPLE_ARGS, __entry->seq, __entry->len,
		  __entry->retries)
);

/* @op is "arm", "fire" or "cancel"; in_ns is what was left of the deadline. */
TRACE_EVENT(tern_timer,
	TP_PROTO(const struct net *net, const struct tern_tuple *t,
		 const char *op, const char *name, u64 due_ns),

	TP_ARGS(net, t, op, name, due_ns),

	TP_STRUCT__entry(
		TERN_TRACE_TUPLE
		__array(char, op, 8)
		__array(char, name, 16)
		__field(__u64, due_ns)
		__field(__s64, in_ns)
	),

	TP_fast_assign(
		TERN_TRACE_TUPLE_ASSIGN(net, t);
		strscpy(__entry->op, op, sizeof(__entry->op));
		strscpy(__entry->name, name, sizeof(__entry->name));
		__entry->due_ns = due_ns;
		__entry->in_ns = (s64)(due_ns - ktime_get_ns());
	),

	TP_printk(TERN_TRACE_TUPLE_FMT "op=%s timer=%s due_ns=%llu in_ns=%lld",
		  TERN_TRACE_TUPLE_ARGS, __entry->op, __entry->name,
		  __entry->due_ns, __entry->in_ns)
);

/* @t is NULL, and shown as zeros, when the segment was not understood. */
TRACE_EVENT(tern_drop,
	TP_PROTO(const struct net *net, const struct tern_tuple *t, const struct sk_buff *skb,
		 int reason),

	TP_ARGS(net, t, skb, reason),

	TP_STRUCT__entry(
		TERN_TRACE_TUPLE
		__field(const void *, skbaddr)
		__field(__u32, len)
		__field(int, reason)
	),

	TP_fast_assign(
		static const struct tern_tuple none;

		TERN_TRACE_TUPLE_ASSIGN(net, t ?: &none);
		__entry->skbaddr = skb;
		__entry->len = skb->len;
		__entry->reason = reason;
	),

	TP_printk(TERN_TRACE_TUPLE_FMT "skbaddr=%p len=%u reason=%s",
		  TERN_TRACE_TUPLE_ARGS, __entry->skbaddr, __entry->len,
		  __print_symbolic(__entry->reason,
				   DEFINE_DROP_REASON(FN, FNe)))
);

/* Windows in segments, after an ACK or a timeout. */
TRACE_EVENT(tern_cong,
	TP_PROTO(const struct net *net, const struct tern_tuple *t, u32 cwnd, u32 ssthresh,
		 u32 in_flight, u32 srtt_us, u32 rto_us),

	TP_ARGS(net, t, cwnd, ssthresh, in_flight, srtt_us, rto_us),

	TP_STRUCT__entry(
		TERN_TRACE_TUPLE
		__field(__u32, cwnd)
		__field(__u32, ssthresh)
		__field(__u32, in_flight)
		__field(__u32, srtt_us)
		__field(__u32, rto_us)
	),

	TP_fast_assign(
		TERN_TRACE_TUPLE_ASSIGN(net, t);
		__entry->cwnd = cwnd;
		__entry->ssthresh = ssthresh;
		__entry->in_flight = in_flight;
		__entry->srtt_us = srtt_us;
		__entry->rto_us = rto_us;
	),

	TP_printk(TERN_TRACE_TUPLE_FMT
		  "cwnd=%u ssthresh=%u in_flight=%u srtt_us=%u rto_us=%u",
		  TERN_TRACE_TUPLE_ARGS, __entry->cwnd, __entry->ssthresh,
		  __entry->in_flight, __entry->srtt_us, __entry->rto_us)
);

#undef FN
#undef FNe

#endif

/* This part must be outside the guard. */
#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
