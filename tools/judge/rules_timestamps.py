# SPDX-License-Identifier: GPL-2.0
"""Timestamps

RFC 7323, and Tern's microseconds.
"""
from .model import HALF, MASK, MS, SEC
from .packet import ACK, K_ACK, K_RST, K_SYN, K_SYNACK, RST, SYN
from .rules import EVERY, LATER, NEAR, OPTIONS, ORDER, PROMPT, SHOULD, SYNS, No, rule


@rule('wscale-most', 'RFC 7323 2.3', SYNS, needs=OPTIONS, hole=False)
def wscale_most(s, me, peer):
    """The window's shift is 14 at most."""
    if s.ws is None:
        return None
    return True if s.ws <= 14 else f'a shift of {s.ws}'


@rule('ts-each', 'RFC 7323 3.2', LATER, needs=OPTIONS)
def ts_each(s, me, peer):
    """Once both SYNs had timestamps every segment has, but a RST."""
    if not me.ts_on:
        return None
    return True if s.tsval is not None else 'no timestamps'


@rule('ts-unasked', 'RFC 7323 3.2', LATER, needs=OPTIONS)
def ts_unasked(s, me, peer):
    """Without them in both SYNs none has."""
    if s.tsval is None or me.ts_on or not me.syn or not peer.syn:
        return None
    return 'timestamps, which not both had'


@rule('ts-forward', 'RFC 7323 4.1, 5.4', LATER + SYNS, needs=ORDER | OPTIONS)
def ts_forward(s, me, peer):
    """The clock of TSval never goes back."""
    if s.tsval is None:
        return None
    was = me.tsval
    if was is None or (s.tsval - was & MASK) < HALF:
        return True
    if me.host.late and s.t - me.sent_t > (HALF // 1000) * SEC // 1000:
        return None
    return f'TSval {s.tsval}, where it was {was}'


@rule('ts-clock', 'RFC 7323 5.4; protocol.rst, Timestamps', LATER, needs=OPTIONS)
def ts_clock(s, me, peer):
    """The clock keeps its pace: Tern's a microsecond, TCP's between a millisecond and a second."""
    if s.tsval is None:
        return None
    if me.ts_zero is None:
        me.ts_zero = (s.t, s.tsval)
        return None
    t, tsval = me.ts_zero
    took = s.t - t
    if took < SEC:
        return None
    slack = me.host.late + took // 1000 + MS
    if s.proto == 6:
        if took > 2000 * SEC:
            return None
        ticks = s.tsval - tsval & MASK
        if ticks < HALF and ticks * MS <= took + slack:
            return True
        if abs(ticks * 1000 - took) <= slack:
            return No('microseconds, as a route may ask for')
        return f'{ticks} ticks in {took / 1e9:.3f} s'
    off = ((s.tsval - tsval) * 1000 - took) % (1000 << 32)
    if min(off, (1000 << 32) - off) <= slack:
        return True
    if not me.prompt:
        return No('segments may have waited in a queue before the capture')
    return f'{s.tsval - tsval & MASK} us in {took / 1e9:.6f} s'


@rule('ts-echo', 'RFC 7323 4.1, 3.2', LATER + (K_SYNACK,), needs=OPTIONS)
def ts_echo(s, me, peer):
    """TSecr is a TSval that the peer has sent."""
    if s.tsecr is None or me.echo is None and not me.echoes:
        return None
    if s.tsecr in me.echoes or s.tsecr == me.echo:
        return True
    if not me.near or not me.conn.complete or not peer.syn:
        return No('the capture may lack the segment that it echoes')
    if me.echo_lost:
        return No('of a time that is forgotten')
    return f'TSecr {s.tsecr}, which no segment had'


@rule('ts-recent', 'RFC 7323 4.3', LATER, needs=NEAR | OPTIONS | ORDER)
def ts_recent(s, me, peer):
    """What is echoed came with a segment that began at or below what was acknowledged last."""
    if s.tsecr is None or s.tsecr not in me.echoes:
        return None
    off = me.echoes[s.tsecr]
    if off <= peer.una:
        return True
    if s.tsecr == me.echo:
        return True
    return f'TSecr {s.tsecr} of a segment that began at {off}, where {peer.una} was acknowledged last'


@rule('ts-echo-forward', 'RFC 7323 4.3', LATER, needs=ORDER | OPTIONS)
def ts_echo_forward(s, me, peer):
    """TS.Recent never goes back."""
    if s.tsecr is None:
        return None
    was = me.echo
    if was is None or (s.tsecr - was & MASK) < HALF:
        return True
    if s.t - me.sent_t > 1000 * SEC:
        return None             # RFC 7323 5.5: an old one isn't judged by
    return f'TSecr {s.tsecr}, where it was {was}'
