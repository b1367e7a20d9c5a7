# SPDX-License-Identifier: GPL-2.0
"""Acknowledging

RFC 9293 3.8.6.3, RFC 5681 4.2, and what max ack delay promises. "At once" is within
what --late allows. Each is asked when the acknowledgment comes: of what is never
acknowledged nobody knows that it arrived.
"""
from .model import MS
from .packet import K_ACK, K_SYNACK
from .rules import LATER, NEAR, SHOULD, No, rule

DEAF = No('its host may have dropped what had arrived')


@rule('ack-delay', 'RFC 9293 3.8.6.3, MUST-40; protocol.rst, max ack delay', LATER, needs=NEAR)
def ack_delay(s, me, peer):
    """Data are acknowledged within 500 ms, and within the max ack delay that was told."""
    if not me.first_acked:
        return None
    waited = s.t - me.first_acked
    most = 500 * MS if me.mad is None else min(me.mad * 1000, 500 * MS)
    if waited <= most + me.host.late:
        return True
    if me.host.was_deaf:
        return DEAF
    return 'after %.6f s, where %g s were told' % (waited / 1e9, most / 1e9)


@rule('ack-second', 'RFC 5681 4.2, RFC 9293 SHLD-19', LATER, SHOULD, NEAR)
def ack_second(s, me, peer):
    """Every second full segment is acknowledged at once."""
    if not me.second_acked:
        return None
    waited = s.t - me.second_acked
    if waited <= me.host.late:
        return True
    return DEAF if me.host.was_deaf else 'after %.6f s' % (waited / 1e9)


@rule('ack-gap', 'RFC 5681 4.2', LATER, SHOULD, NEAR)
def ack_gap(s, me, peer):
    """What arrives out of order is answered with a duplicate ACK at once."""
    if not me.gap_t:
        return None
    waited = s.t - me.gap_t
    if waited <= me.host.late:
        return True
    return DEAF if me.host.was_deaf else 'after %.6f s' % (waited / 1e9)


@rule('ack-filled', 'RFC 5681 4.2', LATER, SHOULD, NEAR)
def ack_filled(s, me, peer):
    """What fills a hole is acknowledged at once."""
    if not me.fill_t or s.aoff is None or s.aoff < me.fill_off:
        return None
    waited, me.fill_t = s.t - me.fill_t, 0
    if waited <= me.host.late:
        return True
    return DEAF if me.host.was_deaf else 'after %.6f s' % (waited / 1e9)


@rule('ack-once', 'RFC 5681 4.2', (K_ACK,), needs=NEAR)
def ack_once(s, me, peer):
    """There is no more than one ACK for each segment that arrives, but to open the window."""
    if s.edge is None or peer.edge is None or s.off < me.nxt or \
       s.edge > peer.edge and s.aoff == peer.una:
        return None
    me.balance -= 1
    if me.balance >= 0:
        return True
    me.balance = 0
    if me.host.repeats:
        return No('the path may have repeated it')
    return 'an ACK that tells nothing, and nothing has arrived that it is for'
