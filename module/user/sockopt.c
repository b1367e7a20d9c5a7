// SPDX-License-Identifier: GPL-2.0
/*
 * Options of a connection at SOL_TERN and, with the same numbers, at
 * IPPROTO_TCP; ioctls; struct tern_info (STATUS, RFC 9293 3.10.6).
 */
#include <linux/sockios.h>
#include <asm/ioctls.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/tcp.h>
#include "sockopt.h"
#include "core/timer.h"
#include "core/sock.h"
#include "send/mtu.h"
#include "send/ack.h"
#include "send/output.h"
#include "send/retransmit.h"
#include "send/keepalive.h"
#include "recvmsg.h"
#include "timeropt.h"

#define CONG_NAME_MAX		16

static bool ours(int level)
{
	return level == SOL_TERN || level == SOL_TCP;
}

static bool live(const struct sock *sk)
{
	return !((1 << sk->sk_state) & (TCPF_CLOSE | TCPF_LISTEN));
}

static bool within(int val, int lo, int hi)
{
	return val >= lo && val <= hi;
}

static int set_linger2(struct tern_conf *c, int val)
{
	if (val < 0)
		c->linger2_ms = -1;
	else
		c->linger2_ms = min_t(int, val, TERN_FIN_TIMEOUT_MAX_S) *
				MSEC_PER_SEC;
	return 0;
}

/* The sending side's switches push what they held back. */
static int set_pushing(struct sock *sk, int name, int val)
{
	struct tern_conf *c = &tern_sk(sk)->conf;

	bool cork;

	if (name == TERN_NODELAY)
		c->nodelay = !!val;
	else
		c->cork = !!val;
	if (!live(sk) || (name == TERN_NODELAY ? !val : val))
		return 0;
	/* TERN_NODELAY flushes under cork as well, tcp(7). */
	cork = c->cork;
	c->cork = 0;
	tern_output_push(sk, true);
	c->cork = cork;
	return 0;
}

static int set_int(struct sock *sk, int level, int name, int val)
{
	struct tern_conf *c = &tern_sk(sk)->conf;

	switch (name) {
	case TERN_NODELAY:
	case TERN_CORK:
		return set_pushing(sk, name, val);
	case TERN_MAXSEG:
		if (val && !within(val, TERN_MSS_MIN, S16_MAX))
			return -EINVAL;
		c->user_mss = val;
		return 0;
	case TERN_LINGER2:
		return set_linger2(c, val);
	case TERN_DEFER_ACCEPT:
		c->defer_accept_s = max(val, 0);
		return 0;
	case TERN_WINDOW_CLAMP:
		if (!val && sk->sk_state != TCP_CLOSE)
			return -EINVAL;
		c->window_clamp = val ? max_t(int, val, SOCK_MIN_RCVBUF / 2) :
				  0;
		return 0;
	case TERN_QUICKACK:
		if (val)
			tern_ack_enter_quick(sk);
		else
			tern_sk(sk)->ack.pingpong = true;
		if (val && tern_sk(sk)->ack.pending && live(sk)) {
			tern_ack_soon(sk);
			tern_ack_flush(sk);
		}
		return 0;
	case TERN_NOTSENT_LOWAT:
		c->notsent_lowat = val;
		sk->sk_write_space(sk);
		return 0;
	case TERN_INQ:
		if (!within(val, 0, 1))
			return -EINVAL;
		c->inq_level = val ? level : 0;
		return 0;
	case TCP_FASTOPEN:
	case TCP_FASTOPEN_CONNECT:
	case TCP_FASTOPEN_KEY:
	case TCP_FASTOPEN_NO_COOKIE:
		return -EOPNOTSUPP;
	default:
		return tern_timeropt_set(sk, name, val);
	}
}

static int set_congestion(struct sock *sk, sockptr_t val, unsigned int len)
{
	const struct tern_cong_ops *ops;
	char name[CONG_NAME_MAX];
	long n;

	if (len < 1)
		return -EINVAL;
	n = strncpy_from_sockptr(name, val,
				 min_t(long, CONG_NAME_MAX - 1, len));
	if (n < 0)
		return -EFAULT;
	name[n] = 0;
	ops = tern_cong_find(name);
	if (!ops)
		return -ENOENT;
	lock_sock(sk);
	if (ops != tern_sk(sk)->cong.ops) {
		tern_sk(sk)->cong.ops = ops;
		if (ops->init)
			ops->init(&tern_sk(sk)->cong);
	}
	release_sock(sk);
	return 0;
}

