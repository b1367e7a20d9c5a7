// SPDX-License-Identifier: GPL-2.0
/*
 * host-reboot: the client's machine dies and boots again: S's next segment
 * gets RST, S ECONNRESET; a new connection works. RFC 9293, 3.5.1 and 3.5.2.
 */
#include "pair.h"

TEST_F_TIMEOUT(pair, forgotten, 200)
{
	int old, new, port, again;
	uint32_t ack = 0;
	char c;

	ASSERT_EQ(0, pair_boot(self));
	old = far_accept(self->listener, BOOT, &port);
	ASSERT_GE(old, 0);
	ASSERT_TRUE(far_echoes(old));
	ASSERT_EQ(0, pair_kill(self->tell));
	wire_drain(&self->w);
	ASSERT_EQ(0, pair_boot(self));
	/* Nobody tells S of it, save by what is new. */
	new = far_accept(self->listener, BOOT, &again);
	ASSERT_GE(new, 0);
	EXPECT_EQ(TERN_ESTABLISHED, sk_state(PORT, port));
	EXPECT_EQ(0, sk_wait(old, 0, 0));
	EXPECT_NE(port, again);

	wire_drain(&self->w);
	ASSERT_EQ(4, send(old, "data", 4, 0));
	do {
		ASSERT_EQ(1, wire_recv(&self->w, &self->s, SOON));
		if (self->s.dport == port)
			ack = self->s.ack;
	} while (self->s.sport != port);
	/* RFC 9293, 3.10.7.1: the number is that of our ACK. */
	EXPECT_EQ(RST, self->s.flags);
	EXPECT_EQ(ack, self->s.seq);
	EXPECT_EQ(-1, recv(old, &c, 1, 0));
	EXPECT_EQ(ECONNRESET, errno);
	EXPECT_EQ(0, sk_state(PORT, port));

	EXPECT_TRUE(far_echoes(new));
	EXPECT_EQ(TERN_ESTABLISHED, sk_state(PORT, again));
	/* For the next test, which is the one that listens then. */
	close(self->listener);
	EXPECT_EQ(1, send(new, "n", 1, 0));
}

TEST_HARNESS_MAIN
