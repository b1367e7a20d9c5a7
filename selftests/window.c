// SPDX-License-Identifier: GPL-2.0
/*
 * Windows: the scale (RFC 7323 2), what bounds them, that they never shrink
 * (RFC 9293 3.8.6), when they are told of anew (RFC 9293 3.8.6.2.2), a buffer
 * that grows with its reader, and what is done when memory is short.
 */
#include "fixture.h"
#include "flight.h"

WIRE_FIXTURE()

#define PIECE	100		/* bytes of a small segment */

static int so(int fd, int name)
{
	int v = -1;
	socklen_t len = sizeof(v);

	return getsockopt(fd, SOL_SOCKET, name, &v, &len) ? -1 : v;
}

/* A connection whose receive buffer is @rcvbuf, 0: the default; the peer scales as well. */
static int begin(struct peer *p, struct seg *s, int rcvbuf, int clamp)
{
	int fd = sk_new(SOCK_NONBLOCK);

	p->has_wscale = true;
	if (rcvbuf)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &rcvbuf, sizeof(rcvbuf));
	if (clamp && setsockopt(fd, IPPROTO_TCP, TERN_WINDOW_CLAMP, &clamp, sizeof(clamp)))
		return -1;
	sk_connect(fd, HOST_B, PORT);
	if (peer_syn(p, s) || peer_synack(p) || !(sk_wait(fd, POLLOUT, SOON) & POLLOUT))
		return -1;
	return fd;
}

/* Bytes @from to @to of the stream, counted from 0, each its number */
static void stream_with(struct peer *p, int from, int to, bool win0)
{
	static uint8_t buf[2000];

	for (int i = from; i < to; i++)
		buf[i - from] = i % 251;
	say(p, .flags = ACK, .seq = p->iss + 1 + from, .ack = p->rcv_nxt, .win0 = win0,
	    .data = buf, .len = to - from);
}

static void stream(struct peer *p, int from, int to)
{
	stream_with(p, from, to, false);
}

/* All of the stream up to byte @n was had; this is the next to come. */
#define AT(n)		(p->iss + 1 + (n))

/* Take @n bytes, which are the stream's from @from on. */
static bool takes(int fd, int from, int n)
{
	static uint8_t buf[1 << 16];
	int got = 0;

	while (got < n) {
		ssize_t r;

		if (!sk_wait(fd, POLLIN, SOON))
			return false;
		r = recv(fd, buf, n - got < (int)sizeof(buf) ? n - got : (int)sizeof(buf), 0);
		if (r <= 0)
			return false;
		for (ssize_t i = 0; i < r; i++)
			if (buf[i] != (from + got + i) % 251)
				return false;
		got += r;
	}
	return true;
}

/* RFC 7323 2.2: shift counts of both; a window of more than 64 KB is filled. */
TEST_F(wire, rfc7323_2_2__sending_above_64k)
{
	const int wnd = 1000 << 7;
	struct peer *p = &self->p;
	struct seg *s = &self->s;
	int sent = 1, n = 0, size = 2 << 20;
	int fd;

	p->has_wscale = true;
	p->wscale = 7;
	p->win = 1000;
	ASSERT_EQ(0, peer_dial(p, &fd));
	sysctl_set("rto_min_us", "10000000");
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	flight_start = p->rcv_nxt;
	flight_mss = MSS;
	for (int i = 0; i < 4; i++)
		ASSERT_EQ(0, flight_write(fd, 64));
	/* A SYN's window has no shift: 1000 bytes, until an ACK says it again. */
	ASSERT_EQ(1, hear(p, s, SOON));
	EXPECT_EQ(1000, s->len);
	p->rcv_nxt += s->len;
	say(p, .flags = ACK, .seq = p->snd_nxt, .ack = p->rcv_nxt);
	/* Let the congestion window grow, then acknowledge no more. */
	while (sent < 110) {
		ASSERT_EQ(1, hear(p, s, SOON));
		ASSERT_EQ(p->rcv_nxt, s->seq);
		p->rcv_nxt += s->len;
		sent++;
		say(p, .flags = ACK, .seq = p->snd_nxt, .ack = p->rcv_nxt);
	}
	while (hear(p, s, QUIET)) {
		ASSERT_GE(wnd, (int)(s->seq + s->len - p->rcv_nxt));
		n = s->seq + s->len - p->rcv_nxt;
	}
	EXPECT_LT(65535, n);
	EXPECT_LE(wnd - MSS, n);
	EXPECT_EQ(wnd, sk_info(fd).ti_snd_wnd);
	EXPECT_TRUE(sk_info(fd).ti_snd_wscale == 7);
}

