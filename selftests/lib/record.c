// SPDX-License-Identifier: GPL-2.0
/*
 * For tern-judge: what passes a case's eth0 and lo goes to the recorder of
 * guest-tests, with notes of what the test does to its hosts.
 */
#define _GNU_SOURCE
#include <stdarg.h>
#include <time.h>

#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "tern_test.h"
#include "record.h"

static int recorder = -1;
static ino_t inode[2];			/* of the namespaces of A and B */
static bool told[2][160];		/* options */

static ino_t ns_inode(int fd)
{
	struct stat st = { 0 };

	if (fd < 0)
		stat("/proc/thread-self/ns/net", &st);
	else
		fstat(fd, &st);
	return st.st_ino;
}

static void send_note(const char *text)
{
	struct record_note note;
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	note.ns = ts.tv_sec * 1000000000LL + ts.tv_nsec;
	snprintf(note.text, sizeof(note.text), "judge: %s", text);
	send(recorder, &note, offsetof(struct record_note, text) + strlen(note.text) + 1,
	     MSG_NOSIGNAL);
}

void record_note(int which, const char *fmt, ...)
{
	char text[RECORD_TEXT - 16];
	va_list ap;
	int n = 0;

	if (recorder < 0)
		return;
	if (which >= 0)
		n = snprintf(text, sizeof(text), "%c ", 'A' + which);
	va_start(ap, fmt);
	vsnprintf(text + n, sizeof(text) - n, fmt, ap);
	va_end(ap);
	send_note(text);
}

int record_here(void)
{
	ino_t here;

	if (recorder < 0)
		return -1;
	here = ns_inode(-1);
	return here == inode[0] ? 0 : here == inode[1] ? 1 : -1;
}

/* IPv4 and IPv6 of the protocol, extension headers before it or not, and ICMP */
static int only_ours(int fd)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETHERTYPE_IP, 0, 3),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 23),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_ICMP, 9, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, proto(), 8, 9),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETHERTYPE_IPV6, 0, 8),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 20),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_ICMPV6, 5, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, proto(), 4, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_HOPOPTS, 3, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_ROUTING, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_DSTOPTS, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_FRAGMENT, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0x40000),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog prog = { .len = sizeof(code) / sizeof(*code), .filter = code };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog));
}

static int ring(void)
{
	struct sockaddr_ll ll = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	struct tpacket_req req = {
		.tp_block_size = RECORD_FRAME * 32, .tp_block_nr = RECORD_FRAMES / 32,
		.tp_frame_size = RECORD_FRAME, .tp_frame_nr = RECORD_FRAMES,
	};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), v2 = TPACKET_V2;

	if (fd < 0)
		return -1;
	if (only_ours(fd) || setsockopt(fd, SOL_PACKET, PACKET_VERSION, &v2, sizeof(v2)) ||
	    setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &req, sizeof(req)) ||
	    bind(fd, (struct sockaddr *)&ll, sizeof(ll))) {
		close(fd);
		return -1;
	}
	return fd;
}

static int send_open(int sk, int fd, const char *name)
{
	struct record_open open = { .eth = if_nametoindex("eth0"), .lo = if_nametoindex("lo") };
	char control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec iov = { &open, sizeof(open) };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	snprintf(open.name, sizeof(open.name), "%s", name);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	return sendmsg(sk, &msg, MSG_NOSIGNAL) == sizeof(open) ? 0 : -1;
}

static void tell_hosts(enum topo_kind kind)
{
	const char *a = is_v6() ? ip_text(HOST_A) : "", *b = is_v6() ? ip_text(HOST_B) : "";

	record_note(-1, "late %s", timetravel() ? "0.02" : "5");
	record_note(-1, "host A " HOST_A " 127.0.0.1 ::1 %s", a);
	if (kind == TOPO_HOSTS)
		record_note(-1, "host B " HOST_B " %s", b);
}

/* In A's namespace, when all is up. Without a recorder nothing is recorded. */
int record_open(struct topo *t, enum topo_kind kind, const char *name)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	const char *path = getenv("TERN_RECORD");
	int fd, sk;

	t->record = -1;
	if (!path)
		return 0;
	snprintf(un.sun_path, sizeof(un.sun_path), "%s", path);
	sk = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (sk < 0 || connect(sk, (struct sockaddr *)&un, sizeof(un)))
		return -1;
	fd = ring();
	if (fd < 0 || send_open(sk, fd, name)) {
		close(sk);
		return -1;
	}
	close(fd);
	memset(told, 0, sizeof(told));
	for (int i = 0; i < 2; i++)
		inode[i] = ns_inode(t->ns[i]);
	recorder = sk;
	t->record = sk;
	tell_hosts(kind);
	return 0;
}

/* Until all is written. A process that was forked may hold the socket, too. */
void record_close(struct topo *t)
{
	char byte;

	if (t->record <= 0)
		return;
	shutdown(t->record, SHUT_WR);
	while (recv(t->record, &byte, 1, 0) > 0)
		;
	close(t->record);
	if (recorder == t->record)
		recorder = -1;
	t->record = -1;
}

/*
 * The linker has every call of these come here (-Wl,--wrap): what a socket was
 * told says which rules hold for what it sends.
 */
int __real_setsockopt(int fd, int level, int name, const void *val, socklen_t len);
int __wrap_setsockopt(int fd, int level, int name, const void *val, socklen_t len)
{
	int which = record_here(), ret = __real_setsockopt(fd, level, name, val, len);

	if (which >= 0 && !ret && (level == IPPROTO_TCP || level == SOL_TERN) &&
	    name >= 0 && name < 160 && !told[which][name]) {
		told[which][name] = true;
		record_note(which, "option %d", name);
	}
	if (which >= 0 && !ret && ((level == IPPROTO_IP && name == IP_TOS) ||
				   (level == IPPROTO_IPV6 && name == IPV6_TCLASS)))
		record_note(which, "option %d", 1000 + name);
	return ret;
}

static void tell_more(void)
{
	int which = record_here();

	if (which >= 0 && !told[which][0]) {
		told[which][0] = true;
		record_note(which, "more");
	}
}

ssize_t __real_send(int fd, const void *buf, size_t len, int flags);
ssize_t __wrap_send(int fd, const void *buf, size_t len, int flags)
{
	if (flags & MSG_MORE)
		tell_more();
	return __real_send(fd, buf, len, flags);
}

ssize_t __real_sendmsg(int fd, const struct msghdr *msg, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *msg, int flags)
{
	if (flags & MSG_MORE)
		tell_more();
	return __real_sendmsg(fd, msg, flags);
}

ssize_t __real_sendfile(int out, int in, off_t *off, size_t n);
ssize_t __wrap_sendfile(int out, int in, off_t *off, size_t n)
{
	tell_more();
	return __real_sendfile(out, in, off, n);
}

ssize_t __real_splice(int in, off_t *in_off, int out, off_t *out_off, size_t n, unsigned int flags);
ssize_t __wrap_splice(int in, off_t *in_off, int out, off_t *out_off, size_t n, unsigned int flags)
{
	tell_more();
	return __real_splice(in, in_off, out, out_off, n, flags);
}
