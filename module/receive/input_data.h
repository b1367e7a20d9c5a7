/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _TERN_INPUT_DATA_H
#define _TERN_INPUT_DATA_H

#include "core/tcb.h"

/* RFC 9293 3.10.7.4 sixth to eighth: text and FIN. Takes the skb when 0. */
enum skb_drop_reason tern_input_data(struct sock *sk, struct sk_buff *skb);

#endif
