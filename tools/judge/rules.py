# SPDX-License-Identifier: GPL-2.0
"""What a rule is.

A rule is a function of a segment, of the end that sent it and of the other one,
as they were before it, that returns

	None		it has nothing to say of this segment
	True		the clause was kept
	a No		it can't be judged from here, and why
	any other text	what was seen, where the clause wants something else

Its docstring begins with what the clause wants, in a line. What only a rule
needs to remember, it remembers itself, in the end's fields of its own.
"""
from .packet import K_ACK, K_DATA, K_FIN, K_RST, K_SYN, K_SYNACK, KINDS

EVERY = (K_SYN, K_SYNACK, K_RST, K_FIN, K_DATA, K_ACK)
SYNS = (K_SYN, K_SYNACK)
LATER = (K_FIN, K_DATA, K_ACK)          # of a connection that is open
BEARERS = (K_FIN, K_DATA)               # of the stream

# What a rule needs of the place of the capture; else it isn't judged
NEAR, ORDER, WHOLE, PROMPT, OPTIONS, PAYLOAD = 1, 2, 4, 8, 16, 32
NEEDS = {
    NEAR: 'what had arrived at its sender is not known: say --at ADDRESS where the capture '
          'was taken there',
    ORDER: 'segments may have overtaken each other before the capture',
    WHOLE: 'segments may have been lost before the capture',
    PROMPT: 'segments may have waited in a queue before the capture',
    OPTIONS: 'options are not in the trace',
    PAYLOAD: 'data are not in the trace',
}

MUST, SHOULD = 'must', 'should'


class No(str):
    """Why something can't be judged."""


class Rule:
    """@unsure: how often it couldn't be judged, by reason."""

    def __init__(self, fn, name, clause, on, level, needs, section, hole):
        self.fn, self.name, self.clause = fn, name, clause
        self.on, self.level, self.needs, self.section = on, level, needs, section
        self.hole = hole
        text = fn.__doc__.strip().split('\n')
        self.wants = text[0].rstrip('.')
        self.more = [line.strip() for line in text[1:]]
        self.kept = self.broken = self.excused = 0
        self.unsure = {}

    def doubt(self, why, n=1):
        self.unsure[why] = self.unsure.get(why, 0) + n


RULES = {}              # by name, in the order of the files
SECTIONS = {}           # name -> text


def section(name, text):
    SECTIONS[name] = text.strip()
    return name


def rule(name, clause, on, level=MUST, needs=0, hole=True):
    """@hole: a segment that the capture lacks could make it accuse wrongly."""
    def register(fn):
        module = fn.__module__.rsplit('.', 1)[-1]
        assert name not in RULES, name
        RULES[name] = Rule(fn, name, clause, on, level, needs, module, hole)
        return fn
    return register


def kinds_text(kinds):
    if tuple(kinds) == EVERY:
        return 'each segment'
    return ', '.join(KINDS[k] for k in kinds)
