/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _TERN_IPV6_H
#define _TERN_IPV6_H

#include "core/tcb.h"

#if IS_ENABLED(CONFIG_IPV6)
int tern_ipv6_pre_connect(struct sock *sk, struct sockaddr_in *addr, int len);
int tern_ipv6_connect(struct sock *sk, struct sockaddr_in *addr, int len);
int tern_ipv6_init(void);	/* inet6_protocol */
void tern_ipv6_exit(void);
int tern_ipv6_net_init(struct tern_net *tn);	/* control socket */
void tern_ipv6_net_exit(struct tern_net *tn);
#else
static inline int tern_ipv6_init(void) { return 0; }
static inline void tern_ipv6_exit(void) { }
static inline int tern_ipv6_net_init(struct tern_net *tn) { return 0; }
static inline void tern_ipv6_net_exit(struct tern_net *tn) { }
#endif

#endif