/* RFC 7323 2.3: a shift above 14 counts as 14. */
TEST_F(wire, rfc7323_2_3__shift_of_15)
{
	struct peer *p = &self->p;
	int fd;

	p->has_wscale = true;
	p->wscale = 15;
	ASSERT_EQ(0, peer_dial(p, &fd));
	ASSERT_EQ(1, send(fd, "x", 1, 0));
	ASSERT_EQ(0, expect(p, &self->s, ACK));
	say(p, .flags = ACK, .seq = p->snd_nxt, .ack = self->s.seq + 1, .win = 1);
	EXPECT_TRUE(wait_for(sk_info(fd).ti_snd_wnd == 1 << 14, SOON));
	EXPECT_TRUE(sk_info(fd).ti_snd_wscale == 14);
}

TEST_F(wire, rfc7323_2_2__receiving_above_64k)
{
	struct peer *p = &self->p;
	struct seg *s = &self->s;
	int fd = begin(p, s, 1 << 20, 0), scale;

	ASSERT_GE(fd, 0);
	scale = sk_info(fd).ti_rcv_wscale;
	EXPECT_LT(4, scale);
	stream(p, 0, PIECE);
	ASSERT_EQ(0, expect(p, s, ACK));
	/* Half of SO_RCVBUF, which is twice what was asked for */
	EXPECT_LT(65535, s->win << scale);
	/* Further than 64 KB ahead of what was acknowledged is in it. */
	stream(p, 200000, 200000 + PIECE);
	ASSERT_EQ(0, expect(p, s, ACK));
	EXPECT_EQ(1, stat_get("TCPOFOQueue"));
}

/* RFC 7323 2.2: both must offer it; net.tern.window_scaling is our offer. */
TEST_F(wire, rfc7323_2_2__off)
{
	struct peer *p = &self->p;
	struct seg *s = &self->s;
	int fd;

	ASSERT_EQ(0, sysctl_set("window_scaling", "0"));
	fd = sk_dial(HOST_B, PORT, 0, SOCK_NONBLOCK);
	ASSERT_EQ(0, peer_syn(p, s));
	EXPECT_FALSE(s->has_wscale);
	p->has_wscale = true;
	p->wscale = 7;
	ASSERT_EQ(0, peer_synack(p));
	ASSERT_TRUE(sk_wait(fd, POLLOUT, SOON) & POLLOUT);
	p->win = 10;
	stream(p, 0, 1);
	ASSERT_EQ(0, expect(p, s, ACK));
	EXPECT_EQ(10, sk_info(fd).ti_snd_wnd);
	EXPECT_TRUE(sk_info(fd).ti_rcv_wscale == 0);
	/* As a server */
	ASSERT_GE(sk_listen(PORT + 1, 1), 0);
	p->to_port = PORT + 1;
	p->port = PORT + 2;
	say(p, .flags = SYN, .seq = p->iss, .mss = MSS, .has_wscale = true, .wscale = 7);
	ASSERT_EQ(0, expect(p, s, SYN | ACK));
	EXPECT_FALSE(s->has_wscale);
}

/* The peer doesn't offer it: no shift, however large the buffer */
TEST_F(wire, rfc7323_2_2__peer_without)
{
	struct peer *p = &self->p;
	struct seg *s = &self->s;
	int size = 1 << 20, fd = sk_new(SOCK_NONBLOCK);

	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	sk_connect(fd, HOST_B, PORT);
	ASSERT_EQ(0, peer_syn(p, s));
	EXPECT_TRUE(s->has_wscale);
	ASSERT_EQ(0, peer_synack(p));
	stream(p, 0, PIECE);
	ASSERT_EQ(0, expect(p, s, ACK));
	EXPECT_TRUE(sk_info(fd).ti_rcv_wscale == 0);
	EXPECT_LT(60000, s->win);
}

