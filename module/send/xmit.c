// SPDX-License-Identifier: GPL-2.0
/*
 * Exactly one segment out (RFC 9293 3.10.2): of a connection, in answer to a
 * SYN, or with no socket at all. Fills the header, counts, traces, and
 * hands it to the address family.
 */
#include <net/dst.h>
#include "xmit.h"
#include "core/trace.h"
#include "mtu.h"
#include "window.h"
#include "core/timer.h"
#include "core/label.h"
#include "core/orphan.h"
#include "core/sock.h"

/* SYN and SYN-ACK of a socket: what we can, or what the peer's SYN allows */
static void syn_options(struct sock *sk, bool answer, struct tern_opts *o)
{
	struct tern_net *tn = tern_sk_net(sk);
	struct tern_sock *tp = tern_sk(sk);

	o->mss = tern_mtu_advertise(sk, __sk_dst_get(sk));
	o->has_ts = answer ? tp->ts.ok : tern_knob(tn, timestamps);
	o->sack_ok = answer ? tp->sack_ok : tern_knob(tn, sack);
	o->has_wscale = answer ? tp->wscale_ok : tern_knob(tn, window_scaling);
	o->wscale = tp->rcv.wscale;
	o->has_mad = 1;
	o->mad_us = tern_sock_delack_us(sk);
}

static void data_options(struct sock *sk, u32 payload, struct tern_opts *o)
{
	struct tern_sock *tp = tern_sk(sk);
	u32 room = TERN_OPT_SPACE - (tp->ts.ok ? 12 : 0);

	o->has_ts = tp->ts.ok;
	if (likely(!tp->reasm.num_sacks && !tp->reasm.has_dup) || !tp->sack_ok)
		return;
	/* On data only as far as the packet still fits the path */
	if (payload) {
		const struct tern_af_ops *af = tern_af(&tp->ep.tuple);
		u32 used = af->net_header_len + tp->snd.opt_len +
			   TERN_HDR_LEN + payload + (tp->ts.ok ? 12 : 0);

		room = min(room, tp->pmtu > used ? tp->pmtu - used : 0);
	}
	if (room < 12)
		return;
	if (tp->reasm.has_dup)
		TERN_INC(tern_sk_net(sk), TCPDSACKOldSent);
	o->num_sacks = tern_reasm_report(&tp->reasm, o, (room - 4) / 8);
}

/* Every segment with the ACK flag is the ACK that was owed. */
static void acknowledged(struct sock *sk)
{
	struct tern_sock *tp = tern_sk(sk);

	tp->ack.pending = false;
	tp->ack.now = false;
	tp->rcv.acked = tp->rcv.nxt;
	tern_timer_disarm(sk, TERN_TIMER_DELACK);
}

/* RFC 4022, tcpOutSegs: what is sent again is counted as RetransSegs only. */
static bool sent_before(const struct tern_sock *tp, u32 seq, u8 flags, u32 len)
{
	if (flags & TERN_FLAG_SYN)
		return tp->retries;
	return (len || flags & TERN_FLAG_FIN) &&
	       tern_seq_before(seq, tp->snd.nxt);
}

/*
 * Header in front of @skb's payload, then away with it. @skb is ours: a
 * clone or a fresh one.
 */
