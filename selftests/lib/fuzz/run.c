// SPDX-License-Identifier: GPL-2.0
/* What fuzz-user and races share: calls by kind, counted, and watched. */
#define _GNU_SOURCE
#include <grp.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>

#include "fuzz.h"

#define UID		1000
#define STUCK_US	20000		/* after which a call is interrupted */
#define HUNG_US		90000000

struct shared *sh;

const struct kind kinds[NKINDS] = {
#define ROW(name, weight)	{ #name, weight, do_##name },
	CALLS(ROW)
#undef ROW
};

bool verbose;

static struct fz threads[THREADS_MAX];

int64_t mono_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

/* What is printed is out before the host may go down. */
void tell(const char *fmt, ...)
{
	char line[SEQ_MAX * 10 + 100];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (write(STDOUT_FILENO, line, n) == n)
		tcdrain(STDOUT_FILENO);
}

struct call any_call(struct fz *f)
{
	int total = 0, at, i;

	for (i = 0; i < NKINDS; i++)
		total += w.weight[i];
	at = pick(f, total);
	for (i = 0; i < NKINDS - 1 && at >= w.weight[i]; i++)
		at -= w.weight[i];
	return (struct call){ .kind = i, .seed = any32(f) };
}

void one_call(struct fz *f, const struct call *c)
{
	int k = c->kind % NKINDS;
	int64_t us;
	long ret;
	int err;

	f->rng = mix((uint64_t)k << 32 | c->seed);
	f->what = kinds[k].name;
	__atomic_store_n(&f->began, mono_us(), __ATOMIC_RELAXED);
	errno = 0;
	if (verbose)
		tell("# %s\n", kinds[k].name);
	ret = kinds[k].make(f);
	if (verbose)
		tell("#   %ld %s\n", ret, ret < 0 ? strerror(errno) : "");
	err = errno;
	us = mono_us() - f->began;
	__atomic_store_n(&f->began, 0, __ATOMIC_RELAXED);
	__atomic_fetch_add(&sh->us[k], us, __ATOMIC_RELAXED);
	__atomic_fetch_add(&sh->made[k], 1, __ATOMIC_RELAXED);
	if (ret == -1 && err != EINPROGRESS)
		__atomic_fetch_add(&sh->failed[k], 1, __ATOMIC_RELAXED);
}

static void interrupted(int sig)
{
}

static void become_user(void)
{
	if (setgroups(0, NULL) || setresgid(UID, UID, UID) || setresuid(UID, UID, UID) ||
	    prctl(PR_SET_DUMPABLE, 1))
		exit(4);
}

/* Interrupts calls that wait, and says which never returns. */
static void watch(pthread_t *of, int n)
{
	int64_t began;

	for (;;) {
		int left = 0;

		for (int i = 0; i < n; i++) {
			if (!of[i])
				continue;
			if (!pthread_tryjoin_np(of[i], NULL)) {
				of[i] = 0;
				continue;
			}
			left++;
			began = __atomic_load_n(&threads[i].began, __ATOMIC_RELAXED);
			if (!began || mono_us() - began < STUCK_US)
				continue;
			pthread_kill(of[i], SIGUSR1);
			if (mono_us() - began > HUNG_US) {
				tell("# thread %d hangs in %s\n", i, threads[i].what);
				_exit(3);
			}
		}
		if (!left)
			return;
		usleep(5000);
	}
}

static void world(uint64_t with, int n, void *(*thread)(void *), void (*settle)(struct fz *f))
{
	struct sigaction sa = { .sa_handler = interrupted };
	pthread_t t[THREADS_MAX] = { 0 };
	struct fz f = { .rng = mix(with) };
	int64_t began = mono_us();

	sigaction(SIGUSR1, &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGIO, SIG_IGN);
	become_user();
	if (world_up(&f)) {
		tell("# no world: %s\n", strerror(errno));
		_exit(2);
	}
	sh->world_us += mono_us() - began;
	for (int i = 0; i < NKINDS; i++)
		w.weight[i] = kinds[i].weight;
	settle(&f);
	for (int i = 0; i < n; i++) {
		threads[i] = (struct fz){ .id = i, .rng = mix(with + 1 + i), .ns = -1 };
		pthread_create(&t[i], NULL, thread, &threads[i]);
	}
	watch(t, n);
	_exit(0);
}

int run_world(uint64_t with, int n, void *(*thread)(void *), void (*settle)(struct fz *f))
{
	int status;
	pid_t pid;

	tell("w %llu\n", (unsigned long long)with);
	pid = fork();
	if (!pid)
		world(with, n, thread, settle);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	sh->worlds++;
	if (!WIFEXITED(status) || (WEXITSTATUS(status) && WEXITSTATUS(status) != 2)) {
		tell("# a world ended with status %#x\n", status);
		return -1;
	}
	sh->worlds_failed += !!WEXITSTATUS(status);
	return 0;
}

int run_begin(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, IPPROTO_TERN);

	sh = mmap(NULL, sizeof(*sh), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (sh == MAP_FAILED || fd < 0 || getuid())
		return -1;
	close(fd);
	/* As udev leaves it */
	return chmod("/dev/net/tun", 0666);
}

static long file_num(const char *path, const char *format, long none)
{
	FILE *in = fopen(path, "r");
	char line[256];
	long n = none, got;

	while (in && fgets(line, sizeof(line), in))
		if (sscanf(line, format, &got) == 1)
			n = got;
	if (in)
		fclose(in);
	return n;
}

static int cpus(void)
{
	return sysconf(_SC_NPROCESSORS_CONF);
}

struct left left_now(void)
{
	struct left l = {
		.users = file_num("/sys/module/tern/refcnt", "%ld", 0),
		.pages = file_num("/proc/net/protocols", "TERN %*d %*d %ld", 0),
	};

	/* Where each CPU has some in stock, those are counted as well. */
	if (file_num("/sys/kernel/slab/net_namespace/sanity_checks", "%ld", 0))
		l.spaces = file_num("/proc/slabinfo", "net_namespace %ld", 0);
	return l;
}

bool nothing_left(const struct left *was)
{
	struct left l = { 0 };

	for (int i = 0; i < 1200; i++) {
		l = left_now();
		/* Of a protocol's memory each CPU may hold a MB back. */
		if (l.users <= was->users && l.pages <= was->pages + cpus() * 256 &&
		    l.spaces <= was->spaces)
			return true;
		usleep(100000);
	}
	tell("# left: %ld users of the module (%ld before), %ld pages (%ld), %ld namespaces (%ld)\n",
	     l.users, was->users, l.pages, was->pages, l.spaces, was->spaces);
	return false;
}

void summary(void)
{
	uint64_t made = 0, failed = 0;

	for (int i = 0; i < NKINDS; i++) {
		made += sh->made[i];
		failed += sh->failed[i];
		tell("# %-12s %9llu calls, %9llu failed, %7llu ms\n", kinds[i].name,
		     (unsigned long long)sh->made[i], (unsigned long long)sh->failed[i],
		     (unsigned long long)sh->us[i] / 1000);
	}
	tell("# %llu calls of %d kinds, %llu failed; %llu sequences, %llu worlds (%llu ms), %llu of them did not come up\n",
	     (unsigned long long)made, NKINDS, (unsigned long long)failed,
	     (unsigned long long)sh->sequences, (unsigned long long)sh->worlds,
	     (unsigned long long)sh->world_us / 1000, (unsigned long long)sh->worlds_failed);
}