/* SO_RCVBUF and TERN_WINDOW_CLAMP bound the window from the SYN on. */
static void bounded(struct __test_metadata *_metadata, struct peer *p, struct seg *s,
		    int rcvbuf, int clamp, int most)
{
	int fd = begin(p, s, rcvbuf, clamp), scale, v = 0;
	socklen_t len = sizeof(v);

	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, getsockopt(fd, IPPROTO_TCP, TERN_WINDOW_CLAMP, &v, &len));
	EXPECT_EQ(clamp, is_tern() ? v : clamp);
	scale = sk_info(fd).ti_rcv_wscale;
	for (int i = 0; i < 20; i++) {
		stream(p, i * PIECE, (i + 1) * PIECE);
		ASSERT_EQ(0, expect(p, s, ACK));
		ASSERT_EQ(AT((i + 1) * PIECE), s->ack);
		EXPECT_LT(0, s->win);
		EXPECT_GE(most, s->win << scale);
		ASSERT_TRUE(takes(fd, i * PIECE, PIECE));
	}
}

TEST_F(wire, so_rcvbuf)
{
	bounded(_metadata, &self->p, &self->s, 10000, 0, 10000);
}

TEST_F(wire, window_clamp)
{
	bounded(_metadata, &self->p, &self->s, 0, 5000, 5000);
}

/*
 * RFC 9293 3.8.6 SHLD-14: the right edge never moves to the left, although
 * small segments fill the buffer with more than their bytes. Nobody reads.
 */
TEST_F(wire, rfc9293_3_8_6__never_shrinks)
{
	struct peer *p = &self->p;
	struct seg *s = &self->s;
	int fd = begin(p, s, 0, 0), scale;
	uint32_t edge = 0;

	ASSERT_GE(fd, 0);
	scale = sk_info(fd).ti_rcv_wscale;
	for (int i = 0; i < 100; i++) {
		stream(p, i * PIECE, (i + 1) * PIECE);
		ASSERT_EQ(1, hear(p, s, SOON));
		while (s->ack != AT((i + 1) * PIECE))
			ASSERT_EQ(1, hear(p, s, SOON));
		if (i)
			ASSERT_LE(0, (int)(s->ack + (s->win << scale) - edge));
		edge = s->ack + (s->win << scale);
	}
	EXPECT_TRUE(takes(fd, 0, 100 * PIECE));
}

/*
 * RFC 9293 3.8.6.2.2 MUST-39: shut, it opens by a segment or half of the
 * buffer at once; then there is an update, without data of ours to carry it.
 */
TEST_F(wire, rfc9293_3_8_6_2_2__opens_wide)
{
	struct peer *p = &self->p;
	struct seg *s = &self->s;
	int fd = begin(p, s, 8192, 0), scale, n = 0, taken = 0, edge;

	if (!is_tern())
		SKIP(return, "how full TCP's buffer is depends on more than bytes");
	ASSERT_GE(fd, 0);
	scale = sk_info(fd).ti_rcv_wscale;
	edge = 7300;
	/* Fill what is granted, with full segments. */
	for (int i = 0; i < 50 && n < edge; i++) {
		int len = edge - n < MSS ? edge - n : MSS;

		stream(p, n, n + len);
		n += len;
		while (hear(p, s, 100) && s->ack != AT(n))
			;
		edge = s->ack + (s->win << scale) - AT(0);
	}
	EXPECT_EQ(0, s->win);
	/* A byte of a probe is not taken: RFC 9293 3.8.6.1. */
	stream(p, n, n + 1);
	ASSERT_EQ(0, expect(p, s, ACK));
	EXPECT_EQ(AT(n), s->ack);
	EXPECT_EQ(0, s->win);
	EXPECT_LE(1, stat_get("TCPToZeroWindowAdv"));
	/* In bites: silent until it is worth it */
	while (!hear(p, s, 20)) {
		ASSERT_LT(taken, n);
		ASSERT_TRUE(takes(fd, taken, 50));
		taken += 50;
	}
	EXPECT_LT(50, taken);
	EXPECT_EQ(AT(n), s->ack);
	EXPECT_LE(MSS, s->win << scale);
	EXPECT_EQ(1, stat_get("TCPFromZeroWindowAdv"));
	stream(p, n, n + MSS);
	ASSERT_TRUE(takes(fd, taken, n + MSS - taken));
}

