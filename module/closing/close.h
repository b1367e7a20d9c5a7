/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _TERN_CLOSE_H
#define _TERN_CLOSE_H

#include "core/tcb.h"

void tern_close(struct sock *sk, long timeout);		/* proto.close */
void tern_close_shutdown(struct sock *sk, int how);	/* proto.shutdown */
int tern_close_disconnect(struct sock *sk, int flags);	/* proto.disconnect */
void tern_close_abort(struct sock *sk, int err, const char *event);
void tern_close_fin_rcvd(struct sock *sk);
void tern_close_fin_acked(struct sock *sk);
void tern_close_fw2_expire(struct sock *sk);

#endif
