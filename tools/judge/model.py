# SPDX-License-Identifier: GPL-2.0
"""What is known of a connection from where it was captured.

Sequence numbers are offsets from the sender's SYN, which is 0, and don't wrap.
Of each end the model keeps what it sent and what the other one told it. It
knows no more than passed by: what an end may have received is all that was
seen under way to it, so what exceeds even that was not received.

A rule is told the segment, the end that sent it ("me") and the other ("peer"),
as they were before the segment; sent() and arrived() take it in afterwards.
"""
from bisect import bisect_left, bisect_right
from collections import deque

from .packet import ACK, AE, CWR, ECE, FIN, K_ACK, K_DATA, K_SYN, K_SYNACK, RST, SYN

HALF, MASK = 1 << 31, (1 << 32) - 1
MS = 1000000
SEC = 1000 * MS
RTO_MIN, RTO_MAX, RTO_INIT, MSL = 128, 129, 130, 132     # options of linux/tern.h
HEARD = 256             # segments that an answer may still be to
ECHOES = 4096           # time stamps that may still be echoed


class Ranges:
    """Disjoint stretches [a, b) in order, none touching another."""

    __slots__ = ('starts', 'ends')

    def __init__(self):
        self.starts, self.ends = [], []

    def __bool__(self):
        return bool(self.starts)

    def __iter__(self):
        return iter(zip(self.starts, self.ends))

    def add(self, a, b):
        """Bytes that are new"""
        starts, ends = self.starts, self.ends
        i = bisect_left(ends, a)
        j = bisect_right(starts, b)
        had = 0
        if i < j:
            had = sum(ends[k] - starts[k] for k in range(i, j))
            a, b = min(a, starts[i]), max(b, ends[j - 1])
        starts[i:j] = [a]
        ends[i:j] = [b]
        return b - a - had

    def below(self, edge):
        """Forget what is below @edge"""
        starts, ends = self.starts, self.ends
        i = bisect_right(ends, edge)
        del starts[:i], ends[:i]
        if starts and starts[0] < edge:
            starts[0] = edge

    def total(self):
        return sum(self.ends) - sum(self.starts)

    def covers(self, a, b):
        i = bisect_right(self.starts, a) - 1
        return i >= 0 and self.ends[i] >= b


class Host:
    """What is known of a host apart from its connections.

    Times are in ns. @late: what may come so much after it was due; @grain: so
    much before, for clocks that are read apart.
    """

    def __init__(self, judged=True, near=False, late=250 * MS, **knobs):
        self.judged = judged    # its segments are, by the rules
        self.near = near        # what is seen under way to it has arrived
        self.order = near       # what it sends is seen in order
        self.whole = False      # and all of it
        self.prompt = False     # and at once
        self.deaf = self.was_deaf = False       # drops what has arrived
        self.damage = False     # what it sends may be damaged on the way here
        self.repeats = False    # or be here twice
        self.late, self.grain = late, MS // 10
        self.nagle = self.corked = self.route = False
        self.options = set()    # socket options that were set
        self.knobs = knobs      # sysctls, by name
        self.excused = {}       # rule -> why

    def knob(self, name, default):
        return self.knobs.get(name, default)

    def floor(self, proto):
        """The least RTO, or None"""
        if {45, RTO_MIN, RTO_MAX} & self.options or self.route:
            return None
        return self.knob('rto_min_us', 200000) * 1000

    def most(self, proto):
        """The most that an RTO may be"""
        if RTO_MAX in self.options:
            return MS // 1000   # it may be so short
        return self.knob('rto_max_us', 120000000) * 1000

    def first_rto(self, proto):
        if RTO_INIT in self.options or self.route:
            return None
        return self.knob('rto_init_us', 1000000) * 1000

    def twice_msl(self, proto):
        """How long TIME-WAIT lasts, or None"""
        if MSL in self.options or 'max_tw_buckets' in self.knobs:
            return None
        return 2 * MS * (30000 if proto == 6 else self.knob('msl_ms', 30000))


