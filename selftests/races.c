// SPDX-License-Identifier: GPL-2.0
/*
 * races: threads and processes that share a few sockets call everything
 * against everything, while namespaces come and go and rmmod is tried all the
 * time. Nothing may appear on the console, nothing may be left: a debug kernel
 * looks for what is used too late, KCSAN for what is not ordered.
 */
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "lib/fuzz/fuzz.h"

#define ROUND_US	3000000		/* of a world */

static const struct {
	int kind, weight;
} mostly[] = {
	{ KIND_socket, 6 }, { KIND_bind, 2 }, { KIND_listen, 3 }, { KIND_connect, 6 },
	{ KIND_unconnect, 5 }, { KIND_accept, 8 }, { KIND_shutdown, 4 }, { KIND_close, 5 },
	{ KIND_setsockopt, 12 }, { KIND_getsockopt, 4 }, { KIND_ioctl, 2 }, { KIND_send, 8 },
	{ KIND_sendmsg, 4 }, { KIND_recv, 8 }, { KIND_recvmsg, 4 }, { KIND_splice, 5 },
	{ KIND_poll, 5 }, { KIND_uring, 3 }, { KIND_name, 2 }, { KIND_fcntl, 2 }, { KIND_dup, 2 }, { KIND_proc, 2 },
	{ KIND_pause, 2 }, { KIND_pair, 12 }, { KIND_bulk, 3 }, { KIND_sysctl, 2 },
	{ KIND_netns, 1 }, { KIND_fork, 1 }, { KIND_pass, 4 }, { KIND_segment, 4 },
	{ KIND_peer_open, 3 }, { KIND_peer_answer, 3 }, { KIND_icmp, 2 },
};

static int nthreads = 6;
static uint64_t seed;
static double seconds = 60;
static const char *ko = "/run-this/tern.ko";
static int64_t round_end;

static void settle(struct fz *f)
{
	memset(w.weight, 0, sizeof(w.weight));
	for (size_t i = 0; i < sizeof(mostly) / sizeof(mostly[0]); i++)
		w.weight[mostly[i].kind] = mostly[i].weight;
	/* Few, so that they meet */
	w.nslots = 3 + pick(f, 6);
	round_end = mono_us() + ROUND_US;
}

static void *thread(void *arg)
{
	struct fz *f = arg;

	while (mono_us() < round_end) {
		uint64_t next = mix(f->rng);
		struct call c = any_call(f);

		one_call(f, &c);
		f->rng = next;
	}
	return NULL;
}

/* As root, outside: out it goes when nothing holds it, and comes back. */
static void unloader(void)
{
	while (!__atomic_load_n(&sh->stop, __ATOMIC_RELAXED)) {
		int fd;

		sh->sequences++;
		if (syscall(SYS_delete_module, "tern", O_NONBLOCK)) {
			usleep(30000);
			continue;
		}
		sh->unloads++;
		fd = open(ko, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || syscall(SYS_finit_module, fd, "", 0))
			tell("# the module does not come back: %s\n", strerror(errno));
		close(fd);
		usleep(300000);
	}
}

static void options(int argc, char **argv)
{
	int c;

	seed = mono_us() * 2654435761u;
	while ((c = getopt(argc, argv, "s:S:t:k:v")) != -1) {
		switch (c) {
		case 's':
			seconds = atof(optarg);
			break;
		case 'S':
			seed = strtoull(optarg, NULL, 0);
			break;
		case 't':
			nthreads = atoi(optarg);
			break;
		case 'k':
			ko = optarg;
			break;
		case 'v':
			verbose = true;
			break;
		default:
			fprintf(stderr, "usage: races [-s SECONDS] [-S SEED] [-t THREADS] [-k KO] [-v]\n");
			exit(2);
		}
	}
	if (nthreads < 1 || nthreads > THREADS_MAX)
		exit(2);
}

int main(int argc, char **argv)
{
	bool lives = true, gone;
	struct left was;
	int64_t end;
	pid_t pid;

	options(argc, argv);
	if (run_begin()) {
		tell("1..0 # SKIP no stack, no tun, or not root: %s\n", strerror(errno));
		return 4;
	}
	was = left_now();
	tell("TAP version 13\n1..2\n# seed %llu, %d threads\n", (unsigned long long)seed, nthreads);
	pid = fork();
	if (!pid) {
		unloader();
		_exit(0);
	}
	end = mono_us() + (int64_t)(seconds * 1e6);
	for (uint64_t n = 0; lives && mono_us() < end; n++)
		lives = !run_world(mix(seed) + n * 1000, nthreads, thread, settle);
	/* Not amid the two: others want the module afterwards. */
	sh->stop = 1;
	waitpid(pid, NULL, 0);
	summary();
	tell("# %u of %llu attempts unloaded the module\n", sh->unloads,
	     (unsigned long long)sh->sequences);
	tell("%sok 1 the host lives\n", lives ? "" : "not ");
	gone = nothing_left(&was);
	tell("%sok 2 nothing is left\n", gone ? "" : "not ");
	return !lives || !gone;
}
