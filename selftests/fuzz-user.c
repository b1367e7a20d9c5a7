// SPDX-License-Identifier: GPL-2.0
/*
 * fuzz-user: an ordinary user in a user namespace of his own does what he can
 * to a host: socket calls and options, settings, devices, addresses, routes
 * and qdiscs, segments and ICMP errors that fit a live connection, namespaces
 * that die. Nothing may appear on the console (the runner looks), and nothing
 * may be left.
 *
 * Each sequence of calls is printed before it is made, so that it can be made
 * again with -r after the host has gone down. Where the kernel has KCOV those
 * that reached code for the first time are what later ones are made of;
 * elsewhere the seed alone says what is done.
 */
#include "lib/fuzz/fuzz.h"

#define SEQS	12	/* of each thread in a world */

static int nthreads = 1;
static uint64_t seed;
static double seconds = 60;
static const char *replay, *ko = "/run-this/tern.ko";

static void mutate(struct fz *f, struct seq *s)
{
	for (int i = 1 + pick(f, 4); i; i--) {
		int at = pick(f, s->n), from, n;

		switch (pick(f, 5)) {
		case 0:
			s->call[at] = any_call(f);
			break;
		case 1:
			s->call[at].seed = any32(f);
			break;
		case 2:
			if (s->n == SEQ_MAX)
				break;
			memmove(&s->call[at + 1], &s->call[at], (s->n++ - at) * sizeof(s->call[0]));
			s->call[at] = any_call(f);
			break;
		case 3:
			if (s->n < 4)
				break;
			memmove(&s->call[at], &s->call[at + 1], (--s->n - at) * sizeof(s->call[0]));
			break;
		case 4: {		/* the end of another */
			struct seq *o = &sh->corpus[pick(f, sh->corpus_n)];

			from = pick(f, o->n);
			n = o->n - from < SEQ_MAX - at ? o->n - from : SEQ_MAX - at;
			memcpy(&s->call[at], &o->call[from], n * sizeof(s->call[0]));
			s->n = at + n > s->n ? at + n : s->n;
		}
		}
	}
}

static void make_seq(struct fz *f, struct seq *s)
{
	uint32_t n = __atomic_load_n(&sh->corpus_n, __ATOMIC_ACQUIRE);

	if (n && !one_in(f, 3)) {
		*s = sh->corpus[pick(f, n)];
		mutate(f, s);
		return;
	}
	s->n = SEQ_MAX / 2 + pick(f, SEQ_MAX / 2 + 1);
	for (int i = 0; i < s->n; i++)
		s->call[i] = any_call(f);
	/* Little can be done without a connection. */
	s->call[0].kind = KIND_pair;
	if (one_in(f, 2))
		s->call[1].kind = KIND_pair;
}

static void tell_seq(struct fz *f, const struct seq *s)
{
	char text[SEQ_MAX * 10 + 1];

	for (int i = 0; i < s->n; i++)
		sprintf(text + 10 * i, "%02x%08x", s->call[i].kind, s->call[i].seed);
	tell("s %d %s\n", f->id, text);
}

static void one_seq(struct fz *f, const struct seq *s)
{
	uint64_t back = f->rng;

	/* Alone, a sequence begins with nothing open: so it can be told what it reached. */
	if (nthreads == 1)
		for (int i = 0; i < SLOTS; i++)
			slot_put(i, -1, 0);
	tell_seq(f, s);
	cover_start(f);
	for (int i = 0; i < s->n; i++)
		one_call(f, &s->call[i]);
	cover_take(f, s);
	__atomic_fetch_add(&sh->sequences, 1, __ATOMIC_RELAXED);
	f->rng = back;
}

static void *thread(void *arg)
{
	struct fz *f = arg;
	struct seq s;

	cover_begin(f);
	for (int i = 0; i < SEQS; i++) {
		make_seq(f, &s);
		one_seq(f, &s);
	}
	return NULL;
}

/* Fewer kinds of call at a time go further with each. */
static void settle(struct fz *f)
{
	for (int i = 0; i < NKINDS; i++)
		if (one_in(f, 3) && i != KIND_pair)
			w.weight[i] = 0;
}

/* That of the file to replay which is being made again begins here. */
static long replay_at;

/* The thread's sequences of it */
static void *replay_thread(void *arg)
{
	struct fz *f = arg;
	char line[1024], hex[1024];
	unsigned int kind, id;
	FILE *in = fopen(replay, "r");

	cover_begin(f);
	fseek(in, replay_at, SEEK_SET);
	while (fgets(line, sizeof(line), in) && *line != 'w') {
		struct seq s = { 0 };

		if (sscanf(line, "s %u %1023s", &id, hex) != 2 || (int)id != f->id)
			continue;
		for (char *p = hex; s.n < SEQ_MAX && sscanf(p, "%2x%8x", &kind,
							    &s.call[s.n].seed) == 2; p += 10)
			s.call[s.n++].kind = kind;
		one_seq(f, &s);
	}
	fclose(in);
	return NULL;
}

static int replay_all(void)
{
	FILE *in = fopen(replay, "r");
	unsigned long long with;
	char line[1024];
	int ret = 0;

	if (!in)
		return -1;
	while (!ret && fgets(line, sizeof(line), in)) {
		if (sscanf(line, "w %llu", &with) != 1)
			continue;
		replay_at = ftell(in);
		ret = run_world(with, nthreads, replay_thread, settle);
	}
	fclose(in);
	return ret;
}

static int fuzz_all(void)
{
	int64_t end = mono_us() + (int64_t)(seconds * 1e6);
	int ret = 0;

	for (uint64_t n = 0; !ret && mono_us() < end; n++)
		ret = run_world(mix(seed) + n * 1000, nthreads, thread, settle);
	return ret;
}

static void usage(void)
{
	fprintf(stderr,
		"usage: fuzz-user [-s SECONDS] [-S SEED] [-t THREADS] [-r FILE] [-k KO] [-v]\n"
		"  -r  repeat the worlds (w) and sequences (s) of an output\n"
		"  -k  the module's file, for the number of places to cover\n"
		"  -v  tell each call\n");
	exit(2);
}

static void options(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "s:S:t:r:k:v")) != -1) {
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
		case 'r':
			replay = optarg;
			break;
		case 'k':
			ko = optarg;
			break;
		case 'v':
			verbose = true;
			break;
		default:
			usage();
		}
	}
	if (optind != argc || nthreads < 1 || nthreads > THREADS_MAX)
		usage();
}

int main(int argc, char **argv)
{
	bool covers, lives, gone;
	struct left was;

	seed = mono_us() * 2654435761u;
	options(argc, argv);
	if (run_begin()) {
		tell("1..0 # SKIP no stack, no tun, or not root: %s\n", strerror(errno));
		return 4;
	}
	covers = !cover_open(nthreads);
	was = left_now();
	tell("TAP version 13\n1..2\n# seed %llu, %d threads, %s\n", (unsigned long long)seed,
	     nthreads, covers ? "guided by coverage" : "no KCOV");
	lives = !(replay ? replay_all() : fuzz_all());
	summary();
	if (covers)
		tell("# coverage: %u of %ld places, by %u sequences\n", sh->covered,
		     cover_places(ko), sh->corpus_n);
	tell("%sok 1 the host lives\n", lives ? "" : "not ");
	gone = nothing_left(&was);
	tell("%sok 2 nothing is left\n", gone ? "" : "not ");
	return !lives || !gone;
}
