// SPDX-License-Identifier: GPL-2.0
/*
 * zero-window: the reader stops: the window closes, probes back off to
 * rto_max_us and never give up while they are answered; no byte is lost when
 * it opens, and no silly window is offered or filled. RFC 9293, 3.8.6.
 */
#include "fixture.h"

WIRE_FIXTURE()
HOSTS_FIXTURE()

/* A zero window is probed with doubling intervals, and for ever while answered. */
TEST_F_TIMEOUT(wire, persist, 10000)
{
	struct peer *p = &self->p;
	int64_t last, step = 0;
	int fd, n = timetravel() ? 20 : 4;
	uint32_t seq;

	if (!is_tern())
		SKIP(return, "TCP's clock is too coarse");
	p->has_mad = true;
	ASSERT_EQ(0, peer_dial(p, &fd));
	seq = p->rcv_nxt;
	say(p, .flags = ACK, .seq = p->snd_nxt, .ack = seq, .win0 = true);
	ASSERT_EQ(1, send(fd, "z", 1, 0));
	last = now_us();
	for (int i = 0; i < n; i++) {
		int64_t gap;

		ASSERT_EQ(1, hear(p, &self->s, 125000));
		gap = self->s.us - last;
		last = self->s.us;
		/* The least RTO, doubled */
		step = !i ? 200000 : step * 2 < 120000000 ? step * 2 : 120000000;
		EXPECT_TRUE(near_us(gap, step));
		say(p, .flags = ACK, .seq = p->snd_nxt, .ack = seq, .win0 = true);
	}
	EXPECT_EQ(TERN_ESTABLISHED, sk_state(p->to_port, PORT));
	/* Open: the byte comes at once. */
	say(p, .flags = ACK, .seq = p->snd_nxt, .ack = seq);
	do {
		ASSERT_EQ(1, hear(p, &self->s, SOON));
	} while (!self->s.len);
	EXPECT_EQ(seq, self->s.seq);
}

/* A window shut over what was sent is probed with its first segment. */
static bool probes(int port)
{
	struct sk_line line = sk_find(port, PORT, 0);

	return line.txq && (!strcmp(line.timer, "persist") || !strcmp(line.timer, "retransmit"));
}

/*
 * Two hosts, megabytes, a reader that sleeps: after the window was zero the
 * next one offered is a segment's or half the buffer's at least, and what is
 * sent is a full segment or all that is left (RFC 9293, 3.8.6.2).
 */
TEST_F_TIMEOUT(hosts, sleeping_reader, 10000)
{
	long total = 600000, sent = 0, got = 0, before, silly = 0, mss = MSS - 12;
	int fd[2], port, small = 20000, wscale = 0;
	bool closed = true;
	uint32_t top = 0;
	char buf[4096];
	ssize_t n;

	if (!is_tern())
		SKIP(return, "TCP's windows are another matter");
	topo_offload(&self->t, 0, false);
	topo_enter(&self->t, 1);
	ASSERT_EQ(0, sysctl_set("rmem", "4096 20000 20000"));
	ASSERT_EQ(0, sk_pair(&self->t, fd, PORT));
	ASSERT_EQ(0, setsockopt(fd[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)));
	port = sk_port(fd[0]);
	while (wire_recv(&self->w, &self->s, QUIET)) {
		if (self->s.dport == port && self->s.flags & SYN)
			wscale = self->s.has_wscale ? self->s.wscale : 0;
		top = self->s.dport == port ? top : self->s.seq + self->s.len;
	}
	memset(buf, 'z', sizeof(buf));
	while ((n = send(fd[0], buf, sizeof(buf), MSG_DONTWAIT)) > 0)
		sent += n;
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_TRUE(wait_for(probes(port), SOON));
	before = stat_get("TCPWinProbe") + stat_get("RetransSegs");
	sleep_until(now_us() + (timetravel() ? 600000000 : 1500000));
	EXPECT_GE(stat_get("TCPWinProbe") + stat_get("RetransSegs"),
		  before + (timetravel() ? 8 : 2));
	EXPECT_EQ(TERN_ESTABLISHED, sk_state(port, PORT));
	EXPECT_EQ(0, sk_wait(fd[0], 0, 0));
	while (wire_recv(&self->w, &self->s, QUIET))
		if (self->s.dport != port && (int)(self->s.seq + self->s.len - top) > 0)
			top = self->s.seq + self->s.len;

	/* A reader so slow that the probe's time is up may have its small segment. */
	if (!timetravel())
		sysctl_set("rto_min_us", "10000000");
	while (got < total) {
		while (sent < total && (n = send(fd[0], buf, total - sent < sizeof(buf) ?
						 total - sent : sizeof(buf), MSG_DONTWAIT)) > 0)
			sent += n;
		/* In bites that are no window to offer. */
		n = recv(fd[1], buf, 700, MSG_DONTWAIT);
		if (n < 0)
			sk_wait(fd[1], POLLIN, 10);
		else
			got += n;
		for (ssize_t i = 0; i < n; i++)
			if (buf[i] != 'z')
				ASSERT_EQ('z', buf[i]);
		memset(buf, 'z', sizeof(buf));
		while (wire_recv(&self->w, &self->s, 0)) {
			struct seg *s = &self->s;
			long win = (long)s->win << wscale;

			if (s->dport != port) {
				if ((int)(s->seq + s->len - top) <= 0)
					continue;
				top = s->seq + s->len;
				silly += s->len < mss && !(s->flags & PSH);
				continue;
			}
			/* Half of the buffer is more than a segment here. */
			silly += closed && win && win < mss;
			closed = !win;
		}
	}
	EXPECT_EQ(total, got);
	/* What was cut at the edge of the old window leaves its rest. */
	EXPECT_LE(silly, 1);
	EXPECT_EQ(-1, recv(fd[1], buf, 1, MSG_DONTWAIT));
	topo_enter(&self->t, 1);
	EXPECT_GT(stat_get("TCPToZeroWindowAdv"), 0);
	EXPECT_GT(stat_get("TCPFromZeroWindowAdv"), 0);
}

TEST_HARNESS_MAIN
