/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _TERN_INPUT_ACK_H
#define _TERN_INPUT_ACK_H

#include "core/tcb.h"

/* RFC 9293 3.10.7.4 fifth: the ACK field. */
enum skb_drop_reason tern_input_ack(struct sock *sk, struct sk_buff *skb,
				    const struct tern_opts *o);

#endif