class End:
    """One end of one connection. Fields of a single rule's own are at the end."""

    __slots__ = (
        'host', 'conn', 'index', 'name', 'table', 'judged', 'near', 'whole', 'prompt', 'receives',
        # its numbers: SND.NXT, SND.UNA; all up to cont was seen, and ooo beyond it
        'iss', 'syn', 'first_kind', 'icmp_t', 'nxt', 'una', 'una_t', 'cont', 'ooo', 'twice',
        'fin', 'data', 'syn_end', 'rst_own', 'synacked',
        # told in its SYN
        'mss', 'ws', 'sackok', 'ts', 'mad', 'shift', 'ts_on', 'mss_peer', 'ecn',
        # the windows that the peer offered it
        'edge', 'edge_last', 'biggest',
        # SYNs sent
        'syns', 'syn_t', 'syn_gap', 'syn_repeats', 'syn_asked', 'rst_since',
        # data sent: [start, end, time, times sent again] of each segment
        'sent_offs', 'sent_recs', 'sent_t', 'payload_max', 'tail', 'tail_t', 'rtt_min',
        'dupacks', 'sacked', 'sacked_t', 'sack_high', 'cwnd', 'idle_at', 'idle_for',
        'recover', 'recover_sent', 'recover_delivered',
        'rtx_t', 'rtx_gap', 'rtx_count', 'rtx_end', 'zero_t', 'zwp_t', 'zwp_gap', 'zwp_n',
        'fin_sent_t', 'fin_times',
        # data received, of an end that is judged and near
        'heard', 'heard_t', 'arrivals', 'first_acked', 'second_acked', 'gap_t', 'fill_t',
        'fill_off', 'balance', 'probe_t', 'rst_in_t', 'due_rst', 'recent', 'challenge',
        'fin_t', 'echoes', 'echo', 'echo_lost', 'sack_now', 'told_sack', 'ce', 'ece_t', 'ece_off',
        # closing
        'active', 'tw', 'tw_t', 'tw_rst',
        # of rules
        'urgent', 'small', 'zwp_bad', 'challenges', 'store', 'stored', 'tsval', 'ts_zero',
        'ce_told')

    def __init__(self, host, name):
        self.host, self.name = host, name
        self.judged, self.near = host.judged, host.near
        self.whole, self.prompt = host.whole, host.prompt
        self.receives = self.judged and self.near
        self.conn = self.table = None
        self.index = 0
        self.iss = self.first_kind = self.ooo = self.twice = self.fin = None
        self.syn = self.data = self.rst_own = self.synacked = False
        self.nxt = self.una = self.una_t = self.cont = self.icmp_t = 0
        self.syn_end = 1
        self.mss = self.ws = self.mad = self.shift = None
        self.sackok = self.ts = self.ts_on = False
        self.mss_peer = 536
        self.ecn = 0
        self.edge = self.edge_last = None
        self.biggest = 0
        self.syns = self.syn_t = self.syn_gap = self.syn_repeats = 0
        self.syn_asked = self.rst_since = False
        self.sent_offs, self.sent_recs = [], []
        self.sent_t = self.payload_max = self.tail_t = 0
        self.tail = self.rtt_min = self.sacked = self.cwnd = self.idle_at = self.recover = None
        self.dupacks = self.sacked_t = self.sack_high = self.idle_for = 0
        self.recover_sent = self.recover_delivered = 0
        self.rtx_t = self.rtx_gap = self.rtx_count = self.rtx_end = 0
        self.zero_t = self.zwp_t = self.zwp_gap = self.zwp_n = 0
        self.fin_sent_t = self.fin_times = 0
        self.heard = deque(maxlen=HEARD)
        self.arrivals = deque()
        self.heard_t = self.first_acked = self.second_acked = self.gap_t = self.fill_t = 0
        self.fill_off = self.balance = self.probe_t = self.rst_in_t = self.fin_t = 0
        self.due_rst = self.recent = self.challenge = self.echo = self.sack_now = None
        self.echoes = {}
        self.echo_lost = False
        self.told_sack = self.ce = self.ece_t = self.ece_off = 0
        self.active = self.tw = self.tw_rst = False
        self.tw_t = 0
        self.urgent = self.small = self.zwp_bad = self.challenges = self.tsval = None
        self.ts_zero = None
        self.store = deque()
        self.stored = self.ce_told = 0

    def record(self, off):
        """Of the segment that begins at @off, or that has it inside"""
        i = bisect_right(self.sent_offs, off) - 1
        if i < 0 or self.sent_recs[i][1] <= off:
            return None
        return self.sent_recs[i]

    def open(self):
        """Both SYNs were exchanged, and nothing has ended it."""
        return self.syn and self.una > 0 and not self.rst_own and not self.rst_in_t