static int transmit(struct sock *sk, struct sk_buff *skb, u32 seq, u8 flags,
		    u32 payload_mss)
{
	struct tern_sock *tp = tern_sk(sk);
	const struct tern_af_ops *af = tern_af(&tp->ep.tuple);
	struct inet_sock *inet = inet_sk(sk);
	u32 segs = max_t(u32, 1, skb_shinfo(skb)->gso_segs);
	struct tern_opts o = {};
	unsigned int optlen, len = skb->len;
	u32 ack = 0;
	u16 wnd;
	int err;

	if (unlikely(sock_flag(sk, SOCK_DEAD)) && !tern_orphan_may_send(sk)) {
		kfree_skb(skb);
		return -ENETDOWN;
	}
	if (flags & TERN_FLAG_SYN) {
		syn_options(sk, flags & TERN_FLAG_ACK, &o);
		tp->ack.mad_us = o.mad_us;
		wnd = min(tp->rcv.wnd, TERN_WINDOW_MAX);
	} else {
		data_options(sk, payload_mss, &o);
		wnd = tern_window_select(sk);
	}
	if (flags & TERN_FLAG_ACK)
		ack = tp->rcv.nxt;
	if (o.has_ts) {
		o.tsval = tern_ts_val(tp->now_ns, tp->ts.offset);
		o.tsecr = flags & TERN_FLAG_ACK ? tp->ts.recent : 0;
	}

	optlen = tern_options_size(&o, flags & TERN_FLAG_SYN);
	skb_push(skb, TERN_HDR_LEN + optlen);
	skb_reset_transport_header(skb);
	tern_segment_build(tern_hdr(skb), inet->inet_sport, inet->inet_dport,
			   seq, ack, optlen, flags, wnd);
	tern_options_build((u8 *)(tern_hdr(skb) + 1), &o,
			   flags & TERN_FLAG_SYN);
	memset(skb->cb, 0, sizeof(skb->cb));
	skb_set_owner_w(skb, sk);
	if (sk->sk_dst_pending_confirm)
		skb_set_dst_pending_confirm(skb, 1);
	af->send_check(sk, skb);

	trace_tern_send(sock_net(sk), &tp->ep.tuple, seq, ack, flags, wnd, len);
	if (!sent_before(tp, seq, flags, len))
		TERN_ADD(tern_sk_net(sk), OutSegs, segs);
	tp->snd.segs += segs;
	if (len) {
		tp->snd.data_segs += segs;
		tp->snd.bytes += len;
	}
	if (flags & TERN_FLAG_ACK)
		acknowledged(sk);
	err = af->queue_xmit(sk, skb);
	if (unlikely(sock_flag(sk, SOCK_DEAD)))
		tern_orphan_settle(sk);
	return net_xmit_eval(err);
}

static struct sk_buff *fresh(struct sock *sk)
{
	struct sk_buff *skb = alloc_skb(TERN_MAX_HEADER,
					sk_gfp_mask(sk, GFP_ATOMIC |
						    __GFP_NOWARN));

	if (skb)
		skb_reserve(skb, TERN_MAX_HEADER);
	return skb;
}

/**
 * tern_xmit_data() - send a segment of the queue, for the first time or again
 * @sk: socket, locked
 * @skb: the segment; the queue keeps it, a clone goes out
 *
 * Return: 0, or -errno when it could not be handed to the network layer; it
 * counts as sent all the same, a timer will see to it.
 */
int tern_xmit_data(struct sock *sk, struct sk_buff *skb)
{
	struct tern_sock *tp = tern_sk(sk);
	struct tern_skb_cb *cb = tern_cb(skb);
	u32 mss = min_t(u32, cb->mss, skb->len);
	struct sk_buff *copy;

	cb->sent_ns = tp->now_ns;
	/* A clone still in a queue below has its header in this headroom. */
	if (unlikely(skb_cloned(skb)))
		copy = pskb_copy(skb, sk_gfp_mask(sk, GFP_ATOMIC));
	else
		copy = skb_clone(skb, sk_gfp_mask(sk, GFP_ATOMIC));
	if (unlikely(!copy))
		return -ENOBUFS;
	return transmit(sk, copy, cb->seq, cb->flags, mss);
}

/**
 * tern_xmit_seq() - SEG.SEQ of a segment without data
 * @sk: socket, locked
 *
 * SND.NXT, unless the peer took its window back meanwhile: it would not accept
 * what is behind its edge, the ACK field with it (RFC 9293 3.10.7.4 first). A
 * FIN, or what the scale rounds off a window, is no such retreat.
 */
u32 tern_xmit_seq(const struct sock *sk)
{
	const struct tern_sock *tp = tern_sk(sk);
	u32 edge = tp->snd.una + tp->snd.wnd;
	u32 slack = tp->snd.wnd ? 1U << tp->snd.wscale : 1;

	if ((1 << sk->sk_state) & (TCPF_SYN_SENT | TCPF_SYN_RECV) ||
	    !tern_seq_before(edge + slack, tp->snd.nxt))
		return tp->snd.nxt;
	return edge;
}

/**
 * tern_xmit_ack() - send the ACK that is owed
 * @sk: socket, locked
 */
