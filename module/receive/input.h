/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _TERN_INPUT_H
#define _TERN_INPUT_H

#include "core/tcb.h"

/* Synchronised states and SYN-RECEIVED of a socket. 0: skb is gone. */
enum skb_drop_reason tern_input_rcv(struct sock *sk, struct sk_buff *skb);

#endif