class Conn:
    """Two ends, the one first whose segment was seen first."""

    __slots__ = ('ends', 'number', 'proto', 'complete', 'holes', 'before', 'next', 'findings',
                 'over', 't', 'last_t', 'shaken')

    def __init__(self, ends, number, proto, complete, t):
        self.ends, self.number, self.proto, self.complete = ends, number, proto, complete
        self.holes = self.over = self.shaken = False
        self.before = None      # the ends of the connection before of these addresses
        self.next = None        # SYNs that may begin another: ISS -> Conn
        self.findings = []
        self.t = self.last_t = t
        for i, end in enumerate(ends):
            end.conn, end.index = self, i


def derive(s, me, peer):
    """Offsets of @s."""
    if me.iss is None:
        if s.flags & RST:
            s.off = s.end = 0
        else:
            begin(s, me)
    if s.flags & SYN and not me.syn and me.iss is not None and not me.judged:
        me.iss, me.nxt, me.cont, me.una = s.seq, 0, 0, 0        # before it was a leftover's
    if me.iss is not None:
        una = me.una
        s.off = off = (s.seq - me.iss - una + HALF & MASK) - HALF + una
        s.end = off + s.len + (s.flags >> 1 & 1) + (s.flags & 1)
    s.aoff = s.edge = None
    if s.flags & ACK:
        if peer.iss is None:
            if s.flags & RST:
                return
            # In the middle of a connection: what it acknowledges counts as sent.
            peer.iss = s.ack - 1 & MASK
            peer.nxt = peer.una = peer.cont = 1
        una = peer.una
        s.aoff = aoff = (s.ack - peer.iss - una + HALF & MASK) - HALF + una
        if s.scaled or s.flags & SYN:
            s.edge = aoff + s.win
        elif me.shift is not None:
            s.edge = aoff + (s.win << me.shift)
    sack(s, me, peer)
    count_acked(s, me)


def begin(s, me):
    """The first segment of an end that was seen"""
    if s.flags & SYN:
        me.iss = s.seq
    else:
        me.iss = s.seq - 1 & MASK
        me.nxt = me.cont = me.una = 1


def sack(s, me, peer):
    """SACK blocks as offsets: (D-SACK or None, the others)"""
    me.sack_now = None
    if not s.sacks or s.aoff is None:
        return
    una = peer.una
    found = [((a - peer.iss - una + HALF & MASK) - HALF + una,
              (b - peer.iss - una + HALF & MASK) - HALF + una) for a, b in s.sacks]
    a, b = found[0]
    # RFC 2883 4: below the ACK, or inside the second
    if b <= s.aoff or len(found) > 1 and found[1][0] <= a and b <= found[1][1]:
        me.sack_now = (found[0], found[1:])
    else:
        me.sack_now = (None, found)


def count_acked(s, me):
    """Since when the data have waited that @s acknowledges"""
    arrivals = me.arrivals
    me.first_acked = me.second_acked = 0
    if not arrivals or s.aoff is None or arrivals[0][0] > s.aoff:
        return
    me.first_acked = arrivals[0][1]
    full = 0
    while arrivals and arrivals[0][0] <= s.aoff:
        _, t, is_full = arrivals.popleft()
        full += is_full
        if full == 2:
            me.second_acked = t


