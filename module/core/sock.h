/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _TERN_SOCK_H
#define _TERN_SOCK_H

#include "tcb.h"

/* Longest delay of an ACK here, microseconds; what MAD tells */
u32 tern_sock_delack_us(const struct sock *sk);
int tern_sock_init(struct sock *sk);
void tern_sock_reset_tcb(struct sock *sk);
void tern_sock_name6(struct sock *sk);	/* AF_INET6: addresses of the tuple */
void tern_sock_unname(struct sock *sk);
void tern_sock_destruct(struct sock *sk);
struct sock *tern_sock_child(struct sock *listener, const struct tern_tuple *t,
			     const struct tern_syn *syn);
void tern_sock_establish(struct sock *sk, const char *event);
void tern_sock_done(struct sock *sk, const char *event);
void tern_sock_abort(struct sock *sk, int err, const char *event);
bool tern_sock_short_of_memory(const struct sock *sk);
/* For what must be taken although memory is short; counted as other memory is */
void tern_sock_force_memory(struct sock *sk, int size);
void tern_sock_timeout(struct sock *sk, const char *event);
void tern_sock_heard(struct sock *sk);
void tern_sock_grow_sndbuf(struct sock *sk);
void tern_sock_write_space(struct sock *sk);
void tern_sock_free_tx_skb(struct sock *sk, struct sk_buff *skb);
void tern_sock_purge(struct sock *sk);
void tern_sock_net_exit(struct tern_net *tn);
/* Sockets alive; module exit waits for none. */
void tern_sock_wait_gone(void);

#endif
