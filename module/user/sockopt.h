/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _TERN_SOCKOPT_H
#define _TERN_SOCKOPT_H

#include "core/tcb.h"

int tern_sockopt_set(struct sock *sk, int level, int name, sockptr_t val,
		     unsigned int len);
int tern_sockopt_get(struct sock *sk, int level, int name, char __user *val,
		     int __user *len);
int tern_sockopt_ioctl(struct sock *sk, int cmd, int *karg);
struct tern_info;
void tern_sockopt_info(struct sock *sk, struct tern_info *info);

#endif
