/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Two ends of a connection (RFC 9293 3.3.2) over a network that loses and
 * repeats: the state machine of module/core/state.c and who drives it.
 * scripts/check-model runs it; Documentation/model/README says what is checked.
 *
 * Peer 0 opens actively; peer 1 listens, or opens actively as well (-DBOTH).
 * Each stream is SYN, a byte or none, FIN. A segment that finds its channel
 * full is lost.
 */
#ifndef OPENS
#define OPENS	1	/* connections that a peer may ask for */
#endif
#define RESENDS	1	/* before a timeout gives up */

#define ESTABLISHED	1
#define SYN_SENT	2
#define SYN_RECV	3
#define FIN_WAIT1	4
#define FIN_WAIT2	5
#define TIME_WAIT	6
#define CLOSE		7
#define CLOSE_WAIT	8
#define LAST_ACK	9
#define LISTEN		10
#define CLOSING		11

#define SYN	1
#define ACK	2
#define FIN	4
#define RST	8
#define DAT	16
#define has(f)	((flags & (f)) != 0)

c_decl {
\#include "edges.h"
}

typedef peer {
	byte st = CLOSE;
	byte opens;
	byte iss, una, nxt;	/* ours; nxt is behind all that was queued */
	byte rcv;		/* RCV.NXT */
	byte resends;
	bool listening;
	bool passive;		/* came from a listener */
	bool dat;		/* our byte is queued */
	bool fin;		/* our FIN is queued */
	bool peerfin;		/* theirs was received in order */
	bool orphan;		/* the user has closed */
};

peer P[2];
/* What is on its way to each peer; 8 is for an old duplicate */
chan net[2] = [2] of { byte, byte, byte };
bool old_syn = false;

#define legal(a, b) \
	((a == CLOSE && (b == LISTEN || b == SYN_SENT || b == SYN_RECV)) || \
	 (a == LISTEN && (b == SYN_RECV || b == CLOSE)) || \
	 (a == SYN_SENT && (b == ESTABLISHED || b == SYN_RECV || b == CLOSE)) || \
	 (a == SYN_RECV && (b == ESTABLISHED || b == FIN_WAIT1 || b == CLOSE)) || \
	 (a == ESTABLISHED && (b == FIN_WAIT1 || b == CLOSE_WAIT || b == CLOSE)) || \
	 (a == FIN_WAIT1 && (b == FIN_WAIT2 || b == CLOSING || b == CLOSE)) || \
	 (a == FIN_WAIT2 && (b == TIME_WAIT || b == CLOSE)) || \
	 (a == CLOSE_WAIT && (b == LAST_ACK || b == CLOSE)) || \
	 (a == CLOSING && (b == TIME_WAIT || b == CLOSE)) || \
	 (a == LAST_ACK && b == CLOSE) || (a == TIME_WAIT && b == CLOSE))

/* The one writer of states. LISTEN is a flag of its own, as in the module. */
#define SET(old, new, event) \
	assert(legal(old, new)); \
	c_code { edge(old, new, event); }; \
	P[me].st = new

#define MOVE(new, event) \
	c_code { edge(now.P[Pend->me].st, new, event); }; \
	assert(legal(P[me].st, new)); \
	P[me].st = new

#define synchronised(s) (s != CLOSE && s != SYN_SENT && s != SYN_RECV)

/* Sent, and perhaps lost; twice when a duplicate fits. */
inline send(flg, sq, ak)
{
	if
	:: nfull(net[1 - me]) -> net[1 - me]!flg, sq, ak
	:: true
	fi
}

inline send_ack()
{
	send(ACK, P[me].nxt, P[me].rcv)
}

/* All that is not acknowledged, as one segment */
inline send_data()
{
	send(ACK | (P[me].dat && P[me].una == P[me].iss + 1 -> DAT : 0) |
	     (P[me].fin -> FIN : 0), P[me].una, P[me].rcv)
}

inline resend()
{
	if
	:: P[me].st == SYN_SENT -> send(SYN, P[me].iss, 0)
	:: P[me].una == P[me].iss && P[me].st != SYN_SENT ->
		send(SYN | ACK, P[me].iss, P[me].rcv)
	:: else -> send_data()
	fi
}

