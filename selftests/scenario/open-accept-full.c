// SPDX-License-Identifier: GPL-2.0
/*
 * open-accept-full: with the accept queue full the third ACK is dropped and
 * counted, the SYN-ACK is resent, and the connection completes once accept()
 * has made room. With abort_on_overflow=1 it is reset instead.
 */
#include "fixture.h"

WIRE_FIXTURE()
HOSTS_FIXTURE()

/*
 * Two connections fill the queue of backlog + 1, then a third ACK comes. Both
 * of the last two are half open before, or their SYNs would be dropped.
 */
static int overflow(struct peer *p, struct peer *q, int *listener)
{
	struct seg *s = malloc(sizeof(*s));
	struct peer *both[] = { p, q };

	*listener = sk_listen(PORT, 1);
	p->port = 4999;
	p->to_port = PORT;
	if (peer_connect(p) || !sk_wait(*listener, POLLIN, SOON))
		return -1;
	*q = *p;
	for (int i = 0; i < 2; i++) {
		both[i]->port = 5000 + i;
		say(both[i], .flags = SYN, .seq = 100, .mss = 1460);
		if (expect(both[i], s, SYN | ACK))
			return -1;
		both[i]->snd_nxt = 101;
		both[i]->rcv_nxt = s->seq + 1;
	}
	for (int i = 0; i < 2; i++)
		say(both[i], .flags = ACK, .seq = 101, .ack = both[i]->rcv_nxt);
	free(s);
	return 0;
}

TEST_F(wire, completes_later)
{
	struct peer *p = &self->p, q;
	long before = stat_get("ListenOverflows");
	int listener, fd;

	ASSERT_EQ(0, overflow(p, &q, &listener));
	EXPECT_TRUE(wait_for(stat_get("ListenOverflows") > before, SOON));
	EXPECT_EQ(TERN_SYN_RECV, sk_state(PORT, q.port));

	/* The SYN-ACK comes again; the queue is still full. */
	ASSERT_EQ(0, expect(&q, &self->s, SYN | ACK));
	EXPECT_EQ(q.rcv_nxt - 1, self->s.seq);
	EXPECT_EQ(TERN_SYN_RECV, sk_state(PORT, q.port));

	for (int i = 0; i < 2; i++) {
		fd = accept(listener, NULL, NULL);
		ASSERT_GE(fd, 0);
	}
	EXPECT_EQ(0, sk_wait(listener, POLLIN, 0));
	ASSERT_EQ(0, expect(&q, &self->s, SYN | ACK));
	say(&q, .flags = ACK, .seq = 101, .ack = q.rcv_nxt);
	EXPECT_EQ(POLLIN, sk_wait(listener, POLLIN, SOON));
	EXPECT_GE(accept(listener, NULL, NULL), 0);
	EXPECT_EQ(TERN_ESTABLISHED, sk_state(PORT, q.port));
}

TEST_F(wire, abort)
{
	struct peer *p = &self->p, q;
	int listener;

	ASSERT_EQ(0, sysctl_set("abort_on_overflow", "1"));
	ASSERT_EQ(0, overflow(p, &q, &listener));
	ASSERT_EQ(0, expect(&q, &self->s, RST));
	EXPECT_EQ(q.rcv_nxt, self->s.seq);
	EXPECT_TRUE(wait_gone(PORT, q.port, SOON));
}

/* A SYN that finds the accept queue full is dropped and counted. */
TEST_F(wire, syn_dropped)
{
	struct peer *p = &self->p;
	long before = stat_get("ListenDrops");
	int listener = sk_listen(PORT, 0);

	p->port = 5000;
	p->to_port = PORT;
	ASSERT_EQ(0, peer_connect(p));
	ASSERT_EQ(POLLIN, sk_wait(listener, POLLIN, SOON));
	p->port = 5001;
	say(p, .flags = SYN, .seq = 100, .mss = 1460);
	EXPECT_TRUE(silence(p, QUIET));
	EXPECT_GT(stat_get("ListenDrops"), before);
	EXPECT_EQ(0, sk_count(PORT, 5001, 0));
}

