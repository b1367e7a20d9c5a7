# SPDX-License-Identifier: GPL-2.0
"""Challenges

RFC 5961: what a blind attacker may send is answered with an ACK, within limits. A
challenge that doesn't come is not accused: limits are the host's own.
"""
from .model import SEC
from .packet import ACK, K_ACK, K_RST, K_SYNACK, SYN
from .rules import NEAR, SHOULD, No, rule

LIMITS = No('none came: it may have been held back by a limit')
WINDOW, MOST = 5 * SEC, 10      # RFC 5961 7


@rule('challenge-sent', 'RFC 5961 3.2, 4.2, 5.2', (K_ACK, K_RST, K_SYNACK), needs=NEAR)
def challenge_sent(s, me, peer):
    """A SYN, a RST that is not exact and an ACK of what was not sent are challenged, and end nothing."""
    if me.challenge is None:
        return None
    seen, t = me.challenge
    me.challenge = None
    if s.kind == K_ACK:
        if s.t - t > me.host.late or s.aoff != peer.una:
            return LIMITS
        if me.challenges is None:
            me.challenges = []
        me.challenges.append(s.t)
        return True
    if seen.flags & SYN and s.flags & ACK and s.ack == (seen.seq + seen.len + 1) & 0xffffffff and \
       s.t - t <= me.host.late and t - me.sent_t < SEC and me.fin is None and peer.fin is None:
        return 'a SYN in an open connection was answered with ' + s.names()
    return LIMITS


@rule('challenge-limit', 'RFC 5961 7', (K_ACK,), SHOULD, NEAR)
def challenge_limit(s, me, peer):
    """There are no more than ten challenges in five seconds."""
    times = me.challenges
    if not times or times[-1] != s.t:
        return None
    while times[0] < s.t - WINDOW:
        times.pop(0)
    if len(times) <= MOST + 1:
        return True
    return f'{len(times)} in 5 s'
