// SPDX-License-Identifier: GPL-2.0
/*
 * What a security module sees and says of a connection: Smack's labels, which
 * travel as an option of IPv4's header (CIPSO), and programs at its hooks.
 */
#define _GNU_SOURCE
#include <sched.h>

#include <linux/bpf.h>
#include <linux/btf.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "fixture.h"

#define SMACKFS		"/sys/fs/smackfs"
#define LABEL		"/proc/self/attr/current"

HOSTS_FIXTURE()

/* Labels of what this process opens from now on */
static int labelled(const char *label)
{
	return file_put(LABEL, label);
}

/* NULL, or why there are no labels here */
static const char *no_labels(void)
{
	if (is_v6())
		return "Smack labels packets of IPv4 only";
	if (access(SMACKFS, F_OK))
		return "no Smack in this kernel: boot one of ours";
	if (access(SMACKFS "/load2", F_OK) &&
	    mount("smackfs", SMACKFS, "smackfs", 0, NULL))
		return "smackfs can't be mounted";
	return labelled("_") ? "no right to set labels" : NULL;
}

/* May @subject's packets reach sockets of @object? */
static int allow(const char *subject, const char *object, bool may)
{
	char rule[64];

	snprintf(rule, sizeof(rule), "%s %s %s", subject, object, may ? "w" : "-");
	return file_put(SMACKFS "/load2", rule);
}

static int listen_as(FIXTURE_DATA(hosts) *self, const char *label)
{
	int fd;

	if (topo_enter(&self->t, 1) || labelled(label))
		return -1;
	fd = sk_listen(PORT, 4);
	return labelled("_") || topo_enter(&self->t, 0) ? -1 : fd;
}

/* From A: 0, or the error */
static int dial_as(FIXTURE_DATA(hosts) *self, const char *label, int *fd)
{
	if (topo_enter(&self->t, 0) || labelled(label))
		return -1;
	*fd = sk_dial(HOST_B, PORT, 0, SOCK_NONBLOCK);
	if (labelled("_") || *fd < 0)
		return errno;
	if (!sk_wait(*fd, POLLOUT, SOON))
		return ETIMEDOUT;
	fcntl(*fd, F_SETFL, 0);
	return sk_error(*fd);
}

/* Before 6.6 an accepted socket has the label of who accepts. */
static int accept_as(int listener, const char *label)
{
	int fd;

	if (!sk_wait(listener, POLLIN, SOON) || labelled(label))
		return -1;
	fd = accept(listener, NULL, NULL);
	return labelled("_") ? -1 : fd;
}

static int always_cookies(void)
{
	return is_tern() ? sysctl_set("syncookies", "2") :
			   file_put("/proc/sys/net/ipv4/tcp_syncookies", "2");
}

/* A byte each way */
static bool talk(int a, int b)
{
	char c;

	return !sk_timeouts(a, SOON) && !sk_timeouts(b, SOON) &&
	       send(a, "x", 1, 0) == 1 && recv(b, &c, 1, 0) == 1 &&
	       send(b, "y", 1, 0) == 1 && recv(a, &c, 1, 0) == 1;
}

/* Full segments, with the label's option in each header */
static bool send_much(int from, int to)
{
	static const char out[65536];
	static char in[sizeof(out)];
	size_t sent = 0, got = 0;
	ssize_t n;

	while (got < sizeof(in)) {
		n = send(from, out + sent, sizeof(out) - sent, MSG_DONTWAIT);
		if (n > 0)
			sent += n;
		n = recv(to, in, sizeof(in), 0);
		if (n <= 0)
			return false;
		got += n;
	}
	return true;
}

/* Opened, used and closed both ways, with each side's label */
static void whole_life(struct __test_metadata *_metadata, FIXTURE_DATA(hosts) *self,
		       const char *client, const char *server)
{
	int listener = listen_as(self, server), c, s;
	char byte;

	ASSERT_GE(listener, 0);
	ASSERT_EQ(0, dial_as(self, client, &c));
	s = accept_as(listener, server);
	ASSERT_GE(s, 0);
	EXPECT_TRUE(talk(c, s));
	EXPECT_TRUE(send_much(c, s));
	EXPECT_TRUE(send_much(s, c));
	ASSERT_EQ(0, shutdown(c, SHUT_WR));
	EXPECT_EQ(0, recv(s, &byte, 1, 0));
	close(s);
	EXPECT_EQ(0, recv(c, &byte, 1, 0));
	close(c);
	close(listener);
}

TEST_F(hosts, label)
{
	const char *why = no_labels();

	if (why)
		SKIP(return, "%s", why);
	whole_life(_metadata, self, "Alike", "Alike");
}

/* Without memory of the SYN the label is that of the ACK. */
TEST_F(hosts, label_cookie)
{
	const char *why = no_labels();

	if (why)
		SKIP(return, "%s", why);
	ASSERT_EQ(0, topo_enter(&self->t, 1));
	ASSERT_EQ(0, always_cookies());
	whole_life(_metadata, self, "Alike", "Alike");
}

