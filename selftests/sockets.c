// SPDX-License-Identifier: GPL-2.0
/*
 * sockets: what a stream socket promises to programs: blocking and not,
 * partial transfers, the MSG_ flags, poll and epoll, signals, options,
 * queue lengths, sendfile and splice.
 */
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

#include <linux/filter.h>
#include <linux/sockios.h>

#include "fixture.h"

FIXTURE(pair)
{
	struct topo t;
	int c, s;
};

FIXTURE_SETUP(pair)
{
	int fd[2];

	SKIP_UNLESS_AVAILABLE();
	ASSERT_EQ(0, topo_up(&self->t, TOPO_HOSTS));
	ASSERT_EQ(0, sk_pair(&self->t, fd, PORT));
	self->c = fd[0];
	self->s = fd[1];
}

FIXTURE_TEARDOWN(pair)
{
	topo_down(&self->t);
}

static int inq(int fd)
{
	int n = -1;

	ioctl(fd, SIOCINQ, &n);
	return n;
}

static int outq(int fd)
{
	int n = -1;

	ioctl(fd, SIOCOUTQ, &n);
	return n;
}

static bool filled(int fd, int n)
{
	return wait_for(inq(fd) == n, SOON);
}

TEST_F(pair, names)
{
	struct sk_name n = sk_local(self->c);
	int port = sk_name_port(&n);

	EXPECT_TRUE(sk_name_is(&n, HOST_A, port));
	n = sk_peer(self->s);
	EXPECT_TRUE(sk_name_is(&n, HOST_A, port));
	n = sk_peer(self->c);
	EXPECT_TRUE(sk_name_is(&n, HOST_B, PORT));
	n = sk_local(self->s);
	EXPECT_TRUE(sk_name_is(&n, HOST_B, PORT));
}

TEST_F(pair, peek)
{
	char buf[8] = "";

	ASSERT_EQ(4, send(self->c, "abcd", 4, 0));
	ASSERT_TRUE(filled(self->s, 4));
	EXPECT_EQ(2, recv(self->s, buf, 2, MSG_PEEK));
	EXPECT_EQ(4, recv(self->s, buf, 8, MSG_PEEK));
	EXPECT_EQ(0, memcmp(buf, "abcd", 4));
	EXPECT_EQ(4, inq(self->s));
	EXPECT_EQ(1, recv(self->s, buf, 1, 0));
	EXPECT_EQ(3, recv(self->s, buf, 8, 0));
	EXPECT_EQ(0, memcmp(buf, "bcd", 3));
	EXPECT_EQ(-1, recv(self->s, buf, 8, MSG_PEEK | MSG_DONTWAIT));
	EXPECT_EQ(EAGAIN, errno);
}

struct later {
	int fd;
	const char *what;
	int how;		/* shutdown() after it, or -1 */
};

static void *send_later(void *arg)
{
	struct later *l = arg;

	usleep(50000);
	if (l->what)
		send(l->fd, l->what, strlen(l->what), MSG_NOSIGNAL);
	if (l->how >= 0)
		shutdown(l->fd, l->how);
	return NULL;
}

TEST_F(pair, waitall)
{
	struct later l = { self->c, "second", -1 };
	pthread_t t;
	char buf[16];

	ASSERT_EQ(5, send(self->c, "first", 5, 0));
	ASSERT_TRUE(filled(self->s, 5));
	pthread_create(&t, NULL, send_later, &l);
	EXPECT_EQ(11, recv(self->s, buf, 11, MSG_WAITALL));
	EXPECT_EQ(0, memcmp(buf, "firstsecond", 11));
	pthread_join(t, NULL);
	/* Cut short by the end of the stream. */
	l.what = "end";
	l.how = SHUT_WR;
	pthread_create(&t, NULL, send_later, &l);
	EXPECT_EQ(3, recv(self->s, buf, 16, MSG_WAITALL));
	EXPECT_EQ(0, recv(self->s, buf, 16, MSG_WAITALL));
	pthread_join(t, NULL);
}

