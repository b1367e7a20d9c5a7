// SPDX-License-Identifier: GPL-2.0
/*
 * What a segment or a system call costs does not grow with what is queued: or a
 * peer, or a user, could have a CPU for next to nothing. In time travel, where
 * time is instructions.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <signal.h>
#include <time.h>

#include <linux/sock_diag.h>

#include "fixture.h"

#define MANY		2048		/* segments of one kind */
#define BATCH		64
#define FLIGHT		(4 << 20)	/* bytes */

WIRE_FIXTURE()
HOSTS_FIXTURE()

#define BEGIN()								\
	struct peer *p = &self->p;					\
									\
	if (!timetravel())						\
		SKIP(return, "measured in time travel")

static int large_buffers(void)
{
	return sysctl_set("rmem", "4096 131072 16777216") ||
	       sysctl_set("wmem", "8192 16777216 16777216");
}

/* Nanoseconds for each of @MANY segments like @s; @fd: until it has had them */
static long each_ns(struct peer *p, struct seg s, int fd)
{
	static uint8_t packet[BATCH][2048];
	static int len[BATCH];
	uint32_t before = fd < 0 ? 0 : sk_info(fd).ti_segs_in;
	int64_t start;

	for (int i = 0; i < BATCH; i++)
		len[i] = wire_build(p, &s, packet[i]);
	wire_drain(p->w);
	start = now_us();
	for (int i = 0; i < MANY / BATCH; i++)
		if (wire_send_many(p->w, packet, len, BATCH))
			return -1;
	if (fd >= 0 && !wait_for(sk_info(fd).ti_segs_in - before >= MANY, SOON))
		return -1;
	return (now_us() - start) * 1000 / MANY;
}

/* Of them what the host does, not who sends them */
static long host_ns(struct peer *p, struct seg s, int fd)
{
	long all = each_ns(p, s, fd), sending;

	p->w->to[5] ^= 0x80;
	sending = each_ns(p, s, -1);
	p->w->to[5] ^= 0x80;
	return all < 0 || sending < 0 ? -1 : all - sending;
}

/* A whole flight is sent and unacknowledged. Return: the socket, or -1 */
static int in_flight(struct topo *t, struct peer *p, uint32_t *una)
{
	static uint8_t buf[700 * 1460];		/* full segments */
	uint32_t in_all = 0, sent;
	int fd;

	/* Nothing but what is measured happens meanwhile; each segment is one of the queue. */
	if (topo_run(t, 0, "ip link set eth0 gso_max_segs 1") || large_buffers() || sysctl_set("rto_min_us", "60000000"))
		return -1;
	p->sack = true;
	p->has_mad = true;
	p->has_wscale = true;
	p->wscale = 8;
	if (peer_dial(p, &fd))
		return -1;
	*una = p->rcv_nxt;
	/* The window of congestion opens with what is acknowledged. */
	for (int rounds = 0; rounds < 30; rounds++) {
		while (in_all - (*una - p->rcv_nxt) < FLIGHT) {
			ssize_t n = send(fd, buf, sizeof(buf), MSG_DONTWAIT | MSG_NOSIGNAL);

			if (n <= 0)
				break;
			in_all += n;
		}
		wire_drain(p->w);
		sent = sk_info(fd).ti_snd_nxt;
		if (sent - *una >= FLIGHT)
			return fd;
		*una = sent;
		say(p, .flags = ACK, .seq = p->snd_nxt, .ack = *una);
		wait_for(sk_info(fd).ti_snd_una == *una, SOON);
	}
	fprintf(stderr, "# %u bytes in flight\n", sent - *una);
	return -1;
}

/*
 * A SACK that tells nothing new takes no walk through what was sent
 * (CVE-2019-11478): not one block, nor all four.
 */
