// SPDX-License-Identifier: GPL-2.0
/*
 * Segments in the synchronised states that ask for an answer: a FIN that comes
 * again, windows that shut, probes, data nobody will read; and what a
 * simultaneous open makes of its SYN-ACK. RFC 9293 3.10.7.4.
 */
#include <pthread.h>
#include <sys/socket.h>

#include "fixture.h"

WIRE_FIXTURE()

/* The ACK of a FIN may be lost in any state that follows it. */
TEST_F(wire, rfc9293_3_10_7_4__fin_again)
{
	struct peer *p = &self->p;
	struct seg *s = &self->s;
	int fd;

	ASSERT_EQ(0, peer_dial(p, &fd));
	say(p, .flags = FIN | ACK, .seq = p->snd_nxt, .ack = p->rcv_nxt, .data = "bye", .len = 3);
	ASSERT_EQ(0, expect(p, s, ACK));
	EXPECT_EQ(p->snd_nxt + 4, s->ack);
	for (int i = 0; i < 3; i++) {
		say(p, .flags = FIN | ACK, .seq = p->snd_nxt + 3, .ack = p->rcv_nxt);
		ASSERT_EQ(0, expect(p, s, ACK));
		EXPECT_EQ(p->snd_nxt + 4, s->ack);
		EXPECT_EQ(0, s->len);
	}
	say(p, .flags = FIN | ACK, .seq = p->snd_nxt, .ack = p->rcv_nxt, .data = "bye", .len = 3);
	ASSERT_EQ(0, expect(p, s, ACK));
	EXPECT_EQ(p->snd_nxt + 4, s->ack);
	EXPECT_EQ(TERN_CLOSE_WAIT, sk_state(p->to_port, p->port));

	shutdown(fd, SHUT_WR);
	ASSERT_EQ(0, expect(p, s, FIN | ACK));
	say(p, .flags = FIN | ACK, .seq = p->snd_nxt + 3, .ack = p->rcv_nxt);
	ASSERT_EQ(0, expect(p, s, ACK));
	EXPECT_EQ(p->snd_nxt + 4, s->ack);
	EXPECT_EQ(TERN_LAST_ACK, sk_state(p->to_port, p->port));
}

/*
 * The window may shut by an ACK that says nothing else new: a receiver out of
 * memory. As long as it answers, nobody gives up.
 */
TEST_F(wire, rfc9293_3_8_6_1__shut_without_news)
{
	struct peer *p = &self->p;
	struct seg *s = &self->s;
	uint32_t una;
	int fd;

	if (is_tern()) {
		ASSERT_EQ(0, sysctl_set("retries2", "3"));
		ASSERT_EQ(0, sysctl_set("rto_min_us", "20000"));
		ASSERT_EQ(0, sysctl_set("rto_max_us", "40000"));
	}
	ASSERT_EQ(0, peer_dial(p, &fd));
	una = p->rcv_nxt;
	ASSERT_EQ(500, send(fd, s->buf, 500, 0));
	ASSERT_EQ(0, expect(p, s, ACK));
	say(p, .flags = ACK, .seq = p->snd_nxt, .ack = una + 500, .win = 60000);
	EXPECT_TRUE(wait_for(sk_info(fd).ti_unacked == 0, SOON));
	ASSERT_EQ(500, send(fd, s->buf, 500, 0));
	/* Oftener than retries2; TCP's intervals are too long for that. */
	for (int i = 0; i < (is_tern() ? 12 : 3); i++) {
		ASSERT_EQ(0, expect(p, s, ACK));
		EXPECT_EQ(una + 500, s->seq);
		say(p, .flags = ACK, .seq = p->snd_nxt, .ack = una + 500, .win0 = true);
		EXPECT_TRUE(wait_for(sk_info(fd).ti_snd_wnd == 0, SOON));
	}
	EXPECT_EQ(TERN_ESTABLISHED, sk_state(p->to_port, p->port));
	say(p, .flags = ACK, .seq = p->snd_nxt, .ack = una + 1000, .win = 60000);
	EXPECT_TRUE(wait_for(sk_info(fd).ti_unacked == 0, SOON));
	EXPECT_EQ(0, sk_error(fd));
}

/* Behind the edge of a window that was taken back no ACK would be looked at. */
TEST_F(wire, rfc9293_3_8_6__ack_inside_shrunk_window)
{
	struct peer *p = &self->p;
	struct seg *s = &self->s;
	uint32_t una;
	int fd;

	ASSERT_EQ(0, peer_dial(p, &fd));
	una = p->rcv_nxt;
	ASSERT_EQ(1000, send(fd, s->buf, 1000, 0));
	ASSERT_EQ(0, expect(p, s, ACK));
	say(p, .flags = ACK, .seq = p->snd_nxt, .ack = una, .win0 = true);
	EXPECT_TRUE(wait_for(sk_info(fd).ti_snd_wnd == 0, SOON));
	say(p, .flags = ACK | PSH, .seq = p->snd_nxt, .ack = una, .win0 = true, .data = "x",
	    .len = 1);
	do {
		ASSERT_EQ(1, hear(p, s, SOON));
	} while (s->len || s->ack != p->snd_nxt + 1);
	EXPECT_EQ(una, s->seq);
}

/* Probes come at the peer's pace: the answers have no rate limit of ours. */
TEST_F(wire, rfc9293_3_8_4__every_probe_answered)
{
	struct peer *p = &self->p;
	int fd;

	if (!is_tern())
		SKIP(return, "TCP answers one in 500 ms");
	ASSERT_EQ(0, peer_dial(p, &fd));
	for (int i = 0; i < 8; i++) {
		say(p, .flags = ACK, .seq = p->snd_nxt - 1, .ack = p->rcv_nxt);
		ASSERT_EQ(0, expect(p, &self->s, ACK));
		EXPECT_EQ(p->snd_nxt, self->s.ack);
	}
}

