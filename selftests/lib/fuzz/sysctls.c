// SPDX-License-Identifier: GPL-2.0
/* Settings of a namespace: each of net.tern with its bounds, and those of IP */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#include "fuzz.h"

static bool accepts(const char *path, int v)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", v);
	return !put_file(path, text);
}

static int get_file(const char *path, char *to, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), n;

	if (fd < 0)
		return -1;
	n = read(fd, to, size - 1);
	close(fd);
	to[n < 0 ? 0 : n] = 0;
	return n;
}

/* The last on the way from @in, which is accepted, to @out */
static int bound(const char *path, long long in, long long out)
{
	if (accepts(path, out))
		return out;
	while (in - out > 1 || out - in > 1) {
		long long mid = (in + out) / 2;

		if (accepts(path, mid))
			in = mid;
		else
			out = mid;
	}
	return in;
}

static void add(const char *path)
{
	typeof(&sh->sysctl[0]) s = &sh->sysctl[sh->nsysctls];
	char was[128], *end;
	long now;

	if (sh->nsysctls == sizeof(sh->sysctl) / sizeof(sh->sysctl[0]) ||
	    strlen(path) >= sizeof(s->path) || access(path, W_OK) ||
	    get_file(path, was, sizeof(was)) < 0)
		return;
	strcpy(s->path, path);
	s->lo = 1;
	s->hi = 0;
	now = strtol(was, &end, 10);
	if (strstr(path, "/net/tern/") && end != was && *end == '\n') {
		s->lo = bound(path, now, INT_MIN);
		s->hi = bound(path, now, INT_MAX);
		put_file(path, was);
	}
	sh->nsysctls++;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void walk(const char *dir)
{
	struct dirent **of;
	struct stat st;
	char path[512];
	int n = scandir(dir, &of, NULL, by_name);

	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, of[i]->d_name);
		if (of[i]->d_name[0] != '.' && !lstat(path, &st)) {
			if (S_ISDIR(st.st_mode))
				walk(path);
			else
				add(path);
		}
		free(of[i]);
	}
	if (n >= 0)
		free(of);
}

int sysctls_find(void)
{
	walk("/proc/sys/net/tern");
	sh->ntern = sh->nsysctls;
	walk("/proc/sys/net/ipv4");
	walk("/proc/sys/net/ipv6");
	walk("/proc/sys/net/core");
	return sh->ntern;
}

static int any_value(struct fz *f, int lo, int hi)
{
	if (lo > hi)
		return edge_int(f);
	switch (pick(f, 8)) {
	case 0:
	case 1:
		return lo;
	case 2:
	case 3:
		return hi;
	case 4:
		return lo + (int)pick(f, 3) - 1;
	case 5:
		return hi + (int)pick(f, 3) - 1;
	case 6:
		return lo + (long long)any32(f) % ((long long)hi - lo + 1);
	default:
		return edge_int(f);
	}
}

long do_sysctl(struct fz *f)
{
	uint32_t i = one_in(f, 3) ? pick(f, sh->ntern) :
		     w.favourite[pick(f, sizeof(w.favourite) / sizeof(w.favourite[0]))];
	typeof(&sh->sysctl[0]) s = &sh->sysctl[i];
	char text[128], was[128];
	int n = 0;

	if (one_in(f, 8))
		s = &sh->sysctl[pick(f, sh->nsysctls)];
	if (!enter(f, one_in(f, 3)))
		return -1;
	if (get_file(s->path, was, sizeof(was)) < 0)
		return -1;
	/* As many numbers as there are */
	for (char *p = was; *p && n < 90; p++)
		if (p == was || p[-1] == '\t' || p[-1] == ' ')
			n += snprintf(text + n, sizeof(text) - n, "%d ", any_value(f, s->lo, s->hi));
	if (one_in(f, 20))
		any_bytes(f, text, 8);
	if (one_in(f, 20))
		text[0] = 0;
	return put_file(s->path, text);
}
