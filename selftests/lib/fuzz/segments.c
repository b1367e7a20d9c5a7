// SPDX-License-Identifier: GPL-2.0
/*
 * The network's part: segments and ICMP errors that fit a live connection.
 * What the first namespace sends is heard at its tun device and by a packet
 * socket; numbers, addresses and time stamps of what is said come from there.
 */
#define _GNU_SOURCE
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <time.h>
#include <linux/virtio_net.h>

#include "fuzz.h"

#define HEARD	64

/* A segment that a host has sent */
struct heard {
	int af;
	uint8_t src[16], dst[16];
	uint16_t sport, dport;		/* host order, all of these */
	uint32_t seq, next, ack;	/* @next: after it */
	uint32_t tsval;
	bool has_ts;
	uint8_t flags;
	uint16_t win;
};

static struct heard heard[HEARD];
static unsigned int nheard;

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
}

static void set32(uint8_t *p, uint32_t v)
{
	p[0] = v >> 24, p[1] = v >> 16, p[2] = v >> 8, p[3] = v;
}

static void set16(uint8_t *p, uint16_t v)
{
	p[0] = v >> 8, p[1] = v;
}

static uint16_t get16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

static void find_ts(struct heard *h, const uint8_t *opt, int len)
{
	for (int i = 0; i < len && opt[i];) {
		if (opt[i] == TERNOPT_NOP) {
			i++;
			continue;
		}
		if (i + 1 >= len || opt[i + 1] < 2)
			return;
		if (opt[i] == TERNOPT_TIMESTAMP && i + 10 <= len) {
			h->has_ts = true;
			h->tsval = get32(opt + i + 2);
		}
		i += opt[i + 1];
	}
}

static void hear(const uint8_t *ip, int len)
{
	struct heard h = { 0 };
	int hlen, doff, total;
	const uint8_t *th;

	if (len < 40)
		return;
	if (ip[0] >> 4 == 4) {
		hlen = (ip[0] & 15) * 4;
		total = get16(ip + 2);
		if (ip[9] != IPPROTO_TERN)
			return;
		h.af = AF_INET;
		memcpy(h.src, ip + 12, 4);
		memcpy(h.dst, ip + 16, 4);
	} else {
		hlen = 40;
		total = 40 + get16(ip + 4);
		if (ip[6] != IPPROTO_TERN)
			return;
		h.af = AF_INET6;
		memcpy(h.src, ip + 8, 16);
		memcpy(h.dst, ip + 24, 16);
	}
	th = ip + hlen;
	if (len < hlen + 20)
		return;
	doff = (th[12] >> 4) * 4;
	h.sport = get16(th);
	h.dport = get16(th + 2);
	h.seq = get32(th + 4);
	h.ack = get32(th + 8);
	h.flags = th[13];
	h.win = get16(th + 14);
	h.next = h.seq + (total > hlen + doff ? total - hlen - doff : 0) +
		 !!(h.flags & TERN_FLAG_SYN) + !!(h.flags & TERN_FLAG_FIN);
	if (len >= hlen + doff)
		find_ts(&h, th + 20, doff - 20);
	heard[__atomic_fetch_add(&nheard, 1, __ATOMIC_RELAXED) % HEARD] = h;
}

static void listen_in(void)
{
	uint8_t p[2048];
	int n, skip = sizeof(struct virtio_net_hdr);

	for (int i = 0; i < 64; i++) {
		n = read(w.tun, p, sizeof(p));
		if (n <= skip)
			break;
		hear(p + skip, n - skip);
	}
	for (int i = 0; i < 128; i++) {
		n = recv(w.sniff, p, sizeof(p), MSG_DONTWAIT);
		if (n <= 0)
			break;
		hear(p, n);
	}
}

static struct heard *any_heard(struct fz *f)
{
	unsigned int n = __atomic_load_n(&nheard, __ATOMIC_RELAXED);

	if (!n)
		return NULL;
	/* The last are the likeliest to be alive. */
	return &heard[(n - 1 - pick(f, one_in(f, 3) ? (n < HEARD ? n : HEARD) :
				    (n < 6 ? n : 6))) % HEARD];
}

static uint32_t add(uint32_t sum, const uint8_t *p, int n)
{
	for (int i = 0; i < n; i += 2)
		sum += p[i] << 8 | (i + 1 < n ? p[i + 1] : 0);
	return sum;
}

