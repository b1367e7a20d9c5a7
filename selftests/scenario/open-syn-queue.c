// SPDX-License-Identifier: GPL-2.0
/*
 * open-syn-queue: a SYN makes an entry of the SYN queue, seen as SYN_RECV; the
 * ACK moves it into the accept queue; accept() takes it out. Both lengths can
 * be read for each listener. RFC 9293, 3.8.3 for the repeated SYN.
 */
#include "fixture.h"

WIRE_FIXTURE()

TEST_F(wire, lengths)
{
	struct peer *p = &self->p;
	int listener = sk_listen(PORT, 4);
	uint32_t y[3] = { 0 };
	struct sk_line k;

	ASSERT_GE(listener, 0);
	p->to_port = PORT;
	for (int i = 0; i < 3; i++) {
		p->port = 5000 + i;
		say(p, .flags = SYN, .seq = 100, .mss = 1460);
		ASSERT_EQ(0, expect(p, &self->s, SYN | ACK));
		y[i] = self->s.seq;
		EXPECT_EQ(i + 1, sk_count(PORT, 0, TERN_SYN_RECV));
	}
	k = sk_find(PORT, 0, TERN_LISTEN);
	EXPECT_EQ(0, k.rxq);
	if (is_tern()) {
		EXPECT_EQ(4, k.txq);
		EXPECT_EQ(3, sk_info(listener).ti_syn_queue);
		EXPECT_EQ(0, sk_info(listener).ti_accept_queue);
		EXPECT_EQ(4, sk_info(listener).ti_accept_max);
	}
	EXPECT_EQ(0, sk_info(listener).ti_unacked);
	EXPECT_EQ(4, sk_info(listener).ti_sacked);
	EXPECT_EQ(0, sk_wait(listener, POLLIN, 0));

	p->port = 5001;
	say(p, .flags = ACK, .seq = 101, .ack = y[1] + 1);
	EXPECT_EQ(POLLIN, sk_wait(listener, POLLIN, SOON));
	EXPECT_EQ(2, sk_count(PORT, 0, TERN_SYN_RECV));
	EXPECT_EQ(TERN_ESTABLISHED, sk_state(PORT, 5001));
	EXPECT_EQ(1, sk_find(PORT, 0, TERN_LISTEN).rxq);
	EXPECT_EQ(1, sk_info(listener).ti_unacked);
	if (is_tern()) {
		EXPECT_EQ(2, sk_info(listener).ti_syn_queue);
		EXPECT_EQ(1, sk_info(listener).ti_accept_queue);
	}

	EXPECT_GE(accept(listener, NULL, NULL), 0);
	EXPECT_EQ(0, sk_find(PORT, 0, TERN_LISTEN).rxq);
	EXPECT_EQ(0, sk_wait(listener, POLLIN, 0));
}

/* Another listener's are its own. */
TEST_F(wire, each_listener)
{
	int listener[2] = { sk_listen(PORT, 4), sk_listen(PORT + 1, 7) };
	struct peer *p = &self->p;

	for (int i = 0; i < 5; i++) {
		p->port = 5000 + i;
		p->to_port = PORT + (i >= 2);
		say(p, .flags = SYN, .seq = 100, .mss = 1460);
		ASSERT_EQ(0, expect(p, &self->s, SYN | ACK));
		if (i == 0 || i == 4)
			say(p, .flags = ACK, .seq = 101, .ack = self->s.seq + 1);
	}
	for (int i = 0; i < 2; i++) {
		struct tern_info ti;

		ASSERT_EQ(POLLIN, sk_wait(listener[i], POLLIN, SOON));
		ti = sk_info(listener[i]);
		EXPECT_EQ(1, ti.ti_unacked);
		EXPECT_EQ(i ? 7 : 4, ti.ti_sacked);
		EXPECT_EQ(i ? 2 : 1, sk_count(PORT + i, 0, TERN_SYN_RECV));
		EXPECT_EQ(1, sk_find(PORT + i, 0, TERN_LISTEN).rxq);
		if (is_tern()) {
			EXPECT_EQ(i ? 2 : 1, ti.ti_syn_queue);
			EXPECT_EQ(1, ti.ti_accept_queue);
			EXPECT_EQ(i ? 7 : 4, sk_find(PORT + i, 0, TERN_LISTEN).txq);
		}
	}
	EXPECT_GE(accept(listener[0], NULL, NULL), 0);
	EXPECT_EQ(0, sk_find(PORT, 0, TERN_LISTEN).rxq);
	EXPECT_EQ(1, sk_find(PORT + 1, 0, TERN_LISTEN).rxq);
}

/* The same SYN again: the same SYN-ACK, at once, and no second entry. */
TEST_F(wire, repeated_syn)
{
	struct peer *p = &self->p;
	uint32_t y;

	ASSERT_GE(sk_listen(PORT, 4), 0);
	p->port = 5000;
	p->to_port = PORT;
	say(p, .flags = SYN, .seq = 100, .mss = 1460);
	ASSERT_EQ(0, expect(p, &self->s, SYN | ACK));
	y = self->s.seq;
	for (int i = 0; i < 2; i++) {
		/* TCP limits these to one in 500 ms. */
		if (!is_tern())
			usleep(510000);
		say(p, .flags = SYN, .seq = 100, .mss = 1460);
		ASSERT_EQ(0, expect(p, &self->s, SYN | ACK));
		EXPECT_EQ(y, self->s.seq);
		EXPECT_EQ(101, self->s.ack);
	}
	EXPECT_EQ(1, sk_count(PORT, 0, TERN_SYN_RECV));
}

/* Closing the listener frees half-open entries and resets what nobody accepted. */
TEST_F(wire, listener_closed)
{
	struct peer *p = &self->p;
	int listener = sk_listen(PORT, 4);

	p->port = 5000;
	p->to_port = PORT;
	say(p, .flags = SYN, .seq = 100, .mss = 1460);
	ASSERT_EQ(0, expect(p, &self->s, SYN | ACK));
	p->port = 5001;
	ASSERT_EQ(0, peer_connect(p));
	ASSERT_EQ(POLLIN, sk_wait(listener, POLLIN, SOON));
	close(listener);
	ASSERT_EQ(1, hear(p, &self->s, SOON));
	EXPECT_EQ(RST, self->s.flags & RST);
	EXPECT_EQ(p->rcv_nxt, self->s.seq);
	EXPECT_TRUE(wait_gone(PORT, 0, SOON));
}

TEST_HARNESS_MAIN
