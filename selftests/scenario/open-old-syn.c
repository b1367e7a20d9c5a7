// SPDX-License-Identifier: GPL-2.0
/*
 * open-old-syn: a delayed duplicate SYN reaches the server: SYN-ACK, which
 * the client answers with RST, and the entry goes. RFC 9293, 3.5.1, figure 8,
 * and 3.10.7.1, 3.10.7.3.
 */
#include "fixture.h"

WIRE_FIXTURE()

TEST_F(wire, server)
{
	struct peer *p = &self->p;
	int listener = sk_listen(PORT, 4);

	p->port = 5000;
	p->to_port = PORT;
	say(p, .flags = SYN, .seq = 90, .mss = 1460);
	ASSERT_EQ(0, expect(p, &self->s, SYN | ACK));
	EXPECT_EQ(91, self->s.ack);
	EXPECT_EQ(TERN_SYN_RECV, sk_state(PORT, 5000));

	/* Not in the window: it must not do any harm. */
	say(p, .flags = RST, .seq = 91 + 1000000);
	EXPECT_EQ(0, sk_wait(listener, POLLIN, QUIET));
	EXPECT_EQ(TERN_SYN_RECV, sk_state(PORT, 5000));

	wire_drain(&self->w);
	say(p, .flags = RST, .seq = 91);
	EXPECT_TRUE(wait_gone(PORT, 5000, SOON));
	EXPECT_TRUE(silence(p, 1300));	/* no SYN-ACK is resent */
	EXPECT_EQ(0, sk_wait(listener, POLLIN, 0));
}

/* The client knows nothing of that connection. */
TEST_F(wire, client_closed)
{
	struct peer *p = &self->p;

	p->to_port = 5000;
	say(p, .flags = SYN | ACK, .seq = 300, .ack = 91, .mss = 1460);
	ASSERT_EQ(0, expect(p, &self->s, RST));
	EXPECT_EQ(91, self->s.seq);
	EXPECT_EQ(0, self->s.len);
	EXPECT_TRUE(silence(p, QUIET));
}

/* It is just opening another one: the wrong ACK is reset, the right one serves. */
TEST_F(wire, client_syn_sent)
{
	struct peer *p = &self->p;
	uint32_t x;
	int fd;

	fd = sk_dial(HOST_B, PORT, 0, SOCK_NONBLOCK);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, expect(p, &self->s, SYN));
	p->to_port = self->s.sport;
	x = self->s.seq;

	say(p, .flags = SYN | ACK, .seq = 300, .ack = x - 9, .mss = 1460);
	ASSERT_EQ(0, expect(p, &self->s, RST));
	EXPECT_EQ(x - 9, self->s.seq);
	say(p, .flags = SYN | ACK, .seq = 300, .ack = x + 2, .mss = 1460);
	ASSERT_EQ(0, expect(p, &self->s, RST));
	EXPECT_EQ(x + 2, self->s.seq);
	EXPECT_EQ(TERN_SYN_SENT, sk_state(p->to_port, PORT));

	say(p, .flags = SYN | ACK, .seq = 400, .ack = x + 1, .mss = 1460);
	ASSERT_EQ(0, expect(p, &self->s, ACK));
	EXPECT_EQ(401, self->s.ack);
	EXPECT_EQ(TERN_ESTABLISHED, sk_state(p->to_port, PORT));
}

TEST_HARNESS_MAIN