def sent(s, me, peer):
    """Take in what @s says of its sender, and what it tells the other."""
    flags, t, off = s.flags, s.t, s.off
    if flags & RST:
        took_rst(s, me, peer)
        return
    if flags & SYN:
        took_syn(s, me, peer)
    length = s.len
    if length or flags & FIN:
        took_data(s, me, peer)
    elif me.zero_t and off == me.una - 1:
        took_probe(me, t)
    if s.aoff is not None:
        took_ack(s, me, peer)
    me.sent_t = t
    me.rst_since = False
    if s.tsval is not None:
        me.tsval = s.tsval
    if me.receives:
        me.gap_t = 0
        if s.aoff is not None and s.aoff >= peer.cont and not peer.ooo:
            me.balance = min(me.balance, 1)
        if s.tsecr is not None and flags & ACK:
            echoed(s, me)
        if me.sack_now is not None and me.sack_now[1]:
            me.told_sack = max(me.told_sack, max(b for _, b in me.sack_now[1]))


def took_rst(s, me, peer):
    me.rst_since = True
    # Before the handshake is over it may answer something stray, and end nothing.
    if me.syn and me.una > 0 and peer.syn:
        me.rst_own = me.conn.over = True
        if me.due_rst is None:
            me.due_rst = deque()
    elif not me.syn:
        me.conn.over = True


def took_syn(s, me, peer):
    if me.syns:
        asked = s.kind == K_SYNACK and me.syn_asked
        if me.rst_since:
            me.syn_t = s.t      # at once, behind the RST of a leftover's ACK
        elif not asked:
            me.syn_gap = s.t - me.syn_t
            me.syn_repeats += 1
            me.syn_t = s.t
    else:
        me.first_kind = s.kind
        me.syn_t = s.t
    me.syns += 1
    me.syn_asked = False
    me.syn = True
    me.syn_end = s.off + s.len + 1
    if me.syns == 1 or s.kind == me.first_kind:
        # Both opened at once: the SYN told it, not its SYN ACK.
        me.mss, me.ws, me.sackok, me.mad = s.mss, s.ws, s.sackok, s.mad
        me.ts = s.tsval is not None
    me.nxt = max(me.nxt, 1)
    me.cont = max(me.cont, 1)
    if s.len:
        cover(me, 1, s.off + 1 + s.len)
    default = 1220 if len(s.key) > 12 else 536
    peer.mss_peer = s.mss or default
    ask_ecn(s, me, peer)
    if peer.syn:
        both = me.ws is not None and peer.ws is not None
        me.shift = min(me.ws, 14) if both else 0
        peer.shift = min(peer.ws, 14) if both else 0
        me.ts_on = peer.ts_on = me.ts and peer.ts


def ask_ecn(s, me, peer):
    bits = s.flags & (ECE | CWR | AE)
    if s.kind == K_SYN:
        me.ecn = 2 if bits == ECE | CWR | AE else 1 if bits == ECE | CWR else 0
    elif s.kind == K_SYNACK and peer.ecn:
        if peer.ecn == 2 and bits not in (0, ECE, ECE | AE, ECE | CWR | AE):
            me.ecn = peer.ecn = 2
        else:
            me.ecn = peer.ecn = int(bits & ~AE == ECE)


def cover(me, a, b):
    """Bytes a to b were seen; True when all that is seen in order has grown"""
    if a <= me.cont:
        if b <= me.cont:
            return False
        me.cont = b
        ooo = me.ooo
        if ooo:
            while ooo.starts and ooo.starts[0] <= me.cont:
                me.cont = max(me.cont, ooo.ends[0])
                del ooo.starts[0], ooo.ends[0]
        return True
    if me.ooo is None:
        me.ooo = Ranges()
    me.ooo.add(a, b)
    return False