TEST_F(pair, blocking_wakes)
{
	struct later l = { self->c, "x", -1 };
	pthread_t t;
	char c;

	pthread_create(&t, NULL, send_later, &l);
	EXPECT_EQ(1, recv(self->s, &c, 1, 0));
	pthread_join(t, NULL);
}

TEST_F(pair, dontwait)
{
	static char buf[65536];
	size_t total = 0, got = 0;
	ssize_t n;

	EXPECT_EQ(-1, recv(self->s, buf, 1, MSG_DONTWAIT));
	EXPECT_EQ(EAGAIN, errno);
	while ((n = send(self->c, buf, sizeof(buf), MSG_DONTWAIT)) > 0)
		total += n;
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_GT(total, 16384);
	/* Everything that was taken arrives. */
	while (got < total) {
		n = recv(self->s, buf, sizeof(buf), 0);
		ASSERT_GT(n, 0);
		got += n;
	}
	EXPECT_EQ(total, got);
	EXPECT_EQ(POLLOUT, sk_wait(self->c, POLLOUT, SOON));
}

TEST_F(pair, trunc)
{
	char buf[8] = "-------";

	ASSERT_EQ(6, send(self->c, "abcdef", 6, 0));
	ASSERT_TRUE(filled(self->s, 6));
	/* MSG_TRUNC: bytes are consumed and not copied. */
	EXPECT_EQ(4, recv(self->s, buf, 4, MSG_TRUNC));
	EXPECT_EQ('-', buf[0]);
	EXPECT_EQ(2, recv(self->s, buf, 8, 0));
	EXPECT_EQ(0, memcmp(buf, "ef", 2));
}

TEST_F(pair, iovecs)
{
	char a[3], b[4];
	struct iovec out[] = { { "ab", 2 }, { "", 0 }, { "cdefg", 5 } };
	struct iovec in[] = { { a, 3 }, { b, 4 } };

	EXPECT_EQ(7, writev(self->c, out, 3));
	ASSERT_TRUE(filled(self->s, 7));
	EXPECT_EQ(7, readv(self->s, in, 2));
	EXPECT_EQ(0, memcmp(a, "abc", 3));
	EXPECT_EQ(0, memcmp(b, "defg", 4));
}

static volatile sig_atomic_t pipes;

static void on_pipe(int sig)
{
	pipes++;
}

TEST_F(pair, sigpipe)
{
	signal(SIGPIPE, on_pipe);
	ASSERT_EQ(0, shutdown(self->c, SHUT_WR));
	EXPECT_EQ(-1, send(self->c, "x", 1, MSG_NOSIGNAL));
	EXPECT_EQ(EPIPE, errno);
	EXPECT_EQ(0, pipes);
	EXPECT_EQ(-1, send(self->c, "x", 1, 0));
	EXPECT_EQ(EPIPE, errno);
	EXPECT_EQ(1, pipes);
	EXPECT_EQ(-1, write(self->c, "x", 1));
	EXPECT_EQ(2, pipes);
}

static void on_alarm(int sig) { }

TEST_F(pair, interrupted)
{
	struct sigaction sa = { .sa_handler = on_alarm };
	char c;

	sigaction(SIGUSR1, &sa, NULL);
	sk_timeouts(self->s, 0);
	struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	struct itimerspec ts = { { 0, 50000000 }, { 0, 50000000 } };
	timer_t timer;

	ASSERT_EQ(0, timer_create(CLOCK_MONOTONIC, &ev, &timer));
	ASSERT_EQ(0, timer_settime(timer, 0, &ts, NULL));
	EXPECT_EQ(-1, recv(self->s, &c, 1, 0));
	EXPECT_EQ(EINTR, errno);
}

TEST_F(pair, timeouts)
{
	int64_t start = now_us();
	char c;

	sk_timeouts(self->s, 100);
	EXPECT_EQ(-1, recv(self->s, &c, 1, 0));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_GE(now_us() - start, 90000);
	EXPECT_LT(now_us() - start, 3000000);
}

TEST_F(pair, oob_refused)
{
	char c;

	if (!is_tern())
		SKIP(return, "TCP has it");
	EXPECT_EQ(-1, send(self->c, "x", 1, MSG_OOB));
	EXPECT_EQ(EOPNOTSUPP, errno);
	EXPECT_EQ(-1, recv(self->c, &c, 1, MSG_OOB));
	EXPECT_EQ(EOPNOTSUPP, errno);
}

