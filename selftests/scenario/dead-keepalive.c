// SPDX-License-Identifier: GPL-2.0
/*
 * dead-keepalive: the peer is gone, the connection idle, SO_KEEPALIVE on: the
 * first probe at keepalive_time, keepalive_probes of them keepalive_intvl
 * apart, ETIMEDOUT at 2 h 11 min 15 s. A probe answered starts anew.
 * RFC 9293, 3.8.4.
 */
#include "clock.h"
#include "fixture.h"

WIRE_FIXTURE()
HOSTS_FIXTURE()

/* Probes at @idle and each @intvl behind; error when @count went unanswered. */
static int keepalive(struct peer *p, struct seg *s, int fd, int64_t start,
		     int count, int64_t idle, int64_t intvl)
{
	for (int i = 0; i < count; i++) {
		if (!at(p, s, start, idle + i * intvl))
			return -1;
		/* RFC 9293, 3.8.4: a number already acknowledged. */
		if (s->flags != ACK || s->seq != p->rcv_nxt - 1 || s->len > 1) {
			seg_print(s, "no keepalive:");
			return -1;
		}
	}
	return error_at(fd, start, idle + count * intvl, ETIMEDOUT) ? 0 : -1;
}

TEST_F_TIMEOUT(wire, keepalive_default, 20000)
{
	struct peer *p = &self->p;
	int fd, one = 1;
	int64_t start;

	if (!timetravel())
		SKIP(return, "takes 2 h 11 min 15 s; runs in time travel");
	ASSERT_EQ(0, peer_dial(p, &fd));
	start = now_us();
	ASSERT_EQ(0, setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one)));
	EXPECT_EQ(0, keepalive(p, &self->s, fd, start, 9, 7200000000LL, 75000000));
	fprintf(stderr, "# ETIMEDOUT after %.6f s\n", (now_us() - start) / 1e6);
}

TEST_F(wire, keepalive_quick)
{
	struct peer *p = &self->p;
	int fd, one = 1, n = 3, idle = 500000, intvl = 200000;
	int64_t start;

	if (!is_tern())
		SKIP(return, "TCP counts in seconds");
	start = now_us();
	ASSERT_EQ(0, peer_dial(p, &fd));
	ASSERT_EQ(0, setsockopt(fd, SOL_TERN, TERN_KEEPIDLE_US, &idle, sizeof(idle)));
	ASSERT_EQ(0, setsockopt(fd, SOL_TERN, TERN_KEEPINTVL_US, &intvl, sizeof(intvl)));
	ASSERT_EQ(0, setsockopt(fd, SOL_TERN, TERN_KEEPCNT, &n, sizeof(n)));
	ASSERT_EQ(0, setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one)));
	/* The first is answered, so it starts anew. */
	ASSERT_TRUE(at(p, &self->s, start, 500000));
	EXPECT_EQ(p->rcv_nxt - 1, self->s.seq);
	start = now_us();
	say(p, .flags = ACK, .seq = p->snd_nxt, .ack = p->rcv_nxt);
	EXPECT_EQ(0, keepalive(p, &self->s, fd, start, 3, 500000, 200000));
}

/* The sysctls; what the application gets, and what the peer keeps. */
TEST_F_TIMEOUT(hosts, both_ends, 20000)
{
	int fd[2], port, one = 1;
	long probes, aborts;
	int64_t start;

	if (!is_tern())
		SKIP(return, "TCP counts in seconds");
	if (!timetravel()) {
		ASSERT_EQ(0, sysctl_set("keepalive_time_ms", "1000"));
		ASSERT_EQ(0, sysctl_set("keepalive_intvl_ms", "100"));
	}
	/* Idle since the handshake, whenever keepalive is asked for */
	start = now_us();
	ASSERT_EQ(0, sk_pair(&self->t, fd, PORT));
	port = sk_port(fd[0]);
	ASSERT_EQ(0, setsockopt(fd[0], SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one)));
	probes = stat_get("TCPKeepAlive");
	aborts = stat_get("TCPAbortOnTimeout");
	/* The peer answers the first. */
	do {
		ASSERT_EQ(1, wire_recv(&self->w, &self->s, timetravel() ? 7300000 : SOON));
	} while (self->s.us - start < 500000);
	EXPECT_TRUE(near_us(self->s.us - start, timetravel() ? 7200000000LL : 1000000));
	EXPECT_EQ(probes + 1, stat_get("TCPKeepAlive"));
	ASSERT_EQ(0, topo_cut(&self->t));
	/* On a slow machine more than that one. */
	while (wire_recv(&self->w, &self->s, 0))
		start = self->s.dport == port ? self->s.us : start;
	EXPECT_TRUE(error_at(fd[0], start, timetravel() ? 7875000000LL : 1900000, ETIMEDOUT));
	EXPECT_EQ(0, recv(fd[0], &(char){ 0 }, 1, 0));
	if (timetravel())
		EXPECT_EQ(probes + 10, stat_get("TCPKeepAlive"));
	EXPECT_EQ(aborts + 1, stat_get("TCPAbortOnTimeout"));
	EXPECT_EQ(0, sk_state(port, PORT));
	topo_enter(&self->t, 1);
	EXPECT_EQ(TERN_ESTABLISHED, sk_state(PORT, port));
}

TEST_HARNESS_MAIN
