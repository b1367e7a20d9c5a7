# SPDX-License-Identifier: GPL-2.0
"""Traces made by hand: two ends, A at 10.0.0.1 and B at 10.0.0.2, one segment a line.

	t = Talk()
	t.open()			the handshake
	t.a(len=1000)			A sends what comes next: SND.NXT, RCV.NXT
	t.b(ack=501, dt=0.02)		20 ms later; numbers count from the SYNs
	t.count('ack-received')		(kept, broken, not judged)
"""
import pathlib
import sys

sys.dont_write_bytecode = True
TOP = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(TOP / 'tools'))

# pylint: disable=wrong-import-position
from judge import packet                                            # noqa: E402
from judge.engine import Judge                                      # noqa: E402
from judge.model import MS, SEC, Host                               # noqa: E402
from judge.packet import ACK, AE, CWR, ECE, FIN, PSH, RST, SYN, URG  # noqa: E402
from judge.rules import RULES                                       # noqa: E402

FLAGS = {'S': SYN, 'F': FIN, 'R': RST, 'P': PSH, '.': ACK, 'U': URG, 'E': ECE, 'W': CWR, 'N': AE}
MASK = (1 << 32) - 1
A, B = bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2])
A6, B6 = bytes(15) + b'\1', bytes(15) + b'\2'
PORTS = {'a': 4000, 'b': 5000}


def stream(off, length):
    """The bytes that stand at @off"""
    return bytes((i * 7 + (i >> 8)) & 0xff for i in range(off, off + length))


