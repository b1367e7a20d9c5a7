/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of fuzz-user share. A sequence is a list of calls, each a
 * kind and a seed from which all its arguments are drawn: so it is short
 * enough to be printed before it is made, and is mutated call by call.
 */
#ifndef TERN_FUZZ_H
#define TERN_FUZZ_H

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/tern.h>

#define SEQ_MAX		48	/* calls of a sequence */
#define KINDS_MAX	64
#define THREADS_MAX	16
#define SLOTS		20	/* sockets that calls share */
#define SPACES		3	/* network namespaces of a world */
#define PORTS		3	/* of listeners: FIRST_PORT and on */
#define FIRST_PORT	7001
#define CORPUS_MAX	4096
#define TEXT_MAX	(1 << 20)	/* bytes of the module's code */

struct call {
	uint8_t kind;
	uint32_t seed;
};

struct seq {
	int n;
	struct call call[SEQ_MAX];
};

/* A thread that makes calls */
struct fz {
	uint64_t rng;
	int id;
	int ns;			/* where it is, -1: unknown */
	int64_t began;		/* of the call that it is in, us; 0: none */
	const char *what;	/* that call */
};

/* pick.c */
uint64_t mix(uint64_t x);
uint32_t pick(struct fz *f, uint32_t n);	/* below @n */
bool one_in(struct fz *f, uint32_t n);
uint32_t any32(struct fz *f);
int edge_int(struct fz *f);		/* near what comparisons are made with */
uint32_t edge_size(struct fz *f);	/* likewise, of sizes */
void any_bytes(struct fz *f, void *to, size_t n);
/* Of few, so that they meet; @af AF_INET: 4 bytes, AF_INET6: 16 */
void any_addr(struct fz *f, int af, void *to);
void meet_again(struct fz *f, int af, const void *addr);	/* one that is in use */
int any_port(struct fz *f);
int any_af(struct fz *f);
#define PICK_OF(f, first, ...) ({						\
	static const typeof((first) + 0) _of[] = { first, __VA_ARGS__ };	\
	_of[pick(f, sizeof(_of) / sizeof(_of[0]))];				\
})

/* world.c: the namespaces, devices and sockets that all threads share */
struct world {
	int ns[SPACES];
	int slot[SLOTS];
	uint8_t role[SLOTS];		/* enum role, as far as is known */
	int tun;			/* of namespace 0, device tun0 */
	int sniff;			/* packet socket there */
	uint32_t favourite[6];		/* of the sysctls, for this world */
	int nslots;			/* of the slots, in use */
	uint8_t used4[8][4], used6[8][16];	/* addresses that something has */
	uint8_t weight[KINDS_MAX];	/* of calls */
};

extern struct world w;

int world_up(struct fz *f);
bool enter(struct fz *f, int ns);	/* the thread; false: it isn't there */
enum role { NEW = 1, LISTENER, CONNECTION, ANY };

int slot_fd(int slot);
/* Mostly one that may be of that role */
int any_slot(struct fz *f, enum role role);
int any_fd(struct fz *f, enum role role);
void slot_put(int slot, int fd, enum role role);	/* and close what was there */
void slot_role(int slot, enum role role);
int tun_open(struct fz *f);
int put_file(const char *path, const char *value);

/* Each is a call: -1 with errno, or anything else */
#define CALLS(X)		\
	X(socket, 6)		\
	X(bind, 4)		\
	X(listen, 3)		\
	X(connect, 5)		\
	X(unconnect, 1)		\
	X(accept, 5)		\
	X(shutdown, 2)		\
	X(close, 3)		\
	X(setsockopt, 14)	\
	X(getsockopt, 4)	\
	X(ioctl, 2)		\
	X(send, 8)		\
	X(sendmsg, 4)		\
	X(recv, 6)		\
	X(recvmsg, 3)		\
	X(splice, 2)		\
	X(poll, 2)		\
	X(uring, 2)		\
	X(name, 1)		\
	X(fcntl, 1)		\
	X(dup, 1)		\
	X(proc, 1)		\
	X(pause, 3)		\
	X(pair, 7)		\
	X(bulk, 4)		\
	X(sysctl, 8)		\
	X(addr, 3)		\
	X(link_set, 4)		\
	X(link_new, 1)		\
	X(link_del, 1)		\
	X(ethtool, 1)		\
	X(route, 4)		\
	X(rule, 1)		\
	X(neigh, 1)		\
	X(qdisc, 3)		\
	X(netns, 1)		\
	X(fork, 1)		\
	X(pass, 1)		\
	X(segment, 12)		\
	X(peer_open, 5)		\
	X(peer_answer, 5)	\
	X(icmp, 5)		\
	X(tun, 1)

#define ROW(name, weight) long do_##name(struct fz *f);
CALLS(ROW)
#undef ROW

enum {
#define ROW(name, weight) KIND_##name,
	CALLS(ROW)
#undef ROW
	NKINDS
};

struct kind {
	const char *name;
	int weight;
	long (*make)(struct fz *f);
};

/* run.c */
extern const struct kind kinds[NKINDS];
extern bool verbose;		/* tell each call */

/* What holds the module or its memory, and how many namespaces there are */
struct left {
	long users, pages, spaces;
};

int64_t mono_us(void);
void tell(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
struct call any_call(struct fz *f);
void one_call(struct fz *f, const struct call *c);
int run_begin(void);		/* as root */
/*
 * @n threads of a user in a world of his own, after @settle; ends when all of
 * them have. -1: one was killed or hangs.
 */
int run_world(uint64_t with, int n, void *(*thread)(void *), void (*settle)(struct fz *f));
struct left left_now(void);
bool nothing_left(const struct left *was);	/* waits for it */
void summary(void);

/* sysctls.c */
int sysctls_find(void);		/* their names and bounds; how many */

/* cover.c: KCOV, and the sequences that reached something new */
struct shared {
	/* By kind: calls made, those that failed */
	uint64_t made[KINDS_MAX], failed[KINDS_MAX], us[KINDS_MAX], world_us;
	uint64_t sequences, worlds, worlds_failed;
	uint32_t covered, corpus_n, unloads;
	int lock, stop;
	uint8_t text[TEXT_MAX / 8];
	struct seq corpus[CORPUS_MAX];
	uint8_t no_kind[32];		/* of links, that this kernel lacks */
	struct {
		char path[96];
		int lo, hi;		/* lo > hi: unknown */
	} sysctl[1024];
	int nsysctls, ntern;		/* of them, net.tern's */
};

extern struct shared *sh;

int cover_open(int threads);	/* as root; 0: there is coverage */
void cover_begin(struct fz *f);	/* in the thread, once */
void cover_start(struct fz *f);
bool cover_take(struct fz *f, const struct seq *s);	/* true: something new */
long cover_places(const char *ko);	/* that the module has, or -1 */

#endif