/* What is the network layer's */
static int set_ip(struct sock *sk, int level, int name, sockptr_t val,
		  unsigned int len)
{
	int err;

#if IS_ENABLED(CONFIG_IPV6)
	if (sk->sk_family == AF_INET6)
		err = ipv6_setsockopt(sk, level, name, val, len);
	else
#endif
		err = ip_setsockopt(sk, level, name, val, len);
	if (err)
		return err;
	/* Its headers may have become longer. */
	lock_sock(sk);
	if (live(sk))
		tern_mtu_sync(sk, tern_sk(sk)->pmtu);
	release_sock(sk);
	return 0;
}

static int get_ip(struct sock *sk, int level, int name, char __user *val,
		  int __user *optlen)
{
#if IS_ENABLED(CONFIG_IPV6)
	if (sk->sk_family == AF_INET6)
		return ipv6_getsockopt(sk, level, name, val, optlen);
#endif
	return ip_getsockopt(sk, level, name, val, optlen);
}

/**
 * tern_sockopt_set() - setsockopt(2)
 * @sk: socket, not locked; proto.setsockopt
 * @level: SOL_TERN, IPPROTO_TCP, or the network layer's
 * @name: TERN_*
 * @val: value
 * @len: its bytes
 *
 * Return: 0 or -errno as TCP gives; -ENOPROTOOPT for what Tern lacks.
 */
int tern_sockopt_set(struct sock *sk, int level, int name, sockptr_t val,
		     unsigned int len)
{
	int v, err;

	if (!ours(level))
		return set_ip(sk, level, name, val, len);
	if (name == TERN_CONGESTION)
		return set_congestion(sk, val, len);
	/* Of any length: a name */
	if (name == TCP_ULP)
		return -EOPNOTSUPP;
	if (len < sizeof(v))
		return -EINVAL;
	if (copy_from_sockptr(&v, val, sizeof(v)))
		return -EFAULT;
	lock_sock(sk);
	err = set_int(sk, level, name, v);
	release_sock(sk);
	return err;
}

static int get_keepalive(const struct sock *sk, int name)
{
	u64 ns = name == TERN_KEEPIDLE || name == TERN_KEEPIDLE_US ?
		 tern_keepalive_idle_ns(sk) : tern_keepalive_intvl_ns(sk);

	if (name == TERN_KEEPIDLE || name == TERN_KEEPINTVL)
		return div_u64(ns, NSEC_PER_SEC);
	return min_t(u64, div_u64(ns, NSEC_PER_USEC), INT_MAX);
}

/* 0 and *@val, or -ENOPROTOOPT */
static int get_int(const struct sock *sk, int name, int *val)
{
	const struct tern_sock *tp = tern_sk(sk);
	const struct tern_conf *c = &tp->conf;
	struct tern_net *tn = tern_sk_net(sk);

	switch (name) {
	case TERN_NODELAY:
		*val = c->nodelay;
		break;
	case TERN_CORK:
		*val = c->cork;
		break;
	case TERN_MAXSEG:
		*val = tp->snd.mss;
		if (!live(sk) && c->user_mss)
			*val = c->user_mss;
		break;
	case TERN_KEEPIDLE:
	case TERN_KEEPINTVL:
	case TERN_KEEPIDLE_US:
	case TERN_KEEPINTVL_US:
		*val = get_keepalive(sk, name);
		break;
	case TERN_KEEPCNT:
		*val = c->keepcnt ?: tern_knob(tn, keepalive_probes);
		break;
	case TERN_SYNCNT:
		*val = c->syncnt ?: tern_knob(tn, syn_retries);
		break;
	case TERN_LINGER2:
		*val = c->linger2_ms;
		if (*val >= 0)
			*val = (*val ?: tern_knob(tn, fin_timeout_ms)) /
			       (int)MSEC_PER_SEC;
		break;
	case TERN_DEFER_ACCEPT:
		*val = c->defer_accept_s;
		break;
	case TERN_WINDOW_CLAMP:
		*val = c->window_clamp;
		break;
	case TERN_QUICKACK:
		*val = !tp->ack.pingpong;
		break;
	case TERN_USER_TIMEOUT:
		*val = c->user_timeout_ms;
		break;
	case TERN_NOTSENT_LOWAT:
		*val = c->notsent_lowat;
		break;
	case TERN_INQ:
		*val = !!c->inq_level;
		break;
	case TERN_RTO_MIN_US:
		*val = tern_conf_or_knob(sk, rto_min_us);
		break;
	case TERN_RTO_MAX_US:
		*val = tern_conf_or_knob(sk, rto_max_us);
		break;
	case TERN_RTO_INIT_US:
		*val = tern_conf_or_knob(sk, rto_init_us);
		break;
	case TERN_DELACK_MAX_US:
		*val = tern_sock_delack_us(sk);
		break;
	case TERN_MSL_MS:
		*val = tern_conf_or_knob(sk, msl_ms);
		break;
	case TCP_IS_MPTCP:
		*val = 0;
		break;
	default:
		return -ENOPROTOOPT;
	}
	return 0;
}

