// SPDX-License-Identifier: GPL-2.0
/*
 * Whose a segment is, for who decides on the way out: nftables by user, cgroup
 * and socket, and programs of a cgroup. A listener's answers are its own before
 * there is a connection; what no socket says is the namespace's.
 */
#define _GNU_SOURCE
#include <sched.h>

#include <linux/bpf.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "fixture.h"
#include "timewait.h"

#define SERVER	1000			/* uid of it */
#define TREE	"/sys/fs/cgroup"	/* where nft looks names up */
#define GROUP	TREE "/tern-policy"

HOSTS_FIXTURE()
WIRE_FIXTURE()

/* Nothing leaves that host but what nft's @match fits. */
static int only(struct topo *t, int which, const char *match)
{
	return topo_run(t, which,
			"nft 'add table inet f; "
			"add chain inet f o { type filter hook output priority 0; policy drop; }; "
			"add rule inet f o %s accept'", match);
}

/* A listener at B whose owner is @uid */
static int listen_as(FIXTURE_DATA(hosts) *self, int uid)
{
	int fd;

	if (topo_enter(&self->t, 1) || seteuid(uid))
		return -1;
	fd = sk_listen(PORT, 4);
	return seteuid(0) || topo_enter(&self->t, 0) ? -1 : fd;
}

static int accept_as(int listener, int uid)
{
	int fd;

	if (!sk_wait(listener, POLLIN, SOON) || seteuid(uid))
		return -1;
	fd = accept(listener, NULL, NULL);
	return seteuid(0) ? -1 : fd;
}

/* A byte each way */
static bool talk(int a, int b)
{
	char c;

	return !sk_timeouts(a, SOON) && !sk_timeouts(b, SOON) &&
	       send(a, "x", 1, 0) == 1 && recv(b, &c, 1, 0) == 1 &&
	       send(b, "y", 1, 0) == 1 && recv(a, &c, 1, 0) == 1;
}

static void by_user(struct __test_metadata *_metadata, FIXTURE_DATA(hosts) *self)
{
	int listener, c, s;

	ASSERT_EQ(0, only(&self->t, 1, "meta skuid 1000"));
	listener = listen_as(self, SERVER);
	ASSERT_GE(listener, 0);
	c = sk_dial(HOST_B, PORT, 0, SOCK_NONBLOCK);
	ASSERT_GE(c, 0);
	ASSERT_NE(0, sk_wait(c, POLLOUT, SOON));
	EXPECT_EQ(0, sk_error(c));
	fcntl(c, F_SETFL, 0);
	s = accept_as(listener, SERVER);
	ASSERT_GE(s, 0);
	EXPECT_TRUE(talk(c, s));
}

TEST_F(hosts, user)
{
	by_user(_metadata, self);
}

/* In-tree TCP's cookies belong to nobody. */
TEST_F(hosts, user_cookie)
{
	if (!is_tern())
		SKIP(return, "its SYN cookies have no owner");
	ASSERT_EQ(0, topo_enter(&self->t, 1));
	ASSERT_EQ(0, sysctl_set("syncookies", "2"));
	by_user(_metadata, self);
}

TEST_F(hosts, user_other)
{
	int listener;

	ASSERT_EQ(0, only(&self->t, 1, "meta skuid 1000"));
	listener = listen_as(self, SERVER + 1);
	ASSERT_GE(listener, 0);
	ASSERT_GE(sk_dial(HOST_B, PORT, 4000, SOCK_NONBLOCK), 0);
	ASSERT_EQ(0, see(&self->w, &self->s, 4000, SYN));
	while (wire_recv(&self->w, &self->s, QUIET))
		EXPECT_EQ(4000, self->s.sport);
}

/* A cgroup of one's own, where nft finds it */
static int tree_up(void)
{
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("none", TREE, "cgroup2", 0, NULL))
		return -1;
	return mkdir(GROUP, 0700) && errno != EEXIST;
}

static int move_to(bool inside)
{
	return file_put(inside ? GROUP "/cgroup.procs" : TREE "/cgroup.procs", "0");
}

TEST_F(hosts, cgroup)
{
	int listener, c;

	if (!is_tern())
		SKIP(return, "its SYN-ACK is a request's, which \"socket\" does not find");
	if (tree_up())
		SKIP(return, "no cgroups in this kernel");
	ASSERT_EQ(0, only(&self->t, 1, "socket cgroupv2 level 1 \"tern-policy\""));
	ASSERT_EQ(0, topo_enter(&self->t, 1));
	ASSERT_EQ(0, move_to(true));
	listener = sk_listen(PORT, 4);
	EXPECT_EQ(0, move_to(false));
	ASSERT_GE(listener, 0);
	ASSERT_EQ(0, topo_enter(&self->t, 0));
	c = sk_dial(HOST_B, PORT, 0, SOCK_NONBLOCK);
	ASSERT_GE(c, 0);
	EXPECT_NE(0, sk_wait(c, POLLOUT, SOON));
	EXPECT_EQ(0, sk_error(c));
	rmdir(GROUP);
}

static int bpf(int cmd, union bpf_attr *attr)
{
	return syscall(__NR_bpf, cmd, attr, sizeof(*attr));
}

