/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The two fixtures: @wire, a host and a scripted peer at HOST_B, and @hosts,
 * two hosts and a view of what passes between them.
 */
#ifndef TERN_FIXTURE_H
#define TERN_FIXTURE_H

#include "kselftest_harness.h"
#include "tern_test.h"

/* Seconds a test may take: an emulated machine is slow. */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 120

#define WIRE_FIXTURE()							\
FIXTURE(wire)								\
{									\
	struct topo t;							\
	struct wire w;							\
	struct peer p;							\
	struct seg s;							\
};									\
FIXTURE_SETUP(wire)							\
{									\
	SKIP_UNLESS_AVAILABLE();					\
	topo_name(_metadata->name);					\
	ASSERT_EQ(0, topo_up(&self->t, TOPO_WIRE));			\
	ASSERT_EQ(0, wire_open(&self->t, &self->w));			\
	peer_init(&self->p, &self->w, PORT, 0);				\
}									\
FIXTURE_TEARDOWN(wire)							\
{									\
	topo_down(&self->t);						\
}

#define HOSTS_FIXTURE()							\
FIXTURE(hosts)								\
{									\
	struct topo t;							\
	struct wire w;							\
	struct seg s;							\
};									\
FIXTURE_SETUP(hosts)							\
{									\
	SKIP_UNLESS_AVAILABLE();					\
	topo_name(_metadata->name);					\
	ASSERT_EQ(0, topo_up(&self->t, TOPO_HOSTS));			\
	ASSERT_EQ(0, wire_sniff(&self->t, &self->w, 0));		\
}									\
FIXTURE_TEARDOWN(hosts)							\
{									\
	topo_down(&self->t);						\
}

#endif
