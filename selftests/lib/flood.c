// SPDX-License-Identifier: GPL-2.0
/* Floods: see flood.h */
#define _GNU_SOURCE
#include <signal.h>
#include <time.h>

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "flood.h"

int flood_make(struct flood *f, struct peer *p, int n,
	       void (*make)(struct seg *s, int i, void *arg), void *arg)
{
	static struct seg s;

	memset(f, 0, sizeof(*f));
	f->n = n;
	f->frame = calloc(n, FLOOD_FRAME);
	f->len = calloc(n, sizeof(*f->len));
	f->sent = mmap(NULL, sizeof(*f->sent), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (!f->frame || !f->len || f->sent == MAP_FAILED)
		return -1;
	for (int i = 0; i < n; i++) {
		uint8_t packet[2048];
		int len;

		memset(&s, 0, offsetof(struct seg, buf));
		make(&s, i, arg);
		len = wire_build(p, &s, packet);
		if (len + ETH_HLEN > FLOOD_FRAME)
			return -1;
		memcpy(f->frame[i], host_mac, sizeof(host_mac));
		f->frame[i][12] = is_v6() ? 0x86 : 0x08;
		f->frame[i][13] = is_v6() ? 0xdd : 0x00;
		memcpy(f->frame[i] + ETH_HLEN, packet, len);
		f->len[i] = ETH_HLEN + len;
	}
	return 0;
}

void flood_misdirect(struct flood *f)
{
	for (int i = 0; i < f->n; i++)
		f->frame[i][5] ^= 0x80;
}

static int raw_socket(void)
{
	struct sockaddr_ll ll = {
		.sll_family = AF_PACKET, .sll_ifindex = if_nametoindex("eth0"),
	};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), one = 1;

	if (fd < 0 || bind(fd, (struct sockaddr *)&ll, sizeof(ll)))
		return -1;
	setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof(one));
	return fd;
}

static void attack(struct flood *f, int fd, int rate, int batch)
{
	struct mmsghdr mm[64] = { 0 };
	struct iovec iov[64];
	struct timespec next;
	int at = 0;

	for (int i = 0; i < batch; i++)
		mm[i].msg_hdr = (struct msghdr){ .msg_iov = &iov[i], .msg_iovlen = 1 };
	clock_gettime(CLOCK_MONOTONIC, &next);
	for (;;) {
		int n;

		for (int i = 0; i < batch; i++) {
			iov[i] = (struct iovec){ f->frame[at], f->len[at] };
			at = at + 1 < f->n ? at + 1 : 0;
		}
		n = sendmmsg(fd, mm, batch, 0);
		if (n > 0)
			__atomic_add_fetch(f->sent, n, __ATOMIC_RELAXED);
		if (!rate)
			continue;
		next.tv_nsec += 1000000000LL * batch / rate;
		if (next.tv_nsec >= 1000000000) {
			next.tv_nsec -= 1000000000;
			next.tv_sec++;
		}
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
	}
}

int flood_start(struct flood *f, struct topo *t, int rate, int batch)
{
	uint64_t before = *f->sent;
	int fd;

	record_note(1, "forged");

	f->pid = fork();
	if (!f->pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (batch > 64 || topo_enter(t, 1))
			_exit(1);
		fd = raw_socket();
		if (fd >= 0)
			attack(f, fd, rate, batch);
		_exit(1);
	}
	if (f->pid < 0 || !wait_for(*f->sent != before, SOON))
		return -1;
	return 0;
}

void flood_stop(struct flood *f)
{
	if (f->pid <= 0)
		return;
	kill(f->pid, SIGKILL);
	waitpid(f->pid, NULL, 0);
	f->pid = 0;
}

void flood_free(struct flood *f)
{
	flood_stop(f);
	free(f->frame);
	free(f->len);
	if (f->sent && f->sent != MAP_FAILED)
		munmap((void *)f->sent, sizeof(*f->sent));
	memset(f, 0, sizeof(*f));
}

int client_connect(struct topo *t, int listener)
{
	struct linger now = { .l_onoff = 1 };
	int client, server, ret = -1;

	topo_enter(t, 1);
	client = sk_dial(HOST_A, PORT, 0, 0);
	topo_enter(t, 0);
	if (client < 0)
		return -1;
	server = sk_wait(listener, POLLIN, SOON) ? accept(listener, NULL, NULL) : -1;
	if (server >= 0) {
		struct sk_name peer = sk_peer(server);

		ret = peer.len && sk_name_port(&peer) == sk_port(client) ? 0 : -1;
		close(server);
	}
	setsockopt(client, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(client);
	return ret;
}

int client_talk(int a, int b, int n)
{
	char out[512], in[512];

	for (int done = 0; done < n; done += sizeof(out)) {
		for (int i = 0; i < (int)sizeof(out); i++)
			out[i] = (done + i) * 31 >> 3;
		if (send(a, out, sizeof(out), 0) != sizeof(out) ||
		    recv(b, in, sizeof(in), MSG_WAITALL) != sizeof(in) ||
		    memcmp(in, out, sizeof(in)) ||
		    send(b, in, sizeof(in), 0) != sizeof(in) ||
		    recv(a, in, sizeof(in), MSG_WAITALL) != sizeof(in) ||
		    memcmp(in, out, sizeof(in)))
			return -1;
	}
	return 0;
}

const struct client_load client_loads[2] = { { 5000, 97, 95 }, { 20000, 92, 84 } };

/* Under 20,000 SYNs in-tree TCP keeps 88 % on 6.12, 87 % on 6.12-rt, 84 % on newest. */
int client_percent(const struct client_load *load)
{
	const char *s = getenv("TERN_KERNEL");

	return s && (!strcmp(s, "6.12-rt") || !strcmp(s, "newest")) ? load->elsewhere :
								       load->percent;
}

double client_rate(struct topo *t, int listener, int n)
{
	int64_t start = now_us();

	for (int i = 0; i < n; i++) {
		if (client_connect(t, listener)) {
			fprintf(stderr, "# connection %d failed\n", i);
			return -1;
		}
		usleep(CLIENT_PAUSE_US / 2 + i * 7919 % CLIENT_PAUSE_US);
	}
	return n * 1e6 / (now_us() - start);
}

double client_rate_under(struct topo *t, struct flood *f, int rate, int listener, int n,
			 const int fd[2], long *kb)
{
	uint64_t before = *f->sent;
	double got = -1;

	if (!flood_start(f, t, rate, rate / 500)) {
		got = client_rate(t, listener, n);
		if (client_talk(fd[0], fd[1], CLIENT_TALK)) {
			fprintf(stderr, "# what was connected hangs\n");
			got = -1;
		}
		if (!wait_for(*f->sent - before > f->n, 4 * SOON))
			got = -1;
		if (kb)
			*kb = slab_kb();
	}
	flood_stop(f);
	return got;
}

long slab_kb(void)
{
	return file_num("/proc/meminfo", "Slab: %ld");
}
