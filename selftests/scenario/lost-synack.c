// SPDX-License-Identifier: GPL-2.0
/*
 * lost-synack: every SYN-ACK is lost: the client resends its SYN and the
 * server its SYN-ACK, each on its own doubling clock; the server drops the
 * entry after synack_retries, the client gets ETIMEDOUT. RFC 6298, 5.5 and
 * 5.7.
 */
#include "clock.h"
#include "fixture.h"

HOSTS_FIXTURE()

/* One end's clock: resends at unit, 3 unit, 7 unit; after the last the end. */
struct doubling {
	int64_t unit;
	int resends;
};

static int64_t due(const struct doubling *d, int n)
{
	return d->unit * ((1LL << n) - 1);
}

static int64_t end(const struct doubling *d)
{
	return due(d, d->resends + 1);
}

static void set(const char *name, int64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)value);
	sysctl_set(name, text);
}

#define LATER	100000	/* the path's delay behind the first SYN, then */

/*
 * Do both ends act when the entry ends? The client's SYNs are later then, so
 * that the last makes a new entry.
 */
static bool renews(const struct doubling *c, const struct doubling *r)
{
	return due(c, c->resends) == end(r);
}

/*
 * What passed: each SYN when it was due, and answered; the SYN-ACKs that answer
 * nothing, when those were due. All have the same numbers, but for the entry
 * that the last SYN made, if it did.
 */
static int compare(struct wire *w, struct seg *s, int64_t start, uint32_t x, uint32_t y,
		   const struct doubling *c, const struct doubling *r)
{
	int syns = 1, own = 0, again = 0, unanswered = 0;

	while (wire_recv(w, s, QUIET)) {
		if (s->flags == SYN) {
			if (s->seq != x ||
			    !near_us(s->us - start, due(c, syns++) + (renews(c, r) ? LATER : 0)))
				return -1;
			unanswered++;
			continue;
		}
		if (s->flags != (SYN | ACK) || s->ack != x + 1) {
			seg_print(s, "no SYN-ACK to it:");
			return -1;
		}
		if (s->seq != y && !again && renews(c, r) && syns == c->resends + 1) {
			again++;
			y = s->seq;
			start = s->us;
		}
		if (s->seq != y) {
			seg_print(s, "another entry's:");
			return -1;
		}
		if (unanswered) {
			unanswered--;
			continue;
		}
		if (!near_us(s->us - start, due(r, again ? again++ : ++own)))
			return -1;
	}
	fprintf(stderr, "# %d SYNs, %d unanswered; %d SYN-ACKs by the clock, %d of a new entry\n",
		syns, unanswered, own, again);
	return syns == c->resends + 1 && !unanswered && own == r->resends &&
	       again == (renews(c, r) ? 1 + r->resends : 0) ? 0 : -1;
}

static void play(struct __test_metadata *_metadata, FIXTURE_DATA(hosts) *self,
		 const struct doubling *c, const struct doubling *r)
{
	struct seg *s = &self->s;
	int64_t start;
	uint32_t x, y;
	int fd, port, listener;

	/* Seen by the sniffer, dropped before the stack. */
	ASSERT_EQ(0, topo_drop(&self->t, 0, ""));
	topo_enter(&self->t, 1);
	listener = sk_listen(PORT, 4);
	ASSERT_GE(listener, 0);
	topo_enter(&self->t, 0);
	fd = sk_new(SOCK_NONBLOCK);
	sk_connect(fd, HOST_B, PORT);
	ASSERT_EQ(EINPROGRESS, errno);
	port = sk_port(fd);
	ASSERT_EQ(0, see(&self->w, s, port, SYN));
	start = s->us;
	x = s->seq;
	ASSERT_EQ(0, see(&self->w, s, PORT, SYN | ACK));
	EXPECT_EQ(x + 1, s->ack);
	y = s->seq;
	if (renews(c, r))
		ASSERT_EQ(0, topo_run(&self->t, 0, "tc qdisc add dev eth0 root netem delay %dus",
				      LATER));
	EXPECT_EQ(TERN_SYN_SENT, sk_state(port, PORT));
	topo_enter(&self->t, 1);
	EXPECT_EQ(TERN_SYN_RECV, sk_state(PORT, port));

	/* Whichever end gives up first */
	for (int i = 0; i < 2; i++) {
		if (i == (end(c) < end(r))) {
			sleep_most(start, end(r));
			topo_enter(&self->t, 1);
			EXPECT_EQ(TERN_SYN_RECV, sk_state(PORT, port));
			EXPECT_TRUE(wait_gone(PORT, port, SOON));
			EXPECT_TRUE(near_us(now_us() - start, end(r)));
		} else {
			topo_enter(&self->t, 0);
			sleep_most(start, end(c));
			EXPECT_EQ(TERN_SYN_SENT, sk_state(port, PORT));
			EXPECT_TRUE(error_at(fd, start, end(c), ETIMEDOUT));
			EXPECT_EQ(0, sk_state(port, PORT));
		}
	}
	EXPECT_EQ(0, compare(&self->w, s, start, x, y, c, r));
	EXPECT_EQ(0, sk_wait(listener, POLLIN, 0));
}

/* Each end's clock apart, and the server's the more patient. */
TEST_F_TIMEOUT(hosts, both_clocks, 1000)
{
	struct doubling c = { 1700000, 3 }, r = { 1000000, 5 };

	if (!is_tern())
		SKIP(return, "TCP's unit is a constant");
	if (!timetravel()) {
		c = (struct doubling){ 340000, 1 };
		r = (struct doubling){ 200000, 2 };
		topo_enter(&self->t, 1);
		set("rto_init_us", r.unit);
		set("synack_retries", r.resends);
		topo_enter(&self->t, 0);
	}
	set("rto_init_us", c.unit);
	set("syn_retries", c.resends);
	play(_metadata, self, &c, &r);
}

/*
 * The defaults: the same clock at both ends. With its last SYN, when the server
 * has given up, the client begins a new entry there.
 */
TEST_F_TIMEOUT(hosts, defaults, 1000)
{
	struct doubling c = { 1000000, 6 }, r = { 1000000, 5 };

	if (!timetravel())
		SKIP(return, "takes 127 s; runs in time travel");
	play(_metadata, self, &c, &r);
}

TEST_HARNESS_MAIN