def took_data(s, me, peer):
    off, end, t, length = s.off, s.end, s.t, s.len
    if s.flags & SYN:
        return
    nxt = me.nxt
    if not me.judged and me.edge is not None and end > me.edge + 65536 + length:
        return                  # nobody takes it
    fin = s.flags & FIN
    if length:
        me.data = True
    if fin:
        if me.fin is None:
            me.active = peer.fin is None or max(peer.una, s.aoff or 0) <= peer.fin
            me.fin = end - 1
            me.fin_times = 0
        else:
            me.fin_times += 1
        me.fin_sent_t = t
    # Seen twice, for D-SACK
    if off < me.cont or me.ooo:
        if me.twice is None:
            me.twice = Ranges()
        low = off
        if off < me.cont:
            me.twice.add(off, min(end, me.cont))
            low = me.cont
        if me.ooo:
            for a, b in me.ooo:
                if a < end and b > low:
                    me.twice.add(max(a, low), min(b, end))
    if not refused(s, me, peer):
        cover(me, off, end)
    if not me.judged:
        if end > nxt:
            me.nxt = end
        return
    if me.zero_t and (length == 1 and off == me.una or length <= 1 and off == me.una - 1):
        took_probe(me, t)
    if end > nxt:
        if off >= nxt or length:
            if me.idle_at is None and me.una >= nxt and me.una > 1 and \
               t - me.sent_t > max(3 * SEC, 2 * me.host.floor(6) if me.host.floor(6) else 0):
                me.idle_at, me.idle_for = nxt, t - me.sent_t
            if length:
                me.sent_offs.append(max(off, nxt))
                me.sent_recs.append([max(off, nxt), end, t, 0])
                size = me.mss_peer - s.optlen
                if me.cwnd is None:
                    me.cwnd = 10 * size
                me.tail = (s.flags & 8 or fin, length < size)
                me.tail_t = t
                if me.payload_max < length <= size:
                    me.payload_max = length
                if off == nxt and length == 1 and me.zero_t:
                    me.sent_offs.pop()
                    me.sent_recs.pop()
        me.nxt = end
    if off < nxt:
        sent_again(s, me, off, end, t)
    if me.recover is not None:
        me.recover_sent += length


def refused(s, me, peer):
    """Is @s older than what the peer echoed last? RFC 7323 5.3; Tern bears 20 ms."""
    if s.tsval is None or peer.echo is None or not peer.receives or not me.ts_on:
        return False
    age = peer.echo - s.tsval & MASK
    return (1 if s.proto == 6 else 20000) < age < HALF and s.t - peer.sent_t < 1000 * SEC


def sent_again(s, me, off, end, t):
    if off == me.una:
        rec = me.record(off)
        last = me.rtx_t if me.rtx_count else rec[2] if rec else me.fin_sent_t
        if me.heard_t > last or not me.rtx_count:
            me.rtx_count = 1
        else:
            me.rtx_count += 1
        me.rtx_gap = t - last
        me.rtx_t, me.rtx_end = t, end
    rec = me.record(off)
    if rec is not None and rec[0] == off and end < rec[1] and end - off < me.payload_max:
        # Cut anew, for a narrower path; which is no recovery
        me.payload_max = end - off
        me.icmp_t = t
    if me.recover is None and me.icmp_t < t - SEC and (me.sack_high > off or me.dupacks):
        me.recover = me.nxt
        me.recover_sent = 0
        # What told of the loss counts
        me.recover_delivered = max(me.sacked.total() if me.sacked else 0,
                                   me.dupacks * me.payload_max)
    offs, recs = me.sent_offs, me.sent_recs
    i = max(bisect_right(offs, off) - 1, 0)
    while i < len(recs) and recs[i][0] < end:
        if recs[i][1] > off:
            recs[i][2] = t
            recs[i][3] += 1
        i += 1


def took_probe(me, t):
    if me.zwp_n:
        me.zwp_gap = t - me.zwp_t
    me.zwp_n += 1
    me.zwp_t = t


