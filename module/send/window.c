// SPDX-License-Identifier: GPL-2.0
/*
 * Windows: what to advertise (RFC 9293 3.8.6.2.2, never shrinking), when an
 * update is worth a segment, how the buffer follows the reader, and what the
 * peer's field means (RFC 9293 3.10.7.4 fifth).
 */
#include "window.h"
#include "mtu.h"

/*
 * Half of the buffer is granted as window; the rest is for the overhead of
 * the sk_buffs that carry it.
 */
static int usable(int space)
{
	return space >> 1;
}

static int space_full(const struct sock *sk)
{
	int space = usable(READ_ONCE(sk->sk_rcvbuf));
	u32 clamp = tern_sk(sk)->conf.window_clamp;

	return clamp ? min_t(int, space, clamp) : space;
}

static int space_free(const struct sock *sk)
{
	int space = usable(READ_ONCE(sk->sk_rcvbuf) -
			   READ_ONCE(sk->sk_backlog.len) -
			   atomic_read(&sk->sk_rmem_alloc));

	return clamp_t(int, space, 0, space_full(sk));
}

/**
 * tern_window_init() - first window of a connection, and its scale
 * @sk: connection or listener
 * @mss: MSS advertised, bytes
 * @scaling: offer or accept window scaling (RFC 7323 2.2)
 * @wnd: window, bytes; fits the field of a SYN
 * @wscale: shift; enough for the largest buffer that there may be
 */
void tern_window_init(const struct sock *sk, u16 mss, bool scaling, u32 *wnd,
		      u8 *wscale)
{
	struct tern_net *tn = tern_sk_net(sk);
	u32 space = space_full(sk);
	u32 largest = space;

	/* A window above the buffer's share is never offered. */
	if (!(sk->sk_userlocks & SOCK_RCVBUF_LOCK) &&
	    !tern_sk(sk)->conf.window_clamp)
		largest = max_t(u32, tern_knob_buf(tn, rmem, 2),
				READ_ONCE(sk->sk_rcvbuf));

	*wscale = 0;
	while (scaling && *wscale < TERN_WSCALE_MAX &&
	       (largest >> *wscale) > TERN_WINDOW_MAX)
		(*wscale)++;
	space = min(space, TERN_WINDOW_MAX);
	if (mss && space > mss)
		space = rounddown(space, (u32)mss);
	*wnd = space;
}

/* The new window in bytes; see tern_window_select(). */
static u32 choose(struct sock *sk)
{
	struct tern_sock *tp = tern_sk(sk);
	int full = space_full(sk);
	int avail = space_free(sk);
	u32 scale = 1U << tp->rcv.wscale;
	u32 mss = clamp_t(u32, tp->rcv.mss, 1, max(full, 1));
	u32 cur = tern_rcv_window(tp);

	/* RFC 9293 3.8.6.2.2: below one segment, or a trickle, say none. */
	if (avail < full / 2 && (avail < full >> 4 || avail < (int)mss))
		avail = 0;
	if (!tp->wscale_ok)
		avail = min_t(int, avail, TERN_WINDOW_MAX);
	/* What can't be told exactly must not read as none. */
	if (avail)
		avail = max_t(u32, rounddown((u32)avail, scale), scale);
	avail = min_t(u32, avail, TERN_WINDOW_MAX << tp->rcv.wscale);
	/* What was once granted is never taken back: RFC 9293 3.8.6. */
	if ((u32)avail < cur)
		return ALIGN(cur, scale);
	if (avail - cur < min_t(u32, mss, full / 2) && avail != full)
		return min_t(u32, ALIGN(cur, scale),
			     TERN_WINDOW_MAX << tp->rcv.wscale);
	return avail;
}

/**
 * tern_window_select() - the window field of a segment that goes out now
 * @sk: socket, locked
 *
 * Remembers it as advertised. Return: scaled, host order.
 */
u16 tern_window_select(struct sock *sk)
{
	struct tern_sock *tp = tern_sk(sk);
	u32 old = tp->rcv.wnd;
	u32 new;

	if (unlikely(tp->rcv.nomem)) {
		/*
		 * A promise without memory: better taken back than broken for
		 * ever. The peer goes on from this edge, which must not be old
		 * for its own window: RFC 9293 3.10.7.4 fifth, SND.WL1.
		 */
		new = 0;
		tp->rcv.nomem = false;
		tp->snd.wl1 = tern_seq_min(tp->snd.wl1, tp->rcv.nxt);
	} else {
		new = choose(sk);
	}
	if (unlikely(!new && old))
		TERN_INC(tern_sk_net(sk), TCPToZeroWindowAdv);
	else if (unlikely(new && !old))
		TERN_INC(tern_sk_net(sk), TCPFromZeroWindowAdv);
	tp->rcv.wnd = new;
	tp->rcv.wup = tp->rcv.nxt;
	return min_t(u32, new >> tp->rcv.wscale, TERN_WINDOW_MAX);
}

