/* SPDX-License-Identifier: GPL-2.0 */
/* A stream each way at once between two machines. */
#ifndef TERN_EXCHANGE_H
#define TERN_EXCHANGE_H

#include "flow.h"

#define EXCHANGE	(128 * FLOW_CHUNK)	/* bytes each way */

#define CLEAN	"tc qdisc del dev eth0 root 2> /dev/null; true"
#define LOSSY	CLEAN "; tc qdisc add dev eth0 root netem delay 2ms 1ms reorder 20% loss 2%"

/* Takes @fd; was all exact? @near: this is the machine under test. */
static inline bool exchange(int fd, bool near)
{
	struct flow f[2] = {
		{ .from = fd, .seed = 4711 + near, .len = EXCHANGE },
		{ .to = fd, .seed = 4711 + !near, .len = EXCHANGE },
	};
	pthread_t t;
	bool exact;

	if (fd < 0 || sk_timeouts(fd, 60000))
		return false;
	pthread_create(&t, NULL, flow_send, &f[0]);
	flow_recv(&f[1]);
	pthread_join(t, NULL);
	exact = !f[0].error && flow_exact(&f[1]);
	close(fd);
	return exact;
}

#endif