static u8 timer_kind(enum tern_timer_id id)
{
	static const u8 kind[TERN_TIMER_NR] = {
		[TERN_TIMER_RETRANS]	= TERN_TIMER_KIND_RETRANS,
		[TERN_TIMER_PROBE]	= TERN_TIMER_KIND_PROBE,
		[TERN_TIMER_REORDER]	= TERN_TIMER_KIND_REORDER,
		[TERN_TIMER_PERSIST]	= TERN_TIMER_KIND_PERSIST,
		[TERN_TIMER_DELACK]	= TERN_TIMER_KIND_DELACK,
		[TERN_TIMER_KEEPALIVE]	= TERN_TIMER_KIND_KEEPALIVE,
		[TERN_TIMER_FINWAIT2]	= TERN_TIMER_KIND_FINWAIT2,
	};

	return id < TERN_TIMER_NR ? kind[id] : TERN_TIMER_KIND_NONE;
}

static u32 ms_since(const struct tern_sock *tp, u64 ns)
{
	return ns ? div_u64(tp->now_ns - ns, NSEC_PER_MSEC) : 0;
}

/* In the words of TCP's congestion states */
static u8 ca_state(const struct tern_sock *tp)
{
	switch (tp->rec.phase) {
	case TERN_RECOVERY:
		return TCP_CA_Recovery;
	case TERN_LOSS:
		return TCP_CA_Loss;
	default:
		return tp->snd.sacked_out ? TCP_CA_Disorder : TCP_CA_Open;
	}
}

static void info_conn(struct sock *sk, struct tern_info *ti)
{
	struct tern_sock *tp = tern_sk(sk);

	ti->ti_ca_state = ca_state(tp);
	ti->ti_retransmits = tp->retries;
	ti->ti_probes = tp->probes;
	ti->ti_backoff = tp->rtt.backoff;
	ti->ti_snd_wscale = tp->snd.wscale;
	ti->ti_rcv_wscale = tp->rcv.wscale;
	if (tp->ts.ok)
		ti->ti_options |= TCPI_OPT_TIMESTAMPS;
	if (tp->sack_ok)
		ti->ti_options |= TCPI_OPT_SACK;
	if (tp->wscale_ok)
		ti->ti_options |= TCPI_OPT_WSCALE;
	ti->ti_rto = tern_retransmit_rto_us(sk);
	ti->ti_ato = tern_sock_delack_us(sk);
	ti->ti_snd_mss = tp->snd.mss;
	ti->ti_rcv_mss = tp->rcv.mss;
	ti->ti_unacked = tp->snd.packets_out;
	ti->ti_sacked = tp->snd.sacked_out;
	ti->ti_lost = tp->snd.lost_out;
	ti->ti_retrans = tp->snd.retrans_out;
	ti->ti_last_data_sent = ms_since(tp, tp->snd.lsnd_ns);
	ti->ti_last_data_recv = ms_since(tp, tp->rcv.last_ns);
	ti->ti_last_ack_recv = ms_since(tp, tp->rcv.heard_ns);
	ti->ti_pmtu = tp->pmtu;
	ti->ti_rcv_ssthresh = tp->rcv.wnd;
	ti->ti_rtt = tp->rtt.srtt_us;
	ti->ti_rttvar = tp->rtt.rttvar_us;
	ti->ti_min_rtt = tp->rtt.min_us;
	ti->ti_snd_ssthresh = tp->cong.ssthresh;
	ti->ti_snd_cwnd = tp->cong.cwnd;
	ti->ti_advmss = tern_mtu_advertise(sk, __sk_dst_get(sk));
	ti->ti_reordering = TERN_FASTRETRANS_ACKS;
	ti->ti_rcv_space = tp->rcv.space;
	ti->ti_total_retrans = tp->snd.total_retrans;
	ti->ti_bytes_acked = tp->snd.bytes_acked;
	ti->ti_bytes_received = tp->rcv.bytes;
	ti->ti_notsent_bytes = max_t(s32, 0, tp->snd.write_seq - tp->snd.nxt);
	ti->ti_delivered = tp->snd.delivered;
	ti->ti_segs_out = tp->snd.segs;
	ti->ti_data_segs_out = tp->snd.data_segs;
	ti->ti_segs_in = tp->rcv.segs;
	ti->ti_rcv_ooopack = tp->rcv.ooo;
	ti->ti_data_segs_in = tp->rcv.data_segs;
	ti->ti_bytes_sent = tp->snd.bytes;
	ti->ti_snd_wnd = tp->snd.wnd;
	ti->ti_rcv_wnd = tern_rcv_window(tp);
	ti->ti_snd_una = tp->snd.una;
	ti->ti_snd_nxt = tp->snd.nxt;
	ti->ti_rcv_nxt = tp->rcv.nxt;
}

