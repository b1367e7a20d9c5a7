// SPDX-License-Identifier: GPL-2.0
/*
 * lost-ack-data: the third ACK is lost and the client sends: within the
 * server's patience the data completes the handshake; after the server has
 * given up, the client's data gets RST and the client ECONNRESET.
 * lost-ack-idle: a silent client acknowledges each SYN-ACK that is resent.
 */
#include "fixture.h"

WIRE_FIXTURE()
HOSTS_FIXTURE()

static int drop_pure_acks(struct topo *t)
{
	return topo_drop(t, 1, "@th,104,8 0x10");
}

TEST_F(hosts, completes)
{
	int listener, fd, s;
	char buf[8];

	topo_enter(&self->t, 1);
	listener = sk_listen(PORT, 4);
	ASSERT_EQ(0, drop_pure_acks(&self->t));
	topo_enter(&self->t, 0);
	fd = sk_dial(HOST_B, PORT, 0, 0);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(TERN_ESTABLISHED, sk_state(0, PORT));
	topo_enter(&self->t, 1);
	EXPECT_EQ(TERN_SYN_RECV, sk_state(PORT, 0));
	EXPECT_EQ(0, sk_wait(listener, POLLIN, QUIET));
	/* PSH is set on data, so the rule lets it pass. */
	ASSERT_EQ(4, send(fd, "data", 4, 0));
	ASSERT_EQ(POLLIN, sk_wait(listener, POLLIN, SOON));
	s = accept(listener, NULL, NULL);
	ASSERT_GE(s, 0);
	sk_timeouts(s, SOON);
	EXPECT_EQ(4, recv(s, buf, sizeof(buf), 0));
	EXPECT_EQ(TERN_ESTABLISHED, sk_state(PORT, 0));
}

TEST_F(hosts, given_up)
{
	char c;
	int fd;

	if (!is_tern())
		SKIP(return, "takes a minute with TCP");
	topo_enter(&self->t, 1);
	ASSERT_EQ(0, sysctl_set("rto_init_us", "100000"));
	ASSERT_EQ(0, sysctl_set("synack_retries", "1"));
	ASSERT_GE(sk_listen(PORT, 4), 0);
	ASSERT_EQ(0, drop_pure_acks(&self->t));
	topo_enter(&self->t, 0);
	fd = sk_dial(HOST_B, PORT, 0, 0);
	ASSERT_GE(fd, 0);
	topo_enter(&self->t, 1);
	EXPECT_TRUE(wait_gone(PORT, 0, SOON));
	topo_enter(&self->t, 0);
	EXPECT_EQ(TERN_ESTABLISHED, sk_state(0, PORT));
	ASSERT_EQ(4, send(fd, "data", 4, 0));
	sk_timeouts(fd, SOON);
	EXPECT_EQ(-1, recv(fd, &c, 1, 0));
	EXPECT_EQ(ECONNRESET, errno);
}

/* The client's side of lost-ack-idle. */
TEST_F(wire, idle_acks_each)
{
	struct peer *p = &self->p;
	int fd;

	ASSERT_EQ(0, peer_dial(p, &fd));
	for (int i = 0; i < 3; i++) {
		/* Such ACKs are limited in rate. */
		usleep(600000);
		say(p, .flags = SYN | ACK, .seq = p->iss, .ack = p->rcv_nxt, .mss = 1460);
		ASSERT_EQ(0, expect(p, &self->s, ACK));
		EXPECT_EQ(p->rcv_nxt, self->s.seq);
		EXPECT_EQ(p->snd_nxt, self->s.ack);
	}
	EXPECT_EQ(TERN_ESTABLISHED, sk_state(p->to_port, PORT));
}

TEST_HARNESS_MAIN
