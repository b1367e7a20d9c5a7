/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A listener's two queues and what they hold, for one 4-tuple: SYN queue entry,
 * child, TIME-WAIT entry, cookies; two CPUs in softirq, timers, a user who
 * accepts and closes, a listener that closes (and with -DAGAIN listens anew), the
 * exit of the namespace. Locks and counts are those of opening/synrecv.c,
 * opening/listen.c, opening/accept.c, core/sock.c, closing/timewait.c.
 *
 * To be shown: each object is freed once and is not used after that, nothing is
 * left when all is quiet, and nobody waits for ever.
 */
#ifndef SEGMENTS
#define SEGMENTS	2	/* that each CPU handles */
#endif
#ifndef CPUS
#define CPUS	2
#endif
#ifndef OBJECTS
#define OBJECTS	2		/* of each kind; more is no memory */
#endif
#define NREQ	OBJECTS
#define NCHILD	OBJECTS
#define NTW	OBJECTS
#define NONE	255

mtype = { SYN, THIRD_ACK, RST, FIN };
mtype = { IDLE, QUEUED, RUNNING };	/* an hrtimer */
mtype = { NOBODY, REQ, CHILD, TW };	/* what the table has */

typedef entry {
	byte ref;
	bool used, lock, dead, hashed, queued;
	bool retried;
	mtype timer = IDLE;
	byte incarnation;
};

typedef connection {
	byte ref;
	bool used, lock, hashed, queued, orphan, closed, held;
};

typedef timewait {
	byte ref;
	bool used, hashed;
	mtype timer = IDLE;
};

entry req[NREQ];
connection child[NCHILD];
timewait tw[NTW];

/* The listener: its references, LISTEN, the queues' lock, in the table */
byte l_ref = 1;
bool l_listens = true, l_lock = false, l_found = true;
byte syn_len = 0;
/* The table has one place, for the one 4-tuple. */
mtype slot_kind = NOBODY;
byte slot = NONE;
byte net_busy = CPUS;		/* CPUs that still bring segments */
byte users = 2;			/* threads of the user */
bool net_gone = false;

#define lock(l)		atomic { !l -> l = true }
#define unlock(l)	l = false

inline l_put() { d_step { assert(l_ref > 0); l_ref-- } }

inline req_put(r)
{
	d_step {
		assert(req[r].used && req[r].ref > 0);
		req[r].ref--;
		if
		:: req[r].ref == 0 ->
			assert(!req[r].hashed && !req[r].queued && req[r].timer == IDLE);
			req[r].used = false;
			assert(l_ref > 0);
			l_ref--
		:: else
		fi
	}
}

inline child_put(c)
{
	d_step {
		assert(child[c].used && child[c].ref > 0);
		child[c].ref--;
		if
		:: child[c].ref == 0 ->
			assert(!child[c].hashed && !child[c].queued && child[c].orphan);
			child[c].used = false
		:: else
		fi
	}
}

inline tw_put(t)
{
	d_step {
		assert(tw[t].used && tw[t].ref > 0);
		tw[t].ref--;
		if
		:: tw[t].ref == 0 ->
			assert(!tw[t].hashed && tw[t].timer == IDLE);
			tw[t].used = false
		:: else
		fi
	}
}

/* hrtimer_cancel(): waits for a callback that runs. Whose count it was says ok. */
inline timer_cancel_sync(o, ok)
{
	atomic {
		o.timer != RUNNING ->
		ok = (o.timer == QUEUED);
		o.timer = IDLE
	}
}

/* tern_hash_remove(): ok for the one who took it out */
inline remove(o, ok)
{
	d_step {
		ok = o.hashed;
		if
		:: o.hashed -> o.hashed = false; slot_kind = NOBODY; slot = NONE
		:: else
		fi
	}
}

/* unqueue() */
inline req_unqueue(r)
{
	lock(l_lock);
	d_step {
		if
		:: req[r].queued -> req[r].queued = false; assert(syn_len > 0); syn_len--
		:: else
		fi
	};
	unlock(l_lock)
}

/* bury(), with the entry's lock held */
inline bury(r)
{
	req[r].dead = true;
	req_unqueue(r);
	remove(req[r], ok);
	req_put(r)
}

inline disarm(r)
{
	timer_cancel_sync(req[r], ok);
	if
	:: ok -> req_put(r)
	:: else
	fi
}

