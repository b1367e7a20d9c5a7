// SPDX-License-Identifier: GPL-2.0
/* The stack's own view: /proc/net/tern, tern_stats, sysctls; and the clock. */
#include <stdarg.h>
#include <time.h>

#include "tern_test.h"

static const char * const names[] = {
	"?", "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2",
	"TIME_WAIT", "CLOSE", "CLOSE_WAIT", "LAST_ACK", "LISTEN", "CLOSING",
	"SYN_RECV",
};

const char *state_name(int state)
{
	return state >= 0 && state < TERN_MAX_STATES ? names[state] : "?";
}

static int state_number(const char *name)
{
	for (int i = 1; i < TERN_MAX_STATES; i++)
		if (!strcmp(name, names[i]))
			return i;
	return 0;
}

int proto(void)
{
	const char *s = getenv("TERN_PROTO");

	return s && *s ? atoi(s) : IPPROTO_TERN;
}

bool is_tern(void)
{
	return proto() != IPPROTO_TCP;
}

bool timetravel(void)
{
	const char *s = getenv("TERN_TIMETRAVEL");

	return s && *s && strcmp(s, "0");
}

bool checking(void)
{
	const char *s = getenv("TERN_KERNEL");

	return s && (!strncmp(s, "debug", strlen("debug")) || !strcmp(s, "kcsan"));
}

bool is_v6(void)
{
	const char *s = getenv("TERN_IP");

	return s && *s && atoi(s) == 6;
}

int family(void)
{
	return is_v6() ? AF_INET6 : AF_INET;
}

int ip_hlen(void)
{
	return is_v6() ? 40 : 20;
}

int mss_of(int mtu)
{
	return mtu - ip_hlen() - 20;
}

bool available(void)
{
	int fd = socket(family(), SOCK_STREAM, proto());

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

int64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec * 1000000LL + ts.tv_nsec / 1000;
}

void sleep_until(int64_t us)
{
	int64_t left;

	while ((left = us - now_us()) > 0)
		usleep(left < 1000000 ? left : 1000000);
}

void sleep_most(int64_t start, int64_t due_us)
{
	sleep_until(start + due_us - (timetravel() ? 50000 : due_us / 2));
}

/*
 * A timer is never early, and in time travel at most 10 ms late. In real time
 * its lateness is that of a machine which may be busy with anything: it is
 * recorded, and bounded by what can't be but a timer lost. What it is measured
 * from may be late, too.
 */
bool near_us(int64_t got, int64_t want)
{
	bool exact = is_tern() && timetravel();
	int64_t early = exact ? 1000 : 30000;
	int64_t late = exact ? 10000 : SOON * 1000LL + want;

	if (got >= want - early && got <= want + late) {
		if (!exact)
			fprintf(stderr, "# late: %lld us of %lld\n",
				(long long)(got - want), (long long)want);
		return true;
	}
	fprintf(stderr, "# %.6f s, expected %.6f s\n", got / 1e6, want / 1e6);
	return false;
}

long scaled(long n)
{
	const char *s = getenv("TERN_SCALE");

	return s && *s ? (long)(n * atof(s)) : n;
}

int run(const char *fmt, ...)
{
	char cmd[2048];
	va_list ap;
	int ret;

	va_start(ap, fmt);
	vsnprintf(cmd, sizeof(cmd), fmt, ap);
	va_end(ap);
	ret = system(cmd);
	if (ret)
		fprintf(stderr, "# failed (%#x): %s\n", ret, cmd);
	return ret ? -1 : 0;
}

static FILE *open_net(const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/thread-self/net/%s", name);
	return fopen(path, "r");
}

/* One line of /proc/net/tern, or of /proc/net/tcp. */
static bool parse(const char *line, int *lport, int *rport, struct sk_line *k)
{
	char local[64], remote[64], state[24];
	unsigned int lp, rp, st;

	if (is_tern()) {
		if (sscanf(line, "%63s %63s %23s %u %u %15s %lf %d", local, remote,
			   state, &k->rxq, &k->txq, k->timer, &k->left_ms,
			   &k->retrans) < 5 || !strrchr(local, ':') ||
		    !strrchr(remote, ':'))
			return false;
		*lport = atoi(strrchr(local, ':') + 1);
		*rport = atoi(strrchr(remote, ':') + 1);
		k->state = state_number(state);
		return k->state != 0;
	}
	if (sscanf(line, " %*d: %*[0-9A-F]:%x %*[0-9A-F]:%x %x %x:%x", &lp, &rp,
		   &st, &k->txq, &k->rxq) != 5)
		return false;
	*lport = lp;
	*rport = rp;
	k->state = st;
	return true;
}

