# SPDX-License-Identifier: GPL-2.0
"""tern:* events as tracefs prints them: segments as their ends saw them, timers, states.

A namespace's events are a capture of its own, taken inside the host: only what
its end sends is judged from them.
"""
import re
import socket
import struct

from .packet import ACK, FIN, FLAG_NAMES, K_ACK, K_DATA, K_FIN, K_RST, K_SYN, K_SYNACK, RST, SYN, Segment

LINE = re.compile(r'\s(\d+)\.(\d+): (tern_\w+|tracing_mark_write): (.*)')
FIELD = re.compile(r'(\w+)=(\S+)')
BITS = {name: bit for bit, name in FLAG_NAMES}
HEAD = (b'# tracer:', b'#           TASK', b'# entries-in')
MAPPED = b'\0' * 10 + b'\xff\xff'


def is_trace(data):
    start = bytes(data[:65536])
    return b': tern_' in start or start.startswith(HEAD)


class Event:
    """A timer (op, timer, in_ns) or a change of state (old, new, event)."""

    __slots__ = ('n', 't', 'key', 'proto', 'op', 'timer', 'in_ns', 'old', 'new', 'event', 'flags')


def flag_bits(text):
    if text.startswith('0x'):
        return int(text, 16)
    bits = 0
    for name in text.split('|'):
        if name.startswith('0x'):
            bits |= int(name, 16)
        else:
            bits |= BITS.get(name, 0)
    return bits


class Lines:
    """Segments and events out of lines of a trace.

    parse() gives (netns, kind, thing, key): kind is 'send', 'recv', 'timer',
    'state' or 'mark'; the key is its own end's.
    """

    def __init__(self):
        self.number = 0
        self.addresses = {}

    def address(self, text):
        found = self.addresses.get(text)
        if found is None:
            found = socket.inet_pton(socket.AF_INET6, text)
            if found.startswith(MAPPED):
                found = found[12:]
            self.addresses[text] = found
        return found

    def parse(self, line):
        m = LINE.search(line)
        if not m:
            return None
        self.number += 1
        sec, frac, what, rest = m.groups()
        t = int(sec) * 1000000000 + int(frac.ljust(9, '0')[:9])
        if what == 'tracing_mark_write':
            return None, 'mark', rest, t
        f = dict(FIELD.findall(rest))
        if 'netns' not in f or 'dport' not in f:
            return None
        what = what[5:]
        if f['dport'] == '0' and what not in ('state', 'timer'):
            return None
        key = self.address(f['saddr']) + self.address(f['daddr'])
        key += struct.pack('>HH', int(f['sport']), int(f['dport']))
        if what in ('send', 'recv'):
            return f['netns'], what, self.segment(t, key, f), key
        if what == 'timer':
            e = Event()
            e.n, e.t, e.flags = self.number, t, 0
            e.op, e.timer, e.in_ns = f['op'], f['timer'], int(f['in_ns'])
            return f['netns'], what, e, key
        if what == 'state':
            e = Event()
            e.n, e.t, e.flags = self.number, t, 0
            e.old, e.new = f['oldstate'], f['newstate']
            e.event = rest.split('event=', 1)[1].strip()
            return f['netns'], what, e, key
        return None

    def segment(self, t, key, f):
        s = Segment()
        s.n, s.t, s.key, s.proto = self.number, t, key, 253
        s.seq, s.ack = int(f['seq']), int(f['ack'])
        s.flags, s.win, s.len = flag_bits(f['flags']), int(f['win']), int(f['len'])
        s.reserved = s.urg = s.optlen = s.ecn = s.have = s.at = s.sum = 0
        s.mss = s.ws = s.tsval = s.tsecr = s.mad = s.acc = s.optbad = s.optsyn = s.buf = None
        s.sackok, s.sacks, s.scaled, s.out = False, (), True, None
        if s.flags & RST:
            s.kind = K_RST
        elif s.flags & SYN:
            s.kind = K_SYNACK if s.flags & ACK else K_SYN
        elif s.flags & FIN:
            s.kind = K_FIN
        else:
            s.kind = K_DATA if s.len else K_ACK
        return s