/* CLOSED: nothing is left of the connection. */
inline forget()
{
	P[me].iss = 0; P[me].una = 0; P[me].nxt = 0; P[me].rcv = 0;
	P[me].resends = 0; P[me].passive = false; P[me].dat = false;
	P[me].fin = false; P[me].peerfin = false; P[me].orphan = false
}

inline begin(number)
{
	P[me].iss = 10 + 100 * me + 20 * number;
	P[me].una = P[me].iss;
	P[me].nxt = P[me].iss + 1
}

/* Our side of the stream ends. */
inline queue_fin()
{
	P[me].fin = true;
	P[me].nxt = P[me].nxt + 1;
	P[me].resends = 0;
	/* A SYN still owed goes first. */
	if
	:: P[me].una == P[me].iss -> skip
	:: else -> send_data()
	fi
}

#define ABORT(event) \
	send(RST | ACK, P[me].nxt, P[me].rcv); \
	MOVE(CLOSE, event); \
	forget()

/* What the user may do at any time */
inline user()
{
	if
	:: P[me].st == CLOSE && P[me].opens < OPENS && opener[me] && !P[me].listening ->
		begin(P[me].opens);
		P[me].opens++;
		MOVE(SYN_SENT, "connect");
		send(SYN, P[me].iss, 0)
	:: !opener[me] && !P[me].listening && P[me].opens == 0 ->
		P[me].opens++;
		c_code { edge(CLOSE, LISTEN, "listen"); };
		P[me].listening = true
	:: P[me].listening ->
		c_code { edge(LISTEN, CLOSE, "close"); };
		P[me].listening = false;
		if
		:: P[me].st == SYN_RECV && P[me].passive ->
			MOVE(CLOSE, "listener closed");
			forget()
		:: else
		fi
	:: P[me].st == SYN_SENT ->
		MOVE(CLOSE, "close");
		forget()
	:: (P[me].st == ESTABLISHED || P[me].st == CLOSE_WAIT) && !P[me].dat && !P[me].fin ->
		P[me].dat = true;
		P[me].nxt = P[me].nxt + 1;
		P[me].resends = 0;
		send_data()
	:: P[me].st == ESTABLISHED ->
		MOVE(FIN_WAIT1, "close");
		queue_fin()
	:: P[me].st == SYN_RECV && !P[me].passive ->
		MOVE(FIN_WAIT1, "close");
		queue_fin()
	:: P[me].st == CLOSE_WAIT ->
		MOVE(LAST_ACK, "close");
		queue_fin()
	:: (P[me].st == FIN_WAIT1 || P[me].st == FIN_WAIT2) && !P[me].orphan ->
		P[me].orphan = true
	:: (P[me].st == ESTABLISHED || P[me].st == FIN_WAIT2 || P[me].st == CLOSE_WAIT ||
	    P[me].st == FIN_WAIT1) && !P[me].orphan ->
		if
		:: ABORT("linger 0")
		:: ABORT("unread")
		:: ABORT("max_orphans")
		fi
	fi
}

/* Time: the retransmission timer, and what ends by itself */
inline timer()
{
	if
	:: P[me].st != CLOSE && P[me].st != TIME_WAIT && P[me].una != P[me].nxt ->
		if
		:: P[me].resends < RESENDS ->
			P[me].resends++;
			resend()
		:: P[me].resends == RESENDS ->
			MOVE(CLOSE, "timeout");
			forget()
		fi
	:: P[me].st == TIME_WAIT ->
		MOVE(CLOSE, "2msl");
		forget()
	:: P[me].st == FIN_WAIT2 && P[me].orphan ->
		MOVE(CLOSE, "fin_timeout");
		forget()
	/* Keepalive finds who is not there any more. */
	:: (P[me].st == ESTABLISHED || P[me].st == CLOSE_WAIT || P[me].st == FIN_WAIT2) &&
	   P[me].una == P[me].nxt && !synchronised(P[1 - me].st) &&
	   empty(net[me]) && empty(net[1 - me]) ->
		MOVE(CLOSE, "keepalive");
		forget()
	fi
}

