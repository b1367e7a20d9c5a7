/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _TERN_OFFLOAD_H
#define _TERN_OFFLOAD_H

/* GSO and GRO of IPv4 (and, later, IPv6): inet_add_offload(). */
int tern_offload_init(void);
void tern_offload_exit(void);

#endif
