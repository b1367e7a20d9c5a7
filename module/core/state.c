// SPDX-License-Identifier: GPL-2.0
/*
 * The only place that stores a connection's state. The table is the figure of
 * RFC 9293 3.3.2, with the transitions to CLOSED that abort adds. Effects
 * (timers, tables, wake-ups) belong to the callers.
 */
#include "state.h"
#include "trace.h"

#define TO(s)	(1U << TCP_##s)

static const u16 legal[TCP_MAX_STATES] = {
	[TCP_CLOSE]	  = TO(LISTEN) | TO(SYN_SENT) | TO(SYN_RECV),
	[TCP_LISTEN]	  = TO(CLOSE),
	[TCP_SYN_SENT]	  = TO(ESTABLISHED) | TO(SYN_RECV) | TO(CLOSE),
	[TCP_SYN_RECV]	  = TO(ESTABLISHED) | TO(FIN_WAIT1) | TO(CLOSE_WAIT) |
			    TO(CLOSE),
	[TCP_ESTABLISHED] = TO(FIN_WAIT1) | TO(CLOSE_WAIT) | TO(CLOSE),
	[TCP_FIN_WAIT1]	  = TO(FIN_WAIT2) | TO(CLOSING) | TO(TIME_WAIT) |
			    TO(CLOSE),
	[TCP_FIN_WAIT2]	  = TO(TIME_WAIT) | TO(CLOSE),
	[TCP_CLOSE_WAIT]  = TO(LAST_ACK) | TO(CLOSE),
	[TCP_CLOSING]	  = TO(TIME_WAIT) | TO(CLOSE),
	[TCP_LAST_ACK]	  = TO(CLOSE),
	[TCP_TIME_WAIT]	  = TO(CLOSE),
};

static const char *const names[TCP_MAX_STATES] = {
	[TCP_ESTABLISHED] = "ESTABLISHED",
	[TCP_SYN_SENT]	  = "SYN_SENT",
	[TCP_SYN_RECV]	  = "SYN_RECV",
	[TCP_FIN_WAIT1]	  = "FIN_WAIT1",
	[TCP_FIN_WAIT2]	  = "FIN_WAIT2",
	[TCP_TIME_WAIT]	  = "TIME_WAIT",
	[TCP_CLOSE]	  = "CLOSE",
	[TCP_CLOSE_WAIT]  = "CLOSE_WAIT",
	[TCP_LAST_ACK]	  = "LAST_ACK",
	[TCP_LISTEN]	  = "LISTEN",
	[TCP_CLOSING]	  = "CLOSING",
};

/* States that CurrEstab counts: ESTABLISHED and CLOSE-WAIT, as RFC 4022. */
static bool counted(int state)
{
	return state == TCP_ESTABLISHED || state == TCP_CLOSE_WAIT;
}

/**
 * tern_state_name() - a state's name as /proc shows it
 * @state: TCP_ESTABLISHED and so on
 */
const char *tern_state_name(int state)
{
	if (state > 0 && state < TCP_MAX_STATES && names[state])
		return names[state];
	return "UNKNOWN";
}

/**
 * tern_state_note() - tell of a transition of an object without a socket
 * @tn: namespace
 * @t: its 4-tuple
 * @old: state before
 * @state: state now
 * @event: what caused it, a string constant
 */
void tern_state_note(struct tern_net *tn, const struct tern_tuple *t, int old,
		     int state, const char *event)
{
	trace_tern_state(tn->net, t, old, state, event);
}

/**
 * tern_state_birth() - a copy of a listener begins in CLOSED
 * @sk: copy that nobody else knows
 */
void tern_state_birth(struct sock *sk)
{
	WRITE_ONCE(sk->sk_state, TCP_CLOSE);
}

/**
 * tern_state_set() - change a connection's state (RFC 9293 3.3.2)
 * @sk: socket, locked
 * @state: the new state
 * @event: what caused it, a string constant; NULL when the connection lives
 *	on in a TIME-WAIT entry, whose own transition was noted
 *
 * Warns once on a transition that the RFC's figure does not have, traces it,
 * and keeps the CurrEstab gauge. Same state: nothing happens.
 */
void tern_state_set(struct sock *sk, int state, const char *event)
{
	struct tern_net *tn = tern_sk_net(sk);
	int old = sk->sk_state;

	if (old == state)
		return;
	if (event)
		WARN_ONCE(!(legal[old] & (1U << state)), "tern: %s -> %s (%s)\n",
			  tern_state_name(old), tern_state_name(state), event);

	if (counted(state) && !counted(old))
		atomic_inc(&tn->estab);
	else if (!counted(state) && counted(old))
		atomic_dec(&tn->estab);

	if (event)
		trace_tern_state(tn->net, &tern_sk(sk)->ep.tuple, old, state,
				 event);
	inet_sk_set_state(sk, state);
}
