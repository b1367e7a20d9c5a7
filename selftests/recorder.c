// SPDX-License-Identifier: GPL-2.0
/*
 * The recorder of guest-tests: keeps what each case's namespaces exchange as
 * DIRECTORY/PROGRAM:CASE.pcapng, for tern-judge. See lib/record.h.
 *
 *	recorder SOCKET DIRECTORY
 *
 * A packet's first bytes are kept, all of the first ones. What the ring could
 * not hold is told by the capture's statistics.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "lib/record.h"

#define CONNS		64
#define NOTES		256
#define WHOLE		(128 << 10)	/* bytes of a case up to which packets are whole */
#define HEADERS		128		/* of each behind */
#define MOST		(2 << 20)	/* bytes of a case */
#define SETTLE_US	5000		/* for more to come, and be written together */

struct conn {
	int sk, ring;
	struct record_open open;
	uint8_t *map;
	unsigned int next;
	FILE *out;
	long written, lacks;
	struct record_note note[NOTES];
	int notes;
	bool ended;
};

static struct conn *conns[CONNS];
static int n_conns;

static void put(struct conn *c, const void *data, size_t n)
{
	fwrite(data, 1, n, c->out);
	c->written += n;
}

static void pad(struct conn *c, size_t n)
{
	put(c, "\0\0\0", -n & 3);
}

static void put32(struct conn *c, uint32_t v)
{
	put(c, &v, 4);
}

/* An option of pcapng */
static void option(struct conn *c, uint16_t code, const void *data, uint16_t n)
{
	put(c, &code, 2);
	put(c, &n, 2);
	put(c, data, n);
	pad(c, n);
}

static void head(struct conn *c)
{
	static const uint32_t section[] = { 0x0a0d0d0a, 28, 0x1a2b3c4d, 1, -1u, -1u, 28 };

	put(c, section, sizeof(section));
	for (int i = 0; i < 2; i++) {		/* eth0, lo */
		static const uint32_t face[] = { 1, 32, 1 /* Ethernet */, 0 };

		put(c, face, sizeof(face));
		option(c, 9, "\x09", 1);	/* nanoseconds */
		put32(c, 0);
		put32(c, 32);
	}
}

/* @out: 0 not told, 1 in, 2 out */
static void packet(struct conn *c, int face, int64_t ns, const void *data, uint32_t n,
		   uint32_t whole, uint32_t out, const char *note)
{
	uint32_t tail = 4 + 8 + (note ? 4 + ((strlen(note) + 3) & ~3u) : 0);
	uint32_t size = 32 + ((n + 3) & ~3u) + tail;
	uint32_t epb[] = { 6, size, face, ns >> 32, ns, n, whole };

	put(c, epb, sizeof(epb));
	put(c, data, n);
	pad(c, n);
	option(c, 2, &out, 4);
	if (note)
		option(c, 1, note, strlen(note));
	put32(c, 0);
	put32(c, size);
}

static void statistics(struct conn *c)
{
	struct tpacket_stats st = { 0 };
	socklen_t len = sizeof(st);
	uint32_t isb[] = { 5, 40, 0, 0, 0 };
	uint64_t drops;

	getsockopt(c->ring, SOL_PACKET, PACKET_STATISTICS, &st, &len);
	drops = st.tp_drops + c->lacks;
	put(c, isb, sizeof(isb));
	option(c, 5, &drops, 8);
	put32(c, 0);
	put32(c, 40);
}

/* Notes of up to @ns, which came before what was sent then */
static void notes_until(struct conn *c, int64_t ns)
{
	int i;

	for (i = 0; i < c->notes && c->note[i].ns <= ns; i++)
		packet(c, 0, c->note[i].ns, "", 0, 0, 0, c->note[i].text);
	memmove(c->note, c->note + i, (c->notes - i) * sizeof(*c->note));
	c->notes -= i;
}

static void messages(struct conn *c)
{
	while (c->notes < NOTES) {
		struct record_note *note = &c->note[c->notes];
		ssize_t n = recv(c->sk, note, sizeof(*note), MSG_DONTWAIT);

		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= (ssize_t)sizeof(note->ns)) {
			c->ended = true;
			return;
		}
		note->text[sizeof(note->text) - 1] = 0;
		c->notes++;
	}
}

static struct tpacket2_hdr *frame(struct conn *c, unsigned int i)
{
	return (void *)(c->map + (size_t)i % RECORD_FRAMES * RECORD_FRAME);
}