static uint16_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

/* An IP header before @len bytes; returns its length */
static int ip_header(uint8_t *ip, int af, const uint8_t *src, const uint8_t *dst, int proto,
		     int len)
{
	if (af == AF_INET) {
		memset(ip, 0, 20);
		ip[0] = 0x45;
		set16(ip + 2, 20 + len);
		ip[6] = 0x40;
		ip[8] = 64;
		ip[9] = proto;
		memcpy(ip + 12, src, 4);
		memcpy(ip + 16, dst, 4);
		set16(ip + 10, fold(add(0, ip, 20)));
		return 20;
	}
	memset(ip, 0, 8);
	ip[0] = 0x60;
	set16(ip + 4, len);
	ip[6] = proto;
	ip[7] = 64;
	memcpy(ip + 8, src, 16);
	memcpy(ip + 24, dst, 16);
	return 40;
}

static uint16_t pseudo_sum(int af, const uint8_t *src, const uint8_t *dst, int proto,
			   const uint8_t *p, int len)
{
	int alen = af == AF_INET ? 4 : 16;

	return fold(add(add(add(proto + len, src, alen), dst, alen), p, len));
}

struct said {
	int af;
	uint8_t src[16], dst[16];
	uint16_t sport, dport, win;
	uint32_t seq, ack;
	uint8_t flags, opt[40];
	int nopt, len;
};

static int build(struct fz *f, const struct said *s, uint8_t *ip)
{
	int doff = 20 + ((s->nopt + 3) & ~3), h = s->af == AF_INET ? 20 : 40;
	uint8_t *th = ip + h;

	memset(th, 0, doff);
	set16(th, s->sport);
	set16(th + 2, s->dport);
	set32(th + 4, s->seq);
	set32(th + 8, s->ack);
	th[12] = doff << 2;
	th[13] = s->flags;
	set16(th + 14, s->win);
	memcpy(th + 20, s->opt, s->nopt);
	memset(th + doff, 'x', s->len);
	if (one_in(f, 60))
		th[12] = any32(f);
	if (one_in(f, 60))
		th[pick(f, doff)] ^= 1 << pick(f, 8);
	set16(th + 16, pseudo_sum(s->af, s->src, s->dst, IPPROTO_TERN, th, doff + s->len));
	if (one_in(f, 100))
		th[16] ^= 1;
	ip_header(ip, s->af, s->src, s->dst, IPPROTO_TERN, doff + s->len);
	return h + doff + s->len;
}

/* A header that says more than there is, or a fragment */
static void garble_ip(struct fz *f, uint8_t *ip)
{
	if (ip[0] >> 4 == 4) {
		if (one_in(f, 2))
			set16(ip + 6, any32(f));
		else
			ip[8] = pick(f, 2);
		set16(ip + 10, 0);
		set16(ip + 10, fold(add(0, ip, 20)));
	} else if (one_in(f, 2)) {
		ip[7] = pick(f, 2);
	} else {
		ip[4 + pick(f, 3)] = any32(f);
	}
}

/* To the tun device: it comes in within the call. */
static long by_tun(struct fz *f, const uint8_t *ip, int len)
{
	uint8_t p[sizeof(struct virtio_net_hdr) + 3000];
	struct virtio_net_hdr *v = (void *)p;

	memset(v, 0, sizeof(*v));
	if (one_in(f, 20)) {
		v->flags = pick(f, 4);
		v->gso_type = PICK_OF(f, 0, 1, 3, 4, 5);
		v->gso_size = one_in(f, 2) ? edge_size(f) : pick(f, 200);
		v->hdr_len = pick(f, 100);
		v->csum_start = ip[0] >> 4 == 4 ? 20 : 40;
		v->csum_offset = 16;
	}
	memcpy(p + sizeof(*v), ip, len);
	return write(w.tun, p, sizeof(*v) + len);
}

/* By the kernel's own output, from any address, from one host or the other */
static long by_raw(struct fz *f, int af, const uint8_t *ip, int len)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	int fd, one = 1;
	long ret;

	if (!enter(f, one_in(f, 3)))
		return -1;
	fd = socket(af, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	if (fd < 0)
		return -1;
	if (af == AF_INET) {
		memcpy(&in.sin_addr, ip + 16, 4);
		ret = sendto(fd, ip, len, MSG_DONTWAIT, (void *)&in, sizeof(in));
	} else {
		setsockopt(fd, IPPROTO_IPV6, 36 /* IPV6_HDRINCL */, &one, sizeof(one));
		memcpy(&in6.sin6_addr, ip + 24, 16);
		ret = sendto(fd, ip, len, MSG_DONTWAIT, (void *)&in6, sizeof(in6));
	}
	close(fd);
	return ret;
}

