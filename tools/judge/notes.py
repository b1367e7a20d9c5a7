# SPDX-License-Identifier: GPL-2.0
"""What a capture's comments tell of its hosts, as the selftests' recorder writes them.

	judge: host A 10.9.0.1 fd09::a09:1	a stack, whose letter stands for it below
	judge: clock exact | late SECONDS	how late a timer may be
	judge: A run COMMAND			what was done in its namespace
	judge: A sysctl NAME VALUE
	judge: A option NUMBER			a socket option that was set
	judge: A break RULE WHY			the test makes it break a rule
	judge: A forged				others send with its address, too

Hosts that are named were captured at their own interface; what others send is
not judged where any is named.
"""
import re
import socket
import struct

from .model import MS, SEC, Host
from .packet import Icmp
from .rules import RULES

PREFIX = 'judge: '


def address(text):
    """An IP address as bytes"""
    text = text.strip('[]')
    return socket.inet_pton(socket.AF_INET6 if ':' in text else socket.AF_INET, text)


class Notes:
    """Comments into the hosts of a judge."""

    def __init__(self, judge, options=None):
        self.judge, self.options = judge, options
        self.letters = {}
        self.late = options.late if options else 250 * MS
        self.quiet = False

    def take(self, text):
        if not text.startswith(PREFIX):
            return
        what, _, rest = text[len(PREFIX):].partition(' ')
        if what == 'host':
            self.host(*rest.split())
        elif what == 'late':
            self.late = int(float(rest) * SEC)
            for host in self.letters.values():
                self.tell_late(host)
        elif what in self.letters:
            kind, _, rest = rest.partition(' ')
            getattr(self, 'on_' + kind, lambda host, rest: None)(self.letters[what], rest)

    def host(self, letter, *addresses):
        host = Host(True, True)
        self.tell_late(host)
        host.whole = host.prompt = host.nagle = True
        if not self.letters:
            self.judge.default.judged = False
            # Or the recorder says at the end that it is not.
            self.judge.complete = True
        self.letters[letter] = host
        for text in addresses:
            self.judge.hosts[address(text)] = host

    def tell_late(self, host):
        """Who may be late may be so between reading the clock and sending, as well."""
        host.late = self.late
        host.grain = max(MS // 10, self.late // 1000)

    def on_sysctl(self, host, rest):
        name, _, value = rest.partition(' ')
        try:
            host.knobs[name] = int(value)
        except ValueError:
            pass

    def on_option(self, host, rest):
        host.options.add(int(rest))
        if int(rest) in (1, 3):         # NODELAY, CORK
            host.nagle, host.corked = False, True

    def on_more(self, host, rest):
        host.nagle, host.corked = False, True

    def on_break(self, host, rest):
        name, _, why = rest.partition(' ')
        if name in RULES:
            host.excused[name] = why

    def on_forged(self, host, rest):
        """Somebody else sends in its name from now on."""
        host.judged = host.near = host.whole = host.order = False
        self.judge.renew(host)

    def on_run(self, host, rest):
        """A command of the test's: what becomes of segments from now on"""
        if 'accept_source_route' in rest:
            for other in self.letters.values():     # addresses change under way
                self.on_forged(other, '')
        if re.match(r'nft\b', rest):
            if 'flush' in rest or 'delete' in rest:
                host.deaf = False
            else:
                host.deaf = host.was_deaf = True
        elif re.match(r'tc\b', rest) or ' tc ' in rest:
            self.queue(host, rest)
        elif re.match(r'ip\b.*\broute\b', rest):
            if re.search(r'\b(initcwnd|initrwnd|rto_min|quickack|congctl|window|cwnd)\b', rest):
                host.route = True

    def queue(self, host, rest):
        """A qdisc: segments wait in it, and may be lost, overtaken or repeated."""
        if ' del ' in rest:
            return              # what was in it is lost with it; and so is what was known
        host.whole = host.prompt = False
        if re.search(r'\b(reorder|gap)\b|delay \S+ \d\S* ', rest + ' '):
            host.order = False
        if not host.order or self.judge.open_of(host):
            # What it sends has been decided some time before, when less had arrived.
            host.near = host.order = False
        if 'corrupt' in rest:
            # A sum of 16 bits doesn't find all of it, and one left to a device none.
            host.damage = True
            for other in self.letters.values():
                self.on_forged(other, '')
        if 'duplicate' in rest:
            host.repeats = True
            for other in self.letters.values():
                other.repeats = True
        self.judge.renew(host)


def feed_packets(judge, noted, packets, parser):
    """(time of the first segment, number of segments)"""
    zero, count = None, 0
    data = packets.data
    parse, feed = parser.parse, judge.feed
    for number, t, link, at, have, out, note in packets:
        if note is not None:
            noted.take(note)
            continue
        try:
            s = parse(data, at, have, link)
        except (struct.error, IndexError):
            parser.skip('a packet cut short')
            continue
        if s is None:
            continue
        if s.__class__ is Icmp:
            judge.icmp(s, t)
            continue
        s.n, s.t = number, t
        if out is not None:
            s.out = out
        if zero is None:
            zero = t
        count += 1
        feed(s)
    if packets.dropped:
        for conn in judge.conns:
            conn.holes = True
    return zero or 0, count
