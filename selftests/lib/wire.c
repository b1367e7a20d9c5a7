// SPDX-License-Identifier: GPL-2.0
/*
 * The scripted peer: a packet socket at the other end of the veth pair, in a
 * namespace that has no address, so no kernel answers in its place. Segments
 * are made and taken apart here, with code of the test's own. Of an IPv6
 * address the last 32 bits are told apart, the rest is always the same.
 */
#define _GNU_SOURCE
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <time.h>

#include "tern_test.h"

static uint32_t sum16(const uint8_t *p, int len, uint32_t sum)
{
	for (; len > 1; p += 2, len -= 2)
		sum += p[0] << 8 | p[1];
	return len ? sum + (p[0] << 8) : sum;
}

static uint16_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum & 0xffff;
}

static void put16(uint8_t *p, uint16_t v)
{
	p[0] = v >> 8;
	p[1] = v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

static uint16_t get16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

/* Of the packet: length, where the addresses begin, and their size */
static uint16_t packet_len(const uint8_t *ip)
{
	return is_v6() ? 40 + get16(ip + 4) : get16(ip + 2);
}

static uint8_t *addr_at(const uint8_t *ip)
{
	return (uint8_t *)ip + (is_v6() ? 8 : 12);
}

static int addr_size(void)
{
	return is_v6() ? 16 : 4;
}

/* Checksum of the segment in a packet; 0 when the one in it is right. */
static uint16_t seg_csum(const uint8_t *ip, int len)
{
	len -= ip_hlen();
	return fold(sum16(SEG_AT(ip), len,
			  sum16(addr_at(ip), 2 * addr_size(), proto() + len)));
}

/* Of the pseudo-header alone: what stands there while the sum is left to the device */
static uint16_t pseudo_csum(const uint8_t *ip, int len)
{
	return ~fold(sum16(addr_at(ip), 2 * addr_size(), proto() + len - ip_hlen()));
}

static void fix_ip(uint8_t *ip, int len)
{
	if (is_v6()) {
		put16(ip + 4, len - 40);
	} else {
		put16(ip + 2, len);
		put16(ip + 10, 0);
		put16(ip + 10, fold(sum16(ip, 20, 0)));
	}
}

void wire_fix(uint8_t *ip, int len)
{
	fix_ip(ip, len);
	if (len < ip_hlen() + 20)
		return;
	put16(SEG_AT(ip) + 16, 0);
	put16(SEG_AT(ip) + 16, seg_csum(ip, len));
}

static int put_options(uint8_t *o, const struct seg *s)
{
	uint8_t *start = o;

	if (s->mss) {
		*o++ = TERNOPT_MSS;
		*o++ = TERNOLEN_MSS;
		put16(o, s->mss);
		o += 2;
	}
	if (s->sack_ok) {
		*o++ = TERNOPT_SACK_PERM;
		*o++ = TERNOLEN_SACK_PERM;
	}
	if (s->has_ts) {
		*o++ = TERNOPT_TIMESTAMP;
		*o++ = TERNOLEN_TIMESTAMP;
		put32(o, s->tsval);
		put32(o + 4, s->tsecr);
		o += 8;
	}
	if (s->has_wscale) {
		*o++ = TERNOPT_WINDOW;
		*o++ = TERNOLEN_WINDOW;
		*o++ = s->wscale;
	}
	if (s->has_mad) {
		*o++ = TERNOPT_EXP;
		*o++ = TERNOLEN_MAD;
		put16(o, TERNOPT_EXID_MAD);
		put32(o + 2, s->mad);
		o += 6;
	}
	if (s->nsack) {
		*o++ = TERNOPT_SACK;
		*o++ = TERNOLEN_SACK_BASE + s->nsack * TERNOLEN_SACK_PERBLOCK;
		for (int i = 0; i < s->nsack; i++, o += 8) {
			put32(o, s->sack[i][0]);
			put32(o + 4, s->sack[i][1]);
		}
	}
	while ((o - start) % 4)
		*o++ = TERNOPT_NOP;
	return o - start;
}

int wire_build(struct peer *p, struct seg *s, uint8_t *ip)
{
	uint32_t saddr = s->saddr ? s->saddr : p->addr;
	uint32_t daddr = s->daddr ? s->daddr : p->to;
	uint8_t *th = SEG_AT(ip);
	int hlen, len;

	memset(ip, 0, ip_hlen() + 20);
	if (is_v6()) {
		ip[0] = 0x60;
		ip[6] = proto();
		ip[7] = 64;
		put16(ip + 8, 0xfd09);
		put16(ip + 24, 0xfd09);
	} else {
		ip[0] = 0x45;
		put16(ip + 4, 1);
		ip[6] = 0x40;		/* don't fragment */
		ip[8] = 64;
		ip[9] = proto();
	}
	memcpy(addr_at(ip) + addr_size() - 4, &saddr, 4);
	memcpy(addr_at(ip) + 2 * addr_size() - 4, &daddr, 4);

	put16(th, s->sport ? s->sport : p->port);
	put16(th + 2, s->dport ? s->dport : p->to_port);
	put32(th + 4, s->seq);
	put32(th + 8, s->ack);
	th[13] = s->flags;
	put16(th + 14, s->win || s->win0 ? s->win : 65535);
	hlen = 20 + put_options(th + 20, s);
	th[12] = TERN_DOFF(hlen);
	if (s->len && s->data)
		memcpy(th + hlen, s->data, s->len);
	else if (s->len)
		memset(th + hlen, 'w', s->len);
	len = ip_hlen() + hlen + s->len;
	wire_fix(ip, len);
	if (s->bad_csum)
		th[16] ^= 0x55;
	return len;
}

static uint16_t ethertype(void)
{
	return htons(is_v6() ? ETH_P_IPV6 : ETH_P_IP);
}

static struct sockaddr_ll wire_to(struct wire *w)
{
	struct sockaddr_ll ll = {
		.sll_family = AF_PACKET, .sll_protocol = ethertype(),
		.sll_ifindex = w->ifindex, .sll_halen = 6,
	};

	memcpy(ll.sll_addr, w->to, 6);
	return ll;
}

/* What a test sends in a host's name is not the host's. Where there is but one, nobody's */
static void forged(struct wire *w)
{
	if (w->told)
		return;
	w->told = true;
	record_note(!memcmp(w->to, host_mac[0], 6), "forged");
}

int wire_send(struct wire *w, const void *packet, int len)
{
	struct sockaddr_ll ll = wire_to(w);

	forged(w);
	return sendto(w->fd, packet, len, 0, (struct sockaddr *)&ll,
		      sizeof(ll)) == len ? 0 : -1;
}

int wire_send_many(struct wire *w, uint8_t (*packet)[2048], int *len, int n)
{
	struct sockaddr_ll ll = wire_to(w);
	struct mmsghdr mm[64];
	struct iovec iov[64];

	forged(w);
	memset(mm, 0, sizeof(mm));
	for (int i = 0; i < n && i < 64; i++) {
		iov[i] = (struct iovec){ packet[i], len[i] };
		mm[i].msg_hdr = (struct msghdr){
			.msg_name = &ll, .msg_namelen = sizeof(ll),
			.msg_iov = &iov[i], .msg_iovlen = 1,
		};
	}
	return sendmmsg(w->fd, mm, n, 0) == n ? 0 : -1;
}

static void get_options(struct seg *s, const uint8_t *o, const uint8_t *end)
{
	while (o < end && *o != TERNOPT_EOL) {
		int len;

		if (*o == TERNOPT_NOP) {
			o++;
			continue;
		}
		if (end - o < 2 || o[1] < 2 || o[1] > end - o)
			return;
		len = o[1];
		switch (o[0]) {
		case TERNOPT_MSS:
			s->mss = get16(o + 2);
			break;
		case TERNOPT_WINDOW:
			s->has_wscale = true;
			s->wscale = o[2];
			break;
		case TERNOPT_SACK_PERM:
			s->sack_ok = true;
			break;
		case TERNOPT_TIMESTAMP:
			s->has_ts = true;
			s->tsval = get32(o + 2);
			s->tsecr = get32(o + 6);
			break;
		case TERNOPT_SACK:
			s->nsack = (len - 2) / 8;
			for (int i = 0; i < s->nsack && i < 4; i++) {
				s->sack[i][0] = get32(o + 2 + 8 * i);
				s->sack[i][1] = get32(o + 6 + 8 * i);
			}
			break;
		case TERNOPT_EXP:
			if (len == TERNOLEN_MAD && get16(o + 2) == TERNOPT_EXID_MAD) {
				s->has_mad = true;
				s->mad = get32(o + 4);
			}
			break;
		}
		o += len;
	}
}

static bool ours(const uint8_t *ip, int len)
{
	if (len < ip_hlen() + 20)
		return false;
	return is_v6() ? ip[0] >> 4 == 6 && ip[6] == proto() :
			 ip[0] == 0x45 && ip[9] == proto();
}

/* One packet into @s. False when it is no segment of ours. */
static bool take_apart(struct seg *s, const uint8_t *ip, int len)
{
	const uint8_t *th = SEG_AT(ip);
	int hlen;

	if (!ours(ip, len))
		return false;
	/* A large one may not tell its length; a short one is padded. */
	if (packet_len(ip) > ip_hlen() && packet_len(ip) < len)
		len = packet_len(ip);
	hlen = TERN_DOFF_BYTES(th[12]);
	if (hlen < 20 || ip_hlen() + hlen > len)
		return false;
	memcpy(&s->saddr, addr_at(ip) + addr_size() - 4, 4);
	memcpy(&s->daddr, addr_at(ip) + 2 * addr_size() - 4, 4);
	s->tos = is_v6() ? get16(ip) >> 4 : ip[1];
	s->ttl = ip[is_v6() ? 7 : 8];
	s->sport = get16(th);
	s->dport = get16(th + 2);
	s->seq = get32(th + 4);
	s->ack = get32(th + 8);
	s->flags = th[13];
	s->win = get16(th + 14);
	s->win0 = !s->win;
	s->bad_csum = seg_csum(ip, len) != 0;
	s->partial = get16(th + 16) == pseudo_csum(ip, len);
	get_options(s, th + 20, th + hlen);
	s->len = len - ip_hlen() - hlen;
	memcpy(s->buf, th + hlen, s->len < (int)sizeof(s->buf) ? s->len : (int)sizeof(s->buf));
	s->data = s->buf;
	return true;
}

int wire_recv(struct wire *w, struct seg *s, int ms)
{
	int64_t end = now_us() + ms * 1000LL;
	static uint8_t packet[66000];

	for (;;) {
		int64_t left = end - now_us();
		struct timespec ts = { .tv_sec = left / 1000000,
				       .tv_nsec = left % 1000000 * 1000 };
		struct pollfd p = { .fd = w->fd, .events = POLLIN };
		char control[256];
		struct sockaddr_ll ll;
		struct iovec iov = { packet, sizeof(packet) };
		struct msghdr msg = {
			.msg_name = &ll, .msg_namelen = sizeof(ll),
			.msg_iov = &iov, .msg_iovlen = 1,
			.msg_control = control, .msg_controllen = sizeof(control),
		};
		struct cmsghdr *c;
		ssize_t n;

		n = recvmsg(w->fd, &msg, MSG_DONTWAIT);
		if (n < 0) {
			if (left <= 0 || ppoll(&p, 1, &ts, NULL) < 0)
				return 0;
			continue;
		}
		if (!w->sniff && ll.sll_pkttype == PACKET_OUTGOING)
			continue;
		memset(s, 0, offsetof(struct seg, buf));
		s->us = now_us();
		for (c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c))
			if (c->cmsg_type == SCM_TIMESTAMPNS) {
				memcpy(&ts, CMSG_DATA(c), sizeof(ts));
				s->us = ts.tv_sec * 1000000LL + ts.tv_nsec / 1000;
			}
		if (take_apart(s, packet, n)) {
			if (getenv("TERN_VERBOSE"))
				seg_print(s, "<");
			return 1;
		}
	}
}

