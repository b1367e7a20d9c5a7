// SPDX-License-Identifier: GPL-2.0
/*
 * Segments that would end a connection, guessed or not: what is exact is
 * believed, what is near is challenged, what is far is not answered or only
 * acknowledged; and the limits of such answers. RFC 5961.
 */
#include "fixture.h"

WIRE_FIXTURE()

#define LIMIT	8		/* challenges a second */

static bool alive(struct peer *p)
{
	return sk_state(p->to_port, p->port) == TERN_ESTABLISHED;
}

TEST_F(wire, rfc5961_3_2__exact)
{
	struct peer *p = &self->p;
	char b;
	int fd;

	ASSERT_EQ(0, peer_dial(p, &fd));
	say(p, .flags = RST, .seq = p->snd_nxt);
	EXPECT_TRUE(sk_wait(fd, 0, SOON) & POLLERR);
	EXPECT_EQ(-1, recv(fd, &b, 1, 0));
	EXPECT_EQ(ECONNRESET, errno);
	EXPECT_TRUE(wait_gone(p->to_port, p->port, SOON));
	EXPECT_TRUE(silence(p, QUIET));
}

/* The challenge tells a peer that means it the number it has to use. */
TEST_F(wire, rfc5961_3_2__in_window)
{
	struct peer *p = &self->p;
	int fd;

	ASSERT_EQ(0, peer_dial(p, &fd));
	say(p, .flags = RST, .seq = p->snd_nxt + 1);
	ASSERT_EQ(0, expect(p, &self->s, ACK));
	EXPECT_EQ(p->snd_nxt, self->s.ack);
	EXPECT_EQ(p->rcv_nxt, self->s.seq);
	EXPECT_TRUE(alive(p));
	say(p, .flags = RST, .seq = self->s.ack);
	EXPECT_TRUE(wait_gone(p->to_port, p->port, SOON));
}

TEST_F(wire, rfc5961_3_2__outside)
{
	struct peer *p = &self->p;
	int fd;

	ASSERT_EQ(0, peer_dial(p, &fd));
	say(p, .flags = RST, .seq = p->snd_nxt - 1);
	say(p, .flags = RST, .seq = p->snd_nxt + 100000000);
	EXPECT_TRUE(silence(p, QUIET));
	EXPECT_TRUE(alive(p));
}

/* RFC 5961, 4.2: wherever its number is */
TEST_F(wire, rfc5961_4_2__syn)
{
	static const int32_t off[] = { -1, 0, 1, 100000000 };
	struct peer *p = &self->p;
	int fd;

	ASSERT_EQ(0, sysctl_set("invalid_ratelimit", "0"));
	ASSERT_EQ(0, peer_dial(p, &fd));
	for (size_t i = 0; i < sizeof(off) / sizeof(*off); i++) {
		say(p, .flags = SYN, .seq = p->snd_nxt + off[i], .mss = MSS);
		ASSERT_EQ(0, expect(p, &self->s, ACK));
		EXPECT_EQ(p->snd_nxt, self->s.ack);
	}
	EXPECT_TRUE(alive(p));
}

/* RFC 5961, 5.2: data with an ACK of what was never sent, or long ago */
TEST_F(wire, rfc5961_5_2__ack)
{
	static const int32_t off[] = { 1, 100000000, -100000000 };
	struct peer *p = &self->p;
	char b;
	int fd;

	ASSERT_EQ(0, sysctl_set("invalid_ratelimit", "0"));
	ASSERT_EQ(0, peer_dial(p, &fd));
	for (size_t i = 0; i < sizeof(off) / sizeof(*off); i++) {
		say(p, .flags = ACK, .seq = p->snd_nxt, .ack = p->rcv_nxt + off[i], .len = 1);
		ASSERT_EQ(0, expect(p, &self->s, ACK));
		EXPECT_EQ(p->snd_nxt, self->s.ack);
	}
	EXPECT_EQ(-1, recv(fd, &b, 1, MSG_DONTWAIT));
	EXPECT_EQ(EAGAIN, errno);
}