/* RFC 9293 3.10.7.1 */
inline refuse()
{
	if
	:: has(RST) -> skip
	:: !has(RST) && has(ACK) -> send(RST, ack, 0)
	:: !has(RST) && !has(ACK) -> send(RST | ACK, 0, seq + (has(SYN) -> 1 : 0))
	fi
}

/* RFC 9293 3.10.7.2; the entry is answered, the listener stays. */
inline in_listen()
{
	if
	:: has(RST) || has(ACK) || !has(SYN) -> refuse()
	:: else ->
		begin(P[me].opens);
		P[me].passive = true;
		P[me].rcv = seq + 1;
		SET(LISTEN, SYN_RECV, "syn");
		send(SYN | ACK, P[me].iss, P[me].rcv)
	fi
}

/* RFC 9293 3.10.7.3 */
inline in_syn_sent()
{
	if
	:: has(ACK) && ack != P[me].nxt -> refuse()
	:: else ->
		if
		:: has(RST) && has(ACK) ->
			MOVE(CLOSE, "rst");
			forget()
		:: has(RST) && !has(ACK) -> skip
		:: !has(RST) && !has(SYN) -> skip
		:: !has(RST) && has(SYN) && has(ACK) ->
			P[me].rcv = seq + 1;
			P[me].una = ack;
			P[me].resends = 0;
			MOVE(ESTABLISHED, "syn ack");
			send_ack()
		:: !has(RST) && has(SYN) && !has(ACK) ->
			P[me].rcv = seq + 1;
			P[me].resends = 0;
			MOVE(SYN_RECV, "syn");
			send(SYN | ACK, P[me].iss, P[me].rcv)
		fi
	fi
}

inline fin_acked()
{
	if
	:: P[me].fin && P[me].una == P[me].nxt && P[me].st == FIN_WAIT1 ->
		MOVE(FIN_WAIT2, "ack of fin")
	:: P[me].fin && P[me].una == P[me].nxt && P[me].st == CLOSING ->
		MOVE(TIME_WAIT, "ack of fin")
	:: P[me].fin && P[me].una == P[me].nxt && P[me].st == LAST_ACK ->
		MOVE(CLOSE, "ack of fin");
		forget()
	:: else
	fi
}

inline fin_received()
{
	P[me].rcv = P[me].rcv + 1;
	P[me].peerfin = true;
	send_ack();
	if
	:: P[me].st == ESTABLISHED -> MOVE(CLOSE_WAIT, "fin")
	:: P[me].st == FIN_WAIT1 -> MOVE(CLOSING, "fin")
	:: P[me].st == FIN_WAIT2 -> MOVE(TIME_WAIT, "fin")
	fi
}

/* Text in order, then FIN: the sixth to eighth step */
inline text()
{
	if
	:: seq == P[me].rcv && has(DAT) && P[me].orphan ->
		send(RST, P[me].nxt, 0);
		MOVE(CLOSE, "data after close");
		forget()
	:: seq == P[me].rcv && has(DAT) && !P[me].orphan ->
		P[me].rcv = P[me].rcv + 1;
		if
		:: has(FIN) -> fin_received()
		:: else -> send_ack()
		fi
	:: seq == P[me].rcv && !has(DAT) && has(FIN) -> fin_received()
	/* A FIN whose byte is had already */
	:: seq + 1 == P[me].rcv && has(DAT) && has(FIN) && !P[me].peerfin -> fin_received()
	:: else ->
		if
		:: has(DAT) || has(FIN) -> send_ack()
		:: else
		fi
	fi
}

