// SPDX-License-Identifier: GPL-2.0
/*
 * hang-return: the cable is pulled and put back within the retries: the
 * connection goes on, every byte arrives once and in order.
 */
#include "fixture.h"

HOSTS_FIXTURE()

static char stream_byte(long i)
{
	return i * 31 + (i >> 8) * 7;
}

/* Send until the buffer is full or @total is through; the count sent by now. */
static long pour(int fd, long sent, long total)
{
	char buf[4096];

	while (sent < total) {
		long n = total - sent < sizeof(buf) ? total - sent : sizeof(buf);

		for (long i = 0; i < n; i++)
			buf[i] = stream_byte(sent + i);
		n = send(fd, buf, n, MSG_DONTWAIT);
		if (n < 0)
			break;
		sent += n;
	}
	return sent;
}

/* All that is there; the count read by now, -1 when a byte is wrong. */
static long drink(int fd, long got)
{
	char buf[4096];
	ssize_t n;

	while ((n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT)) > 0) {
		for (ssize_t i = 0; i < n; i++, got++) {
			if (buf[i] != stream_byte(got)) {
				fprintf(stderr, "# byte %ld is wrong\n", got);
				return -1;
			}
		}
	}
	return got;
}

TEST_F_TIMEOUT(hosts, goes_on, 10000)
{
	int64_t away = timetravel() ? 300000000 : 700000;
	long sent = 0, got = 0, total = 2000000, resent;
	int fd[2], port;
	bool cut = false;

	ASSERT_EQ(0, sk_pair(&self->t, fd, PORT));
	port = sk_port(fd[0]);
	if (is_tern() && !timetravel())
		ASSERT_EQ(0, sysctl_set("rto_max_us", "400000"));
	while (got >= 0 && got < total) {
		sent = pour(fd[0], sent, total);
		if (!sk_wait(fd[1], POLLIN, 300000))
			break;
		got = drink(fd[1], got);
		if (cut || got < total / 4)
			continue;
		cut = true;
		resent = stat_get("RetransSegs");
		ASSERT_EQ(0, topo_cut(&self->t));
		sent = pour(fd[0], sent, total);
		EXPECT_LT(got, total);
		sleep_until(now_us() + away);
		EXPECT_EQ(TERN_ESTABLISHED, sk_state(port, PORT));
		EXPECT_EQ(0, sk_wait(fd[0], 0, 0));
		EXPECT_GT(stat_get("RetransSegs"), resent);
		ASSERT_EQ(0, topo_mend(&self->t));
	}
	EXPECT_TRUE(cut);
	EXPECT_EQ(total, got);
	ASSERT_EQ(0, shutdown(fd[0], SHUT_WR));
	EXPECT_EQ(0, recv(fd[1], &(char){ 0 }, 1, 0));
}

TEST_HARNESS_MAIN
