// SPDX-License-Identifier: GPL-2.0
/*
 * fuzz: mutated segments at each state: lengths, data offsets, checksums,
 * flags, options and sequence numbers at every edge. Nothing may appear on
 * the console (the runner looks), and the stack must work afterwards.
 *
 * TERN_FUZZ is the number of segments at each state (default 2000, for an
 * emulated machine), TERN_SEED the seed, which is printed.
 */
#include <signal.h>

#include "fixture.h"

WIRE_FIXTURE()

static uint64_t seed;

static uint32_t rnd(uint32_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (seed >> 11) % n;
}

static uint64_t first_seed(void)
{
	const char *s = getenv("TERN_SEED");
	uint64_t v = s && *s ? strtoull(s, NULL, 0) : (uint64_t)now_us() * 2654435761u | 1;

	fprintf(stderr, "# TERN_SEED=%llu\n", (unsigned long long)v);
	return v;
}

/* Numbers near every edge that a comparison may have. */
static uint32_t edge(uint32_t base)
{
	static const uint32_t off[] = {
		0, 1, -1, 2, 100, 1460, 65535, 65536, -65535, -65536,
		0x7fffffff, 0x80000000, 0x80000001, 1 << 20, -(1 << 20), 1 << 30,
	};

	return rnd(8) ? base + off[rnd(16)] : (uint32_t)seed;
}

static void garble_options(uint8_t *opt, int len)
{
	static const uint8_t kinds[] = { 0, 1, 2, 3, 4, 5, 8, 253, 254, 255, 19, 30 };
	int at = 0;

	while (at < len) {
		opt[at++] = kinds[rnd(sizeof(kinds))];
		if (at < len)
			opt[at++] = rnd(3) ? 2 + rnd(10) : (uint8_t)seed;
		for (int i = rnd(11); i && at < len; i--)
			opt[at++] = rnd(256);
	}
}

static int mutate(struct peer *p, uint8_t *ip)
{
	static struct seg s;
	int len, optlen, cut;

	memset(&s, 0, offsetof(struct seg, buf));
	s.seq = edge(p->snd_nxt);
	s.ack = edge(p->rcv_nxt);
	/* RST and SYN at the right number would end the state each time. */
	s.flags = rnd(256);
	if (rnd(16))
		s.flags &= ~(RST | SYN);
	s.win = rnd(4) ? rnd(65536) : 0;
	s.win0 = !s.win;
	s.has_ts = rnd(2);
	s.tsval = edge(p->tsval);
	s.tsecr = edge(p->tsecr);
	s.mss = rnd(8) ? 0 : rnd(65536);
	s.nsack = rnd(4) ? 0 : rnd(3);
	for (int i = 0; i < s.nsack; i++) {
		s.sack[i][0] = edge(p->rcv_nxt);
		s.sack[i][1] = edge(p->rcv_nxt);
	}
	s.len = rnd(3) ? 0 : rnd(3) ? rnd(64) : rnd(1400);
	len = wire_build(p, &s, ip);
	optlen = TERN_DOFF_BYTES(SEG_AT(ip)[12]) - 20;

	switch (rnd(12)) {
	case 0:			/* options at random */
		garble_options(SEG_AT(ip) + 20, optlen);
		break;
	case 1:			/* any data offset */
		SEG_AT(ip)[12] = rnd(256);
		break;
	case 2:			/* cut short, down to nothing */
		cut = rnd(len - ip_hlen() + 1);
		len = ip_hlen() + cut;
		break;
	case 3:			/* a bit here and there */
		for (int i = rnd(8); i >= 0; i--)
			SEG_AT(ip)[rnd(len - ip_hlen())] ^= 1 << rnd(8);
		break;
	case 4:			/* full of options */
		len = len < ip_hlen() + 60 ? ip_hlen() + 60 : len;
		SEG_AT(ip)[12] = 0xf0;
		garble_options(SEG_AT(ip) + 20, 40);
		break;
	case 5:			/* to nobody, from anybody */
		SEG_AT(ip)[rnd(4)] = rnd(256);
		break;
	}
	wire_fix(ip, len);
	if (!rnd(16) && len >= ip_hlen() + 20)
		SEG_AT(ip)[16] ^= 1 + rnd(255);
	if (!rnd(64)) {		/* the IP header lies about the length */
		ip[is_v6() ? 5 : 3] = rnd(256);
		if (!is_v6())
			ip[10] = ip[11] = 0;
	}
	return len;
}