TEST_F(pair, more)
{
	struct tern_info a = { 0 }, b = { 0 };
	socklen_t len = sizeof(a);
	char buf[128];

	getsockopt(self->c, IPPROTO_TCP, TERN_INFO, &a, &len);
	for (int i = 0; i < 100; i++)
		ASSERT_EQ(1, send(self->c, "m", 1, i < 99 ? MSG_MORE : 0));
	EXPECT_EQ(100, recv(self->s, buf, 100, MSG_WAITALL));
	getsockopt(self->c, IPPROTO_TCP, TERN_INFO, &b, &len);
	EXPECT_GE(b.ti_data_segs_out - a.ti_data_segs_out, 1);
	EXPECT_LE(b.ti_data_segs_out - a.ti_data_segs_out, 2);
}

TEST_F(pair, cork)
{
	int on = 1, off = 0;
	char c;

	ASSERT_EQ(0, setsockopt(self->c, IPPROTO_TCP, TERN_CORK, &on, sizeof(on)));
	ASSERT_EQ(1, send(self->c, "c", 1, 0));
	EXPECT_EQ(0, sk_wait(self->s, POLLIN, 50));
	ASSERT_EQ(0, setsockopt(self->c, IPPROTO_TCP, TERN_CORK, &off, sizeof(off)));
	EXPECT_EQ(POLLIN, sk_wait(self->s, POLLIN, SOON));
	EXPECT_EQ(1, recv(self->s, &c, 1, 0));
}

TEST_F(pair, queues)
{
	static char buf[100000];

	EXPECT_EQ(0, inq(self->s));
	EXPECT_EQ(0, outq(self->c));
	ASSERT_EQ(1000, send(self->c, buf, 1000, 0));
	EXPECT_TRUE(filled(self->s, 1000));
	EXPECT_TRUE(wait_for(outq(self->c) == 0, SOON));
	EXPECT_EQ(300, recv(self->s, buf, 300, 0));
	EXPECT_EQ(700, inq(self->s));
	/* The reader rests: what doesn't fit there waits here. */
	while (send(self->c, buf, sizeof(buf), MSG_DONTWAIT) > 0)
		;
	EXPECT_GT(outq(self->c), 0);
}

TEST_F(pair, lowat)
{
	int n = 10;
	char buf[16];

	ASSERT_EQ(0, setsockopt(self->s, SOL_SOCKET, SO_RCVLOWAT, &n, sizeof(n)));
	ASSERT_EQ(5, send(self->c, "12345", 5, 0));
	ASSERT_TRUE(filled(self->s, 5));
	EXPECT_EQ(0, sk_wait(self->s, POLLIN, 50));
	ASSERT_EQ(5, send(self->c, "67890", 5, 0));
	EXPECT_EQ(POLLIN, sk_wait(self->s, POLLIN, SOON));
	EXPECT_EQ(10, recv(self->s, buf, 16, 0));
}

TEST_F(pair, poll_states)
{
	char c;

	EXPECT_EQ(POLLOUT, sk_wait(self->c, POLLIN | POLLOUT | POLLRDHUP, 0));
	ASSERT_EQ(1, send(self->s, "x", 1, 0));
	EXPECT_EQ(POLLIN, sk_wait(self->c, POLLIN, SOON));
	EXPECT_EQ(1, recv(self->c, &c, 1, 0));
	ASSERT_EQ(0, shutdown(self->s, SHUT_WR));
	EXPECT_EQ(POLLRDHUP, sk_wait(self->c, POLLRDHUP, SOON));
	EXPECT_EQ(POLLIN | POLLOUT | POLLRDHUP,
		  sk_wait(self->c, POLLIN | POLLOUT | POLLRDHUP, 0));
	ASSERT_EQ(0, shutdown(self->c, SHUT_WR));
	EXPECT_TRUE(sk_wait(self->c, 0, SOON) & POLLHUP);
}