def took_ack(s, me, peer):
    """What @s, of me, tells the peer of what the peer has sent."""
    aoff, t = s.aoff, s.t
    if aoff > peer.nxt and (not me.judged or peer.syn and me.conn.complete):
        return                  # of what was not sent
    una = peer.una
    # Beyond the window, or below what the peer has acknowledged: not taken
    if me.edge is not None and s.off > me.edge or s.end < me.una and not s.flags & SYN:
        return
    edge = s.edge
    if edge is not None:
        if peer.edge is None or edge > peer.edge:
            peer.edge = edge
        same_window = edge == peer.edge_last
        peer.edge_last = edge
        if edge - aoff > peer.biggest:
            peer.biggest = edge - aoff
        if edge > aoff:
            if peer.zero_t:
                peer.zero_t = peer.zwp_n = 0
                peer.tail = None        # more may have waited
        elif not peer.zero_t and aoff >= una:
            peer.zero_t = t
    else:
        same_window = False
    if aoff > una:
        if aoff > peer.nxt:
            peer.nxt = peer.cont = aoff
        acked(s, me, peer, una, aoff)
    elif aoff == una and s.kind == K_ACK and same_window and peer.nxt > una and peer.judged:
        peer.dupacks += 1
        if peer.recover is not None and not s.sacks:
            peer.recover_delivered += peer.payload_max
    now = me.sack_now
    if now is not None and peer.judged and now[1]:
        took_sacks(now[1], peer, t)


def acked(s, me, peer, una, aoff):
    """@peer's bytes from @una to @aoff are acknowledged."""
    t = s.t
    peer.una, peer.una_t = aoff, t
    if una <= 0:
        peer.synacked = True
        me.conn.shaken = True
    if not peer.judged:
        peer.fin_t = 0
        return
    recs = peer.sent_recs
    n = 0
    for rec in recs:
        if rec[1] > aoff:
            break
        n += 1
        if not rec[3] and (peer.rtt_min is None or t - rec[2] < peer.rtt_min):
            peer.rtt_min = t - rec[2]
    peer.dupacks = 0
    peer.rtx_count = 0
    peer.idle_at = None
    delivered = aoff - una
    # Most stacks count segments: a small one is as good as a full one.
    size = max(1, peer.mss_peer - s.optlen)
    counted = delivered + n * size - sum((rec[1] - rec[0] - 1) % size + 1 for rec in recs[:n])
    if n:
        del recs[:n], peer.sent_offs[:n]
    sacked = peer.sacked
    if sacked:
        sacked.below(aoff)
        if aoff >= peer.sack_high:
            peer.sack_high = 0
            peer.sacked = None
    if peer.recover is not None:
        peer.recover_delivered += delivered
        if aoff >= peer.recover:
            peer.recover = None
    if peer.cwnd is not None:
        peer.cwnd += counted


def took_sacks(found, peer, t):
    if peer.sacked is None:
        peer.sacked = Ranges()
    for a, b in found:
        if peer.una <= a < b <= peer.nxt:
            new = peer.sacked.add(a, b)
            if new:
                peer.sacked_t = t
                if peer.recover is not None:
                    peer.recover_delivered += new
            if b > peer.sack_high:
                peer.sack_high = b


def echoed(s, me):
    """What is older than @s echoes will not be echoed again."""
    if s.tsecr != me.echo and s.tsecr in me.echoes:
        for tsval in list(me.echoes):
            if tsval == s.tsecr:
                break
            del me.echoes[tsval]
    me.echo = s.tsecr


