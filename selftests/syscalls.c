// SPDX-License-Identifier: GPL-2.0
/*
 * syscalls: wrong arguments to each system call give the errno that they give
 * on a TCP socket. Each row does the same to both and compares. Not in the
 * table: MSG_OOB, which Tern refuses (RFC 6093), and mmap(), which it lacks.
 */
#include <sched.h>
#include <signal.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

#include <linux/sockios.h>

#include "kselftest.h"
#include "tern_test.h"

static int use;		/* the protocol of this round */

#define BAD	((void *)1)
#define UNREADY	(-9999)		/* a row could not be set up */
#define E(call)	({ long _r = (call); _r < 0 ? -(long)errno : _r; })

static int sock(void)
{
	return socket(family(), SOCK_STREAM, use);
}

static struct sk_name lo(int port)
{
	return sk_name("127.0.0.1", port);
}

/* Addresses that both families have, each in its way */
static struct sk_name multicast(int port)
{
	return sk_name(is_v6() ? "ff0e::1" : "224.0.0.1", port);
}

static struct sk_name broadcast(int port)
{
	return sk_name(is_v6() ? "ff02::1" : "255.255.255.255", port);
}

static int listener(int port)
{
	struct sk_name sa = lo(port);
	int fd = sock(), one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	bind(fd, &sa.sa, sa.len);
	listen(fd, 4);
	return fd;
}

/* A connected pair; returns the client, @srv is the accepted end. */
static int pair(int *srv)
{
	int l = listener(0), fd = sock();
	struct sk_name sa = sk_local(l);

	if (connect(fd, &sa.sa, sa.len))
		return -1;
	*srv = accept(l, NULL, NULL);
	close(l);
	return fd;
}

static long opt(int fd, int level, int name, const void *val, int len)
{
	return E(setsockopt(fd, level, name, val, len));
}

static long iopt(int name, int val)
{
	return opt(sock(), IPPROTO_TCP, name, &val, sizeof(val));
}

static long gopt(int name, void *val, int len)
{
	socklen_t l = len;

	return E(getsockopt(sock(), IPPROTO_TCP, name, val, &l));
}

#define ROW(name, ...) static long name(void) { __VA_ARGS__ }
#define PAIR	int s = -1, c = pair(&s); (void)c; (void)s; if (c < 0) return UNREADY

ROW(socket_dgram, return E(socket(family(), SOCK_DGRAM, use)) < 0 ? -errno : 0;)
ROW(socket_seqpacket, return E(socket(family(), SOCK_SEQPACKET, use));)
ROW(socket_rdm, return E(socket(family(), SOCK_RDM, use));)
ROW(socket_badtype, return E(socket(family(), 77, use));)

ROW(bind_short, struct sk_name a = lo(0); return E(bind(sock(), &a.sa, 7));)
ROW(bind_huge, struct sk_name a = lo(0); return E(bind(sock(), &a.sa, 4096));)
ROW(bind_null, return E(bind(sock(), NULL, 16));)
ROW(bind_badptr, return E(bind(sock(), BAD, 16));)
ROW(bind_family, struct sk_name a = lo(0); a.sa.sa_family = is_v6() ? AF_INET : AF_INET6;
    return E(bind(sock(), &a.sa, a.len));)
ROW(bind_unspec_any, struct sk_name a = sk_name(NULL, 0); a.sa.sa_family = AF_UNSPEC;
    return E(bind(sock(), &a.sa, a.len));)
ROW(bind_unspec_addr, struct sk_name a = lo(0); a.sa.sa_family = AF_UNSPEC;
    return E(bind(sock(), &a.sa, a.len));)
ROW(bind_foreign, struct sk_name a = sk_name("192.0.2.1", 0);
    return E(bind(sock(), &a.sa, a.len));)
ROW(bind_broadcast, struct sk_name a = broadcast(0);
    return E(bind(sock(), &a.sa, a.len));)
ROW(bind_multicast, struct sk_name a = multicast(0);
    return E(bind(sock(), &a.sa, a.len));)
