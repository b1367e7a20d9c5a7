/* SPDX-License-Identifier: GPL-2.0 */
/* Streams of pseudo-random bytes: every byte once, in order, and their end. */
#ifndef TERN_FLOW_H
#define TERN_FLOW_H

#include <pthread.h>

#include "tern_test.h"

#define FLOW_CHUNK	32768	/* a flow's length is so many times this */

/* One direction: a stream and what became of it. */
struct flow {
	int from, to;
	uint64_t seed;		/* both ends know it */
	size_t len, got;
	long wrong;		/* index of the first wrong byte, or -1 */
	int error, eof;
};

static inline void flow_fill(uint64_t *x, uint8_t *buf, size_t len)
{
	for (size_t i = 0; i < len; i += 8) {
		*x ^= *x << 13;
		*x ^= *x >> 7;
		*x ^= *x << 17;
		memcpy(buf + i, x, 8);
	}
}

/* Threads: all of it, and the end; nothing but @error is written. */
static inline void *flow_send(void *arg)
{
	struct flow *f = arg;
	uint64_t x = f->seed;
	uint8_t buf[FLOW_CHUNK];

	for (size_t at = 0; at < f->len; at += sizeof(buf)) {
		size_t done = 0;

		flow_fill(&x, buf, sizeof(buf));
		while (done < sizeof(buf)) {
			/* Odd sizes, so that writes and segments don't line up. */
			size_t want = 1 + (x >> (at % 24)) % 20000;
			ssize_t n;

			if (want > sizeof(buf) - done)
				want = sizeof(buf) - done;
			n = send(f->from, buf + done, want, MSG_NOSIGNAL);
			if (n < 0) {
				f->error = errno;
				return NULL;
			}
			done += n;
		}
	}
	shutdown(f->from, SHUT_WR);
	return NULL;
}

static inline void *flow_recv(void *arg)
{
	struct flow *f = arg;
	uint8_t buf[FLOW_CHUNK], want[FLOW_CHUNK];
	uint64_t x = f->seed;
	ssize_t n;

	f->wrong = -1;
	while (f->got < f->len) {
		n = recv(f->to, buf, sizeof(buf), MSG_WAITALL);
		if (n != sizeof(buf)) {
			f->error = n < 0 ? errno : 0;
			f->got += n > 0 ? n : 0;
			return NULL;
		}
		flow_fill(&x, want, sizeof(want));
		for (ssize_t i = 0; i < n && f->wrong < 0; i++)
			if (buf[i] != want[i])
				f->wrong = f->got + i;
		f->got += n;
	}
	f->eof = recv(f->to, buf, 1, 0) == 0;
	return NULL;
}

/* Did all arrive, and nothing else? What was wrong is told. */
static inline bool flow_exact(const struct flow *f)
{
	if (!f->error && f->got == f->len && f->wrong == -1 && f->eof == 1)
		return true;
	fprintf(stderr, "# %zu of %zu bytes, wrong from %ld, end of file %d: %s\n", f->got,
		f->len, f->wrong, f->eof, strerror(f->error));
	return false;
}

#endif
