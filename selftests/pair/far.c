// SPDX-License-Identifier: GPL-2.0
/*
 * The far machine of the tests that need two: connects to PORT of the first,
 * listens on its own, and sends back what it reads. Bytes that mean something:
 * 'n'	make a connection more
 * 'x'	make one and exchange streams on it, as on each that is accepted; how
 *	that went is told on the newest of the others: 'y', or 'n'
 * 'l'	lose and reorder what is sent, 'c' no more
 * 'q'	end; where the connections end with it, or with its machine.
 */
#include "exchange.h"

static int dial(void)
{
	int fd;

	/* The other may not listen yet. */
	while ((fd = sk_dial(HOST_A, PORT, 0, 0)) < 0)
		usleep(100000);
	return fd;
}

static void tell(int fd, bool exact)
{
	send(fd, exact ? "y" : "n", 1, 0);
}

int main(void)
{
	struct pollfd p[9] = { { .fd = sk_listen(PORT, 8), .events = POLLIN } };
	int n = 1;
	char c = 'n';

	while (c != 'q') {
		if (c == 'n' && n < 9)
			p[n++] = (struct pollfd){ .fd = dial(), .events = POLLIN };
		c = 0;
		poll(p, n, -1);
		if (p[0].revents)
			tell(p[n - 1].fd, exchange(accept(p[0].fd, NULL, NULL), false));
		for (int i = 1; i < n && c != 'q' && c != 'n'; i++) {
			if (!p[i].revents)
				continue;
			if (recv(p[i].fd, &c, 1, 0) != 1) {
				p[i].fd = -1;
				continue;
			}
			if (c == 'x')
				tell(p[n - 1].fd, exchange(dial(), false));
			else if (c == 'l' || c == 'c')
				run("%s", c == 'l' ? LOSSY : CLEAN);
			if (c != 'q' && c != 'n' && c != 'x')
				send(p[i].fd, &c, 1, 0);
		}
	}
	return 0;
}
