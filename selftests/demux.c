// SPDX-License-Identifier: GPL-2.0
/*
 * Between the lookup of a segment's socket and its turn the socket may have gone
 * elsewhere: the segment is not for what it is then. A filter that takes its
 * time on one CPU makes the moment long enough for what another CPU has to do.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>

#include <linux/filter.h>

#include "fault.h"
#include "fixture.h"

#define ROUNDS		12
#define ELSEWHERE	4800

/*
 * The filter reads header and payload as attributes of netlink, each with its
 * length in front: 20 from this source port, and 4.
 */
#define ATTR_PORT	0x1400
#define LEN		3600		/* its bytes must be in one piece: no page full */
#define WALKS		500

/* The segment that the filter is slow over, and the thread that sends it */
struct slow {
	pthread_t thread;
	struct peer *p;
	uint8_t flags;
	uint32_t seq;
	int uffd;			/* a fault is served when it is sent; -1: none */
	char *page;			/* whose access is a fault */
	bool failed;
	volatile bool going;
};

FIXTURE(two_cpus)
{
	struct topo t;
	struct wire w;
	struct peer p, next;
	struct seg s;
	struct slow slow;
	int64_t spin_us;		/* how long the filter takes */
};

static int stay_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set);
}

FIXTURE_SETUP(two_cpus)
{
	SKIP_UNLESS_AVAILABLE();
	if (stay_on(1))
		SKIP(return, "one CPU");
	topo_name(_metadata->name);
	ASSERT_EQ(0, topo_up(&self->t, TOPO_WIRE));
	for (int i = 0; i < 2; i++)
		ASSERT_EQ(0, topo_run(&self->t, i, "ip link set eth0 mtu 4000"));
	ASSERT_EQ(0, wire_open(&self->t, &self->w));
	peer_init(&self->p, &self->w, ATTR_PORT, 0);
	peer_init(&self->next, &self->w, PORT, 0);
}

FIXTURE_TEARDOWN(two_cpus)
{
	topo_down(&self->t);
}

/* Accepts all; searches segments with @flags for what is not there, again and again */
static int slow_filter(int fd, uint8_t flags)
{
	struct sock_filter code[WALKS + 6] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 13),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, flags, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
		BPF_STMT(BPF_LD | BPF_W | BPF_IMM, 0),
		BPF_STMT(BPF_LDX | BPF_W | BPF_IMM, 0xffff),
		[5 ... WALKS + 4] = BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
					     SKF_AD_OFF + SKF_AD_NLATTR),
		[WALKS + 5] = BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
	};
	struct sock_fprog prog = { .len = WALKS + 6, .filter = code };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog));
}

/* The kernel has received it when it is sent: the wire is this CPU's own. */
static int say_slow(struct slow *s)
{
	static uint8_t attrs[LEN];

	for (int i = 0; i < LEN; i += 4)
		attrs[i] = 4;
	return say(s->p, .flags = s->flags, .seq = s->seq, .data = attrs, .len = LEN);
}

static void *send_slow(void *arg)
{
	struct slow *s = arg;

	s->failed = stay_on(0);
	s->going = true;
	if (say_slow(s)) {
		fprintf(stderr, "# slow segment: %s\n", strerror(errno));
		s->failed = true;
	}
	if (s->uffd >= 0)
		s->failed |= !fault_begun(s->uffd) || fault_serve(s->uffd, s->page);
	return NULL;
}

/* On its way, and @us later */
static int go(struct slow *s, int64_t us)
{
	s->going = false;
	if (pthread_create(&s->thread, NULL, send_slow, s))
		return -1;
	while (!s->going)
		;
	sleep_until(now_us() + us);
	return 0;
}

static int done(struct slow *s)
{
	return pthread_join(s->thread, NULL) || s->failed ? -1 : 0;
}

static int measure(FIXTURE_DATA(two_cpus) *self)
{
	int64_t start = now_us();

	if (say_slow(&self->slow))
		return -1;
	self->spin_us = now_us() - start;
	fprintf(stderr, "# the filter takes %lld us\n", (long long)self->spin_us);
	return 0;
}

