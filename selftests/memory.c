// SPDX-License-Identifier: GPL-2.0
/*
 * The machine's memory is used up, by the sysctl mem: connections that no file
 * refers to, which nobody else can end, give back theirs.
 */
#include "fixture.h"

#define BYTES	(3 << 20)	/* more than CPUs keep uncounted */

FIXTURE(memory)
{
	struct topo t;
	struct wire w;
	struct peer p;
	struct seg s;
	char mem[64];		/* as it was */
};

FIXTURE_SETUP(memory)
{
	SKIP_UNLESS_AVAILABLE();
	if (!is_tern())
		SKIP(return, "Tern's knob");
	topo_name(_metadata->name);
	ASSERT_EQ(0, topo_up(&self->t, TOPO_WIRE));
	ASSERT_EQ(0, wire_open(&self->t, &self->w));
	ASSERT_EQ(0, sysctl_get("mem", self->mem, sizeof(self->mem)));
	peer_init(&self->p, &self->w, PORT, 0);
}

FIXTURE_TEARDOWN(memory)
{
	topo_machine(&self->t, "mem", self->mem);
	topo_down(&self->t);
}

/* A connection whose peer acknowledges nothing of what fills its send buffer */
static int full(struct peer *p, struct seg *s)
{
	static char buf[BYTES];
	int fd, size = 2 * BYTES;

	if (peer_dial(p, &fd) || setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) ||
	    send(fd, buf, BYTES, MSG_DONTWAIT) != BYTES)
		return -1;
	while (hear(p, s, QUIET))
		;
	return fd;
}

static int is_reset(struct peer *p, struct seg *s)
{
	while (hear(p, s, SOON))
		if (s->flags & RST)
			return 1;
	return 0;
}

TEST_F(memory, close_under_shortage)
{
	int fd;

	ASSERT_EQ(0, sysctl_set("rto_min_us", "60000000"));
	fd = full(&self->p, &self->s);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, topo_machine(&self->t, "mem", "16 16 16"));
	close(fd);
	EXPECT_TRUE(is_reset(&self->p, &self->s));
	EXPECT_TRUE(wait_gone(self->p.to_port, PORT, SOON));
	EXPECT_EQ(1, stat_get("TCPAbortOnMemory"));
}

/* ... and what was an orphan already, as soon as it would send again */
TEST_F(memory, orphan_under_shortage)
{
	int fd, day_ms = 86400000;

	ASSERT_EQ(0, sysctl_set("rto_min_us", "200000"));
	fd = full(&self->p, &self->s);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, setsockopt(fd, SOL_TERN, TERN_USER_TIMEOUT, &day_ms, sizeof(day_ms)));
	close(fd);
	EXPECT_EQ(0, stat_get("TCPAbortOnMemory"));
	EXPECT_EQ(TERN_FIN_WAIT1, sk_state(self->p.to_port, PORT));
	ASSERT_EQ(0, topo_machine(&self->t, "mem", "16 16 16"));
	EXPECT_TRUE(is_reset(&self->p, &self->s));
	EXPECT_TRUE(wait_gone(self->p.to_port, PORT, SOON));
	EXPECT_EQ(1, stat_get("TCPAbortOnMemory"));
}

/* The same, of a window that is shut: as soon as it would probe */
TEST_F(memory, probing_orphan_under_shortage)
{
	struct peer *p = &self->p;
	int fd;

	ASSERT_EQ(0, sysctl_set("rto_min_us", "200000"));
	fd = full(p, &self->s);
	ASSERT_GE(fd, 0);
	say(p, .flags = ACK, .seq = p->snd_nxt, .ack = sk_info(fd).ti_snd_nxt, .win0 = true);
	ASSERT_TRUE(wait_for(!sk_info(fd).ti_unacked, SOON));
	close(fd);
	EXPECT_EQ(TERN_FIN_WAIT1, sk_state(p->to_port, PORT));
	ASSERT_EQ(0, topo_machine(&self->t, "mem", "16 16 16"));
	EXPECT_TRUE(is_reset(p, &self->s));
	EXPECT_TRUE(wait_gone(p->to_port, PORT, SOON));
	EXPECT_EQ(1, stat_get("TCPAbortOnMemory"));
}

TEST_HARNESS_MAIN