/* tern_synrecv_create() and enter(); the caller holds the listener */
inline create(r)
{
	atomic {
		r = 0;
		do
		:: r < NREQ && req[r].used -> r++
		:: else -> break
		od;
		if
		:: r < NREQ ->
			req[r].used = true; req[r].ref = 3; req[r].dead = false;
			req[r].retried = false; req[r].lock = true; l_ref++
		:: else			/* no memory */
		fi
	};
	if
	:: r < NREQ ->
		d_step {
			ok = (slot_kind == NOBODY);
			if
			:: ok -> slot_kind = REQ; slot = r; req[r].hashed = true
			:: else
			fi
		};
		if
		:: ok ->
			lock(l_lock);
			d_step {
				ok = l_listens;
				if
				:: ok -> req[r].queued = true; syn_len++
				:: else
				fi
			};
			unlock(l_lock)
		:: else
		fi;
		if
		:: !ok -> req_put(r); bury(r)
		:: else -> req[r].timer = QUEUED
		fi;
		unlock(req[r].lock);
		req_put(r)
	:: else
	fi;
	r = NONE
}

/* tern_sock_done(): the child's lock and a reference are held. */
inline child_done(c)
{
	if
	:: child[c].closed && !child[c].orphan -> skip
	:: else ->
		remove(child[c], ok);
		child[c].closed = true;
		if
		:: child[c].orphan -> child_put(c)	/* destroy() */
		:: else
		fi
	fi
}

/*
 * promote(): r is the entry, locked, or NONE for a cookie. On return c is the
 * child, locked, with a reference, or NONE.
 */
inline promote(r, c)
{
	atomic {
		c = 0;
		do
		:: c < NCHILD && child[c].used -> c++
		:: else -> break
		od;
		if
		:: c < NCHILD ->
			child[c].used = true; child[c].ref = 2; child[c].lock = true;
			child[c].orphan = false; child[c].closed = false
		:: else -> c = NONE
		fi
	};
	if
	:: c != NONE ->
		d_step {
			if
			:: r != NONE ->
				ok = req[r].hashed;
				if
				:: ok -> req[r].hashed = false
				:: else
				fi
			:: else -> ok = (slot_kind == NOBODY)
			fi;
			if
			:: ok -> slot_kind = CHILD; slot = c; child[c].hashed = true
			:: else
			fi
		};
		if
		:: ok ->
			lock(l_lock);
			d_step {
				ok = l_listens;
				if
				:: ok -> child[c].queued = true; child[c].held = true; l_ref++
				:: else
				fi
			};
			unlock(l_lock)
		:: else
		fi;
		if
		:: !ok ->
			child[c].orphan = true;
			child_done(c);
			unlock(child[c].lock);
			child_put(c);
			c = NONE
		:: else
		fi
	:: else
	fi
}

/* tern_timewait_enter(): the child's lock and a reference are held. */
inline enter_timewait(c, t)
{
	atomic {
		t = 0;
		do
		:: t < NTW && tw[t].used -> t++
		:: else -> break
		od;
		if
		:: t < NTW -> tw[t].used = true; tw[t].ref = 3
		:: else
		fi
	};
	if
	:: t < NTW ->
		d_step {
			ok = child[c].hashed;
			if
			:: ok ->
				child[c].hashed = false; tw[t].hashed = true;
				slot_kind = TW; slot = t
			:: else
			fi
		};
		if
		:: ok ->
			/* arm() */
			tw[t].timer = QUEUED;
			if
			:: !tw[t].hashed ->
				d_step {
					ok = (tw[t].timer == QUEUED);
					if
					:: ok -> tw[t].timer = IDLE
					:: else
					fi
				};
				if
				:: ok -> tw_put(t)
				:: else
				fi
			:: else
			fi
		:: else -> tw_put(t); tw_put(t)
		fi;
		tw_put(t)
	:: else
	fi;
	t = NONE;
	child_done(c)
}

/* tern_hash_drop_tw(): by whoever took the entry out */
inline drop_tw(t)
{
	timer_cancel_sync(tw[t], ok);
	if
	:: ok -> tw_put(t)
	:: else
	fi;
	tw_put(t)
}

/* A child is done with its segment; who waits in accept() is told. */
inline child_release(c)
{
	unlock(child[c].lock);
	child_put(c);
	c = NONE
}

inline segment_for_nobody()
{
	atomic {
		found = l_found;
		if
		:: found -> l_ref++
		:: else
		fi
	};
	if
	:: found && what == SYN -> create(r); l_put()
	/* A cookie: nothing was kept, the ACK makes a connection. */
	:: found && what == THIRD_ACK ->
		promote(NONE, c);
		if
		:: c != NONE -> child_release(c)
		:: else
		fi;
		l_put()
	:: found && what != SYN && what != THIRD_ACK -> l_put()
	:: !found		/* RST in reply */
	fi
}

