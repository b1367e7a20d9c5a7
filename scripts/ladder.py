#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Draw connections as a ladder of segments, states and timers, from Tern's trace.

usage: ladder.py PORT [--skip-data] < /sys/kernel/tracing/trace
       ladder.py < RECORDING          of scenes/play

PORT is the server's. The client stands on the left, the server on the right;
sequence numbers count from each end's SYN, time from the first segment.
scripts/scene draws the same rows as an SVG.
"""
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'tools'))
# pylint: disable=wrong-import-position, unused-import
from judge.ladder import BRIEF, CALM, LATE, Row, Text, lettering, more, nth_of, span_text, tells

LINE = re.compile(r'\s(\d+\.\d+): (tern_\w+|tracing_mark_write): (.*)')
FIELD = re.compile(r'(\w+)=(\S+)')
HOLD = 2.5          # seconds after which a segment that was sent is lost
BURST, HEAD, TAIL = 18, 7, 5    # a longer burst is shown by its ends

# Timer -> sysctls one of which it lasts, with the unit in seconds
TIMERS = {
    'retransmit': (('rto_max_us', 1e-6), ('rto_min_us', 1e-6)),
    'synack': (('rto_max_us', 1e-6), ('rto_init_us', 1e-6)),
    'persist': (('rto_max_us', 1e-6), ('rto_min_us', 1e-6)),
    'probe': (),
    'reorder': (),
    'delack': (('delack_max_us', 1e-6),),
    'keepalive': (('keepalive_intvl_ms', 1e-3), ('keepalive_time_ms', 1e-3)),
    'finwait2': (('fin_timeout_ms', 1e-3),),
    'timewait': (('msl_ms', 2e-3),),
}


class Recording:
    """Rows out of lines of a trace."""

    def __init__(self, port=None):
        self.port = port
        self.rows = []
        self.now = 0
        self.name = None
        self.hosts = {}         # netns -> side
        self.sysctls = [{}, {}]
        self.zero = None
        self.isn = {}
        self.conns = []
        self.made = set()       # connections of segments made by hand
        self.state = {}         # (side, connection) -> state
        self.timers = {}        # (side, connection, timer) -> its row
        self.under_way = ([], [])   # segments sent by each side
        self.delay = [0, 0]         # what the last segment of each side took
        self.resends = {}
        self.unanswered = set()     # keepalive timers that have fired
        self.resent = None
        self.absolute = False
        self.over = port is None    # nothing before "begin"

    def feed(self, line):
        m = LINE.search(line)
        if not m:
            return False
        t, what, rest = float(m.group(1)), m.group(2), m.group(3)
        if what == 'tracing_mark_write':
            if rest.startswith('scene: '):
                self.now = max(t, self.now)
                self.mark(t, *rest[7:].rstrip().partition(' ')[::2])
            return True
        if self.over:
            return True
        f = dict(FIELD.findall(rest))
        if 'sport' not in f:
            return True
        sport, dport = int(f['sport']), int(f['dport'])
        if self.port:
            if self.port not in (sport, dport) or not dport:
                return True     # another's, or the listener's own
            side = int(sport == self.port)
        else:
            side = self.hosts.get(f['netns'])
            if side is None:
                return True
        self.now = max(t, self.now)
        ends = [(f['saddr'], sport), (f['daddr'], dport)]
        conn = tuple(ends if side == 0 else ends[::-1])
        if 'event=' in rest:
            f['event'] = rest.split('event=', 1)[1].strip()
        on = getattr(self, 'on_' + what[5:], None)
        if on:
            on(t, side, conn if dport else None, f)
        return True

    def mark(self, t, what, rest):
        who, _, text = rest.partition(' ')
        side = 'cs'.find(who) if who in ('c', 's') else None
        if what == 'begin':
            self.__init__()
            self.name, self.over = rest, False
        elif what == 'end':
            self.over = True
        elif what == 'host':
            self.hosts[text] = side
        elif what == 'gone':
            self.hosts = {k: v for k, v in self.hosts.items() if v != side}
            for key, row in list(self.timers.items()):
                if key[0] == side:
                    self.timer_ends(key, t, 'cancel')
            self.rows.append(Row('gone', t, side))
        elif what == 'sysctl':
            key, _, value = text.partition(' ')
            self.sysctls[side][key] = value
        elif self.over:
            pass
        elif what == 'absolute':
            self.absolute = True
        elif what == 'caption':
            self.rows.append(Row('caption', t, text=rest))
        elif what in ('call', 'result', 'error', 'broken') and text not in ('', 'None'):
            if side is None:
                self.rows.append(Row('caption', t, text=text))
                return
            self.rows.append(Row('call' if what == 'call' else 'result', t, side, text=text,
                                 bad=what in ('error', 'broken'), broken=what == 'broken'))

    def number(self, conn):
        if conn is None or conn in self.made:
            return 0
        if conn not in self.conns:
            self.conns.append(conn)
        return self.conns.index(conn) + 1

    def on_retransmit(self, t, side, conn, f):
        self.resent = side, conn, f['seq']
        self.resends[side, conn] = int(f['retries'])

    def on_send(self, t, side, conn, f):
        if 'SYN' in f['flags']:
            self.isn.setdefault((conn, side), int(f['seq']))
        if self.zero is None:
            self.zero = t
        again = self.resent == (side, conn, f['seq'])
        self.resent = None
        row = Row('segment', t, side, f=f, conn=self.number(conn), again=again,
                  raw=False, twice=False, text=self.label(conn, side, f), lost=False)
        self.rows.append(row)
        self.under_way[side].append(row)

    def on_recv(self, t, side, conn, f):
        peer = 1 - side
        if conn not in self.conns:
            self.made.add(conn)
        alike = [row for row in self.under_way[peer]
                 if row.conn == self.number(conn) and same(row.f, f)]
        flying = [row for row in alike if row.end is None]
        if flying:
            # Of a segment sent more than once: the copy that took the usual time.
            row = min(flying, key=lambda row: abs(t - row.t - self.delay[peer]))
            # Parts of one that was sent whole arrive one by one.
            if ends_at(f) >= ends_at(row.f):
                row.end = t
                self.delay[peer] = t - row.t
            return
        if 'SYN' in f['flags']:
            self.isn.setdefault((conn, peer), int(f['seq']))
        if self.zero is None:
            self.zero = t
        row = Row('segment', t, peer, f=f, conn=self.number(conn), again=False, raw=not alike,
                  twice=bool(alike), text=self.label(conn, peer, f), lost=False)
        row.end = t
        self.rows.append(row)

    def label(self, conn, side, f):
        def relative(number, end):
            n = int(number)
            if self.absolute:
                return n
            n = (n - self.isn.get((conn, end), 0)) % 2**32
            return n - 2**32 if n >= 2**31 else n

        text = '%s seq %d' % (f['flags'].replace('|', ' '), relative(f['seq'], side))
        if 'ACK' in f['flags']:
            text += ' ack %d' % relative(f['ack'], 1 - side)
        if f['len'] != '0':
            text += ' len %s' % f['len']
        if f['win'] == '0' and 'RST' not in f['flags']:
            text += ' win 0'
        return text

    def on_timer(self, t, side, conn, f):
        key = side, conn, f['timer']
        old = self.timers.get(key)
        if f['op'] == 'arm':
            if old:
                self.timer_ends(key, t, 'again')
            seconds = int(f['in_ns']) / 1e9
            row = Row('arm', t, side, name=f['timer'], conn=self.number(conn), seconds=seconds,
                      sysctl=self.governs(side, conn, f['timer'], seconds), how=None)
            self.timers[key] = row
            self.rows.append(row)
            self.unanswered.discard(key)
            return
        self.timer_ends(key, t, f['op'])
        if f['op'] == 'fire':
            self.unanswered.add(key)
            self.rows.append(Row('fire', t, side, name=f['timer'], conn=self.number(conn),
                                 seconds=old.seconds if old else None,
                                 sysctl=old.sysctl if old else None, arm=old))

    def timer_ends(self, key, t, how):
        row = self.timers.pop(key, None)
        if row:
            row.end, row.how = t, how

    def governs(self, side, conn, timer, seconds):
        if timer == 'retransmit' and self.state.get((side, conn)) in ('SYN_SENT', 'SYN_RECV'):
            return 'rto_init_us'
        names = TIMERS.get(timer, ())
        fired = (side, conn, timer) in self.unanswered
        for name, unit in names:
            value = float(self.sysctls[side].get(name, 'nan')) * unit
            if abs(seconds - value) <= 0.01 * value + 0.001:
                return name
        if timer == 'keepalive':
            return 'TERN_KEEPINTVL' if fired else 'TERN_KEEPIDLE'
        return names[-1][0] if names else None

    def on_state(self, t, side, conn, f):
        old, new = f['oldstate'], f['newstate']
        if (old, new) == ('CLOSE', 'SYN_RECV'):
            return      # the full socket takes the SYN queue entry's place
        if (old, new) in (('CLOSE', 'SYN_SENT'), ('LISTEN', 'SYN_RECV')):
            self.isn.pop((conn, side), None)
        if old == 'SYN_RECV':
            self.timer_ends((side, conn, 'synack'), t, 'cancel')
        elif old == 'TIME_WAIT':
            # Its end is not traced as a timer's.
            op = 'fire' if f['event'] == '2msl' else 'cancel'
            self.on_timer(t, side, conn, {'timer': 'timewait', 'op': op})
        if new == 'CLOSE':
            for key in [k for k in self.timers if k[:2] == (side, conn)]:
                self.timer_ends(key, t, 'cancel')
        self.state[side, conn] = new
        self.rows.append(Row('state', t, side, old=old, new=new, event=f['event'],
                             conn=self.number(conn), sysctl=self.gave_up(side, conn, old, f['event'])))

    def gave_up(self, side, conn, old, event):
        """The sysctl, or the socket option, that ended a connection."""
        if event == 'keepalive':
            return 'keepalive_probes'
        if event != 'timeout':
            return None
        if old in ('SYN_SENT', 'SYN_RECV'):
            return {'SYN_SENT': 'syn_retries', 'SYN_RECV': 'synack_retries'}[old]
        if self.resends.get((side, conn), 0) < int(self.sysctls[side].get('retries2', 0)):
            return 'TERN_USER_TIMEOUT'
        return 'retries2'

    def drawn(self, final=False):
        """Rows that are decided, in order, bursts cut to their ends."""
        rows, burst = [], []

        def put():
            if len(burst) <= BURST:
                rows.extend(burst)
            else:
                cut = burst[HEAD:-TAIL]
                segments = [r for r in cut if r.kind == 'segment']
                rows.extend(burst[:HEAD])
                rows.append(Row('more', cut[0].t, n=len(segments),
                                lost=sum(r.lost for r in segments),
                                data=sum(int(r.f['len']) for r in segments if not r.lost)))
                rows.extend(burst[-TAIL:])
            burst.clear()

        last = None
        for row in self.rows:
            if row.kind == 'segment':
                if row.end is None:
                    if not final and self.now < row.t + HOLD:
                        return rows
                    row.lost = True
            elif row.kind == 'arm':
                life = (row.end if row.end is not None else self.now) - row.t
                if row.end is None and life < BRIEF and not final:
                    return rows
                if row.seconds < BRIEF or life < BRIEF and row.end is not None:
                    continue
            brisk = row.kind == 'segment' and not re.search('SYN|FIN|RST', row.f['flags']) or \
                row.kind in ('fire', 'arm') and burst or \
                getattr(row, 'conn', None) == 0 and row.kind != 'state' or row.kind == 'state' and \
                row.new == 'SYN_RECV' and not row.conn
            if burst and (not brisk or row.t - last > CALM):
                put()
            if brisk:
                burst.append(row)
            else:
                rows.append(row)
            last = row.t
        if final:
            put()
        return rows


def ends_at(f):
    return int(f['seq']) + int(f['len'])


def same(sent, got):
    """Is @got the segment @sent, or a part of it? Only the last has FIN and PSH."""
    offset = (int(got['seq']) - int(sent['seq'])) % 2**32
    length, whole = int(got['len']), int(sent['len'])
    if got['ack'] != sent['ack'] or offset + length > whole or \
            offset and offset == whole:
        return False
    ending = {'FIN', 'PSH'} if offset + length < whole else {'PSH'}
    return set(got['flags'].split('|')) - ending == set(sent['flags'].split('|')) - ending


def live(lines, out, tell=None):
    """Draw a recording of scenes/play as it comes; @tell takes other lines."""
    rec, text, done = Recording(), Text(out), 0
    begun = False
    for line in lines:
        if not rec.feed(line):
            if tell and line.strip():
                tell(line)
            continue
        if rec.rows and not begun:
            begun = True
            text.head('client 10.0.0.1', 'server 10.0.0.2')
        if 'scene: end' in line:
            break
        rows = rec.drawn()
        for row in rows[done:]:
            text.row(row, rec)
        out.flush()
        done = len(rows)
    for row in rec.drawn(final=True)[done:]:
        text.row(row, rec)
    return rec


def fin_ends(rows):
    """Per end, True for the server: the ACK number that covers its FIN."""
    return {r.side: (int(r.f['seq']) + int(r.f['len']) + 1) % 2**32
            for r in rows if r.kind == 'segment' and 'FIN' in r.f['flags']}


def without_data(rows):
    """The rows of the handshake and those of the close."""
    fins = fin_ends(rows)
    last_syn = max((i for i, r in enumerate(rows)
                    if r.kind == 'segment' and 'SYN' in r.f['flags']), default=0)
    opening, close, acks = [], [], 0
    for i, r in enumerate(rows):
        if r.kind == 'state':
            early = r.new in ('SYN_SENT', 'SYN_RECV', 'ESTABLISHED', 'LISTEN')
            (opening if early else close).append(r)
        elif r.kind != 'segment':
            continue
        elif 'SYN' in r.f['flags']:
            opening.append(r)
        elif 'FIN' in r.f['flags'] or 'RST' in r.f['flags']:
            close.append(r)
        elif r.f['flags'] == 'ACK' and r.f['len'] == '0':
            if int(r.f['ack']) == fins.get(1 - r.side):
                close.append(r)
            elif i > last_syn and acks < 2 and not r.side:
                acks += 1
                opening.append(r)
    return opening, close


def main():
    args = sys.argv[1:]
    if args[:1] in (['-h'], ['--help']):
        print(__doc__)
        return 0
    if not args:
        live(sys.stdin, sys.stdout)
        return 0
    rec, text = Recording(int(args[0])), Text(sys.stdout)
    for line in sys.stdin:
        rec.feed(line)
    opening, close = without_data(rec.rows)
    if '--skip-data' not in args:
        opening, close = rec.drawn(final=True), []
    if not opening and not close:
        print('nothing of that port in the trace', file=sys.stderr)
        return 1
    text.head()
    for row in opening:
        row.lost = row.kind == 'segment' and row.end is None
        text.row(row, rec)
    if close:
        print('%9s  %s' % ('...', '(the data)'))
    for row in close:
        row.lost = row.kind == 'segment' and row.end is None
        text.row(row, rec)
    return 0


if __name__ == '__main__':
    sys.exit(main())
