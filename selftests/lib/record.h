/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Between a test and the recorder that keeps what its namespaces exchange, for
 * tern-judge. Messages on a Unix socket (SOCK_SEQPACKET) at TERN_RECORD: the
 * first is a struct record_open with the packet socket's fd, the others are
 * struct record_note. The test shuts its end down and waits until the recorder
 * does: all that was sent is written by then, and the namespace let go.
 */
#ifndef TERN_RECORD_H
#define TERN_RECORD_H

#include <stdint.h>

/* A packet has one frame of the ring, so many bytes of it are kept at most. */
#define RECORD_FRAME	2048
#define RECORD_FRAMES	1024
#define RECORD_TEXT	900

struct record_open {
	int32_t eth, lo;		/* ifindex */
	char name[RECORD_TEXT];		/* of the file, without its ending */
};

struct record_note {
	int64_t ns;			/* CLOCK_REALTIME */
	char text[RECORD_TEXT];
};

#endif
