/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An attacker at HOST_B: a process that sends frames made beforehand, at a
 * pace or as fast as it can. Making them costs it nothing while it runs.
 */
#ifndef TERN_FLOOD_H
#define TERN_FLOOD_H

#include "tern_test.h"

#define FLOOD_FRAME	128		/* bytes that a frame may have */

struct flood {
	int pid;
	int n;				/* frames, sent round and round */
	uint8_t (*frame)[FLOOD_FRAME];
	uint16_t *len;
	volatile uint64_t *sent;	/* by now; of all floods together */
};

/* @make fills in the @i-th segment; @p is who says it unless it says otherwise. */
int flood_make(struct flood *f, struct peer *p, int n,
	       void (*make)(struct seg *s, int i, void *arg), void *arg);
/* All of them to a station that isn't there: what sending alone costs */
void flood_misdirect(struct flood *f);
/* @rate a second, @batch at once; 0: as fast as it can. 0 or -1 */
int flood_start(struct flood *f, struct topo *t, int rate, int batch);
void flood_stop(struct flood *f);
void flood_free(struct flood *f);

/* What goes on meanwhile: a client at B connects to PORT at A, which accepts. */
int client_connect(struct topo *t, int listener);	/* 0, or -1 */
/* @n bytes each way over two ends in turn; 0 when all are the right ones */
int client_talk(int a, int b, int n);

/*
 * Of a client between two connections, on average: of one length it would stay
 * in or out of step with the attacker, who sends a burst each 2 ms.
 */
#define CLIENT_PAUSE_US	2000
#define CLIENT_TALK	(16 * 1024)	/* bytes of a connection that is there */

/* So many frames a second leave clients so much of their rate, in time travel */
struct client_load {
	int rate;
	int percent;
	int elsewhere;		/* where in-tree TCP itself keeps less */
};

extern const struct client_load client_loads[2];
int client_percent(const struct client_load *load);	/* on this kernel */

/* Connections a second, of @n one after another; -1 when any fails */
double client_rate(struct topo *t, int listener, int n);
/* The same under all frames at least, while @fd talk; *@kb: memory used then, or NULL */
double client_rate_under(struct topo *t, struct flood *f, int rate, int listener, int n,
			 const int fd[2], long *kb);
/* The kernel's small objects, kilobytes */
long slab_kb(void);

#endif
