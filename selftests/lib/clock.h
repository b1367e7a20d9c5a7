/* SPDX-License-Identifier: GPL-2.0 */
/* What is due at a time: a segment, an error of the socket. */
#ifndef TERN_CLOCK_H
#define TERN_CLOCK_H

#include "tern_test.h"

/* Waits up to @due_us after @start for a segment; false when it isn't on time. */
static inline bool at(struct peer *p, struct seg *s, int64_t start, int64_t due_us)
{
	if (!hear(p, s, (start + due_us - now_us()) / 1000 + SOON)) {
		fprintf(stderr, "# nothing at %.3f s\n", due_us / 1e6);
		return false;
	}
	return near_us(s->us - start, due_us);
}

static inline bool error_at(int fd, int64_t start, int64_t due_us, int error)
{
	int got;

	if (!(sk_wait(fd, 0, (start + due_us - now_us()) / 1000 + SOON) & POLLERR)) {
		fprintf(stderr, "# no error at %.3f s\n", due_us / 1e6);
		return false;
	}
	if (!near_us(now_us() - start, due_us))
		return false;
	got = sk_error(fd);
	if (got != error)
		fprintf(stderr, "# error %d\n", got);
	return got == error;
}

#endif