/* Shoot at the state for as long as it lasts; the number of segments. */
static long shoot(struct peer *p, long n)
{
	static uint8_t packet[64][2048];
	int len[64];

	for (int i = 0; i < 64; i++)
		len[i] = mutate(p, packet[i]);
	if (wire_send_many(p->w, packet, len, n < 64 ? n : 64))
		return -1;
	wire_drain(p->w);
	return n < 64 ? n : 64;
}

static long wanted(void)
{
	const char *s = getenv("TERN_FUZZ");

	return s && *s ? atol(s) : 2000;
}

static int listener = -1, fd = -1;

/* Each brings a connection into its state; -1 when that fails. */
static int to_listen(struct peer *p, struct seg *s)
{
	p->port = 2000 + rnd(60000);
	p->to_port = PORT;
	return 0;
}

static int to_syn_recv(struct peer *p, struct seg *s)
{
	to_listen(p, s);
	say(p, .flags = SYN, .seq = p->iss, .mss = 1460);
	p->snd_nxt = p->iss + 1;
	for (int i = 0; i < 100 && hear(p, s, SOON); i++)
		if (s->flags == (SYN | ACK) && s->ack == p->snd_nxt) {
			p->rcv_nxt = s->seq + 1;
			return 0;
		}
	return -1;
}

static int to_syn_sent(struct peer *p, struct seg *s)
{
	fd = sk_dial(HOST_B, p->port = PORT, 0, SOCK_NONBLOCK);
	p->to_port = 0;
	if (fd < 0 || expect(p, s, SYN))
		return -1;
	p->to_port = s->sport;
	p->rcv_nxt = s->seq + 1;
	return 0;
}

static int to_established(struct peer *p, struct seg *s)
{
	p->port = PORT;
	p->to_port = 0;
	p->snd_nxt = p->iss;
	wire_drain(p->w);
	return peer_dial(p, &fd);
}

static int to_fin_wait1(struct peer *p, struct seg *s)
{
	if (to_established(p, s) || shutdown(fd, SHUT_WR))
		return -1;
	if (expect(p, s, FIN | ACK))
		return -1;
	return 0;
}

static int to_fin_wait2(struct peer *p, struct seg *s)
{
	if (to_fin_wait1(p, s))
		return -1;
	say(p, .flags = ACK, .seq = p->snd_nxt, .ack = ++p->rcv_nxt);
	return wait_state(p->to_port, PORT, TERN_FIN_WAIT2, SOON) ? 0 : -1;
}

static int to_close_wait(struct peer *p, struct seg *s)
{
	if (to_established(p, s))
		return -1;
	say(p, .flags = FIN | ACK, .seq = p->snd_nxt++, .ack = p->rcv_nxt);
	return wait_state(p->to_port, PORT, TERN_CLOSE_WAIT, SOON) ? 0 : -1;
}

static int to_closing(struct peer *p, struct seg *s)
{
	if (to_fin_wait1(p, s))
		return -1;
	say(p, .flags = FIN | ACK, .seq = p->snd_nxt++, .ack = p->rcv_nxt);
	return wait_state(p->to_port, PORT, TERN_CLOSING, SOON) ? 0 : -1;
}

static int to_last_ack(struct peer *p, struct seg *s)
{
	if (to_close_wait(p, s))
		return -1;
	close(fd);
	fd = -1;
	return wait_state(p->to_port, PORT, TERN_LAST_ACK, SOON) ? 0 : -1;
}

static int to_time_wait(struct peer *p, struct seg *s)
{
	if (to_fin_wait2(p, s))
		return -1;
	say(p, .flags = FIN | ACK, .seq = p->snd_nxt++, .ack = p->rcv_nxt);
	return wait_state(p->to_port, PORT, TERN_TIME_WAIT, SOON) ? 0 : -1;
}

