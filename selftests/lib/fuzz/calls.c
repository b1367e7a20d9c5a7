// SPDX-License-Identifier: GPL-2.0
/* Socket calls, on sockets that all threads share */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <linux/sockios.h>

#include "fuzz.h"

static char buf[1 << 18];	/* nobody looks at what it holds */

static int put_anywhere(struct fz *f, int fd, enum role role)
{
	if (fd < 0)
		return -1;
	slot_put(pick(f, w.nslots), fd, role);
	return fd;
}

union name {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	char space[128];
};

static socklen_t any_name(struct fz *f, int af, union name *n)
{
	socklen_t len = af == AF_INET6 ? sizeof(n->in6) : sizeof(n->in);

	memset(n, 0, sizeof(*n));
	n->sa.sa_family = af;
	n->in.sin_port = htons(any_port(f));
	if (af == AF_INET6) {
		any_addr(f, af, &n->in6.sin6_addr);
		meet_again(f, af, &n->in6.sin6_addr);
		if (one_in(f, 10))
			n->in6.sin6_scope_id = pick(f, 6);
		if (one_in(f, 20))
			n->in6.sin6_flowinfo = any32(f);
	} else {
		any_addr(f, af, &n->in.sin_addr);
		meet_again(f, af, &n->in.sin_addr);
	}
	if (one_in(f, 50))
		n->sa.sa_family = pick(f, 47);
	if (one_in(f, 50))
		len = pick(f, sizeof(*n));
	return len;
}

static int af_of(int fd)
{
	int af = AF_INET;
	socklen_t len = sizeof(af);

	getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &af, &len);
	return af;
}

/* Mostly of its family; an IPv6 socket meets mapped addresses, too. */
static int af_for(struct fz *f, int fd)
{
	return one_in(f, 20) ? any_af(f) : af_of(fd);
}

static int any_ns(struct fz *f)
{
	return one_in(f, 6) ? 2 : pick(f, 2);
}

static int new_socket(struct fz *f, int ns, int af)
{
	int flags = SOCK_CLOEXEC | (one_in(f, 4) ? 0 : SOCK_NONBLOCK), fd, off = 0;

	if (!enter(f, ns))
		return -1;
	fd = socket(af, SOCK_STREAM | flags, IPPROTO_TERN);
	if (fd >= 0 && af == AF_INET6 && one_in(f, 2))
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	return fd;
}

long do_socket(struct fz *f)
{
	int fd = new_socket(f, any_ns(f), any_af(f));

	return put_anywhere(f, fd, NEW);
}

long do_bind(struct fz *f)
{
	int fd = any_fd(f, NEW), one = 1;
	union name n;
	socklen_t len = any_name(f, af_for(f, fd), &n);

	if (one_in(f, 2))
		setsockopt(fd, SOL_SOCKET, one_in(f, 3) ? SO_REUSEPORT : SO_REUSEADDR,
			   &one, sizeof(one));
	return bind(fd, &n.sa, len);
}

long do_listen(struct fz *f)
{
	int slot = any_slot(f, NEW), ret;

	ret = listen(slot_fd(slot), PICK_OF(f, 0, 1, 2, 3, 8, 128, 4096, -1, 0x7fffffff));
	if (!ret)
		slot_role(slot, LISTENER);
	return ret;
}

long do_connect(struct fz *f)
{
	int slot = any_slot(f, NEW), fd = slot_fd(slot), ret;
	union name n;
	socklen_t len = any_name(f, af_for(f, fd), &n);

	ret = connect(fd, &n.sa, len);
	if (!ret || errno == EINPROGRESS)
		slot_role(slot, CONNECTION);
	return ret;
}

long do_unconnect(struct fz *f)
{
	struct sockaddr_storage sa = { .ss_family = AF_UNSPEC };

	return connect(any_fd(f, ANY), (void *)&sa, PICK_OF(f, 16, 2, 28, 128));
}

long do_accept(struct fz *f)
{
	struct sockaddr_storage sa;
	socklen_t len = pick(f, sizeof(sa) + 1);
	int fd = accept4(any_fd(f, LISTENER), (void *)&sa, &len,
			 SOCK_CLOEXEC | (one_in(f, 4) ? 0 : SOCK_NONBLOCK));

	return put_anywhere(f, fd, CONNECTION);
}

