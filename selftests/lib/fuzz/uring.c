// SPDX-License-Identifier: GPL-2.0
/*
 * The same calls by io_uring: some return at once, others wait in the kernel
 * and go on in its own way while other calls are made.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <linux/io_uring.h>

#include "fuzz.h"

#define ENTRIES		4
/* Newer than the header */
#define OP_SHUTDOWN	34
#define OP_SOCKET	45
#define OP_URING_CMD	46
#define OP_SEND_ZC	47

struct ring {
	int fd;
	struct io_uring_params p;
	uint8_t *rings;
	struct io_uring_sqe *sqes;
};

static size_t ring_size(const struct ring *r)
{
	size_t sq = r->p.sq_off.array + r->p.sq_entries * sizeof(uint32_t);
	size_t cq = r->p.cq_off.cqes + r->p.cq_entries * sizeof(struct io_uring_cqe);

	return sq > cq ? sq : cq;
}

static int ring_open(struct ring *r)
{
	void *rings, *sqes;

	memset(r, 0, sizeof(*r));
	r->fd = syscall(__NR_io_uring_setup, ENTRIES, &r->p);
	if (r->fd < 0)
		return -1;
	rings = mmap(NULL, ring_size(r), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
		     r->fd, IORING_OFF_SQ_RING);
	sqes = mmap(NULL, ENTRIES * sizeof(*r->sqes), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_POPULATE, r->fd, IORING_OFF_SQES);
	if (rings == MAP_FAILED || sqes == MAP_FAILED) {
		close(r->fd);
		return -1;
	}
	r->rings = rings;
	r->sqes = sqes;
	return 0;
}

static void ring_close(struct ring *r)
{
	munmap(r->sqes, ENTRIES * sizeof(*r->sqes));
	munmap(r->rings, ring_size(r));
	close(r->fd);
}

static void any_entry(struct fz *f, struct io_uring_sqe *e, char *buf, size_t size)
{
	static const int roles[] = { CONNECTION, CONNECTION, CONNECTION, LISTENER, NEW, ANY };

	memset(e, 0, sizeof(*e));
	e->opcode = PICK_OF(f, IORING_OP_SEND, IORING_OP_SEND, IORING_OP_RECV, IORING_OP_RECV,
			    IORING_OP_ACCEPT, IORING_OP_ACCEPT, IORING_OP_POLL_ADD, IORING_OP_READ,
			    IORING_OP_WRITE, OP_SHUTDOWN, OP_URING_CMD, OP_SEND_ZC);
	e->fd = any_fd(f, roles[pick(f, 6)]);
	e->flags = PICK_OF(f, 0, 0, 0, IOSQE_IO_LINK, IOSQE_ASYNC);
	e->addr = (uintptr_t)buf;
	e->len = pick(f, size);
	switch (e->opcode) {
	case IORING_OP_ACCEPT:
		e->addr = 0;
		e->len = 0;
		e->ioprio = one_in(f, 2);		/* again and again */
		break;
	case IORING_OP_POLL_ADD:
		e->addr = 0;
		e->len = one_in(f, 2);
		e->poll32_events = any32(f);
		break;
	case OP_SHUTDOWN:
		e->addr = 0;
		e->len = pick(f, 4);
		break;
	case OP_URING_CMD:		/* SIOCINQ, SIOCOUTQ, getsockopt(), setsockopt() */
		e->off = pick(f, 4);
		e->addr = (uint64_t)SOL_SOCKET | (uint64_t)pick(f, 80) << 32;
		break;
	case IORING_OP_READ:
	case IORING_OP_WRITE:
		break;
	default:
		e->msg_flags = PICK_OF(f, 0, MSG_WAITALL, MSG_PEEK, MSG_MORE, MSG_DONTWAIT, MSG_OOB) |
			       MSG_NOSIGNAL;
	}
}

long do_uring(struct fz *f)
{
	static char buf[8192];
	int n = 1 + pick(f, ENTRIES);
	uint32_t *tail, *array;
	struct ring r;
	long ret;

	if (ring_open(&r))
		return -1;
	tail = (void *)(r.rings + r.p.sq_off.tail);
	array = (void *)(r.rings + r.p.sq_off.array);
	for (int i = 0; i < n; i++) {
		any_entry(f, &r.sqes[i], buf, sizeof(buf));
		array[i] = i;
	}
	__atomic_store_n(tail, n, __ATOMIC_RELEASE);
	ret = syscall(__NR_io_uring_enter, r.fd, n, one_in(f, 4), IORING_ENTER_GETEVENTS, NULL, 0);
	/* What others do now may wake them. */
	if (one_in(f, 2))
		do_send(f);
	if (one_in(f, 2))
		do_peer_answer(f);
	ring_close(&r);
	return ret;
}