static void keep(struct conn *c, struct tpacket2_hdr *h)
{
	struct sockaddr_ll *ll = (void *)((uint8_t *)h + TPACKET_ALIGN(sizeof(*h)));
	int64_t ns = h->tp_sec * 1000000000LL + h->tp_nsec;
	bool lo = ll->sll_ifindex == c->open.lo, out = ll->sll_pkttype == PACKET_OUTGOING;
	uint32_t n = h->tp_snaplen;

	if (!lo && ll->sll_ifindex != c->open.eth)
		return;
	if (lo && out)			/* comes in as well */
		return;
	if (c->written > MOST) {
		c->lacks++;
		return;
	}
	if (c->written > WHOLE && n > HEADERS)
		n = HEADERS;
	notes_until(c, ns);
	packet(c, lo, ns, (uint8_t *)h + h->tp_mac, n, h->tp_len, lo ? 0 : 1 + out, NULL);
}

static bool drain(struct conn *c)
{
	unsigned int end = c->next;

	/* First what there is, then what was noted before it came. */
	while (end - c->next < RECORD_FRAMES &&
	       __atomic_load_n(&frame(c, end)->tp_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER)
		end++;
	messages(c);
	if (end == c->next) {
		if (c->notes == NOTES)
			notes_until(c, INT64_MAX);
		return false;
	}
	while (c->next != end) {
		struct tpacket2_hdr *h = frame(c, c->next);

		keep(c, h);
		__atomic_store_n(&h->tp_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
		c->next++;
	}
	return true;
}

static void finish(struct conn *c)
{
	while (drain(c))
		;
	notes_until(c, INT64_MAX);
	statistics(c);
	fclose(c->out);
	munmap(c->map, (size_t)RECORD_FRAME * RECORD_FRAMES);
	close(c->ring);
	close(c->sk);
	free(c);
}

static int take_fd(int sk, struct record_open *open)
{
	char control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { open, sizeof(*open) };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *c;
	int fd = -1;

	if (recvmsg(sk, &msg, MSG_CMSG_CLOEXEC) != sizeof(*open))
		return -1;
	c = CMSG_FIRSTHDR(&msg);
	if (c && c->cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	open->name[sizeof(open->name) - 1] = 0;
	return fd;
}

static FILE *file_of(const char *dir, const char *name)
{
	char path[2048];
	FILE *f;

	/* A case that has several topologies has several files. */
	for (int i = 1;; i++) {
		int n = snprintf(path, sizeof(path), "%s/", dir);

		snprintf(path + n, sizeof(path) - n, i > 1 ? "%s+%d.pcapng" : "%s.pcapng", name, i);
		for (char *p = path + n; *p; p++)
			if (*p == '/')
				*p = '_';
		f = fopen(path, "wxe");
		if (f || errno != EEXIST || i == 10000)
			return f;
	}
}

static void begin(int sk, const char *dir)
{
	struct conn *c = calloc(1, sizeof(*c));

	c->sk = sk;
	c->ring = take_fd(sk, &c->open);
	c->map = c->ring < 0 ? MAP_FAILED : mmap(NULL, (size_t)RECORD_FRAME * RECORD_FRAMES,
						 PROT_READ | PROT_WRITE, MAP_SHARED, c->ring, 0);
	c->out = c->map == MAP_FAILED || n_conns == CONNS ? NULL : file_of(dir, c->open.name);
	if (!c->out) {
		fprintf(stderr, "recorder: %s: %s\n", c->open.name, strerror(errno));
		close(c->ring);
		close(sk);
		free(c);
		return;
	}
	head(c);
	conns[n_conns++] = c;
}

int main(int argc, char **argv)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (argc != 3) {
		fprintf(stderr, "usage: recorder SOCKET DIRECTORY\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	snprintf(un.sun_path, sizeof(un.sun_path), "%s", argv[1]);
	if (bind(listener, (struct sockaddr *)&un, sizeof(un)) || chmod(argv[1], 0666) ||
	    listen(listener, CONNS)) {
		perror("recorder");
		return 1;
	}
	for (;;) {
		struct pollfd p[1 + 2 * CONNS] = { { .fd = listener, .events = POLLIN } };
		int i, n = 1;

		for (i = 0; i < n_conns; i++) {
			p[n++] = (struct pollfd){ .fd = conns[i]->ring, .events = POLLIN };
			p[n++] = (struct pollfd){ .fd = conns[i]->sk, .events = POLLIN };
		}
		if (poll(p, n, -1) < 0)
			continue;
		for (i = 0; i < n_conns; i++) {
			struct conn *c = conns[i];

			/* Also when the namespace went: POLLERR is no packet. */
			if (!drain(c) && p[1 + 2 * i].revents & POLLERR) {
				int err;
				socklen_t len = sizeof(err);

				getsockopt(c->ring, SOL_SOCKET, SO_ERROR, &err, &len);
			}
			if (!c->ended)
				continue;
			finish(c);
			conns[i--] = conns[--n_conns];
		}
		if (p[0].revents)
			begin(accept4(listener, NULL, NULL, SOCK_CLOEXEC), argv[2]);
		else
			usleep(SETTLE_US);
	}
}
