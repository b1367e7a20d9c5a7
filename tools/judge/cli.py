# SPDX-License-Identifier: GPL-2.0
"""The command line of tern-judge."""
import gc
import os
import sys

from . import capture, notes, report
from .engine import Judge
from .model import MS, SEC, Host
from .packet import Parser
from .rules import RULES, SHOULD

USAGE = """usage: tern-judge [OPTION...] FILE...
       tern-judge [OPTION...] --live INTERFACE|trace
       tern-judge --rules | --doc | --help
Hold what two ends sent against the RFCs: FILE is a capture (pcap, pcapng) or a
trace of tern:* events.
  -a, --at ADDRESS    the capture was taken at this host; may be repeated
  -o, --only ADDRESS  judge what this host sends, and no other; may be repeated
  -p, --proto N,N     IP protocols; default 253,6
  -u, --udp PORT      Tern in UDP on this port, too
  -c, --complete      the capture lacks no segment
  -n, --nagle         no program has set NODELAY or CORK
  -t, --late SECONDS  what may come so late and is at once; default 0.25
  -k, --set NAME=N    a sysctl of the hosts, as rto_min_us=1000
  -r, --rule NAME     this rule and no other; may be repeated
  -s, --strict        a SHOULD that is broken counts as well
  -l, --ladder        draw connections that broke a rule, and mark where
  -j, --json          findings and counts as JSON
  -v, --verbose       counts of each rule: kept, broken, not judged and why
  -q, --quiet         findings only
  -L, --live WHERE    capture on an interface (any: all), or read tracefs
  -R, --rules         print the rules
  -D, --doc           print Documentation/judge.rst
  -h, --help          print this
Exit code: 0, 1 when a clause was broken, 2 when there was nothing to judge."""

WITH_VALUE = {'a': 'at', 'o': 'only', 'p': 'proto', 'u': 'udp', 't': 'late', 'k': 'set',
              'r': 'rule', 'L': 'live'}
PLAIN = {'c': 'complete', 'n': 'nagle', 's': 'strict', 'l': 'ladder', 'j': 'json', 'v': 'verbose',
         'q': 'quiet', 'R': 'rules', 'D': 'doc', 'h': 'help'}


class Usage(Exception):
    """Wrong arguments"""


class Options:
    def __init__(self, args):
        self.files = []
        self.at, self.only, self.sets, self.names = [], [], {}, []
        self.protos, self.udp, self.late, self.where = (253, 6), None, 250 * MS, None
        for name in PLAIN.values():
            setattr(self, name, False)
        args = list(args)
        while args:
            arg = args.pop(0)
            if arg == '--':
                self.files += args
                break
            if arg.startswith('--'):
                name, eq, value = arg[2:].partition('=')
                if name in WITH_VALUE.values():
                    self.take(name, value if eq else self.value(arg, args))
                elif name in PLAIN.values() and not eq:
                    setattr(self, name, True)
                else:
                    raise Usage(f'unknown option {arg}')
            elif arg.startswith('-') and arg != '-':
                rest = arg[1:]
                while rest:
                    letter, rest = rest[0], rest[1:]
                    if letter in WITH_VALUE:
                        self.take(WITH_VALUE[letter], rest or self.value(arg, args))
                        break
                    if letter not in PLAIN:
                        raise Usage(f'unknown option -{letter}')
                    setattr(self, PLAIN[letter], True)
            else:
                self.files.append(arg)

    @staticmethod
    def value(arg, args):
        if not args:
            raise Usage(f'{arg} needs a value')
        return args.pop(0)

    def take(self, name, value):
        try:
            if name in ('at', 'only'):
                getattr(self, name).append(notes.address(value))
            elif name == 'proto':
                self.protos = tuple(int(n) for n in value.split(','))
            elif name == 'udp':
                self.udp = int(value)
            elif name == 'late':
                self.late = int(float(value) * SEC)
            elif name == 'set':
                key, _, number = value.partition('=')
                self.sets[key] = int(number)
            elif name == 'rule':
                if value not in RULES:
                    raise Usage(f'no rule {value}: --rules names them')
                self.names.append(value)
            else:
                self.where = value
        except (ValueError, OSError, OverflowError):
            raise Usage(f'--{name} {value}: not understood') from None


def host_with(options, near, judged):
    host = Host(judged, near, options.late, **options.sets)
    host.nagle = options.nagle
    return host