inline segment_for_req()
{
	lock(req[r].lock);
	if
	:: req[r].dead -> gone = true
	:: !req[r].dead && what == RST -> bury(r)
	:: !req[r].dead && what == THIRD_ACK ->
		if
		:: promote(r, c);
		   if
		   :: c != NONE -> bury(r)
		   :: else
		   fi
		:: skip			/* the accept queue is full: it waits */
		:: bury(r)		/* abort_on_overflow */
		fi
	:: else				/* SYN-ACK again, challenge */
	fi;
	found = req[r].dead;
	unlock(req[r].lock);
	if
	:: found -> disarm(r)
	:: else
	fi;
	if
	:: c != NONE -> child_release(c)
	:: else
	fi;
	req_put(r);
	r = NONE
}

inline segment_for_child()
{
	lock(child[c].lock);
	if
	:: !child[c].hashed -> gone = true
	:: child[c].hashed && what == RST -> child_done(c)
	/* Both FINs: TIME-WAIT. A child that nobody closed stays. */
	:: child[c].hashed && what == FIN && child[c].orphan -> enter_timewait(c, t)
	:: else
	fi;
	unlock(child[c].lock);
	child_put(c);
	c = NONE
}

inline segment_for_tw()
{
	if
	:: what == SYN ->
		atomic {
			found = l_found;
			if
			:: found -> l_ref++
			:: else
			fi
		};
		if
		:: found ->
			remove(tw[t], ok);
			if
			:: ok -> drop_tw(t)
			:: else
			fi;
			create(r);
			l_put()
		:: else
		fi
	/* The RST that answers our own ACK */
	:: what == RST ->
		remove(tw[t], ok);
		if
		:: ok -> drop_tw(t)
		:: else
		fi
	:: else
	fi;
	tw_put(t);
	t = NONE
}

/* dispatch(): a CPU in softirq */
proctype cpu()
{
	mtype what;
	byte n, r = NONE, c = NONE, t = NONE;
	bool ok, gone, found;

	do
	:: n < SEGMENTS ->
		n++;
		if
		:: what = SYN
		:: what = THIRD_ACK
		:: what = RST
		:: what = FIN
		fi;
		do
		:: true ->
			gone = false;
			found = false;
			/* Lookup under RCU: what is in the table is counted. */
			atomic {
				if
				:: slot_kind == REQ -> r = slot; assert(req[r].ref > 0); req[r].ref++
				:: slot_kind == CHILD -> c = slot; assert(child[c].ref > 0); child[c].ref++
				:: slot_kind == TW -> t = slot; assert(tw[t].ref > 0); tw[t].ref++
				:: else
				fi
			};
			if
			:: r != NONE -> segment_for_req()
			:: c != NONE -> segment_for_child()
			:: t != NONE -> segment_for_tw()
			:: else -> segment_for_nobody()
			fi;
			if
			:: gone
			:: else -> break
			fi
		od
	:: else -> break
	od;
	net_busy--
}

/* The SYN-ACK timer of an entry: expire() and again() */
proctype req_timer(byte r)
{
	bool ok, more;

end_idle:
	do
	:: atomic { req[r].timer == QUEUED -> req[r].timer = RUNNING };
		lock(req[r].lock);
		more = false;
		if
		:: req[r].dead
		:: !req[r].dead && !req[r].retried -> req[r].retried = true; more = true
		:: else -> bury(r)
		fi;
		unlock(req[r].lock);
		if
		:: more -> req[r].timer = QUEUED
		:: else ->
			/* The callback's reference, and it returns, at once. */
			atomic {
				req[r].timer = IDLE;
				req_put(r)
			}
		fi
	od
}

/* 2MSL: expire() of timewait.c */
proctype tw_timer(byte t)
{
	bool ok;

end_idle:
	do
	:: atomic { tw[t].timer == QUEUED -> tw[t].timer = RUNNING };
		if
		/* A repeated FIN has moved the deadline. */
		:: tw[t].hashed -> tw[t].timer = QUEUED
		:: remove(tw[t], ok);
		   atomic {
			   tw[t].timer = IDLE;
			   if
			   :: ok -> tw_put(t)
			   :: else
			   fi;
			   tw_put(t)
		   }
		fi
	od
}

/* A connection that nobody holds ends by a timer, whatever the peer does. */
proctype child_timer(byte c)
{
	bool ok;

end_idle:
	do
	:: atomic { child[c].used && child[c].ref > 0 && child[c].orphan && !child[c].closed ->
		    child[c].ref++ };
		lock(child[c].lock);
		if
		:: !child[c].closed -> child_done(c)
		:: else
		fi;
		unlock(child[c].lock);
		child_put(c)
	od
}

