# SPDX-License-Identifier: GPL-2.0
"""For each rule a trace that keeps it and one that breaks it."""
import sys

from talk import A, B, MS, SEC, Talk, packet, stream

KEEPS, BREAKS = {}, {}
CLEAN = {}              # by what happens, that nobody is to be accused of


def keeps(name):
    def add(fn):
        assert name not in KEEPS, name
        KEEPS[name] = fn
        return fn
    return add


def breaks(name):
    def add(fn):
        assert name not in BREAKS, name
        BREAKS[name] = fn
        return fn
    return add


def clean(what):
    def add(fn):
        assert what not in CLEAN, what
        CLEAN[what] = fn
        return fn
    return add


def flight(t, n, who='a', size=1448, dt=0.0001):
    for _ in range(n):
        t.say(who, len=size, dt=dt)


# The wire

@keeps('checksum')
def _(t):
    t.open()
    t.a(len=100, sum=packet.RIGHT)
    t.a(len=100, sum=packet.PARTIAL)


@breaks('checksum')
def _(t):
    t.open()
    t.a(len=100, sum=packet.WRONG)


@keeps('reserved')
def _(t):
    t.open()


@breaks('reserved')
def _(t):
    t.open()
    t.a(reserved=0x400)


@keeps('options-form')
def _(t):
    t.open()


@breaks('options-form')
def _(t):
    t.open()
    t.a(optbad='option 8 of length 3')


@keeps('options-syn')
def _(t):
    t.open()


@breaks('options-syn')
def _(t):
    t.open()
    t.a(optsyn='MSS')


@keeps('options-offered')
def _(t):
    t.open()


@breaks('options-offered')
def _(t):
    t.open(ws=None, b_ws=7)


@keeps('mss-told')
def _(t):
    t.open()


@breaks('mss-told')
def _(t):
    t.open(mss=None)


@keeps('mad-told')
def _(t):
    t.open()


@breaks('mad-told')
def _(t):
    t.open(b_mad=None)


@keeps('syn-alone')
def _(t):
    t.open()
    t.a('R')


@breaks('syn-alone')
def _(t):
    t.a('SF', **t.syn_options('a'))


@keeps('syn-data')
def _(t):
    t.open()


@breaks('syn-data')
def _(t):
    t.a('S', len=10, **t.syn_options('a'))


@keeps('ack-flag')
def _(t):
    t.open()
    t.a(len=10)


@breaks('ack-flag')
def _(t):
    t.open()
    t.a('', len=10)


@keeps('urgent-forward')
def _(t):
    t.open()
    t.a('.U', len=10, urg=10)
    t.a('.U', len=10, urg=10)


@breaks('urgent-forward')
def _(t):
    t.open()
    t.a('.U', len=10, urg=100)
    t.a('.U', len=10, urg=10)


# Numbers and states

@keeps('synack-number')
def _(t):
    t.open()


@breaks('synack-number')
def _(t):
    t.a('S', **t.syn_options('a'))
    t.b('S.', ack=2, **t.syn_options('b'))


@keeps('syn-once')
def _(t):
    t.a('S', **t.syn_options('a'))
    t.b('S', **t.syn_options('b'))
    t.a('S.', seq=0, ack=1, **t.syn_options('a'))


@breaks('syn-once')
def _(t):
    t.a('S', **t.syn_options('a'))
    t.b('S', **t.syn_options('b'))
    t.a('S.', seq=5, ack=1, **t.syn_options('a'))


@keeps('syn-sent')
def _(t):
    t.a('S', **t.syn_options('a'))
    t.b('S', **t.syn_options('b'))         # both at once
    t.a('S.', seq=0, ack=1, **t.syn_options('a'))
    t.b('S.', seq=0, ack=1, **t.syn_options('b'))


@breaks('syn-sent')
def _(t):
    t.a('S', **t.syn_options('a'))
    t.a('.', ack=0)


@keeps('syn-received')
def _(t):
    t.open()
    t.b(len=100)