TEST_F(wire, sack_repeated)
{
	long plain, sack;
	uint32_t una;
	int fd;

	BEGIN();
	fd = in_flight(&self->t, p, &una);
	ASSERT_GE(fd, 0);
	plain = host_ns(p, (struct seg){ .flags = ACK, .seq = p->snd_nxt, .ack = una }, fd);
	ASSERT_LT(0, plain);
	for (int n = 1; n <= 4; n += 3) {
		struct seg again = {
			.flags = ACK, .seq = p->snd_nxt, .ack = una, .nsack = n,
		};

		for (int i = 0; i < n; i++) {
			again.sack[i][0] = una + FLIGHT - (2 * i + 1) * MSS - FLIGHT % MSS;
			again.sack[i][1] = again.sack[i][0] + MSS;
		}
		say_seg(p, again);
		ASSERT_TRUE(wait_for((int)sk_info(fd).ti_sacked == n, SOON));
		sack = host_ns(p, again, fd);
		fprintf(stderr, "# an ACK %ld ns, with %d blocks that it has told %ld ns\n", plain, n,
			sack);
		if (is_tern())
			EXPECT_GE(2 * plain, sack);
		EXPECT_EQ(n, sk_info(fd).ti_sacked);
	}
}

/* @n segments of @len and @len2 bytes in turn, less if that fills the buffer: how many? */
static int fill(struct peer *p, int fd, int n, int len, int len2)
{
	int i;

	for (i = 0; i < n; i++) {
		uint32_t mem[SK_MEMINFO_VARS] = { 0 };
		socklen_t size = sizeof(mem);
		int l = i % 2 ? len2 : len;

		getsockopt(fd, SOL_SOCKET, SO_MEMINFO, mem, &size);
		if (mem[SK_MEMINFO_RMEM_ALLOC] > mem[SK_MEMINFO_RCVBUF])
			break;
		say(p, .flags = ACK, .seq = p->snd_nxt, .ack = p->rcv_nxt, .len = l);
		p->snd_nxt += l;
		if (i % BATCH == 0)
			wire_drain(p->w);
	}
	return sk_info(fd).ti_rcv_nxt == p->snd_nxt || !is_tern() ? i : -1;
}

/*
 * MSG_PEEK finds its place once. A sniffer that is slow keeps a copy of each
 * segment, so that they are not joined.
 */
TEST_F(wire, peek)
{
	static uint8_t buf[MANY * 1000];
	int64_t start, peeked, taken;
	struct wire slow;
	int fd;

	BEGIN();
	ASSERT_EQ(0, large_buffers());
	ASSERT_EQ(0, sysctl_set("rmem", "4096 8388608 8388608"));
	p->has_wscale = true;
	ASSERT_EQ(0, peer_dial(p, &fd));
	ASSERT_EQ(0, wire_sniff(&self->t, &slow, 0));
	ASSERT_EQ(0, setsockopt(slow.fd, SOL_SOCKET, SO_RCVBUFFORCE, &(int){ 32 << 20 },
				sizeof(int)));
	ASSERT_EQ(MANY, fill(p, fd, MANY, 1000, 1000));
	/* Pages there */
	memset(buf, 1, sizeof(buf));
	start = now_us();
	ASSERT_EQ(sizeof(buf), recv(fd, buf, sizeof(buf), MSG_PEEK));
	peeked = now_us() - start;
	start = now_us();
	ASSERT_EQ(sizeof(buf), recv(fd, buf, sizeof(buf), 0));
	taken = now_us() - start;
	fprintf(stderr, "# %d segments: peeked in %lld us, read in %lld us\n", MANY,
		(long long)peeked, (long long)taken);
	if (is_tern())
		EXPECT_GE(2 * taken, peeked);
	close(slow.fd);
}

/*
 * Segments that could be joined are looked for once, when the buffer is full,
 * and not for each one that finds it so. A small one between two large ones is
 * none.
 */