/* tern_accept_pop(): c, or NONE */
inline pop(c)
{
	lock(l_lock);
	atomic {
		c = 0;
		do
		:: c < NCHILD && !(child[c].used && child[c].queued) -> c++
		:: else -> break
		od;
		if
		:: c < NCHILD -> child[c].queued = false
		:: else -> c = NONE
		fi
	};
	unlock(l_lock);
	if
	:: c != NONE -> child[c].held = false; l_put()
	:: else
	fi
}

/* tern_close(), or refuse(): with the protocol's reference */
inline close_child(c)
{
	atomic { assert(child[c].used && child[c].ref > 0); child[c].ref++ };
	lock(child[c].lock);
	child[c].orphan = true;
	if
	:: child[c].closed -> child_put(c)	/* destroy() */
	:: !child[c].closed -> child_done(c)	/* RST */
	:: !child[c].closed			/* FIN; it goes on */
	fi;
	unlock(child[c].lock);
	child_put(c)
}

/* A thread that accepts, and closes what it got */
proctype accepter()
{
	byte c = NONE;
	bool ok;
	byte n;

	do
	:: n < 2 && l_listens ->
		n++;
		pop(c);
		if
		:: c != NONE -> close_child(c); c = NONE
		:: else
		fi
	:: true -> break
	od;
	users--
}

/* tern_listen_stop(), after which the file is closed */
proctype closer()
{
	byte r, c = NONE;
	bool ok;
#ifdef AGAIN
	bool once = true;

again:
#endif
	l_found = false;
	lock(l_lock);
	l_listens = false;
	unlock(l_lock);
	/* tern_synrecv_drain() */
	do
	:: true ->
		lock(l_lock);
		atomic {
			r = 0;
			do
			:: r < NREQ && !(req[r].used && req[r].queued) -> r++
			:: else -> break
			od;
			if
			:: r < NREQ -> assert(req[r].ref > 0); req[r].ref++
			:: else -> r = NONE
			fi
		};
		unlock(l_lock);
		if
		:: r == NONE -> break
		:: else ->
			lock(req[r].lock);
			if
			:: !req[r].dead -> bury(r)
			:: else
			fi;
			unlock(req[r].lock);
			disarm(r);
			req_put(r)
		fi
	od;
	do
	:: true ->
		pop(c);
		if
		:: c == NONE -> break
		:: else -> close_child(c); c = NONE
		fi
	od;
#ifdef AGAIN
	if
	:: once ->
		once = false;
		lock(l_lock);
		l_listens = true;
		unlock(l_lock);
		l_found = true;
		goto again
	:: else
	fi;
#endif
	l_put();
	users--
}

/*
 * The namespace goes: no file, no device. What is left are orphans, TIME-WAIT
 * entries and timers: tern_sock_net_exit(), tern_timewait_net_exit().
 */
proctype exit_net()
{
	byte c = NONE, t = NONE;
	bool ok;

	net_busy == 0 && users == 0;
	do
	:: slot_kind == CHILD ->
		atomic {
			if
			:: slot_kind == CHILD -> c = slot; child[c].ref++
			:: else
			fi
		};
		if
		:: c != NONE ->
			lock(child[c].lock);
			if
			:: !child[c].closed -> child_done(c)
			:: else
			fi;
			unlock(child[c].lock);
			child_put(c);
			c = NONE
		:: else
		fi
	:: slot_kind == TW ->
		atomic {
			if
			:: slot_kind == TW -> t = slot; tw[t].ref++
			:: else
			fi
		};
		if
		:: t != NONE ->
			remove(tw[t], ok);
			if
			:: ok -> drop_tw(t)
			:: else
			fi;
			tw_put(t);
			t = NONE
		:: else
		fi
	/* An entry holds its listener, which is gone. */
	:: slot_kind == NOBODY -> break
	od;
	net_gone = true
}

proctype quiet()
{
	byte i;

	timeout ->
	assert(net_gone && slot_kind == NOBODY && syn_len == 0 && l_ref == 0);
	do
	:: i < NREQ -> assert(!req[i].used && !child[i].used && !tw[i].used); i++
	:: else -> break
	od
}

init {
	byte i;

	atomic {
		do
		:: i < CPUS -> run cpu(); i++
		:: else -> break
		od;
		i = 0;
		do
		:: i < NREQ -> run req_timer(i); run tw_timer(i); run child_timer(i); i++
		:: else -> break
		od;
		run accepter();
		run closer();
		run exit_net();
		run quiet()
	}
}
