# SPDX-License-Identifier: GPL-2.0
"""Timers and states that the module's trace tells of

protocol.rst: every timer is an hrtimer, never early; RFC 9293, figure 5.
"""
from .model import MS, SEC
from .rules import MUST, rule

TIMER, STATE = 6, 7

# Figure 5, what Linux calls its states, and ends by RST, timeout or ABORT
EDGES = {
    ('CLOSE', 'LISTEN'), ('CLOSE', 'SYN_SENT'), ('LISTEN', 'CLOSE'), ('LISTEN', 'SYN_RECV'),
    ('SYN_SENT', 'SYN_RECV'), ('SYN_SENT', 'ESTABLISHED'), ('SYN_SENT', 'CLOSE'),
    ('SYN_RECV', 'ESTABLISHED'), ('SYN_RECV', 'FIN_WAIT1'), ('SYN_RECV', 'CLOSE'),
    ('SYN_RECV', 'LISTEN'), ('SYN_RECV', 'CLOSE_WAIT'), ('CLOSE', 'SYN_RECV'),
    ('ESTABLISHED', 'FIN_WAIT1'), ('ESTABLISHED', 'CLOSE_WAIT'), ('ESTABLISHED', 'CLOSE'),
    ('FIN_WAIT1', 'FIN_WAIT2'), ('FIN_WAIT1', 'CLOSING'), ('FIN_WAIT1', 'TIME_WAIT'),
    ('FIN_WAIT1', 'CLOSE'), ('FIN_WAIT2', 'TIME_WAIT'), ('FIN_WAIT2', 'CLOSE'),
    ('CLOSING', 'TIME_WAIT'), ('CLOSING', 'CLOSE'), ('TIME_WAIT', 'CLOSE'),
    ('CLOSE_WAIT', 'LAST_ACK'), ('CLOSE_WAIT', 'CLOSE'), ('LAST_ACK', 'CLOSE')}


@rule('timer-early', 'protocol.rst, Timers', (TIMER,), hole=False)
def timer_early(e, me, peer):
    """No timer fires before it is due."""
    if e.op != 'fire':
        return None
    return True if e.in_ns <= 0 else f'{e.timer} fired {e.in_ns} ns early'


@rule('timer-late', 'protocol.rst, Timers', (TIMER,), hole=False)
def timer_late(e, me, peer):
    """A timer that is due fires at once."""
    if e.op != 'fire':
        return None
    return True if -e.in_ns <= me.host.late else f'{e.timer} fired {-e.in_ns / 1e9:.6f} s late'


@rule('timer-most', 'RFC 6298 2.5; protocol.rst, Timers', (TIMER,), hole=False)
def timer_most(e, me, peer):
    """No timer is set for longer than its knob allows."""
    if e.op != 'arm':
        return None
    host = me.host
    if e.timer in ('retransmit', 'persist', 'synack'):
        most = host.most(253)
    elif e.timer == 'delack':
        most = host.knob('delack_max_us', 40000) * 1000
    else:
        return None
    return True if e.in_ns <= most + MS else f'{e.timer} in {e.in_ns / 1e9:.6f} s'


@rule('state-edge', 'RFC 9293 3.3.2, figure 5', (STATE,), hole=False)
def state_edge(e, me, peer):
    """A connection takes no way between states that the figure has not."""
    return True if (e.old, e.new) in EDGES else f'{e.old} to {e.new} by {e.event}'