/* What a guess hits doesn't count as a sign of life. */
TEST_F(wire, rfc5961_5_2__guess_is_no_life)
{
	struct peer *p = &self->p;
	int fd, one = 1, us = 1000000;
	int64_t start;

	if (!is_tern())
		SKIP(return, "TERN_KEEPIDLE_US");
	ASSERT_EQ(0, peer_dial(p, &fd));
	ASSERT_EQ(0, setsockopt(fd, SOL_TERN, TERN_KEEPIDLE_US, &us, sizeof(us)));
	start = now_us();
	ASSERT_EQ(0, setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one)));
	usleep(300000);
	say(p, .flags = ACK, .seq = p->snd_nxt, .ack = p->rcv_nxt + 100000000);
	ASSERT_EQ(0, expect(p, &self->s, ACK));
	EXPECT_EQ(p->rcv_nxt, self->s.seq);
	ASSERT_EQ(0, expect(p, &self->s, ACK));
	EXPECT_EQ(p->rcv_nxt - 1, self->s.seq);
	/* From when the connection was opened, shortly before @start */
	fprintf(stderr, "# probe after %lld us\n", (long long)(self->s.us - start));
	if (timetravel()) {
		EXPECT_GT(1010000, self->s.us - start);
	}
}

/* invalid_ratelimit: one answer in that time, for each connection */
TEST_F(wire, rfc5961_7__invalid_ratelimit)
{
	struct peer *p = &self->p;
	long skipped = stat_get("TCPACKSkippedChallenge");
	int fd;

	ASSERT_EQ(0, peer_dial(p, &fd));
	for (int i = 0; i < 3; i++)
		say(p, .flags = RST, .seq = p->snd_nxt + 1);
	ASSERT_EQ(0, expect(p, &self->s, ACK));
	EXPECT_TRUE(silence(p, QUIET));
	EXPECT_EQ(skipped + 2, stat_get("TCPACKSkippedChallenge"));
	usleep(500000);
	say(p, .flags = RST, .seq = p->snd_nxt + 1);
	EXPECT_EQ(0, expect(p, &self->s, ACK));
}

/* challenge_ack_limit: at least half of it, at most all of it, in a second */
TEST_F(wire, rfc5961_7__challenge_ack_limit)
{
	struct peer *p = &self->p;
	long before, sent, skipped;
	int64_t start;
	int fd, heard = 0, seconds;
	char limit[8];

	if (!is_tern())
		SKIP(return, "TCP's limit is of the machine");
	snprintf(limit, sizeof(limit), "%d", LIMIT);
	ASSERT_EQ(0, sysctl_set("challenge_ack_limit", limit));
	ASSERT_EQ(0, sysctl_set("invalid_ratelimit", "0"));
	ASSERT_EQ(0, peer_dial(p, &fd));
	before = stat_get("TCPChallengeACK");
	skipped = stat_get("TCPACKSkippedChallenge");
	start = now_us();
	for (int i = 0; i < 4 * LIMIT; i++)
		say(p, .flags = RST, .seq = p->snd_nxt + 1);
	while (hear(p, &self->s, QUIET))
		heard++;
	/* As many of the clock's seconds as were touched */
	seconds = (now_us() - start) / 1000000 + 2;
	sent = stat_get("TCPChallengeACK") - before;
	EXPECT_EQ(heard, sent);
	EXPECT_EQ(4 * LIMIT, sent + stat_get("TCPACKSkippedChallenge") - skipped);
	EXPECT_LE(LIMIT / 2, sent);
	EXPECT_GE(LIMIT * seconds, sent);
	EXPECT_TRUE(alive(p));
}

/* The least limit is one, not none. */
TEST_F(wire, rfc5961_7__limit_of_one)
{
	struct peer *p = &self->p;
	int fd;

	if (!is_tern())
		SKIP(return, "TCP's limit is of the machine");
	ASSERT_EQ(0, sysctl_set("challenge_ack_limit", "1"));
	ASSERT_EQ(0, peer_dial(p, &fd));
	say(p, .flags = RST, .seq = p->snd_nxt + 1);
	EXPECT_EQ(0, expect(p, &self->s, ACK));
}

TEST_HARNESS_MAIN
