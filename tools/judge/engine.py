# SPDX-License-Identifier: GPL-2.0
"""Segments to connections, and connections before the rules."""
import copy

from . import (rules_5961, rules_9293, rules_ack, rules_congestion, rules_data, rules_ecn,
               rules_sack, rules_timers, rules_timestamps, rules_trace, rules_wire)
from .model import MASK, SEC, Conn, End, Host, arrived, closing, derive, sent
from .packet import (ACK, K_ACK, K_RST, K_SYN, K_SYNACK, RST, SYN, WRONG, address_text, reverse)
from .rules import NEAR, NEEDS, OPTIONS, ORDER, PAYLOAD, PROMPT, RULES, WHOLE, No

MODULES = (rules_wire, rules_9293, rules_5961, rules_data, rules_ack, rules_sack,
           rules_timestamps, rules_timers, rules_congestion, rules_ecn, rules_trace)
ORDER_OF = [m.__name__.rsplit('.', 1)[-1] for m in MODULES]
for _rule in sorted(RULES.values(), key=lambda r: ORDER_OF.index(r.section)):
    RULES[_rule.name] = RULES.pop(_rule.name)
K_TIMER, K_STATE = 6, 7         # events of a trace
CANDIDATES = 16                 # SYNs that may begin another connection


class Finding:
    """A clause that was broken."""

    __slots__ = ('rule', 'n', 't', 'conn', 'end', 'segment', 'seen', 'excuse')

    def __init__(self, rule, s, me, seen):
        self.rule, self.n, self.t, self.seen = rule, s.n, s.t, seen
        self.conn, self.end, self.segment = me.conn, me, s
        self.excuse = me.host.excused.get(rule.name)