class Talk:
    """@near, @complete: what is known of the capture. @late: s; knobs: sysctls."""

    def __init__(self, near=True, complete=True, proto=253, late=0.02, whole=True, v6=False,
                 rules=None, iss=(0xfffffff0, 77), **knobs):
        for r in RULES.values():
            r.kept = r.broken = r.excused = 0
            r.unsure = {}
        self.hosts = {}
        self.v6, self.proto = v6, proto
        self.judge = Judge(complete=complete, rules=rules)
        for name, address in zip('ab', (A6, B6) if v6 else (A, B)):
            host = Host(True, near, int(late * SEC), **knobs)
            host.whole = host.prompt = near and whole
            host.nagle = True
            self.hosts[name] = self.judge.hosts[address] = host
        self.iss = dict(zip('ab', iss))
        self.nxt = {'a': 0, 'b': 0}
        self.t, self.n = 1000.0, 0
        self.syn = {}
        self.clock = {'a': 5000, 'b': 9000}     # of TSval at time 1000
        self.recent = {'a': 0, 'b': 0}          # TS.Recent
        self.acked = {'a': 0, 'b': 0}           # Last.ACK.sent
        self.ts_on = False
        self.port = dict(PORTS)
        self.window = 60000
        self.found = None

    def key(self, who):
        mine, theirs = (A6, B6) if self.v6 else (A, B)
        ports = self.port['a'].to_bytes(2, 'big'), self.port['b'].to_bytes(2, 'big')
        if who == 'a':
            return mine + theirs + ports[0] + ports[1]
        return theirs + mine + ports[1] + ports[0]

    def tick(self, who):
        rate = 1000 if self.proto == 6 else 1000000
        return self.clock[who] + round((self.t - 1000) * rate) & MASK

    def say(self, who, flags='.', seq=None, ack=None, len=0, dt=0.001, win=None, data=None, **more):
        """One segment. What is not said is as it should be."""
        other = 'b' if who == 'a' else 'a'
        self.t += dt
        self.n += 1
        s = packet.Segment()
        bits = 0
        for f in flags:
            bits |= FLAGS[f]
        off = self.nxt[who] if seq is None else seq
        s.n, s.t = self.n, round(self.t * SEC)
        s.key, s.proto = self.key(who), self.proto
        s.seq = off + self.iss[who] & MASK
        if ack is None:
            ack = self.nxt[other]
        s.ack = (ack + self.iss[other] if bits & ACK else 0) & MASK
        s.flags, s.reserved = bits, 0
        s.win = self.window if win is None else win
        s.urg, s.len = 0, len
        s.mss = s.ws = s.mad = s.acc = s.tsval = s.tsecr = s.optbad = s.optsyn = None
        s.sackok, s.sacks, s.optlen, s.ecn, s.sum, s.out = False, (), 0, 0, packet.RIGHT, None
        s.scaled = False
        if self.ts_on and not bits & RST and 'tsval' not in more:
            s.tsval, s.tsecr, s.optlen = self.tick(who), self.recent[who], 12
        s.buf = stream(off, len) if data is None else data
        s.at, s.have = 0, len
        raw = {}
        for name, value in more.items():
            if name == 'sacks':
                value = tuple((x + self.iss[other] & MASK, y + self.iss[other] & MASK)
                              for x, y in value)
            elif name in ('rawseq', 'rawack'):
                raw[name[3:]] = value & MASK
                continue
            setattr(s, name, value)
        if bits & RST:
            s.kind = packet.K_RST
        elif bits & SYN:
            s.kind = packet.K_SYNACK if bits & ACK else packet.K_SYN
        elif bits & FIN:
            s.kind = packet.K_FIN
        else:
            s.kind = packet.K_DATA if len else packet.K_ACK
        for name, value in raw.items():
            setattr(s, name, value)
        end = off + len + (bits >> 1 & 1) + (bits & 1)
        if not bits & RST and end > self.nxt[who] and end - self.nxt[who] < 1 << 30:
            self.nxt[who] = end
        if s.tsval is not None and not bits & RST and off <= self.acked[other]:
            self.recent[other] = s.tsval
        if not bits & RST:
            self.acked[who] = ack
        self.judge.feed(s)
        return s

    def a(self, *args, **more):
        return self.say('a', *args, **more)

    def b(self, *args, **more):
        return self.say('b', *args, **more)

    def syn_options(self, who, mss=1460, ws=0, ts=True, sackok=True, mad=5000, **more):
        out = {'mss': mss, 'ws': ws, 'sackok': sackok,
               'mad': mad if self.proto != 6 else None}
        if ts:
            out.update(tsval=self.tick(who), tsecr=self.recent[who])
        out.update(more)
        return out

    def open(self, rtt=0.0, **more):
        """SYN, SYN ACK, ACK, each @rtt / 2 after the other"""
        step = max(rtt / 2, 0.0005)
        own = {k[2:]: v for k, v in more.items() if k.startswith('b_')}
        both = {k: v for k, v in more.items() if not k.startswith('b_')}
        self.t += 0.001
        self.a('S', dt=0, **self.syn_options('a', **both))
        self.t += step
        self.b('S.', dt=0, **self.syn_options('b', **{**both, **own}))
        self.ts_on = {**both, **own}.get('ts', True) and both.get('ts', True)
        self.a('.', dt=step)
        return self

    def only(self, who):
        """The other end is played by hand."""
        self.hosts['b' if who == 'a' else 'a'].judged = False
        return self

    def again(self):
        """The same addresses, other numbers"""
        self.iss = {'a': self.iss['a'] + 10000000 & MASK, 'b': self.iss['b'] + 10000000 & MASK}
        self.nxt, self.acked = {'a': 0, 'b': 0}, {'a': 0, 'b': 0}
        self.ts_on = False
        return self

    def close(self):
        self.a('F.')
        self.b('F.')
        self.a('.')
        return self

    def findings(self):
        if self.found is None:
            self.found = self.judge.finish()
        return self.found

    def count(self, name):
        self.findings()
        r = RULES[name]
        return r.kept, r.broken, sum(r.unsure.values())

    def broken(self):
        return sorted({f.rule.name for f in self.findings() if f.excuse is None})

    def text(self):
        return '; '.join(f'{f.n}: {f.rule.name}: {f.seen}' for f in self.findings())
