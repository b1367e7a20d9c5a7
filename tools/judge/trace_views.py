# SPDX-License-Identifier: GPL-2.0
"""A trace as views: of each namespace, what its own ends sent and received."""
from .engine import K_STATE, K_TIMER, Judge
from .model import Host
from .packet import reverse
from .rules import OPTIONS, PAYLOAD
from .trace import Lines


class View(Judge):
    """One namespace's. @order: of the two ends of a connection over lo, the one
    whose address and port are the lower is judged, or the other."""

    def __init__(self, judge, order):
        super().__init__(judge.default, judge.hosts, True, judge.missing, judge.rules, judge.keep)
        self.order = order
        self.own = {}
        self.other_host = Host(False)

    def host_of(self, address):
        host = self.own.get(address)
        if host is None:
            was = super().host_of(address)
            host = Host(was.judged, True, was.late, **was.knobs)
            host.whole = host.prompt = True
            host.nagle = was.nagle
            self.own[address] = host
        return host

    def new_end(self, key, here=False):
        if lower(key) == self.order:
            return super().new_end(key)
        mine, self.own = self.own, Foreign(self.other_host)
        try:
            return super().new_end(key)
        finally:
            self.own = mine


class Foreign:
    """Every address is another's."""

    def __init__(self, host):
        self.host = host

    def get(self, address):
        return self.host


def lower(key):
    size = len(key) - 4 >> 1
    return (key[:size], key[-4:-2]) <= (key[size:2 * size], key[-2:])


class Views:
    """@make gives a judge for what the argument says is missing."""

    def __init__(self, make, options=None):
        self.make, self.options = make, options
        self.lines = Lines()
        self.views = {}
        self.zero = None

    def feed(self, line):
        """1 if the line was one of ours"""
        found = self.lines.parse(line)
        if found is None or found[1] == 'mark':
            return 0
        netns, kind, thing, key = found
        if self.zero is None:
            self.zero = thing.t
        order = lower(key)
        view = self.views.get((netns, order))
        if view is None:
            view = self.views[netns, order] = View(self.make(OPTIONS | PAYLOAD), order)
        if kind == 'send':
            view.feed(thing)
        elif kind == 'recv':
            thing.key = reverse(key)
            view.feed(thing)
        elif key[-2:] != b'\0\0':
            view.event(K_TIMER if kind == 'timer' else K_STATE, thing, key, 253)
        return 1

    def judges(self):
        for (netns, _), view in self.views.items():
            yield f'netns {netns}', view