/* The cgroup's sockets may send nothing. Return: what undoes it, or -errno */
static int forbid(int cgroup)
{
	static const struct bpf_insn none[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr load = {
		.prog_type = BPF_PROG_TYPE_CGROUP_SKB,
		.expected_attach_type = BPF_CGROUP_INET_EGRESS,
		.insns = (uintptr_t)none, .insn_cnt = 2, .license = (uintptr_t)"GPL",
	};
	int prog = bpf(BPF_PROG_LOAD, &load);
	union bpf_attr attach = {
		.target_fd = cgroup, .attach_bpf_fd = prog,
		.attach_type = BPF_CGROUP_INET_EGRESS,
	};

	if (prog < 0 || bpf(BPF_PROG_ATTACH, &attach))
		return -errno;
	return prog;
}

static int allow(int cgroup, int prog)
{
	union bpf_attr attach = {
		.target_fd = cgroup, .attach_bpf_fd = prog,
		.attach_type = BPF_CGROUP_INET_EGRESS,
	};

	return bpf(BPF_PROG_DETACH, &attach);
}

/* A cgroup's program sees a listener's answers. */
TEST_F(wire, program)
{
	struct peer *p = &self->p;
	int group, prog, listener;

	if (tree_up())
		SKIP(return, "no cgroups in this kernel");
	group = open(GROUP, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ASSERT_GE(group, 0);
	ASSERT_EQ(0, move_to(true));
	listener = sk_listen(PORT, 4);
	EXPECT_EQ(0, move_to(false));
	ASSERT_GE(listener, 0);
	prog = forbid(group);
	if (prog == -ENOSYS)
		SKIP(return, "no BPF in this kernel");
	ASSERT_GE(prog, 0);
	peer_init(p, &self->w, 4000, PORT);
	say(p, .flags = SYN, .seq = p->iss, .mss = MSS);
	EXPECT_TRUE(silence(p, QUIET));
	ASSERT_EQ(0, allow(group, prog));
	say(p, .flags = SYN, .seq = p->iss, .mss = MSS);
	EXPECT_EQ(0, expect(p, &self->s, SYN | ACK));
	close(listener);
	rmdir(GROUP);
}

/*
 * RST and TIME_WAIT's ACK are a socket's without a mark, which "socket" finds
 * and a user has not. (In-tree TCP's RST over IPv6 is nobody's.)
 */
TEST_F(wire, control)
{
	struct peer *p = &self->p;
	int listener;

	if (!is_tern())
		SKIP(return, "TCP's are of several kinds");
	listener = sk_listen(PORT, 4);
	ASSERT_GE(listener, 0);
	peer_init(p, &self->w, 4000, PORT);
	ASSERT_EQ(0, to_time_wait(p, &self->s, listener));
	ASSERT_EQ(0, only(&self->t, 0, "socket mark 0"));
	say(p, .flags = FIN | ACK, .seq = p->snd_nxt - 1, .ack = p->rcv_nxt);
	EXPECT_EQ(0, expect(p, &self->s, ACK));
	peer_init(p, &self->w, 4001, PORT + 1);
	say(p, .flags = SYN, .seq = p->iss, .mss = MSS);
	EXPECT_EQ(0, expect(p, &self->s, RST | ACK));
}

/* net.tern.enabled */
static int switch_at_b(FIXTURE_DATA(hosts) *self, const char *on)
{
	return topo_enter(&self->t, 1) || sysctl_set("enabled", on) ? -1 : 0;
}

/* From A: 0, or the error */
static int dial(FIXTURE_DATA(hosts) *self, int *fd)
{
	if (topo_enter(&self->t, 0))
		return -1;
	*fd = sk_dial(HOST_B, PORT, 0, SOCK_NONBLOCK);
	if (*fd < 0)
		return errno;
	if (!sk_wait(*fd, POLLOUT, SOON))
		return ETIMEDOUT;
	fcntl(*fd, F_SETFL, 0);
	return sk_error(*fd);
}

/* What is no segment, from A: the error that comes back, which quotes eight bytes */
static int garbage(void)
{
	int fd = socket(family(), SOCK_RAW, proto());

	if (sk_connect(fd, HOST_B, 0) || send(fd, "nonsense", 8, 0) != 8)
		return -1;
	return sk_wait(fd, POLLERR, SOON) ? sk_error(fd) : ETIMEDOUT;
}

/* As a host does that doesn't know the protocol */
TEST_F(hosts, disabled)
{
	int unknown = is_v6() ? EPROTO : ENOPROTOOPT, fd;

	if (!is_tern())
		SKIP(return, "Tern's switch");
	ASSERT_EQ(0, switch_at_b(self, "0"));
	EXPECT_EQ(-1, sk_new(0));
	EXPECT_EQ(EPROTONOSUPPORT, errno);
	EXPECT_EQ(unknown, dial(self, &fd));
	EXPECT_EQ(unknown, garbage());
	ASSERT_EQ(0, switch_at_b(self, "1"));
	EXPECT_LE(0, sk_new(0));
	EXPECT_EQ(ECONNREFUSED, dial(self, &fd));
}

/* What there was goes on, a listener too. */
TEST_F(hosts, disabled_later)
{
	int listener, c[2], s[2];

	if (!is_tern())
		SKIP(return, "Tern's switch");
	ASSERT_EQ(0, topo_enter(&self->t, 1));
	listener = sk_listen(PORT, 4);
	ASSERT_GE(listener, 0);
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, dial(self, &c[i]));
		s[i] = accept_as(listener, 0);
		ASSERT_GE(s[i], 0);
		ASSERT_EQ(0, switch_at_b(self, "0"));
		EXPECT_TRUE(talk(c[0], s[0]));
	}
	EXPECT_TRUE(talk(c[1], s[1]));
	close(listener);
	EXPECT_EQ(is_v6() ? EPROTO : ENOPROTOOPT, dial(self, &listener));
	EXPECT_TRUE(talk(c[1], s[1]));
}

TEST_HARNESS_MAIN
