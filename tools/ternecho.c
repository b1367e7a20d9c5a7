// SPDX-License-Identifier: GPL-2.0
/*
 * ternecho - send lines to ternechod and print what comes back, over Tern
 */
#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/tern.h>

static void usage(FILE *to)
{
	fprintf(to,
		"usage: ternecho ADDRESS PORT [WORD...]\n"
		"Send the words as one line, or each line of standard input, to the\n"
		"ternechod at ADDRESS (IPv4) and PORT and print what comes back.\n");
}

static void send_all(int fd, const char *buf, size_t len)
{
	while (len) {
		ssize_t n = send(fd, buf, len, MSG_NOSIGNAL);

		if (n < 0)
			err(1, "send");
		buf += n;
		len -= n;
	}
}

/* One line there and back. */
static void echo(int fd, const char *line, size_t len)
{
	char buf[4096];
	size_t back = 0;

	send_all(fd, line, len);
	while (back < len) {
		size_t want = len - back < sizeof(buf) ? len - back : sizeof(buf);
		ssize_t n = recv(fd, buf, want, 0);

		if (n < 0)
			err(1, "receive");
		if (n == 0)
			errx(1, "the server closed the connection");
		fwrite(buf, 1, n, stdout);
		back += n;
	}
	fflush(stdout);
}

int main(int argc, char **argv)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	char *line = NULL;
	size_t size = 0;
	ssize_t len;
	int fd;

	if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
		usage(stdout);
		return 0;
	}
	if (argc < 3) {
		usage(stderr);
		return 2;
	}
	if (inet_pton(AF_INET, argv[1], &addr.sin_addr) != 1)
		errx(2, "%s: not an IPv4 address", argv[1]);
	addr.sin_port = htons(atoi(argv[2]));

	fd = socket(AF_INET, SOCK_STREAM, IPPROTO_TERN);
	if (fd < 0)
		err(1, "socket (is tern.ko loaded?)");
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		err(1, "connect to %s port %s", argv[1], argv[2]);

	for (int i = 3; i < argc; i++) {
		echo(fd, argv[i], strlen(argv[i]));
		echo(fd, i + 1 < argc ? " " : "\n", 1);
	}
	if (argc == 3)
		while ((len = getline(&line, &size, stdin)) > 0)
			echo(fd, line, len);
	free(line);
	close(fd);
	return 0;
}
