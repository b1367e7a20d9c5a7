// SPDX-License-Identifier: GPL-2.0
/*
 * What an ordinary user may ask of timers: none that repeats below a
 * millisecond; below 200 ms so many expiries a second as fine_timer_rate says,
 * of all his sockets; SYN-ACKs that nobody asked for no more than others send.
 * In a namespace of his own, and in one of root's.
 */
#define _GNU_SOURCE
#include <sys/resource.h>
#include <sys/wait.h>

#include "clock.h"
#include "fixture.h"
#include "user.h"

#define FINE_MS	200

/* A host and a scripted peer; whose network namespace it is: @own: the user's */
FIXTURE(user)
{
	struct topo t;
	struct wire w;
	struct peer p;
	struct seg s;
};

FIXTURE_VARIANT(user)
{
	bool own;
};

FIXTURE_VARIANT_ADD(user, own) { .own = true };
FIXTURE_VARIANT_ADD(user, root) { .own = false };

FIXTURE_SETUP(user)
{
	SKIP_UNLESS_AVAILABLE();
	if (!is_tern())
		SKIP(return, "Tern's limits");
	if (variant->own) {
		int err = user_ns(USER);

		if (err == -EINVAL)
			SKIP(return, "no user namespaces in this kernel");
		ASSERT_EQ(0, err);
	}
	ASSERT_EQ(0, topo_up(&self->t, TOPO_WIRE));
	ASSERT_EQ(0, wire_open(&self->t, &self->w));
	peer_init(&self->p, &self->w, PORT, 0);
	/* The wire and the sysctls there are root's: only what follows is not. */
	if (!variant->own)
		ASSERT_EQ(0, seteuid(USER));
}

FIXTURE_TEARDOWN(user)
{
	if (!variant->own)
		seteuid(0);
	topo_down(&self->t);
}

static int set(int fd, int name, int val)
{
	return setsockopt(fd, SOL_TERN, name, &val, sizeof(val)) ? errno : 0;
}

static const int repeating[] = {
	TERN_RTO_MIN_US, TERN_RTO_MAX_US, TERN_RTO_INIT_US, TERN_KEEPIDLE_US, TERN_KEEPINTVL_US,
};

#define N(a)	(int)(sizeof(a) / sizeof((a)[0]))

TEST_F(user, options)
{
	int fd = sk_new(0), v;
	socklen_t len = sizeof(v);

	for (int i = 0; i < N(repeating); i++) {
		int name = repeating[i];

		EXPECT_EQ(EPERM, set(fd, name, 1));
		EXPECT_EQ(EPERM, set(fd, name, 999));
		EXPECT_EQ(0, set(fd, name, 1000));
		EXPECT_EQ(EPERM, set(fd, name, 999)) {
			TH_LOG("option %d", name);
		}
		EXPECT_EQ(0, getsockopt(fd, SOL_TERN, name, &v, &len));
		EXPECT_EQ(1000, v);
	}
	/* One for a segment each, and those that are long enough anyway */
	EXPECT_EQ(0, set(fd, TERN_DELACK_MAX_US, 1));
	EXPECT_EQ(0, set(fd, TERN_USER_TIMEOUT, 1));
	EXPECT_EQ(0, set(fd, TERN_MSL_MS, 1));
}

TEST_F(user, sysctls)
{
	static const char *const floored[] = { "rto_init_us", "rto_min_us" };

	if (!variant->own)
		SKIP(return, "they are root's");
	for (int i = 0; i < N(floored); i++) {
		long was = sysctl_num(floored[i]);

		EXPECT_EQ(-EPERM, sysctl_set(floored[i], "1"));
		EXPECT_EQ(-EPERM, sysctl_set(floored[i], "999"));
		EXPECT_EQ(was, sysctl_num(floored[i]));
		EXPECT_EQ(0, sysctl_set(floored[i], "1000"));
		EXPECT_EQ(1000, sysctl_num(floored[i]));
	}
	EXPECT_EQ(-EINVAL, sysctl_set("rto_max_us", "999"));
	EXPECT_GT(0, sysctl_set("fine_timer_rate", "1000000"));
	EXPECT_EQ(10000, sysctl_num("fine_timer_rate"));
}

