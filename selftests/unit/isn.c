// SPDX-License-Identifier: GPL-2.0
/* RFC 6528, RFC 7323 5.4, RFC 6056 3.3.3 */
#include <kselftest_harness.h>
#include "../../module/pure/isn.c"

FIXTURE(isn) {
	siphash_key_t ts;
	struct tern_secret s;
	struct tern_tuple t;
};

FIXTURE_SETUP(isn)
{
	get_random_bytes(&self->ts, sizeof(self->ts));
	tern_isn_secret_init(&self->s, &self->ts);
	memset(&self->t, 0, sizeof(self->t));
	self->t.lport = htons(1000);
	self->t.rport = htons(80);
}

FIXTURE_TEARDOWN(isn)
{
}

TEST_F(isn, rfc6528_3__moves_with_the_clock)
{
	u32 first = tern_isn(&self->s, &self->t, 1000000000);

	EXPECT_EQ(first, tern_isn(&self->s, &self->t, 1000000000));
	EXPECT_EQ(first + 1000000 / 64,
		  tern_isn(&self->s, &self->t, 1001000000));
}

TEST_F(isn, rfc6528_3__differs_between_connections_and_keys)
{
	struct tern_tuple other = self->t;
	struct tern_secret keys;

	other.rport = htons(81);
	EXPECT_NE(tern_isn(&self->s, &self->t, 0), tern_isn(&self->s, &other, 0));
	other = self->t;
	other.scope = 3;
	EXPECT_NE(tern_isn(&self->s, &self->t, 0), tern_isn(&self->s, &other, 0));
	tern_isn_secret_init(&keys, &self->ts);
	EXPECT_NE(tern_isn(&self->s, &self->t, 0), tern_isn(&keys, &self->t, 0));
	EXPECT_NE(tern_isn(&self->s, &self->t, 0),
		  tern_isn_ts_offset(&self->s, &self->t));
}

/* A namespace made anew goes on where the old one's clock was. */
TEST_F(isn, rfc7323_5_4__one_clock_for_all)
{
	struct tern_secret keys;

	tern_isn_secret_init(&keys, &self->ts);
	EXPECT_EQ(tern_isn_ts_offset(&self->s, &self->t),
		  tern_isn_ts_offset(&keys, &self->t));
	EXPECT_NE(tern_isn_port_offset(&self->s, &self->t),
		  tern_isn_port_offset(&keys, &self->t));
}

TEST_F(isn, rfc6056_3_3_3__own_port_does_not_count)
{
	u32 off = tern_isn_port_offset(&self->s, &self->t);

	self->t.lport = htons(4321);
	EXPECT_EQ(off, tern_isn_port_offset(&self->s, &self->t));
	self->t.rport = htons(4321);
	EXPECT_NE(off, tern_isn_port_offset(&self->s, &self->t));
}

TEST_HARNESS_MAIN
