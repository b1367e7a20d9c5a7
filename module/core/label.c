// SPDX-License-Identifier: GPL-2.0
/*
 * Security labels where there is no socket to carry them: of a SYN, of what
 * answers it, and on their way to the child. Security modules know a TCP
 * request for that; they are shown one.
 */
#include <linux/ip.h>
#include <linux/security.h>
#include <net/inet_sock.h>
#include <net/ipv6.h>
#include <net/request_sock.h>
#include <net/sctp/structs.h>
#include <net/tcp_states.h>
#include "label.h"

static const struct request_sock_ops request4 = { .family = AF_INET };
static const struct request_sock_ops request6 = { .family = AF_INET6 };

/* As TCP fills one before it asks; it lives on the stack, and counts nothing. */
static void fill(struct inet_request_sock *ireq, struct sock *listener,
		 const struct tern_tuple *t, const struct tern_syn *syn)
{
	struct request_sock *req = &ireq->req;

	memset(ireq, 0, sizeof(*ireq));
	req_to_sk(req)->sk_prot = listener->sk_prot;
	req->rsk_listener = listener;
	req->mss = syn->opts.mss;
	req->ts_recent = syn->ts_recent;
	write_pnet(&ireq->ireq_net, sock_net(listener));
	ireq->ireq_state = TCP_NEW_SYN_RECV;
	ireq->ir_iif = syn->bound_dev_if;
	ireq->ir_mark = syn->mark;
	ireq->ir_num = ntohs(t->lport);
	ireq->ir_rmt_port = t->rport;
	if (tern_tuple_v4(t)) {
		req->rsk_ops = &request4;
		ireq->ireq_family = AF_INET;
		ireq->ir_loc_addr = t->laddr.s6_addr32[3];
		ireq->ir_rmt_addr = t->raddr.s6_addr32[3];
		return;
	}
	req->rsk_ops = &request6;
	ireq->ireq_family = AF_INET6;
#if IS_ENABLED(CONFIG_IPV6)
	ireq->ir_v6_loc_addr = t->laddr;
	ireq->ir_v6_rmt_addr = t->raddr;
#endif
}

/*
 * The option of IPv6 (CALIPSO) is put into no answer: better no
 * connection than one that leaves unlabelled.
 */
static int refuse_calipso(struct inet_request_sock *ireq, struct sock *listener)
{
#if IS_ENABLED(CONFIG_IPV6)
	if (!ireq->ipv6_opt)
		return 0;
	atomic_sub(ireq->ipv6_opt->tot_len, &listener->sk_omem_alloc);
	txopt_put(ireq->ipv6_opt);
	return -EOPNOTSUPP;
#else
	return 0;
#endif
}

/**
 * tern_label_ask() - may this SYN, or ACK of a SYN cookie, open a connection?
 * @syn: what it said; its label is filled, tern_label_free() it
 * @listener: socket in LISTEN
 * @skb: the segment
 * @t: 4-tuple as seen from here
 *
 * Context: softirq. Return: 0, or -errno: it may not.
 */
int tern_label_ask(struct tern_syn *syn, struct sock *listener,
		   struct sk_buff *skb, const struct tern_tuple *t)
{
	struct inet_request_sock ireq;
	int err;

	fill(&ireq, listener, t, syn);
	err = security_inet_conn_request(listener, skb, &ireq.req);
	syn->label.secid = ireq.req.secid;
	syn->label.peer_secid = ireq.req.peer_secid;
	if (tern_tuple_v4(t))
		syn->label.opt = rcu_dereference_protected(ireq.ireq_opt, true);
	else
		err = refuse_calipso(&ireq, listener) ?: err;
	if (err)
		tern_label_free(&syn->label);
	return err;
}

/**
 * tern_label_free() - done with a label
 * @label: of a SYN; none from now on
 */
void tern_label_free(struct tern_label *label)
{
	kfree(label->opt);
	label->opt = NULL;
}

