// SPDX-License-Identifier: GPL-2.0
/*
 * interop: two machines, each with a kernel of its own, exchange streams: every
 * byte once, in order, both ways at the same time, whoever dials, on a wire that
 * loses nothing and on one that does. What both have is agreed upon.
 */
#include "exchange.h"
#include "pair.h"

/* The far machine's first connection, over which it is told what to do */
static int control(struct __test_metadata *_metadata, FIXTURE_DATA(pair) *self)
{
	int port, fd;

	ASSERT_EQ(0, pair_boot(self));
	fd = far_accept(self->listener, BOOT, &port);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, sk_timeouts(fd, 90000));
	return fd;
}

/* The other's word */
static char said(int fd)
{
	char c = 0;

	recv(fd, &c, 1, 0);
	return c;
}

static bool does(int fd, const char *what)
{
	return send(fd, what, 1, 0) == 1 && said(fd) == *what;
}

/* For the next test, which is the one that listens then */
static void hand_over(FIXTURE_DATA(pair) *self, int fd)
{
	close(self->listener);
	send(fd, "n", 1, 0);
}

TEST_F_TIMEOUT(pair, far_dials, 200)
{
	int fd = control(_metadata, self), data, port;
	struct tern_info ti;

	ASSERT_EQ(1, send(fd, "x", 1, 0));
	data = far_accept(self->listener, SOON, &port);
	ASSERT_GE(data, 0);
	ti = sk_info(data);
	EXPECT_EQ(sk_info(fd).ti_options, ti.ti_options);
	EXPECT_TRUE(ti.ti_options & TERNI_OPT_TIMESTAMPS);
	EXPECT_TRUE(ti.ti_options & TERNI_OPT_SACK);
	EXPECT_TRUE(ti.ti_options & TERNI_OPT_WSCALE);
	EXPECT_TRUE(exchange(data, true));
	EXPECT_EQ('y', said(fd));
	EXPECT_EQ(0, stat_get("InCsumErrors"));
	EXPECT_EQ(0, stat_get("InErrs"));
	hand_over(self, fd);
}

TEST_F_TIMEOUT(pair, near_dials, 200)
{
	int fd = control(_metadata, self);

	EXPECT_TRUE(exchange(sk_dial(HOST_B, PORT, 0, 0), true));
	EXPECT_EQ('y', said(fd));
	EXPECT_EQ(0, stat_get("InCsumErrors"));
	hand_over(self, fd);
}

TEST_F_TIMEOUT(pair, lossy, 200)
{
	int fd = control(_metadata, self), port;
	long resent = stat_get("RetransSegs");

	ASSERT_EQ(0, run("%s", LOSSY));
	ASSERT_TRUE(does(fd, "l"));
	EXPECT_TRUE(exchange(sk_dial(HOST_B, PORT, 0, 0), true));
	EXPECT_EQ('y', said(fd));
	ASSERT_EQ(1, send(fd, "x", 1, 0));
	EXPECT_TRUE(exchange(far_accept(self->listener, 30000, &port), true));
	EXPECT_EQ('y', said(fd));
	EXPECT_LT(resent, stat_get("RetransSegs"));
	run("%s", CLEAN);
	EXPECT_TRUE(does(fd, "c"));
	hand_over(self, fd);
}

TEST_HARNESS_MAIN