TEST_F(pair, epoll_level)
{
	struct epoll_event ev = { .events = EPOLLIN };
	int ep = epoll_create1(0);
	char buf[8];

	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, self->s, &ev));
	EXPECT_EQ(0, epoll_wait(ep, &ev, 1, 0));
	ASSERT_EQ(2, send(self->c, "ab", 2, 0));
	EXPECT_EQ(1, epoll_wait(ep, &ev, 1, SOON));
	EXPECT_EQ(1, recv(self->s, buf, 1, 0));
	/* Still something there. */
	EXPECT_EQ(1, epoll_wait(ep, &ev, 1, 0));
	EXPECT_EQ(1, recv(self->s, buf, 1, 0));
	EXPECT_EQ(0, epoll_wait(ep, &ev, 1, 0));
}

TEST_F(pair, epoll_edge)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLOUT | EPOLLET };
	int ep = epoll_create1(0);
	static char buf[65536];
	size_t total = 0;
	ssize_t n;

	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, self->c, &ev));
	EXPECT_EQ(1, epoll_wait(ep, &ev, 1, SOON));
	EXPECT_EQ(EPOLLOUT, ev.events);
	EXPECT_EQ(0, epoll_wait(ep, &ev, 1, 0));
	ASSERT_EQ(1, send(self->s, "a", 1, 0));
	EXPECT_EQ(1, epoll_wait(ep, &ev, 1, SOON));
	EXPECT_TRUE(ev.events & EPOLLIN);
	/* Not read, yet no second event without news. */
	EXPECT_EQ(0, epoll_wait(ep, &ev, 1, 50));
	ASSERT_EQ(1, send(self->s, "b", 1, 0));
	EXPECT_EQ(1, epoll_wait(ep, &ev, 1, SOON));
	/* Full, then drained: one event of space. */
	while ((n = send(self->c, buf, sizeof(buf), MSG_DONTWAIT)) > 0)
		total += n;
	while (epoll_wait(ep, &ev, 1, 50) > 0)
		;
	/* Acknowledged while filling: writable again, so fill to the brim. */
	while ((n = send(self->c, buf, sizeof(buf), MSG_DONTWAIT)) > 0)
		total += n;
	while (total) {
		n = recv(self->s, buf, sizeof(buf), 0);
		ASSERT_GT(n, 0);
		total -= n;
	}
	EXPECT_EQ(1, epoll_wait(ep, &ev, 1, SOON));
	EXPECT_TRUE(ev.events & EPOLLOUT);
}

TEST_F(pair, accept_wakes_epoll)
{
	struct epoll_event ev = { .events = EPOLLIN };
	int l, ep = epoll_create1(0), fd, from;
	struct sk_name n = { .len = sizeof(n.space) };

	topo_enter(&self->t, 1);
	l = sk_listen(PORT + 1, 4);
	topo_enter(&self->t, 0);
	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, l, &ev));
	EXPECT_EQ(0, epoll_wait(ep, &ev, 1, 0));
	fd = sk_dial(HOST_B, PORT + 1, 0, 0);
	ASSERT_GE(fd, 0);
	from = sk_port(fd);
	EXPECT_EQ(1, epoll_wait(ep, &ev, 1, SOON));
	fd = accept4(l, &n.sa, &n.len, SOCK_NONBLOCK | SOCK_CLOEXEC);
	ASSERT_GE(fd, 0);
	EXPECT_TRUE(sk_name_is(&n, HOST_A, from));
	EXPECT_EQ(O_NONBLOCK, fcntl(fd, F_GETFL) & O_NONBLOCK);
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
}

/* Options of the listener are those of what it accepts. */
TEST_F(pair, inherited)
{
	int l, fd, v = 33, one = 1;
	socklen_t len = sizeof(v);

	topo_enter(&self->t, 1);
	l = sk_listen(PORT + 1, 4);
	setsockopt(l, IPPROTO_TCP, TERN_KEEPIDLE, &v, sizeof(v));
	setsockopt(l, IPPROTO_TCP, TERN_NODELAY, &one, sizeof(one));
	setsockopt(l, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
	topo_enter(&self->t, 0);
	ASSERT_GE(sk_dial(HOST_B, PORT + 1, 0, 0), 0);
	ASSERT_EQ(POLLIN, sk_wait(l, POLLIN, SOON));
	fd = accept(l, NULL, NULL);
	v = 0;
	EXPECT_EQ(0, getsockopt(fd, IPPROTO_TCP, TERN_KEEPIDLE, &v, &len));
	EXPECT_EQ(33, v);
	EXPECT_EQ(0, getsockopt(fd, IPPROTO_TCP, TERN_NODELAY, &v, &len));
	EXPECT_EQ(1, v);
	EXPECT_EQ(0, getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &v, &len));
	EXPECT_EQ(1, v);
}

