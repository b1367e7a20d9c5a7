/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of Tern share.
 *
 * A test runs in a network namespace of its own, joined by a veth pair to a
 * second one. There is either a second kernel stack in it (TOPO_HOSTS), or
 * nothing but a packet socket through which the test plays the other end
 * segment by segment (TOPO_WIRE).
 *
 * TERN_PROTO=6 in the environment runs a test against in-tree TCP, to find
 * out whether it is the test that is wrong. TERN_TIMETRAVEL=1 says that the
 * clock jumps over idle time: long waits cost nothing and times are exact.
 *
 * TERN_IP=6 runs a test over IPv6. A host is always named by its IPv4 address;
 * there its IPv6 address is that, as the last 32 bits behind fd09::, and
 * 127.0.0.1 is ::1. All below translate, so that a test need not care unless it
 * hands an address to another program: ip_text() is for that.
 */
#ifndef TERN_TEST_H
#define TERN_TEST_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/tern.h>

#define HOST_A		"10.9.0.1"	/* the host under test; see ip_text() */
#define HOST_B		"10.9.0.2"	/* the other, or the scripted peer */
#define PORT		4711		/* of listeners */

#define FIN		TERN_FLAG_FIN
#define SYN		TERN_FLAG_SYN
#define RST		TERN_FLAG_RST
#define PSH		TERN_FLAG_PSH
#define ACK		TERN_FLAG_ACK
#define URG		TERN_FLAG_URG

/* Milliseconds to wait for what should happen at once, on a slow machine. */
#define SOON		5000
/* Milliseconds of silence that count as nothing happening. */
#define QUIET		150

/* stat.c: the stack's own view */
int proto(void);		/* IPPROTO_TERN, or TERN_PROTO */
bool is_tern(void);
bool timetravel(void);
bool checking(void);		/* a kernel with every check switched on */
bool is_v6(void);		/* TERN_IP=6 */
int family(void);		/* AF_INET, AF_INET6 */
int ip_hlen(void);		/* bytes of the IP header */
int mss_of(int mtu);		/* MSS without options */
#define MSS		mss_of(1500)
/* The address of a host as text; good for the next four calls. */
const char *ip_text(const char *host);
bool available(void);		/* the protocol has a stack here */
int64_t now_us(void);		/* CLOCK_REALTIME, as the wire's timestamps */
bool near_us(int64_t got, int64_t want);	/* never early; exact in time travel */
void sleep_most(int64_t start, int64_t due_us);	/* until shortly before it's due */
long scaled(long n);		/* n times TERN_SCALE (default 1) */
int run(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

struct sk_line {
	int state;		/* TERN_*, 0: no such line */
	unsigned int rxq, txq;
	char timer[16];
	double left_ms;
	int retrans;
	int count;		/* lines that matched */
};

/* Lines of /proc/net/tern; a port of 0 matches any, a state of 0 likewise. */
struct sk_line sk_find(int lport, int rport, int state);
int sk_state(int lport, int rport);
int sk_count(int lport, int rport, int state);
bool wait_state(int lport, int rport, int state, int ms);
bool wait_gone(int lport, int rport, int ms);
const char *state_name(int state);

long stat_get(const char *name);	/* of tern_stats; -1: no such counter */
int file_put(const char *path, const char *value);	/* 0 or -errno */
/* What scanf(3) finds in the first line that is like @format, or -1 */
long file_num(const char *path, const char *format);
int sysctl_set(const char *name, const char *value);	/* 0 or -errno */
int sysctl_get(const char *name, char *value, size_t size);
long sysctl_num(const char *name);

/* Sleep up to that moment. For time that must pass, not for what may happen. */
void sleep_until(int64_t us);

#define wait_for(cond, ms) ({						\
	int64_t _end = now_us() + (ms) * 1000LL;			\
	bool _ok;							\
	while (!(_ok = (cond)) && now_us() < _end)			\
		usleep(1000);						\
	_ok;								\
})

/* topo.c: namespaces and sockets in them */
enum topo_kind { TOPO_WIRE, TOPO_HOSTS };

extern const uint8_t host_mac[2][6];	/* of HOST_A, HOST_B */

