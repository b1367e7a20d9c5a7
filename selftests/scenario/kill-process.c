// SPDX-License-Identifier: GPL-2.0
/*
 * kill-process: the client's process is killed: its kernel sends FIN, or RST
 * when data was unread; S reads end of file, or ECONNRESET; the client that is
 * started again connects with a new 4-tuple. RFC 9293, 3.10.4 and 3.10.5.
 */
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "fixture.h"

FIXTURE(client)
{
	struct topo t;
	struct wire w;
	struct seg s;
	int listener;
};

FIXTURE_VARIANT(client)
{
	int sig;
	bool unread;
};

FIXTURE_VARIANT_ADD(client, sigint) { .sig = SIGINT };
FIXTURE_VARIANT_ADD(client, sigkill) { .sig = SIGKILL };
FIXTURE_VARIANT_ADD(client, crash) { .sig = SIGSEGV };
FIXTURE_VARIANT_ADD(client, sigkill_unread) { .sig = SIGKILL, .unread = true };
FIXTURE_VARIANT_ADD(client, crash_unread) { .sig = SIGSEGV, .unread = true };

FIXTURE_SETUP(client)
{
	SKIP_UNLESS_AVAILABLE();
	ASSERT_EQ(0, topo_up(&self->t, TOPO_HOSTS));
	ASSERT_EQ(0, wire_sniff(&self->t, &self->w, 0));
	topo_enter(&self->t, 1);
	self->listener = sk_listen(PORT, 4);
	ASSERT_GE(self->listener, 0);
	topo_enter(&self->t, 0);
}

FIXTURE_TEARDOWN(client)
{
	topo_down(&self->t);
}

/* A process that connects and hangs in recv(), or does nothing. */
static pid_t client(bool reads, int *port)
{
	struct rlimit none = { 0 };
	int up[2], fd;
	pid_t pid;
	char c;

	if (pipe(up))
		return -1;
	pid = fork();
	if (!pid) {
		setrlimit(RLIMIT_CORE, &none);
		fd = sk_dial(HOST_B, PORT, 0, 0);
		*port = sk_port(fd);
		if (write(up[1], port, sizeof(*port)) != sizeof(*port))
			_exit(1);
		while (reads && recv(fd, &c, 1, 0) > 0)
			;
		for (;;)
			pause();
	}
	if (read(up[0], port, sizeof(*port)) != sizeof(*port))
		return -1;
	close(up[0]);
	close(up[1]);
	return pid;
}

TEST_F(client, killed)
{
	int s, port, again, status;
	uint32_t seq, ack;
	pid_t pid;
	char c;

	pid = client(!variant->unread, &port);
	ASSERT_GT(pid, 0);
	ASSERT_EQ(POLLIN, sk_wait(self->listener, POLLIN, SOON));
	s = accept(self->listener, NULL, NULL);
	sk_timeouts(s, SOON);
	if (variant->unread) {
		ASSERT_EQ(6, send(s, "unread", 6, 0));
		ASSERT_TRUE(wait_for(sk_find(port, PORT, 0).rxq == 6, SOON));
	}
	ASSERT_EQ(0, see(&self->w, &self->s, port, SYN));
	seq = self->s.seq + 1;
	ASSERT_EQ(0, see(&self->w, &self->s, PORT, SYN | ACK));
	ack = self->s.seq + 1;
	wire_drain(&self->w);
	ASSERT_EQ(0, kill(pid, variant->sig));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));

	/* Its kernel speaks for it. */
	do {
		ASSERT_EQ(1, wire_recv(&self->w, &self->s, SOON));
	} while (self->s.dport != PORT || !(self->s.flags & (FIN | RST)));
	EXPECT_EQ(variant->unread ? RST : FIN, self->s.flags & (FIN | RST));
	EXPECT_EQ(seq, self->s.seq);
	EXPECT_EQ(variant->unread ? ack + 6 : ack, self->s.ack);
	if (variant->unread) {
		EXPECT_EQ(-1, recv(s, &c, 1, 0));
		EXPECT_EQ(ECONNRESET, errno);
		EXPECT_EQ(0, sk_state(port, PORT));
	} else {
		EXPECT_EQ(0, recv(s, &c, 1, 0));
		EXPECT_TRUE(wait_state(port, PORT, TERN_FIN_WAIT2, SOON));
		topo_enter(&self->t, 1);
		EXPECT_EQ(TERN_CLOSE_WAIT, sk_state(PORT, port));
		topo_enter(&self->t, 0);
	}
	close(s);

	pid = client(true, &again);
	ASSERT_GT(pid, 0);
	EXPECT_NE(port, again);
	EXPECT_EQ(POLLIN, sk_wait(self->listener, POLLIN, SOON));
	s = accept(self->listener, NULL, NULL);
	EXPECT_EQ(TERN_ESTABLISHED, sk_state(again, PORT));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	sk_timeouts(s, SOON);
	EXPECT_EQ(0, recv(s, &c, 1, 0));
}

TEST_HARNESS_MAIN
