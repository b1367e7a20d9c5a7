// SPDX-License-Identifier: GPL-2.0
/*
 * close-2msl-fin: the last ACK is lost: the peer resends its FIN, TIME_WAIT
 * acknowledges it again and starts anew. RFC 9293, 3.10.7.4, eighth.
 */
#include <signal.h>
#include "fixture.h"
#include "timewait.h"

WIRE_FIXTURE()
HOSTS_FIXTURE()

TEST_F_TIMEOUT(wire, restarts, 1000)
{
	int64_t length = timetravel() ? 60000000 : 2000000;
	struct peer *p = &self->p;
	int listener = sk_listen(PORT, 4);
	uint32_t fin;

	if (is_tern() && !timetravel())
		ASSERT_EQ(0, sysctl_set("msl_ms", "1000"));
	p->port = 5000;
	ASSERT_EQ(0, to_time_wait(p, &self->s, listener));
	fin = p->snd_nxt - 1;
	/* Half way through. */
	sleep_until(self->s.us + length / 2);
	say(p, .flags = FIN | ACK, .seq = fin, .ack = p->rcv_nxt);
	ASSERT_EQ(0, expect(p, &self->s, ACK));
	EXPECT_EQ(fin + 1, self->s.ack);
	EXPECT_EQ(p->rcv_nxt, self->s.seq);
	EXPECT_EQ(TERN_TIME_WAIT, sk_state(PORT, 5000));
	if (!is_tern())
		return;
	sleep_most(self->s.us, length);
	EXPECT_EQ(TERN_TIME_WAIT, sk_state(PORT, 5000));
	EXPECT_TRUE(wait_gone(PORT, 5000, SOON));
	EXPECT_TRUE(near_us(now_us() - self->s.us, length));
}

/* Two kernels, one ACK dropped: the server reaches CLOSED all the same. */
TEST_F(hosts, last_ack_lost)
{
	int fd[2], port, fins = 0;
	struct seg *s = &self->s;
	uint32_t u, w = 0;
	char c;

	ASSERT_EQ(0, sk_pair(&self->t, fd, PORT));
	port = sk_port(fd[0]);
	wire_drain(&self->w);
	ASSERT_EQ(0, close(fd[0]));
	ASSERT_EQ(0, see(&self->w, s, port, FIN | ACK));
	u = s->seq;
	EXPECT_EQ(0, recv(fd[1], &c, 1, 0));
	topo_enter(&self->t, 1);
	EXPECT_TRUE(wait_state(PORT, port, TERN_CLOSE_WAIT, SOON));
	/* Pure ACKs only, so neither FIN. */
	ASSERT_EQ(0, topo_drop(&self->t, 1, "@th,104,8 0x10"));
	topo_enter(&self->t, 0);
	EXPECT_TRUE(wait_state(port, PORT, TERN_FIN_WAIT2, SOON));
	wire_drain(&self->w);
	topo_enter(&self->t, 1);
	ASSERT_EQ(0, close(fd[1]));
	EXPECT_TRUE(wait_state(PORT, port, TERN_LAST_ACK, SOON));
	topo_enter(&self->t, 0);
	while (fins < 3) {
		ASSERT_EQ(1, wire_recv(&self->w, s, SOON));
		EXPECT_EQ(PORT, s->sport);
		EXPECT_EQ(FIN | ACK, s->flags & ~PSH);
		EXPECT_EQ(u + 1, s->ack);
		EXPECT_TRUE(!fins++ || s->seq == w);
		w = s->seq;
		/* Each is acknowledged, and each ACK lost. */
		ASSERT_EQ(1, wire_recv(&self->w, s, SOON));
		EXPECT_EQ(port, s->sport);
		EXPECT_EQ(ACK, s->flags);
		EXPECT_EQ(u + 1, s->seq);
		EXPECT_EQ(w + 1, s->ack);
		if (is_tern()) {
			double left = sk_find(port, PORT, TERN_TIME_WAIT).left_ms;

			/* From the FIN on: a minute again */
			EXPECT_GE(60000, left);
			EXPECT_LE(60000, left + (now_us() - s->us) / 1000.0 + 10);
		}
	}
	topo_enter(&self->t, 1);
	EXPECT_EQ(TERN_LAST_ACK, sk_state(PORT, port));
	ASSERT_EQ(0, topo_pass(&self->t, 1));
	EXPECT_TRUE(wait_gone(PORT, port, 20000));
	topo_enter(&self->t, 0);
	EXPECT_EQ(TERN_TIME_WAIT, sk_state(port, PORT));
}

TEST_HARNESS_MAIN
