// SPDX-License-Identifier: GPL-2.0
/*
 * lost-syn: every SYN is lost: resends at 1, 3, 7, 15, 31, 63 s, ETIMEDOUT at
 * 127 s; with syn_retries=5 five resends, 63 s; TERN_SYNCNT overrides.
 * RFC 6298, 5.5 and 5.7; RFC 1122, 4.2.3.5.
 */
#include "fixture.h"

WIRE_FIXTURE()

/*
 * Connects to a silent peer and compares the time of each SYN with doubling
 * from @unit_us on. 0 when there were @resends and then ETIMEDOUT in time.
 */
static int silent(struct peer *p, struct seg *s, int fd, int resends, int64_t unit_us)
{
	int64_t start, due = 0;
	uint32_t x;

	if (!is_tern())
		sysctl_set("syn_linear_timeouts", "0");
	sk_connect(fd, HOST_B, PORT);
	if (errno != EINPROGRESS || expect(p, s, SYN))
		return -1;
	start = s->us;
	x = s->seq;
	for (int i = 0; i < resends; i++) {
		due += unit_us << i;
		if (!hear(p, s, (start + due - now_us()) / 1000 + SOON))
			return -1;
		if (s->flags != SYN || s->seq != x) {
			seg_print(s, "not the SYN:");
			return -1;
		}
		if (!near_us(s->us - start, due))
			return -1;
		fprintf(stderr, "# SYN again at %.6f s\n", (s->us - start) / 1e6);
	}
	due += unit_us << resends;
	if (!(sk_wait(fd, POLLOUT, (start + due - now_us()) / 1000 + SOON) & POLLERR))
		return -1;
	if (!near_us(now_us() - start, due))
		return -1;
	fprintf(stderr, "# error at %.6f s\n", (now_us() - start) / 1e6);
	if (sk_error(fd) != ETIMEDOUT)
		return -1;
	return silence(p, QUIET) ? 0 : -1;
}

TEST_F_TIMEOUT(wire, defaults, 1000)
{
	if (!timetravel())
		SKIP(return, "takes 127 s; runs in time travel");
	ASSERT_EQ(0, silent(&self->p, &self->s, sk_new(SOCK_NONBLOCK), 6, 1000000));
}

TEST_F_TIMEOUT(wire, retries_5, 1000)
{
	if (!timetravel())
		SKIP(return, "takes 63 s; runs in time travel");
	ASSERT_EQ(0, sysctl_set("syn_retries", "5"));
	ASSERT_EQ(0, silent(&self->p, &self->s, sk_new(SOCK_NONBLOCK), 5, 1000000));
}

TEST_F(wire, syncnt)
{
	int fd = sk_new(SOCK_NONBLOCK), n = 1;

	ASSERT_EQ(0, setsockopt(fd, IPPROTO_TCP, TERN_SYNCNT, &n, sizeof(n)));
	ASSERT_EQ(0, silent(&self->p, &self->s, fd, 1, 1000000));
}

TEST_F(wire, rto_init)
{
	int fd = sk_new(SOCK_NONBLOCK), n = 3;

	if (!is_tern())
		SKIP(return, "TCP's is a constant");
	ASSERT_EQ(0, setsockopt(fd, IPPROTO_TCP, TERN_SYNCNT, &n, sizeof(n)));
	ASSERT_EQ(0, sysctl_set("rto_init_us", "200000"));
	close(fd);
	fd = sk_new(SOCK_NONBLOCK);
	ASSERT_EQ(0, setsockopt(fd, IPPROTO_TCP, TERN_SYNCNT, &n, sizeof(n)));
	ASSERT_EQ(0, silent(&self->p, &self->s, fd, 3, 200000));
}

/* A blocking connect() returns that error itself. */
TEST_F(wire, blocking)
{
	int fd, n = 1;

	ASSERT_EQ(0, is_tern() ? sysctl_set("rto_init_us", "100000") :
			  sysctl_set("syn_linear_timeouts", "0"));
	fd = sk_new(0);
	ASSERT_EQ(0, setsockopt(fd, IPPROTO_TCP, TERN_SYNCNT, &n, sizeof(n)));
	EXPECT_EQ(-1, sk_connect(fd, HOST_B, PORT));
	EXPECT_EQ(ETIMEDOUT, errno);
}

TEST_HARNESS_MAIN
