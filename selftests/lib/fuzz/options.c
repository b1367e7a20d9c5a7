// SPDX-License-Identifier: GPL-2.0
/* setsockopt() and getsockopt(): every option of every level that takes one */
#define _GNU_SOURCE
#include <linux/filter.h>
#include <linux/icmpv6.h>
#include <sys/time.h>

#include "fuzz.h"

static const int own[] = {
	TERN_NODELAY, TERN_MAXSEG, TERN_CORK, TERN_KEEPIDLE, TERN_KEEPINTVL, TERN_KEEPCNT,
	TERN_SYNCNT, TERN_LINGER2, TERN_DEFER_ACCEPT, TERN_WINDOW_CLAMP, TERN_INFO,
	TERN_QUICKACK, TERN_CONGESTION, TERN_USER_TIMEOUT, TERN_NOTSENT_LOWAT, TERN_INQ,
	TERN_RTO_MIN_US, TERN_RTO_MAX_US, TERN_RTO_INIT_US, TERN_DELACK_MAX_US, TERN_MSL_MS,
	TERN_KEEPIDLE_US, TERN_KEEPINTVL_US,
};

static void any_option(struct fz *f, int *level, int *name)
{
	switch (pick(f, 8)) {
	case 0:
	case 1:
		*level = SOL_SOCKET;
		*name = 1 + pick(f, 84);
		break;
	case 2:
		*level = IPPROTO_IP;
		*name = one_in(f, 3) ? IP_TOS : 1 + pick(f, 52);
		break;
	case 3:
		*level = IPPROTO_IPV6;
		*name = 1 + pick(f, 82);
		break;
	case 4:			/* TCP has some that Tern hasn't. */
		*level = one_in(f, 2) ? SOL_TERN : IPPROTO_TCP;
		*name = pick(f, 140);
		break;
	default:
		*level = one_in(f, 4) ? IPPROTO_TCP : SOL_TERN;
		*name = own[pick(f, sizeof(own) / sizeof(own[0]))];
	}
	if (one_in(f, 100)) {
		*level = edge_int(f);
		*name = edge_int(f);
	}
}

union value {
	int i[64];
	uint8_t b[256];
	char s[256];
	struct linger linger;
	struct timeval tv;
	struct sock_fprog prog;
	struct ipv6_mreq mreq6;
	struct ip_mreqn mreqn;
	struct in6_pktinfo pkt6;
};

static socklen_t any_filter(struct fz *f, union value *v)
{
	static struct sock_filter code[THREADS_MAX][3];
	struct sock_filter *c = code[f->id];

	/* Cut to so much, or what a word of the segment says */
	c[0] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, pick(f, 24));
	c[1] = one_in(f, 2) ? (struct sock_filter)BPF_STMT(BPF_RET | BPF_A, 0) :
	       (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, PICK_OF(f, 0u, 1u, 19u, 20u, 21u, 40u,
								     100u, 65535u, 0xffffffffu));
	v->prog = (struct sock_fprog){ .len = 2, .filter = c };
	return sizeof(v->prog);
}

/* IP options and extension headers that are well formed, more or less */
static socklen_t any_ip_options(struct fz *f, union value *v)
{
	int n = 3 + 4 * (1 + pick(f, 9));

	v->b[0] = PICK_OF(f, 131, 137, 7, 68, 148, 1);
	v->b[1] = v->b[0] == 148 ? 4 : n;
	v->b[2] = v->b[0] == 68 ? 5 : 4;
	for (int i = 3; i + 4 <= n; i += 4)
		any_addr(f, AF_INET, v->b + i);
	return one_in(f, 8) ? (int)pick(f, 45) : (n + 3) & ~3;
}

