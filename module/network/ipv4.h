/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _TERN_IPV4_H
#define _TERN_IPV4_H

#include "core/tcb.h"

extern u8 tern_ipproto;		/* protocol number; module parameter */

int tern_ipv4_pre_connect(struct sock *sk, struct sockaddr_in *addr, int len);
int tern_ipv4_connect(struct sock *sk, struct sockaddr_in *addr, int len);
int tern_ipv4_init(void);	/* net_protocol */
void tern_ipv4_exit(void);
int tern_ipv4_net_init(struct tern_net *tn);	/* control socket */
void tern_ipv4_net_exit(struct tern_net *tn);

#endif
