// SPDX-License-Identifier: GPL-2.0
/*
 * The edges of RFC 9293, 3.3.2, figure 5, one case each, as the trace tells
 * them; and of the figure's edges those that Tern has not, or takes in two
 * steps. Documentation/states.rst is drawn from what is traced.
 */
#include "fixture.h"

#define AT_PEER	"dport=4711 "		/* lines of the connection with the peer */
#define LISTENS	"sport=4711 dport=0 "	/* those of the listener itself */

FIXTURE(state)
{
	struct topo t;
	struct wire w;
	struct peer p;
	struct seg s;
	struct trace tr;
};

FIXTURE_SETUP(state)
{
	SKIP_UNLESS_AVAILABLE();
	if (!is_tern())
		SKIP(return, "Tern's tracepoint");
	topo_name(_metadata->name);
	ASSERT_EQ(0, topo_up(&self->t, TOPO_WIRE));
	ASSERT_EQ(0, wire_open(&self->t, &self->w));
	peer_init(&self->p, &self->w, PORT, 0);
	ASSERT_EQ(0, trace_open(&self->tr));
	ASSERT_EQ(0, sysctl_set("msl_ms", "25"));
}

FIXTURE_TEARDOWN(state)
{
	trace_close(&self->tr);
	topo_down(&self->t);
}

#define EXPECT_TRACE(which, ...) do {						\
	static const int _s[] = { __VA_ARGS__ };				\
	EXPECT_EQ(0, trace_expect(&self->tr, which, _s, sizeof(_s) / sizeof(*_s))); \
} while (0)

/* A SYN from each end, ours answered by none: SYN-RECEIVED of a socket */
static int crossed(struct peer *p, struct seg *s, int *fd)
{
	*fd = sk_dial(HOST_B, PORT, 0, SOCK_NONBLOCK);
	if (*fd < 0 || peer_syn(p, s))
		return -1;
	say(p, .flags = SYN, .seq = p->iss, .mss = MSS);
	return expect(p, s, SYN | ACK);
}

/* Our FIN is out, and not acknowledged. */
static int fin_wait1(struct peer *p, struct seg *s)
{
	int fd;

	if (peer_dial(p, &fd) || shutdown(fd, SHUT_WR))
		return -1;
	p->rcv_nxt++;
	return expect(p, s, FIN | ACK);
}

/* passive OPEN; CLOSE in LISTEN */
TEST_F(state, listen)
{
	int fd = sk_listen(PORT, 1);

	ASSERT_GE(fd, 0);
	EXPECT_EQ(1, sk_count(PORT, 0, TERN_LISTEN));
	close(fd);
	EXPECT_EQ(0, sk_count(PORT, 0, TERN_LISTEN));
	EXPECT_TRACE(LISTENS, TERN_LISTEN, TERN_CLOSE);
}

/* SEND in LISTEN, which would be an active OPEN: no such thing with sockets */
TEST_F(state, listen_send)
{
	int fd = sk_listen(PORT, 1);

	ASSERT_GE(fd, 0);
	EXPECT_EQ(-1, send(fd, "x", 1, MSG_NOSIGNAL));
	EXPECT_EQ(EPIPE, errno);
	EXPECT_TRUE(silence(&self->p, QUIET));
	EXPECT_EQ(1, sk_count(PORT, 0, TERN_LISTEN));
	close(fd);
	EXPECT_TRACE(LISTENS, TERN_LISTEN, TERN_CLOSE);
}

/* active OPEN; CLOSE in SYN-SENT: the answer meets nobody */
TEST_F(state, syn_sent_close)
{
	struct peer *p = &self->p;
	int fd = sk_dial(HOST_B, PORT, 0, SOCK_NONBLOCK);

	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, expect(p, &self->s, SYN));
	close(fd);
	p->to_port = self->s.sport;
	say(p, .flags = SYN | ACK, .seq = p->iss, .ack = self->s.seq + 1);
	EXPECT_EQ(0, expect(p, &self->s, RST));
	EXPECT_TRACE(AT_PEER, TERN_SYN_SENT, TERN_CLOSE);
}