/* RFC 9293 3.10.7.4: what is beyond the window is cut off, its FIN with it. */
TEST_F(wire, rfc9293_3_10_7_4__beyond)
{
	struct peer *p = &self->p;
	struct seg *s = &self->s;
	int fd = begin(p, s, 0, 3000), edge;
	static uint8_t buf[6000];

	ASSERT_GE(fd, 0);
	for (int i = 0; i < sizeof(buf); i++)
		buf[i] = i % 251;
	stream(p, 0, 1400);
	ASSERT_EQ(0, expect(p, s, ACK));
	edge = 1400 + sk_info(fd).ti_rcv_wnd;
	ASSERT_LT(1600, edge);
	ASSERT_GE(1400 + 3000, edge);
	say(p, .flags = FIN | ACK, .seq = AT(edge - 100), .ack = p->rcv_nxt,
	    .data = buf + edge - 100, .len = 300);
	ASSERT_EQ(0, expect(p, s, ACK));
	for (int n = 1400; n < edge - 100; n += 500)
		stream(p, n, n + 500 < edge - 100 ? n + 500 : edge - 100);
	do {
		ASSERT_EQ(1, hear(p, s, SOON));
	} while (s->ack != AT(edge));
	EXPECT_TRUE(takes(fd, 0, edge));
	EXPECT_EQ(TERN_ESTABLISHED, sk_state(p->to_port, p->port));
}

/*
 * Small segments out of order: given up from the end, but not for one that is
 * farther still, and nothing is lost by it.
 */
TEST_F(wire, rfc2018_8__pruned)
{
	struct peer *p = &self->p;
	struct seg *s = &self->s;
	int fd = begin(p, s, 8192, 0), n = 70, near = 9;

	if (!is_tern())
		SKIP(return, "TCP collapses them instead");
	ASSERT_GE(fd, 0);
	/* Every second, so that they don't join */
	for (int i = near; i < n; i += 2)
		stream(p, i * PIECE, (i + 1) * PIECE);
	EXPECT_TRUE(wait_for(stat_get("TCPOFODrop") > 0, SOON));
	EXPECT_EQ(0, stat_get("OfoPruned"));
	for (int i = 1; i < near; i += 2)
		stream(p, i * PIECE, (i + 1) * PIECE);
	EXPECT_TRUE(wait_for(stat_get("OfoPruned") > 0, SOON));
	EXPECT_EQ(TERN_ESTABLISHED, sk_state(p->to_port, p->port));
	for (int i = 0; i < n; i++) {
		stream(p, i * PIECE, (i + 1) * PIECE);
		ASSERT_TRUE(takes(fd, i * PIECE, PIECE));
	}
	wire_drain(&self->w);
}

/*
 * Small segments weigh more than what the window leaves them: all that it
 * granted have room, in a buffer that stays as large as it was said.
 */
TEST_F(wire, small_segments)
{
	struct peer *p = &self->p;
	struct seg *s = &self->s;
	int fd = begin(p, s, 8192, 0), n = 0, edge, size;

	ASSERT_GE(fd, 0);
	edge = sk_info(fd).ti_rcv_wnd;
	size = so(fd, SO_RCVBUF);
	ASSERT_LE(size / 4, edge);
	for (; n < edge; n += 16) {
		stream(p, n, n + 16 < edge ? n + 16 : edge);
		usleep(100);
	}
	do {
		ASSERT_EQ(1, hear(p, s, SOON));
	} while (s->ack != AT(edge));
	EXPECT_EQ(0, stat_get("TCPRcvQDrop"));
	EXPECT_LT(0, stat_get("TCPRcvCollapsed"));
	EXPECT_EQ(size, so(fd, SO_RCVBUF));
	EXPECT_TRUE(takes(fd, 0, edge));
}

/* The buffer becomes less than what was granted, and is used up. Bytes taken. */
static int overfill(struct peer *p, struct seg *s, int fd, int edge)
{
	int n = 0, size = 1;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	while (n < edge && !stat_get("TCPRcvQDrop")) {
		stream_with(p, n, n + 500, true);
		n += 500;
		usleep(100);
	}
	while (hear(p, s, QUIET))
		n = s->ack - AT(0);
	return n;
}

