// SPDX-License-Identifier: GPL-2.0
/*
 * Large segments. Cut by the host where the device can't (GSO): the scripted
 * peer sees the pieces. Merged where they come in (GRO): it sends jumbo frames,
 * which a packet socket leaves in pages as a driver does, and the device keeps
 * them back for a moment, so that a burst is merged although it is not one.
 */
#include <netinet/ip.h>

#include <linux/sock_diag.h>
#include <linux/sockios.h>

#include "fixture.h"

WIRE_FIXTURE()

#define TS_OPT	12
#define BYTE(i)	((uint8_t)((i) % 251))

/* A flight of ten, the last not full, and the FIN: each piece is a segment. */
static void cut(struct __test_metadata *_metadata, FIXTURE_DATA(wire) *self,
		const char *without)
{
	static uint8_t buf[10 * 9000];
	const int mss = MSS - TS_OPT, total = 10 * mss - 100;
	struct peer *p = &self->p;
	struct seg *s = &self->s;
	int fd, one = 1, at = 0, segs = 0, bursts = 0;
	uint32_t tsval = 0;

	ASSERT_EQ(0, topo_offload(&self->t, 0, true));
	self->w.sums_left = true;
	p->ts = true;
	ASSERT_EQ(0, peer_dial(p, &fd));
	/* The device has lost the knack since the connection began. */
	ASSERT_EQ(0, topo_run(&self->t, 0, "ethtool -K eth0 %s", without));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &(int){ 1 << 20 }, sizeof(int));
	setsockopt(fd, proto(), TERN_CORK, &one, sizeof(one));
	for (int i = 0; i < total; i++)
		buf[i] = BYTE(i);
	ASSERT_EQ(total, send(fd, buf, total, 0));
	ASSERT_EQ(0, shutdown(fd, SHUT_WR));
	while (at < total) {
		bool last = at + mss >= total;

		ASSERT_EQ(1, hear(p, s, SOON));
		EXPECT_EQ(p->rcv_nxt + at, s->seq);
		ASSERT_EQ(last ? total - at : mss, s->len);
		EXPECT_EQ(ACK | (last ? FIN | PSH : 0), s->flags & (last ? ~0 : ~PSH));
		/* Left to the device, or done */
		EXPECT_TRUE(s->partial || !s->bad_csum);
		EXPECT_EQ(p->snd_nxt, s->ack);
		for (int i = 0; i < s->len; i++)
			if (s->buf[i] != BYTE(at + i)) {
				EXPECT_EQ(-1, at + i);
				break;
			}
		bursts += s->tsval != tsval;
		tsval = s->tsval;
		at += s->len;
		segs++;
	}
	EXPECT_EQ(10, segs);
	/* By the microsecond in them: pieces of a few, not ten that were sent. */
	fprintf(stderr, "# %d segments, cut from %d\n", segs, bursts);
	if (is_tern())
		EXPECT_GE(3, bursts);
	say(p, .flags = ACK, .seq = p->snd_nxt, .ack = p->rcv_nxt + total + 1);
	EXPECT_TRUE(wait_state(sk_port(fd), PORT, TERN_FIN_WAIT2, SOON));
	EXPECT_EQ(0, stat_get("RetransSegs"));
}

TEST_F(wire, cut_with_sums_left)
{
	cut(_metadata, self, is_tern() ? "tx-sctp-segmentation off" : "tso off");
}

TEST_F(wire, cut_and_summed)
{
	cut(_metadata, self, "tx off sg off gso off");
}

/*
 * A segment that nobody cuts has its sum when it leaves: what forwards it from
 * here may hand it to a device that takes 253 for TCP.
 */
TEST_F(wire, small_and_summed)
{
	struct peer *p = &self->p;
	struct seg *s = &self->s;
	int fd;

	if (!is_tern())
		SKIP(return, "TCP's sum is what devices know");
	ASSERT_EQ(0, topo_offload(&self->t, 0, true));
	self->w.sums_left = true;
	fd = sk_dial(HOST_B, PORT, 0, SOCK_NONBLOCK);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, peer_syn(p, s));
	EXPECT_FALSE(s->partial);
	ASSERT_EQ(0, peer_synack(p));
	ASSERT_EQ(POLLOUT, sk_wait(fd, POLLOUT, SOON));
	ASSERT_EQ(100, send(fd, s->buf, 100, 0));
	do {
		ASSERT_EQ(1, hear(p, s, SOON));
		EXPECT_FALSE(s->partial);
		EXPECT_FALSE(s->bad_csum);
	} while (!s->len);
}

#define LEN	4500
#define MTU	9000
#define TRIES	20

