// SPDX-License-Identifier: GPL-2.0
/*
 * terncat - move data over Tern or TCP and measure it
 *
 * Without a mode it is a plain nc: standard input out, what arrives to
 * standard output. The modes bulk, pingpong and crr (connect, request,
 * response, close) run against a "terncat -l MODE" and print one line:
 *
 *	mode=bulk proto=tern bytes=... seconds=... MBps=... retrans=...
 *	mode=pingpong proto=tern rounds=... seconds=... us_avg=... us_min=...
 *		us_p50=... us_p99=... us_max=...
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <linux/tern.h>

enum mode { MODE_PIPE, MODE_BULK, MODE_PINGPONG, MODE_CRR };

static const char * const mode_name[] = { "pipe", "bulk", "pingpong", "crr" };

static struct {
	int proto;
	enum mode mode;
	int listen;
	long long bytes;	/* 0: not the bound */
	double seconds;		/* 0: not the bound */
	long rounds;
	int size;		/* of one write, or of a request and a response */
	struct sockaddr_in peer;
} cfg = { .proto = IPPROTO_TERN, .rounds = 1000 };

static const char *proto_name(void)
{
	return cfg.proto == IPPROTO_TCP ? "tcp" : "tern";
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static int new_socket(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, cfg.proto), one = 1;

	if (fd < 0)
		err(1, "socket (%s)", proto_name());
	/* Small messages are measured one by one, not gathered. */
	if (cfg.mode == MODE_PINGPONG || cfg.mode == MODE_CRR)
		setsockopt(fd, IPPROTO_TCP, TERN_NODELAY, &one, sizeof(one));
	return fd;
}

static int dial(void)
{
	int fd = new_socket();

	if (connect(fd, (struct sockaddr *)&cfg.peer, sizeof(cfg.peer)))
		err(1, "connect");
	return fd;
}

static int send_all(int fd, const char *buf, size_t len)
{
	while (len) {
		ssize_t n = send(fd, buf, len, MSG_NOSIGNAL);

		if (n < 0)
			return -1;
		buf += n;
		len -= n;
	}
	return 0;
}

/* Returns 1 when all of it came, 0 at the end of the stream, -1 on error. */
static int recv_all(int fd, char *buf, size_t len)
{
	while (len) {
		ssize_t n = recv(fd, buf, len, MSG_WAITALL);

		if (n <= 0)
			return n;
		buf += n;
		len -= n;
	}
	return 1;
}

static void *buffer(size_t size)
{
	void *buf = malloc(size);

	if (!buf)
		err(1, "malloc");
	memset(buf, 't', size);
	return buf;
}

static int compare(const void *a, const void *b)
{
	double d = *(const double *)a - *(const double *)b;

	return (d > 0) - (d < 0);
}

static void report_rounds(double *us, long n, double seconds)
{
	double sum = 0;

	qsort(us, n, sizeof(*us), compare);
	for (long i = 0; i < n; i++)
		sum += us[i];
	printf("mode=%s proto=%s size=%d rounds=%ld seconds=%.6f us_avg=%.3f us_min=%.3f us_p50=%.3f us_p99=%.3f us_max=%.3f\n",
	       mode_name[cfg.mode], proto_name(), cfg.size, n, seconds,
	       sum / n, us[0], us[n / 2], us[n - 1 - n / 100], us[n - 1]);
}

static void report_bulk(int fd, long long bytes, double seconds)
{
	struct tern_info ti = { 0 };
	socklen_t len = sizeof(ti);

	getsockopt(fd, IPPROTO_TCP, TERN_INFO, &ti, &len);
	printf("mode=bulk proto=%s size=%d bytes=%lld seconds=%.6f MBps=%.3f rtt_us=%u retrans=%u\n",
	       proto_name(), cfg.size, bytes, seconds, bytes / seconds / 1e6,
	       ti.ti_rtt, ti.ti_total_retrans);
}

static void client_bulk(void)
{
	char *buf = buffer(cfg.size), end;
	double start, stop;
	long long sent = 0;
	int fd = dial();

	start = now();
	while ((!cfg.bytes || sent < cfg.bytes) &&
	       (!cfg.seconds || now() - start < cfg.seconds)) {
		size_t len = cfg.size;

		if (cfg.bytes && cfg.bytes - sent < (long long)len)
			len = cfg.bytes - sent;
		if (send_all(fd, buf, len))
			err(1, "send");
		sent += len;
	}
	/* The clock stops when the server has read it all and closed. */
	shutdown(fd, SHUT_WR);
	if (recv(fd, &end, 1, 0) < 0)
		err(1, "receive");
	stop = now();
	report_bulk(fd, sent, stop - start);
	close(fd);
	free(buf);
}

static void client_rounds(void)
{
	double *us = buffer(cfg.rounds * sizeof(*us)), start = now();
	int fd = cfg.mode == MODE_PINGPONG ? dial() : -1;
	char *buf = buffer(cfg.size);

	for (long i = 0; i < cfg.rounds; i++) {
		double t = now();

		if (cfg.mode == MODE_CRR)
			fd = dial();
		if (send_all(fd, buf, cfg.size))
			err(1, "send");
		if (recv_all(fd, buf, cfg.size) != 1)
			err(1, "round %ld: no response", i);
		if (cfg.mode == MODE_CRR) {
			/* The server closes first, so TIME_WAIT stays there. */
			if (recv(fd, buf, 1, 0) != 0)
				err(1, "round %ld: no end of file", i);
			close(fd);
		}
		us[i] = (now() - t) * 1e6;
	}
	report_rounds(us, cfg.rounds, now() - start);
	free(us);
	free(buf);
}