static int leave(int fd)
{
	struct sockaddr sa = { .sa_family = AF_UNSPEC };

	return connect(fd, &sa, sizeof(sa));
}

/*
 * The old peer's RST was looked up before the socket left it, and has its turn
 * when the socket has another peer, whose next number is as the old one's was,
 * and its user is in send().
 */
TEST_F(two_cpus, backlog_of_another_peer)
{
	struct peer *p = &self->p, *next = &self->next;
	struct slow *slow = &self->slow;
	char *page = fault_page(&slow->uffd);
	int fd;

	if (!page)
		SKIP(return, "no userfaultfd");
	slow->page = page;
	slow->p = p;
	slow->flags = RST;
	for (int i = 0; i < ROUNDS; i++) {
		peer_init(p, &self->w, ATTR_PORT, 0);
		ASSERT_EQ(0, peer_dial(p, &fd));
		ASSERT_EQ(0, slow_filter(fd, RST));
		if (!i) {
			slow->seq = p->snd_nxt - 100000;
			ASSERT_EQ(0, measure(self));
		}
		slow->seq = p->snd_nxt;
		madvise(page, 4096, MADV_DONTNEED);
		ASSERT_EQ(0, go(slow, self->spin_us * i / (2 * ROUNDS)));

		ASSERT_EQ(0, leave(fd));
		peer_init(next, &self->w, PORT + i, 0);
		fcntl(fd, F_SETFL, O_NONBLOCK);
		ASSERT_TRUE(!sk_connect(fd, HOST_B, PORT + i) || errno == EINPROGRESS);
		fcntl(fd, F_SETFL, 0);
		ASSERT_EQ(0, peer_syn(next, &self->s));
		ASSERT_EQ(0, say(next, .flags = SYN | ACK, .seq = next->iss, .ack = next->rcv_nxt,
				 .mss = MSS));
		EXPECT_EQ(1, send(fd, page, 1, 0));
		ASSERT_EQ(0, done(slow));

		EXPECT_EQ(0, sk_error(fd));
		EXPECT_EQ(TERN_ESTABLISHED, sk_state(sk_port(fd), PORT + i));
		close(fd);
	}
}

/*
 * A SYN had found a listener that is closed, and listens at another port when
 * the SYN is to enter its queue.
 */
TEST_F(two_cpus, listener_elsewhere)
{
	struct peer *p = &self->p, *next = &self->next;
	struct slow *slow = &self->slow;

	slow->uffd = -1;
	slow->p = p;
	slow->flags = SYN;
	for (int i = 0; i < ROUNDS; i++) {
		int fd = sk_new(0), one = 1;

		/* No bind(): the port is any, and goes when the listener closes. */
		ASSERT_EQ(0, listen(fd, 4));
		ASSERT_EQ(0, slow_filter(fd, SYN));
		peer_init(p, &self->w, ATTR_PORT, sk_port(fd));
		slow->seq = p->iss;
		if (!i) {
			ASSERT_EQ(0, measure(self));
			ASSERT_EQ(0, expect(p, &self->s, SYN | ACK));
			ASSERT_EQ(0, leave(fd));
			ASSERT_EQ(0, listen(fd, 4));
			p->to_port = sk_port(fd);
		}
		ASSERT_EQ(0, go(slow, self->spin_us * i / (2 * ROUNDS)));
		ASSERT_EQ(0, leave(fd));
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
		ASSERT_EQ(0, sk_bind(fd, NULL, ELSEWHERE));
		ASSERT_EQ(0, listen(fd, 4));
		ASSERT_EQ(0, done(slow));

		/* Too early, the SYN found it; too late, nobody: never what is elsewhere. */
		EXPECT_EQ(0, sk_count(p->to_port, 0, 0));
		say(p, .flags = RST, .seq = p->iss + 1);
		peer_init(next, &self->w, PORT + i, ELSEWHERE);
		ASSERT_LE(0, peer_open(next, fd));
		close(fd);
	}
}

TEST_HARNESS_MAIN
