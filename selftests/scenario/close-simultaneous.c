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
	EXPECT_EQ(TERN_CLOSING, sk_state(p->to_port, PORT));
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
	EXPECT_EQ(TERN_CLOSING, sk_state(p->to_port, PORT));
	say(p, .flags = ACK, .seq = p->snd_nxt + 1, .ack = u + 1);
	EXPECT_TRUE(wait_state(p->to_port, PORT, TERN_TIME_WAIT, SOON));
}

TEST_F(hosts, both_time_wait)
{
	static const int states[] = { TERN_SYN_SENT, TERN_ESTABLISHED, TERN_FIN_WAIT1,
				      TERN_CLOSING, TERN_TIME_WAIT };
	struct trace tr;
	int fd[2], port, traced;

	traced = is_tern() && !trace_open(&tr);
	ASSERT_EQ(0, sk_pair(&self->t, fd, PORT));
	port = sk_port(fd[0]);
	for (int i = 0; i < 2; i++)
		ASSERT_EQ(0, topo_run(&self->t, i,
				      "tc qdisc add dev eth0 root netem delay 200ms"));
	for (int i = 0; i < 2; i++)
		ASSERT_EQ(0, close(fd[i]));
	EXPECT_TRUE(wait_state(port, PORT, TERN_TIME_WAIT, SOON));
	topo_enter(&self->t, 1);
	EXPECT_TRUE(wait_state(PORT, port, TERN_TIME_WAIT, SOON));
	if (traced) {
		EXPECT_EQ(0, trace_expect(&tr, "dport=4711 ", states, 5));
		trace_close(&tr);
	}
}

TEST_HARNESS_MAIN
