// SPDX-License-Identifier: GPL-2.0
/*
 * State changes, from the tracepoint sock:inet_sock_set_state or tern's own
 * tern:tern_state, in a trace instance of the test's own; tern's are those of
 * this network namespace, for other tests run at the same time.
 */
#include <sys/mount.h>
#include <sys/stat.h>

#include "tern_test.h"

#define TRACEFS "/sys/kernel/tracing"

static int put(struct trace *tr, const char *file, const char *value)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", tr->dir, file);
	f = fopen(path, "w");
	if (!f)
		return -1;
	fputs(value, f);
	return fclose(f);
}

int trace_open(struct trace *tr)
{
	char path[160], filter[48];
	struct stat ns;

	if (access(TRACEFS "/instances", F_OK))
		mount("tracefs", TRACEFS, "tracefs", 0, NULL);
	if (stat("/proc/thread-self/ns/net", &ns))
		return -1;
	snprintf(tr->dir, sizeof(tr->dir), TRACEFS "/instances/tern-%d-%lu", getpid(),
		 (unsigned long)ns.st_ino);
	if (mkdir(tr->dir, 0700))
		return -1;
	snprintf(filter, sizeof(filter), "netns == %lu", (unsigned long)ns.st_ino);
	if ((is_tern() && put(tr, "events/tern/tern_state/filter", filter)) ||
	    put(tr, is_tern() ? "events/tern/tern_state/enable" :
		"events/sock/inet_sock_set_state/enable", "1")) {
		rmdir(tr->dir);
		return -1;
	}
	snprintf(path, sizeof(path), "%s/trace_pipe", tr->dir);
	tr->fd = open(path, O_RDONLY | O_NONBLOCK);
	return tr->fd < 0 ? -1 : 0;
}

int trace_both(struct topo *t, struct trace tr[2])
{
	for (int i = 1; i >= 0; i--)
		if (topo_enter(t, i) || trace_open(&tr[i]))
			return -1;
	return 0;
}

void trace_close(struct trace *tr)
{
	close(tr->fd);
	put(tr, "events/enable", "0");
	rmdir(tr->dir);
}

const char *trace_of(int lport, int rport)
{
	static char text[4][40];
	static int turn;

	turn = (turn + 1) % 4;
	snprintf(text[turn], sizeof(text[turn]), "sport=%d dport=%d ", lport, rport);
	return text[turn];
}

int trace_expect(struct trace *tr, const char *which, const int *states, int n)
{
	static char buf[1 << 16];
	char *line, *next, *at;
	int64_t end = now_us() + SOON * 1000LL;
	int seen = 0;
	size_t have = 0;

	while (now_us() < end && seen < n && have < sizeof(buf) - 1) {
		ssize_t r = read(tr->fd, buf + have, sizeof(buf) - 1 - have);

		if (r > 0)
			have += r;
		else
			usleep(1000);
		buf[have] = '\0';
		seen = 0;
		for (line = buf; (next = strchr(line, '\n')); line = next + 1) {
			char name[32];

			*next = '\0';
			at = strstr(line, which) ? strstr(line, "newstate=") : NULL;
			if (at && seen < n && sscanf(at, "newstate=%31s", name) == 1) {
				const char *s = name;

				s = !strncmp(s, "TCP_", 4) ? s + 4 : s;
				s = !strncmp(s, "TERN_", 5) ? s + 5 : s;
				s = !strcmp(s, "CLOSED") ? "CLOSE" : s;
				/* A half-open entry becomes a socket in the same state. */
				if (seen && !strcmp(s, state_name(states[seen - 1]))) {
					*next = '\n';
					continue;
				}
				if (strcmp(s, state_name(states[seen]))) {
					fprintf(stderr, "# change %d of %s: %s, expected %s\n",
						seen, which, s, state_name(states[seen]));
					return -1;
				}
				seen++;
			}
			*next = '\n';
		}
	}
	if (seen < n)
		fprintf(stderr, "# %s: %d of %d state changes\n", which, seen, n);
	return seen == n ? 0 : -1;
}