static const struct { const char *name; int opt, val; } opts[] = {
	{ "NODELAY", TERN_NODELAY, 1 },
	{ "KEEPIDLE", TERN_KEEPIDLE, 100 },
	{ "KEEPINTVL", TERN_KEEPINTVL, 7 },
	{ "KEEPCNT", TERN_KEEPCNT, 4 },
	{ "SYNCNT", TERN_SYNCNT, 3 },
	{ "LINGER2", TERN_LINGER2, 20 },
	{ "USER_TIMEOUT", TERN_USER_TIMEOUT, 12345 },
	{ "RTO_MIN_US", TERN_RTO_MIN_US, 5000 },
	{ "RTO_MAX_US", TERN_RTO_MAX_US, 3000000 },
	{ "RTO_INIT_US", TERN_RTO_INIT_US, 500000 },
	{ "DELACK_MAX_US", TERN_DELACK_MAX_US, 1000 },
	{ "MSL_MS", TERN_MSL_MS, 250 },
	{ "KEEPIDLE_US", TERN_KEEPIDLE_US, 1500000 },
	{ "KEEPINTVL_US", TERN_KEEPINTVL_US, 250000 },
};

TEST_F(pair, option_round_trip)
{
	for (size_t i = 0; i < sizeof(opts) / sizeof(opts[0]); i++) {
		int fd = sk_new(0), v = opts[i].val;
		socklen_t len = sizeof(v);

		if (!is_tern() && opts[i].opt >= 128)
			continue;
		EXPECT_EQ(0, setsockopt(fd, is_tern() ? SOL_TERN : IPPROTO_TCP, opts[i].opt,
					&v, sizeof(v))) {
			TH_LOG("set %s: %s", opts[i].name, strerror(errno));
		}
		v = -5;
		/* The other level serves as well. */
		EXPECT_EQ(0, getsockopt(fd, IPPROTO_TCP, opts[i].opt, &v, &len)) {
			TH_LOG("get %s: %s", opts[i].name, strerror(errno));
		}
		EXPECT_EQ(opts[i].val, v) {
			TH_LOG("%s", opts[i].name);
		}
		close(fd);
	}
}

TEST_F(pair, info)
{
	struct tern_info ti;
	socklen_t len = sizeof(ti);
	char buf[1000];

	ASSERT_EQ(1000, send(self->c, memset(buf, 0, 1000), 1000, 0));
	ASSERT_EQ(1000, recv(self->s, buf, 1000, MSG_WAITALL));
	EXPECT_TRUE(wait_for(outq(self->c) == 0, SOON));
	memset(&ti, 0xee, sizeof(ti));
	ASSERT_EQ(0, getsockopt(self->c, is_tern() ? SOL_TERN : IPPROTO_TCP, TERN_INFO, &ti, &len));
	EXPECT_EQ(TERN_ESTABLISHED, ti.ti_state);
	EXPECT_EQ(0, ti.ti_unacked);
	EXPECT_GT(ti.ti_rto, 100000);
	EXPECT_GT(ti.ti_rtt, 0);
	EXPECT_GE(ti.ti_snd_cwnd, 10);
	EXPECT_GE(ti.ti_bytes_acked, 1000);
	EXPECT_GE(ti.ti_segs_out, 3);
	EXPECT_TRUE(ti.ti_options & TERNI_OPT_TIMESTAMPS);
	EXPECT_TRUE(ti.ti_options & TERNI_OPT_SACK);
	if (is_tern()) {
		EXPECT_EQ(sizeof(ti), len);
		EXPECT_EQ(40000, ti.ti_peer_mad_us);
		EXPECT_EQ(40000, ti.ti_delack_max_us);
		EXPECT_EQ(30000, ti.ti_msl_ms);
		EXPECT_EQ(ti.ti_snd_una, ti.ti_snd_nxt);
	}
	/* Cut to what is asked for. */
	len = 4;
	ASSERT_EQ(0, getsockopt(self->c, is_tern() ? SOL_TERN : IPPROTO_TCP, TERN_INFO, &ti, &len));
	EXPECT_EQ(4, len);
}

