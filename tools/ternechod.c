// SPDX-License-Identifier: GPL-2.0
/*
 * ternechod - send back whatever arrives, over Tern
 *
 * All clients in one process with poll(): the smallest event loop there is.
 * ternecho is the other end.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/tern.h>

#define MAX_CLIENTS 256

static void usage(FILE *to)
{
	fprintf(to,
		"usage: ternechod [-a ADDRESS] PORT\n"
		"Send back to each client what it sends, over Tern.\n"
		"  -a ADDRESS  listen on this IPv4 address only\n");
}

/* Echo what is there. Returns 0 when the client is done. */
static int echo(int fd)
{
	char buf[16384];
	ssize_t n = recv(fd, buf, sizeof(buf), 0), sent = 0;

	if (n <= 0)
		return 0;
	while (sent < n) {
		ssize_t m = send(fd, buf + sent, n - sent, MSG_NOSIGNAL);

		if (m < 0)
			return 0;
		sent += m;
	}
	return 1;
}

int main(int argc, char **argv)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	struct pollfd fds[1 + MAX_CLIENTS];
	int one = 1, opt, nr = 1;

	while ((opt = getopt(argc, argv, "a:h-:")) != -1)
		switch (opt) {
		case 'a':
			if (inet_pton(AF_INET, optarg, &addr.sin_addr) != 1)
				errx(2, "%s: not an IPv4 address", optarg);
			break;
		default:
			usage(opt == '?' ? stderr : stdout);
			return opt == '?' ? 2 : 0;
		}
	if (argc - optind != 1) {
		usage(stderr);
		return 2;
	}
	addr.sin_port = htons(atoi(argv[optind]));

	fds[0].events = POLLIN;
	fds[0].fd = socket(AF_INET, SOCK_STREAM, IPPROTO_TERN);
	if (fds[0].fd < 0)
		err(1, "socket (is tern.ko loaded?)");
	setsockopt(fds[0].fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fds[0].fd, (struct sockaddr *)&addr, sizeof(addr)))
		err(1, "bind to port %s", argv[optind]);
	if (listen(fds[0].fd, 64))
		err(1, "listen");

	for (;;) {
		/* A full table stops accepting; clients wait in the queue. */
		fds[0].events = nr <= MAX_CLIENTS ? POLLIN : 0;
		if (poll(fds, nr, -1) < 0) {
			if (errno == EINTR)
				continue;
			err(1, "poll");
		}
		for (int i = nr - 1; i > 0; i--)
			if (fds[i].revents && !echo(fds[i].fd)) {
				close(fds[i].fd);
				fds[i] = fds[--nr];
			}
		if (fds[0].revents) {
			int fd = accept(fds[0].fd, NULL, NULL);

			if (fd >= 0)
				fds[nr++] = (struct pollfd){ .fd = fd, .events = POLLIN };
			else if (errno != EINTR && errno != ECONNABORTED)
				err(1, "accept");
		}
	}
}
