/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _TERN_SENDMSG_H
#define _TERN_SENDMSG_H

#include "core/tcb.h"

int tern_sendmsg(struct sock *sk, struct msghdr *msg, size_t len);

#endif