@breaks('syn-received')
def _(t):
    t.a('S', **t.syn_options('a'))
    t.b('S.', **t.syn_options('b'))
    t.ts_on = True
    t.b(len=100)


@keeps('seq-next')
def _(t):
    t.open()
    flight(t, 3)


@breaks('seq-next')
def _(t):
    t.open()
    t.a(len=100)
    t.a(len=100, seq=201)


@keeps('ack-seq')
def _(t):
    t.open()
    t.a(len=100)
    t.b()
    t.a(seq=100)        # keepalive
    t.b()


@breaks('ack-seq')
def _(t):
    t.open()
    flight(t, 3)
    t.b(ack=1449)
    t.a(seq=2000)


@keeps('ack-received')
def _(t):
    t.open()
    t.a(len=100)
    t.b()
    t.a('F.')
    t.b()


@breaks('ack-received')
def _(t):
    t.open()
    t.a(len=100)
    t.b(ack=102)


@keeps('ack-forward')
def _(t):
    t.open()
    t.a(len=100)
    t.b()
    t.b(len=5)


@breaks('ack-forward')
def _(t):
    t.open()
    t.a(len=100)
    t.b()
    t.b(ack=50, len=5)


@keeps('window-kept')
def _(t):
    t.open(ws=7)
    t.a(len=100)
    t.b(win=470)
    t.a(len=100)
    t.b(win=469)        # by less than its scale tells


@breaks('window-kept')
def _(t):
    t.open(ws=0)
    t.a(len=100)
    t.b(win=59000)


@keeps('window-obeyed')
def _(t):
    t.window = 1000
    t.open()
    t.a(len=1000)


@breaks('window-obeyed')
def _(t):
    t.window = 1000
    t.open()
    t.a(len=1001)


@keeps('fin-window')
def _(t):
    t.open()
    t.close()


@breaks('fin-window')
def _(t):
    t.window = 1000
    t.open()
    t.a(len=1000)
    t.a('F.')


@keeps('mss-obeyed')
def _(t):
    t.open()
    t.a(len=1448)
    t.a(len=5000, sum=packet.PARTIAL)


@breaks('mss-obeyed')
def _(t):
    t.open()
    t.a(len=1449)


@keeps('rst-number')
def _(t):
    t.open()
    t.a(len=10)
    t.a('R')


@breaks('rst-number')
def _(t):
    t.open()
    t.a(len=10)
    t.a('R', seq=500)


@keeps('rst-last')
def _(t):
    t.open()
    t.a('R')
    t.b(len=10)
    t.a('R', rawseq=t.iss['a'] + 1)


@breaks('rst-last')
def _(t):
    t.open()
    t.a('R')
    t.a(len=10)


@keeps('rst-obeyed')
def _(t):
    t.open()
    t.b('R')
    t.a(len=10, dt=0.001)


@breaks('rst-obeyed')
def _(t):
    t.open()
    t.b('R')
    t.a(len=10, dt=1)


@keeps('rst-due')
def _(t):
    t.open()
    t.b(len=3)
    t.a('R', rawseq=t.iss['a'] + 1)
    t.b(len=10)
    t.a('R', rawseq=t.iss['a'] + 1)


@breaks('rst-due')
def _(t):
    t.open()
    t.a(len=10)
    t.b(len=3, ack=1)
    t.a('R')
    t.b(len=10, ack=1)
    t.b(len=10, ack=11)
    t.a('R', rawseq=t.iss['a'] + 11)


@keeps('fin-once')
def _(t):
    t.open()
    t.a('F.')
    t.a('F.', seq=1, dt=0.3)


@breaks('fin-once')
def _(t):
    t.open()
    t.a('F.')
    t.a('F.', seq=2, dt=0.3)


@keeps('fin-last')
def _(t):
    t.open()
    t.a('F.', len=10)
    t.a('.', seq=1, len=10, dt=0.3)


