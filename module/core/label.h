/* SPDX-License-Identifier: GPL-2.0 */
/* Security labels where there is no socket to carry them */
#ifndef _TERN_LABEL_H
#define _TERN_LABEL_H

#include "mini.h"

struct sk_buff;

/* What security modules say to a SYN, or to the ACK of a SYN cookie: 0 or -errno */
int tern_label_ask(struct tern_syn *syn, struct sock *listener,
		   struct sk_buff *skb, const struct tern_tuple *t);
void tern_label_free(struct tern_label *label);

/* Of a child: before it is one, and when it is */
int tern_label_dup(const struct tern_label *label, struct ip_options_rcu **opt);
bool tern_label_child(struct sock *child, struct sock *listener,
		      const struct tern_label *label);

/* On a segment whose header is built: it goes between that and IP's. */
void tern_label_put(struct sk_buff *skb, const struct tern_label *label);
void tern_label_echo(struct sk_buff *skb, const struct sk_buff *to);
u32 tern_label_secid(const struct sk_buff *skb);	/* 0: none */

#endif