/* Root of the machine may, in the user's namespace as well. */
TEST(root_enters)
{
	int ready[2], status;
	struct topo t;
	pid_t pid;
	char c;

	SKIP_UNLESS_AVAILABLE();
	if (!is_tern())
		SKIP(return, "Tern's limits");
	ASSERT_EQ(0, pipe(ready));
	pid = fork();
	if (!pid) {
		int err = user_ns(USER);

		if (err || topo_up(&t, TOPO_WIRE))
			_exit(err == -EINVAL ? 4 : 1);
		_exit(write(ready[1], "x", 1) != 1 || pause());
	}
	close(ready[1]);
	if (read(ready[0], &c, 1) == 1) {
		char path[32];
		int fd, ns;

		snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
		ns = open(path, O_RDONLY);
		ASSERT_EQ(0, setns(ns, CLONE_NEWNET));
		EXPECT_EQ(0, sysctl_set("rto_min_us", "1"));
		fd = sk_new(0);
		EXPECT_EQ(0, set(fd, TERN_KEEPIDLE_US, 1));
		kill(pid, SIGKILL);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	if (WIFEXITED(status) && WEXITSTATUS(status) == 4)
		SKIP(return, "no user namespaces in this kernel");
	EXPECT_TRUE(WIFSIGNALED(status));
}

/*
 * The SYN-ACKs that one SYN brings about: as many as of any listener, at 1 ms
 * at least; from then on when those would have come.
 */
static int unanswered(struct peer *p, struct seg *s)
{
	int64_t first, last, end;
	int n = 1;

	p->port = 5000;
	p->to_port = PORT;
	say(p, .flags = SYN, .seq = 100, .mss = MSS);
	if (expect(p, s, SYN | ACK))
		return -1;
	first = last = s->us;
	end = now_us() + 2000000;
	while (now_us() < end) {
		if (!hear(p, s, 100))
			continue;
		n++;
		last = s->us;
	}
	fprintf(stderr, "# measured: %d SYN-ACKs for one SYN in %lld us\n", n,
		(long long)(last - first));
	/*
	 * In real time one may be late, and the next on time. The first is on
	 * the wire some microseconds after its timer was armed.
	 */
	if (timetravel() && last - first < (n - 1) * 990)
		return -1;
	if (!timetravel())
		return n;
	for (int64_t gap = 32; gap <= 256; gap *= 2) {
		int64_t due = gap > 120 ? 120 : gap;

		if (!at(p, s, last, due * 1000000))
			return -1;
		last = s->us;
	}
	return n;
}

TEST_F_TIMEOUT(user, synack_options, 1000)
{
	int fd = sk_listen(PORT, 4);

	ASSERT_EQ(0, set(fd, TERN_RTO_INIT_US, 1000));
	ASSERT_EQ(0, set(fd, TERN_RTO_MAX_US, 1000));
	ASSERT_EQ(0, set(fd, TERN_SYNCNT, 127));
	EXPECT_EQ(6, unanswered(&self->p, &self->s));
}

/* Root's sysctls are short, for connections that he has in mind. */
TEST_F_TIMEOUT(user, synack_count, 1000)
{
	int fd = sk_listen(PORT, 4);

	ASSERT_EQ(0, seteuid(0));
	ASSERT_EQ(0, sysctl_set("rto_init_us", "1000"));
	ASSERT_EQ(0, sysctl_set("rto_max_us", "1000"));
	if (variant->own) {
		ASSERT_EQ(0, sysctl_set("synack_retries", "255"));
	} else {
		ASSERT_EQ(0, seteuid(USER));
		ASSERT_EQ(0, set(fd, TERN_SYNCNT, 127));
	}
	EXPECT_EQ(6, unanswered(&self->p, &self->s));
}

#define MOST	2000

static int each_ms(int fd)
{
	return set(fd, TERN_KEEPIDLE_US, 1000) || set(fd, TERN_KEEPINTVL_US, 1000) ||
	       set(fd, TERN_KEEPCNT, 127);
}

/*
 * Both ends of connections over lo that ask for keepalive probes each
 * millisecond: who connects, and the children of a listener that asked. How
 * many sockets that are, or -1
 */
static int hog(int most)
{
	static int fd[MOST + 1];
	int one = 1, n = 0;
	struct rlimit r;

	getrlimit(RLIMIT_NOFILE, &r);
	r.rlim_cur = r.rlim_max;
	setrlimit(RLIMIT_NOFILE, &r);
	fd[n++] = sk_listen(PORT, 64);
	if (each_ms(fd[0]))
		return -1;
	for (; n <= most; n++) {
		fd[n] = n & 1 ? sk_dial("127.0.0.1", PORT, 0, 0) : accept(fd[0], NULL, NULL);
		if (fd[n] < 0)
			break;
		if ((n & 1) && each_ms(fd[n]))
			return -1;
	}
	/* All at once: they would be in each other's way. */
	for (int i = 1; i < n; i++)
		if (setsockopt(fd[i], SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one)))
			return -1;
	return n - 1;
}

