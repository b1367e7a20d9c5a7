// SPDX-License-Identifier: GPL-2.0
/*
 * SYN cookies (RFC 4987 3.6): where the SYN queue is full, the SYN-ACK's number
 * is all that is remembered of a SYN. How it is coded: pure/cookie.c.
 */
#include "syncookie.h"
#include "core/label.h"
#include "core/hash.h"
#include "core/sock.h"
#include "send/xmit.h"
#include "accept.h"
#include "synrecv.h"

/* A cookie is believed so long after one was sent; see cookie.h. */
#define COOKIE_LIFE_NS	(2ULL * 60 * NSEC_PER_SEC)

/**
 * tern_syncookie_answer() - answer a SYN without keeping anything
 * @listener: socket in LISTEN
 * @skb: the SYN
 * @t: 4-tuple as seen from here
 *
 * RFC 4987 3.6. Return: 0 when the segment is gone; SOCKET_FILTER: a security
 * module is against it.
 */
enum skb_drop_reason tern_syncookie_answer(struct sock *listener,
					   struct sk_buff *skb,
					   const struct tern_tuple *t)
{
	struct tern_net *tn = tern_sk_net(listener);
	u64 now = ktime_get_ns();
	struct tern_syn syn;
	u32 tsval;

	tern_synrecv_read(&syn, listener, skb, t);
	if (tern_label_ask(&syn, listener, skb, t)) {
		TERN_INC(tn, ListenDrops);
		return SKB_DROP_REASON_SOCKET_FILTER;
	}
	tsval = tern_ts_val(now, syn.ts_offset);
	syn.iss = tern_cookie_encode(&tn->cookie, t, syn.irs, &syn.opts, now,
				     tsval, &tsval);
	/* Without timestamps there is no room for them. */
	if (!syn.opts.has_ts) {
		syn.opts.has_wscale = 0;
		syn.opts.sack_ok = 0;
		syn.rcv_wscale = 0;
	}
	TERN_INC(tn, SyncookiesSent);
	WRITE_ONCE(tn->cookie_ns, now);
	tern_xmit_synack(listener, t, &syn, &tsval);
	tern_label_free(&syn.label);
	__kfree_skb(skb);
	return TERN_GO_ON;
}

/**
 * tern_syncookie_rcv() - does this ACK answer a SYN cookie? (RFC 4987 3.6)
 * @listener: socket in LISTEN
 * @skb: the segment, ACK set, neither SYN nor RST
 * @t: 4-tuple as seen from here
 * @child: as in tern_synrecv_rcv()
 *
 * Return: as tern_synrecv_rcv(); TCP_INVALID_ACK_SEQUENCE when it is none.
 */
enum skb_drop_reason tern_syncookie_rcv(struct sock *listener,
					struct sk_buff *skb,
					const struct tern_tuple *t,
					struct sock **child)
{
	struct tern_net *tn = tern_sk_net(listener);
	const struct tern_skb_cb *cb = tern_cb(skb);
	u64 sent = READ_ONCE(tn->cookie_ns);
	u64 now = ktime_get_ns();
	struct tern_syn syn;
	struct tern_opts o;

	/* Nobody can have one when none was sent for long. */
	if (!sent || now > sent + COOKIE_LIFE_NS)
		return SKB_DROP_REASON_TCP_INVALID_ACK_SEQUENCE;
	tern_options_parse((const u8 *)(tern_hdr(skb) + 1), cb->optlen, false,
			   &o);
	tern_synrecv_init(&syn, listener, skb, t);
	if (!tern_cookie_decode(&tn->cookie, t, cb->seq - 1, cb->ack - 1,
				o.has_ts, o.tsecr, now, &syn.opts)) {
		TERN_INC(tn, SyncookiesFailed);
		return SKB_DROP_REASON_TCP_INVALID_ACK_SEQUENCE;
	}
	TERN_INC(tn, SyncookiesRecv);
	if (tern_accept_full(listener)) {
		TERN_INC(tn, ListenOverflows);
		return SKB_DROP_REASON_SOCKET_BACKLOG;
	}
	syn.irs = cb->seq - 1;
	syn.iss = cb->ack - 1;
	syn.opts.has_ts = o.has_ts && tern_knob(tn, timestamps);
	syn.ts_recent = o.tsval;
	/* When the SYN-ACK was sent is not known: no sample (Karn). */
	syn.resent = true;
	syn.synack_ns = now;
	tern_synrecv_offer(&syn, listener);
	/* The SYN's label is forgotten; the module is asked again, as by TCP. */
	if (tern_label_ask(&syn, listener, skb, t)) {
		TERN_INC(tn, ListenDrops);
		return SKB_DROP_REASON_SOCKET_FILTER;
	}
	*child = tern_synrecv_promote(listener, t, &syn, NULL);
	tern_label_free(&syn.label);
	return *child ? TERN_GO_ON : SKB_DROP_REASON_NOMEM;
}
