// SPDX-License-Identifier: GPL-2.0
/* Values: random ones are of little use, those at an edge of much. */
#include "fuzz.h"

uint64_t mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return x ^ x >> 31;
}

uint32_t any32(struct fz *f)
{
	f->rng = mix(f->rng);
	return f->rng >> 32;
}

uint32_t pick(struct fz *f, uint32_t n)
{
	return n ? any32(f) % n : 0;
}

bool one_in(struct fz *f, uint32_t n)
{
	return !pick(f, n);
}

int edge_int(struct fz *f)
{
	switch (pick(f, 8)) {
	case 0:
		return (int)any32(f);
	case 1:
		return (1u << pick(f, 32)) + (int)pick(f, 3) - 1;
	case 2:
		return -(int)pick(f, 4);
	case 3:
		return pick(f, 300);
	case 4:
		return PICK_OF(f, 0x7fffffff, (int)0x80000000, -1, 65535, 65536, 32767, 32768,
			       536, 1220, 1460, 88, 127, 128, 255, 256, 1000, 1000000, 600000000);
	default:
		return pick(f, 3);
	}
}

uint32_t edge_size(struct fz *f)
{
	switch (pick(f, 6)) {
	case 0:
		return pick(f, 20000);
	case 1:
		return (1u << pick(f, 20)) + (int)pick(f, 3) - 1;
	case 2:
		return PICK_OF(f, 68, 88, 320, 321, 400, 552, 576, 1280, 1492, 1500, 9000, 65479,
			       65521, 65535, 65536, 131072, 262144, 524280);
	default:
		return pick(f, 1500);
	}
}

void any_bytes(struct fz *f, void *to, size_t n)
{
	uint8_t *p = to;

	for (size_t i = 0; i < n; i++)
		p[i] = any32(f);
}

int any_af(struct fz *f)
{
	return pick(f, 2) ? AF_INET6 : AF_INET;
}

void meet_again(struct fz *f, int af, const void *addr)
{
	if (af == AF_INET)
		memcpy(w.used4[pick(f, 8)], addr, 4);
	else
		memcpy(w.used6[pick(f, 8)], addr, 16);
}

static void any_addr4(struct fz *f, uint8_t *to)
{
	static const char *const of[] = {
		"127.0.0.1", "127.0.0.1", "10.1.0.1", "10.1.0.2", "10.1.0.3", "10.2.0.1",
		"10.2.0.2", "0.0.0.0", "0.0.0.0", "255.255.255.255", "224.0.0.1", "10.2.0.255",
		"10.0.0.1", "10.3.0.1", "127.0.0.2", "10.3.0.2",
	};

	if (one_in(f, 4))
		memcpy(to, w.used4[pick(f, 8)], 4);
	else
		inet_pton(AF_INET, of[pick(f, 16)], to);
	if (one_in(f, 40))
		any_bytes(f, to, 4);
}

void any_addr(struct fz *f, int af, void *to)
{
	static const char *const of[] = {
		"::1", "::1", "fd01::1", "fd01::2", "fd01::3", "fd02::1", "fd02::2", "::", "::",
		"ff02::1", "fe80::1", "fd00::1", "fd03::1", "fd03::2", "ff0e::1", "2001:db8::1",
	};
	uint8_t *p = to;

	if (af == AF_INET) {
		any_addr4(f, p);
		return;
	}
	if (one_in(f, 3)) {
		memcpy(p, w.used6[pick(f, 8)], 16);
		return;
	}
	inet_pton(AF_INET6, of[pick(f, 16)], p);
	if (one_in(f, 6)) {		/* mapped, or as it once was */
		memset(p, 0, 16);
		if (!one_in(f, 4))
			p[10] = p[11] = 0xff;
		any_addr4(f, p + 12);
	}
	if (one_in(f, 40))
		any_bytes(f, p, 16);
}

int any_port(struct fz *f)
{
	switch (pick(f, 8)) {
	case 0:
		return 0;
	case 1:
		return pick(f, 65536);
	default:
		return FIRST_PORT + pick(f, PORTS);
	}
}