/* A second's count; probes: on a kernel that doesn't count timers */
static long a_second(const char *name)
{
	long before = stat_get(name);
	int64_t start = now_us();

	sleep_until(start + 2000000);
	return (stat_get(name) - before) * 1000000LL / (now_us() - start);
}

TEST_F_TIMEOUT(user, rate, 600)
{
	int n = hog(MOST);
	long fired, most;

	ASSERT_LT(1000, n);
	/* As many as were put by have gone. */
	usleep(2 * FINE_MS * 1000);
	fired = a_second(stat_get("TimersFired") < 0 ? "TCPKeepAlive" : "TimersFired");
	most = 10000 + n * 1000 / FINE_MS;
	fprintf(stderr, "# measured: %ld expiries a second of %d sockets that ask for %d, bound %ld\n",
		fired, n, n * 1000, most);
	EXPECT_LE(fired, most);
	EXPECT_LT(0, stat_get("TimersHeld"));
}

/* Few enough for the budget: exact, and no probe is late for it. */
TEST_F_TIMEOUT(user, within, 600)
{
	int n = hog(4);
	int64_t probes;

	ASSERT_EQ(4, n);
	probes = a_second("TCPKeepAlive");
	fprintf(stderr, "# measured: %lld probes a second of %d sockets\n", (long long)probes, n);
	EXPECT_EQ(0, stat_get("TimersHeld"));
	/* Two of an end that asks by itself would be heard by the other. */
	if (timetravel())
		EXPECT_LE(1800, probes);
}

/* Another user's timers go on as before. */
TEST_F_TIMEOUT(user, apart, 600)
{
	int ready[2];
	pid_t pid;
	char c;

	if (variant->own)
		SKIP(return, "one namespace, several users");
	ASSERT_EQ(0, seteuid(0));
	ASSERT_EQ(0, pipe(ready));
	pid = fork();
	if (!pid) {
		struct topo t;

		if (topo_up(&t, TOPO_WIRE) || user_become(USER - 1) || hog(1000) < 1000)
			_exit(1);
		_exit(write(ready[1], "x", 1) != 1 || pause());
	}
	close(ready[1]);
	ASSERT_EQ(1, read(ready[0], &c, 1));
	ASSERT_EQ(0, seteuid(USER));
	ASSERT_EQ(2, hog(2));
	EXPECT_LT(0, a_second("TCPKeepAlive"));
	EXPECT_EQ(0, stat_get("TimersHeld"));
	ASSERT_EQ(0, seteuid(0));	/* it is another user's */
	EXPECT_EQ(0, kill(pid, SIGKILL));
	waitpid(pid, NULL, 0);
}

TEST_HARNESS_MAIN
