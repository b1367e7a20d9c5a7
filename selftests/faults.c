// SPDX-License-Identifier: GPL-2.0
/*
 * Memory runs out. Each allocation that a call makes fails once, one after
 * the other (fail-nth); or those of segments, sockets and entries do now and
 * then (failslab). A call gets by or says so and can be made again; no byte and
 * no connection is lost, and nothing is left over, as kmemleak tells.
 */
#include <pthread.h>
#include <sched.h>

#include "fixture.h"

HOSTS_FIXTURE()

#define FAILSLAB	"/sys/kernel/debug/failslab/"
#define NO_MORE		100000	/* allocations of one call */

/* Of this thread's allocations */
static int nth_fd = -1;

static int nth_open(void)
{
	/* That it may fail need not be told, nor only what can't wait fail. */
	if (file_put(FAILSLAB "verbose", "0") || file_put(FAILSLAB "ignore-gfp-wait", "N"))
		return -1;
	nth_fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	return nth_fd < 0 ? -1 : 0;
}

static void nth_set(int n)
{
	char text[16];

	pwrite(nth_fd, text, sprintf(text, "%d", n), 0);
}

/* How many more until one fails; 0: it did */
static int nth_left(void)
{
	char text[16] = "";

	pread(nth_fd, text, sizeof(text) - 1, 0);
	nth_set(0);
	return atoi(text);
}

#define SKIP_UNLESS_FAULTS() do {					\
	if (nth_open())							\
		SKIP(return, "no CONFIG_FAILSLAB");			\
} while (0)

static bool out_of_memory(int err)
{
	/* ENFILE: what Linux says when there is no inode. */
	return err == ENOMEM || err == ENOBUFS || err == ENFILE;
}

/*
 * @call, with the first allocation failing, then the second, until none is
 * left to fail: then @r is what it returned. @undo follows each success before.
 */
