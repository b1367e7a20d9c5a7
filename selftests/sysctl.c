// SPDX-License-Identifier: GPL-2.0
/*
 * sysctl: net.tern's knobs: defaults, bounds (out of range: EINVAL, and the
 * old value stays), the pairs in seconds and milliseconds, one set for each
 * namespace, and who may write.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <sched.h>
#include <sys/wait.h>

#include "fixture.h"

FIXTURE(ns)
{
	struct topo t;
};

FIXTURE_SETUP(ns)
{
	SKIP_UNLESS_AVAILABLE();
	if (!is_tern())
		SKIP(return, "Tern's sysctls");
	ASSERT_EQ(0, topo_up(&self->t, TOPO_HOSTS));
}

FIXTURE_TEARDOWN(ns)
{
	topo_down(&self->t);
}

/* A default of -1 depends on memory: by_memory(). */
static const struct {
	const char *name;
	long def, lo, hi;
} knobs[] = {
	{ "enabled", 1, 0, 1 },
	{ "syn_retries", 6, 1, 127 },
	{ "synack_retries", 5, 0, 255 },
	{ "syn_linear_timeouts", 0, 0, 127 },
	{ "retries1", 3, 0, 255 },
	{ "retries2", 15, 0, 255 },
	{ "orphan_retries", 0, 0, 255 },
	{ "keepalive_time", 7200, 1, 32767 },
	{ "keepalive_intvl", 75, 1, 32767 },
	{ "keepalive_probes", 9, 1, 255 },
	{ "fin_timeout", 60, 1, 32767 },
	{ "max_syn_backlog", -1, 1, 1 << 20 },
	{ "l3mdev_accept", 0, 0, 1 },
	{ "syncookies", 1, 0, 2 },
	{ "abort_on_overflow", 0, 0, 1 },
	{ "max_tw_buckets", -1, 0, 1 << 24 },
	{ "tw_reuse", 2, 0, 2 },
	{ "tw_reuse_delay_ms", 1000, 0, 3600000 },
	{ "max_orphans", -1, 0, 1 << 24 },
	{ "rfc1337", 1, 0, 1 },
	{ "challenge_ack_limit", 0x7fffffff, 0, 0x7fffffff },
	{ "invalid_ratelimit", 500, 0, 3600000 },
	{ "sack", 1, 0, 1 },
	{ "dsack", 1, 0, 1 },
	{ "window_scaling", 1, 0, 1 },
	{ "timestamps", 1, 0, 1 },
	{ "slow_start_after_idle", 1, 0, 1 },
	{ "moderate_rcvbuf", 1, 0, 1 },
	{ "mtu_probing", 0, 0, 1 },
	{ "base_mss", 1024, 88, 65535 },
	{ "min_snd_mss", 48, 48, 65535 },
	{ "rto_init_us", 1000000, 1, 600000000 },
	{ "rto_min_us", 200000, 1, 600000000 },
	{ "rto_max_us", 120000000, 1000, 600000000 },
	{ "delack_max_us", 40000, 0, 500000 },
	{ "msl_ms", 30000, 1, 3600000 },
	{ "keepalive_time_ms", 7200000, 1, 32767000 },
	{ "keepalive_intvl_ms", 75000, 1, 32767000 },
	{ "fin_timeout_ms", 60000, 1, 32767000 },
};

#define N (int)(sizeof(knobs) / sizeof(knobs[0]))

static int set(const char *name, long v)
{
	char buf[32];

	snprintf(buf, sizeof(buf), "%ld\n", v);
	return sysctl_set(name, buf);
}

/* As TCP's, by which a slot of its table is for 128 KiB, 512 to 2^19 of them */
static long by_memory(const char *name)
{
	long pages = sysconf(_SC_PHYS_PAGES), slots = 512;

	while (slots < 1 << 19 && slots < pages / (131072 / sysconf(_SC_PAGESIZE)))
		slots *= 2;
	if (strcmp(name, "max_syn_backlog"))
		return slots / 2;
	return slots / 128 > 128 ? slots / 128 : 128;
}

TEST_F(ns, defaults)
{
	for (int i = 0; i < N; i++) {
		long def = knobs[i].def < 0 ? by_memory(knobs[i].name) : knobs[i].def;

		EXPECT_EQ(def, sysctl_num(knobs[i].name))
			TH_LOG("%s", knobs[i].name);
	}
	EXPECT_EQ(4294967295, sysctl_num("notsent_lowat"));
}