TEST_F(wire, full)
{
	long old, refused, drops;
	struct wire slow;
	int fd, n;

	BEGIN();
	ASSERT_EQ(0, large_buffers());
	ASSERT_EQ(0, sysctl_set("rmem", "4096 4194304 4194304"));
	p->has_wscale = true;
	ASSERT_EQ(0, peer_dial(p, &fd));
	ASSERT_EQ(0, wire_sniff(&self->t, &slow, 0));
	ASSERT_EQ(0, setsockopt(slow.fd, SOL_SOCKET, SO_RCVBUFFORCE, &(int){ 32 << 20 },
				sizeof(int)));
	n = fill(p, fd, 4096, 1, 1160);
	ASSERT_LT(0, n);
	ASSERT_GT(4096, n);
	old = host_ns(p, (struct seg){ .flags = ACK, .seq = p->snd_nxt - 1160, .ack = p->rcv_nxt,
				       .len = 1160 }, fd);
	drops = stat_get("TCPOFODrop");
	refused = host_ns(p, (struct seg){ .flags = ACK, .seq = p->snd_nxt + 1, .ack = p->rcv_nxt,
					   .len = 1160 }, fd);
	drops = stat_get("TCPOFODrop") - drops;
	fprintf(stderr, "# %d segments wait: one that was had costs %ld ns, one refused %ld ns; %ld were\n",
		n, old, refused, drops);
	if (is_tern()) {
		EXPECT_EQ(MANY, drops);
		EXPECT_GE(2 * old, refused);
	}
	close(slow.fd);
}

/* The longest that somebody waits for the only CPU, microseconds */
static volatile int64_t *watch_start(pid_t *pid)
{
	volatile int64_t *most = mmap(NULL, sizeof(*most), PROT_READ | PROT_WRITE,
				      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct sched_param first = { .sched_priority = 1 };

	*pid = fork();
	if (*pid)
		return most;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (sched_setscheduler(0, SCHED_FIFO, &first))
		_exit(1);
	for (;;) {
		int64_t due = now_us() + 100, late;

		usleep(100);
		late = now_us() - due;
		if (late > *most)
			*most = late;
	}
}

static int64_t watch_end(volatile int64_t *most, pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return *most;
}

#define LONG_QUEUE	8000
#define PATIENCE_US	3000

static int long_queue(int *listener)
{
	int somaxconn = file_put("/proc/sys/net/core/somaxconn", "8192");

	*listener = sk_listen(PORT, 8192);
	return somaxconn || *listener < 0 || sysctl_set("max_syn_backlog", "65536") ||
	       sysctl_set("syncookies", "0") ? -1 : 0;
}

/* close() of a listener with long queues lets others have the CPU in between. */
TEST_F(wire, close_syn_queue)
{
	volatile int64_t *most;
	int64_t start, took, late;
	int listener;
	pid_t pid;

	BEGIN();
	most = watch_start(&pid);
	ASSERT_EQ(0, long_queue(&listener));
	for (int i = 0; i < LONG_QUEUE; i++) {
		say(p, .flags = SYN, .seq = i, .sport = 1024 + i, .dport = PORT, .mss = MSS);
		if (i % BATCH == 0)
			wire_drain(p->w);
	}
	EXPECT_EQ(LONG_QUEUE, sk_count(PORT, 0, TERN_SYN_RECV));
	*most = 0;
	start = now_us();
	close(listener);
	took = now_us() - start;
	late = watch_end(most, pid);
	fprintf(stderr, "# closed in %lld us, somebody waited for %lld us\n", (long long)took,
		(long long)late);
	EXPECT_GE(PATIENCE_US, late);
}

TEST_F(hosts, close_accept_queue)
{
	struct rlimit files = { .rlim_cur = 4096, .rlim_max = 4096 };
	volatile int64_t *most;
	int64_t start, took, late;
	int listener, n = 2000;
	pid_t pid;

	if (!timetravel())
		SKIP(return, "measured in time travel");
	close(self->w.fd);
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &files));
	most = watch_start(&pid);
	ASSERT_EQ(0, long_queue(&listener));
	topo_enter(&self->t, 1);
	for (int i = 0; i < n; i++)
		ASSERT_LE(0, sk_dial(HOST_A, PORT, 0, 0));
	topo_enter(&self->t, 0);
	*most = 0;
	start = now_us();
	close(listener);
	took = now_us() - start;
	late = watch_end(most, pid);
	fprintf(stderr, "# closed in %lld us, somebody waited for %lld us\n", (long long)took,
		(long long)late);
	EXPECT_GE(PATIENCE_US, late);
}

TEST_HARNESS_MAIN
