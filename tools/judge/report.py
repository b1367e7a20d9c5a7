# SPDX-License-Identifier: GPL-2.0
"""What tern-judge prints."""
import textwrap

from .engine import MODULES
from .ladder import Row, Text
from .packet import KINDS
from .rules import NEEDS, RULES, SHOULD, kinds_text

AROUND = 6              # segments of a ladder before and behind a finding


def segment_text(s):
    """As the ladder letters it: numbers count from the SYNs"""
    text = s.names().replace('|', ' ')
    text += ' seq %d' % s.off
    if s.aoff is not None:
        text += ' ack %d' % s.aoff
    if s.len:
        text += ' len %d' % s.len
    if s.edge is not None and s.edge == s.aoff and not s.flags & 4:
        text += ' win 0'
    return text


def seconds(t, zero):
    return '%.6f' % ((t - zero) / 1e9)


def finding_lines(f, zero):
    kind = 'should' if f.rule.level == SHOULD else 'broken'
    kind = kind if f.excuse is None else 'excused'
    head = 'segment' if hasattr(f.segment, 'seq') else 'event'
    src, dst = f.end.name, f.conn.ends[1 - f.end.index].name
    what = segment_text(f.segment) if head == 'segment' else ''
    yield f'{kind}: {f.rule.name} ({f.rule.clause})'
    yield f'  {head} {f.n}, {seconds(f.t, zero)} s: {src} > {dst} {what}'.rstrip()
    yield f'  seen: {f.seen}'
    yield from textwrap.wrap(f.rule.wants, 98, initial_indent='  wants: ',
                             subsequent_indent='         ')
    if f.excuse is not None:
        yield f'  why: {f.excuse}'


def finding_dict(f, zero, name):
    return {'file': name, 'rule': f.rule.name, 'clause': f.rule.clause, 'level': f.rule.level,
            'segment': f.n, 'time': (f.t - zero) / 1e9, 'from': f.end.name,
            'to': f.conn.ends[1 - f.end.index].name, 'connection': f.conn.number,
            'seen': f.seen, 'wants': f.rule.wants, 'excused': f.excuse}


def rule_dict(rule):
    return {'clause': rule.clause, 'level': rule.level, 'kept': rule.kept, 'broken': rule.broken,
            'excused': rule.excused, 'not judged': {str(k): v for k, v in rule.unsure.items()}}


def rules_table(out, rules):
    """Counts of each, and why it could not be judged"""
    out.write('%-18s %9s %7s %8s %10s  %s\n' % ('rule', 'kept', 'broken', 'excused', 'not judged',
                                              'clause'))
    for rule in rules:
        n = sum(rule.unsure.values())
        out.write('%-18s %9d %7d %8d %10d  %s%s\n' % (
            rule.name, rule.kept, rule.broken, rule.excused, n, rule.clause,
            '' if rule.level != SHOULD else ' (should)'))
        for why, count in sorted(rule.unsure.items(), key=lambda x: -x[1]):
            out.write('%-18s %9s %7s %8s %10d  %s\n' % ('', '', '', '', count, why))