static long say(struct fz *f, int af, uint8_t *ip, int len)
{
	if (one_in(f, 60))
		garble_ip(f, ip);
	if (one_in(f, 60))
		len = pick(f, len + 1);
	/* To a socket on lo, or to one beyond the veth pair */
	if (one_in(f, 4))
		return by_raw(f, af, ip, len);
	return by_tun(f, ip, len);
}

static uint32_t clock_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000u + t.tv_nsec / 1000;
}

/* What the peer's clock may say: as in the last that was heard of him, if he is real */
static uint32_t peer_clock(const struct heard *h)
{
	unsigned int n = __atomic_load_n(&nheard, __ATOMIC_RELAXED);

	for (unsigned int i = 1; i <= n && i <= HEARD; i++) {
		const struct heard *o = &heard[(n - i) % HEARD];

		if (o->sport == h->dport && o->dport == h->sport && o->has_ts &&
		    !memcmp(o->src, h->dst, 16))
			return o->tsval;
	}
	return clock_us();
}

/* From whom it was sent to: what he would say next */
static void reply_to(const struct heard *h, struct said *s)
{
	memset(s, 0, sizeof(*s));
	s->af = h->af;
	memcpy(s->src, h->dst, 16);
	memcpy(s->dst, h->src, 16);
	s->sport = h->dport;
	s->dport = h->sport;
	s->seq = h->ack;
	s->ack = h->next;
	s->win = 65535;
	s->flags = TERN_FLAG_ACK;
	if (!(h->flags & TERN_FLAG_ACK))
		s->seq = 0x10000000;
	if (h->flags == TERN_FLAG_SYN)
		s->flags |= TERN_FLAG_SYN;
}

static void put_ts(struct said *s, uint32_t val, uint32_t ecr)
{
	uint8_t *o = s->opt + s->nopt;

	if (s->nopt > 28)
		return;
	o[0] = o[1] = TERNOPT_NOP;
	o[2] = TERNOPT_TIMESTAMP;
	o[3] = 10;
	set32(o + 4, val);
	set32(o + 8, ecr);
	s->nopt += 12;
}

static void syn_options(struct fz *f, struct said *s)
{
	uint8_t *o = s->opt;

	o[0] = TERNOPT_MSS, o[1] = 4;
	set16(o + 2, one_in(f, 3) ? edge_size(f) : 1460);
	s->nopt = 4;
	if (one_in(f, 2)) {
		o = s->opt + s->nopt;
		o[0] = TERNOPT_SACK_PERM, o[1] = 2;
		o[2] = TERNOPT_NOP, o[3] = TERNOPT_WINDOW, o[4] = 3, o[5] = pick(f, 17);
		o[6] = o[7] = TERNOPT_NOP;
		s->nopt += 8;
	}
	if (one_in(f, 3)) {
		o = s->opt + s->nopt;
		o[0] = TERNOPT_EXP, o[1] = 8;
		set16(o + 2, TERNOPT_EXID_MAD);
		set32(o + 4, edge_int(f));
		s->nopt += 8;
	}
	if (one_in(f, 2))
		put_ts(s, clock_us(), 0);
}

static uint32_t near(struct fz *f, uint32_t n)
{
	if (!one_in(f, 3))
		return n;
	return n + PICK_OF(f, 1, -1, 2, 10, 100, -100, 1460, 65535, 65536, -65536, 0x7fffffff,
			   (int)0x80000000, 1 << 20, -(1 << 20), 3000, 5000);
}

static void put_sack(struct fz *f, struct said *s)
{
	int n = 1 + pick(f, 4);
	uint8_t *o = s->opt + s->nopt;

	if (s->nopt + 2 + 8 * n > 40)
		n = 1;
	o[0] = TERNOPT_SACK;
	o[1] = 2 + 8 * n;
	for (int i = 0; i < n; i++) {
		set32(o + 2 + 8 * i, near(f, s->ack));
		set32(o + 6 + 8 * i, near(f, s->ack) + pick(f, 3000));
	}
	s->nopt += 2 + 8 * n;
}

