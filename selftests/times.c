// SPDX-License-Identifier: GPL-2.0
/*
 * times: each default time, of Tern and of in-tree TCP in the same run, with
 * the same code: only the protocol is another. Tern's are exact to 10 ms and
 * never early. scripts/times-table makes a table of the lines printed:
 *	# time: NAME nominal S tern S tcp S
 * Time travel only.
 */
#include "fixture.h"

FIXTURE(times)
{
	struct topo t;
	struct wire w;
	struct peer p;
	struct seg s;
};

FIXTURE_SETUP(times)
{
	if (!timetravel())
		SKIP(return, "takes hours; runs in time travel");
	SKIP_UNLESS_AVAILABLE();
	ASSERT_EQ(0, topo_up(&self->t, TOPO_WIRE));
	ASSERT_EQ(0, wire_open(&self->t, &self->w));
}

FIXTURE_TEARDOWN(times)
{
	topo_down(&self->t);
}

/* Microseconds from @start to the error, which must be ETIMEDOUT; or -1 */
static int64_t until_error(int fd, int64_t start, int64_t nominal)
{
	int64_t us;

	if (!(sk_wait(fd, 0, nominal / 1000 * 11 / 10 + SOON) & POLLERR))
		return -1;
	us = now_us() - start;
	return sk_error(fd) == ETIMEDOUT ? us : -1;
}

/* Microseconds from @start to the end of a socket that has @state; or -1 */
static int64_t until_gone(struct peer *p, int lport, int state, int64_t start, int64_t nominal)
{
	/* Dense looks where it is to end: a look must not be what takes time. */
	sleep_until(start + nominal - 1000);
	if (!sk_count(lport, p->port, state))
		return -1;
	while (now_us() < start + nominal + 20000)
		if (!sk_count(lport, p->port, 0))
			return now_us() - start;
	return wait_gone(lport, p->port, nominal / 10000 + SOON) ? now_us() - start : -1;
}

static int64_t syn(struct peer *p, struct seg *s, int64_t nominal)
{
	int fd = sk_new(SOCK_NONBLOCK);
	int64_t start = now_us();

	if (!is_tern())
		sysctl_set("syn_linear_timeouts", "0");	/* the RFC's schedule */
	sk_connect(fd, HOST_B, p->port);
	if (expect(p, s, SYN))
		return -1;
	return until_error(fd, start, nominal);
}

static int64_t synack(struct peer *p, struct seg *s, int64_t nominal)
{
	int64_t start;

	if (sk_listen(PORT, 4) < 0)
		return -1;
	p->to_port = PORT;
	start = now_us();
	say(p, .flags = SYN, .seq = p->iss, .mss = MSS);
	if (expect(p, s, SYN | ACK))
		return -1;
	return until_gone(p, PORT, TERN_SYN_RECV, start, nominal);
}

/* Without SACK, so without a loss probe: the first interval is the RTO. */
static int64_t retries2(struct peer *p, struct seg *s, int64_t nominal)
{
	int64_t start;
	int fd;

	p->has_mad = true;	/* of 0: nothing to add to the RTO */
	if (peer_dial(p, &fd))
		return -1;
	start = now_us();
	if (send(fd, "x", 1, 0) != 1 || expect(p, s, ACK))
		return -1;
	return until_error(fd, start, nominal);
}

static int64_t user_timeout(struct peer *p, struct seg *s, int64_t nominal)
{
	int fd, ms = nominal / 1000;
	int64_t start;

	p->has_mad = true;
	if (peer_dial(p, &fd) ||
	    setsockopt(fd, IPPROTO_TCP, TERN_USER_TIMEOUT, &ms, sizeof(ms)))
		return -1;
	start = now_us();
	if (send(fd, "x", 1, 0) != 1 || expect(p, s, ACK))
		return -1;
	return until_error(fd, start, nominal);
}

static int64_t keepalive(struct peer *p, struct seg *s, int64_t nominal)
{
	int fd, one = 1;
	int64_t start;

	if (peer_dial(p, &fd) || setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one)))
		return -1;
	/* What is heard last */
	start = now_us();
	say(p, .flags = ACK, .seq = p->snd_nxt, .ack = p->rcv_nxt);
	return until_error(fd, start, nominal);
}

static int64_t time_wait(struct peer *p, struct seg *s, int64_t nominal)
{
	int64_t start;
	int fd;

	if (peer_dial(p, &fd) || close(fd) || expect(p, s, FIN | ACK))
		return -1;
	start = now_us();
	say(p, .flags = FIN | ACK, .seq = p->snd_nxt, .ack = p->rcv_nxt + 1);
	if (expect(p, s, ACK))
		return -1;
	return until_gone(p, p->to_port, TERN_TIME_WAIT, start, nominal);
}

static int64_t fin_wait2(struct peer *p, struct seg *s, int64_t nominal)
{
	int64_t start;
	int fd;

	if (peer_dial(p, &fd) || close(fd) || expect(p, s, FIN | ACK))
		return -1;
	start = now_us();
	say(p, .flags = ACK, .seq = p->snd_nxt, .ack = p->rcv_nxt + 1);
	return until_gone(p, p->to_port, TERN_FIN_WAIT2, start, nominal);
}

/* The longest interval between probes of a window that stays shut */
static int64_t persist(struct peer *p, struct seg *s, int64_t nominal)
{
	int64_t heard = 0, gap = 0;
	int fd;

	p->has_mad = true;
	if (peer_dial(p, &fd))
		return -1;
	say(p, .flags = ACK, .seq = p->snd_nxt, .ack = p->rcv_nxt, .win0 = true);
	if (send(fd, "x", 1, 0) != 1)
		return -1;
	/* 0.2 s doubled ten times is above 120 s. */
	for (int i = 0; i < 13; i++) {
		if (!hear(p, s, nominal / 1000 * 11 / 10 + SOON))
			return -1;
		gap = s->us - heard;
		heard = s->us;
		say(p, .flags = ACK, .seq = p->snd_nxt, .ack = p->rcv_nxt, .win0 = true);
	}
	return gap;
}

/* A row of the table. True when Tern's time is the nominal one. */
static bool row(struct peer *p, struct wire *w, struct seg *s, const char *name,
		int64_t (*measure)(struct peer *p, struct seg *s, int64_t nominal),
		int64_t nominal, int64_t early)
{
	int64_t tern, tcp;

	unsetenv("TERN_PROTO");
	peer_init(p, w, PORT, 0);
	tern = measure(p, s, nominal);
	setenv("TERN_PROTO", "6", 1);
	wire_drain(w);
	peer_init(p, w, PORT + 1, 0);
	tcp = measure(p, s, nominal);
	fprintf(stderr, "# time: %s nominal %.6f tern %.6f tcp %.6f\n", name,
		nominal / 1e6, tern / 1e6, tcp / 1e6);
	return tcp > 0 && tern >= nominal - early && tern <= nominal + 10000;
}

#define TIME(name, seconds, early)						\
TEST_F_TIMEOUT(times, name, 50000)						\
{										\
	EXPECT_TRUE(row(&self->p, &self->w, &self->s, #name, name,		\
			(seconds) * 1000000LL, early));				\
}

TIME(syn, 127, 0)
TIME(synack, 63, 0)
TIME(retries2, 924.6, 0)
TIME(keepalive, 7875, 0)
TIME(time_wait, 60, 0)
TIME(fin_wait2, 60, 0)
/* From segment to segment: the first may have been on the wire later. */
TIME(persist, 120, 100)
TIME(user_timeout, 30, 0)

TEST_HARNESS_MAIN