/* More than the buffer bears: dropped, told of, and sent again in vain till it's read */
TEST_F(wire, receive_queue_full)
{
	struct peer *p = &self->p;
	struct seg *s = &self->s;
	int fd = begin(p, s, 32768, 0), had;

	ASSERT_GE(fd, 0);
	record_note(0, "break window-kept small segments fill its memory");
	had = overfill(p, s, fd, 30000);
	ASSERT_LE(1, stat_get("TCPRcvQDrop"));
	ASSERT_LT(0, had);
	EXPECT_GT(30000, had);
	EXPECT_EQ(0, s->win);
	/* Read, it takes them again. */
	ASSERT_TRUE(takes(fd, 0, had));
	while (hear(p, s, QUIET))
		;
	stream(p, had, had + 200);
	EXPECT_TRUE(takes(fd, had, 200));
}

/*
 * A window taken back from a peer that had sent more, and whose own is shut:
 * its next update carries a lower number than what it sent before.
 */
TEST_F(wire, rfc9293_3_10_7_4__update_after_retreat)
{
	struct peer *p = &self->p;
	struct seg *s = &self->s;
	int fd = begin(p, s, 32768, 0), n, far = 30000;

	if (!is_tern())
		SKIP(return, "TCP goes by SND.WL1 and doesn't hear it");
	ASSERT_GE(fd, 0);
	record_note(0, "break window-kept small segments fill its memory");
	stream_with(p, far, far + 10, true);
	ASSERT_TRUE(wait_for(!sk_info(fd).ti_snd_wnd, SOON));
	ASSERT_EQ(100, send(fd, s->buf, 100, MSG_DONTWAIT));
	n = overfill(p, s, fd, far);
	ASSERT_LE(1, stat_get("TCPRcvQDrop"));
	ASSERT_GT(far, n);
	EXPECT_EQ(0, s->win);
	say(p, .flags = ACK, .seq = AT(n), .ack = p->rcv_nxt);
	do {
		ASSERT_EQ(1, hear(p, s, SOON));
	} while (!s->len);
	EXPECT_EQ(100, s->len);
	EXPECT_EQ(p->rcv_nxt, s->seq);
}

FIXTURE(grow) {
	struct topo t;
};

FIXTURE_VARIANT(grow) {
	const char *knob;	/* moderate_rcvbuf */
	int size;		/* SO_RCVBUF, 0: not set */
};

FIXTURE_VARIANT_ADD(grow, moderated) { "1", 0 };
FIXTURE_VARIANT_ADD(grow, off) { "0", 0 };
FIXTURE_VARIANT_ADD(grow, set) { "1", 65536 };

FIXTURE_SETUP(grow)
{
	SKIP_UNLESS_AVAILABLE();
	ASSERT_EQ(0, topo_up(&self->t, TOPO_HOSTS));
}

FIXTURE_TEARDOWN(grow)
{
	topo_down(&self->t);
}

/* A reader that keeps up over a long path gets more buffer, unless it said how much. */
TEST_F(grow, receive_buffer)
{
	static char buf[1 << 16];
	int total = 3 << 20, sent = 0, got = 0, size = 1 << 20, before, listener, c, fd;
	bool grows = !variant->size && *variant->knob == '1';

	topo_enter(&self->t, 1);
	ASSERT_EQ(0, sysctl_set("moderate_rcvbuf", variant->knob));
	listener = sk_listen(PORT, 4);
	if (variant->size)
		setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &variant->size, sizeof(int));
	topo_enter(&self->t, 0);
	ASSERT_EQ(0, topo_run(&self->t, 0, "tc qdisc add dev eth0 root netem delay 10ms limit 10000"));
	c = sk_dial(HOST_B, PORT, 0, 0);
	ASSERT_GE(c, 0);
	ASSERT_TRUE(sk_wait(listener, POLLIN, SOON));
	fd = accept(listener, NULL, NULL);
	ASSERT_GE(fd, 0);
	setsockopt(c, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	fcntl(c, F_SETFL, O_NONBLOCK);
	before = so(fd, SO_RCVBUF);
	EXPECT_EQ(variant->size ? 2 * variant->size : before, before);
	while (got < total) {
		ssize_t n = total - sent < sizeof(buf) ? total - sent : sizeof(buf);

		n = n ? send(c, buf, n, MSG_NOSIGNAL) : 0;
		sent += n > 0 ? n : 0;
		n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
		if (n > 0)
			got += n;
		else
			ASSERT_TRUE(sk_wait(fd, POLLIN, SOON));
	}
	if (grows) {
		EXPECT_LE(2 * before, so(fd, SO_RCVBUF));
	} else {
		EXPECT_EQ(before, so(fd, SO_RCVBUF));
	}
}

TEST_HARNESS_MAIN
