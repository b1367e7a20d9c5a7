// SPDX-License-Identifier: GPL-2.0
/*
 * attack: floods, as fast as the machine can, of bare ACKs, RSTs, data and
 * SYNs with guessed numbers, on live connections and beside them. Connections
 * lose nothing, clients go on connecting, at a rate that is measured, memory is
 * bounded, answers are limited and counters tell. RFC 5961, RFC 4987.
 */
#include "fixture.h"
#include "flood.h"

HOSTS_FIXTURE()

#define BACKLOG	64
#define FRAMES	8192
#define LIVE	2
#define DATA	32

/* What an attacker who can see nothing may yet know or guess of a connection */
struct target {
	uint8_t flags;
	int port[LIVE];			/* the client's */
	uint32_t seq[LIVE], ack[LIVE];	/* of its last segment */
};

static uint32_t guess(uint32_t i)
{
	i = (i ^ i >> 16) * 0x45d9f3bu;
	i = (i ^ i >> 16) * 0x45d9f3bu;
	return i ^ i >> 16;
}

/*
 * In turn: a live connection and any numbers; one and a number of the window
 * it has now or soon, but with an ACK for what was never sent; any connection,
 * to the listener; and to a port where nobody is. A RST must hit exactly: all
 * that moves are pieces of 512 bytes, so an odd number never does.
 */
static void shot(struct seg *s, int i, void *arg)
{
	const struct target *to = arg;
	int live = i / 4 % LIVE;

	s->flags = to->flags;
	s->seq = guess(2 * i);
	s->ack = guess(2 * i + 1);
	s->dport = PORT;
	s->len = s->flags == (ACK | PSH) ? DATA : 0;
	s->has_ts = true;
	s->tsval = guess(3 * i);
	switch (i % 4) {
	case 0:
	case 1:
		s->sport = to->port[live];
		if (i % 4) {
			s->seq = to->seq[live] + 7 + 512 * (i / 4 / LIVE);
			s->ack = to->ack[live] + 0x40000000 + i;
			s->has_ts = false;
		}
		break;
	case 3:
		s->dport = PORT + 1;
		/* fallthrough */
	default:
		s->saddr = htonl(0x0a0a0000 | guess(i) >> 16);
		s->sport = 1024 + i;
		/* One of these would be a connection's begin. */
		if (s->flags == SYN)
			s->dport = PORT + 1;
	}
}

/* The numbers that the client's last segment had */
static int look(struct wire *w, struct seg *s, int port, struct target *to, int i)
{
	bool seen = false;

	while (wire_recv(w, s, 0))
		if (s->dport == PORT && s->sport == port) {
			to->port[i] = port;
			to->seq[i] = s->seq + s->len;
			to->ack[i] = s->ack;
			seen = true;
		}
	return seen ? 0 : -1;
}

FIXTURE_VARIANT(hosts)
{
	const char *cookies;
	uint8_t flags;
};