FIXTURE_VARIANT(wire)
{
	int (*reach)(struct peer *p, struct seg *s);
	int state;
};

#define STATE(name, STATE_)						\
	FIXTURE_VARIANT_ADD(wire, name) { .reach = to_##name, .state = STATE_ }
STATE(listen, TERN_LISTEN);
STATE(syn_sent, TERN_SYN_SENT);
STATE(syn_recv, TERN_SYN_RECV);
STATE(established, TERN_ESTABLISHED);
STATE(fin_wait1, TERN_FIN_WAIT1);
STATE(fin_wait2, TERN_FIN_WAIT2);
STATE(close_wait, TERN_CLOSE_WAIT);
STATE(closing, TERN_CLOSING);
STATE(last_ack, TERN_LAST_ACK);
STATE(time_wait, TERN_TIME_WAIT);

TEST_F_TIMEOUT(wire, shots, 3600)
{
	struct peer *p = &self->p;
	long done = 0, total = wanted(), rebuilt = 0;
	long in = stat_get("InSegs"), bad = stat_get("InErrs");
	bool server = variant->state == TERN_LISTEN || variant->state == TERN_SYN_RECV;
	char buf[64];
	int s2;

	seed = first_seed();
	listener = sk_listen(PORT, 16);
	ASSERT_GE(listener, 0);
	fcntl(listener, F_SETFL, O_NONBLOCK);
	/* Short lives, so that what the shots leave doesn't pile up. */
	if (is_tern())
		sysctl_set("msl_ms", variant->state == TERN_TIME_WAIT ? "30000" : "100");
	while (done < total) {
		int tries = 0, i;

		if (fd >= 0)
			close(fd);
		fd = -1;
		p->iss = seed;
		p->snd_nxt = p->iss;
		while (variant->reach(p, &self->s)) {
			/* What is still in flight may disturb a handshake. */
			ASSERT_LT(tries++, 20);
			wire_drain(&self->w);
			close(fd);
			fd = -1;
			p->port = PORT;
		}
		rebuilt++;
		for (i = 0; done < total; i++) {
			long n = shoot(p, total - done);

			ASSERT_GT(n, 0);
			done += n;
			if (server) {
				while ((s2 = accept(listener, NULL, NULL)) >= 0)
					close(s2);
				if (variant->state == TERN_SYN_RECV &&
				    sk_state(PORT, p->port) != TERN_SYN_RECV)
					break;
				continue;
			}
			while (fd >= 0 && recv(fd, buf, sizeof(buf), MSG_DONTWAIT) > 0)
				;
			if (sk_state(p->to_port, PORT) != variant->state)
				break;
		}
	}
	in = stat_get("InSegs") - in;
	bad = stat_get("InErrs") - bad;
	fprintf(stderr, "# %ld segments, state reached %ld times; %ld counted, %ld in error\n",
		done, rebuilt, in, bad);
	/* Few have an IP header that the network layer throws them away for. */
	EXPECT_LE(done * 3 / 4, in);
	EXPECT_LE(done / 100, bad);
	if (fd >= 0)
		close(fd);
	close(listener);

	/* Still a stack: a handshake, data both ways, a close. */
	wire_drain(&self->w);
	listener = sk_listen(PORT + 1, 4);
	ASSERT_GE(listener, 0);
	peer_init(p, &self->w, 1999, PORT + 1);
	fd = peer_open(p, listener);
	ASSERT_GE(fd, 0);
	say(p, .flags = ACK | PSH, .seq = p->snd_nxt, .ack = p->rcv_nxt, .data = "alive", .len = 5);
	ASSERT_EQ(5, recv(fd, buf, 5, MSG_WAITALL));
	EXPECT_EQ(0, memcmp(buf, "alive", 5));
	ASSERT_EQ(3, send(fd, "yes", 3, 0));
	do {
		ASSERT_EQ(1, hear(p, &self->s, SOON));
	} while (self->s.len != 3);
	EXPECT_EQ(0, memcmp(self->s.data, "yes", 3));
}

TEST_HARNESS_MAIN