@breaks('fin-last')
def _(t):
    t.open()
    t.a('F.')
    t.a(len=10)


def zero_window(t):
    t.window = 1000
    t.open()
    t.a(len=1000)
    t.b(win=0)


@keeps('probe-first')
def _(t):
    zero_window(t)
    t.a(seq=1000, dt=0.21)


@breaks('probe-first')
def _(t):
    zero_window(t)
    t.a(seq=1000, dt=0.1)


@keeps('probe-doubled')
def _(t):
    zero_window(t)
    for gap in (0.2, 0.4, 0.8, 1.6):
        t.a(seq=1000, dt=gap)
        t.b(win=0)


@breaks('probe-doubled')
def _(t):
    zero_window(t)
    for gap in (0.2, 0.4, 0.4):
        t.a(seq=1000, dt=gap)
        t.b(win=0)
    t.b(win=60000, dt=0.1)
    t.a(len=1000)


@keeps('probe-answered')
def _(t):
    t.open()
    t.a(len=10)
    t.b()
    t.a(seq=10, dt=10)
    t.b()


@breaks('probe-answered')
def _(t):
    t.open()
    t.a(len=10)
    t.b()
    t.a(seq=10, dt=10)
    t.b(dt=1)


@keeps('keepalive-form')
def _(t):
    t.open()
    t.a(len=10)
    t.b()
    t.a(seq=10, dt=10)


@breaks('keepalive-form')
def _(t):
    t.open()
    t.a(len=1000)
    t.a(seq=1000, dt=1)


@keeps('sws-receiver')
def _(t):
    zero_window(t)
    t.b(dt=0.1)


@breaks('sws-receiver')
def _(t):
    zero_window(t)
    t.b(win=100, dt=0.1)


@keeps('sws-sender')
def _(t):
    t.window = 4344
    t.open()
    t.a(len=1448)
    t.a(len=1448)
    t.a(len=1448)
    t.b()
    t.a(len=1448)


@breaks('sws-sender')
def _(t):
    t.window = 3000
    t.open()
    t.a(len=1448)
    t.a(len=1448)
    t.a(len=104)


@keeps('nagle')
def _(t):
    t.open()
    t.a(len=1448)
    t.a(len=10)
    t.b()
    t.a(len=10)


@breaks('nagle')
def _(t):
    t.open()
    t.a(len=1448)
    t.a(len=10)
    t.a(len=10)


@keeps('psh-last')
def _(t):
    t.open()
    t.a('P.', len=10)
    t.b()
    t.a('P.', len=10, dt=2)


@breaks('psh-last')
def _(t):
    t.open()
    t.a(len=10)
    t.b()
    t.a('P.', len=10, dt=2)


@keeps('timewait-answer')
def _(t):
    t.open().close()
    t.b('F.', seq=1, ack=2, dt=0.3)
    t.a()


@breaks('timewait-answer')
def _(t):
    t.open().close()
    t.b('F.', seq=1, ack=2, dt=0.3)
    t.a(dt=1)


@keeps('timewait-length')
def _(t):
    t.open().close()
    t.b('F.', seq=1, ack=2, dt=59)
    t.a()
    t.b('.', dt=61)
    t.a('R', rawseq=t.iss['a'] + 2)


@breaks('timewait-length')
def _(t):
    t.open().close()
    t.b('F.', seq=1, ack=2, dt=59)
    t.a('R', rawseq=t.iss['a'] + 2)


@keeps('timewait-reopen')
def _(t):
    t.open().close()
    t.again()
    t.t += 5
    t.b('S', **t.syn_options('b'))
    t.a('S.', **t.syn_options('a'))


@breaks('timewait-reopen')
def _(t):
    t.open().close()
    t.again()
    t.iss['a'] -= 20000000
    t.t += 5
    t.b('S', **t.syn_options('b'))
    t.a('S.', **t.syn_options('a'))


# The stream

@keeps('data-same')
def _(t):
    t.open()
    t.a(len=1000)
    t.a(seq=501, len=1000, dt=0.3)


