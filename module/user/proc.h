/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _TERN_PROC_H
#define _TERN_PROC_H

#include "core/tcb.h"

int tern_proc_net_init(struct tern_net *tn);
void tern_proc_net_exit(struct tern_net *tn);

#endif