def arrived(s, me, peer):
    """Take in that @s, of me, is at the peer, which is judged and near."""
    flags, t, off = s.flags, s.t, s.off
    peer.heard.append(s)
    peer.heard_t = t
    if s.tsval is not None:
        echoes = peer.echoes
        if s.tsval not in echoes:
            echoes[s.tsval] = off
            if len(echoes) > ECHOES:
                del echoes[next(iter(echoes))]
                peer.echo_lost = True
        elif off < echoes[s.tsval]:
            echoes[s.tsval] = off
    if peer.due_rst is not None and not flags & (RST | SYN) and flags & ACK and not peer.host.deaf:
        peer.due_rst.append(s.ack)
    # Segments that an ACK may be for; none is for an acceptable ACK.
    if s.kind != K_ACK or off != me.una or s.aoff is None or not peer.una <= s.aoff <= peer.nxt or \
       s.tsval is not None and peer.echo is not None and s.tsval - peer.echo & MASK >= HALF:
        pieces = 1
        if s.len > me.mss_peer:
            pieces = s.len // max(1, me.mss_peer - s.optlen) + 1
        peer.balance += pieces
    if flags & RST:
        rst_arrived(s, me, peer)
        return
    if flags & SYN:
        peer.syn_asked = True
        if peer.open() and me.una > 0 and not peer.tw:
            peer.challenge = (s, t)
        return
    if flags & ACK and s.aoff is not None and s.aoff > peer.nxt and peer.open() and not peer.tw:
        peer.challenge = (s, t)
        return
    if peer.host.deaf:
        return
    end = s.end
    if end > off:
        data_arrived(s, me, peer, off, end, t)
    if me.una > end or off == me.una - 1 and s.len <= 1:
        # Not acceptable, or of one byte that was there: a probe
        if not peer.probe_t and me.edge is not None and peer.open() and not peer.tw and \
           s.aoff is not None and s.aoff <= peer.nxt and not peer.host.was_deaf and \
           t - peer.sent_t > 500 * MS:
            peer.probe_t = t
    if s.ecn == 3 and peer.ecn:
        peer.ce += 1
        if peer.ecn == 1 and not peer.ece_t:
            peer.ece_t, peer.ece_off = t, off
    if flags & CWR and peer.ecn == 1:
        peer.ece_t = 0


def data_arrived(s, me, peer, off, end, t):
    """@me's data, of which sent() has taken note, arrive at @peer."""
    if me.edge is not None and end > me.edge:
        return
    if s.flags & FIN and peer.tw:
        peer.fin_t = peer.tw_t = t
        return
    if end <= me.una or refused(s, me, peer):
        return
    if end <= me.cont:
        # In order by now: it was so when it came, or it has filled a hole.
        arrivals = peer.arrivals
        if me.cont > (arrivals[-1][0] if arrivals else me.una):
            if s.len:
                full = s.len + s.optlen >= me.mss_peer
                arrivals.append((me.cont, t, 1 if full else 0))
            if peer.gap_t or peer.recent and peer.recent[-1][0] >= end:
                if not peer.fill_t:
                    peer.fill_t, peer.fill_off = t, end
                if not me.ooo:
                    peer.recent = None
        elif off < me.cont and arrivals:
            # Once more: the one before may not have been taken.
            peer.arrivals = type(arrivals)((e, t, f) for e, _, f in arrivals)
    else:
        if not peer.gap_t:
            peer.gap_t = t
        if peer.recent is None:
            peer.recent = []
        peer.recent.append((off, end - (s.flags & FIN)))
        if len(peer.recent) > HEARD:
            del peer.recent[0]


def rst_arrived(s, me, peer):
    if peer.tw:
        # RFC 1337: it ends nothing, but where it answers TIME-WAIT's own ACK.
        if s.off == me.una or s.proto == 6:
            peer.tw_rst = True
        return
    if peer.host.deaf or s.aoff is not None and s.aoff > peer.nxt:
        return
    if peer.una <= 0 and peer.first_kind == K_SYN:
        # SYN-SENT: it must acknowledge the SYN
        if s.flags & ACK and s.aoff == 1:
            peer.rst_in_t = peer.rst_in_t or s.t
            me.conn.over = True
        return
    # RCV.NXT is what was acknowledged last, if nothing has come since.
    if not peer.syn or me.iss is None:
        return
    if s.off == me.una and me.cont == me.una:
        peer.rst_in_t = peer.rst_in_t or s.t
        me.conn.over = True
    elif peer.open() and me.una < s.off < (me.edge or 0):
        peer.challenge = (s, s.t)


def closing(me, peer, t):
    """Has @me come to TIME-WAIT?"""
    if me.tw or me.fin is None or peer.fin is None:
        return
    if me.active and me.una > me.fin and peer.una > peer.fin:
        me.tw, me.tw_t = True, t
    if me.una > me.fin and peer.una > peer.fin:
        me.conn.over = True