/* A row: segments of a burst, each what the one before leads to expect but for this */
struct row {
	const char *what;
	int len[3];		/* 0: no third */
	int flags[3];		/* besides ACK */
	int win[3];
	uint32_t tsval[3];
	int old_ack, bad_sum, tos, ttl;	/* 1: of the second */
	bool swapped;		/* the second comes first */
	int packets;		/* that came out of them */
};

static const struct row rows[] = {
	{ "two", .packets = 1 },
	{ "three", { LEN, LEN, LEN }, .packets = 1 },
	{ "the last is shorter", { LEN, LEN, LEN - 100 }, .packets = 1 },
	{ "a shorter one is the last", { LEN, LEN - 100, LEN }, .packets = 2 },
	{ "a longer one", { LEN, LEN + 100 }, .packets = 2 },
	{ "PSH on the second", .flags = { 0, PSH }, .packets = 1 },
	{ "PSH on the first", .flags = { PSH, 0 }, .packets = 2 },
	{ "URG on the first", .flags = { URG, 0 }, .packets = 2 },
	{ "another window", .win = { 60000, 60001 }, .packets = 2 },
	{ "another timestamp", .tsval = { 0, 1 }, .packets = 2 },
	{ "another acknowledgment", .old_ack = 1, .packets = 2 },
	{ "another class", .tos = 1, .packets = 2 },
	{ "another hop count", .ttl = 1, .packets = 2 },
	{ "the second first", .swapped = true, .packets = 2 },
	{ "a wrong sum", .bad_sum = 1, .packets = 2 },
};

/* One packet from each: a frame of its own */
static int frame(struct peer *p, struct seg *s, const struct row *r, bool second)
{
	static uint8_t packet[MTU];
	int len;

	len = wire_build(p, s, packet);
	if (second && r->tos)
		packet[1] ^= 0x10;
	if (second && r->ttl)
		packet[is_v6() ? 7 : 8]--;
	if (!s->bad_csum)
		wire_fix(packet, len);
	return wire_send(p->w, packet, len);
}

/*
 * Send a burst. Its bytes are those of the stream from @at on. Return: bytes
 * sent that will be taken.
 */
static int burst(struct peer *p, const struct row *r, int at)
{
	static uint8_t data[3][MTU];
	struct seg s[3] = { 0 };
	int n = 0, done = 0, good = 0;

	for (; n < 3; n++) {
		int len = r->len[0] ? r->len[n] : n < 2 ? LEN : 0;

		if (!len)
			break;
		for (int i = 0; i < len; i++)
			data[n][i] = BYTE(at + done + i);
		s[n] = (struct seg){
			.flags = ACK | r->flags[n], .win = r->win[n],
			.seq = p->snd_nxt + done, .ack = p->rcv_nxt - (n == 1 && r->old_ack),
			.data = data[n], .len = len,
			.has_ts = true, .tsecr = p->tsecr, .tsval = p->tsval + r->tsval[n],
			.bad_csum = n == 1 && r->bad_sum,
		};
		done += len;
		if (!s[n].bad_csum)
			good += len;
	}
	for (int i = 0; i < n; i++) {
		int which = r->swapped && i < 2 ? !i : i;

		if (frame(p, &s[which], r, which == 1))
			return -1;
	}
	p->tsval += r->tsval[1];
	p->snd_nxt += good;
	return good;
}

/* Packets with data that came in at the host */
static int came(struct wire *w, struct seg *s)
{
	int n = 0;

	while (wire_recv(w, s, 0))
		n += s->sport == PORT && s->len;
	return n;
}

static bool take(int fd, int at, int len)
{
	static uint8_t buf[3 * MTU];

	if (recv(fd, buf, len, MSG_WAITALL) != len)
		return false;
	for (int i = 0; i < len; i++)
		if (buf[i] != BYTE(at + i))
			return false;
	return true;
}

/*
 * GRO on, jumbo frames, and for a moment the device keeps what it could merge.
 * veth merges nothing that a peer sent which can do TSO.
 */
static int prepare(struct topo *t)
{
	const char *keep = "unshare -m sh -c 'mount -t sysfs none /sys && "
			   "echo 20000000 > /sys/class/net/eth0/gro_flush_timeout'";

	return topo_run(t, 1, "ip link set eth0 mtu %d && ethtool -K eth0 tso off", MTU) ||
	       topo_run(t, 0, "ip link set eth0 mtu %d && ethtool -K eth0 gro on && %s", MTU, keep);
}

/*
 * What is merged is what a sender would have cut: bytes, and all that its
 * header says of each piece. A tick in between ends a burst, so that two may
 * come alone; more is never merged than should be.
 */