TEST_F(pair, sendfile)
{
	int file = open("/proc/self/exe", O_RDONLY);
	static char a[100000], b[100000];
	off_t at = 0;

	ASSERT_GE(file, 0);
	ASSERT_EQ(sizeof(a), pread(file, a, sizeof(a), 0));
	while (at < (off_t)sizeof(a)) {
		ssize_t n = sendfile(self->c, file, &at, sizeof(a) - at);

		ASSERT_GT(n, 0);
		/* Keep it flowing in one thread. */
		ASSERT_EQ(n, recv(self->s, b + at - n, n, MSG_WAITALL));
	}
	EXPECT_EQ(0, memcmp(a, b, sizeof(a)));
}

TEST_F(pair, splice)
{
	char buf[32];
	int p[2];

	ASSERT_EQ(0, pipe(p));
	ASSERT_EQ(6, write(p[1], "splice", 6));
	EXPECT_EQ(6, splice(p[0], NULL, self->c, NULL, 6, 0));
	EXPECT_EQ(POLLIN, sk_wait(self->s, POLLIN, SOON));
	EXPECT_EQ(6, splice(self->s, NULL, p[1], NULL, 32, 0));
	EXPECT_EQ(6, read(p[0], buf, sizeof(buf)));
	EXPECT_EQ(0, memcmp(buf, "splice", 6));
	/* End of the stream. */
	shutdown(self->c, SHUT_WR);
	EXPECT_EQ(0, splice(self->s, NULL, p[1], NULL, 32, 0));
}

/* A socket that was refused or disconnected can be used again. */
TEST_F(pair, disconnect)
{
	struct sockaddr none = { .sa_family = AF_UNSPEC };
	char c;
	int l;

	ASSERT_EQ(0, connect(self->c, &none, sizeof(none)));
	EXPECT_EQ(-1, recv(self->s, &c, 1, 0));
	EXPECT_EQ(ECONNRESET, errno);
	topo_enter(&self->t, 1);
	l = sk_listen(PORT + 1, 4);
	ASSERT_EQ(0, sk_connect(self->c, HOST_B, PORT + 1));
	ASSERT_EQ(POLLIN, sk_wait(l, POLLIN, SOON));
	close(self->s);
	self->s = accept(l, NULL, NULL);
	EXPECT_EQ(1, send(self->c, "y", 1, 0));
	sk_timeouts(self->s, SOON);
	EXPECT_EQ(1, recv(self->s, &c, 1, 0));
	EXPECT_EQ('y', c);
}

/* Many at once, each with its own bytes. */
TEST_F(pair, many)
{
	int n = scaled(100), l;
	int *c = calloc(n, sizeof(int)), *s = calloc(n, sizeof(int));

	topo_enter(&self->t, 1);
	l = sk_listen(PORT + 1, n);
	topo_enter(&self->t, 0);
	for (int i = 0; i < n; i++) {
		c[i] = sk_dial(HOST_B, PORT + 1, 0, 0);
		ASSERT_GE(c[i], 0);
		ASSERT_EQ(sizeof(i), send(c[i], &i, sizeof(i), 0));
	}
	for (int i = 0; i < n; i++) {
		int v = -1;

		ASSERT_EQ(POLLIN, sk_wait(l, POLLIN, SOON));
		s[i] = accept(l, NULL, NULL);
		ASSERT_GE(s[i], 0);
		sk_timeouts(s[i], SOON);
		ASSERT_EQ(sizeof(v), recv(s[i], &v, sizeof(v), MSG_WAITALL));
		EXPECT_EQ(i, v);
	}
	for (int i = 0; i < n; i++) {
		close(c[i]);
		close(s[i]);
	}
}