@breaks('data-same')
def _(t):
    t.open()
    t.a(len=1000)
    t.a(seq=501, len=1000, dt=0.3, data=b'x' * 1000)


# Acknowledging

@keeps('ack-delay')
def _(t):
    t.open()
    t.a(len=10)
    t.b(dt=0.005)


@breaks('ack-delay')
def _(t):
    t.open()
    t.a(len=10)
    t.b(dt=0.04)


@keeps('ack-second')
def _(t):
    t.open()
    flight(t, 2)
    t.b()


@breaks('ack-second')
def _(t):
    t.open(mad=400000)
    flight(t, 2)
    t.b(dt=0.2)


def hole(t, **more):
    """The second of three segments is lost."""
    t.hosts['a'].whole = False
    t.open(rtt=0.01)
    t.a(len=1448)
    t.b()
    t.nxt['a'] += 1448
    t.a(len=1448, **more)


@keeps('ack-gap')
def _(t):
    hole(t)
    t.b(ack=1449, sacks=((2897, 4345),))


@breaks('ack-gap')
def _(t):
    hole(t)
    t.b(ack=1449, sacks=((2897, 4345),), dt=0.1)


@keeps('ack-filled')
def _(t):
    hole(t)
    t.b(ack=1449, sacks=((2897, 4345),))
    t.a(seq=1449, len=1448)
    t.b()


@breaks('ack-filled')
def _(t):
    hole(t)
    t.b(ack=1449, sacks=((2897, 4345),))
    t.a(seq=1449, len=1448)
    t.b(dt=0.1)


@keeps('ack-once')
def _(t):
    t.open()
    t.a(len=10)
    t.b()
    t.b(win=61000)


@breaks('ack-once')
def _(t):
    t.open()
    t.a(len=10)
    t.b()
    t.b()
    t.b()


# SACK

@keeps('sack-permitted')
def _(t):
    hole(t)
    t.b(ack=1449, sacks=((2897, 4345),))


@breaks('sack-permitted')
def _(t):
    t.open(sackok=False)
    t.a(len=10)
    t.a(seq=21, len=10)
    t.b(ack=11, sacks=((21, 31),))


@keeps('sack-true')
def _(t):
    hole(t)
    t.b(ack=1449, sacks=((2897, 4345),))


@breaks('sack-true')
def _(t):
    hole(t)
    t.b(ack=1449, sacks=((2897, 4346),))


@keeps('sack-apart')
def _(t):
    hole(t)
    t.nxt['a'] += 1448
    t.a(len=1448)
    t.b(ack=1449, sacks=((5793, 7241), (2897, 4345)))


@breaks('sack-apart')
def _(t):
    hole(t)
    t.a(len=1448)
    t.b(ack=1449, sacks=((4345, 5793), (2897, 4345)))


@keeps('sack-first')
def _(t):
    hole(t)
    t.b(ack=1449, sacks=((2897, 4345),))
    t.nxt['a'] += 1448
    t.a(len=1448)
    t.b(ack=1449, sacks=((5793, 7241), (2897, 4345)))


@breaks('sack-first')
def _(t):
    hole(t)
    t.b(ack=1449, sacks=((2897, 4345),))
    t.nxt['a'] += 1448
    t.a(len=1448)
    t.b(ack=1449, sacks=((5793, 7241), (2897, 4345)))
    t.nxt['a'] += 1448
    t.a(len=1448)
    t.b(ack=1449, sacks=((2897, 4345), (5793, 7241)))


@clean('SACK blocks in the ACK of what PAWS refused')
def _(t):
    t.only('b')
    t.hosts['a'].whole = False
    t.open(rtt=0.01)
    t.a(seq=8689, len=1448)
    t.b(ack=1, sacks=((8689, 10137),))
    t.a(seq=1449, len=1448)
    t.b(ack=1, sacks=((1449, 2897), (8689, 10137)))
    t.a(seq=1, len=1448)
    t.b(ack=2897, sacks=((8689, 10137),))
    t.a(seq=5793, len=1448, tsval=t.tick('a') - 1000000 & 0xffffffff)
    t.b(ack=2897, sacks=((8689, 10137),))


