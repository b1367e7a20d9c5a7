// SPDX-License-Identifier: GPL-2.0
/*
 * restart-time-wait: the client's host is made anew, with its address, while
 * the server is in TIME_WAIT, and connects from the same port: at once, however
 * often. RFC 6191, RFC 7323, 5.4.
 */
#include "fixture.h"

HOSTS_FIXTURE()

#define FROM	5000
#define TIMES	10

/* B connects to A, which closes first. Microseconds that connect() took, or -1 */
static int64_t visit(struct topo *t, int listener)
{
	int64_t start = now_us(), took;
	int c, s;
	char b;

	topo_enter(t, 1);
	c = sk_dial(HOST_A, PORT, FROM, 0);
	took = now_us() - start;
	topo_enter(t, 0);
	s = sk_wait(listener, POLLIN, SOON) ? accept(listener, NULL, NULL) : -1;
	if (c < 0 || s < 0 || close(s) || recv(c, &b, 1, 0) || close(c))
		return -1;
	return wait_state(PORT, FROM, TERN_TIME_WAIT, SOON) ? took : -1;
}

TEST_F(hosts, connects)
{
	/* Before the SYN goes out for a second time; a visit takes time to begin. */
	int64_t most = timetravel() ? 50000 : 900000;
	int listener = sk_listen(PORT, 4);

	ASSERT_GE(listener, 0);
	ASSERT_GE(visit(&self->t, listener), 0);
	for (int i = 0; i < TIMES; i++) {
		int64_t took;

		ASSERT_EQ(0, topo_renew(&self->t));
		ASSERT_EQ(TERN_TIME_WAIT, sk_state(PORT, FROM));
		took = visit(&self->t, listener);
		EXPECT_GE(took, 0);
		EXPECT_LE(took, most) {
			TH_LOG("%d: after %lld us", i, (long long)took);
		}
	}
	if (is_tern())
		EXPECT_EQ(TIMES, stat_get("TWRecycled"));
}

TEST_HARNESS_MAIN