/* RFC 9293 3.10.7.4, RFC 5961: first to fifth */
inline in_connection()
{
	if
	/* A simultaneous open's SYN-ACK is the ACK that is waited for. */
	:: P[me].st == SYN_RECV && !P[me].passive && has(SYN) && has(ACK) && !has(RST) &&
	   seq + 1 == P[me].rcv && ack >= P[me].iss + 1 && ack <= P[me].nxt ->
		P[me].una = P[me].iss + 1;
		P[me].resends = 0;
		MOVE(ESTABLISHED, "ack of syn");
		send_ack()
	/* The SYN of an entry again */
	:: P[me].st == SYN_RECV && P[me].passive && has(SYN) && !has(ACK) && !has(RST) &&
	   seq + 1 == P[me].rcv ->
		send(SYN | ACK, P[me].iss, P[me].rcv)
	:: else ->
		if
		:: has(RST) && seq == P[me].rcv ->
			MOVE(CLOSE, "rst");
			forget()
		:: has(RST) && seq != P[me].rcv -> skip
		:: !has(RST) && has(SYN) -> send_ack()
		:: !has(RST) && !has(SYN) && (seq > P[me].rcv || seq + 2 < P[me].rcv) -> send_ack()
		:: !has(RST) && !has(SYN) && seq <= P[me].rcv && seq + 2 >= P[me].rcv ->
			if
			:: P[me].st == SYN_RECV && (ack < P[me].iss + 1 || ack > P[me].nxt) ->
				refuse()
			:: P[me].st != SYN_RECV && ack > P[me].nxt -> send_ack()
			:: else ->
				if
				:: P[me].st == SYN_RECV && !P[me].passive ->
					MOVE(ESTABLISHED, "ack of syn")
				:: P[me].st == SYN_RECV && P[me].passive ->
					if
					:: MOVE(ESTABLISHED, "ack of syn")
					/* abort_on_overflow */
					:: send(RST, ack, 0);
					   MOVE(CLOSE, "overflow");
					   forget()
					fi
				:: else
				fi;
				if
				:: P[me].st != CLOSE && ack > P[me].una ->
					P[me].una = ack;
					P[me].resends = 0
				:: else
				fi;
				if
				:: P[me].st != CLOSE -> fin_acked()
				:: else
				fi;
				if
				:: P[me].st != CLOSE && P[me].st != TIME_WAIT -> text()
				:: P[me].st == TIME_WAIT && (has(DAT) || has(FIN)) -> send_ack()
				:: else
				fi
			fi
		fi
	fi
}

/* RFC 9293 3.10.7.4 in TIME-WAIT, RFC 6191, RFC 1337 */
inline in_time_wait()
{
	if
	:: has(SYN) && !has(ACK) && !has(RST) && seq > P[me].rcv && P[me].listening ->
		MOVE(CLOSE, "syn");
		forget();
		in_listen()
	/* The RST that answers our own ACK, with its number */
	:: has(RST) && seq == P[me].rcv && !has(ACK) ->
		MOVE(CLOSE, "rst");
		forget()
	:: has(RST) -> skip
	:: !has(RST) && (has(SYN) || has(FIN) || has(DAT)) -> send_ack()
	:: else
	fi
}

bool opener[2];

proctype end(byte me)
{
	byte flags, seq, ack;

end_idle:
	do
	:: atomic { user() }
	:: atomic { timer() }
	:: atomic {
		net[me]?flags, seq, ack ->
		if
		:: P[me].st == CLOSE && P[me].listening -> in_listen()
		:: P[me].st == CLOSE && !P[me].listening -> refuse()
		:: P[me].st == SYN_SENT -> in_syn_sent()
		:: P[me].st == TIME_WAIT -> in_time_wait()
		:: else -> in_connection()
		fi;
		flags = 0; seq = 0; ack = 0
	   }
	od
}

/* A SYN of a connection that is long gone, once, at any time */
proctype past()
{
	atomic { nfull(net[1]) -> net[1]!SYN, 3, 0 }
}

/* When nothing can happen any more, nothing is left. */
proctype quiet()
{
end_quiet:
	timeout ->
	assert(P[0].st == CLOSE && P[1].st == CLOSE && !P[1].listening)
}

init {
	atomic {
		run quiet();
		opener[0] = true;
#ifdef BOTH
		opener[1] = true;
#endif
		run end(0);
		run end(1);
#ifdef OLD
		run past()
#endif
	}
}

/* Every half-open connection ends, whatever the network and the peer do. */
ltl half_open_ends {
	[] ((P[1].st == SYN_RECV) -> <> (P[1].st != SYN_RECV)) &&
	[] ((P[0].st == SYN_SENT || P[0].st == SYN_RECV) ->
	    <> (P[0].st != SYN_SENT && P[0].st != SYN_RECV))
}