@keeps('sack-there')
def _(t):
    hole(t)
    t.b(ack=1449, sacks=((2897, 4345),))
    t.a(len=1448)
    t.b(ack=1449, sacks=((2897, 5793),))


@breaks('sack-there')
def _(t):
    hole(t)
    t.b(ack=1449, sacks=((2897, 4345),))
    t.a(len=1448)
    t.b(ack=1449)


@keeps('dsack-true')
def _(t):
    t.open()
    t.a(len=100)
    t.b()
    t.a(seq=1, len=100, dt=0.3)
    t.b(sacks=((1, 101),))


@breaks('dsack-true')
def _(t):
    t.open()
    t.a(len=100)
    t.b(sacks=((1, 101),))


@keeps('dsack-first')
def _(t):
    t.open()
    t.a(len=100)
    t.b()
    t.a(seq=1, len=100, dt=0.3)
    t.b(sacks=((1, 101),))


@breaks('dsack-first')
def _(t):
    hole(t)
    t.a(seq=1, len=1448, dt=0.3)
    t.b(ack=1449, sacks=((2897, 4345), (1, 1449)))


@keeps('rtx-sacked')
def _(t):
    hole(t)
    t.b(ack=1449, sacks=((2897, 4345),))
    t.a(seq=1449, len=1448)


@breaks('rtx-sacked')
def _(t):
    hole(t)
    t.b(ack=1449, sacks=((2897, 4345),))
    t.a(seq=2897, len=1448, dt=0.05)


# Timestamps

@keeps('wscale-most')
def _(t):
    t.open(ws=14)


@breaks('wscale-most')
def _(t):
    t.open(ws=15)


@keeps('ts-each')
def _(t):
    t.open()


@breaks('ts-each')
def _(t):
    t.open()
    t.a(len=10, tsval=None, tsecr=None, optlen=0)


@keeps('ts-unasked')
def _(t):
    t.open(ts=False)
    t.a(len=10)


@breaks('ts-unasked')
def _(t):
    t.open(ts=False)
    t.a(len=10, tsval=1, tsecr=1)


@keeps('ts-forward')
def _(t):
    t.clock['a'] = (1 << 32) - 2000
    t.open()
    t.a(len=10)


@breaks('ts-forward')
def _(t):
    t.open()
    t.a(len=10, tsval=t.tick('a') - 1000, tsecr=t.recent['a'])


@keeps('ts-clock')
def _(t):
    t.open()
    t.a(len=10)
    t.a(len=10, dt=5)


@breaks('ts-clock')
def _(t):
    t.open()
    t.a(len=10)
    t.clock['a'] += 100000
    t.a(len=10, dt=5)


@keeps('ts-echo')
def _(t):
    t.open()
    t.a(len=10)
    t.b()


@breaks('ts-echo')
def _(t):
    t.open()
    t.a(len=10)
    t.b(tsval=t.tick('b'), tsecr=t.recent['b'] + 1)


@keeps('ts-recent')
def _(t):
    t.open()
    t.a(len=10)
    first = t.recent['b']
    t.a(len=10)
    t.b(tsval=t.tick('b'), tsecr=first)


@breaks('ts-recent')
def _(t):
    t.open()
    t.a(len=10)
    second = t.a(len=10).tsval
    t.b(tsval=t.tick('b'), tsecr=second)


@keeps('ts-echo-forward')
def _(t):
    t.open()
    t.a(len=10)
    t.b()


@breaks('ts-echo-forward')
def _(t):
    t.open()
    t.a(len=10)
    old = t.recent['b']
    t.b()
    t.a(len=10)
    t.b()
    t.b(len=1, tsval=t.tick('b'), tsecr=old)


# Retransmission