static void garble_options(struct fz *f, struct said *s)
{
	s->nopt = 4 * pick(f, 11);
	for (int i = 0; i < s->nopt; i++)
		s->opt[i] = one_in(f, 2) ? PICK_OF(f, 0, 1, 2, 3, 4, 5, 8, 253, 10, 12) : pick(f, 256);
}

static long say_segment(struct fz *f, struct said *s)
{
	uint8_t ip[2048];

	return say(f, s->af, ip, build(f, s, ip));
}

/* To a socket of ours that may be there: from nobody that has been heard */
static void from_nobody(struct fz *f, struct said *s)
{
	memset(s, 0, sizeof(*s));
	s->af = any_af(f);
	any_addr(f, s->af, s->src);
	any_addr(f, s->af, s->dst);
	s->sport = one_in(f, 2) ? FIRST_PORT + 100 + pick(f, 3) : any_port(f);
	s->dport = any_port(f);
	s->seq = any32(f);
	s->ack = any32(f);
	s->win = 65535;
	s->flags = one_in(f, 4) ? any32(f) : TERN_FLAG_SYN;
}

long do_segment(struct fz *f)
{
	struct heard *h;
	struct said s;

	listen_in();
	h = any_heard(f);
	if (!h || one_in(f, 6)) {
		from_nobody(f, &s);
		if (s.flags & TERN_FLAG_SYN)
			syn_options(f, &s);
		return say_segment(f, &s);
	}
	reply_to(h, &s);
	s.seq = near(f, s.seq);
	s.ack = near(f, s.ack);
	if (one_in(f, 2))
		s.flags = PICK_OF(f, TERN_FLAG_ACK, TERN_FLAG_ACK | TERN_FLAG_PSH,
				  TERN_FLAG_ACK | TERN_FLAG_FIN, TERN_FLAG_RST,
				  TERN_FLAG_RST | TERN_FLAG_ACK, TERN_FLAG_SYN,
				  TERN_FLAG_SYN | TERN_FLAG_ACK, TERN_FLAG_FIN, 0,
				  TERN_FLAG_ACK | TERN_FLAG_URG, 0xff);
	if (one_in(f, 8))
		s.flags = any32(f);
	if (one_in(f, 3))
		s.win = PICK_OF(f, 0, 1, 100, 1000, 10000);
	if (one_in(f, 2))
		s.len = PICK_OF(f, 1, 2, 100, 1000, 1400, 0);
	if (s.flags & TERN_FLAG_SYN)
		syn_options(f, &s);
	else if (h->has_ts && !one_in(f, 8))
		put_ts(&s, near(f, peer_clock(h)), near(f, h->tsval));
	if (one_in(f, 4))
		put_sack(f, &s);
	if (one_in(f, 20))
		garble_options(f, &s);
	if (one_in(f, 40))
		any_addr(f, s.af, one_in(f, 2) ? s.src : s.dst);
	return say_segment(f, &s);
}

/* A peer at tun0's other end that does as it should: opens */
long do_peer_open(struct fz *f)
{
	struct said s = { .af = any_af(f), .flags = TERN_FLAG_SYN, .win = 65535 };
	unsigned int before;
	uint8_t ip[2048];

	inet_pton(s.af, s.af == AF_INET ? "10.1.0.2" : "fd01::2", s.src);
	inet_pton(s.af, s.af == AF_INET ? "10.1.0.1" : "fd01::1", s.dst);
	if (one_in(f, 8))
		any_addr(f, s.af, s.dst);
	s.sport = FIRST_PORT + 100 + pick(f, one_in(f, 2) ? 3 : 10000);
	s.dport = FIRST_PORT + pick(f, PORTS);
	s.seq = any32(f);
	syn_options(f, &s);
	listen_in();
	before = nheard;
	if (by_tun(f, ip, build(f, &s, ip)) < 0)
		return -1;
	listen_in();
	for (unsigned int i = before; i != nheard; i++) {
		struct heard *h = &heard[i % HEARD];

		if (h->dport != s.sport || h->sport != s.dport)
			continue;
		reply_to(h, &s);
		if (h->has_ts)
			put_ts(&s, clock_us(), h->tsval);
		s.len = one_in(f, 2) ? 0 : pick(f, 1400);
		return by_tun(f, ip, build(f, &s, ip));
	}
	return 0;
}