struct sk_line sk_find(int lport, int rport, int state)
{
	struct sk_line found = { 0 }, k;
	FILE *f = open_net(is_tern() ? "tern" : is_v6() ? "tcp6" : "tcp");
	char line[512];
	int lp, rp;

	if (!f)
		return found;
	while (fgets(line, sizeof(line), f)) {
		memset(&k, 0, sizeof(k));
		if (!parse(line, &lp, &rp, &k))
			continue;
		if ((lport && lp != lport) || (rport && rp != rport) ||
		    (state && k.state != state))
			continue;
		/* The listener only when nothing else matches or it is asked for. */
		if (k.state == TERN_LISTEN && state != TERN_LISTEN)
			continue;
		k.count = found.count + 1;
		found = k;
	}
	fclose(f);
	return found;
}

int sk_state(int lport, int rport)
{
	return sk_find(lport, rport, 0).state;
}

int sk_count(int lport, int rport, int state)
{
	return sk_find(lport, rport, state).count;
}

bool wait_state(int lport, int rport, int state, int ms)
{
	if (wait_for(sk_count(lport, rport, state) > 0, ms))
		return true;
	fprintf(stderr, "# port %d: state %s, expected %s\n", lport,
		state_name(sk_state(lport, rport)), state_name(state));
	return false;
}

bool wait_gone(int lport, int rport, int ms)
{
	if (wait_for(sk_count(lport, rport, 0) == 0, ms))
		return true;
	fprintf(stderr, "# port %d: still there in state %s\n", lport,
		state_name(sk_state(lport, rport)));
	return false;
}

/* snmp and netstat: a line of names, then a line of values. */
static long stat_tcp(const char *file, const char *prefix, const char *name)
{
	char head[4096], vals[4096];
	FILE *f = open_net(file);
	long ret = -1;

	while (f && fgets(head, sizeof(head), f) && fgets(vals, sizeof(vals), f)) {
		char *a, *b, *pa, *pb;

		if (strncmp(head, prefix, strlen(prefix)))
			continue;
		a = strtok_r(head, " \n", &pa);
		b = strtok_r(vals, " \n", &pb);
		while (a && b) {
			if (!strcmp(a, name))
				ret = atol(b);
			a = strtok_r(NULL, " \n", &pa);
			b = strtok_r(NULL, " \n", &pb);
		}
	}
	if (f)
		fclose(f);
	return ret;
}

long stat_get(const char *name)
{
	char key[64];
	long val, ret = -1;
	FILE *f;

	if (!is_tern()) {
		ret = stat_tcp("snmp", "Tcp:", name);
		return ret < 0 ? stat_tcp("netstat", "TcpExt:", name) : ret;
	}
	f = open_net("tern_stats");
	if (!f)
		return -1;
	while (fscanf(f, "%63s %ld", key, &val) == 2)
		if (!strcmp(key, name))
			ret = val;
	fclose(f);
	return ret;
}

int file_put(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), len = strlen(value), n;

	if (fd < 0)
		return -errno;
	n = write(fd, value, len);
	if (n < 0)
		n = -errno;
	close(fd);
	return n == len ? 0 : n < 0 ? n : -EIO;
}

long file_num(const char *path, const char *format)
{
	FILE *f = fopen(path, "r");
	char line[256];
	long n = -1;

	while (f && fgets(line, sizeof(line), f) && sscanf(line, format, &n) != 1)
		;
	if (f)
		fclose(f);
	return n;
}

static void sysctl_path(char *path, size_t size, const char *name)
{
	snprintf(path, size, is_tern() ? "/proc/sys/net/tern/%s" :
		 "/proc/sys/net/ipv4/tcp_%s", name);
}

int sysctl_set(const char *name, const char *value)
{
	int which = record_here(), ret;
	char path[128];

	sysctl_path(path, sizeof(path), name);
	ret = file_put(path, value);
	if (which >= 0 && !ret)
		record_note(which, "sysctl %s %s", name, value);
	return ret;
}

int sysctl_get(const char *name, char *value, size_t size)
{
	char path[128];
	ssize_t n;
	int fd;

	sysctl_path(path, sizeof(path), name);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return -errno;
	n = read(fd, value, size - 1);
	close(fd);
	if (n < 0)
		return -EIO;
	value[n] = '\0';
	value[strcspn(value, "\n")] = '\0';
	return 0;
}

long sysctl_num(const char *name)
{
	char value[64];

	return sysctl_get(name, value, sizeof(value)) ? -1 : atol(value);
}