/* More than the window can hold is met by what it holds. */
TEST_F(pair, lowat_beyond_window)
{
	static char buf[65536];
	int want = 64 << 20;

	ASSERT_EQ(0, setsockopt(self->s, SOL_SOCKET, SO_RCVLOWAT, &want, sizeof(want)));
	fcntl(self->c, F_SETFL, O_NONBLOCK);
	do {
		while (send(self->c, buf, sizeof(buf), 0) > 0)
			;
	} while (sk_wait(self->c, POLLOUT, QUIET));
	EXPECT_EQ(POLLIN, sk_wait(self->s, POLLIN, SOON));
}

/* A socket that was never bound isn't by a send() that fails. */
TEST_F(pair, send_does_not_bind)
{
	int fd = sk_new(0);
	struct sk_name n;

	EXPECT_EQ(-1, send(fd, "x", 1, MSG_NOSIGNAL));
	EXPECT_EQ(EPIPE, errno);
	n = sk_local(fd);
	EXPECT_EQ(0, sk_name_port(&n));
	EXPECT_EQ(0, sk_bind(fd, NULL, 0));
	close(fd);
}

/* Reading moves what SO_PEEK_OFF counts from. */
TEST_F(pair, peek_off_follows_reading)
{
	char buf[8];
	int zero = 0;

	ASSERT_EQ(0, setsockopt(self->s, SOL_SOCKET, SO_PEEK_OFF, &zero, sizeof(zero)));
	ASSERT_EQ(8, send(self->c, "abcdefgh", 8, 0));
	ASSERT_TRUE(filled(self->s, 8));
	ASSERT_EQ(4, recv(self->s, buf, 4, MSG_PEEK));
	ASSERT_EQ(4, recv(self->s, buf, 4, 0));
	EXPECT_EQ(0, memcmp(buf, "abcd", 4));
	ASSERT_EQ(4, recv(self->s, buf, 4, MSG_PEEK | MSG_DONTWAIT));
	EXPECT_EQ(0, memcmp(buf, "efgh", 4));
}

/* sendfile() of more than there is: the end of the file doesn't wait for more. */
TEST_F(pair, sendfile_to_the_end)
{
	char name[] = "/tmp/tern.XXXXXX", buf[500] = "";
	int file = mkstemp(name);

	ASSERT_GE(file, 0);
	unlink(name);
	ASSERT_EQ(500, pwrite(file, buf, 500, 0));
	if (is_tern())
		ASSERT_EQ(0, sysctl_set("rto_min_us", "60000000"));
	EXPECT_EQ(500, sendfile(self->c, file, NULL, 1 << 20));
	EXPECT_TRUE(filled(self->s, 500));
	close(file);
}

/* The level of the answer is that of the question; the end counts as one more. */
TEST_F(pair, inq_level)
{
	char buf[4], control[64];
	struct iovec iov = { buf, 2 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control };
	struct cmsghdr *c;
	int on = 1, left;

	ASSERT_EQ(0, setsockopt(self->s, IPPROTO_TCP, TERN_INQ, &on, sizeof(on)));
	ASSERT_EQ(4, send(self->c, "data", 4, 0));
	shutdown(self->c, SHUT_WR);
	ASSERT_TRUE(sk_wait(self->s, POLLRDHUP, SOON) & POLLRDHUP);
	for (int i = 0; i < 2; i++) {
		msg.msg_controllen = sizeof(control);
		ASSERT_EQ(2, recvmsg(self->s, &msg, 0));
		c = CMSG_FIRSTHDR(&msg);
		ASSERT_NE(NULL, c);
		EXPECT_EQ(IPPROTO_TCP, c->cmsg_level);
		EXPECT_EQ(TERN_CM_INQ, c->cmsg_type);
		memcpy(&left, CMSG_DATA(c), sizeof(left));
		EXPECT_EQ(i ? 1 : 3, left);
	}
}