/* SYN,ACK in SYN-SENT; CLOSE in ESTABLISHED; ACK of FIN; FIN; 2MSL */
TEST_F(state, active)
{
	struct peer *p = &self->p;

	ASSERT_EQ(0, fin_wait1(p, &self->s));
	say(p, .flags = ACK, .seq = p->snd_nxt, .ack = p->rcv_nxt);
	EXPECT_TRUE(wait_state(p->to_port, PORT, TERN_FIN_WAIT2, SOON));
	say(p, .flags = FIN | ACK, .seq = p->snd_nxt, .ack = p->rcv_nxt);
	EXPECT_EQ(0, expect(p, &self->s, ACK));
	EXPECT_TRUE(wait_gone(p->to_port, PORT, SOON));
	EXPECT_TRACE(AT_PEER, TERN_SYN_SENT, TERN_ESTABLISHED, TERN_FIN_WAIT1,
		     TERN_FIN_WAIT2, TERN_TIME_WAIT, TERN_CLOSE);
}

/* SYN in LISTEN; ACK of SYN; FIN in ESTABLISHED; CLOSE in CLOSE-WAIT; ACK of FIN */
TEST_F(state, passive)
{
	struct peer *p = &self->p;
	int listener = sk_listen(PORT, 1), fd;

	fd = peer_open(p, listener);
	ASSERT_GE(fd, 0);
	say(p, .flags = FIN | ACK, .seq = p->snd_nxt, .ack = p->rcv_nxt);
	EXPECT_EQ(0, expect(p, &self->s, ACK));
	close(fd);
	EXPECT_EQ(0, expect(p, &self->s, FIN | ACK));
	say(p, .flags = ACK, .seq = p->snd_nxt + 1, .ack = p->rcv_nxt + 1);
	EXPECT_TRUE(wait_gone(PORT, PORT, SOON));
	/* The connection takes the place of the SYN queue's entry in SYN_RECV. */
	EXPECT_TRACE(AT_PEER, TERN_SYN_RECV, TERN_ESTABLISHED, TERN_CLOSE_WAIT,
		     TERN_LAST_ACK, TERN_CLOSE);
}

/* RST in SYN-RECEIVED, note 1: the entry goes, the listener listens on */
TEST_F(state, syn_received_rst)
{
	struct peer *p = &self->p;

	ASSERT_GE(sk_listen(PORT, 1), 0);
	p->to_port = PORT;
	say(p, .flags = SYN, .seq = p->iss, .mss = MSS);
	ASSERT_EQ(0, expect(p, &self->s, SYN | ACK));
	say(p, .flags = RST, .seq = p->iss + 1);
	EXPECT_TRUE(wait_gone(PORT, PORT, SOON));
	EXPECT_EQ(1, sk_count(PORT, 0, TERN_LISTEN));
	EXPECT_TRACE(AT_PEER, TERN_SYN_RECV, TERN_CLOSE);
	say(p, .flags = SYN, .seq = p->iss + 10, .mss = MSS);
	EXPECT_EQ(0, expect(p, &self->s, SYN | ACK));
}

/* SYN in SYN-SENT */
TEST_F(state, simultaneous_open)
{
	struct peer *p = &self->p;
	int fd;

	ASSERT_EQ(0, crossed(p, &self->s, &fd));
	say(p, .flags = ACK, .seq = p->snd_nxt, .ack = p->rcv_nxt);
	EXPECT_EQ(POLLOUT, sk_wait(fd, POLLOUT, SOON));
	EXPECT_TRACE(AT_PEER, TERN_SYN_SENT, TERN_SYN_RECV, TERN_ESTABLISHED);
}