ROW(bind_twice, struct sk_name a = lo(0); int fd = sock();
    bind(fd, &a.sa, a.len); return E(bind(fd, &a.sa, a.len));)
ROW(bind_in_use, struct sk_name a = lo(6001); int l = listener(6001); long r;
    r = E(bind(sock(), &a.sa, a.len)); close(l); return r;)
ROW(bind_in_use_reuse, struct sk_name a = lo(6002); int l = listener(6002), fd = sock(), one = 1;
    long r; setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    r = E(bind(fd, &a.sa, a.len)); close(l); close(fd); return r;)
ROW(bind_any_over_one, struct sk_name a = sk_name(NULL, 6003); int l = listener(6003); long r;
    r = E(bind(sock(), &a.sa, a.len)); close(l); return r;)
ROW(bind_other_addr, struct sk_name a = sk_name(HOST_A, 6004); int l = listener(6004); long r;
    r = E(bind(sock(), &a.sa, a.len)); close(l); return r;)
ROW(bind_two_reuse, struct sk_name a = lo(6005); int x = sock(), y = sock(), one = 1;
    setsockopt(x, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    setsockopt(y, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (bind(x, &a.sa, a.len)) return UNREADY;
    return E(bind(y, &a.sa, a.len));)
ROW(listen_two_reuse, struct sk_name a = lo(6006); int x = sock(), y = sock(), one = 1;
    setsockopt(x, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    setsockopt(y, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    bind(x, &a.sa, a.len); bind(y, &a.sa, a.len);
    if (listen(x, 1)) return UNREADY;
    return E(listen(y, 1));)
ROW(bind_reuseport, struct sk_name a = lo(6007); int x = sock(), y = sock(), one = 1;
    setsockopt(x, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
    setsockopt(y, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
    if (bind(x, &a.sa, a.len)) return UNREADY;
    return E(bind(y, &a.sa, a.len));)
ROW(bind_connected, PAIR; struct sk_name a = lo(0); return E(bind(c, &a.sa, a.len));)

ROW(listen_unbound, return E(listen(sock(), 4));)
ROW(listen_negative, return E(listen(sock(), -1));)
ROW(listen_twice, int fd = listener(0); return E(listen(fd, 8));)
ROW(listen_connected, PAIR; return E(listen(c, 4));)

ROW(accept_not_listening, return E(accept(sock(), NULL, NULL));)
ROW(accept_connected, PAIR; return E(accept(c, NULL, NULL));)
ROW(accept_empty, int fd = listener(0); fcntl(fd, F_SETFL, O_NONBLOCK);
    return E(accept(fd, NULL, NULL));)
ROW(accept_flags, return E(accept4(listener(0), NULL, NULL, 0x40));)
ROW(accept_badptr, int l = listener(6010), fd = sock(); struct sk_name a = lo(6010);
    socklen_t len = 16; long r; connect(fd, &a.sa, a.len);
    r = E(accept(l, BAD, &len)); close(l); close(fd); return r;)
ROW(accept_timeout, int fd = listener(0); struct timeval tv = { .tv_usec = 20000 };
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)); return E(accept(fd, NULL, NULL));)

ROW(connect_short, struct sk_name a = lo(1); return E(connect(sock(), &a.sa, 8));)
ROW(connect_tiny, struct sk_name a = lo(1); return E(connect(sock(), &a.sa, 1));)
ROW(connect_family, struct sk_name a = lo(1); a.sa.sa_family = is_v6() ? AF_INET : AF_INET6;
    return E(connect(sock(), &a.sa, a.len));)
ROW(connect_badptr, return E(connect(sock(), BAD, 16));)
ROW(connect_unspec, struct sk_name a = { .len = sizeof(a.in) }; return E(connect(sock(), &a.sa, a.len));)
ROW(connect_refused, struct sk_name a = lo(1); return E(connect(sock(), &a.sa, a.len));)
ROW(connect_port0, struct sk_name a = lo(0); return E(connect(sock(), &a.sa, a.len));)
ROW(connect_noroute, struct sk_name a = sk_name("192.0.2.1", 1);
    return E(connect(sock(), &a.sa, a.len));)
ROW(connect_multicast, struct sk_name a = multicast(1);
    return E(connect(sock(), &a.sa, a.len));)
ROW(connect_broadcast, struct sk_name a = is_v6() ? broadcast(1) : sk_name("10.9.0.255", 1);
    return E(connect(sock(), &a.sa, a.len));)
ROW(connect_listening, int fd = listener(0); struct sk_name a = lo(1);
    return E(connect(fd, &a.sa, a.len));)
ROW(connect_twice, PAIR; struct sk_name a = lo(1); return E(connect(c, &a.sa, a.len));)
ROW(connect_nonblock, int fd = socket(family(), SOCK_STREAM | SOCK_NONBLOCK, use);
    struct sk_name a = sk_name(HOST_B, 1); return E(connect(fd, &a.sa, a.len));)
ROW(connect_already, int fd = socket(family(), SOCK_STREAM | SOCK_NONBLOCK, use);
    struct sk_name a = sk_name(HOST_B, 1); connect(fd, &a.sa, a.len);
    return E(connect(fd, &a.sa, a.len));)
ROW(connect_in_use, int l = listener(6020), x = sock(), y = sock(), one = 1;
    struct sk_name a = lo(6020), me = lo(6021); long r;
    setsockopt(x, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    setsockopt(y, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    bind(x, &me.sa, me.len); bind(y, &me.sa, me.len);
    if (connect(x, &a.sa, a.len)) return UNREADY;
    r = E(connect(y, &a.sa, a.len)); close(l); close(x); return r;)
ROW(connect_after_refused, int fd = sock(); struct sk_name a = lo(1);
    connect(fd, &a.sa, a.len); return E(connect(fd, &a.sa, a.len));)
ROW(connect_self, int fd = sock(); struct sk_name a = lo(6022);
    bind(fd, &a.sa, a.len); return E(connect(fd, &a.sa, a.len));)
ROW(connect_timeout, int fd = sock(); struct sk_name a = sk_name(HOST_B, 1);
    struct timeval tv = { .tv_usec = 20000 };
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
    return E(connect(fd, &a.sa, a.len));)
ROW(disconnect, PAIR; struct sk_name a = { .len = sizeof(a.in) }; return E(connect(c, &a.sa, a.len));)
ROW(disconnect_recv, PAIR; struct sk_name a = { .len = sizeof(a.in) }; char b;
    connect(c, &a.sa, a.len); return E(recv(c, &b, 1, 0));)

ROW(send_unconnected, return E(send(sock(), "x", 1, MSG_NOSIGNAL));)
ROW(send_listener, return E(send(listener(0), "x", 1, MSG_NOSIGNAL));)
ROW(send_connecting, int fd = socket(family(), SOCK_STREAM | SOCK_NONBLOCK, use);
    struct sk_name a = sk_name(HOST_B, 1); connect(fd, &a.sa, a.len);
    return E(send(fd, "x", 1, MSG_NOSIGNAL));)
ROW(send_shut, PAIR; shutdown(c, SHUT_WR); return E(send(c, "x", 1, MSG_NOSIGNAL));)
ROW(send_badptr, PAIR; return E(send(c, BAD, 10, 0));)
ROW(send_nothing, PAIR; return E(send(c, "", 0, 0));)
ROW(send_nothing_unconnected, return E(send(sock(), "", 0, MSG_NOSIGNAL));)
ROW(sendto_address, PAIR; struct sk_name a = lo(1);
    return E(sendto(c, "x", 1, 0, &a.sa, a.len));)
ROW(sendto_unconnected, struct sk_name a = lo(1);
    return E(sendto(sock(), "x", 1, MSG_NOSIGNAL, &a.sa, a.len));)
ROW(sendmsg_manyiov, PAIR; static struct iovec v[2000]; struct msghdr m = { .msg_iov = v, .msg_iovlen = 2000 };
    return E(sendmsg(c, &m, 0));)
ROW(sendmsg_badcmsg, PAIR; char ctl[32] = { 0 }; struct cmsghdr *h = (void *)ctl;
    struct iovec v = { "x", 1 };
    struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = ctl, .msg_controllen = 24 };
    h->cmsg_len = 3; h->cmsg_level = SOL_SOCKET; h->cmsg_type = 1; return E(sendmsg(c, &m, 0));)
ROW(send_full, PAIR; static char b[65536]; long r;
    while ((r = E(send(c, b, sizeof(b), MSG_DONTWAIT))) > 0); return r;)
ROW(send_timeout, PAIR; static char b[65536]; struct timeval tv = { .tv_usec = 20000 }; long r;
    setsockopt(c, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
    while ((r = E(send(c, b, sizeof(b), 0))) > 0); return r;)

ROW(recv_unconnected, char b; return E(recv(sock(), &b, 1, 0));)
ROW(recv_listener, char b; return E(recv(listener(0), &b, 1, 0));)
ROW(recv_connecting, int fd = socket(family(), SOCK_STREAM | SOCK_NONBLOCK, use); char b;
    struct sk_name a = sk_name(HOST_B, 1); connect(fd, &a.sa, a.len);
    return E(recv(fd, &b, 1, 0));)
ROW(recv_empty, PAIR; char b; return E(recv(c, &b, 1, MSG_DONTWAIT));)
ROW(recv_zero, PAIR; char b; return E(recv(c, &b, 0, MSG_DONTWAIT));)
ROW(recv_timeout, PAIR; char b; struct timeval tv = { .tv_usec = 20000 };
    setsockopt(c, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)); return E(recv(c, &b, 1, 0));)
ROW(recv_badptr, PAIR; send(s, "xy", 2, 0); sk_wait(c, POLLIN, SOON); return E(recv(c, BAD, 2, 0));)
ROW(recv_errqueue, PAIR; char b; return E(recv(c, &b, 1, MSG_ERRQUEUE));)
ROW(recv_shut, PAIR; char b; shutdown(c, SHUT_RD); return E(recv(c, &b, 1, 0));)
ROW(recv_eof, PAIR; char b; close(s); return E(recv(c, &b, 1, 0));)
ROW(recv_eof_twice, PAIR; char b; close(s); recv(c, &b, 1, 0); return E(recv(c, &b, 1, 0));)
ROW(recvmsg_badiov, PAIR; struct msghdr m = { .msg_iov = BAD, .msg_iovlen = 1 };
    return E(recvmsg(c, &m, MSG_DONTWAIT));)

ROW(shutdown_unconnected, return E(shutdown(sock(), SHUT_WR));)
ROW(shutdown_bad, PAIR; return E(shutdown(c, 3));)
ROW(shutdown_negative, PAIR; return E(shutdown(c, -1));)
ROW(shutdown_twice, PAIR; shutdown(c, SHUT_WR); return E(shutdown(c, SHUT_WR));)
ROW(shutdown_listener_wr, return E(shutdown(listener(0), SHUT_WR));)
ROW(shutdown_listener_rd, return E(shutdown(listener(0), SHUT_RD));)
ROW(accept_after_shutdown, int fd = listener(0); shutdown(fd, SHUT_RD); return E(accept(fd, NULL, NULL));)

ROW(getpeername_unconnected, struct sk_name a; socklen_t l = sizeof(a.space);
    return E(getpeername(sock(), &a.sa, &l));)
ROW(getpeername_badptr, PAIR; socklen_t l = 16; return E(getpeername(c, BAD, &l));)
ROW(getpeername_short, PAIR; struct sk_name a; socklen_t l = 4;
    return E(getpeername(c, &a.sa, &l)) ?: (long)l;)
ROW(getsockname_negative, struct sk_name a; socklen_t l = -1;
    return E(getsockname(sock(), &a.sa, &l));)
ROW(socketpair_, int v[2]; return E(socketpair(family(), SOCK_STREAM, use, v));)

ROW(opt_unknown, return iopt(200, 1);)
ROW(opt_short, return opt(sock(), IPPROTO_TCP, TERN_NODELAY, "x", 1);)
ROW(opt_null, return opt(sock(), IPPROTO_TCP, TERN_NODELAY, NULL, 4);)
ROW(opt_badptr, return opt(sock(), IPPROTO_TCP, TERN_NODELAY, BAD, 4);)
ROW(opt_negative_len, int v = 1; return opt(sock(), IPPROTO_TCP, TERN_NODELAY, &v, -1);)
ROW(opt_info_set, return iopt(TERN_INFO, 1);)
ROW(opt_badlevel, int v = 1; return opt(sock(), 199, 1, &v, sizeof(v));)
ROW(opt_nodelay, return iopt(TERN_NODELAY, 1);)
ROW(opt_maxseg_low, return iopt(TERN_MAXSEG, 87);)
ROW(opt_maxseg_high, return iopt(TERN_MAXSEG, 32768);)
ROW(opt_maxseg_ok, return iopt(TERN_MAXSEG, 1000);)
ROW(opt_keepidle_0, return iopt(TERN_KEEPIDLE, 0);)
ROW(opt_keepidle_high, return iopt(TERN_KEEPIDLE, 32768);)
ROW(opt_keepidle_ok, return iopt(TERN_KEEPIDLE, 32767);)
ROW(opt_keepintvl_0, return iopt(TERN_KEEPINTVL, 0);)
ROW(opt_keepintvl_high, return iopt(TERN_KEEPINTVL, 32768);)
ROW(opt_keepcnt_0, return iopt(TERN_KEEPCNT, 0);)
ROW(opt_keepcnt_high, return iopt(TERN_KEEPCNT, 128);)
ROW(opt_syncnt_0, return iopt(TERN_SYNCNT, 0);)
ROW(opt_syncnt_high, return iopt(TERN_SYNCNT, 128);)
ROW(opt_syncnt_ok, return iopt(TERN_SYNCNT, 127);)
ROW(opt_linger2_neg, return iopt(TERN_LINGER2, -1);)
ROW(opt_linger2_high, return iopt(TERN_LINGER2, 1000);)
ROW(opt_user_timeout_neg, return iopt(TERN_USER_TIMEOUT, -1);)
ROW(opt_user_timeout_ok, return iopt(TERN_USER_TIMEOUT, 5000);)
ROW(get_unknown, int v; return gopt(200, &v, sizeof(v));)
ROW(get_negative_len, int v; return gopt(TERN_NODELAY, &v, -1);)
ROW(get_badptr, return gopt(TERN_NODELAY, BAD, 4);)
ROW(get_info_badptr, return gopt(TERN_INFO, BAD, 64);)
ROW(get_short, char v; return gopt(TERN_NODELAY, &v, 1);)
ROW(get_keepidle_default, int v = 0; return gopt(TERN_KEEPIDLE, &v, sizeof(v)) ?: (long)v;)
ROW(get_keepcnt_default, int v = 0; return gopt(TERN_KEEPCNT, &v, sizeof(v)) ?: (long)v;)
ROW(get_maxseg_default, int v = 0; return gopt(TERN_MAXSEG, &v, sizeof(v)) ?: (long)v;)
ROW(get_linger2_default, int v = 0; return gopt(TERN_LINGER2, &v, sizeof(v)) ?: (long)v;)

ROW(so_protocol, int v = 0; socklen_t l = sizeof(v);
    long r = E(getsockopt(sock(), SOL_SOCKET, SO_PROTOCOL, &v, &l)); return r ?: v == use;)
ROW(so_type, int v = 0; socklen_t l = sizeof(v);
    return E(getsockopt(sock(), SOL_SOCKET, SO_TYPE, &v, &l)) ?: (long)v;)
ROW(so_acceptconn, int v = 0; socklen_t l = sizeof(v);
    return E(getsockopt(listener(0), SOL_SOCKET, SO_ACCEPTCONN, &v, &l)) ?: (long)v;)

ROW(inq_listener, int v; return E(ioctl(listener(0), SIOCINQ, &v));)
ROW(outq_listener, int v; return E(ioctl(listener(0), SIOCOUTQ, &v));)
ROW(inq_fresh, int v = -1; return E(ioctl(sock(), SIOCINQ, &v)) ?: (long)v;)
ROW(outq_fresh, int v = -1; return E(ioctl(sock(), SIOCOUTQ, &v)) ?: (long)v;)
ROW(ioctl_unknown, return E(ioctl(sock(), 0x5499, 0));)
ROW(ioctl_badptr, PAIR; return E(ioctl(c, SIOCINQ, BAD));)
ROW(lseek_, return E(lseek(sock(), 0, SEEK_SET));)
ROW(poll_fresh, return sk_wait(sock(), POLLIN | POLLOUT | POLLRDHUP, 0);)
ROW(poll_listener, return sk_wait(listener(0), POLLIN | POLLOUT | POLLRDHUP, 0);)
ROW(poll_connected, PAIR; return sk_wait(c, POLLIN | POLLOUT | POLLRDHUP, 0);)
ROW(poll_peer_closed, PAIR; close(s); sk_wait(c, POLLRDHUP, SOON);
    return sk_wait(c, POLLIN | POLLOUT | POLLRDHUP, 0);)
ROW(poll_shut_wr, PAIR; shutdown(c, SHUT_WR); return sk_wait(c, POLLIN | POLLOUT | POLLRDHUP, 0);)
ROW(poll_shut_rd, PAIR; shutdown(c, SHUT_RD); return sk_wait(c, POLLIN | POLLOUT | POLLRDHUP, 0);)
ROW(poll_both_shut, PAIR; shutdown(c, SHUT_WR); close(s); sk_wait(c, POLLHUP, SOON);
    return sk_wait(c, POLLIN | POLLOUT | POLLRDHUP, 0);)
ROW(poll_refused, int fd = socket(family(), SOCK_STREAM | SOCK_NONBLOCK, use);
    struct sk_name a = lo(1); connect(fd, &a.sa, a.len); sk_wait(fd, POLLERR, SOON);
    return sk_wait(fd, POLLIN | POLLOUT | POLLRDHUP, 0);)
ROW(poll_reset, PAIR; struct linger g = { 1, 0 }; setsockopt(s, SOL_SOCKET, SO_LINGER, &g, sizeof(g));
    close(s); sk_wait(c, POLLERR, SOON); return sk_wait(c, POLLIN | POLLOUT | POLLRDHUP, 0);)
ROW(so_error_reset, PAIR; struct linger g = { 1, 0 }; setsockopt(s, SOL_SOCKET, SO_LINGER, &g, sizeof(g));
    close(s); sk_wait(c, POLLERR, SOON); return sk_error(c);)
ROW(splice_unconnected, int v[2]; if (pipe(v)) return UNREADY;
    return E(splice(sock(), NULL, v[1], NULL, 10, SPLICE_F_NONBLOCK));)
ROW(sendfile_unconnected, return E(sendfile(sock(), open("/proc/self/exe", O_RDONLY), NULL, 100));)

#define R(f) { #f, f }
static const struct { const char *name; long (*fn)(void); } rows[] = {
	R(socket_dgram), R(socket_seqpacket), R(socket_rdm), R(socket_badtype),
	R(bind_short), R(bind_huge), R(bind_null), R(bind_badptr), R(bind_family),
	R(bind_unspec_any), R(bind_unspec_addr), R(bind_foreign), R(bind_broadcast),
	R(bind_multicast), R(bind_twice), R(bind_in_use), R(bind_in_use_reuse),
	R(bind_any_over_one), R(bind_other_addr), R(bind_two_reuse), R(listen_two_reuse),
	R(bind_reuseport), R(bind_connected), R(listen_unbound), R(listen_negative),
	R(listen_twice), R(listen_connected), R(accept_not_listening), R(accept_connected),
	R(accept_empty), R(accept_flags), R(accept_badptr), R(accept_timeout),
	R(connect_short), R(connect_tiny), R(connect_family), R(connect_badptr),
	R(connect_unspec), R(connect_refused), R(connect_port0), R(connect_noroute),
	R(connect_multicast), R(connect_broadcast), R(connect_listening), R(connect_twice),
	R(connect_nonblock), R(connect_already), R(connect_in_use), R(connect_after_refused),
	R(connect_self), R(connect_timeout), R(disconnect), R(disconnect_recv),
	R(send_unconnected), R(send_listener), R(send_connecting), R(send_shut),
	R(send_badptr), R(send_nothing), R(send_nothing_unconnected), R(sendto_address),
	R(sendto_unconnected), R(sendmsg_manyiov), R(sendmsg_badcmsg), R(send_full),
	R(send_timeout), R(recv_unconnected), R(recv_listener), R(recv_connecting),
	R(recv_empty), R(recv_zero), R(recv_timeout), R(recv_badptr),
	R(recv_errqueue), R(recv_shut), R(recv_eof), R(recv_eof_twice), R(recvmsg_badiov),
	R(shutdown_unconnected), R(shutdown_bad), R(shutdown_negative), R(shutdown_twice),
	R(shutdown_listener_wr), R(shutdown_listener_rd), R(accept_after_shutdown),
	R(getpeername_unconnected), R(getpeername_badptr), R(getpeername_short),
	R(getsockname_negative), R(socketpair_),
	R(opt_unknown), R(opt_short), R(opt_null), R(opt_badptr), R(opt_negative_len),
	R(opt_info_set), R(opt_badlevel), R(opt_nodelay), R(opt_maxseg_low),
	R(opt_maxseg_high), R(opt_maxseg_ok), R(opt_keepidle_0), R(opt_keepidle_high),
	R(opt_keepidle_ok), R(opt_keepintvl_0), R(opt_keepintvl_high), R(opt_keepcnt_0),
	R(opt_keepcnt_high), R(opt_syncnt_0), R(opt_syncnt_high), R(opt_syncnt_ok),
	R(opt_linger2_neg), R(opt_linger2_high), R(opt_user_timeout_neg),
	R(opt_user_timeout_ok), R(get_unknown), R(get_negative_len), R(get_badptr),
	R(get_info_badptr), R(get_short), R(get_keepidle_default), R(get_keepcnt_default),
	R(get_maxseg_default), R(get_linger2_default),
	R(so_protocol), R(so_type), R(so_acceptconn), R(inq_listener), R(outq_listener),
	R(inq_fresh), R(outq_fresh), R(ioctl_unknown), R(ioctl_badptr), R(lseek_),
	R(poll_fresh), R(poll_listener), R(poll_connected), R(poll_peer_closed),
	R(poll_shut_wr), R(poll_shut_rd), R(poll_both_shut), R(poll_refused), R(poll_reset),
	R(so_error_reset), R(splice_unconnected), R(sendfile_unconnected),
};

#define N (int)(sizeof(rows) / sizeof(rows[0]))

/* A call that makes a new descriptor: which one it is doesn't matter. */
static long result(int i, int protocol)
{
	int lowest = dup(0);
	long r;

	use = protocol;
	r = rows[i].fn();
	/* Everything that the row left open. */
	close_range(lowest, ~0U, 0);
	return r;
}

int main(void)
{
	struct topo t;

	ksft_print_header();
	if (!available())
		ksft_exit_skip("no stack for protocol %d\n", proto());
	/* A host with lo, a network and no route beyond. */
	if (topo_up(&t, TOPO_WIRE) || run("ip route del 10.10.0.0/16") ||
	    (is_v6() && run("ip route del %s/112", ip_text("10.10.0.0"))))
		ksft_exit_fail_msg("no namespaces\n");
	signal(SIGPIPE, SIG_IGN);
	ksft_set_plan(N);
	for (int i = 0; i < N; i++) {
		long tcp = result(i, IPPROTO_TCP), tern = result(i, proto());

		if (tcp != tern || tern == UNREADY)
			ksft_print_msg("%s: TCP %ld (%s), here %ld (%s)\n", rows[i].name,
				       tcp, tcp < 0 ? strerror(-tcp) : "", tern,
				       tern < 0 ? strerror(-tern) : "");
		ksft_test_result(tcp == tern && tern != UNREADY, "%s\n", rows[i].name);
	}
	ksft_finished();
}
