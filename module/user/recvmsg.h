/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _TERN_RECVMSG_H
#define _TERN_RECVMSG_H

#include "core/tcb.h"

/* The form newest kernels want; compat gives older ones an adaptor. */
int tern_recvmsg(struct sock *sk, struct msghdr *msg, size_t len, int flags,
		 int *addr_len);
int tern_recvmsg_inq(struct sock *sk);
ssize_t tern_recvmsg_splice(struct socket *sock, loff_t *ppos,
			    struct pipe_inode_info *pipe, size_t len,
			    unsigned int flags);
int tern_recvmsg_read_sock(struct sock *sk, read_descriptor_t *desc,
			   sk_read_actor_t recv_actor);

#endif