#define EACH(r, call, undo) do {					\
	int _n = 0, _left, _by = 0;					\
									\
	for (;;) {							\
		int _err;						\
									\
		nth_set(++_n);						\
		r = (call);						\
		_err = errno;						\
		_left = nth_left();					\
		if (_left)						\
			break;						\
		if (r < 0) {						\
			EXPECT_TRUE(out_of_memory(_err)) {		\
				TH_LOG("%s: %s", #call, strerror(_err)); \
			}						\
		} else {						\
			_by++;						\
			undo;						\
		}							\
	}								\
	fprintf(stderr, "# %s: %d allocations, %d of them not needed\n", #call, _n - 1, _by); \
} while (0)

/* A connection from A to the listener at B, at B's end */
static int taken(struct topo *t, int listener)
{
	int fd = -1;

	topo_enter(t, 1);
	if (sk_wait(listener, POLLIN, SOON))
		fd = accept(listener, NULL, NULL);
	topo_enter(t, 0);
	return fd;
}

static int listen_at_b(struct topo *t)
{
	int fd;

	topo_enter(t, 1);
	fd = sk_listen(PORT, 64);
	topo_enter(t, 0);
	return fd;
}

TEST_F(hosts, before_the_connection)
{
	int fd, r, listener, spare;

	SKIP_UNLESS_FAULTS();
	close(self->w.fd);
	EACH(fd, sk_new(0), close(fd));
	ASSERT_LE(0, fd);
	EACH(r, sk_bind(fd, HOST_A, PORT + 1), { close(fd); fd = sk_new(0); });
	EXPECT_EQ(0, r);
	EACH(r, listen(fd, 5), { close(fd); fd = sk_new(0); sk_bind(fd, HOST_A, PORT + 1); });
	EXPECT_EQ(0, r);
	EXPECT_EQ(1, sk_count(PORT + 1, 0, TERN_LISTEN));
	close(fd);

	listener = listen_at_b(&self->t);
	ASSERT_LE(0, listener);
	fd = sk_new(0);
	sk_timeouts(fd, SOON);
	EACH(r, sk_connect(fd, HOST_B, PORT), {
		spare = taken(&self->t, listener);
		EXPECT_LE(0, spare);
		close(spare);
		close(fd);
		fd = sk_new(0);
		sk_timeouts(fd, SOON);
	});
	EXPECT_EQ(0, r);
	EXPECT_EQ(0, sk_error(fd));
	EXPECT_EQ(TERN_ESTABLISHED, sk_state(sk_port(fd), PORT));

	/* Nobody's turn is lost by an accept() that failed. */
	topo_enter(&self->t, 1);
	ASSERT_TRUE(sk_wait(listener, POLLIN, SOON) & POLLIN);
	EACH(r, accept(listener, NULL, NULL), {
		close(r);
		topo_enter(&self->t, 0);
		close(fd);
		fd = sk_dial(HOST_B, PORT, 0, 0);
		topo_enter(&self->t, 1);
		ASSERT_TRUE(sk_wait(listener, POLLIN, SOON) & POLLIN);
	});
	EXPECT_LE(0, r);
	EXPECT_EQ(1, send(fd, "x", 1, 0));
	EXPECT_EQ(1, recv(r, &(char){ 0 }, 1, 0));
	close(r);
}

TEST_F(hosts, within_the_connection)
{
	static uint8_t buf[30000];
	int fd[2], r, sent = 0, got = 0, size = 1 << 20;
	struct tern_info ti;
	socklen_t len;

	SKIP_UNLESS_FAULTS();
	close(self->w.fd);
	ASSERT_EQ(0, sk_pair(&self->t, fd, PORT));
	setsockopt(fd[0], SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	for (int i = 0; i < (int)sizeof(buf); i++)
		buf[i] = i % 251;

	/* What a send() says it took comes, and nothing else. */
	EACH(r, send(fd[0], buf + sent % 251, 5000, 0), sent += r);
	EXPECT_LT(0, r);
	sent += r;
	while (got < sent) {
		uint8_t in[4096];
		ssize_t n = recv(fd[1], in, sizeof(in), 0);

		ASSERT_LT(0, n);
		for (int i = 0; i < n; i++)
			if (in[i] != (got + i) % 251) {
				ASSERT_EQ(-1, got + i);
			}
		got += n;
	}
	EXPECT_EQ(sent, got);
	EXPECT_EQ(-1, recv(fd[1], buf, 1, MSG_DONTWAIT));

	EACH(r, setsockopt(fd[0], proto(), TERN_KEEPIDLE, &(int){ 100 }, sizeof(int)), {});
	EXPECT_EQ(0, r);
	len = sizeof(ti);
	EACH(r, getsockopt(fd[0], proto(), TERN_INFO, &ti, &len), {});
	EXPECT_EQ(0, r);
	/* The FIN is on its way all the same. */
	nth_set(1);
	EXPECT_EQ(0, shutdown(fd[0], SHUT_WR));
	nth_left();
	EXPECT_EQ(0, recv(fd[1], buf, 1, 0));
	nth_set(1);
	close(fd[1]);
	nth_left();
	EXPECT_EQ(0, recv(fd[0], buf, 1, 0));
	topo_enter(&self->t, 1);
	EXPECT_TRUE(wait_gone(PORT, sk_port(fd[0]), SOON));
}

/* A namespace begins with our part of it: what fails there is undone. */
TEST_F(hosts, new_namespace)
{
	int total, r, failed = 0;

	SKIP_UNLESS_FAULTS();
	nth_set(NO_MORE);
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	total = NO_MORE - nth_left();
	/* The module was loaded last, and so comes last. */
	for (int n = total; n > 0 && n > total - 40; n--) {
		nth_set(n);
		r = unshare(CLONE_NEWNET);
		if (nth_left())
			continue;
		if (r) {
			EXPECT_TRUE(out_of_memory(errno));
			failed++;
		}
	}
	fprintf(stderr, "# %d allocations, %d of the last 40 needed\n", total, failed);
	EXPECT_LT(0, failed);
	EXPECT_EQ(0, unshare(CLONE_NEWNET));
	r = sk_new(0);
	EXPECT_LE(0, r);
	close(r);
}

/* Of all that is going on: one in ten objects of the caches of @which fail. */
static int failslab_on(const char *const *which)
{
	char path[128];

	for (; *which; which++) {
		snprintf(path, sizeof(path), "/sys/kernel/slab/%s/failslab", *which);
		if (file_put(path, "1"))
			return -1;
	}
	return file_put(FAILSLAB "cache-filter", "Y") || file_put(FAILSLAB "times", "-1") ||
	       file_put(FAILSLAB "probability", "10");
}

/* To open a file, too, may fail until then. */
static bool failslab_off(void)
{
	return wait_for(!file_put(FAILSLAB "probability", "0"), SOON);
}

static const char *const segments[] = {
	"skbuff_head_cache", "skbuff_fclone_cache", "skbuff_small_head", NULL
};

static const char *const connections[] = {
	"skbuff_head_cache", "skbuff_fclone_cache", "skbuff_small_head",
	"kmalloc-256", "kmalloc-512", "kmalloc-1k", "TERN", NULL
};

#define BYTES	(256 * 1024)

struct flow {
	int from, to;
	int error, wrong, got;
};

static void *sender(void *arg)
{
	struct flow *f = arg;
	uint8_t buf[4096];

	for (int at = 0; at < BYTES;) {
		ssize_t n;

		for (int i = 0; i < (int)sizeof(buf); i++)
			buf[i] = (at + i) % 251;
		n = send(f->from, buf, BYTES - at < (int)sizeof(buf) ? BYTES - at : (int)sizeof(buf),
			 MSG_NOSIGNAL);
		if (n < 0 && !out_of_memory(errno)) {
			f->error = errno;
			return NULL;
		}
		at += n > 0 ? n : 0;
	}
	shutdown(f->from, SHUT_WR);
	return NULL;
}

static void *receiver(void *arg)
{
	struct flow *f = arg;
	uint8_t buf[4096];
	ssize_t n;

	while ((n = recv(f->to, buf, sizeof(buf), 0)) != 0) {
		if (n < 0 && out_of_memory(errno))
			continue;
		if (n < 0) {
			f->error = errno;
			return NULL;
		}
		for (int i = 0; i < n; i++)
			f->wrong += buf[i] != (f->got + i) % 251;
		f->got += n;
	}
	return NULL;
}

/* One in ten segments can't be made or copied: all comes nevertheless. */
TEST_F(hosts, transfer)
{
	struct flow f[2];
	pthread_t t[4];
	int fd[2];

	SKIP_UNLESS_FAULTS();
	close(self->w.fd);
	for (int i = 0; i < 2 && is_tern(); i++) {
		topo_enter(&self->t, i);
		sysctl_set("rto_max_us", "200000");
		sysctl_set("retries2", "100");
	}
	ASSERT_EQ(0, sk_pair(&self->t, fd, PORT));
	for (int i = 0; i < 2; i++) {
		sk_timeouts(fd[i], 60000);
		f[i] = (struct flow){ .from = fd[i], .to = fd[!i] };
	}
	ASSERT_EQ(0, failslab_on(segments));
	for (int i = 0; i < 2; i++) {
		pthread_create(&t[i], NULL, sender, &f[i]);
		pthread_create(&t[2 + i], NULL, receiver, &f[i]);
	}
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	EXPECT_TRUE(failslab_off());
	for (int i = 0; i < 2; i++) {
		EXPECT_EQ(0, f[i].error);
		EXPECT_EQ(0, f[i].wrong);
		EXPECT_EQ(BYTES, f[i].got);
	}
}

#define CLIENTS	30

/*
 * Entries, sockets and segments fail, one in ten: a call may have to be made
 * again, but each handshake ends, and each close.
 */
TEST_F(hosts, opens_and_closes)
{
	int listener, done = 0, again = 0;

	SKIP_UNLESS_FAULTS();
	close(self->w.fd);
	for (int i = 0; i < 2 && is_tern(); i++) {
		topo_enter(&self->t, !i);
		sysctl_set("rto_init_us", "50000");
		sysctl_set("rto_max_us", "200000");
		sysctl_set("retries2", "100");
		sysctl_set("syn_retries", "50");
		sysctl_set("synack_retries", "50");
		sysctl_set("msl_ms", "50");
	}
	listener = listen_at_b(&self->t);
	ASSERT_LE(0, listener);
	fcntl(listener, F_SETFL, O_NONBLOCK);
	ASSERT_EQ(0, failslab_on(connections));
	for (int i = 0; i < CLIENTS; i++) {
		int64_t end = now_us() + 4 * SOON * 1000LL;
		int fd = -1, to = -1;
		char c;

		for (; fd < 0 && now_us() < end; again += fd < 0) {
			fd = sk_new(SOCK_NONBLOCK);
			if (fd >= 0 && sk_connect(fd, HOST_B, PORT) && errno != EINPROGRESS) {
				close(fd);
				fd = -1;
			}
		}
		while (to < 0 && now_us() < end) {
			sk_wait(listener, POLLIN, 100);
			to = accept(listener, NULL, NULL);
		}
		if (fd >= 0 && to >= 0 && sk_wait(fd, POLLOUT, SOON) & POLLOUT) {
			sk_timeouts(to, SOON);
			while (send(fd, "x", 1, MSG_NOSIGNAL) < 0 &&
			       (out_of_memory(errno) || errno == EAGAIN))
				;
			done += recv(to, &c, 1, 0) == 1;
		}
		close(fd);
		close(to);
	}
	EXPECT_TRUE(failslab_off());
	fprintf(stderr, "# %d calls had to be made again\n", again);
	EXPECT_EQ(CLIENTS, done);
	for (int i = 0; i < 2; i++) {
		topo_enter(&self->t, i);
		EXPECT_TRUE(wait_for(sk_count(0, 0, 0) <= i, 2 * SOON));
	}
}

TEST_HARNESS_MAIN
