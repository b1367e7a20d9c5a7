// SPDX-License-Identifier: GPL-2.0
/*
 * ternfetch - fetch a file from ternfiled over Tern
 *
 * Sends the name and a newline, reads "OK <bytes>\n" and the file, and tells
 * on standard error how it went.
 */
#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <linux/tern.h>

static void usage(FILE *to)
{
	fprintf(to,
		"usage: ternfetch ADDRESS PORT NAME [FILE]\n"
		"Fetch NAME from the ternfiled at ADDRESS (IPv4) and PORT, over\n"
		"Tern, into FILE (default: NAME; -: standard output).\n");
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static void report(int fd, long long bytes, double seconds)
{
	struct tern_info ti = { 0 };
	socklen_t len = sizeof(ti);

	fprintf(stderr, "ternfetch: %lld bytes in %.2f s, %.2f MB/s",
		bytes, seconds, bytes / seconds / 1e6);
	if (getsockopt(fd, SOL_TERN, TERN_INFO, &ti, &len) == 0)
		fprintf(stderr, ", rtt %u us (min %u), %u segments in, %u out of order",
			ti.ti_rtt, ti.ti_min_rtt, ti.ti_segs_in, ti.ti_rcv_ooopack);
	fprintf(stderr, "\n");
}

int main(int argc, char **argv)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	long long size, left;
	const char *name, *to;
	char buf[65536];
	double start;
	FILE *in, *out;
	int fd;

	if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
		usage(stdout);
		return 0;
	}
	if (argc < 4 || argc > 5) {
		usage(stderr);
		return 2;
	}
	if (inet_pton(AF_INET, argv[1], &addr.sin_addr) != 1)
		errx(2, "%s: not an IPv4 address", argv[1]);
	addr.sin_port = htons(atoi(argv[2]));
	name = argv[3];
	to = argc > 4 ? argv[4] : name;

	fd = socket(AF_INET, SOCK_STREAM, IPPROTO_TERN);
	if (fd < 0)
		err(1, "socket (is tern.ko loaded?)");
	start = now();
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		err(1, "connect to %s port %s", argv[1], argv[2]);
	if (dprintf(fd, "%s\n", name) < 0)
		err(1, "send");

	in = fdopen(fd, "r");
	if (!in || !fgets(buf, sizeof(buf), in))
		err(1, "no answer");
	if (sscanf(buf, "OK %lld", &size) != 1) {
		buf[strcspn(buf, "\n")] = '\0';
		errx(1, "%s: the server says: %s", name,
		     strncmp(buf, "ERR ", 4) ? buf : buf + 4);
	}

	out = strcmp(to, "-") ? fopen(to, "w") : stdout;
	if (!out)
		err(1, "%s", to);
	for (left = size; left; ) {
		size_t want = left < (long long)sizeof(buf) ? left : (long long)sizeof(buf);
		size_t n = fread(buf, 1, want, in);

		if (n == 0 && ferror(in))
			err(1, "receive: stopped with %lld bytes to go", left);
		if (n == 0)
			errx(1, "the server closed with %lld bytes to go", left);
		if (fwrite(buf, 1, n, out) != n)
			err(1, "%s", to);
		left -= n;
	}
	if (fflush(out) || (out != stdout && fclose(out)))
		err(1, "%s", to);
	report(fd, size, now() - start);
	fclose(in);
	return 0;
}
