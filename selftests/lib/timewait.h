/* SPDX-License-Identifier: GPL-2.0 */
/* Connections that the tested host closes first, as far as TIME_WAIT. */
#ifndef TERN_TIMEWAIT_H
#define TERN_TIMEWAIT_H

#include "tern_test.h"

/*
 * The host closes, and the peer thereupon. @p->snd_nxt is then the number
 * behind the peer's FIN, @p->rcv_nxt the one behind the host's.
 */
static inline int closes_first(struct peer *p, struct seg *s, int fd)
{
	if (close(fd) || expect(p, s, FIN | ACK))
		return -1;
	p->rcv_nxt = s->seq + 1;
	p->tsval++;
	say(p, .flags = FIN | ACK, .seq = p->snd_nxt, .ack = p->rcv_nxt);
	p->snd_nxt++;
	return expect(p, s, ACK) || s->ack != p->snd_nxt ? -1 : 0;
}

/* A connection of the peer's to PORT, brought into TIME_WAIT */
static inline int to_time_wait(struct peer *p, struct seg *s, int listener)
{
	int fd = peer_open(p, listener);

	if (fd < 0 || closes_first(p, s, fd))
		return -1;
	return wait_state(PORT, p->port, TERN_TIME_WAIT, SOON) ? 0 : -1;
}

#endif
