// SPDX-License-Identifier: GPL-2.0
/*
 * close-simultaneous: both FINs cross: CLOSING at both ends, then TIME_WAIT at
 * both. RFC 9293, 3.6, figure 13.
 */
#include "fixture.h"

WIRE_FIXTURE()
HOSTS_FIXTURE()

TEST_F(wire, closing)
{
	struct peer *p = &self->p;
	uint32_t u;
	int fd;

	ASSERT_EQ(0, peer_dial(p, &fd));
	ASSERT_EQ(0, shutdown(fd, SHUT_WR));
	ASSERT_EQ(0, expect(p, &self->s, FIN | ACK));
	u = self->s.seq;
	say(p, .flags = FIN | ACK, .seq = p->snd_nxt, .ack = u);
	ASSERT_EQ(0, expect(p, &self->s, ACK));
	EXPECT_EQ(u + 1, self->s.seq);
	EXPECT_EQ(p->snd_nxt + 1, self->s.ack);
	EXPECT_TRUE(wait_state(p->to_port, PORT, TERN_CLOSING, SOON));
	say(p, .flags = ACK, .seq = p->snd_nxt + 1, .ack = u + 1);
	EXPECT_TRUE(wait_state(p->to_port, PORT, TERN_TIME_WAIT, SOON));
}

/* The same with the application gone. */
TEST_F(wire, orphan)
{
	struct peer *p = &self->p;
	uint32_t u;
	int fd;

	ASSERT_EQ(0, peer_dial(p, &fd));
	ASSERT_EQ(0, close(fd));
	ASSERT_EQ(0, expect(p, &self->s, FIN | ACK));
	u = self->s.seq;
	say(p, .flags = FIN | ACK, .seq = p->snd_nxt, .ack = u);
	ASSERT_EQ(0, expect(p, &self->s, ACK));
	EXPECT_TRUE(wait_state(p->to_port, PORT, TERN_CLOSING, SOON));
	say(p, .flags = ACK, .seq = p->snd_nxt + 1, .ack = u + 1);
	EXPECT_TRUE(wait_state(p->to_port, PORT, TERN_TIME_WAIT, SOON));
}

TEST_F(hosts, both_time_wait)
{
	struct trace tr[2];
	int fd[2], port[2], seen = 0;
	uint32_t nxt[2];

	ASSERT_EQ(0, trace_both(&self->t, tr));
	/* Known to both from the handshake, so that neither resends its FIN. */
	for (int i = 0; i < 2; i++)
		ASSERT_EQ(0, topo_run(&self->t, i,
				      "tc qdisc add dev eth0 root netem delay 200ms"));
	ASSERT_EQ(0, sk_pair(&self->t, fd, PORT));
	port[0] = sk_port(fd[0]);
	port[1] = PORT;
	ASSERT_EQ(0, see(&self->w, &self->s, port[0], SYN));
	ASSERT_EQ(0, see(&self->w, &self->s, PORT, SYN | ACK));
	nxt[1] = self->s.seq + 1;
	ASSERT_EQ(0, see(&self->w, &self->s, port[0], ACK));
	nxt[0] = self->s.seq;
	for (int i = 0; i < 2; i++)
		ASSERT_EQ(0, close(fd[i]));

	/* Each FIN acknowledges nothing of the other, each ACK just that. */
	while (seen != 15) {
		int from, fin;

		ASSERT_EQ(1, wire_recv(&self->w, &self->s, SOON));
		from = self->s.sport == PORT;
		fin = self->s.flags & FIN;
		EXPECT_EQ(ACK | fin, self->s.flags & ~PSH);
		EXPECT_EQ(nxt[from] + !fin, self->s.seq);
		EXPECT_EQ(nxt[!from] + !fin, self->s.ack);
		seen |= (fin ? 1 : 4) << from;
	}
	for (int i = 0; i < 2; i++) {
		topo_enter(&self->t, i);
		EXPECT_TRUE(wait_state(port[i], port[!i], TERN_TIME_WAIT, SOON));
	}
	if (!is_tern())
		return;
	for (int i = 0; i < 2; i++) {
		EXPECT_EQ(0, TRACE_EXPECT(&tr[i], trace_of(port[i], port[!i]),
					  i ? TERN_SYN_RECV : TERN_SYN_SENT, TERN_ESTABLISHED,
					  TERN_FIN_WAIT1, TERN_CLOSING, TERN_TIME_WAIT));
		trace_close(&tr[i]);
	}
}

TEST_HARNESS_MAIN