static bool three(const char *name, long v[3])
{
	char buf[64];

	return !sysctl_get(name, buf, sizeof(buf)) &&
	       sscanf(buf, "%ld %ld %ld", &v[0], &v[1], &v[2]) == 3;
}

/* Least, default, most; the most as TCP's, which has its share of memory */
TEST_F(ns, buffer_defaults)
{
	long v[3], tcp[3];
	FILE *f;

	ASSERT_TRUE(three("rmem", v));
	EXPECT_EQ(4096, v[0]);
	EXPECT_EQ(131072, v[1]);
	EXPECT_LE(v[1], v[2]);
	EXPECT_GE(6 << 20, v[2]);
	ASSERT_TRUE(three("wmem", v));
	EXPECT_EQ(4096, v[0]);
	EXPECT_EQ(16384, v[1]);
	EXPECT_LE(65536, v[2]);
	EXPECT_GE(4 << 20, v[2]);
	f = fopen("/proc/sys/net/ipv4/tcp_wmem", "r");
	ASSERT_NE(NULL, f);
	ASSERT_EQ(3, fscanf(f, "%ld %ld %ld", &tcp[0], &tcp[1], &tcp[2]));
	fclose(f);
	/* Memory that the kernel took in between is in one and not in the other. */
	EXPECT_LE(tcp[2] * 9 / 10, v[2]);
	EXPECT_GE(tcp[2] * 11 / 10, v[2]);
}

/* One limit for the machine, which another namespace can read and not change */
TEST_F(ns, memory)
{
	long v[3];

	ASSERT_TRUE(three("mem", v));
	EXPECT_LT(0, v[0]);
	EXPECT_LT(v[0], v[1]);
	EXPECT_EQ(2 * v[0], v[2]);
	EXPECT_GT(0, sysctl_set("mem", "1 2 3"));
	ASSERT_TRUE(three("mem", v));
	EXPECT_LT(3, v[0]);
}

TEST_F(ns, bounds)
{
	for (int i = 0; i < N; i++) {
		const char *name = knobs[i].name;
		long was = sysctl_num(name);

		EXPECT_EQ(-EINVAL, set(name, knobs[i].lo - 1))
			TH_LOG("%s below", name);
		EXPECT_EQ(was, sysctl_num(name))
			TH_LOG("%s", name);
		EXPECT_EQ(-EINVAL, set(name, knobs[i].hi + 1))
			TH_LOG("%s above", name);
		EXPECT_EQ(was, sysctl_num(name))
			TH_LOG("%s", name);
		EXPECT_EQ(-EINVAL, sysctl_set(name, "word"))
			TH_LOG("%s word", name);
		EXPECT_EQ(-EINVAL, sysctl_set(name, "99999999999999999999"))
			TH_LOG("%s huge", name);
		EXPECT_EQ(was, sysctl_num(name))
			TH_LOG("%s", name);
		EXPECT_EQ(0, set(name, knobs[i].lo))
			TH_LOG("%s lowest", name);
		EXPECT_EQ(knobs[i].lo, sysctl_num(name))
			TH_LOG("%s", name);
		EXPECT_EQ(0, set(name, knobs[i].hi))
			TH_LOG("%s highest", name);
		EXPECT_EQ(knobs[i].hi, sysctl_num(name))
			TH_LOG("%s", name);
		EXPECT_EQ(0, set(name, was));
	}
}

TEST_F(ns, seconds_and_ms)
{
	static const char * const pairs[] = { "keepalive_time", "keepalive_intvl", "fin_timeout" };
	char ms[64];

	for (int i = 0; i < 3; i++) {
		snprintf(ms, sizeof(ms), "%s_ms", pairs[i]);
		ASSERT_EQ(0, sysctl_set(pairs[i], "17"));
		EXPECT_EQ(17000, sysctl_num(ms));
		ASSERT_EQ(0, sysctl_set(ms, "2000"));
		EXPECT_EQ(2, sysctl_num(pairs[i]));
	}
}

TEST_F(ns, apart)
{
	ASSERT_EQ(0, topo_enter(&self->t, 0));
	ASSERT_EQ(0, sysctl_set("msl_ms", "123"));
	ASSERT_EQ(0, topo_enter(&self->t, 1));
	EXPECT_EQ(30000, sysctl_num("msl_ms"));
	ASSERT_EQ(0, sysctl_set("msl_ms", "456"));
	ASSERT_EQ(0, topo_enter(&self->t, 0));
	EXPECT_EQ(123, sysctl_num("msl_ms"));
}