/**
 * tern_window_worth_telling() - has the window opened enough for an update?
 * @sk: socket, locked
 *
 * RFC 9293 3.8.6.2.2: it is when it at least doubles, or opens from nothing.
 */
bool tern_window_worth_telling(struct sock *sk)
{
	struct tern_sock *tp = tern_sk(sk);
	u32 cur = tern_rcv_window(tp);

	if (sk->sk_shutdown & RCV_SHUTDOWN)
		return false;
	if (2 * cur > (u32)space_full(sk))
		return false;
	return choose(sk) >= max(2 * cur, 1U);
}

/**
 * tern_window_readable() - is there enough for the reader?
 * @sk: socket; locked, or the answer is a hint
 * @target: bytes wanted (SO_RCVLOWAT)
 *
 * Less is enough when no more can come: the window or the buffer is used up.
 */
bool tern_window_readable(const struct sock *sk, int target)
{
	const struct tern_sock *tp = tern_sk(sk);
	s32 have = READ_ONCE(tp->rcv.nxt) - READ_ONCE(tp->rcv.copied);
	int rcvbuf = READ_ONCE(sk->sk_rcvbuf);

	if (have <= 0)
		return false;
	return have >= target || sk_under_memory_pressure(sk) ||
	       atomic_read(&sk->sk_rmem_alloc) > rcvbuf - rcvbuf / 8 ||
	       tern_rcv_window(tp) <= READ_ONCE(tp->rcv.mss);
}

/**
 * tern_window_lowat() - SO_RCVLOWAT: a buffer that holds so much
 * @sk: socket, locked
 * @val: bytes; cut to what the buffer may become
 */
void tern_window_lowat(struct sock *sk, int val)
{
	bool locked = sk->sk_userlocks & SOCK_RCVBUF_LOCK;
	int most = locked ? READ_ONCE(sk->sk_rcvbuf) :
			    tern_knob_buf(tern_sk_net(sk), rmem, 2);

	val = min(val, usable(most));
	WRITE_ONCE(sk->sk_rcvlowat, val ?: 1);
	if (!locked && usable(READ_ONCE(sk->sk_rcvbuf)) < val)
		WRITE_ONCE(sk->sk_rcvbuf, 2 * val);
}

/**
 * tern_window_drs() - dynamic right sizing of the receive buffer
 * @sk: socket, locked
 *
 * What the reader took in one round trip tells what the sender may have in
 * flight; grant twice of it.
 */
void tern_window_drs(struct sock *sk)
{
	struct tern_sock *tp = tern_sk(sk);
	struct tern_net *tn = tern_sk_net(sk);
	u64 now = tern_clock(tp);
	u32 rtt_us = max_t(u32, tp->rtt.srtt_us, USEC_PER_MSEC);
	u32 copied;
	u64 want;

	if (now - tp->rcv.space_ns < (u64)rtt_us * NSEC_PER_USEC)
		return;
	copied = tp->rcv.copied - tp->rcv.space_copied;
	tp->rcv.space_ns = now;
	tp->rcv.space_copied = tp->rcv.copied;
	if (copied <= tp->rcv.space)
		return;

	tp->rcv.space = copied;
	if (!tern_knob(tn, moderate_rcvbuf) ||
	    (sk->sk_userlocks & SOCK_RCVBUF_LOCK) ||
	    sk_under_memory_pressure(sk))
		return;
	want = 2 * (2 * (u64)copied + TERN_INIT_CWND * tp->rcv.mss);
	want = min_t(u64, want, tern_knob_buf(tn, rmem, 2));
	if (want > READ_ONCE(sk->sk_rcvbuf))
		WRITE_ONCE(sk->sk_rcvbuf, (int)want);
}

/**
 * tern_window_update() - SND.WND from a segment (RFC 9293 3.10.7.4 fifth)
 * @sk: socket, locked; SND.UNA is still as before the segment
 * @skb: the segment, acceptable ACK
 *
 * Return: true when the window changed.
 */
bool tern_window_update(struct sock *sk, const struct sk_buff *skb)
{
	struct tern_sock *tp = tern_sk(sk);
	const struct tern_skb_cb *cb = tern_cb(skb);
	u32 wnd = cb->wnd;

	if (!(cb->flags & TERN_FLAG_SYN))
		wnd <<= tp->snd.wscale;
	if (!tern_seq_after(cb->ack, tp->snd.una) &&
	    !tern_seq_after(cb->seq, tp->snd.wl1) &&
	    !(cb->seq == tp->snd.wl1 && (wnd > tp->snd.wnd || !wnd)))
		return false;
	tp->snd.wl1 = cb->seq;
	if (wnd == tp->snd.wnd)
		return false;
	tp->snd.wnd = wnd;
	if (tp->snd.sws_wnd)
		tp->snd.sws_wnd = wnd < tp->snd.mss ?
				  max(wnd, tp->snd.sws_wnd) : 0;
	if (wnd > tp->snd.max_wnd) {
		tp->snd.max_wnd = wnd;
		tern_mtu_sync(sk, tp->pmtu);
	}
	return true;
}
