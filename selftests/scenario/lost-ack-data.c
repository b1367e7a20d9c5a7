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

/*
 * A client that believes in its connection and a server without its ACK: the
 * client's socket. *@start is when the server began to wait, *@x and *@y are
 * the numbers behind the SYNs.
 */
static int half_open(struct topo *t, struct wire *w, struct seg *s, int64_t *start,
		     uint32_t *x, uint32_t *y)
{
	int fd;

	if (drop_pure_acks(t))
		return -1;
	topo_enter(t, 0);
	fd = sk_dial(HOST_B, PORT, 0, 0);
	if (fd < 0 || see(w, s, sk_port(fd), SYN))
		return -1;
	*start = s->us;
	if (see(w, s, PORT, SYN | ACK) || see(w, s, sk_port(fd), ACK))
		return -1;
	*x = s->seq;
	*y = s->ack;
	return sk_timeouts(fd, SOON) ? -1 : fd;
}

/* "data", on a slow machine sent again, and then what answers it, in @s */
static int see_data(struct wire *w, struct seg *s, int port, uint32_t x, uint32_t y)
{
	int seen = 0;

	while (wire_recv(w, s, SOON)) {
		if (s->sport == PORT)
			return seen ? 0 : -1;
		if (s->sport != port || s->seq != x || s->ack != y || s->len != 4)
			break;
		seen++;
	}
	seg_print(s, "neither data nor an answer:");
	return -1;
}

/* Within the server's patience, which is 63 s */
TEST_F_TIMEOUT(hosts, completes, 1000)
{
	int listener, fd, s, port;
	int64_t start;
	uint32_t x, y;
	char buf[8];

	topo_enter(&self->t, 1);
	listener = sk_listen(PORT, 4);
	fd = half_open(&self->t, &self->w, &self->s, &start, &x, &y);
	ASSERT_GE(fd, 0);
	port = sk_port(fd);
	if (timetravel() && is_tern())
		sleep_until(start + 62900000);
	EXPECT_EQ(TERN_ESTABLISHED, sk_state(port, PORT));
	topo_enter(&self->t, 1);
	EXPECT_EQ(TERN_SYN_RECV, sk_state(PORT, port));
	EXPECT_EQ(0, sk_wait(listener, POLLIN, timetravel() ? 0 : QUIET));
	wire_drain(&self->w);
	/* PSH is set on data, so the rule lets it pass. */
	ASSERT_EQ(4, send(fd, "data", 4, 0));
	ASSERT_EQ(POLLIN, sk_wait(listener, POLLIN, SOON));
	s = accept(listener, NULL, NULL);
	ASSERT_GE(s, 0);
	sk_timeouts(s, SOON);
	EXPECT_EQ(4, recv(s, buf, sizeof(buf), 0));
	EXPECT_EQ(0, memcmp(buf, "data", 4));
	EXPECT_EQ(TERN_ESTABLISHED, sk_state(PORT, port));
	ASSERT_EQ(0, see_data(&self->w, &self->s, port, x, y));
	EXPECT_EQ(ACK, self->s.flags);
	EXPECT_EQ(y, self->s.seq);
	EXPECT_EQ(x + 4, self->s.ack);
}

TEST_F_TIMEOUT(hosts, given_up, 1000)
{
	int64_t start;
	uint32_t x, y;
	int fd, port;
	char c;

	if (!is_tern())
		SKIP(return, "takes a minute with TCP");
	topo_enter(&self->t, 1);
	if (!timetravel()) {
		ASSERT_EQ(0, sysctl_set("rto_init_us", "100000"));
		ASSERT_EQ(0, sysctl_set("synack_retries", "1"));
	}
	ASSERT_GE(sk_listen(PORT, 4), 0);
	fd = half_open(&self->t, &self->w, &self->s, &start, &x, &y);
	ASSERT_GE(fd, 0);
	port = sk_port(fd);
	topo_enter(&self->t, 1);
	if (timetravel())
		sleep_until(start + 63100000);
	else
		EXPECT_TRUE(wait_gone(PORT, port, SOON));
	EXPECT_EQ(0, sk_count(PORT, port, 0));
	topo_enter(&self->t, 0);
	EXPECT_EQ(TERN_ESTABLISHED, sk_state(port, PORT));
	wire_drain(&self->w);
	ASSERT_EQ(4, send(fd, "data", 4, 0));
	EXPECT_EQ(-1, recv(fd, &c, 1, 0));
	EXPECT_EQ(ECONNRESET, errno);
	EXPECT_EQ(0, sk_state(port, PORT));
	ASSERT_EQ(0, see_data(&self->w, &self->s, port, x, y));
	/* RFC 9293, 3.10.7.1: the number is that of the ACK. */
	EXPECT_EQ(RST, self->s.flags);
	EXPECT_EQ(y, self->s.seq);
	topo_enter(&self->t, 1);
	EXPECT_EQ(0, sk_count(PORT, port, 0));
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