/* Standard input to the peer, the peer to standard output. */
static int run_pipe(int fd)
{
	struct pollfd p[2] = {
		{ .fd = 0, .events = POLLIN }, { .fd = fd, .events = POLLIN },
	};
	char buf[65536];
	ssize_t n;

	while (poll(p, 2, -1) >= 0 || errno == EINTR) {
		if (p[0].revents) {
			n = read(0, buf, sizeof(buf));
			if (n <= 0) {
				shutdown(fd, SHUT_WR);
				p[0].fd = -1;
			} else if (send_all(fd, buf, n)) {
				err(1, "send");
			}
		}
		if (p[1].revents) {
			n = recv(fd, buf, sizeof(buf), 0);
			if (n < 0)
				err(1, "receive");
			if (n == 0)
				return 0;
			if (write(1, buf, n) != n)
				err(1, "write");
		}
	}
	err(1, "poll");
}

static void serve(int fd)
{
	char *buf = buffer(cfg.size);

	switch (cfg.mode) {
	case MODE_BULK:
		while (recv(fd, buf, cfg.size, 0) > 0)
			;
		break;
	case MODE_PINGPONG:
		while (recv_all(fd, buf, cfg.size) == 1 &&
		       !send_all(fd, buf, cfg.size))
			;
		break;
	case MODE_CRR:
		if (recv_all(fd, buf, cfg.size) == 1)
			send_all(fd, buf, cfg.size);
		break;
	case MODE_PIPE:
		run_pipe(fd);
		break;
	}
	free(buf);
}

static void server(void)
{
	int fd = new_socket(), one = 1, client;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&cfg.peer, sizeof(cfg.peer)))
		err(1, "bind");
	if (listen(fd, 4096))
		err(1, "listen");
	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		client = accept(fd, NULL, NULL);
		if (client < 0)
			err(1, "accept");
		if (cfg.mode == MODE_PIPE) {
			serve(client);
			return;
		}
		/* No fork for a single exchange: it would be what is measured. */
		if (cfg.mode == MODE_CRR) {
			serve(client);
		} else if (fork() == 0) {
			close(fd);
			serve(client);
			_exit(0);
		}
		close(client);
	}
}

static void usage(FILE *to)
{
	fprintf(to,
		"usage: terncat [-p tern|tcp] [-m MODE] [OPTIONS] ADDRESS PORT\n"
		"       terncat -l [-p tern|tcp] [-m MODE] [OPTIONS] [ADDRESS] PORT\n"
		"  -p PROTO    tern (default) or tcp\n"
		"  -m MODE     pipe (default), bulk, pingpong or crr\n"
		"  -l          listen; serves any number of clients, pipe just one\n"
		"  -n N        bytes to send (bulk; suffix K, M, G) or rounds (1000)\n"
		"  -t SECONDS  time to send for (bulk)\n"
		"  -s BYTES    size of one write (bulk, 65536) or message (1)\n");
}

static long long number(const char *s)
{
	char *end;
	long long n = strtoll(s, &end, 0);

	switch (*end) {
	case 'G': case 'g':
		n <<= 10; /* fall through */
	case 'M': case 'm':
		n <<= 10; /* fall through */
	case 'K': case 'k':
		n <<= 10;
		end++;
	}
	if (end == s || *end || n <= 0)
		errx(2, "%s: not a positive number", s);
	return n;
}

static void parse(int argc, char **argv)
{
	static const struct option longs[] = { { "help", 0, NULL, 'h' }, { 0 } };
	long long n = 0;
	size_t i;
	int opt;

	while ((opt = getopt_long(argc, argv, "p:m:ln:t:s:h", longs, NULL)) != -1)
		switch (opt) {
		case 'p':
			cfg.proto = !strcmp(optarg, "tern") ? IPPROTO_TERN :
				    !strcmp(optarg, "tcp") ? IPPROTO_TCP : 0;
			if (!cfg.proto)
				errx(2, "%s: neither tern nor tcp", optarg);
			break;
		case 'm':
			for (i = 0; i < 4 && strcmp(optarg, mode_name[i]); i++)
				;
			if (i == 4)
				errx(2, "%s: no such mode", optarg);
			cfg.mode = i;
			break;
		case 'l':
			cfg.listen = 1;
			break;
		case 'n':
			n = number(optarg);
			break;
		case 't':
			cfg.seconds = atof(optarg);
			break;
		case 's':
			cfg.size = number(optarg);
			break;
		default:
			usage(opt == 'h' ? stdout : stderr);
			exit(opt == 'h' ? 0 : 2);
		}
	if (!cfg.size)
		cfg.size = cfg.mode == MODE_BULK ? 65536 : 1;
	if (cfg.mode == MODE_BULK)
		cfg.bytes = n || cfg.seconds ? n : 100 << 20;
	else if (n)
		cfg.rounds = n;
	if (argc - optind < 2 - cfg.listen || argc - optind > 2) {
		usage(stderr);
		exit(2);
	}
	cfg.peer.sin_family = AF_INET;
	if (argc - optind == 2 &&
	    inet_pton(AF_INET, argv[optind], &cfg.peer.sin_addr) != 1)
		errx(2, "%s: not an IPv4 address", argv[optind]);
	cfg.peer.sin_port = htons(atoi(argv[argc - 1]));
}

int main(int argc, char **argv)
{
	parse(argc, argv);
	if (cfg.listen)
		server();
	else if (cfg.mode == MODE_PIPE)
		return run_pipe(dial());
	else if (cfg.mode == MODE_BULK)
		client_bulk();
	else
		client_rounds();
	return 0;
}