@keeps('syn-timer')
def _(t):
    for gap in (0, 1, 2, 4):
        t.a('S', seq=0, dt=gap, **t.syn_options('a'))


@breaks('syn-timer')
def _(t):
    for gap in (0, 1, 1):
        t.a('S', seq=0, dt=gap, **t.syn_options('a'))


@keeps('synack-timer')
def _(t):
    t.a('S', **t.syn_options('a'))
    for gap in (0, 1, 2, 4):
        t.b('S.', seq=0, dt=gap, **t.syn_options('b'))


@breaks('synack-timer')
def _(t):
    t.a('S', **t.syn_options('a'))
    for gap in (0, 0.5):
        t.b('S.', seq=0, dt=gap, **t.syn_options('b'))


@keeps('rtx-early')
def _(t):
    t.open(rtt=0.01)
    flight(t, 4)
    t.a(seq=1 + 3 * 1448, len=1448, dt=0.02)   # a probe of the tail
    t.a(seq=1, len=1448, dt=0.2)


@breaks('rtx-early')
def _(t):
    t.open(rtt=0.01)
    flight(t, 4)
    t.a(seq=1, len=1448, dt=0.05)


@keeps('rto-doubled')
def _(t):
    t.open(rtt=0.01)
    t.a(len=100)
    for gap in (0.02, 0.2, 0.4, 0.8, 1.6):
        t.a(seq=1, len=100, dt=gap)


@breaks('rto-doubled')
def _(t):
    t.open(rtt=0.01)
    t.a(len=100)
    for gap in (0.02, 0.5, 0.5):
        t.a(seq=1, len=100, dt=gap)


@keeps('rto-floor')
def _(t):
    t.open(rtt=0.01)
    t.a(len=100)
    for gap in (0.02, 0.2, 0.4, 0.8, 1.6):
        t.a(seq=1, len=100, dt=gap)


@breaks('rto-floor')
def _(t):
    t.open(rtt=0.01)
    t.a(len=100)
    for gap in (0.02, 0.1, 0.2):
        t.a(seq=1, len=100, dt=gap)


@keeps('fin-timer')
def _(t):
    t.open()
    t.a('F.')
    t.a('F.', seq=1, dt=0.2)


@breaks('fin-timer')
def _(t):
    t.open(rtt=0.02)
    t.a('F.')
    t.a('F.', seq=1, dt=0.001)
    t.a('F.', seq=1, dt=0.001)
    t.a('F.', seq=1, dt=0.001)


# Congestion

@keeps('initial-window')
def _(t):
    t.open()
    flight(t, 10)


@breaks('initial-window')
def _(t):
    t.open()
    flight(t, 11)


@clean('more than the initial window when SACKs told that some had arrived')
def _(t):
    t.open()
    flight(t, 10)
    t.b(ack=1, sacks=((1449, 14481),))
    t.a(seq=1, len=1448)
    t.a(len=1448)
    t.a(len=1448)


@clean('a probe of the tail by new data')
def _(t):
    t.open()
    flight(t, 10)
    t.a(len=1448, dt=0.01)


@clean('segments of min_snd_mss where the peer told a smaller MSS')
def _(t):
    t.only('a')
    t.open(b_mss=1)
    for _ in range(2):
        t.a(len=36)


@clean('a SYN again behind the RST that answers an ACK of an old connection')
def _(t):
    t.only('a')
    t.a('S', **t.syn_options('a'))
    for _ in range(2):
        t.b('.', seq=5000000, ack=7000000)
        t.a('R', seq=7000000)
        t.a('S', seq=0, dt=0.005, **t.syn_options('a'))
    t.a('S', seq=0, dt=1, **t.syn_options('a'))
    t.a('S', seq=0, dt=2, **t.syn_options('a'))
    t.b('S.', seq=0, ack=1, **t.syn_options('b'))
    t.ts_on = True
    t.a(seq=1, ack=1)


