/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _TERN_SOCKET_H
#define _TERN_SOCKET_H

#include "core/tcb.h"

extern struct proto tern_prot;

int tern_socket_init(void);
void tern_socket_close(void);
void tern_socket_exit(void);

#endif