/*
 * An ACK of what was never sent is no probe, whatever its number: two ends that
 * are both off by one would answer each other without end.
 */
TEST_F(wire, rfc5961_7__no_probe)
{
	struct peer *p = &self->p;
	int fd;

	if (!is_tern())
		SKIP(return, "Tern's knob");
	ASSERT_EQ(0, sysctl_set("invalid_ratelimit", "60000"));
	ASSERT_EQ(0, peer_dial(p, &fd));
	for (int i = 0; i < 8; i++)
		say(p, .flags = ACK, .seq = p->snd_nxt - 1, .ack = p->rcv_nxt + 1);
	ASSERT_EQ(0, expect(p, &self->s, ACK));
	EXPECT_TRUE(silence(p, QUIET));
}

/* RFC 1122 4.2.2.13: data that nobody will ever read is reset. */
TEST_F(wire, rfc1122_4_2_2_13__data_after_shutdown)
{
	struct peer *p = &self->p;
	struct seg *s = &self->s;
	int fd;

	ASSERT_EQ(0, peer_dial(p, &fd));
	shutdown(fd, SHUT_RDWR);
	ASSERT_EQ(0, expect(p, s, FIN | ACK));
	say(p, .flags = ACK, .seq = p->snd_nxt, .ack = s->seq + 1);
	EXPECT_TRUE(wait_state(p->to_port, p->port, TERN_FIN_WAIT2, SOON));
	say(p, .flags = ACK | PSH, .seq = p->snd_nxt, .ack = s->seq + 1, .data = "x", .len = 1);
	ASSERT_EQ(1, hear(p, s, SOON));
	EXPECT_TRUE(s->flags & RST);
	EXPECT_TRUE(wait_gone(p->to_port, p->port, SOON));
}

/* The far end of a simultaneous open has the tested socket in SYN-RECEIVED. */
static int crossed(struct peer *p, struct seg *s, int *fd)
{
	*fd = sk_dial(HOST_B, PORT, 0, SOCK_NONBLOCK);
	if (*fd < 0 || peer_syn(p, s))
		return -1;
	say(p, .flags = SYN, .seq = p->iss, .mss = 1460, .has_wscale = true, .wscale = 7);
	return expect(p, s, SYN | ACK);
}

TEST_F(wire, rfc9293_3_10_7_4__syn_received_wrong_ack)
{
	struct peer *p = &self->p;
	struct seg *s = &self->s;
	uint32_t iss;
	int fd;

	ASSERT_EQ(0, crossed(p, s, &fd));
	iss = s->seq;
	say(p, .flags = ACK, .seq = p->iss + 1, .ack = iss + 100);
	ASSERT_EQ(0, expect(p, s, RST));
	EXPECT_EQ(iss + 100, s->seq);
	EXPECT_EQ(TERN_SYN_RECV, sk_state(p->to_port, p->port));
}

/* PROTOCOL: what a SYN-ACK carries is ignored; its window is not scaled. */
TEST_F(wire, rfc9293_3_5__syn_ack_is_bare)
{
	struct peer *p = &self->p;
	struct seg *s = &self->s;
	uint32_t iss;
	int fd, n = -1;

	if (!is_tern())
		SKIP(return, "TCP takes it, and scales");
	ASSERT_EQ(0, crossed(p, s, &fd));
	iss = s->seq;
	say(p, .flags = SYN | ACK | FIN, .seq = p->iss, .ack = iss + 1, .win = 1280,
	    .data = "early", .len = 5);
	ASSERT_EQ(0, expect(p, s, ACK));
	EXPECT_EQ(p->iss + 1, s->ack);
	EXPECT_EQ(TERN_ESTABLISHED, sk_state(p->to_port, p->port));
	EXPECT_EQ(0, ioctl(fd, FIONREAD, &n));
	EXPECT_EQ(0, n);
	EXPECT_EQ(1280, sk_info(fd).ti_snd_wnd);
}

static void *reader(void *arg)
{
	int fd = *(int *)arg;
	static char buf[8];
	ssize_t n = recv(fd, buf, 5, 0);

	return n == 5 && !memcmp(buf, "hello", 5) ? buf : NULL;
}

/* Whoever reads before the handshake ends has what comes after it. */
TEST_F(wire, rfc9293_3_10_3__receive_in_syn_sent)
{
	struct peer *p = &self->p;
	struct seg *s = &self->s;
	pthread_t thread;
	void *got;
	int fd;

	/* Numbers in the upper half are before 0. */
	p->iss = 0xc0000000;
	p->snd_nxt = p->iss + 1;
	fd = sk_dial(HOST_B, PORT, 0, SOCK_NONBLOCK);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, peer_syn(p, s));
	fcntl(fd, F_SETFL, 0);
	sk_timeouts(fd, SOON);
	ASSERT_EQ(0, pthread_create(&thread, NULL, reader, &fd));
	/* Asleep, as far as that can be told. */
	usleep(50000);
	ASSERT_EQ(0, peer_synack(p));
	say(p, .flags = ACK | PSH, .seq = p->snd_nxt, .ack = p->rcv_nxt, .data = "hello", .len = 5);
	ASSERT_EQ(0, pthread_join(thread, &got));
	EXPECT_NE(NULL, got);
}

TEST_HARNESS_MAIN
