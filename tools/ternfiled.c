// SPDX-License-Identifier: GPL-2.0
/*
 * ternfiled - serve the files of a directory over Tern
 *
 * One request a connection: the client sends a file's name and a newline and
 * gets "OK <bytes>\n" followed by the file, or "ERR <why>\n". Each client is
 * served by a process of its own. ternfetch is the other end.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/tern.h>

static void usage(FILE *to)
{
	fprintf(to,
		"usage: ternfiled [-a ADDRESS] [-1] PORT DIRECTORY\n"
		"Serve the files of DIRECTORY to ternfetch, over Tern.\n"
		"  -a ADDRESS  listen on this IPv4 address only\n"
		"  -1          end after one client\n");
}

/* Read up to the newline. Returns the name's length, -1 when there is none. */
static int read_name(int fd, char *name, size_t size)
{
	size_t have = 0;

	while (have < size) {
		ssize_t n = recv(fd, name + have, size - have, 0);
		char *end;

		if (n <= 0)
			return -1;
		end = memchr(name + have, '\n', n);
		have += n;
		if (end) {
			*end = '\0';
			return end - name;
		}
	}
	return -1;
}

static void serve(int fd, int dir)
{
	struct tern_info ti = { 0 };
	socklen_t len = sizeof(ti);
	char name[256], end;
	struct stat st;
	off_t at = 0;
	int file;

	if (read_name(fd, name, sizeof(name)) < 0) {
		warnx("a client sent no name");
		return;
	}
	/* Plain names only: nothing outside the directory. */
	if (strchr(name, '/') || name[0] == '.') {
		dprintf(fd, "ERR not a plain name\n");
		return;
	}
	file = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
	if (file < 0 || fstat(file, &st) || !S_ISREG(st.st_mode)) {
		dprintf(fd, "ERR %s\n", file < 0 ? strerror(errno) : "not a file");
		return;
	}

	dprintf(fd, "OK %lld\n", (long long)st.st_size);
	while (at < st.st_size)
		if (sendfile(fd, file, &at, st.st_size - at) <= 0) {
			warn("%s: stopped at byte %lld", name, (long long)at);
			return;
		}
	shutdown(fd, SHUT_WR);
	/* Nothing more is expected: the client's close() ends this. */
	while (recv(fd, &end, 1, 0) > 0)
		;
	getsockopt(fd, SOL_TERN, TERN_INFO, &ti, &len);
	fprintf(stderr, "ternfiled: %s: %u segments, %u sent again, rtt %u us\n",
		name, ti.ti_data_segs_out, ti.ti_total_retrans, ti.ti_rtt);
}

int main(int argc, char **argv)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	int once = 0, one = 1, listener, dir, opt;

	while ((opt = getopt(argc, argv, "a:1h-:")) != -1)
		switch (opt) {
		case 'a':
			if (inet_pton(AF_INET, optarg, &addr.sin_addr) != 1)
				errx(2, "%s: not an IPv4 address", optarg);
			break;
		case '1':
			once = 1;
			break;
		default:
			usage(opt == '?' ? stderr : stdout);
			return opt == '?' ? 2 : 0;
		}
	if (argc - optind != 2) {
		usage(stderr);
		return 2;
	}
	addr.sin_port = htons(atoi(argv[optind]));
	dir = open(argv[optind + 1], O_RDONLY | O_DIRECTORY);
	if (dir < 0)
		err(1, "%s", argv[optind + 1]);

	signal(SIGCHLD, SIG_IGN);	/* no zombies */
	signal(SIGPIPE, SIG_IGN);	/* a client that left is an error, not an end */

	listener = socket(AF_INET, SOCK_STREAM, IPPROTO_TERN);
	if (listener < 0)
		err(1, "socket (is tern.ko loaded?)");
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(listener, (struct sockaddr *)&addr, sizeof(addr)))
		err(1, "bind to port %s", argv[optind]);
	if (listen(listener, 64))
		err(1, "listen");

	for (;;) {
		int fd = accept(listener, NULL, NULL);

		if (fd < 0) {
			if (errno == EINTR || errno == ECONNABORTED)
				continue;
			err(1, "accept");
		}
		if (once || fork() == 0) {
			close(listener);
			serve(fd, dir);
			return 0;
		}
		close(fd);
	}
}
