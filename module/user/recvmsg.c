// SPDX-License-Identifier: GPL-2.0
/*
 * RECEIVE (RFC 9293 3.10.3): bytes in order to the user, in every mode of
 * waiting, peeking and discarding; splice and read_sock on the same walk.
 */
#include <linux/sched/signal.h>
#include <linux/splice.h>
#include <net/ip.h>
#include <net/inet_common.h>
#include "recvmsg.h"
#include "core/sock.h"
#include "send/ack.h"

/*
 * The segment that holds @seq: @skb, or one behind it; NULL for the first. *@off:
 * where in it. NULL: none yet
 */
static struct sk_buff *find(struct sock *sk, struct sk_buff *skb, u32 seq,
			    u32 *off)
{
	struct sk_buff_head *q = &sk->sk_receive_queue;

	skb = skb ?: q->next;
	skb_queue_walk_from(q, skb) {
		*off = seq - tern_cb(skb)->seq;
		if (*off < skb->len)
			return skb;
		if ((tern_cb(skb)->flags & TERN_FLAG_FIN) && *off == skb->len)
			return skb;
	}
	return NULL;
}

static void eat(struct sock *sk, struct sk_buff *skb)
{
	__skb_unlink(skb, &sk->sk_receive_queue);
	__kfree_skb(skb);
}

/* Free what was read; a segment with the FIN stays, it is the end to find. */
static void eat_read(struct sock *sk)
{
	u32 copied = tern_sk(sk)->rcv.copied;
	struct sk_buff *skb;

	while ((skb = skb_peek(&sk->sk_receive_queue))) {
		if ((tern_cb(skb)->flags & TERN_FLAG_FIN) ||
		    tern_seq_before(copied, tern_cb(skb)->end_seq))
			break;
		eat(sk, skb);
	}
}

/* Nothing to read: why, and is it the end? 1: wait; 0: end; or -errno */
static int why_empty(struct sock *sk, long timeo)
{
	if (sock_flag(sk, SOCK_DONE))
		return 0;
	if (sk->sk_err)
		return sock_error(sk);
	if (sk->sk_shutdown & RCV_SHUTDOWN)
		return 0;
	if (sk->sk_state == TCP_CLOSE)
		return -ENOTCONN;
	if (!timeo)
		return -EAGAIN;
	if (signal_pending(current))
		return sock_intr_errno(timeo);
	return 1;
}

/* After some bytes: is it over? */
static bool stop_after_some(struct sock *sk, long timeo)
{
	return sk->sk_err || sk->sk_state == TCP_CLOSE ||
	       (sk->sk_shutdown & RCV_SHUTDOWN) || !timeo ||
	       signal_pending(current);
}

struct reading {
	u32 base;	/* rcv.copied when it was looked at last */
	u32 peek;	/* MSG_PEEK: how far behind it the reading begins */
	u32 seq;	/* sequence number read next */
	size_t left;	/* bytes wanted still */
	int copied;
	bool fin;
};

/* Take from the queue what is there. 0 or -EFAULT */
static int take(struct sock *sk, struct msghdr *msg, int flags,
		struct reading *r)
{
	struct sk_buff *skb = NULL;
	u32 off;

	while (r->left && (skb = find(sk, skb, r->seq, &off))) {
		size_t n = min_t(size_t, skb->len - off, r->left);

		if (!n) {
			r->fin = true;
			break;
		}
		if (!(flags & MSG_TRUNC) &&
		    skb_copy_datagram_msg(skb, off, msg, n))
			return -EFAULT;
		r->seq += n;
		r->copied += n;
		r->left -= n;
		if (flags & MSG_PEEK)
			continue;
		WRITE_ONCE(tern_sk(sk)->rcv.copied, r->seq);
		sk_peek_offset_bwd(sk, n);
		eat_read(sk);
		skb = NULL;
	}
	return 0;
}

/**
 * tern_recvmsg_inq() - bytes that can be read now (SIOCINQ)
 * @sk: socket, locked
 */
int tern_recvmsg_inq(struct sock *sk)
{
	struct tern_sock *tp = tern_sk(sk);
	int n = tp->rcv.nxt - tp->rcv.copied;

	if ((1 << sk->sk_state) & (TCPF_SYN_SENT | TCPF_SYN_RECV))
		return 0;
	if (n && tp->rcv.fin)
		n--;
	return max(n, 0);
}

/*
 * Sleep, or let the backlog in. Meanwhile the connection may have begun, and
 * another reader may have taken what this one was to have.
 * 0, or -EPIPE when the socket has been disconnected.
 */
static int wait_more(struct sock *sk, long *timeo, int flags,
		     struct reading *r)
{
	const struct tern_sock *tp = tern_sk(sk);
	int err = 0;

	if (READ_ONCE(sk->sk_backlog.tail)) {
		release_sock(sk);
		lock_sock(sk);
	} else {
		err = sk_wait_data(sk, timeo,
				   skb_peek_tail(&sk->sk_receive_queue));
	}
	if (!(flags & MSG_PEEK) || r->base != tp->rcv.copied)
		r->seq = tp->rcv.copied + r->peek;
	r->base = tp->rcv.copied;
	return min(err, 0);
}

