// SPDX-License-Identifier: GPL-2.0
/*
 * flood-ooo: many peers leave a hole and fill the rest of their windows. What
 * waits behind the holes stays within what all sockets of the machine may hold
 * (net.tern.mem), and is charged to the cgroup that it belongs to; connections
 * that are there go on, and so do those of the peers, once they fill the holes.
 *
 * In-tree TCP, which TERN_PROTO=6 measures, holds as much.
 */
#include <linux/sock_diag.h>

#include "fixture.h"
#include "flood.h"

#define PEERS	(checking() ? 64 : 128)
#define MOST	128
#define SEGS	44			/* a first window: 64 KB */
#define TALK	(256 * 1024)		/* bytes of who was there before */
#define LIMIT	(2 << 20)		/* net.tern.mem, bytes */
/* Each CPU keeps up to 1 MB uncounted (net.core.mem_pcpu_rsv). */
#define SLACK	(1 << 20)

FIXTURE(flood)
{
	struct topo t;
	struct wire w;
	struct peer p[MOST];
	int fd[MOST];
	int here[2];		/* both ends of a connection that has nothing to do with them */
	struct seg s;
	char mem[64];		/* as it was */
};

FIXTURE_VARIANT(flood)
{
	bool group;
};

FIXTURE_VARIANT_ADD(flood, machine) { .group = false };
FIXTURE_VARIANT_ADD(flood, cgroup) { .group = true };

FIXTURE_SETUP(flood)
{
	int listener;

	SKIP_UNLESS_AVAILABLE();
	if (variant->group && group_up())
		SKIP(return, "no memory cgroups in this kernel");
	/* In-tree TCP's is in the first namespace only. */
	ASSERT_EQ(0, sysctl_get("mem", self->mem, sizeof(self->mem)));
	topo_name(_metadata->name);
	ASSERT_EQ(0, topo_up(&self->t, TOPO_WIRE));
	ASSERT_EQ(0, wire_open(&self->t, &self->w));

	listener = sk_listen(PORT, 16);
	ASSERT_GE(listener, 0);
	self->here[0] = sk_dial("127.0.0.1", PORT, 0, 0);
	ASSERT_GE(self->here[0], 0);
	ASSERT_EQ(POLLIN, sk_wait(listener, POLLIN, SOON));
	self->here[1] = accept(listener, NULL, NULL);
	for (int i = 0; i < 2; i++)
		ASSERT_EQ(0, sk_timeouts(self->here[i], 20000));
	close(listener);

	if (variant->group)
		ASSERT_EQ(0, group_enter(true));
	listener = sk_listen(PORT, 16);
	ASSERT_GE(listener, 0);
	for (int i = 0; i < PEERS; i++) {
		peer_init(&self->p[i], &self->w, 20000 + i, PORT);
		self->fd[i] = peer_open(&self->p[i], listener);
		ASSERT_GE(self->fd[i], 0);
	}
	close(listener);
	if (variant->group)
		ASSERT_EQ(0, group_enter(false));
}

FIXTURE_TEARDOWN(flood)
{
	topo_machine(&self->t, "mem", self->mem);
	topo_down(&self->t);
	if (variant->group)
		group_down();
}

static uint8_t byte_at(long i)
{
	return i * 31 >> 4;
}

/* @len bytes of a peer's stream, from @at on */
static int tell(struct peer *p, int at, int len)
{
	uint8_t data[MSS];

	for (int i = 0; i < len; i++)
		data[i] = byte_at(at + i);
	return say(p, .flags = ACK, .seq = p->snd_nxt + at, .ack = p->rcv_nxt, .data = data,
		   .len = len);
}

/* All that the peers' sockets hold, bytes of memory */
static long held(const int *fd, int n)
{
	long sum = 0;

	for (int i = 0; i < n; i++) {
		uint32_t mem[SK_MEMINFO_VARS] = { 0 };
		socklen_t len = sizeof(mem);

		getsockopt(fd[i], SOL_SOCKET, SO_MEMINFO, mem, &len);
		sum += mem[SK_MEMINFO_RMEM_ALLOC];
	}
	return sum;
}

/* The peer goes on where it was acknowledged, until @len bytes have been read. */
static bool goes_on(struct peer *p, int fd, struct seg *s, int len)
{
	int64_t end = now_us() + SOON * 1000;
	uint32_t una = p->snd_nxt;
	int got = 0;

	while (got < len && now_us() < end) {
		uint8_t buf[4096];
		ssize_t n;

		tell(p, una - p->snd_nxt, una == p->snd_nxt ? 1 : MSS);
		while (hear(p, s, QUIET / 10))
			if ((int32_t)(s->ack - una) > 0)
				una = s->ack;
		while ((n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT)) > 0)
			for (ssize_t i = 0; i < n; i++, got++)
				if (buf[i] != byte_at(got))
					return false;
	}
	return got >= len;
}

TEST_F(flood, ooo)
{
	long alone, beside, kept, drops = stat_get("TCPOFODrop");
	int64_t start;
	char mem[64];

	start = now_us();
	ASSERT_EQ(0, client_talk(self->here[0], self->here[1], TALK));
	alone = now_us() - start;
	snprintf(mem, sizeof(mem), "%ld %ld %ld", LIMIT / 4096L, LIMIT / 4096L, LIMIT / 4096L);
	ASSERT_EQ(0, topo_machine(&self->t, "mem", mem));
	for (int seg = 0; seg < SEGS; seg++) {
		for (int i = 0; i < PEERS; i++)
			ASSERT_EQ(0, tell(&self->p[i], 1 + seg * MSS, MSS));
		wire_drain(&self->w);
	}
	kept = held(self->fd, PEERS);
	drops = stat_get("TCPOFODrop") - drops;
	start = now_us();
	EXPECT_EQ(0, client_talk(self->here[0], self->here[1], TALK));
	beside = now_us() - start;
	fprintf(stderr, "# %d peers sent %ld kB beyond a hole: %ld kB held of %d, %ld segments dropped\n",
		PEERS, (long)PEERS * SEGS * MSS >> 10, kept >> 10, LIMIT >> 10, drops);
	fprintf(stderr, "# %d kB each way meanwhile: %ld ms, %ld ms before\n", TALK >> 10,
		beside / 1000, alone / 1000);
	EXPECT_GE(LIMIT + sysconf(_SC_NPROCESSORS_ONLN) * SLACK, kept);
	EXPECT_LT(0, drops);
	if (variant->group) {
		EXPECT_TRUE(wait_for(group_charged() >= kept, SOON));
		fprintf(stderr, "# %ld kB of it charged to the cgroup\n", group_charged() >> 10);
	}
	/* Nobody's connection is lost by it, not even a peer's. */
	EXPECT_EQ(0, stat_get("EstabResets"));
	for (int i = 0; i < PEERS; i += PEERS / 8)
		EXPECT_TRUE(goes_on(&self->p[i], self->fd[i], &self->s, 4 * MSS));
	for (int i = 0; i < PEERS; i++) {
		struct linger now = { .l_onoff = 1 };

		setsockopt(self->fd[i], SOL_SOCKET, SO_LINGER, &now, sizeof(now));
		close(self->fd[i]);
	}
	if (variant->group)
		EXPECT_TRUE(wait_for(!group_charged(), SOON));
}

TEST_HARNESS_MAIN
