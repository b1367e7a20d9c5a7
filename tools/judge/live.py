# SPDX-License-Identifier: GPL-2.0
"""What passes now: an interface, or the kernel's trace. Ends with Ctrl-C."""
import os
import select
import socket
import struct
import sys
import time

from . import capture, report
from .packet import ETHERNET, RAW, Icmp, Parser
from .rules import SHOULD
from .trace_views import Views

TRACEFS = ('/sys/kernel/tracing', '/sys/kernel/debug/tracing')
ETH_P_ALL, ARPHRD_NONE, ARPHRD_PPP, ARPHRD_TUNNEL = 3, 0xfffe, 512, 768
SOL_PACKET, PACKET_STATISTICS, SO_TIMESTAMPNS = 263, 6, 35
OUTGOING, LOOPBACK = 4, 772
BARE = {ARPHRD_NONE, ARPHRD_PPP, ARPHRD_TUNNEL, 769, 776}


class Teller:
    """Tells each finding when it is made."""

    def __init__(self, run, where):
        self.run, self.where, self.told = run, where, {}

    def tell(self, judge, zero):
        for conn in judge.conns[-1000:]:
            n = self.told.get(conn.number, 0)
            for f in conn.findings[n:]:
                if not (conn.holes and f.rule.hole) and not self.run.options.json:
                    self.run.out.write(f'{self.where}: ' +
                                       '\n'.join(report.finding_lines(f, zero)) + '\n')
                    self.run.out.flush()
            if conn.findings:
                self.told[conn.number] = len(conn.findings)


def run(the_run, where):
    """Until interrupted; then the counts."""
    try:
        if where == 'trace':
            trace(the_run)
        else:
            interface(the_run, where)
    except PermissionError:
        raise capture.Bad(f'{where}: not permitted: run as root, or with CAP_NET_RAW') from None
    except OSError as error:
        raise capture.Bad(f'{where}: {error.strerror or error}') from None


def settle(the_run, name, judge):
    """Counts for the end; what was broken was told already."""
    found = judge.finish()
    o = the_run.options
    the_run.conns += len(judge.conns)
    the_run.broken += sum(o.strict or f.rule.level != SHOULD for f in found if f.excuse is None)
    if o.json:
        the_run.found += [report.finding_dict(f, judge.conns[0].t, name) for f in found]


def interface(the_run, where):
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    if where != 'any':
        s.bind((where, ETH_P_ALL))
    s.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
    judge, parser, teller = the_run.judge(), None, Teller(the_run, where)
    o = the_run.options
    parser = Parser(o.protos, o.udp)
    zero = number = 0
    try:
        while True:
            data, ancillary, _, address = s.recvmsg(65600, 64)
            t = time.time_ns()
            for level, kind, value in ancillary:
                if kind == SO_TIMESTAMPNS and level == socket.SOL_SOCKET:
                    sec, ns = struct.unpack('qq', value)
                    t = sec * 1000000000 + ns
            number += 1
            _, _, way, hardware, _ = address
            if hardware == LOOPBACK and way == OUTGOING:
                continue        # comes in as well
            try:
                seg = parser.parse(data, 0, len(data), RAW if hardware in BARE else ETHERNET)
            except (struct.error, IndexError):
                continue
            if seg is None:
                continue
            if seg.__class__ is Icmp:
                judge.icmp(seg, t)
                continue
            seg.n, seg.t = number, t
            seg.out = None if hardware == LOOPBACK else way == OUTGOING
            zero = zero or t
            the_run.segments += 1
            judge.feed(seg)
            teller.tell(judge, zero)
    except KeyboardInterrupt:
        pass
    stats = s.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8)
    dropped = struct.unpack('II', stats)[1]
    if dropped:
        print(f'tern-judge: {where}: {dropped} packets are missing', file=sys.stderr)
        for conn in judge.conns:
            conn.holes = True
    settle(the_run, where, judge)


def trace(the_run):
    base = next((d for d in TRACEFS if os.path.isdir(d + '/instances')), None)
    if base is None:
        raise capture.Bad('no tracefs: mount -t tracefs tracefs /sys/kernel/tracing')
    mine = f'{base}/instances/tern-judge.{os.getpid()}'
    os.mkdir(mine)
    views = Views(lambda missing: the_run.judge(missing), the_run.options)
    teller = Teller(the_run, 'trace')
    try:
        if not os.path.isdir(mine + '/events/tern'):
            raise capture.Bad('no tern:* events: is tern.ko loaded?')
        for name in ('tern_send', 'tern_recv', 'tern_timer', 'tern_state'):
            with open(f'{mine}/events/tern/{name}/enable', 'w', encoding='ascii') as file:
                file.write('1')
        with open(mine + '/trace_pipe', encoding='utf-8', errors='replace') as pipe:
            try:
                while True:
                    select.select([pipe], [], [])
                    if views.feed(pipe.readline()):
                        the_run.segments += 1
                    for _, judge in views.judges():
                        teller.tell(judge, views.zero)
            except KeyboardInterrupt:
                pass
    finally:
        with open(mine + '/events/enable', 'w', encoding='ascii') as file:
            file.write('0')
        os.rmdir(mine)
    for name, judge in views.judges():
        settle(the_run, name, judge)