TEST_F(wire, merged)
{
	struct peer *p = &self->p;
	struct wire in;
	int fd, at = 0;

	ASSERT_EQ(0, prepare(&self->t));
	ASSERT_EQ(0, wire_sniff(&self->t, &in, 0));
	p->ts = true;
	p->mss = mss_of(MTU);
	ASSERT_EQ(0, peer_dial(p, &fd));
	for (int i = 0; i < (int)ARRAY_SIZE(rows); i++) {
		const struct row *r = &rows[i];
		int tries, got = 0;

		for (tries = 1; tries <= TRIES; tries++) {
			long bad = stat_get("InCsumErrors");
			uint32_t segs = sk_info(fd).ti_data_segs_in;
			int len;

			came(&in, &self->s);
			len = burst(p, r, at);
			ASSERT_LT(0, len);
			ASSERT_TRUE(take(fd, at, len));
			at += len;
			/* Both are counted, merged or not. */
			EXPECT_EQ((r->len[2] ? 3 : 2) - r->bad_sum, sk_info(fd).ti_data_segs_in - segs);
			EXPECT_TRUE(wait_for(stat_get("InCsumErrors") - bad == r->bad_sum, SOON));
			got = came(&in, &self->s);
			EXPECT_LE(r->packets, got);
			if (got == r->packets && (r->packets == 1 || tries >= 3))
				break;
			if (!is_tern())
				break;
		}
		fprintf(stderr, "# %s: %d packets, %d tries\n", r->what, got, tries);
		if (is_tern())
			EXPECT_EQ(r->packets, got);
		wire_drain(&self->w);
	}
}

/* Two connections at once: each with its own */
TEST_F(wire, merged_apart)
{
	struct peer *p[2] = { &self->p, &(struct peer){ 0 } };
	int fd[2], at = 0, got = 0, listener;
	struct wire in;

	ASSERT_EQ(0, prepare(&self->t));
	ASSERT_EQ(0, wire_sniff(&self->t, &in, 0));
	listener = sk_listen(PORT, 2);
	for (int i = 0; i < 2; i++) {
		peer_init(p[i], &self->w, PORT + i, PORT);
		p[i]->ts = true;
		p[i]->mss = mss_of(MTU);
		fd[i] = peer_open(p[i], listener);
		ASSERT_LE(0, fd[i]);
	}
	for (int tries = 0; tries < TRIES && got != 2; tries++) {
		static uint8_t data[2 * LEN];

		for (int i = 0; i < 2 * LEN; i++)
			data[i] = BYTE(at + i);
		got = 0;
		wire_drain(&in);
		for (int i = 0; i < 4; i++)
			ASSERT_EQ(0, say(p[i % 2], .flags = ACK, .seq = p[i % 2]->snd_nxt + i / 2 * LEN,
					 .ack = p[i % 2]->rcv_nxt, .data = data + i / 2 * LEN,
					 .len = LEN));
		for (int i = 0; i < 2; i++) {
			ASSERT_TRUE(take(fd[i], at, 2 * LEN));
			p[i]->snd_nxt += 2 * LEN;
		}
		at += 2 * LEN;
		while (wire_recv(&in, &self->s, 0))
			got += self->s.sport != PORT || self->s.dport == PORT ? !!self->s.len : 0;
		EXPECT_LE(2, got);
	}
	EXPECT_EQ(2, got);
}

/* The FIN is the last of what was merged: data, then end of file. */
TEST_F(wire, merged_fin)
{
	static const struct row fin = { "FIN", .flags = { 0, FIN | PSH }, .packets = 1 };
	struct peer *p = &self->p;
	int fd, len;
	char c;

	ASSERT_EQ(0, prepare(&self->t));
	p->ts = true;
	p->mss = mss_of(MTU);
	ASSERT_EQ(0, peer_dial(p, &fd));
	len = burst(p, &fin, 0);
	ASSERT_LT(0, len);
	EXPECT_TRUE(take(fd, 0, len));
	EXPECT_EQ(0, recv(fd, &c, 1, 0));
	EXPECT_EQ(TERN_CLOSE_WAIT, sk_state(sk_port(fd), PORT));
}

FIXTURE(hosts) {
	struct topo t;
};

FIXTURE_SETUP(hosts)
{
	SKIP_UNLESS_AVAILABLE();
	ASSERT_EQ(0, topo_up(&self->t, TOPO_HOSTS));
}

FIXTURE_TEARDOWN(hosts)
{
	topo_down(&self->t);
}

/*
 * Each piece is charged to its receiver by its own size, so what the window
 * promised has room, and nothing is dropped.
 */