TEST_F(hosts, rule)
{
	const char *why = no_labels();

	if (why)
		SKIP(return, "%s", why);
	ASSERT_EQ(0, allow("Client", "Server", true));
	ASSERT_EQ(0, allow("Server", "Client", true));
	whole_life(_metadata, self, "Client", "Server");
}

/* Who may not write to a listener opens no connection, and is told. */
TEST_F(hosts, rule_forbids)
{
	const char *why = no_labels();
	int listener, c;

	if (why)
		SKIP(return, "%s", why);
	ASSERT_EQ(0, allow("Client", "Server", false));
	ASSERT_EQ(0, allow("Server", "Client", true));
	listener = listen_as(self, "Server");
	ASSERT_GE(listener, 0);
	EXPECT_EQ(EHOSTUNREACH, dial_as(self, "Client", &c));
	EXPECT_EQ(0, sk_wait(listener, POLLIN, QUIET));
}

/* An answer that is no connection's has the label of what it answers. */
TEST_F(hosts, label_refused)
{
	const char *why = no_labels();
	int c;

	if (why)
		SKIP(return, "%s", why);
	EXPECT_EQ(ECONNREFUSED, dial_as(self, "Alone", &c));
}

static bool has_module(const char *name)
{
	static const char file[] = "/sys/kernel/security/lsm";
	char list[256] = "";
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	bool has = false;

	if (fd < 0 && !mount("securityfs", "/sys/kernel/security", "securityfs", 0, NULL))
		fd = open(file, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (read(fd, list, sizeof(list) - 1) > 0)
		for (char *s = strtok(list, ",\n"); s; s = strtok(NULL, ",\n"))
			has |= !strcmp(s, name);
	close(fd);
	return has;
}

static int bpf(int cmd, union bpf_attr *attr)
{
	return syscall(__NR_bpf, cmd, attr, sizeof(*attr));
}

/* Bytes of a type that follow its struct btf_type */
static size_t btf_rest(const struct btf_type *t)
{
	switch (BTF_INFO_KIND(t->info)) {
	case BTF_KIND_INT:
	case BTF_KIND_VAR:
	case BTF_KIND_DECL_TAG:
		return 4;
	case BTF_KIND_ARRAY:
		return sizeof(struct btf_array);
	case BTF_KIND_ENUM:
	case BTF_KIND_FUNC_PROTO:
		return 8 * BTF_INFO_VLEN(t->info);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
	case BTF_KIND_DATASEC:
	case BTF_KIND_ENUM64:
		return 12 * BTF_INFO_VLEN(t->info);
	default:
		return 0;
	}
}

/* The kernel's number for that function; 0: none */
static int btf_id(const char *function)
{
	int fd = open("/sys/kernel/btf/vmlinux", O_RDONLY | O_CLOEXEC), id = 0;
	const struct btf_type *t, *end;
	const struct btf_header *h;
	const char *names;
	struct stat st;
	char *all;
	bool found = false;

	if (fd < 0)
		return 0;
	all = !fstat(fd, &st) ? malloc(st.st_size) : NULL;
	for (ssize_t have = 0, n = 1; all && have < st.st_size && n > 0; have += n)
		n = read(fd, all + have, st.st_size - have);
	close(fd);
	if (!all)
		return 0;
	h = (void *)all;
	t = (void *)(all + h->hdr_len + h->type_off);
	end = (void *)((char *)t + h->type_len);
	names = all + h->hdr_len + h->str_off;
	while (!found && t < end) {
		id++;
		found = BTF_INFO_KIND(t->info) == BTF_KIND_FUNC &&
			!strcmp(names + t->name_off, function);
		t = (void *)((char *)(t + 1) + btf_rest(t));
	}
	free(all);
	return found ? id : 0;
}

static uint64_t cookie_of(int fd)
{
	uint64_t cookie = 0;
	socklen_t len = sizeof(cookie);

	return getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &len) ? 0 : cookie;
}

struct watch {
	int map;	/* of one number: so often it was asked */
	int link;	/* attached as long as it's open; -1: it could not be */
};

