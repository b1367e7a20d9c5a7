# SPDX-License-Identifier: GPL-2.0
"""A ladder as lines of text: rows between two ends, time going down.

scripts/ladder.py fills it from a trace, tern-judge from segments.
"""
import textwrap

BRIEF = 0.25        # a timer that was armed for less isn't worth a row
LATE = 0.002        # a segment that takes longer is told so, and drawn steep
CALM = 0.3          # a gap that is shown, and that ends a burst
SIDE, MIDDLE = 31, 48       # columns of the text


def span_text(seconds):
    """A duration: 40 ms, 1 s, 102.4 s."""
    if 0 <= seconds < 0.001:
        return '< 1 ms'
    seconds = round(seconds, 3)
    if abs(seconds) < 1:
        return '%g ms' % round(seconds * 1000)
    return '%g s' % (seconds if seconds < 100 else round(seconds, 1))


class Row:
    """One thing to draw. @side is 0 for the client, 1 for the server."""

    def __init__(self, kind, t, side=None, **more):
        self.kind, self.t, self.side = kind, t, side
        self.end = None         # of a segment its arrival, of a timer its end
        self.__dict__.update(more)


def nth_of(row):
    """Connections after the first are told apart."""
    return '#%d ' % row.conn if getattr(row, 'conn', 0) > 1 else ''


def lettering(row):
    """What stands on a segment's arrow."""
    return nth_of(row) + row.text + ' again' * row.again + \
        ' duplicate' * row.twice + ' (by hand)' * row.raw


def words(row):
    """What a row that belongs to one end says there: lines of text."""
    nth = nth_of(row)
    if row.kind == 'call':
        return textwrap.wrap('> ' + row.text, SIDE - 1, subsequent_indent='  ')
    if row.kind == 'result':
        return textwrap.wrap('= ' + row.text, SIDE - 1, subsequent_indent='  ')
    if row.kind == 'gone':
        return ['(this host is dead)']
    if row.kind == 'state':
        out = ['%s[%s]' % (nth, row.new)]
        if row.sysctl:
            out.append('  ' + row.sysctl)
        return out
    lasts = span_text(row.seconds) if row.seconds is not None else ''
    if row.kind == 'arm':
        out = ['%s%s in %s' % (nth, row.name, lasts)]
    else:
        out = ['%s* %s %s' % (nth, row.name, 'after ' + lasts if lasts else '')]
    return out + ['  ' + row.sysctl] if tells(row) else out


def tells(row):
    """Does the row name the sysctl of its timer? Once, where it is first drawn."""
    return row.sysctl and (row.kind == 'arm' or (row.seconds or 0) < BRIEF)


class Text:
    """The ladder as lines of text, row after row."""

    def __init__(self, out):
        self.out, self.at, self.last = out, None, None

    def head(self, left='client', right='server'):
        self.out.write('%9s  %-*s%*s%s\n' % ('seconds', SIDE, left, MIDDLE + 2, '', right))

    def line(self, row, rec, left='', middle='', right=''):
        when = ''
        if rec.zero is not None and row.t >= rec.zero and row.kind != 'gap':
            when = '%.3f' % (row.t - rec.zero)
        if when == self.at:
            when = ''
        self.at = when or self.at
        self.out.write(('%9s  %-*s|%-*s|%s' % (when, SIDE, left, MIDDLE, middle, right)).rstrip() +
                       '\n')

    def row(self, row, rec):
        if self.last is not None and row.t - self.last > CALM:
            self.line(Row('gap', self.last), rec, middle=('. ' * 3).center(MIDDLE))
        self.last = row.t
        if row.kind == 'caption':
            for text in textwrap.wrap(row.text, SIDE + MIDDLE + SIDE):
                self.out.write('%9s  -- %s\n' % ('', text))
        elif row.kind == 'more':
            self.line(row, rec, middle=more(row).center(MIDDLE))
        elif row.kind != 'segment':
            for text in words(row):
                self.line(row, rec, *(('', '', text) if row.side else (text,)))
        else:
            text = lettering(row)
            if row.end is not None and row.end - row.t > LATE:
                text += ', ' + span_text(row.end - row.t)
            shaft = '-' * max(1, MIDDLE - len(text) - 6 - 3 * row.lost)
            if row.side:
                arrow = ('    X' if row.lost else ' <') + shaft + ' ' + text + ' --'
            else:
                arrow = '-- ' + text + ' ' + shaft + ('X    ' if row.lost else '> ')
            self.line(row, rec, middle=arrow)


def more(row):
    text = '... %d segments more' % row.n
    if row.data:
        text += ', %d bytes' % row.data
    if row.lost:
        text += ', %d lost' % row.lost
    return text