/**
 * tern_label_dup() - the option that each packet of a child is to carry
 * @label: of its SYN
 * @opt: for inet_opt, NULL without one
 *
 * Context: any. Return: 0 or -ENOMEM.
 */
int tern_label_dup(const struct tern_label *label, struct ip_options_rcu **opt)
{
	const struct ip_options_rcu *from = label->opt;

	*opt = NULL;
	if (!from)
		return 0;
	*opt = kmemdup(from, sizeof(*from) + from->opt.optlen,
		       GFP_ATOMIC | __GFP_NOWARN);
	return *opt ? 0 : -ENOMEM;
}

static u32 secid_of(const struct sock *sk)
{
	struct flowi_common fl = {};

	security_sk_classify_flow((struct sock *)sk, &fl);
	return fl.flowic_secid;
}

/**
 * tern_label_child() - give a child what the module decided at the SYN
 * @child: a copy of @listener, its label too; locked
 * @listener: its listener
 * @label: of its SYN
 *
 * The hook of TCP's requests isn't exported. SELinux, the only module that
 * sets a secid, does the same at SCTP's, and reads of an association no more
 * than the two numbers.
 * Context: softirq. Return: false when the child is another than the module
 * decided.
 */
bool tern_label_child(struct sock *child, struct sock *listener,
		      const struct tern_label *label)
{
	struct sctp_association *asoc;

	if (!label->secid)
		return true;
	if (!label->opt && !label->peer_secid && secid_of(child) == label->secid)
		return true;
	asoc = kzalloc(sizeof(*asoc), GFP_ATOMIC | __GFP_NOWARN);
	if (!asoc)
		return false;
	asoc->secid = label->secid;
	asoc->peer_secid = label->peer_secid;
	security_sctp_sk_clone(asoc, listener, child);
	kfree(asoc);
	return secid_of(child) == label->secid;
}

static void put(struct sk_buff *skb, const u8 *opt, unsigned int len)
{
	unsigned int padded = ALIGN(len, 4);
	u8 *to = skb_push(skb, padded);

	memcpy(to, opt, len);
	memset(to + len, IPOPT_END, padded - len);
}

/**
 * tern_label_put() - label what answers a SYN
 * @skb: segment, its header at data
 * @label: of the SYN
 */
void tern_label_put(struct sk_buff *skb, const struct tern_label *label)
{
	if (label->opt)
		put(skb, label->opt->opt.__data, label->opt->opt.optlen);
}

/* The option of a received packet's header (CIPSO), which IP has checked */
static const u8 *cipso(const struct iphdr *iph)
{
	const u8 *end = (const u8 *)iph + iph->ihl * 4;
	const u8 *opt = (const u8 *)(iph + 1);
	unsigned int len;

	for (; end - opt >= 2 && *opt != IPOPT_END; opt += len) {
		len = *opt == IPOPT_NOOP ? 1 : opt[1];
		if (!len || len > end - opt)
			break;
		if (*opt == IPOPT_CIPSO)
			return opt;
	}
	return NULL;
}

/**
 * tern_label_echo() - label an answer that is no connection's as its cause is
 * @skb: segment, its header at data
 * @to: the segment that it answers, of the same family
 */
void tern_label_echo(struct sk_buff *skb, const struct sk_buff *to)
{
	const struct iphdr *iph = ip_hdr(to);
	const u8 *opt;

	if (iph->version != 4)
		return;
	opt = cipso(iph);
	if (opt)
		put(skb, opt, opt[1]);
}

/**
 * tern_label_secid() - the label that IPsec gave a segment
 * @skb: received segment
 *
 * Return: 0 without one.
 */
u32 tern_label_secid(const struct sk_buff *skb)
{
	struct flowi_common fl = {};

	security_skb_classify_flow((struct sk_buff *)skb, &fl);
	return fl.flowic_secid;
}