/* ... and answers what it was sent, with data or without */
long do_peer_answer(struct fz *f)
{
	uint32_t n = 1 + pick(f, 6), got = 0;
	uint8_t ip[2048];
	struct said s;

	listen_in();
	if (n > nheard)
		n = nheard;
	for (unsigned int i = nheard - n; i != nheard; i++) {
		struct heard *h = &heard[i % HEARD];

		if (h->flags & TERN_FLAG_RST)
			continue;
		reply_to(h, &s);
		if (s.flags & TERN_FLAG_SYN)
			syn_options(f, &s);
		else if (h->has_ts)
			put_ts(&s, clock_us(), h->tsval);
		if (!(s.flags & TERN_FLAG_SYN) && one_in(f, 2))
			s.len = pick(f, 1400);
		if (h->flags & TERN_FLAG_FIN && one_in(f, 2))
			s.flags |= TERN_FLAG_FIN;
		if (by_tun(f, ip, build(f, &s, ip)) >= 0)
			got++;
	}
	return got ? (long)got : -1;
}

static int icmp4(struct fz *f, const struct heard *h, uint8_t *p)
{
	p[0] = PICK_OF(f, 3, 3, 3, 3, 11, 12, 5, 4, 18);
	p[1] = p[0] == 3 ? PICK_OF(f, 4, 4, 4, 0, 1, 2, 3, 5, 9, 13, 15, 16) : pick(f, 5);
	p[2] = p[3] = 0;
	set32(p + 4, p[0] == 5 ? 0x0a010003 : p[0] == 12 ? any32(f) :
	      PICK_OF(f, 0u, 68u, 67u, 552u, 576u, 1280u, 1400u, 1499u, 65535u, 20u, 40u, 88u,
		      100u) + (p[0] == 3 ? pick(f, 5) << 16 : 0));
	return 8;
}

static int icmp6(struct fz *f, const struct heard *h, uint8_t *p)
{
	p[0] = PICK_OF(f, 1, 2, 2, 2, 3, 4, 137, 100);
	p[1] = p[0] == 1 ? pick(f, 8) : pick(f, 3);
	p[2] = p[3] = 0;
	set32(p + 4, p[0] == 2 ? PICK_OF(f, 0u, 1280u, 1279u, 68u, 1400u, 1499u, 65535u, 0xffffffffu,
					 100u, 1300u) : 0);
	if (p[0] != 137)
		return 8;
	any_addr(f, AF_INET6, p + 8);
	memcpy(p + 24, h->dst, 16);
	return 40;
}

/* An error that quotes a segment, from its destination or from a router */
long do_icmp(struct fz *f)
{
	struct heard *h, q = { 0 };
	uint8_t ip[2048], src[16], *p;
	struct said s = { 0 };
	int hlen, len, quoted;

	listen_in();
	h = any_heard(f);
	if (!h)
		return -1;
	q = *h;
	if (one_in(f, 12))
		any_addr(f, q.af, one_in(f, 2) ? q.src : q.dst);
	if (one_in(f, 12)) {		/* of a listener's, as if it had begun */
		q.sport = any_port(f);
		q.dport = any_port(f);
	}
	memcpy(src, q.dst, 16);
	if (one_in(f, 3))
		any_addr(f, q.af, src);
	hlen = q.af == AF_INET ? 20 : 40;
	p = ip + hlen;
	len = q.af == AF_INET ? icmp4(f, &q, p) : icmp6(f, &q, p);
	if (q.af == AF_INET6 && p[0] == 137)
		inet_pton(AF_INET6, "fe80::2", src);
	s = (struct said){
		.af = q.af, .sport = q.sport, .dport = q.dport, .seq = near(f, q.seq),
		.ack = q.ack, .flags = q.flags,
	};
	memcpy(s.src, q.src, 16);
	memcpy(s.dst, q.dst, 16);
	quoted = build(f, &s, p + len);
	if (one_in(f, 2))
		quoted = hlen + 8;
	if (one_in(f, 20))
		quoted = pick(f, quoted + 1);
	len += quoted;
	if (q.af == AF_INET)
		set16(p + 2, fold(add(0, p, len)));
	else
		set16(p + 2, pseudo_sum(q.af, src, q.src, IPPROTO_ICMPV6, p, len));
	ip_header(ip, q.af, src, q.src, q.af == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6, len);
	return say(f, q.af, ip, hlen + len);
}