TEST_F(hosts, pieces_are_charged_by_size)
{
	static char buf[1 << 17];
	uint32_t mem[SK_MEMINFO_VARS] = {};
	socklen_t len = sizeof(mem);
	int fd[2], unread;

	ASSERT_EQ(0, topo_offload(&self->t, 0, true));
	ASSERT_EQ(0, topo_run(&self->t, 0, "ethtool -K eth0 %s",
			      is_tern() ? "tx-sctp-segmentation off" : "tso off"));
	ASSERT_EQ(0, sk_pair(&self->t, fd, PORT));
	setsockopt(fd[0], SOL_SOCKET, SO_SNDBUFFORCE, &(int){ 1 << 20 }, sizeof(int));
	ASSERT_EQ(sizeof(buf), send(fd[0], buf, sizeof(buf), MSG_DONTWAIT));
	ASSERT_TRUE(wait_for(!sk_info(fd[0]).ti_unacked && !sk_info(fd[0]).ti_snd_wnd, SOON));
	ASSERT_EQ(0, ioctl(fd[1], SIOCINQ, &unread));
	ASSERT_EQ(0, getsockopt(fd[1], SOL_SOCKET, SO_MEMINFO, mem, &len));
	fprintf(stderr, "# %d bytes unread take %u of %u\n", unread,
		mem[SK_MEMINFO_RMEM_ALLOC], mem[SK_MEMINFO_RCVBUF]);
	EXPECT_LE(mem[SK_MEMINFO_RMEM_ALLOC], unread * 5 / 4);
	topo_enter(&self->t, 1);
	EXPECT_EQ(0, stat_get("TCPRcvQDrop"));
}

/*
 * By way of another address: of a large segment's pieces, each names that in
 * its network header and has the peer in its sum. Nothing else leads to the peer.
 */
static int by_way_of(int fd)
{
	struct in_addr b4;
	struct {
		uint8_t next, len, type, left, last, flags, tag[2];
		struct in6_addr segment[2];
	} srh = { .len = 4, .type = 4, .left = 1, .last = 1 };
	uint8_t lsrr[8] = { IPOPT_LSRR, 7, 4 };

	inet_pton(AF_INET, HOST_B, &b4);
	memcpy(lsrr + 3, &b4, 4);
	if (!is_v6())
		return setsockopt(fd, IPPROTO_IP, IP_OPTIONS, lsrr, sizeof(lsrr));
	inet_pton(AF_INET6, ip_text(HOST_B), &srh.segment[1]);
	return setsockopt(fd, IPPROTO_IPV6, IPV6_RTHDR, &srh, sizeof(srh));
}

TEST_F(hosts, source_route)
{
	static uint8_t buf[1 << 17], got[1 << 17];
	int listener, fd, s;
	size_t n = 0;
	ssize_t len;

	for (size_t i = 0; i < sizeof(buf); i++)
		buf[i] = BYTE(i);
	ASSERT_EQ(0, topo_run(&self->t, 1, is_v6() ?
			      "ip -6 addr add %s/128 dev eth0 nodad && "
			      "sysctl -qw net.ipv6.conf.all.seg6_enabled=1 "
			      "net.ipv6.conf.eth0.seg6_enabled=1" :
			      "ip addr add %s/32 dev eth0 && "
			      "sysctl -qw net.ipv4.conf.all.accept_source_route=1 "
			      "net.ipv4.conf.eth0.accept_source_route=1",
			      ip_text("10.77.0.3")));
	ASSERT_EQ(0, topo_enter(&self->t, 1));
	listener = sk_listen(PORT, 4);
	ASSERT_EQ(0, topo_enter(&self->t, 0));
	ASSERT_EQ(0, topo_offload(&self->t, 0, true));
	fd = sk_new(0);
	ASSERT_EQ(0, by_way_of(fd));
	ASSERT_EQ(0, sk_timeouts(fd, SOON));
	ASSERT_EQ(0, sk_connect(fd, "10.77.0.3", PORT));
	s = sk_wait(listener, POLLIN, SOON) ? accept(listener, NULL, NULL) : -1;
	ASSERT_GE(s, 0);
	/* As in cut_and_summed */
	ASSERT_EQ(0, topo_run(&self->t, 0, "ethtool -K eth0 tx off sg off gso off"));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &(int){ 1 << 20 }, sizeof(int));
	ASSERT_EQ(sizeof(buf), send(fd, buf, sizeof(buf), 0));
	sk_timeouts(s, SOON);
	while (n < sizeof(got) && (len = recv(s, got + n, sizeof(got) - n, 0)) > 0)
		n += len;
	EXPECT_EQ(sizeof(got), n);
	EXPECT_EQ(0, memcmp(buf, got, n));
	EXPECT_EQ(0, sk_info(fd).ti_total_retrans);
	topo_enter(&self->t, 1);
	EXPECT_EQ(0, stat_get("InCsumErrors"));
}

TEST_HARNESS_MAIN