void tern_xmit_ack(struct sock *sk)
{
	struct tern_sock *tp = tern_sk(sk);
	struct sk_buff *skb;

	if (sk->sk_state == TCP_CLOSE)
		return;
	skb = fresh(sk);
	if (unlikely(!skb)) {
		/* No memory: the delayed ACK's deadline is the next chance. */
		tp->ack.pending = true;
		tern_timer_arm(sk, TERN_TIMER_DELACK, tp->now_ns +
			       (u64)TERN_DELACK_US * NSEC_PER_USEC);
		return;
	}
	transmit(sk, skb, tern_xmit_seq(sk), TERN_FLAG_ACK, 0);
}

/**
 * tern_xmit_control() - send a segment without data
 * @sk: socket, locked
 * @seq: SEG.SEQ
 * @flags: TERN_FLAG_*
 *
 * Return: 0 or -errno.
 */
int tern_xmit_control(struct sock *sk, u32 seq, u8 flags)
{
	struct sk_buff *skb = fresh(sk);

	if (unlikely(!skb))
		return -ENOBUFS;
	return transmit(sk, skb, seq, flags, 0);
}

/**
 * tern_xmit_partial_check() - leave the checksum to be finished
 * @skb: built segment
 * @pseudo: sum of the pseudo-header, not complemented
 *
 * Devices that sum TCP and UDP only would take protocol 253 for neither.
 */
void tern_xmit_partial_check(struct sk_buff *skb, __sum16 pseudo)
{
	tern_hdr(skb)->check = (__force u16)pseudo;
	skb->csum_start = skb_transport_header(skb) - skb->head;
	skb->csum_offset = offsetof(struct ternhdr, check);
	skb->ip_summed = CHECKSUM_PARTIAL;
}

/**
 * tern_xmit_finish_check() - sum here what no device may be left with
 * @skb: after tern_xmit_partial_check()
 * @dst: its route, or NULL
 *
 * NETIF_F_HW_CSUM of the first device (a VLAN, a bridge, veth, virtio) doesn't
 * tell of the last one on the way, which may sum TCP and UDP only, and takes a
 * sum at this offset for TCP's. Only loopback is the last one for sure. Pieces
 * of a large segment get theirs when it is cut, by the device that does: see
 * offload.c.
 */
void tern_xmit_finish_check(struct sk_buff *skb, const struct dst_entry *dst)
{
	bool able;

	/* @dst stays, but its device may be on its way out. */
	rcu_read_lock();
	able = dst && READ_ONCE(dst->dev)->flags & IFF_LOOPBACK;
	rcu_read_unlock();
	if (!able && !skb_is_gso(skb))
		skb_checksum_help(skb);
}

/* Who speaks where no socket does: the namespace's control socket */
static const struct sock *control(const struct tern_net *tn,
				  const struct tern_af_ops *af)
{
	return af->family == AF_INET6 ? tn->ctl_sk6 : tn->ctl_sk4;
}

/*
 * A header with options and no connection's state; data at the header. It is
 * @sk's: so a firewall, a cgroup's program or a qdisc know whom to ask for it.
 * Of @sk, which others use at the same time, only atomic counts change.
 */
static struct sk_buff *bare(const struct sock *sk, const struct tern_tuple *t,
			    u32 seq, u32 ack, u8 flags, u16 wnd,
			    const struct tern_opts *o)
{
	static const struct tern_opts none;
	bool syn = flags & TERN_FLAG_SYN;
	unsigned int optlen;
	struct sk_buff *skb;

	if (!o)
		o = &none;
	optlen = tern_options_size(o, syn);
	skb = alloc_skb(TERN_MAX_HEADER + TERN_HDR_LEN + TERN_OPT_SPACE,
			GFP_ATOMIC | __GFP_NOWARN);
	if (!skb)
		return NULL;
	skb_reserve(skb, TERN_MAX_HEADER);
	skb_put(skb, TERN_HDR_LEN + optlen);
	skb_reset_transport_header(skb);
	tern_segment_build(tern_hdr(skb), t->lport, t->rport, seq, ack, optlen,
			   flags, wnd);
	tern_options_build((u8 *)(tern_hdr(skb) + 1), o, syn);
	skb_set_owner_w(skb, (struct sock *)sk);
	trace_tern_send(sock_net(sk), t, seq, ack, flags, wnd, 0);
	return skb;
}

