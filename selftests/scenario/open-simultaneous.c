// SPDX-License-Identifier: GPL-2.0
/*
 * open-simultaneous: both ends send a SYN at once: one connection, which is
 * ESTABLISHED at both. RFC 9293, 3.5, figure 7.
 */
#include "fixture.h"

WIRE_FIXTURE()
HOSTS_FIXTURE()

static int crossed(struct peer *p, struct seg *s, int *fd, uint32_t *x)
{
	*fd = sk_dial(HOST_B, PORT, 0, SOCK_NONBLOCK);
	if (*fd < 0 || expect(p, s, SYN))
		return -1;
	*x = s->seq;
	p->to_port = s->sport;
	say(p, .flags = SYN, .seq = 700, .mss = 1460);
	return expect(p, s, SYN | ACK);
}

TEST_F(wire, ack_completes)
{
	struct peer *p = &self->p;
	char buf[8];
	uint32_t x;
	int fd;

	ASSERT_EQ(0, crossed(p, &self->s, &fd, &x));
	EXPECT_EQ(x, self->s.seq);
	EXPECT_EQ(701, self->s.ack);
	EXPECT_EQ(TERN_SYN_RECV, sk_state(p->to_port, PORT));
	say(p, .flags = ACK, .seq = 701, .ack = x + 1);
	EXPECT_EQ(POLLOUT, sk_wait(fd, POLLOUT, SOON));
	EXPECT_EQ(TERN_ESTABLISHED, sk_state(p->to_port, PORT));
	EXPECT_EQ(0, sk_error(fd));
	say(p, .flags = ACK, .seq = 701, .ack = x + 1, .data = "both", .len = 4);
	EXPECT_TRUE(sk_wait(fd, POLLIN, SOON) & POLLIN);
	EXPECT_EQ(4, recv(fd, buf, sizeof(buf), 0));
}

TEST_F(wire, syn_ack_completes)
{
	struct peer *p = &self->p;
	uint32_t x;
	int fd;

	ASSERT_EQ(0, crossed(p, &self->s, &fd, &x));
	say(p, .flags = SYN | ACK, .seq = 700, .ack = x + 1, .mss = 1460);
	EXPECT_EQ(POLLOUT, sk_wait(fd, POLLOUT, SOON));
	EXPECT_EQ(TERN_ESTABLISHED, sk_state(p->to_port, PORT));
}

TEST_F(wire, rst_refuses)
{
	struct peer *p = &self->p;
	uint32_t x;
	int fd;

	ASSERT_EQ(0, crossed(p, &self->s, &fd, &x));
	say(p, .flags = RST | ACK, .seq = 701, .ack = x + 1);
	EXPECT_TRUE(sk_wait(fd, POLLOUT, SOON) & POLLERR);
	EXPECT_EQ(ECONNREFUSED, sk_error(fd));
}

TEST_F(hosts, two_kernels)
{
	struct sk_name sa[2] = { sk_name(HOST_A, 5001), sk_name(HOST_B, 5002) };
	uint32_t x[2] = { 0 };
	int fd[2], seen = 0;
	char buf[8];

	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, topo_run(&self->t, i,
				      "tc qdisc add dev eth0 root netem delay 200ms"));
		topo_enter(&self->t, i);
		fd[i] = sk_new(SOCK_NONBLOCK);
		ASSERT_EQ(0, bind(fd[i], &sa[i].sa, sa[i].len));
	}
	for (int i = 0; i < 2; i++) {
		EXPECT_EQ(-1, connect(fd[i], &sa[!i].sa, sa[!i].len));
		EXPECT_EQ(EINPROGRESS, errno);
	}
	for (int i = 0; i < 2; i++) {
		EXPECT_EQ(POLLOUT, sk_wait(fd[i], POLLOUT, SOON));
		EXPECT_EQ(0, sk_error(fd[i]));
		topo_enter(&self->t, i);
		EXPECT_TRUE(wait_state(5001 + i, 5002 - i, TERN_ESTABLISHED, SOON));
		EXPECT_EQ(1, sk_count(0, 0, 0));
	}
	/* Two SYNs before anything else, each acknowledged by the other's SYN-ACK */
	while (seen != 15) {
		struct seg *s = &self->s;
		int from;

		ASSERT_EQ(1, wire_recv(&self->w, s, SOON));
		from = s->sport == 5002;
		if (s->flags == SYN) {
			EXPECT_EQ(0, seen & 4 << !from);
			EXPECT_TRUE(!x[from] || x[from] == s->seq);
			x[from] = s->seq;
			seen |= 1 << from;
		} else if (s->flags == (SYN | ACK)) {
			EXPECT_EQ(3, seen & 3);
			EXPECT_EQ(x[from], s->seq);
			EXPECT_EQ(x[!from] + 1, s->ack);
			seen |= 4 << from;
		}
	}
	for (int i = 0; i < 2; i++)
		EXPECT_EQ(2, send(fd[i], i ? "BB" : "AA", 2, 0));
	for (int i = 0; i < 2; i++) {
		EXPECT_TRUE(sk_wait(fd[i], POLLIN, SOON) & POLLIN);
		EXPECT_EQ(2, recv(fd[i], buf, sizeof(buf), 0));
		EXPECT_EQ(i ? 'A' : 'B', buf[0]);
	}
}

TEST_HARNESS_MAIN