void wire_drain(struct wire *w)
{
	static struct seg s;

	while (wire_recv(w, &s, 0))
		;
}

/*
 * Not answered in time on a slow machine: the probe is as late as any, and then
 * has an answer of its own.
 */
static bool repeated(const struct seg *was, const struct seg *s)
{
	static int answers;

	if (timetravel() || s->sport != was->sport || s->flags != was->flags ||
	    s->seq != was->seq)
		return false;
	if (s->us - was->us > 40000) {
		answers++;
		return true;
	}
	if (s->ack != was->ack || s->len || !answers)
		return false;
	answers--;
	return true;
}

int see(struct wire *w, struct seg *s, int sport, int flags)
{
	static struct seg was;
	int got;

	memcpy(&was, s, offsetof(struct seg, buf));
	do {
		got = wire_recv(w, s, SOON);
	} while (got && repeated(&was, s));
	if (!got) {
		fprintf(stderr, "# port %d: expected flags %#x, nothing came\n", sport, flags);
		return -1;
	}
	if (s->sport == sport && (s->flags & ~PSH) == flags)
		return 0;
	fprintf(stderr, "# expected flags %#x of port %d\n", flags, sport);
	seg_print(s, "got");
	return -1;
}

static int wire_at(struct topo *t, struct wire *w, int which, bool sniff)
{
	struct sockaddr_ll ll = {
		.sll_family = AF_PACKET,
		.sll_protocol = sniff ? htons(ETH_P_ALL) : ethertype(),
	};
	int one = 1, size = 8 << 20;

	if (topo_enter(t, which))
		return -1;
	w->sniff = sniff;
	w->told = false;
	memcpy(w->to, host_mac[!which], 6);
	w->ifindex = ll.sll_ifindex = if_nametoindex("eth0");
	w->fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	topo_enter(t, 0);
	if (w->fd < 0)
		return -1;
	setsockopt(w->fd, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof(one));
	setsockopt(w->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	return bind(w->fd, (struct sockaddr *)&ll, sizeof(ll));
}

int wire_open(struct topo *t, struct wire *w)
{
	return wire_at(t, w, 1, false);
}

int wire_sniff(struct topo *t, struct wire *w, int which)
{
	return wire_at(t, w, which, true);
}

void seg_print(const struct seg *s, const char *what)
{
	fprintf(stderr, "# %s %u > %u %s%s%s%s%s%s seq %u ack %u win %u len %d\n", what,
		s->sport, s->dport, s->flags & SYN ? "S" : "", s->flags & FIN ? "F" : "",
		s->flags & RST ? "R" : "", s->flags & PSH ? "P" : "",
		s->flags & ACK ? "." : "", s->bad_csum ? " BADSUM" : "",
		s->seq, s->ack, s->win, s->len);
}

void peer_init(struct peer *p, struct wire *w, int port, int to_port)
{
	memset(p, 0, sizeof(*p));
	p->w = w;
	inet_pton(AF_INET, HOST_B, &p->addr);
	inet_pton(AF_INET, HOST_A, &p->to);
	p->port = port;
	p->to_port = to_port;
	p->iss = 1000000;
	p->snd_nxt = p->iss;
	p->tsval = 1;
}

int say_seg(struct peer *p, struct seg s)
{
	static uint8_t packet[9200];
	int len;

	if (p->ts && !s.has_ts) {
		s.has_ts = true;
		s.tsval = p->tsval;
		s.tsecr = p->tsecr;
	}
	if (!s.win && !s.win0)
		s.win = p->win;
	len = wire_build(p, &s, packet);
	if (getenv("TERN_VERBOSE")) {
		s.sport = s.sport ? s.sport : p->port;
		s.dport = s.dport ? s.dport : p->to_port;
		seg_print(&s, ">");
	}
	return wire_send(p->w, packet, len);
}

int say_icmp(struct peer *p, int type, int code, uint32_t info, uint32_t seq)
{
	struct seg outer = { 0 }, quoted = {
		.saddr = p->to, .daddr = p->addr, .sport = p->to_port,
		.dport = p->port, .seq = seq, .flags = ACK,
	};
	int protocol = is_v6() ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
	uint8_t packet[128], quote[128], *icmp = SEG_AT(packet);
	int size = 8 + ip_hlen() + 8;	/* RFC 792: 8 bytes behind the IP header */

	wire_build(p, &outer, packet);
	wire_build(p, &quoted, quote);
	packet[is_v6() ? 6 : 9] = protocol;
	fix_ip(packet, ip_hlen() + size);
	memset(icmp, 0, 8);
	icmp[0] = type;
	icmp[1] = code;
	put32(icmp + 4, info);
	memcpy(icmp + 8, quote, ip_hlen() + 8);
	put16(icmp + 2, fold(sum16(icmp, size, !is_v6() ? 0 :
		sum16(addr_at(packet), 2 * addr_size(), protocol + size))));
	return wire_send(p->w, packet, ip_hlen() + size);
}

int hear(struct peer *p, struct seg *s, int ms)
{
	int64_t end = now_us() + ms * 1000LL;

	for (;;) {
		int64_t left = end - now_us();

		if (!wire_recv(p->w, s, left > 0 ? left / 1000 + 1 : 0))
			return 0;
		if (s->dport == p->port && s->daddr == p->addr &&
		    (!p->to_port || s->sport == p->to_port)) {
			if (s->has_ts)
				p->tsecr = s->tsval;
			return 1;
		}
		if (now_us() > end)
			return 0;
	}
}

int expect(struct peer *p, struct seg *s, int flags)
{
	if (!hear(p, s, SOON)) {
		fprintf(stderr, "# expected flags %#x, nothing came\n", flags);
		return -1;
	}
	if (p->w->sums_left && s->partial)
		s->bad_csum = false;
	if (s->bad_csum)
		fprintf(stderr, "# wrong checksum\n");
	if ((s->flags & ~PSH) != flags || s->bad_csum) {
		fprintf(stderr, "# expected flags %#x\n", flags);
		seg_print(s, "got");
		return -1;
	}
	return 0;
}

bool silence(struct peer *p, int ms)
{
	static struct seg s;

	if (!hear(p, &s, ms))
		return true;
	seg_print(&s, "expected silence, got");
	return false;
}

int peer_syn(struct peer *p, struct seg *s)
{
	if (expect(p, s, SYN))
		return -1;
	p->to_port = s->sport;
	p->rcv_nxt = s->seq + 1;
	p->snd_nxt = p->iss + 1;
	return 0;
}

int peer_synack(struct peer *p)
{
	static struct seg s;

	if (say(p, .flags = SYN | ACK, .seq = p->iss, .ack = p->rcv_nxt, .mss = p->mss ? p->mss : MSS,
		.sack_ok = p->sack, .has_mad = p->has_mad, .mad = p->mad,
		.has_wscale = p->has_wscale, .wscale = p->wscale))
		return -1;
	if (expect(p, &s, ACK))
		return -1;
	return s.seq == p->rcv_nxt && s.ack == p->snd_nxt ? 0 : -1;
}

int peer_accept(struct peer *p)
{
	static struct seg s;

	return peer_syn(p, &s) ? -1 : peer_synack(p);
}

int peer_connect(struct peer *p)
{
	static struct seg s;

	if (say(p, .flags = SYN, .seq = p->iss, .mss = p->mss ? p->mss : MSS,
		.sack_ok = p->sack, .has_mad = p->has_mad, .mad = p->mad,
		.has_wscale = p->has_wscale, .wscale = p->wscale))
		return -1;
	p->snd_nxt = p->iss + 1;
	if (expect(p, &s, SYN | ACK) || s.ack != p->snd_nxt)
		return -1;
	p->rcv_nxt = s.seq + 1;
	return say(p, .flags = ACK, .seq = p->snd_nxt, .ack = p->rcv_nxt);
}

int peer_dial(struct peer *p, int *fd)
{
	*fd = sk_dial(HOST_B, p->port, 0, SOCK_NONBLOCK);
	if (*fd < 0 || peer_accept(p))
		return -1;
	if (!(sk_wait(*fd, POLLOUT, SOON) & POLLOUT) || sk_error(*fd))
		return -1;
	fcntl(*fd, F_SETFL, 0);
	return sk_timeouts(*fd, 20000);
}

int peer_open(struct peer *p, int listener)
{
	int fd;

	p->to_port = p->to_port ? p->to_port : PORT;
	if (peer_connect(p) || !sk_wait(listener, POLLIN, SOON))
		return -1;
	fd = accept(listener, NULL, NULL);
	if (fd >= 0)
		sk_timeouts(fd, 20000);
	return fd;
}