/**
 * tern_xmit_synack() - answer a SYN
 * @listener: its listener
 * @t: 4-tuple as seen from here
 * @syn: what the SYN said
 * @cookie_ts: timestamp to send instead of the clock (SYN cookie), or NULL
 *
 * Return: 0 or -errno.
 */
int tern_xmit_synack(const struct sock *listener, const struct tern_tuple *t,
		     const struct tern_syn *syn, const u32 *cookie_ts)
{
	struct dst_entry *dst = tern_af(t)->req_route(listener, syn->bound_dev_if,
						   syn->label.secid, t);
	struct tern_opts o = {
		.has_ts = syn->opts.has_ts,
		.tsecr = syn->ts_recent,
		.sack_ok = syn->opts.sack_ok,
		.has_wscale = syn->opts.has_wscale,
		.wscale = syn->rcv_wscale,
		.has_mad = 1,
		.mad_us = syn->mad_us,
	};
	struct sk_buff *skb;
	int err;

	if (!dst)
		return -EHOSTUNREACH;
	o.mss = tern_mtu_advertise(listener, dst);
	o.tsval = cookie_ts ? *cookie_ts :
			      tern_ts_val(ktime_get_ns(), syn->ts_offset);
	skb = bare(listener, t, syn->iss, syn->irs + 1,
		   TERN_FLAG_SYN | TERN_FLAG_ACK,
		   min(syn->rcv_wnd, TERN_WINDOW_MAX), &o);
	if (!skb) {
		dst_release(dst);
		return -ENOBUFS;
	}
	if (!syn->resent)
		TERN_INC(tern_sk_net(listener), OutSegs);
	tern_label_put(skb, &syn->label);
	err = tern_af(t)->reply(listener, t, skb, dst);
	return net_xmit_eval(err);
}

/**
 * tern_xmit_reply() - send a segment for which there is no connection
 * @net: namespace
 * @sk: whose it is, which has mark and tos; NULL: the control socket's
 * @oif: device by which it has to leave, 0: the route's
 * @t: 4-tuple as seen from here
 * @seq: SEG.SEQ
 * @ack: SEG.ACK, 0 without the flag
 * @flags: TERN_FLAG_*
 * @wnd: window field as on the wire, host order
 * @o: options, or NULL
 * @to: the segment that it answers, whose label it has
 */
void tern_xmit_reply(struct net *net, const struct sock *sk, int oif,
		     const struct tern_tuple *t, u32 seq, u32 ack, u8 flags,
		     u16 wnd, const struct tern_opts *o,
		     const struct sk_buff *to)
{
	struct dst_entry *dst;
	struct sk_buff *skb;

	if (!sk)
		sk = control(tern_net(net), tern_af(t));
	dst = tern_af(t)->req_route(sk, oif, tern_label_secid(to), t);
	if (!dst)
		return;
	skb = bare(sk, t, seq, ack, flags, wnd, o);
	if (!skb) {
		dst_release(dst);
		return;
	}
	TERN_INC(tern_net(net), OutSegs);
	if (flags & TERN_FLAG_RST)
		TERN_INC(tern_net(net), OutRsts);
	tern_label_echo(skb, to);
	tern_af(t)->reply(sk, t, skb, dst);
}

/**
 * tern_xmit_timewait() - acknowledge from TIME-WAIT
 * @tw: entry
 * @o: options
 * @to: the segment that it answers, whose label it has
 *
 * By the mark and the device that the socket had.
 */
void tern_xmit_timewait(const struct tern_tw *tw, const struct tern_opts *o,
			const struct sk_buff *to)
{
	const struct tern_af_ops *af = tern_af(&tw->ep.tuple);
	const struct sock *sk = control(tw->tn, af);
	struct dst_entry *dst = af->tw_route(tw, tern_label_secid(to));
	struct sk_buff *skb;

	if (!dst)
		return;
	skb = bare(sk, &tw->ep.tuple, tw->snd_nxt, tw->rcv_nxt, TERN_FLAG_ACK,
		   min_t(u32, tw->rcv_wnd >> tw->rcv_wscale, TERN_WINDOW_MAX),
		   o);
	if (!skb) {
		dst_release(dst);
		return;
	}
	skb->mark = tw->mark;
	TERN_INC(tw->tn, OutSegs);
	tern_label_echo(skb, to);
	af->reply(sk, &tw->ep.tuple, skb, dst);
}
