// SPDX-License-Identifier: GPL-2.0
/*
 * close-2msl-length: TIME_WAIT lasts exactly 2 x msl_ms and follows the
 * sysctl and TERN_MSL_MS. RFC 9293, 3.4.2.
 */
#include "fixture.h"
#include "timewait.h"

WIRE_FIXTURE()

/* Still there shortly before, gone at that time. */
static bool lasts(struct peer *p, int64_t since, int64_t us)
{
	sleep_most(since, us);
	if (sk_state(PORT, p->port) != TERN_TIME_WAIT) {
		fprintf(stderr, "# gone too early\n");
		return false;
	}
	return wait_gone(PORT, p->port, SOON) && near_us(now_us() - since, us);
}

static int play(struct peer *p, struct seg *s, int port)
{
	static int listener = -1;

	if (listener < 0)
		listener = sk_listen(PORT, 4);
	p->port = port;
	p->snd_nxt = p->iss;
	return to_time_wait(p, s, listener);
}

TEST_F(wire, follows_sysctl)
{
	if (!is_tern())
		SKIP(return, "TCP's is a constant");
	ASSERT_EQ(0, sysctl_set("msl_ms", "500"));
	ASSERT_EQ(0, play(&self->p, &self->s, 5000));
	EXPECT_TRUE(lasts(&self->p, self->s.us, 1000000));

	ASSERT_EQ(0, sysctl_set("msl_ms", "1000"));
	ASSERT_EQ(0, play(&self->p, &self->s, 5001));
	EXPECT_TRUE(lasts(&self->p, self->s.us, 2000000));
}

TEST_F(wire, sockopt)
{
	struct peer *p = &self->p;
	int listener, fd, ms = 300;

	if (!is_tern())
		SKIP(return, "TCP has no such option");
	listener = sk_listen(PORT, 4);
	p->port = 5000;
	fd = peer_open(p, listener);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, setsockopt(fd, SOL_TERN, TERN_MSL_MS, &ms, sizeof(ms)));
	close(fd);
	ASSERT_EQ(0, expect(p, &self->s, FIN | ACK));
	say(p, .flags = FIN | ACK, .seq = p->snd_nxt, .ack = p->rcv_nxt + 1);
	ASSERT_EQ(0, expect(p, &self->s, ACK));
	EXPECT_TRUE(lasts(p, self->s.us, 600000));
}

/* /proc/net/tern tells how long is left. */
TEST_F(wire, time_left)
{
	struct sk_line k;

	if (!is_tern())
		SKIP(return, "not in TCP's list");
	ASSERT_EQ(0, sysctl_set("msl_ms", "30000"));
	ASSERT_EQ(0, play(&self->p, &self->s, 5000));
	k = sk_find(PORT, 5000, TERN_TIME_WAIT);
	EXPECT_LE(k.left_ms, 60000);
	EXPECT_GT(k.left_ms, 50000);
}

TEST_F(wire, default_60s)
{
	if (!timetravel())
		SKIP(return, "takes a minute; runs in time travel");
	ASSERT_EQ(0, play(&self->p, &self->s, 5000));
	EXPECT_TRUE(lasts(&self->p, self->s.us, 60000000));
}

TEST_HARNESS_MAIN
