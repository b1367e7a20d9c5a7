/* SPDX-License-Identifier: GPL-2.0 */
/* rtnetlink in the namespace that the thread is in; -1 with errno */
#ifndef TERN_FUZZ_RTNL_H
#define TERN_FUZZ_RTNL_H

#include <stdbool.h>

int rtnl_up(const char *dev, bool up);
int rtnl_addr(const char *dev, int af, const char *addr, int prefix);
int rtnl_veth(const char *dev, int peer_ns);

#endif