class Judge:
    """@hosts: of an address (bytes), what is known of its host; @default of others.

    @missing: what no segment of this source has (OPTIONS, PAYLOAD).
    @on_finding is called with each Finding that will stand.
    """

    def __init__(self, default=None, hosts=None, complete=False, missing=0, rules=None, keep=None):
        self.default = default or Host()
        self.here = copy.copy(self.default)
        self.here.near = self.here.order = True
        self.hosts = hosts if hosts is not None else {}
        self.complete, self.missing = complete, missing
        self.rules = list(RULES.values()) if rules is None else rules
        self.flows = {}         # (protocol, key) -> (conn, index of its sender)
        self.conns = []
        self.count = 0
        self.tables = {}
        self.keep = keep        # a list of (conn, index, segment) for a ladder, or None

    # Rules

    def table_of(self, end):
        """The rules of @end by kind; those that can't be asked are doubted once."""
        host = end.host
        has = (NEAR if host.near else 0) | (ORDER if host.order else 0) | \
            (WHOLE if host.whole else 0) | (PROMPT if host.prompt else 0) | \
            (OPTIONS | PAYLOAD) & ~self.missing
        table = self.tables.get(has)
        if table is None:
            table = [[] for _ in range(8)]
            blind = []
            for rule in self.rules:
                if rule.needs & ~has:
                    blind.append((rule, No(next(why for bit, why in NEEDS.items()
                                                if rule.needs & ~has & bit))))
                    continue
                for kind in rule.on:
                    table[kind].append((rule.fn, rule))
            table = self.tables[has] = ([tuple(row) for row in table], blind)
        for rule, why in table[1]:
            rule.doubt(why)
        return table[0]

    def open_of(self, host):
        """Is a connection of @host's under way?"""
        return any(end.host is host and not conn.over for conn in self.conns for end in conn.ends)

    def renew(self, host):
        """What is known of @host has changed, in the midst of its connections."""
        for conn in self.conns:
            for end in conn.ends:
                if end.host is host:
                    end.judged = end.judged and host.judged
                    end.near, end.whole, end.prompt = host.near, host.whole, host.prompt
                    end.receives = end.judged and end.near
                    end.table = self.table_of(end) if end.judged else None

    def other(self, verdict, rule, s, me):
        """Neither kept nor silent"""
        if isinstance(verdict, No):
            rule.doubt(verdict)
        else:
            me.conn.findings.append(Finding(rule, s, me, verdict))

    def end(self, conn):
        """Its findings stand, or fall when the capture turned out to have holes."""
        for f in conn.findings:
            if conn.holes and f.rule.hole:
                f.rule.doubt(No('the capture lacks segments of the connection'))
                f.excuse = ''
            elif f.excuse is not None:
                f.rule.excused += 1
            else:
                f.rule.broken += 1

    def finish(self):
        """All findings of all connections, those that were excused as well"""
        found = []
        for conn in self.conns:
            self.end(conn)
            found += [f for f in conn.findings if f.excuse != '']
        return sorted(found, key=lambda f: f.n)

    # Connections

    def host_of(self, address):
        return self.hosts.get(address, self.default)

    def new_end(self, key, here=False):
        """@here: the capture itself says that it was taken at this end."""
        size = len(key) - 4 >> 1
        host = self.host_of(key[:size])
        if here and host is self.default:
            host = self.here
        end = End(host, None)
        if end.judged:
            end.table = self.table_of(end)
        return end

    def new_conn(self, s, first, second):
        self.count += 1
        conn = Conn((first, second), self.count, s.proto, self.complete, s.t)
        self.conns.append(conn)
        first.name, second.name = address_text(s.key)
        return conn

    def enter(self, s, conn, index):
        self.flows[s.proto, s.key] = (conn, index)
        self.flows[s.proto, reverse(s.key)] = (conn, 1 - index)

    def lookup(self, s):
        flow = self.flows.get((s.proto, s.key))
        if flow is None:
            back = reverse(s.key)
            if back == s.key:
                return None     # one socket connected to itself: two ends in one
            conn = self.new_conn(s, self.new_end(s.key, s.out is True),
                                 self.new_end(back, s.out is False))
            self.enter(s, conn, 0)
            return conn, 0
        conn, index = flow
        if s.flags & SYN:
            return self.of_syn(s, conn, index)
        if conn.next is not None and s.flags & ACK:
            return self.of_next(s, conn, index)
        return flow

    def fresh(self, s, conn, index):
        """A connection of the same addresses, @s its first segment"""
        back = reverse(s.key)
        new = self.new_conn(s, self.new_end(s.key, s.out is True),
                            self.new_end(back, s.out is False))
        if index:
            new.ends = new.ends[::-1]
            for i, end in enumerate(new.ends):
                end.index = i
        new.before = conn.ends
        return new

    def promote(self, s, conn, index):
        conn.next = None
        self.enter(s, conn, index)
        return conn, index

    def of_syn(self, s, conn, index):
        """Which connection a SYN belongs to: the one there, or another"""
        me, peer = conn.ends[index], conn.ends[1 - index]
        if s.flags & ACK:
            for new in (conn.next or {}).values():
                if new.ends[1 - index].iss == s.ack - 1 & MASK:
                    self.ask('challenge-sent', s, me, peer)
                    return self.promote(s, new, index)
            if me.syn and s.seq != me.iss and peer.iss == s.ack - 1 & MASK and \
               me.first_kind == K_SYNACK:
                # A cookie made anew, or a peer that is no stack
                new = self.fresh(s, conn, index)
                old = new.ends[1 - index]
                old.iss = peer.iss
                copy_syn(peer, old)
                return self.promote(s, new, index)
            return conn, index
        if me.iss is None or me.iss == s.seq and me.syn:
            return conn, index
        if conn.next is None:
            conn.next = {}
        new = conn.next.get(s.seq)
        if new is None:
            new = self.fresh(s, conn, index)
            if len(conn.next) < CANDIDATES:
                conn.next[s.seq] = new
        if peer.receives and peer.open() and me.una > 0 and not peer.tw:
            peer.challenge = (s, s.t)
            peer.balance += 1
        return new, index

    def of_next(self, s, conn, index):
        """A segment without SYN, where SYNs wait that may begin another connection"""
        for new in conn.next.values():
            peer = new.ends[1 - index]
            if peer.iss is not None and s.ack == peer.iss + 1 & MASK and s.flags & RST:
                self.ask('challenge-sent', s, conn.ends[index], conn.ends[1 - index])
                return self.promote(s, new, index)      # refused
            me = new.ends[index]
            if me.syn and s.seq == me.iss + 1 & MASK and peer.syn:
                return self.promote(s, new, index)
            # What challenges the SYN: the answer has its number.
            if peer.receives and peer.syn:
                peer.heard.append(s)
        if s.flags & RST:
            for new in conn.next.values():
                me = new.ends[index]
                if me.syn and any(h.flags & ACK and h.ack == s.seq for h in me.heard):
                    return new, index
        return conn, index

    # Segments

    def icmp(self, error, t):
        """An ICMP error may have one end send again, at once or more often."""
        flow = self.flows.get((error.proto, error.key))
        if flow is not None:
            conn, index = flow
            conn.ends[index].icmp_t = t

    def feed(self, s):
        flow = self.flows.get((s.proto, s.key))
        if flow is None or s.flags & SYN or flow[0].next is not None:
            flow = self.lookup(s)
            if flow is None:
                return
        conn, index = flow
        ends = conn.ends
        me, peer = ends[index], ends[1 - index]
        if s.sum == WRONG:
            # The receiver drops it: it never was.
            s.off = 0 if me.iss is None else s.seq - me.iss & MASK
            s.aoff = s.edge = None
            if not self.missing:
                self.ask('checksum', s, me, peer)
            return
        derive(s, me, peer)
        conn.last_t = s.t
        if me.judged:
            for fn, rule in me.table[s.kind]:
                verdict = fn(s, me, peer)
                if verdict is True:
                    rule.kept += 1
                elif verdict is not None:
                    self.other(verdict, rule, s, me)
        sent(s, me, peer)
        if peer.receives:
            arrived(s, me, peer)
        if me.fin is not None and peer.fin is not None:
            closing(me, peer, s.t)
            closing(peer, me, s.t)
        if self.keep is not None:
            self.keep.append((conn, index, s))

    def ask(self, name, s, me, peer):
        """One rule by itself, of a segment that is not @me's as it stands"""
        rule = RULES[name]
        if me.judged and (rule.fn, rule) in me.table[s.kind]:
            verdict = rule.fn(s, me, peer)
            if verdict not in (None, True):
                self.other(verdict, rule, s, me)

    def event(self, kind, e, key, proto):
        """A timer or a change of state of the end that is first in @key"""
        flow = self.flows.get((proto, key))
        if flow is None:
            back = reverse(key)
            e.key, e.proto = key, proto
            conn = self.new_conn(e, self.new_end(key), self.new_end(back))
            self.enter(e, conn, 0)
            flow = conn, 0
        conn, index = flow
        me, peer = conn.ends[index], conn.ends[1 - index]
        if me.judged:
            for fn, rule in me.table[kind]:
                verdict = fn(e, me, peer)
                if verdict is True:
                    rule.kept += 1
                elif verdict is not None:
                    self.other(verdict, rule, e, me)


def copy_syn(old, new):
    """What a SYN said, to the end that stands for it in another connection"""
    for name in ('syn', 'first_kind', 'mss', 'ws', 'sackok', 'ts', 'mad', 'mss_peer', 'syn_end',
                 'nxt', 'cont', 'syns', 'syn_t', 'echoes', 'syn_asked', 'ecn', 'tsval'):
        setattr(new, name, getattr(old, name))
    new.nxt = new.cont = min(old.cont, old.syn_end)