/**
 * tern_sockopt_info() - TERN_INFO
 * @sk: socket, locked
 * @ti: filled in; fields that Tern has nothing for are 0
 */
void tern_sockopt_info(struct sock *sk, struct tern_info *ti)
{
	struct tern_sock *tp = tern_sk(sk);
	enum tern_timer_id id = tern_timer_next(sk);
	u64 now = tern_clock(tp);

	memset(ti, 0, sizeof(*ti));
	ti->ti_state = sk->sk_state;
	if (sk->sk_state == TCP_LISTEN) {
		ti->ti_unacked = READ_ONCE(sk->sk_ack_backlog);
		ti->ti_sacked = READ_ONCE(sk->sk_max_ack_backlog);
		ti->ti_accept_queue = ti->ti_unacked;
		ti->ti_accept_max = ti->ti_sacked;
		ti->ti_syn_queue = READ_ONCE(tp->listen.syn_len);
	} else {
		info_conn(sk, ti);
	}
	ti->ti_peer_mad_us = tp->peer_mad_us;
	ti->ti_delack_max_us = tern_sock_delack_us(sk);
	ti->ti_msl_ms = tern_conf_or_knob(sk, msl_ms);
	ti->ti_timer = timer_kind(id);
	if (id < TERN_TIMER_NR && tp->timers.due[id] > now)
		ti->ti_timer_left_us = div_u64(tp->timers.due[id] - now,
					       NSEC_PER_USEC);
}

static int put(char __user *val, int __user *optlen, const void *from,
	       int have, int len)
{
	len = min(len, have);
	if (put_user(len, optlen) || copy_to_user(val, from, len))
		return -EFAULT;
	return 0;
}

/**
 * tern_sockopt_get() - getsockopt(2)
 * @sk: socket, not locked; proto.getsockopt
 * @level: SOL_TERN, IPPROTO_TCP, or the network layer's
 * @name: TERN_*
 * @val: where to
 * @optlen: room there; bytes written
 *
 * Return: 0 or -errno as TCP gives.
 */
int tern_sockopt_get(struct sock *sk, int level, int name, char __user *val,
		     int __user *optlen)
{
	struct tern_info info;
	char cong[CONG_NAME_MAX] = "";
	int len, v = 0, err;

	if (!ours(level))
		return get_ip(sk, level, name, val, optlen);
	if (get_user(len, optlen))
		return -EFAULT;
	if (len < 0)
		return -EINVAL;
	lock_sock(sk);
	err = 0;
	if (name == TERN_INFO)
		tern_sockopt_info(sk, &info);
	else if (name == TERN_CONGESTION)
		strscpy(cong, tern_sk(sk)->cong.ops->name, sizeof(cong));
	else
		err = get_int(sk, name, &v);
	release_sock(sk);
	if (err)
		return err;
	/* Newer struct tcp_info goes on where Tern's own fields begin. */
	if (name == TERN_INFO)
		return put(val, optlen, &info, level == SOL_TERN ? sizeof(info) :
			   offsetof(struct tern_info, ti_peer_mad_us), len);
	if (name == TERN_CONGESTION)
		return put(val, optlen, cong, sizeof(cong), len);
	return put(val, optlen, &v, sizeof(v), len);
}

/**
 * tern_sockopt_ioctl() - SIOCINQ, SIOCOUTQ, SIOCOUTQNSD, SIOCATMARK
 * @sk: socket, not locked; proto.ioctl
 * @cmd: which
 * @karg: answer
 *
 * Return: 0, -EINVAL on a listener, -ENOIOCTLCMD.
 */
int tern_sockopt_ioctl(struct sock *sk, int cmd, int *karg)
{
	struct tern_sock *tp = tern_sk(sk);
	int err = 0;

	lock_sock(sk);
	if (sk->sk_state == TCP_LISTEN) {
		*karg = 0;
		if (cmd == SIOCINQ || cmd == SIOCOUTQ || cmd == SIOCOUTQNSD)
			err = -EINVAL;
		else if (cmd != SIOCATMARK)
			err = -ENOIOCTLCMD;
		goto out;
	}
	switch (cmd) {
	case SIOCINQ:
		*karg = tern_recvmsg_inq(sk);
		break;
	case SIOCOUTQ:
	case SIOCOUTQNSD:
		*karg = 0;
		if (!((1 << sk->sk_state) & (TCPF_SYN_SENT | TCPF_SYN_RECV)))
			*karg = tp->snd.write_seq - (cmd == SIOCOUTQ ?
						     tp->snd.una :
						     tp->snd.nxt);
		break;
	case SIOCATMARK:
		*karg = 0;
		break;
	default:
		err = -ENOIOCTLCMD;
	}
out:
	release_sock(sk);
	return err;
}