@keeps('cwnd')
def _(t):
    t.open(ws=7)
    n = 10
    for _ in range(3):
        flight(t, n)
        t.b()
        n *= 2


@breaks('cwnd')
def _(t):
    t.open(ws=7)
    flight(t, 10)
    t.b()
    flight(t, 30)


@keeps('idle-restart')
def _(t):
    t.open(ws=7)
    flight(t, 10)
    t.b()
    flight(t, 20)
    t.b()
    t.t += 10
    flight(t, 10)


@breaks('idle-restart')
def _(t):
    t.open(ws=7)
    flight(t, 10)
    t.b()
    flight(t, 20)
    t.b()
    t.t += 10
    flight(t, 20)


def timeouts(t):
    t.open(rtt=0.01)
    flight(t, 4)
    for gap in (0.2, 0.4, 0.8):
        t.a(seq=1, len=1448, dt=gap)


@keeps('timeout-window')
def _(t):
    timeouts(t)
    t.b(ack=1449)
    t.a(seq=1449, len=1448)
    t.a(seq=2897, len=1448)


@breaks('timeout-window')
def _(t):
    timeouts(t)
    t.a(seq=1449, len=1448)


@keeps('recovery-rate')
def _(t):
    hole(t)
    for i in range(4):
        t.a(len=1448, dt=0.0001)
        t.b(ack=1449, sacks=((2897, 5793 + 1448 * i),))
    t.a(seq=1449, len=1448)
    t.a(len=1448)
    t.b()


@breaks('recovery-rate')
def _(t):
    hole(t)
    for i in range(4):
        t.a(len=1448, dt=0.0001)
        t.b(ack=1449, sacks=((2897, 5793 + 1448 * i),))
    t.a(seq=1449, len=1448)
    flight(t, 15)


# ECN

@keeps('ecn-unasked')
def _(t):
    t.open()
    t.a(len=10)


@breaks('ecn-unasked')
def _(t):
    t.open()
    t.a(len=10, ecn=2)


@keeps('ecn-syn')
def _(t):
    t.open()


@breaks('ecn-syn')
def _(t):
    t.a('S', ecn=2, **t.syn_options('a'))


def classic(t):
    t.a('SEW', **t.syn_options('a'))
    t.b('S.E', **t.syn_options('b'))
    t.ts_on = True
    t.a()


@keeps('ece-until-cwr')
def _(t):
    classic(t)
    t.a(len=10, ecn=3)
    t.b('.E')
    t.a('.W', len=10, ecn=2)
    t.b()


@breaks('ece-until-cwr')
def _(t):
    classic(t)
    t.a(len=10, ecn=3)
    t.a(len=10, ecn=2)
    t.b(dt=0.1)


def accurate(t):
    t.a('SNEW', **t.syn_options('a'))
    t.b('S.W', **t.syn_options('b'))
    t.ts_on = True
    t.a('.W')           # ACE 2: the SYN ACK came without ECT


@keeps('ace-counts')
def _(t):
    accurate(t)
    t.a('.NE', len=10, ecn=3)           # 5 is where it begins
    t.b('.NW')                          # 6: one
    t.a('.NE', len=10, ecn=3)
    t.b('.NWE')


@breaks('ace-counts')
def _(t):
    accurate(t)
    t.a('.NE', len=10, ecn=3)
    t.b('.NWE')


# Challenges

@keeps('challenge-sent')
def _(t):
    t.only('a').open()
    t.b('R', seq=100)
    t.a()


@breaks('challenge-sent')
def _(t):
    t.open()
    t.b('S', seq=100, **t.syn_options('b'))
    t.a('R.', rawseq=0, rawack=t.iss['b'] + 101)


@keeps('challenge-limit')
def _(t):
    t.only('a').open()
    for _ in range(5):
        t.b('R', seq=100, dt=0.5)
        t.a()


@breaks('challenge-limit')
def _(t):
    t.open()
    for _ in range(13):
        t.b('R', seq=100, dt=0.1)
        t.a()
