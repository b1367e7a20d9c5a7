// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/net/tern: the columns that no other test reads, and a list that is
 * longer than a page, of which each read() takes a part.
 */
#include <sys/resource.h>
#include <sys/stat.h>

#include "fixture.h"

WIRE_FIXTURE()

struct columns {
	unsigned int retrans, uid;
	unsigned long inode;
};

/* Of the line whose state is @state and local port @port */
static bool columns(int port, const char *state, struct columns *k)
{
	FILE *f = fopen("/proc/thread-self/net/tern", "r");
	char line[512], local[64], have[24];
	bool found = false;

	while (f && fgets(line, sizeof(line), f)) {
		struct columns c;

		if (sscanf(line, "%63s %*s %23s %*u %*u %*s %*f %u %u %lu", local, have,
			   &c.retrans, &c.uid, &c.inode) != 5 ||
		    strcmp(have, state) || atoi(strrchr(local, ':') + 1) != port)
			continue;
		found = true;
		*k = c;
	}
	if (f)
		fclose(f);
	return found;
}

static unsigned long inode(int fd)
{
	struct stat st;

	return fstat(fd, &st) ? 0 : st.st_ino;
}

/* Whose socket it is: its maker's, and of an accepted one the listener's */
TEST_F(wire, owner)
{
	struct peer *p = &self->p;
	struct columns k;
	int listener, fd;

	if (!is_tern())
		SKIP(return, "Tern's file");
	ASSERT_EQ(0, seteuid(1234));
	listener = sk_listen(PORT, 4);
	ASSERT_EQ(0, seteuid(0));
	ASSERT_TRUE(columns(PORT, "LISTEN", &k));
	EXPECT_EQ(1234, k.uid);
	EXPECT_EQ(inode(listener), k.inode);

	p->port = 5000;
	p->to_port = PORT;
	say(p, .flags = SYN, .seq = p->iss, .mss = MSS);
	ASSERT_EQ(0, expect(p, &self->s, SYN | ACK));
	ASSERT_TRUE(columns(PORT, "SYN_RECV", &k));
	EXPECT_EQ(1234, k.uid);
	EXPECT_EQ(0, k.inode);
	say(p, .flags = ACK, .seq = p->iss + 1, .ack = self->s.seq + 1);
	ASSERT_TRUE(wait_state(PORT, 5000, TERN_ESTABLISHED, SOON));
	ASSERT_TRUE(columns(PORT, "ESTABLISHED", &k));
	/* Nobody has a file of it yet. */
	EXPECT_EQ(0, k.inode);
	fd = accept(listener, NULL, NULL);
	ASSERT_GE(fd, 0);
	ASSERT_TRUE(columns(PORT, "ESTABLISHED", &k));
	EXPECT_EQ(inode(fd), k.inode);
}

/* Resends in a row, from 0 again after an answer */
TEST_F(wire, retrans)
{
	struct peer *p = &self->p;
	struct columns k = { 0 };
	int fd;

	if (!is_tern())
		SKIP(return, "Tern's file");
	ASSERT_EQ(0, sysctl_set("rto_min_us", "100000"));
	p->has_mad = true;
	ASSERT_EQ(0, peer_dial(p, &fd));
	ASSERT_EQ(1, send(fd, "x", 1, 0));
	for (unsigned int i = 0; i < 3; i++) {
		ASSERT_EQ(0, expect(p, &self->s, ACK));
		EXPECT_TRUE(wait_for(columns(p->to_port, "ESTABLISHED", &k) && k.retrans >= i, SOON));
	}
	EXPECT_LE(2, k.retrans);
	say(p, .flags = ACK, .seq = p->snd_nxt, .ack = self->s.seq + 1);
	EXPECT_TRUE(wait_for(columns(p->to_port, "ESTABLISHED", &k) && !k.retrans, SOON));
}

/* Each of many lines once, however small the reads */
static void whole(struct __test_metadata *_metadata, int first, int n, size_t piece)
{
	char *buf = calloc(1, 1 << 20), *line, *next;
	int fd = open("/proc/thread-self/net/tern", O_RDONLY), lost = 0, doubled = 0;
	uint8_t *seen = calloc(1, n);
	size_t have = 0;
	ssize_t r;

	ASSERT_GE(fd, 0);
	while ((r = read(fd, buf + have, piece)) > 0)
		have += r;
	ASSERT_EQ(0, r);
	close(fd);
	ASSERT_LT(16384, have);
	for (line = buf; (next = strchr(line, '\n')); line = next + 1) {
		char local[64], state[24];
		int port;

		*next = '\0';
		if (sscanf(line, "%63s %*s %23s", local, state) != 2 || strcmp(state, "LISTEN"))
			continue;
		port = atoi(strrchr(local, ':') + 1);
		if (port >= first && port < first + n)
			doubled += seen[port - first]++;
	}
	for (int i = 0; i < n; i++)
		lost += !seen[i];
	EXPECT_EQ(0, lost);
	EXPECT_EQ(0, doubled);
	free(seen);
	free(buf);
}

TEST_F(wire, long_list)
{
	struct rlimit lim = { 8192, 8192 };
	int n = 600, c = 0;

	if (!is_tern())
		SKIP(return, "Tern's file");
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &lim));
	for (int i = 0; i < n; i++)
		ASSERT_GE(sk_listen(20000 + i, 1), 0);
	/* And as many connections, of which each end has a line */
	for (int i = 0; i < 300; i++) {
		int fd = sk_new(0);

		ASSERT_EQ(0, sk_connect(fd, "127.0.0.1", 20000 + i));
		c++;
	}
	whole(_metadata, 20000, n, 1 << 16);
	whole(_metadata, 20000, n, 1000);
	EXPECT_TRUE(wait_for(sk_count(0, 0, TERN_ESTABLISHED) == 2 * c, SOON));
}

TEST_HARNESS_MAIN