/* RFC 5082: what has come from afar is not for a socket that asks for neighbours. */
TEST_F(pair, rfc5082_3__min_ttl)
{
	int level = is_v6() ? IPPROTO_IPV6 : IPPROTO_IP;
	int min = is_v6() ? IPV6_MINHOPCOUNT : IP_MINTTL, ttl = is_v6() ? IPV6_UNICAST_HOPS : IP_TTL;
	int most = 255;

	ASSERT_EQ(0, setsockopt(self->s, level, min, &most, sizeof(most)));
	ASSERT_EQ(4, send(self->c, "data", 4, 0));
	topo_enter(&self->t, 1);
	if (is_tern())
		EXPECT_TRUE(wait_for(stat_get("TCPMinTTLDrop") > 0, SOON));
	EXPECT_EQ(0, sk_wait(self->s, POLLIN, QUIET));
	ASSERT_EQ(0, setsockopt(self->c, level, ttl, &most, sizeof(most)));
	EXPECT_EQ(POLLIN, sk_wait(self->s, POLLIN, SOON));
}

/* A connection has what its listener had: here a filter that lets all pass. */
TEST_F(pair, accepted_has_the_filter)
{
	struct sock_filter all[] = { BPF_STMT(BPF_RET | BPF_K, ~0U) }, got[4];
	struct sock_fprog prog = { 1, all };
	int listener, fd, c, prio = 5;
	socklen_t len = 4;

	listener = sk_listen(PORT + 1, 1);
	ASSERT_GE(listener, 0);
	ASSERT_EQ(0, setsockopt(listener, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)));
	ASSERT_EQ(0, setsockopt(listener, SOL_SOCKET, SO_PRIORITY, &prio, sizeof(prio)));
	c = sk_dial("127.0.0.1", PORT + 1, 0, 0);
	ASSERT_GE(c, 0);
	fd = accept(listener, NULL, NULL);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(0, getsockopt(fd, SOL_SOCKET, SO_GET_FILTER, got, &len));
	EXPECT_EQ(1, len);
	close(listener);
	ASSERT_EQ(4, send(c, "data", 4, 0));
	EXPECT_TRUE(filled(fd, 4));
	close(c);
	close(fd);
}

/* A filter cuts off payload, never the header: ACKs come through. */
TEST_F(pair, filter_leaves_the_header)
{
	struct sock_filter one_byte[] = { BPF_STMT(BPF_RET | BPF_K, 1) };
	struct sock_fprog prog = { 1, one_byte };

	ASSERT_EQ(0, setsockopt(self->c, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)));
	ASSERT_EQ(4, send(self->c, "data", 4, 0));
	EXPECT_TRUE(filled(self->s, 4));
	EXPECT_TRUE(wait_for(!sk_info(self->c).ti_unacked, SOON));
	topo_enter(&self->t, 0);
	if (is_tern())
		EXPECT_EQ(0, stat_get("RetransSegs"));
}

/* RFC 9293 3.7.1 MUST-16: IP options take their place in each packet. */
TEST_F(pair, rfc9293_3_7_1__ip_options)
{
	static char buf[100000];
	uint8_t nops[8] = { 1, 1, 1, 1, 1, 1, 1, 0 };
	int listener, c, fd, sent = 0, got = 0;

	if (is_v6())
		SKIP(return, "options of IPv4");
	topo_enter(&self->t, 1);
	listener = sk_listen(PORT + 1, 1);
	ASSERT_GE(listener, 0);
	topo_enter(&self->t, 0);
	topo_offload(&self->t, 0, false);
	c = sk_new(0);
	ASSERT_EQ(0, setsockopt(c, IPPROTO_IP, IP_OPTIONS, nops, sizeof(nops)));
	ASSERT_EQ(0, sk_connect(c, HOST_B, PORT + 1));
	fd = accept(listener, NULL, NULL);
	ASSERT_GE(fd, 0);
	fcntl(c, F_SETFL, O_NONBLOCK);
	sk_timeouts(fd, SOON);
	while (got < (int)sizeof(buf)) {
		ssize_t n = send(c, buf, sizeof(buf) - sent, 0);

		sent += n > 0 ? n : 0;
		n = recv(fd, buf, sizeof(buf), 0);
		ASSERT_GT(n, 0);
		got += n;
	}
	if (is_tern())
		EXPECT_EQ(0, stat_get("RetransSegs"));
}

TEST_HARNESS_MAIN
