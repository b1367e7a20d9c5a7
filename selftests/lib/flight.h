/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A tested host that sends full segments to a scripted peer, over a path that
 * delays what it sends, so that the peer's script is quick beside it.
 */
#ifndef TERN_FLIGHT_H
#define TERN_FLIGHT_H

#include "tern_test.h"

/* The beginning of a case: @p, @s and @fd, connected */
#define FLIGHT_BEGIN(sack, ts, times)					\
	struct peer *p = &self->p;					\
	struct seg *s = &self->s;					\
	int fd = flight_begin(&self->t, p, sack, ts, (times) * DELAY_MS * 1000, \
			      DELAY_MS * 1000);				\
									\
	ASSERT_GE(fd, 0)

#define DELAY_MS	40		/* of the path: the round trip */

/* Segment numbers, from 1, as sequence numbers; END(n) == SEQ(n + 1) */
#define SEQ(n)		(flight_start + ((n) - 1) * flight_mss)
#define END(n)		SEQ((n) + 1)

static uint32_t flight_start, flight_mss;

/* Connect to the peer: a round trip of @first us, and of @us from then on. */
static inline int flight_begin(struct topo *t, struct peer *p, bool sack, bool ts,
			       int first, int us)
{
	int fd, size = 1 << 20;

	if (topo_run(t, 0, "tc qdisc replace dev eth0 root netem delay %dus", first))
		return -1;
	p->sack = sack;
	p->ts = ts;
	p->has_mad = true;
	if (peer_dial(p, &fd))
		return -1;
	if (first != us)
		topo_run(t, 0, "tc qdisc change dev eth0 root netem delay %dus", us);
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	flight_start = p->rcv_nxt;
	flight_mss = MSS - (ts ? 12 : 0);
	return fd;
}

static inline int flight_write(int fd, int segs)
{
	static char buf[64 * 1460];
	int len = segs * flight_mss;

	return send(fd, buf, len, MSG_NOSIGNAL) == len ? 0 : -1;
}

/* The next segments are @from to @to, each full. */
static inline int flight_hear(struct peer *p, struct seg *s, int from, int to)
{
	for (int i = from; i <= to; i++)
		if (expect(p, s, ACK) || s->seq != SEQ(i) || s->len != flight_mss) {
			fprintf(stderr, "# expected segment %d, got %d, %d bytes\n", i,
				(int)(s->seq - flight_start) / (int)flight_mss + 1, s->len);
			return -1;
		}
	return 0;
}

/* All up to segment @n is acknowledged, @from to @to SACKed when @to isn't 0. */
static inline void flight_ack(struct peer *p, int n, int from, int to)
{
	say(p, .flags = ACK, .seq = p->snd_nxt, .ack = END(n), .nsack = !!to,
	    .sack = { { SEQ(from), END(to) } });
}

/* All that was sent is acknowledged by now. */
static inline bool flight_acked(int fd)
{
	return wait_for(!sk_info(fd).ti_unacked, SOON);
}

#endif