long do_shutdown(struct fz *f)
{
	return shutdown(any_fd(f, one_in(f, 4) ? ANY : CONNECTION), one_in(f, 20) ? edge_int(f) : pick(f, 3));
}

long do_close(struct fz *f)
{
	struct linger l = { .l_onoff = 1, .l_linger = PICK_OF(f, 0, 0, 1, 100) };
	int slot = any_slot(f, ANY);

	if (one_in(f, 4))
		setsockopt(slot_fd(slot), SOL_SOCKET, SO_LINGER, &l, sizeof(l));
	slot_put(slot, -1, 0);
	return 0;
}

long do_ioctl(struct fz *f)
{
	int cmd = PICK_OF(f, SIOCINQ, SIOCOUTQ, SIOCOUTQNSD, SIOCATMARK, FIONBIO, FIOASYNC,
			  SIOCGIFCONF, SIOCGSTAMP_OLD, SIOCGSTAMPNS_OLD, SIOCSPGRP, SIOCGPGRP);
	int arg[64] = { one_in(f, 4) };

	if (one_in(f, 8))
		cmd = 0x8900 + pick(f, 0x100);
	return ioctl(any_fd(f, ANY), cmd, one_in(f, 20) ? NULL : arg);
}

static int any_flags(struct fz *f)
{
	int flags = MSG_NOSIGNAL;

	if (!one_in(f, 4))
		flags |= MSG_DONTWAIT;
	if (one_in(f, 3))
		flags |= PICK_OF(f, MSG_MORE, MSG_OOB, MSG_PEEK, MSG_TRUNC, MSG_WAITALL, MSG_EOR,
				 MSG_ERRQUEUE, MSG_DONTROUTE, MSG_FASTOPEN, MSG_ZEROCOPY,
				 MSG_CONFIRM, MSG_PEEK | MSG_TRUNC, MSG_WAITALL | MSG_PEEK);
	if (one_in(f, 60))
		flags |= any32(f);
	return flags | MSG_NOSIGNAL;
}

static size_t any_length(struct fz *f)
{
	switch (pick(f, 8)) {
	case 0:
		return sizeof(buf);
	case 1:
	case 2:
		return edge_size(f) % sizeof(buf);
	case 3:
		return 0;
	default:
		return 1 + pick(f, 3000);
	}
}

long do_send(struct fz *f)
{
	return send(any_fd(f, CONNECTION), buf, any_length(f), any_flags(f));
}

long do_recv(struct fz *f)
{
	return recv(any_fd(f, CONNECTION), buf, any_length(f), any_flags(f));
}

static void any_iov(struct fz *f, struct iovec *iov, struct msghdr *m)
{
	m->msg_iov = iov;
	m->msg_iovlen = pick(f, 5);
	for (size_t i = 0; i < m->msg_iovlen; i++) {
		iov[i].iov_base = one_in(f, 40) ? (void *)8 : buf;
		iov[i].iov_len = any_length(f);
	}
}

static void any_cmsg(struct fz *f, void *control, struct msghdr *m)
{
	struct cmsghdr *c = control;

	c->cmsg_len = CMSG_LEN(PICK_OF(f, 4, 4, 1, 8, 12, 16, 20, 40));
	c->cmsg_level = PICK_OF(f, SOL_SOCKET, SOL_SOCKET, IPPROTO_IP, IPPROTO_IPV6, SOL_TERN,
				IPPROTO_TCP);
	c->cmsg_type = c->cmsg_level == SOL_SOCKET ?
		PICK_OF(f, SO_MARK, SO_TIMESTAMPING, 61 /* SCM_TXTIME */, SCM_RIGHTS,
			SCM_CREDENTIALS, SO_PRIORITY, 0) : (int)pick(f, 80);
	for (int i = 0; i < 10; i++)
		((int *)CMSG_DATA(c))[i] = edge_int(f);
	m->msg_control = control;
	m->msg_controllen = one_in(f, 10) ? pick(f, 64) : CMSG_SPACE(c->cmsg_len - CMSG_LEN(0));
}

long do_sendmsg(struct fz *f)
{
	int fd = any_fd(f, CONNECTION);
	struct msghdr m = { 0 };
	struct iovec iov[5];
	union name n;
	char control[256] = "";

	any_iov(f, iov, &m);
	if (one_in(f, 2))
		any_cmsg(f, control, &m);
	if (one_in(f, 6)) {
		m.msg_name = &n;
		m.msg_namelen = any_name(f, af_for(f, fd), &n);
	}
	return sendmsg(fd, &m, any_flags(f));
}

