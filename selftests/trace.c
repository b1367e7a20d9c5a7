// SPDX-License-Identifier: GPL-2.0
/*
 * The tracepoints beside tern_state: that each says what it is about, as
 * Documentation has it, so that a connection can be drawn from the trace.
 */
#include <stdarg.h>
#include <sys/stat.h>

#include "fixture.h"
#include "flight.h"

WIRE_FIXTURE()

static char text[1 << 17];
static size_t have;

/* In the instance of tern_state also @event, of this namespace */
static int also(struct trace *tr, const char *event)
{
	struct stat ns;

	if (stat("/proc/thread-self/ns/net", &ns))
		return -1;
	return run("cd %s/events/tern/%s && echo 'netns == %lu' > filter && echo 1 > enable",
		   tr->dir, event, (unsigned long)ns.st_ino);
}

/* A line of @event has come in which all of the @fmt's words stand. */
static bool __attribute__((format(printf, 3, 4)))
says(struct trace *tr, const char *event, const char *fmt, ...)
{
	int64_t end = now_us() + SOON * 1000LL;
	char want[256], *line, *next;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(want, sizeof(want), fmt, ap);
	va_end(ap);
	do {
		ssize_t n = read(tr->fd, text + have, sizeof(text) - 1 - have);

		have += n > 0 ? n : 0;
		text[have] = '\0';
		for (line = text; (next = strchr(line, '\n')); line = next + 1) {
			char words[256], *w, *save;
			bool all;

			*next = '\0';
			all = strstr(line, event);
			strcpy(words, want);
			for (w = strtok_r(words, " ", &save); w && all; w = strtok_r(NULL, " ", &save)) {
				char *at = strstr(line, w);

				/* "seq=1" is not in "seq=12". */
				while (at && at[strlen(w)] && at[strlen(w)] != ' ')
					at = strstr(at + 1, w);
				all = at;
			}
			*next = '\n';
			if (all)
				return true;
		}
		if (n <= 0)
			usleep(1000);
	} while (now_us() < end);
	fprintf(stderr, "# no line of %s with %s\n", event, want);
	return false;
}

#define BEGIN(...)							\
	const char *events[] = { __VA_ARGS__ };				\
	struct peer *p = &self->p;					\
	struct seg *s = &self->s;					\
	struct trace tr;						\
	int fd;								\
									\
	(void)s;							\
	if (!is_tern())							\
		SKIP(return, "Tern's tracepoints");			\
	have = 0;							\
	ASSERT_EQ(0, trace_open(&tr));					\
	for (size_t i = 0; i < sizeof(events) / sizeof(*events); i++)	\
		ASSERT_EQ(0, also(&tr, events[i]));			\
	p->has_mad = true;						\
	ASSERT_EQ(0, peer_dial(p, &fd))

TEST_F(wire, send_and_recv)
{
	BEGIN("tern_send", "tern_recv");
	EXPECT_TRUE(says(&tr, "tern_send:", "sport=%d dport=%d flags=SYN seq=%u ack=0 len=0",
			 p->to_port, p->port, p->rcv_nxt - 1));
	EXPECT_TRUE(says(&tr, "tern_recv:", "sport=%d dport=%d flags=SYN|ACK seq=%u ack=%u len=0",
			 p->to_port, p->port, p->iss, p->rcv_nxt));
	ASSERT_EQ(10, send(fd, "0123456789", 10, 0));
	ASSERT_EQ(0, expect(p, s, ACK));
	EXPECT_TRUE(says(&tr, "tern_send:", "flags=PSH|ACK seq=%u ack=%u win=%u len=10",
			 s->seq, s->ack, s->win));
	say(p, .flags = FIN | ACK, .seq = p->snd_nxt, .ack = s->seq + 10, .win = 777, .len = 5);
	EXPECT_TRUE(says(&tr, "tern_recv:", "flags=FIN|ACK seq=%u ack=%u win=777 len=5",
			 p->snd_nxt, s->seq + 10));
	trace_close(&tr);
}

TEST_F(wire, retransmit_and_timer)
{
	BEGIN("tern_retransmit", "tern_timer", "tern_cong");
	sysctl_set("rto_min_us", "100000");
	ASSERT_EQ(10, send(fd, "0123456789", 10, 0));
	ASSERT_EQ(0, expect(p, s, ACK));
	EXPECT_TRUE(says(&tr, "tern_timer:", "sport=%d dport=%d op=arm timer=retransmit",
			 p->to_port, p->port));
	ASSERT_EQ(0, expect(p, s, ACK));
	EXPECT_TRUE(says(&tr, "tern_timer:", "sport=%d op=fire timer=retransmit", p->to_port));
	EXPECT_TRUE(says(&tr, "tern_retransmit:", "sport=%d dport=%d seq=%u len=10 retries=1",
			 p->to_port, p->port, s->seq));
	ASSERT_EQ(0, expect(p, s, ACK));
	EXPECT_TRUE(says(&tr, "tern_retransmit:", "seq=%u len=10 retries=2", s->seq));
	EXPECT_TRUE(says(&tr, "tern_cong:", "sport=%d cwnd=1 ssthresh=2 in_flight=1", p->to_port));
	say(p, .flags = ACK, .seq = p->snd_nxt, .ack = s->seq + 10);
	EXPECT_TRUE(says(&tr, "tern_timer:", "sport=%d op=cancel timer=retransmit", p->to_port));
	trace_close(&tr);
}

/* Why a segment was dropped */
TEST_F(wire, drop)
{
	BEGIN("tern_drop");
	say(p, .flags = ACK, .seq = p->snd_nxt, .ack = p->rcv_nxt, .len = 1, .bad_csum = true);
	EXPECT_TRUE(says(&tr, "tern_drop:", "reason=TCP_CSUM"));
	say(p, .flags = ACK, .seq = p->snd_nxt - 5, .ack = p->rcv_nxt, .len = 1);
	EXPECT_TRUE(says(&tr, "tern_drop:", "sport=%d dport=%d reason=TCP_INVALID_SEQUENCE",
			 p->to_port, p->port));
	say(p, .flags = SYN, .seq = p->snd_nxt);
	EXPECT_TRUE(says(&tr, "tern_drop:", "sport=%d reason=TCP_INVALID_SYN", p->to_port));
	say(p, .dport = 999, .flags = SYN, .seq = 1);
	EXPECT_TRUE(says(&tr, "tern_drop:", "sport=999 dport=%d reason=NO_SOCKET", p->port));
	trace_close(&tr);
}

TEST_HARNESS_MAIN
