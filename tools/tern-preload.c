// SPDX-License-Identifier: GPL-2.0
/*
 * libtern-preload.so - let an unmodified program speak Tern in place of TCP
 *
 * Loaded by tern-run. Turns each socket(AF_INET or AF_INET6, SOCK_STREAM,
 * 0 or IPPROTO_TCP) into a Tern socket. MSG_FASTOPEN and TCP_ULP, which Tern
 * lacks, fail as they do on any socket without them.
 */
#include <sys/socket.h>
#include <sys/syscall.h>
#include <netinet/in.h>
#include <unistd.h>

#include <linux/tern.h>

int socket(int domain, int type, int protocol)
{
	int kind = type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC);

	if ((domain == AF_INET || domain == AF_INET6) && kind == SOCK_STREAM &&
	    (protocol == 0 || protocol == IPPROTO_TCP))
		protocol = IPPROTO_TERN;
	return syscall(SYS_socket, domain, type, protocol);
}