/* One for the machine, the first namespace's to set */
static bool of_machine(const char *name)
{
	return !strcmp(name, "mem") || !strcmp(name, "fine_timer_rate");
}

/* Each knob takes what it reads, as who saves and restores them all needs. */
static void write_back(struct __test_metadata *_metadata, bool machine)
{
	DIR *dir = opendir("/proc/sys/net/tern");
	struct dirent *d;
	int n = 0;

	ASSERT_NE(NULL, dir);
	while ((d = readdir(dir))) {
		char was[128], now[128];

		if (*d->d_name == '.' || (!machine && of_machine(d->d_name)))
			continue;
		ASSERT_EQ(0, sysctl_get(d->d_name, was, sizeof(was)));
		EXPECT_EQ(0, sysctl_set(d->d_name, was))
			TH_LOG("%s of %s", d->d_name, was);
		ASSERT_EQ(0, sysctl_get(d->d_name, now, sizeof(now)));
		EXPECT_STREQ(was, now);
		n++;
	}
	closedir(dir);
	EXPECT_LT(N, n);
}

TEST_F(ns, write_back)
{
	write_back(_metadata, false);
	ASSERT_EQ(0, topo_enter(&self->t, -1));
	write_back(_metadata, true);
}

TEST_F(ns, write_back_below_a_second)
{
	ASSERT_EQ(0, sysctl_set("keepalive_time_ms", "100"));
	ASSERT_EQ(0, sysctl_set("keepalive_intvl_ms", "499"));
	ASSERT_EQ(0, sysctl_set("fin_timeout_ms", "1"));
	write_back(_metadata, false);
}

/* New sockets take the value in force. */
TEST_F(ns, in_force)
{
	int fd, v = 0;
	socklen_t len = sizeof(v);

	ASSERT_EQ(0, sysctl_set("keepalive_time", "55"));
	ASSERT_EQ(0, sysctl_set("rto_min_us", "777"));
	fd = sk_new(0);
	EXPECT_EQ(0, getsockopt(fd, SOL_TERN, TERN_KEEPIDLE, &v, &len));
	EXPECT_EQ(55, v);
	EXPECT_EQ(0, getsockopt(fd, SOL_TERN, TERN_RTO_MIN_US, &v, &len));
	EXPECT_EQ(777, v);
}

TEST_F(ns, buffers)
{
	char buf[64];
	int fd, v = 0;
	socklen_t len = sizeof(v);

	ASSERT_EQ(0, sysctl_set("rmem", "4096 65536 131072"));
	ASSERT_EQ(0, sysctl_get("rmem", buf, sizeof(buf)));
	EXPECT_EQ(0, strcmp(buf, "4096\t65536\t131072"));
	fd = sk_new(0);
	EXPECT_EQ(0, getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &v, &len));
	EXPECT_EQ(65536, v);
	EXPECT_EQ(-EINVAL, sysctl_set("rmem", "4096 1 131072"));
}

TEST_F(ns, congestion_control)
{
	char name[64], now[64];

	ASSERT_EQ(0, sysctl_get("congestion_control", name, sizeof(name)));
	EXPECT_GT(strlen(name), 0);
	EXPECT_EQ(-ENOENT, sysctl_set("congestion_control", "nosuch"));
	ASSERT_EQ(0, sysctl_get("congestion_control", now, sizeof(now)));
	EXPECT_EQ(0, strcmp(name, now));
}

TEST_F(ns, unprivileged)
{
	int status;
	pid_t pid;

	pid = fork();
	if (!pid) {
		if (setuid(65534))
			_exit(9);
		_exit(-sysctl_set("msl_ms", "99"));
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WEXITSTATUS(status) == EACCES || WEXITSTATUS(status) == EPERM);
	EXPECT_EQ(30000, sysctl_num("msl_ms"));
}

/* A namespace's knobs are its owner's, who need not be root outside. */
TEST_F(ns, owner)
{
	int status;
	pid_t pid;

	pid = fork();
	if (!pid) {
		if (topo_user())
			_exit(errno == EINVAL ? 4 : 8);
		if (sysctl_set("msl_ms", "99") || sysctl_num("msl_ms") != 99)
			_exit(6);
		_exit(sysctl_set("msl_ms", "-1") == -EINVAL ? 0 : 5);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	if (WEXITSTATUS(status) == 4)
		SKIP(return, "no user namespaces in this kernel");
	EXPECT_EQ(0, WEXITSTATUS(status));
	EXPECT_EQ(30000, sysctl_num("msl_ms"));
}

TEST_HARNESS_MAIN
