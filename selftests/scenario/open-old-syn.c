// SPDX-License-Identifier: GPL-2.0
/*
 * open-old-syn: a delayed duplicate SYN reaches the server after its connection
 * is gone: SYN-ACK, which the client answers with RST, and the entry goes. RFC 9293, 3.5.1, figure 8,
 * and 3.10.7.1, 3.10.7.3.
 */
#include "fixture.h"

WIRE_FIXTURE()
HOSTS_FIXTURE()

TEST_F(wire, server)
{
	struct peer *p = &self->p;
	int listener = sk_listen(PORT, 4);

	p->port = 5000;
	p->to_port = PORT;
	say(p, .flags = SYN, .seq = 90, .mss = 1460);
	ASSERT_EQ(0, expect(p, &self->s, SYN | ACK));
	EXPECT_EQ(91, self->s.ack);
	EXPECT_TRUE(wait_state(PORT, 5000, TERN_SYN_RECV, SOON));

	/* Not in the window: it must not do any harm. */
	say(p, .flags = RST, .seq = 91 + 1000000);
	EXPECT_EQ(0, sk_wait(listener, POLLIN, QUIET));
	EXPECT_EQ(TERN_SYN_RECV, sk_state(PORT, 5000));

	wire_drain(&self->w);
	say(p, .flags = RST, .seq = 91);
	EXPECT_TRUE(wait_gone(PORT, 5000, SOON));
	EXPECT_TRUE(silence(p, 1300));	/* no SYN-ACK is resent */
	EXPECT_EQ(0, sk_wait(listener, POLLIN, 0));
}

/* The client knows nothing of that connection. */
TEST_F(wire, client_closed)
{
	struct peer *p = &self->p;

	p->to_port = 5000;
	say(p, .flags = SYN | ACK, .seq = 300, .ack = 91, .mss = 1460);
	ASSERT_EQ(0, expect(p, &self->s, RST));
	EXPECT_EQ(91, self->s.seq);
	EXPECT_EQ(0, self->s.len);
	EXPECT_TRUE(silence(p, QUIET));
}

/* It is just opening another one: the wrong ACK is reset, the right one serves. */
TEST_F(wire, client_syn_sent)
{
	struct peer *p = &self->p;
	uint32_t x;
	int fd;

	fd = sk_dial(HOST_B, PORT, 0, SOCK_NONBLOCK);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, expect(p, &self->s, SYN));
	p->to_port = self->s.sport;
	x = self->s.seq;

	say(p, .flags = SYN | ACK, .seq = 300, .ack = x - 9, .mss = 1460);
	ASSERT_EQ(0, expect(p, &self->s, RST));
	EXPECT_EQ(x - 9, self->s.seq);
	/* Behind the RST, which may have made room for it, and not each time */
	ASSERT_EQ(0, expect(p, &self->s, SYN));
	EXPECT_EQ(x, self->s.seq);
	say(p, .flags = SYN | ACK, .seq = 300, .ack = x + 2, .mss = 1460);
	ASSERT_EQ(0, expect(p, &self->s, RST));
	EXPECT_EQ(x + 2, self->s.seq);
	EXPECT_TRUE(silence(p, QUIET));
	EXPECT_EQ(TERN_SYN_SENT, sk_state(p->to_port, PORT));

	say(p, .flags = SYN | ACK, .seq = 400, .ack = x + 1, .mss = 1460);
	ASSERT_EQ(0, expect(p, &self->s, ACK));
	EXPECT_EQ(401, self->s.ack);
	EXPECT_TRUE(wait_state(p->to_port, PORT, TERN_ESTABLISHED, SOON));
}

/* Two kernels: the SYN of a connection that both have closed comes once more. */
TEST_F(hosts, replayed)
{
	struct seg *s = &self->s;
	static struct seg syn;
	struct trace tr;
	struct peer c;
	int listener, fd, port, server;
	long embryonic;

	if (!is_tern())
		SKIP(return, "TCP's TIME-WAIT takes a minute");
	ASSERT_EQ(0, sysctl_set("msl_ms", "100"));
	topo_enter(&self->t, 1);
	listener = sk_listen(PORT, 4);
	ASSERT_GE(listener, 0);
	topo_enter(&self->t, 0);
	fd = sk_dial(HOST_B, PORT, 0, 0);
	ASSERT_GE(fd, 0);
	port = sk_port(fd);
	ASSERT_EQ(0, see(&self->w, &syn, port, SYN));
	ASSERT_EQ(POLLIN, sk_wait(listener, POLLIN, SOON));
	server = accept(listener, NULL, NULL);
	ASSERT_GE(server, 0);
	close(fd);
	EXPECT_TRUE(wait_state(port, PORT, TERN_FIN_WAIT2, SOON));
	close(server);
	EXPECT_TRUE(wait_gone(port, PORT, SOON));
	topo_enter(&self->t, 1);
	ASSERT_EQ(0, trace_open(&tr));
	EXPECT_TRUE(wait_gone(PORT, port, SOON));
	embryonic = stat_get("EmbryonicRsts");
	wire_drain(&self->w);

	/* As it was: who sent it, its number, its options; complete */
	syn.bad_csum = false;
	peer_init(&c, &self->w, port, PORT);
	c.addr = syn.saddr;
	c.to = syn.daddr;
	ASSERT_EQ(0, say_seg(&c, syn));
	ASSERT_EQ(0, see(&self->w, s, PORT, SYN | ACK));
	EXPECT_EQ(syn.seq + 1, s->ack);
	ASSERT_EQ(0, see(&self->w, s, port, RST));
	EXPECT_EQ(syn.seq + 1, s->seq);
	EXPECT_TRUE(wait_for(stat_get("EmbryonicRsts") == embryonic + 1, SOON));
	EXPECT_TRUE(wait_gone(PORT, port, SOON));
	/* Neither waits for anything, and nothing more is said. */
	EXPECT_EQ(0, wire_recv(&self->w, s, 1300));
	EXPECT_EQ(0, sk_wait(listener, POLLIN, 0));
	EXPECT_EQ(embryonic + 1, stat_get("EmbryonicRsts"));
	EXPECT_EQ(0, TRACE_EXPECT(&tr, trace_of(PORT, port), TERN_SYN_RECV, TERN_CLOSE));
	topo_enter(&self->t, 0);
	EXPECT_EQ(0, sk_count(port, PORT, 0));
	trace_close(&tr);
}

TEST_HARNESS_MAIN