class Ladder:
    """The ladder of each connection that has findings, cut to what is around them."""

    def __init__(self, out):
        self.out = out

    def draw(self, judge, findings, zero, everything=False):
        kept = {}
        for conn, index, s in judge.keep:
            kept.setdefault(conn.number, []).append((index, s))
        marks = {}
        for f in findings:
            marks.setdefault(f.conn.number, {}).setdefault(f.n, []).append(f)
        for conn in judge.conns:
            if conn.number in marks or everything:
                self.connection(conn, kept.get(conn.number, []), marks.get(conn.number, {}), zero)

    def connection(self, conn, segments, marks, zero):
        text, rec = Text(self.out), Row('zero', 0)
        rec.zero = 0
        near = {i + d for i, (_, s) in enumerate(segments) if s.n in marks
                for d in range(-AROUND, AROUND + 1)}
        self.out.write(f'\nconnection {conn.number}\n')
        text.head(conn.ends[0].name, conn.ends[1].name)
        skipped = 0
        for i, (index, s) in enumerate(segments):
            if marks and i not in near and len(segments) > 4 * AROUND:
                skipped += 1
                continue
            if skipped:
                text.row(Row('more', (s.t - zero) / 1e9, n=skipped, data=0, lost=0), rec)
                skipped = 0
            row = Row('segment', (s.t - zero) / 1e9, index, conn=0, again=False, raw=False,
                      twice=False, lost=False, text=segment_text(s))
            text.row(row, rec)
            for f in marks.get(s.n, ()):
                text.row(Row('caption', row.t, text=f'^ segment {s.n}: {f.rule.name} '
                             f'({f.rule.clause}): {f.seen}'), rec)
        if skipped:
            text.row(Row('more', text.last, n=skipped, data=0, lost=0), rec)


def document(out):
    """Documentation/judge.rst"""
    out.write(HEAD)
    out.write(f'There are {len(RULES)} rules.\n')
    for module in MODULES:
        name = module.__name__.rsplit('.', 1)[-1]
        title, _, text = module.__doc__.strip().partition('\n')
        out.write(f'\n{title}\n{"=" * len(title)}\n\n')
        out.write(f'``tools/judge/{name}.py``. {text.strip()}\n')
        for rule in RULES.values():
            if rule.section != name:
                continue
            out.write(f'\n``{rule.name}`` - {rule.level}, {rule.clause}\n')
            said = rule.wants + '. ' + ' '.join(rule.more).strip()
            out.write(textwrap.fill(said.strip(), 84, initial_indent='\t',
                                    subsequent_indent='\t').rstrip() + '\n')
            needs = [NEED_TEXT[bit] for bit in NEEDS if rule.needs & bit]
            asked = ', '.join(KINDS_TEXT.get(k, '') for k in rule.on)
            if tuple(rule.on) == tuple(range(6)):
                asked = 'each segment'
            tail = f'Asked of: {asked}.'
            if needs:
                tail += ' Needs: ' + ', '.join(needs) + '.'
            out.write('\n' + textwrap.fill(tail, 84, initial_indent='\t',
                                           subsequent_indent='\t') + '\n')


KINDS_TEXT = dict(enumerate(KINDS))
KINDS_TEXT.update({6: 'timers', 7: 'states'})
NEED_TEXT = {1: 'what had arrived', 2: 'the order it was sent in', 4: 'that nothing is lacking',
             8: 'no queue before the capture', 16: 'options', 32: 'data'}
HEAD = '''.. SPDX-License-Identifier: GPL-2.0
.. Written by tools/tern-judge --doc: change the rules there.

=========
The judge
=========

tern-judge(1) reads what two ends sent, from a capture or from the module's trace,
follows each connection with a model of its own, and holds each segment against the
rules below. It shares no code with the module. A rule says of a segment that its
clause was kept, was broken, or could not be judged from where it was captured, and
why. What it accuses of is broken whatever else happened on the way: where it isn't
sure it says so.

A rule's level is RFC 2119's, MUST and MUST NOT or SHOULD. What a rule needs to know
is told, where it is more than the segments:

what had arrived
	The capture was taken at the end itself: what is seen under way to it is there.
	``--at ADDRESS`` says so.
the order it was sent in
	Likewise, what it sends is seen in the order in which it was sent.
that nothing is lacking
	No queue between the end and the capture loses anything.
	``make check`` knows its own, and a trace is taken inside the end.
options, data
	A trace has none.

``make check`` holds what the selftests on 6.12 exchanged against all of them, a SHOULD
as well. What a test's scripted peer sends, or a test in the name of a host, is nobody's
to judge; a test that makes Tern break a rule says which, and why (``record_note()``).

'''