static int read_loop(struct sock *sk, struct msghdr *msg, size_t len,
		     int flags, long timeo)
{
	struct tern_sock *tp = tern_sk(sk);
	int target = sock_rcvlowat(sk, flags & MSG_WAITALL, len);
	struct reading r = { .base = tp->rcv.copied, .left = len };
	int told = 0, err;

	if (flags & MSG_PEEK)
		r.peek = max(sk_peek_offset(sk, flags), 0);
	r.seq = r.base + r.peek;

	for (;;) {
		err = take(sk, msg, flags, &r);
		if (err)
			break;
		/* Asked for nothing: still wait until there is something. */
		if (r.fin || (!r.left && (len || tern_recvmsg_inq(sk))))
			break;
		if (r.copied >= target && !READ_ONCE(sk->sk_backlog.tail))
			break;
		if (r.copied) {
			if (stop_after_some(sk, timeo) &&
			    !READ_ONCE(sk->sk_backlog.tail))
				break;
		} else {
			err = why_empty(sk, timeo);
			if (err == -EAGAIN && READ_ONCE(sk->sk_backlog.tail))
				err = 1;
			if (err <= 0)
				break;
			err = 0;
		}
		if (!(flags & MSG_PEEK) && r.copied != told) {
			tern_ack_copied(sk, r.copied - told);
			told = r.copied;
		}
		err = wait_more(sk, &timeo, flags, &r);
		if (err)
			break;
	}
	if (!(flags & MSG_PEEK))
		tern_ack_copied(sk, r.copied - told);
	else
		sk_peek_offset_fwd(sk, r.copied);
	return r.copied ?: err;
}

/* TERN_INQ: the end of the stream is one thing more to read, as with TCP. */
static int inq_hint(const struct sock *sk)
{
	s32 n = tern_sk(sk)->rcv.nxt - tern_sk(sk)->rcv.copied;

	return max(n, 0) ?: sock_flag(sk, SOCK_DONE);
}

/**
 * tern_recvmsg() - RECEIVE (RFC 9293 3.10.3)
 * @sk: socket, not locked; proto.recvmsg
 * @msg: where to
 * @len: bytes at most
 * @flags: MSG_*; MSG_OOB is not supported (RFC 6093)
 * @addr_len: length of msg_name, only for MSG_ERRQUEUE
 *
 * Return: bytes, 0 at the end of the stream, or -errno as TCP gives.
 */
int tern_recvmsg(struct sock *sk, struct msghdr *msg, size_t len, int flags,
		 int *addr_len)
{
	int inq_level, inq = 0, ret;

	if (flags & MSG_ERRQUEUE)
		return tern_compat_recv_error(sk, msg, len, addr_len);
	if (flags & MSG_OOB)
		return -EOPNOTSUPP;
	lock_sock(sk);
	if (sk->sk_state == TCP_LISTEN)
		ret = -ENOTCONN;
	else
		ret = read_loop(sk, msg, len, flags,
				sock_rcvtimeo(sk, flags & MSG_DONTWAIT));
	inq_level = tern_sk(sk)->conf.inq_level;
	if (inq_level)
		inq = inq_hint(sk);
	release_sock(sk);
	if (ret >= 0 && inq_level)
		put_cmsg(msg, inq_level, TERN_CM_INQ, sizeof(inq), &inq);
	return ret;
}

/**
 * tern_recvmsg_read_sock() - feed what can be read to an actor
 * @sk: socket, locked
 * @desc: the actor's state
 * @recv_actor: takes bytes of a segment; how many, or -errno
 *
 * Return: bytes taken, or -errno.
 */
int tern_recvmsg_read_sock(struct sock *sk, read_descriptor_t *desc,
			   sk_read_actor_t recv_actor)
{
	struct tern_sock *tp = tern_sk(sk);
	u32 seq = tp->rcv.copied, off;
	struct sk_buff *skb;
	int copied = 0, n;

	if (sk->sk_state == TCP_LISTEN)
		return -ENOTCONN;
	while ((skb = find(sk, NULL, seq, &off)) && off < skb->len) {
		n = recv_actor(desc, skb, off, skb->len - off);
		if (n <= 0) {
			copied = copied ?: n;
			break;
		}
		seq += n;
		copied += n;
		WRITE_ONCE(tp->rcv.copied, seq);
		eat_read(sk);
		if (!desc->count)
			break;
	}
	if (copied > 0)
		tern_ack_copied(sk, copied);
	return copied;
}

struct splice_to {
	struct sock *sk;
	struct pipe_inode_info *pipe;
	size_t len;
	unsigned int flags;
};

static int to_pipe(read_descriptor_t *desc, struct sk_buff *skb,
		   unsigned int offset, size_t len)
{
	struct splice_to *to = desc->arg.data;
	int n = skb_splice_bits(skb, to->sk, offset, to->pipe,
				min(desc->count, len), to->flags);

	if (n > 0)
		desc->count -= n;
	return n;
}

/**
 * tern_recvmsg_splice() - splice(2) from a connection
 * @sock: socket; proto_ops.splice_read
 * @ppos: must not be used
 * @pipe: where to
 * @len: bytes at most
 * @flags: SPLICE_F_*
 *
 * Return: bytes, 0 at the end, or -errno.
 */
ssize_t tern_recvmsg_splice(struct socket *sock, loff_t *ppos,
			    struct pipe_inode_info *pipe, size_t len,
			    unsigned int flags)
{
	struct sock *sk = sock->sk;
	struct splice_to to = { sk, pipe, len, flags };
	read_descriptor_t desc = { .arg.data = &to, .count = len };
	ssize_t ret;
	long timeo;

	lock_sock(sk);
	/* SPLICE_F_NONBLOCK is about the pipe, as it is with TCP. */
	timeo = sock_rcvtimeo(sk, sock->file->f_flags & O_NONBLOCK);
	for (;;) {
		ret = tern_recvmsg_read_sock(sk, &desc, to_pipe);
		if (ret)
			break;
		ret = why_empty(sk, timeo);
		if (ret <= 0)
			break;
		/* There is data, but no page for it. */
		ret = -ENOMEM;
		if (!skb_queue_empty(&sk->sk_receive_queue))
			break;
		ret = sk_wait_data(sk, &timeo, NULL);
		if (ret < 0)
			break;
	}
	release_sock(sk);
	return ret;
}