long do_recvmsg(struct fz *f)
{
	char control[512], name[128];
	struct msghdr m = {
		.msg_control = control, .msg_controllen = pick(f, sizeof(control)),
		.msg_name = name, .msg_namelen = pick(f, sizeof(name)),
	};
	struct iovec iov[5];

	any_iov(f, iov, &m);
	return recvmsg(any_fd(f, CONNECTION), &m, any_flags(f));
}

/* Pages of a file or of a pipe, into a socket and out of one */
long do_splice(struct fz *f)
{
	int fd = any_fd(f, CONNECTION), to = any_fd(f, CONNECTION), p[2], size = 1 + pick(f, 60000);
	int flags = SPLICE_F_NONBLOCK | (one_in(f, 3) ? SPLICE_F_MORE : 0);
	struct iovec iov = { .iov_base = buf, .iov_len = size };
	long ret = -1;

	if (one_in(f, 4)) {
		int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

		ret = sendfile(fd, file, NULL, size);
		close(file);
		return ret;
	}
	if (pipe2(p, O_NONBLOCK | O_CLOEXEC))
		return -1;
	switch (pick(f, 3)) {
	case 0:
		vmsplice(p[1], &iov, 1, SPLICE_F_NONBLOCK);
		ret = splice(p[0], NULL, fd, NULL, size, flags);
		break;
	case 1:
		ret = splice(fd, NULL, p[1], NULL, size, flags);
		break;
	case 2:
		ret = splice(fd, NULL, p[1], NULL, size, flags);
		if (ret > 0)
			ret = splice(p[0], NULL, to, NULL, ret, flags);
	}
	close(p[0]);
	close(p[1]);
	return ret;
}

long do_poll(struct fz *f)
{
	struct epoll_event ev = { .events = any32(f) };
	struct pollfd p[4];
	long ret;
	int ep;

	for (int i = 0; i < 4; i++)
		p[i] = (struct pollfd){ .fd = any_fd(f, ANY), .events = any32(f) };
	if (one_in(f, 2))
		return poll(p, 4, pick(f, 3));
	ep = epoll_create1(EPOLL_CLOEXEC);
	for (int i = 0; i < 4; i++)
		epoll_ctl(ep, EPOLL_CTL_ADD, p[i].fd, &ev);
	ret = epoll_wait(ep, &ev, 1, pick(f, 3));
	close(ep);
	return ret;
}

long do_name(struct fz *f)
{
	struct sockaddr_storage sa;
	socklen_t len = pick(f, sizeof(sa));

	return one_in(f, 2) ? getsockname(any_fd(f, ANY), (void *)&sa, &len) :
			      getpeername(any_fd(f, CONNECTION), (void *)&sa, &len);
}

long do_fcntl(struct fz *f)
{
	int fd = any_fd(f, ANY);
	void *at;

	switch (pick(f, 5)) {
	case 0:
		return fcntl(fd, F_SETOWN, getpid());
	case 1:
		return fcntl(fd, F_SETFL, PICK_OF(f, 0, O_NONBLOCK, O_NONBLOCK | O_DIRECT));
	case 2:
		return fcntl(fd, F_SETSIG, 0);
	case 3:
		return lseek(fd, edge_int(f), SEEK_SET);
	default:	/* TCP's receive zero-copy begins with it. */
		at = mmap(NULL, 4096 << pick(f, 4), PROT_READ, MAP_SHARED, fd, 0);
		if (at == MAP_FAILED)
			return -1;
		return munmap(at, 4096);
	}
}

long do_dup(struct fz *f)
{
	int slot = any_slot(f, ANY);

	return put_anywhere(f, fcntl(slot_fd(slot), F_DUPFD_CLOEXEC, 0), w.role[slot]);
}

long do_proc(struct fz *f)
{
	const char *path = PICK_OF(f, "/proc/thread-self/net/tern", "/proc/thread-self/net/tern_stat",
				   "/proc/thread-self/net/protocols",
				   "/proc/thread-self/net/sockstat");
	size_t size = PICK_OF(f, 1, 100, 4096, 65536);
	long ret = -1;
	int fd;

	if (!enter(f, any_ns(f)))
		return -1;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	for (int i = 0; i < 20; i++) {
		ret = read(fd, buf, size);
		if (ret <= 0)
			break;
		if (one_in(f, 10))
			lseek(fd, pick(f, 5000), SEEK_SET);
	}
	close(fd);
	return ret;
}