/* At a hook whose first argument is @fd's socket: count, and return @verdict. */
static struct watch watch(const char *hook, int fd, int verdict)
{
	union bpf_attr array = {
		.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 8,
		.max_entries = 1,
	};
	struct watch w = { .map = bpf(BPF_MAP_CREATE, &array) };
	uint64_t cookie = cookie_of(fd);
	const struct bpf_insn code[] = {
		{ .code = BPF_LDX | BPF_MEM | BPF_DW, .dst_reg = 1, .src_reg = 1 },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_get_socket_cookie },
		{ .code = BPF_LD | BPF_IMM | BPF_DW, .dst_reg = 1, .imm = (uint32_t)cookie },
		{ .imm = cookie >> 32 },
		{ .code = BPF_JMP | BPF_JNE | BPF_X, .dst_reg = 0, .src_reg = 1, .off = 11 },
		{ .code = BPF_ST | BPF_MEM | BPF_W, .dst_reg = 10, .off = -4 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 2, .src_reg = 10 },
		{ .code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = 2, .imm = -4 },
		{ .code = BPF_LD | BPF_IMM | BPF_DW, .dst_reg = 1,
		  .src_reg = BPF_PSEUDO_MAP_FD, .imm = w.map },
		{ .code = 0 },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_map_lookup_elem },
		{ .code = BPF_JMP | BPF_JEQ | BPF_K, .dst_reg = 0, .off = 4 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 1, .imm = 1 },
		{ .code = BPF_STX | BPF_ATOMIC | BPF_DW, .dst_reg = 0, .src_reg = 1,
		  .imm = BPF_ADD },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = verdict },
		{ .code = BPF_JMP | BPF_EXIT },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	char function[64];
	union bpf_attr load = {
		.prog_type = BPF_PROG_TYPE_LSM, .expected_attach_type = BPF_LSM_MAC,
		.insns = (uintptr_t)code, .insn_cnt = sizeof(code) / sizeof(code[0]),
		.license = (uintptr_t)"GPL",
	};
	union bpf_attr open = { 0 };

	snprintf(function, sizeof(function), "bpf_lsm_%s", hook);
	load.attach_btf_id = btf_id(function);
	open.raw_tracepoint.prog_fd = bpf(BPF_PROG_LOAD, &load);
	w.link = bpf(BPF_RAW_TRACEPOINT_OPEN, &open);
	return w;
}

static long asked(const struct watch *w)
{
	uint64_t count = 0;
	uint32_t key = 0;
	union bpf_attr lookup = {
		.map_fd = w->map, .key = (uintptr_t)&key, .value = (uintptr_t)&count,
	};

	return bpf(BPF_MAP_LOOKUP_ELEM, &lookup) ? -1 : (long)count;
}

static int listen_at_b(FIXTURE_DATA(hosts) *self)
{
	int fd;

	if (topo_enter(&self->t, 1))
		return -1;
	fd = sk_listen(PORT, 4);
	return topo_enter(&self->t, 0) ? -1 : fd;
}

static void hooks(struct __test_metadata *_metadata, FIXTURE_DATA(hosts) *self,
		  int requests)
{
	int listener = listen_at_b(self), c = sk_new(SOCK_NONBLOCK), s;
	struct watch at_request, at_established;

	ASSERT_GE(listener, 0);
	at_request = watch("inet_conn_request", listener, 0);
	ASSERT_GE(at_request.link, 0);
	at_established = watch("inet_conn_established", c, 0);
	ASSERT_GE(at_established.link, 0);
	ASSERT_EQ(-1, sk_connect(c, HOST_B, PORT));
	ASSERT_NE(0, sk_wait(c, POLLOUT, SOON));
	EXPECT_EQ(0, sk_error(c));
	fcntl(c, F_SETFL, 0);
	ASSERT_NE(0, sk_wait(listener, POLLIN, SOON));
	s = accept(listener, NULL, NULL);
	ASSERT_GE(s, 0);
	EXPECT_TRUE(talk(c, s));
	EXPECT_EQ(requests, asked(&at_request));
	EXPECT_EQ(1, asked(&at_established));
	close(at_request.link);
	close(at_established.link);
}

/* Asked of the SYN, and told of the SYN-ACK */
TEST_F(hosts, hooks)
{
	if (!has_module("bpf"))
		SKIP(return, "no security module of programs in this kernel");
	hooks(_metadata, self, 1);
}

/* Asked of the SYN, and again of the ACK that brings the cookie */
TEST_F(hosts, hooks_cookie)
{
	if (!has_module("bpf"))
		SKIP(return, "no security module of programs in this kernel");
	ASSERT_EQ(0, topo_enter(&self->t, 1));
	ASSERT_EQ(0, always_cookies());
	hooks(_metadata, self, 2);
}

/* Whom a module refuses gets no answer, until it changes its mind. */
TEST_F(hosts, hook_forbids)
{
	struct watch w;
	int listener;

	if (!has_module("bpf"))
		SKIP(return, "no security module of programs in this kernel");
	listener = listen_at_b(self);
	ASSERT_GE(listener, 0);
	w = watch("inet_conn_request", listener, -EPERM);
	ASSERT_GE(w.link, 0);
	ASSERT_GE(sk_dial(HOST_B, PORT, 4000, SOCK_NONBLOCK), 0);
	ASSERT_EQ(0, see(&self->w, &self->s, 4000, SYN));
	while (wire_recv(&self->w, &self->s, QUIET))
		EXPECT_EQ(4000, self->s.sport);
	EXPECT_LE(1, asked(&w));
	if (is_tern()) {
		ASSERT_EQ(0, topo_enter(&self->t, 1));
		EXPECT_EQ(asked(&w), stat_get("ListenDrops"));
	}
	close(w.link);
	EXPECT_NE(0, sk_wait(listener, POLLIN, SOON));
}

TEST_HARNESS_MAIN
