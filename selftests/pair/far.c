// SPDX-License-Identifier: GPL-2.0
/*
 * The far machine of the tests that need two: connects to PORT of the first
 * and sends back what it reads. At an 'n' it makes a connection more, at a 'q'
 * it ends; where the connections end with it, or with its machine.
 */
#include "tern_test.h"

int main(void)
{
	struct pollfd p[8] = { 0 };
	int n = 0, fd;
	char c = 'n';

	while (c != 'q') {
		if (c == 'n' && n < 8) {
			/* The other may not listen yet. */
			while ((fd = sk_dial(HOST_A, PORT, 0, 0)) < 0)
				usleep(100000);
			p[n++] = (struct pollfd){ .fd = fd, .events = POLLIN };
		}
		c = 0;
		poll(p, n, -1);
		for (int i = 0; i < n && c != 'q' && c != 'n'; i++) {
			if (!p[i].revents)
				continue;
			if (recv(p[i].fd, &c, 1, 0) != 1)
				p[i].fd = -1;
			else if (c != 'q' && c != 'n')
				send(p[i].fd, &c, 1, 0);
		}
	}
	return 0;
}