struct topo {
	int ns[2];		/* A, B */
	int home;		/* where the process came from */
	int record;		/* to the recorder, or -1 */
};

void topo_name(const char *name);	/* of the case, for the table of states */
int topo_up(struct topo *t, enum topo_kind kind);
/* Of TOPO_HOSTS: host B anew, with its addresses; the process is in A then. */
int topo_renew(struct topo *t);
void topo_down(struct topo *t);
int topo_enter(struct topo *t, int which);
/*
 * For the rest of this process: an ordinary user, in namespaces of his own, root
 * in there and nowhere else. Of the network there is lo. errno EINVAL: this
 * kernel has no user namespaces.
 */
int topo_user(void);
int topo_offload(struct topo *t, int which, bool on);
int topo_run(struct topo *t, int which, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The host drops segments that come in and that nft's @match fits, until "pass". */
int topo_drop(struct topo *t, int which, const char *match);
int topo_pass(struct topo *t, int which);
/* A knob of the machine, which is the first namespace's. Host A is where one is then. */
int topo_machine(struct topo *t, const char *name, const char *value);
/* The cable is pulled: all that either host sends is lost; and put back. */
int topo_cut(struct topo *t);
int topo_mend(struct topo *t);

/* An address of a socket, of either family */
struct sk_name {
	socklen_t len;
	union {
		struct sockaddr sa;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		struct sockaddr_storage space;
	};
};

/* @host: NULL is any address; with a colon it is IPv6's as it stands. */
struct sk_name sk_name(const char *host, int port);
struct sk_name sk_local(int fd);	/* getsockname(); len 0: errno says why */
struct sk_name sk_peer(int fd);		/* getpeername() */
int sk_name_port(const struct sk_name *n);
bool sk_name_is(const struct sk_name *n, const char *host, int port);
int sk_bind(int fd, const char *host, int port);	/* as bind() */
int sk_connect(int fd, const char *host, int port);	/* as connect() */
struct sockaddr_in sk_addr(const char *ip, int port);	/* IPv4 only */

int sk_new(int flags);
int sk_listen(int port, int backlog);	/* SO_REUSEADDR, all addresses */
int sk_dial(const char *ip, int port, int from, int flags);	/* from: 0 or a port */
int sk_port(int fd);
int sk_wait(int fd, int events, int ms);	/* revents, 0 on timeout */
int sk_error(int fd);			/* SO_ERROR */
struct tern_info sk_info(int fd);	/* TERN_INFO, or TCP's */
int sk_timeouts(int fd, int ms);	/* SO_RCVTIMEO, SO_SNDTIMEO */
/* Two sockets connected over the veth pair, or lo: a[0] client, a[1] server. */
int sk_pair(struct topo *t, int fd[2], int port);

/* group.c: a memory cgroup; -1: there are none in this kernel */
int group_up(void);
void group_down(void);
int group_enter(bool inside);	/* what is opened from now on is the cgroup's */
/* Bytes charged for sockets; the kernel may take 2 s to sum them up. */
long group_charged(void);

/* wire.c: the scripted peer */
struct seg {
	uint16_t sport, dport;
	uint32_t saddr, daddr;		/* network order; 0: as in struct peer; IPv6: its end */
	uint32_t seq, ack;
	uint8_t flags;
	uint16_t win;			/* 0: 65535 unless @win0 */
	bool win0;
	uint16_t mss;			/* 0: none */
	bool has_wscale, sack_ok, has_ts, has_mad;
	uint8_t wscale;
	uint32_t tsval, tsecr, mad;
	int nsack;
	uint32_t sack[4][2];
	bool bad_csum;
	bool partial;			/* received: the sum is left to the device */
	const void *data;
	int len;
	uint8_t tos, ttl;		/* received: traffic class, hop limit */
	int64_t us;			/* when it was on the wire */
	uint8_t buf[9000];		/* received: where @data points */
};

struct wire {
	int fd;
	int ifindex;
	bool sniff;			/* sees both directions */
	bool sums_left;			/* a sum left to the device is as good as right */
	bool told;			/* the recorder that it sends in a host's name */
	uint8_t to[6];			/* whose station is at the cable's other end */
};

struct peer {
	struct wire *w;
	uint32_t addr, to;		/* network order */
	uint16_t port, to_port;
	uint32_t snd_nxt, rcv_nxt;	/* followed by the helpers below */
	uint32_t iss;
	bool ts;			/* use timestamps */
	uint32_t tsval, tsecr;
	bool sack;			/* permit it in the handshake */
	bool has_mad;			/* announce it there */
	uint32_t mad;
	bool has_wscale;		/* likewise */
	uint8_t wscale;
	uint16_t mss;			/* likewise; 0: MSS */
	uint16_t win;			/* of segments that say none; 0: 65535 */
};

/* Of a packet that begins with an IP header: where the segment is */
#define SEG_AT(packet)	((packet) + ip_hlen())

int wire_open(struct topo *t, struct wire *w);		/* at B */
int wire_sniff(struct topo *t, struct wire *w, int which);
int wire_build(struct peer *p, struct seg *s, uint8_t *packet);
void wire_fix(uint8_t *packet, int len);		/* checksums anew */
int wire_send(struct wire *w, const void *packet, int len);
int wire_send_many(struct wire *w, uint8_t (*packet)[2048], int *len, int n);
int wire_recv(struct wire *w, struct seg *s, int ms);	/* 1, or 0: nothing */
void wire_drain(struct wire *w);
/*
 * The next segment that a sniffer sees: from @sport, with exactly @flags (PSH
 * aside). In real time the one before, in @s, may come again in between.
 */
int see(struct wire *w, struct seg *s, int sport, int flags);

void peer_init(struct peer *p, struct wire *w, int port, int to_port);
int say_seg(struct peer *p, struct seg s);
#define say(p, ...) say_seg(p, (struct seg){ __VA_ARGS__ })
/* An ICMP error from the peer's host, quoting a segment of ours with @seq */
int say_icmp(struct peer *p, int type, int code, uint32_t info, uint32_t seq);
/* The next segment of this connection. 1, or 0: none within @ms. */
int hear(struct peer *p, struct seg *s, int ms);
/* One that has exactly these flags (PSH aside); others meanwhile are an error. */
int expect(struct peer *p, struct seg *s, int flags);
/* True when nothing arrives for @ms. */
bool silence(struct peer *p, int ms);
/* Handshakes; @fd is the tested socket, or the listener: then returns accept(). */
int peer_syn(struct peer *p, struct seg *s);	/* hear a SYN, and note its numbers */
int peer_synack(struct peer *p);		/* answer it, hear the ACK */
int peer_accept(struct peer *p);		/* both */
int peer_connect(struct peer *p);		/* open towards a listener */
int peer_dial(struct peer *p, int *fd);		/* tested host connects to us */
int peer_open(struct peer *p, int listener);	/* we connect: accepted fd */
void seg_print(const struct seg *s, const char *what);

/* trace.c: state changes in this namespace, from the kernel's trace */
struct trace {
	char dir[128];
	int fd;
};

int trace_open(struct trace *tr);
int trace_both(struct topo *t, struct trace tr[2]);	/* of A and of B */
void trace_close(struct trace *tr);
/* Of one connection: @which for the next; good for the next four calls */
const char *trace_of(int lport, int rport);
/* 0 when the changes in lines with @which ("dport=1 ") are @states, in order. */
int trace_expect(struct trace *tr, const char *which, const int *states, int n);
#define TRACE_EXPECT(tr, which, ...)					\
	trace_expect(tr, which, (const int[]){ __VA_ARGS__ },		\
		     sizeof((const int[]){ __VA_ARGS__ }) / sizeof(int))

/*
 * record.c: what a case's namespaces exchange is kept for tern-judge, where
 * guest-tests has a recorder. topo_up() and topo_down() begin and end it.
 */
int record_open(struct topo *t, enum topo_kind kind, const char *name);
void record_close(struct topo *t);
int record_here(void);		/* the host whose namespace the thread is in, or -1 */
/* For the judge, at this moment; @which: the host concerned, -1: none. See tools/judge/notes.py */
void record_note(int which, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define SKIP_UNLESS_AVAILABLE() do {					\
	if (!available())						\
		SKIP(return, "no stack for protocol %d: %s", proto(),	\
		     strerror(errno));					\
} while (0)

#endif