/*
 * Two kernels: none of five connects into a queue of two is lost, not even that
 * whose third ACK was dropped: delayed, it comes with another's, behind both
 * SYNs.
 */
TEST_F(hosts, none_lost)
{
	int fd[5], listener;
	char c;

	if (!is_tern())
		SKIP(return, "TCP's first timeout is 1 s: this would take a minute");
	ASSERT_EQ(0, topo_enter(&self->t, 1));
	sysctl_set("rto_init_us", "400000");
	/* A cookie has no entry that could be sent again. */
	ASSERT_EQ(0, sysctl_set("syncookies", "0"));
	listener = sk_listen(PORT, 1);
	ASSERT_GE(listener, 0);
	ASSERT_EQ(0, topo_enter(&self->t, 0));
	sysctl_set("rto_init_us", "400000");
	for (int i = 0; i < 5; i++) {
		if (i == 1)
			ASSERT_EQ(0, topo_run(&self->t, 0,
					      "tc qdisc add dev eth0 root netem delay 200ms"));
		fd[i] = sk_dial(HOST_B, PORT, 0, i ? SOCK_NONBLOCK : 0);
		ASSERT_GE(fd[i], 0);
		if (i == 2) {
			/* Established, as far as this end knows */
			for (int j = 0; j <= i; j++)
				EXPECT_EQ(POLLOUT, sk_wait(fd[j], POLLOUT, SOON));
			topo_enter(&self->t, 1);
			EXPECT_TRUE(wait_for(stat_get("ListenOverflows") > 0, SOON));
			EXPECT_EQ(1, sk_count(PORT, 0, TERN_SYN_RECV));
			EXPECT_EQ(2, sk_find(PORT, 0, TERN_LISTEN).rxq);
			topo_enter(&self->t, 0);
			EXPECT_EQ(3, sk_count(0, PORT, TERN_ESTABLISHED));
		}
	}
	for (int i = 0; i < 5; i++) {
		int s;

		ASSERT_EQ(POLLIN, sk_wait(listener, POLLIN, 30000));
		s = accept(listener, NULL, NULL);
		ASSERT_GE(s, 0);
		EXPECT_EQ(1, send(s, "x", 1, 0));
	}
	for (int i = 0; i < 5; i++) {
		EXPECT_TRUE(sk_wait(fd[i], POLLIN, 10000) & POLLIN);
		EXPECT_EQ(1, recv(fd[i], &c, 1, 0));
	}
}

/* Delayed, all SYNs are answered before the first ACK arrives. */
TEST_F(hosts, client_sees_reset)
{
	int fd[3], seen = 0;

	ASSERT_EQ(0, topo_enter(&self->t, 1));
	ASSERT_EQ(0, sysctl_set("abort_on_overflow", "1"));
	ASSERT_EQ(0, sysctl_set("syncookies", "0"));
	ASSERT_GE(sk_listen(PORT, 1), 0);
	ASSERT_EQ(0, topo_enter(&self->t, 0));
	fd[0] = sk_dial(HOST_B, PORT, 0, 0);
	ASSERT_EQ(0, topo_run(&self->t, 0, "tc qdisc add dev eth0 root netem delay 500ms"));
	fd[1] = sk_dial(HOST_B, PORT, 0, SOCK_NONBLOCK);
	fd[2] = sk_dial(HOST_B, PORT, 0, SOCK_NONBLOCK);
	for (int i = 0; i < 3; i++) {
		ASSERT_GE(fd[i], 0);
		ASSERT_TRUE(sk_wait(fd[i], POLLOUT, SOON) & POLLOUT);
	}
	ASSERT_TRUE(wait_for((sk_wait(fd[1], POLLIN, 0) | sk_wait(fd[2], POLLIN, 0)) & POLLIN,
			     SOON));
	for (int i = 0; i < 3; i++)
		if (sk_wait(fd[i], POLLIN, 0)) {
			seen++;
			EXPECT_EQ(ECONNRESET, sk_error(fd[i]));
		}
	EXPECT_EQ(1, seen);
}

TEST_HARNESS_MAIN
