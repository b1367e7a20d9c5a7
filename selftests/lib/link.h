/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Interfaces, addresses, neighbours and routes of the namespace that the
 * thread is in. All return 0, or -1 with errno.
 */
#ifndef TERN_LINK_H
#define TERN_LINK_H

#include <stdint.h>

struct link_addr {
	int family;
	uint8_t bytes[16];
};

/* Of one name at both ends, of which the second goes to namespace @peer_ns */
int link_veth(const char *name, const uint8_t mac[2][6], int peer_ns);
int link_up(const char *name);
/* IFLA_MTU, IFLA_GSO_MAX_SIZE, ... */
int link_size(const char *name, int which, uint32_t size);
/* Until it sends, which one whose peer is up later does not do at once */
int link_wait(const char *name);
int link_address(const char *name, const struct link_addr *a, int prefix);
int link_neighbour(const char *name, const struct link_addr *a, const uint8_t mac[6]);
int link_route(const struct link_addr *to, int prefix, const struct link_addr *via);

#endif