#define KIND(name, FLAGS)						\
	FIXTURE_VARIANT_ADD(hosts, name) { .cookies = "1", .flags = FLAGS };	\
	FIXTURE_VARIANT_ADD(hosts, name##_cookies_off) { .cookies = "0", .flags = FLAGS }; \
	FIXTURE_VARIANT_ADD(hosts, name##_cookies_always) { .cookies = "2", .flags = FLAGS }
KIND(acks, ACK);
KIND(rsts, RST);
KIND(guessed_data, ACK | PSH);
KIND(syns, SYN);

struct counts {
	long challenge, skipped, resets, cookies, aborted;
};

static struct counts counts(void)
{
	return (struct counts){
		.challenge = stat_get("TCPChallengeACK"),
		.skipped = stat_get("TCPACKSkippedChallenge") + stat_get("TCPACKSkippedSeq") +
			   stat_get("TCPACKSkippedPAWS"),
		.resets = stat_get("OutRsts"),
		.cookies = stat_get("SyncookiesFailed"),
		.aborted = stat_get("EstabResets"),
	};
}

/* Connections that have spoken, and what their next numbers are; 0 or -1 */
static int live(FIXTURE_DATA(hosts) *self, int listener, int fd[LIVE][2], struct target *to)
{
	int size = 64 * 1024;

	for (int i = 0; i < LIVE; i++) {
		if (topo_enter(&self->t, 1))
			return -1;
		fd[i][0] = sk_dial(HOST_A, PORT, 0, 0);
		if (topo_enter(&self->t, 0) || fd[i][0] < 0 ||
		    sk_wait(listener, POLLIN, SOON) != POLLIN)
			return -1;
		fd[i][1] = accept(listener, NULL, NULL);
		if (fd[i][1] < 0)
			return -1;
		for (int j = 0; j < 2; j++) {
			setsockopt(fd[i][j], SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
			sk_timeouts(fd[i][j], 20000);
		}
		if (client_talk(fd[i][0], fd[i][1], 2048) ||
		    look(&self->w, &self->s, sk_port(fd[i][0]), to, i))
			return -1;
	}
	close(self->w.fd);
	return 0;
}

TEST_F(hosts, flood)
{
	struct target to = { .flags = variant->flags };
	int fd[LIVE][2], listener, clients = 0;
	struct counts c, d;
	int64_t start, took;
	struct flood f;
	struct peer p;

	ASSERT_EQ(0, sysctl_set("syncookies", variant->cookies));
	listener = sk_listen(PORT, BACKLOG);
	ASSERT_GE(listener, 0);
	ASSERT_EQ(0, live(self, listener, fd, &to));
	peer_init(&p, NULL, 0, PORT);
	ASSERT_EQ(0, flood_make(&f, &p, FRAMES, shot, &to));

	c = counts();
	start = now_us();
	ASSERT_EQ(0, flood_start(&f, &self->t, 0, 32));
	/* Connections that talk fast outrun the numbers of their windows. */
	EXPECT_TRUE(wait_for(*f.sent >= FRAMES / 8, SOON));
	while (*f.sent < FRAMES) {
		for (int i = 0; i < LIVE; i++)
			ASSERT_EQ(0, client_talk(fd[i][0], fd[i][1], 16 * 1024));
		ASSERT_EQ(0, client_connect(&self->t, listener));
		clients++;
	}
	/* No more of them than before, and the queue's; the last client may linger. */
	EXPECT_GE(LIVE + BACKLOG + 2, sk_count(PORT, 0, 0));
	EXPECT_LE(LIVE, sk_count(PORT, 0, TERN_ESTABLISHED));
	flood_stop(&f);
	took = now_us() - start;
	d = counts();
	fprintf(stderr, "# %llu segments in %lld ms, %d clients; %ld challenge ACKs, %ld withheld, %ld resets\n",
		(unsigned long long)*f.sent, (long long)took / 1000, clients,
		d.challenge - c.challenge, d.skipped - c.skipped, d.resets - c.resets);

	/*
	 * invalid_ratelimit: one in 500 ms for each connection. Of data outside
	 * of the window each segment is acknowledged; TCP also does so where the
	 * ACK is for what was not sent.
	 */
	EXPECT_GE((took / 500000 + 1) * LIVE, d.challenge - c.challenge);
	if (variant->flags == (ACK | PSH)) {
		if (is_tern())
			EXPECT_LT(0, d.skipped - c.skipped);
	} else {
		EXPECT_LT(100, d.skipped - c.skipped);
	}
	if (variant->flags != ACK && (is_tern() || variant->flags != (ACK | PSH)))
		EXPECT_LT(0, d.challenge - c.challenge);
	/* Nobody's segments are reset, and RSTs never; clients end by one each. */
	if (variant->flags == RST) {
		EXPECT_GE(2 * clients, d.resets - c.resets);
	} else {
		EXPECT_LT(FRAMES / 8, d.resets - c.resets);
	}
	if (variant->flags == ACK && *variant->cookies == '2')
		EXPECT_LT(FRAMES / 8, d.cookies - c.cookies);
	EXPECT_GE(clients, d.aborted - c.aborted);

	for (int i = 0; i < LIVE; i++) {
		EXPECT_EQ(0, client_talk(fd[i][0], fd[i][1], 16 * 1024));
		close(fd[i][0]);
		close(fd[i][1]);
	}
	flood_free(&f);
}

/*
 * Clients go on connecting nearly as fast as before: at the rates of
 * open-syn-flood, which sends SYNs and says how it is measured.
 */
TEST_F_TIMEOUT(hosts, rates, 60)
{
	struct target to = { .flags = variant->flags };
	int fd[LIVE][2], listener, n = 150;
	struct flood f;
	struct peer p;

	if (variant->flags == SYN)
		SKIP(return, "open-syn-flood measures it");
	if (!timetravel())
		SKIP(return, "measured in time travel");
	ASSERT_EQ(0, sysctl_set("syncookies", variant->cookies));
	listener = sk_listen(PORT, BACKLOG);
	ASSERT_GE(listener, 0);
	ASSERT_EQ(0, live(self, listener, fd, &to));
	peer_init(&p, NULL, 0, PORT);
	ASSERT_EQ(0, flood_make(&f, &p, FRAMES / 8, shot, &to));
	ASSERT_LT(0, client_rate(&self->t, listener, 20));
	for (int i = 0; i < ARRAY_SIZE(client_loads); i++) {
		const struct client_load *load = &client_loads[i];
		double unloaded, sending, loaded;

		unloaded = client_rate(&self->t, listener, n);
		flood_misdirect(&f);
		sending = client_rate_under(&self->t, &f, load->rate, listener, n, fd[0], NULL);
		flood_misdirect(&f);
		loaded = client_rate_under(&self->t, &f, load->rate, listener, n, fd[0], NULL);
		ASSERT_LT(0, unloaded);
		ASSERT_LT(0, sending);
		ASSERT_LT(0, loaded);
		fprintf(stderr, "# %d a second: %.0f of %.0f connections/s, %.1f %%; sent elsewhere %.1f %%\n",
			load->rate, loaded, unloaded, 100 * loaded / unloaded,
			100 * sending / unloaded);
		if (is_tern())
			EXPECT_LE(client_percent(load), 100 * loaded / unloaded);
	}
	flood_free(&f);
}

TEST_HARNESS_MAIN