class Run:
    """One run of the program: files, one after the other, into the same counts."""

    def __init__(self, options):
        self.options, self.out = options, sys.stdout
        self.rules = [r for r in RULES.values() if not options.names or r.name in options.names]
        self.broken = self.conns = self.segments = 0
        self.bad = False
        self.found = []

    def judge(self, missing=0):
        o = self.options
        judge = Judge(host_with(o, False, not o.only), complete=o.complete, missing=missing,
                      rules=self.rules, keep=[] if o.ladder else None)
        for address in set(o.at + o.only):
            judge.hosts[address] = host_with(o, address in o.at, not o.only or address in o.only)
        return judge

    def file(self, name):
        data = capture.load(name)
        from . import trace
        if trace.is_trace(data):
            self.trace(name, data)
            return
        packets = capture.Packets(name, data)
        parser = Parser(self.options.protos, self.options.udp)
        judge = self.judge()
        noted = notes.Notes(judge, self.options)
        zero, n = notes.feed_packets(judge, noted, packets, parser)
        if packets.dropped and not noted.quiet:
            print(f'tern-judge: {name}: {packets.dropped} packets are missing', file=sys.stderr)
        if packets.torn:
            print(f'tern-judge: {name}: ends in the middle of a packet', file=sys.stderr)
        for why, count in parser.skipped.items():
            print(f'tern-judge: {name}: {count} not judged: {why}', file=sys.stderr)
        self.done(name, judge, zero, n)

    def trace(self, name, data):
        from .trace_views import Views
        views = Views(lambda missing: self.judge(missing), self.options)
        n = 0
        for line in bytes(data).decode('utf-8', 'replace').splitlines():
            n += views.feed(line)
        if not n:
            raise capture.Bad(f'{name}: no event of a segment, a timer or a state')
        for where, judge in views.judges():
            self.done(f'{name}, {where}', judge, views.zero, 0)
        self.segments += n

    def done(self, name, judge, zero, n):
        o = self.options
        found = judge.finish()
        self.conns += len(judge.conns)
        self.segments += n
        counts = [f for f in found if f.excuse is None and
                  (o.strict or f.rule.level != SHOULD)]
        self.broken += len(counts)
        shown = found if o.verbose else [f for f in found if f.excuse is None]
        if o.json:
            self.found += [report.finding_dict(f, zero, name) for f in found]
            return
        for f in shown:
            self.out.write(f'{name}: ' + '\n'.join(report.finding_lines(f, zero)) + '\n')
        if o.ladder and (shown or o.verbose):
            report.Ladder(self.out).draw(judge, shown, zero, o.verbose)

    def end(self):
        o = self.options
        if o.json:
            import json
            json.dump({'connections': self.conns, 'segments': self.segments,
                       'broken': self.broken, 'findings': self.found,
                       'rules': {r.name: report.rule_dict(r) for r in self.rules}},
                      self.out, indent=1)
            self.out.write('\n')
        elif o.verbose:
            report.rules_table(self.out, self.rules)
        if not o.json and not o.quiet:
            kept = sum(r.kept for r in self.rules)
            should = sum(r.broken for r in self.rules if r.level == SHOULD)
            must = sum(r.broken for r in self.rules) - should
            unsure = sum(sum(r.unsure.values()) for r in self.rules)
            self.out.write(
                f'tern-judge: {self.segments} segments of {self.conns} connections, '
                f'{len(self.rules)} rules: kept {kept} times, broken {must}, of what SHOULD be '
                f'{should}; {unsure} times not judged\n')
        return 2 if self.bad else 1 if self.broken else 0


def tell(options):
    """What needs no capture: True if that was all"""
    if options.help:
        print(USAGE)
    elif options.doc:
        report.document(sys.stdout)
    elif options.rules:
        for r in RULES.values():
            print(f'{r.name:18} {r.level:6} {r.clause}: {r.wants}')
    else:
        return False
    return True


def judge(options):
    run = Run(options)
    if options.where is not None:
        from . import live
        try:
            live.run(run, options.where)
        except capture.Bad as error:
            print(f'tern-judge: {error}', file=sys.stderr)
            run.bad = True
    for name in options.files:
        try:
            run.file(name)
        except capture.Bad as error:
            print(f'tern-judge: {error}', file=sys.stderr)
            run.bad = True
    return run.end()


def main(args):
    try:
        options = Options(args)
        if not (options.help or options.doc or options.rules):
            if not options.files and options.where is None:
                raise Usage('no file')
            if options.files and options.where is not None:
                raise Usage('a file, or --live')
    except Usage as error:
        print(f'tern-judge: {error}\n{USAGE}', file=sys.stderr)
        return 2
    gc.disable()                # connections are in cycles, and all stay to the end
    try:
        code = 0 if tell(options) else judge(options)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