/* CLOSE in SYN-RECEIVED: the FIN goes out before our SYN is acknowledged */
TEST_F(state, syn_received_close)
{
	struct peer *p = &self->p;
	int fd;

	ASSERT_EQ(0, crossed(p, &self->s, &fd));
	close(fd);
	EXPECT_EQ(0, expect(p, &self->s, FIN | ACK));
	EXPECT_EQ(p->rcv_nxt, self->s.seq);
	EXPECT_EQ(p->snd_nxt, self->s.ack);
	EXPECT_EQ(TERN_FIN_WAIT1, sk_state(p->to_port, PORT));
	say(p, .flags = ACK, .seq = p->snd_nxt, .ack = p->rcv_nxt + 1);
	EXPECT_TRUE(wait_state(p->to_port, PORT, TERN_FIN_WAIT2, SOON));
	say(p, .flags = FIN | ACK, .seq = p->snd_nxt, .ack = p->rcv_nxt + 1);
	EXPECT_EQ(0, expect(p, &self->s, ACK));
	EXPECT_TRACE(AT_PEER, TERN_SYN_SENT, TERN_SYN_RECV, TERN_FIN_WAIT1,
		     TERN_FIN_WAIT2, TERN_TIME_WAIT);
}

/* ... and the SYN, that the peer has not, goes out again before the FIN does. */
TEST_F(state, syn_received_close_resent)
{
	struct peer *p = &self->p;
	int fd;

	ASSERT_EQ(0, crossed(p, &self->s, &fd));
	close(fd);
	ASSERT_EQ(0, expect(p, &self->s, FIN | ACK));
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, expect(p, &self->s, SYN | ACK));
		EXPECT_EQ(p->rcv_nxt - 1, self->s.seq);
	}
	say(p, .flags = ACK, .seq = p->snd_nxt, .ack = p->rcv_nxt);
	ASSERT_EQ(0, expect(p, &self->s, FIN | ACK));
	EXPECT_EQ(p->rcv_nxt, self->s.seq);
	say(p, .flags = ACK, .seq = p->snd_nxt, .ack = p->rcv_nxt + 1);
	EXPECT_TRUE(wait_state(p->to_port, PORT, TERN_FIN_WAIT2, SOON));
}

/* FIN in FIN-WAIT-1; ACK of FIN in CLOSING */
TEST_F(state, closing)
{
	struct peer *p = &self->p;

	ASSERT_EQ(0, fin_wait1(p, &self->s));
	say(p, .flags = FIN | ACK, .seq = p->snd_nxt, .ack = p->rcv_nxt - 1);
	EXPECT_EQ(0, expect(p, &self->s, ACK));
	EXPECT_EQ(TERN_CLOSING, sk_state(p->to_port, PORT));
	say(p, .flags = ACK, .seq = p->snd_nxt + 1, .ack = p->rcv_nxt);
	EXPECT_TRUE(wait_gone(p->to_port, PORT, SOON));
	EXPECT_TRACE(AT_PEER, TERN_SYN_SENT, TERN_ESTABLISHED, TERN_FIN_WAIT1,
		     TERN_CLOSING, TERN_TIME_WAIT, TERN_CLOSE);
}

/*
 * Note 2, FIN-WAIT-1 to TIME-WAIT by one segment: the fifth step takes its ACK,
 * the eighth its FIN, and FIN-WAIT-2 is between (RFC 9293, 3.10.7.4). One ACK
 * answers.
 */
TEST_F(state, fin_and_ack_of_fin)
{
	struct peer *p = &self->p;

	ASSERT_EQ(0, fin_wait1(p, &self->s));
	say(p, .flags = FIN | ACK, .seq = p->snd_nxt, .ack = p->rcv_nxt);
	EXPECT_EQ(0, expect(p, &self->s, ACK));
	EXPECT_EQ(p->snd_nxt + 1, self->s.ack);
	EXPECT_TRUE(wait_gone(p->to_port, PORT, SOON));
	EXPECT_TRUE(silence(p, 0));
	EXPECT_TRACE(AT_PEER, TERN_SYN_SENT, TERN_ESTABLISHED, TERN_FIN_WAIT1,
		     TERN_FIN_WAIT2, TERN_TIME_WAIT, TERN_CLOSE);
}

TEST_HARNESS_MAIN