static socklen_t any_header6(struct fz *f, union value *v, bool routing)
{
	int words = 1 + pick(f, 8);

	memset(v->b, 0, sizeof(v->b));
	if (routing) {
		words = (words + 1) & ~1;
		v->b[2] = PICK_OF(f, 0, 2, 2, 4);
		v->b[3] = v->b[2] == 4 ? 0 : words / 2;
		if (v->b[2] == 2)
			words = 2, v->b[3] = 1;
		for (int i = 8; i < 8 + words * 8; i += 16)
			any_addr(f, AF_INET6, v->b + i);
	} else {
		v->b[2] = 1;		/* PadN over all of it */
		v->b[3] = words * 8 + 4;
	}
	v->b[1] = words;
	return one_in(f, 8) ? (int)pick(f, 100) : 8 + words * 8;
}

static socklen_t typed(struct fz *f, int level, int name, union value *v)
{
	if (level == SOL_SOCKET) {
		switch (name) {
		case SO_LINGER:
			v->linger = (struct linger){ pick(f, 2), edge_int(f) };
			return sizeof(v->linger);
		case SO_RCVTIMEO:
		case SO_SNDTIMEO:
			v->tv = (struct timeval){ pick(f, 2), edge_int(f) };
			return sizeof(v->tv);
		case SO_BINDTODEVICE:
			strcpy(v->s, PICK_OF(f, "lo", "v0", "tun0", "vrf0", "d0", ""));
			return strlen(v->s);
		case SO_ATTACH_FILTER:
		case SO_ATTACH_REUSEPORT_CBPF:
			return any_filter(f, v);
		case SO_MAX_PACING_RATE:
			return one_in(f, 2) ? 8 : 4;
		}
	} else if (level == IPPROTO_IP) {
		switch (name) {
		case IP_OPTIONS:
			return any_ip_options(f, v);
		case IP_ADD_MEMBERSHIP:
		case IP_DROP_MEMBERSHIP:
		case IP_MULTICAST_IF:
			any_addr(f, AF_INET, &v->mreqn.imr_multiaddr);
			any_addr(f, AF_INET, &v->mreqn.imr_address);
			v->mreqn.imr_ifindex = pick(f, 5);
			return sizeof(v->mreqn);
		}
	} else if (level == IPPROTO_IPV6) {
		switch (name) {
		case IPV6_RTHDR:
			return any_header6(f, v, true);
		case IPV6_HOPOPTS:
		case IPV6_DSTOPTS:
		case IPV6_RTHDRDSTOPTS:
			return any_header6(f, v, false);
		case IPV6_ADD_MEMBERSHIP:
		case IPV6_DROP_MEMBERSHIP:
			any_addr(f, AF_INET6, &v->mreq6.ipv6mr_multiaddr);
			v->mreq6.ipv6mr_interface = pick(f, 5);
			return sizeof(v->mreq6);
		case IPV6_PKTINFO:
			any_addr(f, AF_INET6, &v->pkt6.ipi6_addr);
			v->pkt6.ipi6_ifindex = pick(f, 5);
			return sizeof(v->pkt6);
		}
	} else if (name == TERN_CONGESTION) {
		strcpy(v->s, PICK_OF(f, "reno", "cubic", "", "none"));
		return strlen(v->s);
	}
	return sizeof(int);
}

static socklen_t any_length(struct fz *f, socklen_t len)
{
	if (!one_in(f, 12))
		return len;
	return one_in(f, 4) ? edge_int(f) :
	       PICK_OF(f, 0, 1, 2, 3, 5, 8, 12, 16, 20, 24, 28, 32, 40, 64, 100, 128, 255, 256);
}

long do_setsockopt(struct fz *f)
{
	int level, name, fd = any_fd(f, ANY);
	union value v;
	socklen_t len;

	any_option(f, &level, &name);
	for (int i = 0; i < 64; i++)
		v.i[i] = edge_int(f);
	len = typed(f, level, name, &v);
	return setsockopt(fd, level, name, one_in(f, 100) ? (void *)8 : &v, any_length(f, len));
}

long do_getsockopt(struct fz *f)
{
	int level, name, fd = any_fd(f, ANY);
	char v[512];
	socklen_t len = one_in(f, 2) ? sizeof(v) : pick(f, sizeof(v));

	any_option(f, &level, &name);
	any_bytes(f, v, 16);
	return getsockopt(fd, level, name, one_in(f, 100) ? (void *)8 : v, &len);
}