/* For timers */
long do_pause(struct fz *f)
{
	return usleep(PICK_OF(f, 0, 100, 1000, 5000, 20000, 45000));
}

/* A process that has all of them open for a while, and makes calls too */
long do_fork(struct fz *f)
{
	pid_t pid = fork();
	int n = pick(f, 4);

	if (pid) {
		if (pid > 0)
			while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
				kill(pid, SIGKILL);
		return pid;
	}
	alarm(2);
	for (int i = 0; i < n; i++)
		one_in(f, 2) ? do_send(f) : do_recv(f);
	_exit(0);
}

/* On its way from one process to another, from where it returns, or not */
long do_pass(struct fz *f)
{
	char control[CMSG_SPACE(sizeof(int))] = "", byte;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	int slot = any_slot(f, ANY), sv[2], fd = slot_fd(slot);
	enum role role = w.role[slot];
	long ret;

	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, sv))
		return -1;
	*c = (struct cmsghdr){
		.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int)),
	};
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	ret = sendmsg(sv[0], &m, MSG_DONTWAIT);
	if (one_in(f, 2))
		slot_put(slot, -1, 0);
	if (ret > 0 && one_in(f, 2) && recvmsg(sv[1], &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) > 0) {
		memcpy(&fd, CMSG_DATA(c), sizeof(fd));
		put_anywhere(f, fd, role);
	}
	close(sv[0]);
	close(sv[1]);
	return ret;
}

static int at_port(struct fz *f, int ns, const union name *n, socklen_t len)
{
	int fd = new_socket(f, ns, n->sa.sa_family), one = 1;

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	bind(fd, &n->sa, len);
	listen(fd, 8);
	return fd;
}

static int accept_now(int listener)
{
	struct pollfd p = { .fd = listener, .events = POLLIN };

	return poll(&p, 1, 0) == 1 ? accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK) : -1;
}

/* A listener, and a connection to it from the same host or from its neighbour */
long do_pair(struct fz *f)
{
	bool far = one_in(f, 2), six = one_in(f, 2);
	int to = far, listener, fd, got;
	union name any = { 0 }, n = { 0 };
	socklen_t len = six ? sizeof(n.in6) : sizeof(n.in);

	n.sa.sa_family = six ? AF_INET6 : AF_INET;
	n.in.sin_port = htons(FIRST_PORT + pick(f, PORTS));
	any = n;
	if (six)
		inet_pton(AF_INET6, far ? "fd02::2" : "::1", &n.in6.sin6_addr);
	else
		inet_pton(AF_INET, far ? "10.2.0.2" : "127.0.0.1", &n.in.sin_addr);
	listener = at_port(f, to, one_in(f, 2) ? &any : &n, len);
	if (listener < 0)
		return -1;
	slot_put(pick(f, w.nslots), listener, LISTENER);
	fd = new_socket(f, 0, n.sa.sa_family);
	if (fd < 0)
		return -1;
	fcntl(fd, F_SETFL, O_NONBLOCK);
	connect(fd, &n.sa, len);
	slot_put(pick(f, w.nslots), fd, CONNECTION);
	/* Whoever listened there before may have it. */
	got = accept_now(listener);
	for (int i = 0; i < SLOTS && got < 0; i++)
		if (w.role[i] == LISTENER)
			got = accept_now(slot_fd(i));
	return put_anywhere(f, got, CONNECTION);
}

/* Data, until neither goes on */
long do_bulk(struct fz *f)
{
	long left = PICK_OF(f, 30000, 300000, 3000000), total = 0, got;
	int from = any_fd(f, CONNECTION), idle = 0;

	while (left > 0 && idle < 3) {
		got = send(from, buf, sizeof(buf), MSG_DONTWAIT | MSG_NOSIGNAL);
		if (got <= 0)
			idle++;
		else
			left -= got, total += got;
		for (int i = 0; i < SLOTS; i++)
			if (recv(slot_fd(i), buf, sizeof(buf), MSG_DONTWAIT) > 0)
				idle = 0;
	}
	return total ?: -1;
}
