# SPDX-License-Identifier: GPL-2.0
"""Selective acknowledgments

RFC 2018 and 2883.
"""
from .packet import K_ACK, K_SYNACK
from .rules import BEARERS, LATER, NEAR, OPTIONS, ORDER, SHOULD, No, rule

LACKS = No('the capture lacks segments, or they were never sent: say --complete if it is whole')
BUSY = No('more had arrived meanwhile')


def blocks(s, me, peer):
    """(D-SACK or None, the others), as offsets"""
    out = me.sack_now
    return out


@rule('sack-permitted', 'RFC 2018 3', LATER, needs=OPTIONS)
def sack_permitted(s, me, peer):
    """There are SACK blocks only where the peer's SYN permitted them."""
    if not s.sacks:
        return None
    if not peer.syn:
        return No("the peer's SYN was not seen")
    return True if peer.sackok else 'SACK blocks, which were not permitted'


@rule('sack-true', 'RFC 2018 3', LATER, needs=OPTIONS)
def sack_true(s, me, peer):
    """Each block is of data that arrived, all of it."""
    if not s.sacks or me.sack_now is None:
        return None
    for a, b in me.sack_now[1]:
        if b <= a:
            return f'a block from {a} to {b}'
        if not (peer.ooo is not None and peer.ooo.covers(a, b)) and b > peer.cont:
            if not me.conn.complete:
                me.conn.holes = True
                return LACKS
            return f'a block from {a} to {b}, of which not all had arrived'
    return True


@rule('sack-apart', 'RFC 2018 4', LATER, needs=OPTIONS)
def sack_apart(s, me, peer):
    """Blocks are whole: none touches another, nor what is acknowledged."""
    if not s.sacks or me.sack_now is None:
        return None
    found = sorted(me.sack_now[1])
    low = s.aoff
    for a, b in found:
        if a <= low:
            return f'a block from {a} to {b}, where all up to {low} is told already'
        low = b
    return True if found else None


@rule('sack-first', 'RFC 2018 4', (K_ACK,), needs=NEAR | ORDER | OPTIONS)
def sack_first(s, me, peer):
    """The first block has the segment that the ACK is for, unless that moved the ACK."""
    if not s.sacks or me.sack_now is None or not me.sack_now[1] or not me.recent:
        return None
    # It may be for what was refused, or for nobody's segment.
    if s.aoff > peer.una or not me.gap_t:
        return None
    a, b = me.sack_now[1][0]
    recent = me.recent
    for i, (low, high) in enumerate(recent):
        if a <= low and high <= b:
            del recent[:i]
            return True
    if me.sack_now[0]:
        return None             # a duplicate's ACK
    if me.host.was_deaf:
        return No('its host may have dropped what had arrived')
    low, high = recent[-1]
    return f'a block from {a} to {b}, where {low} to {high} had arrived'


@rule('sack-there', 'RFC 2018 4', (K_ACK,), SHOULD, NEAR | OPTIONS)
def sack_there(s, me, peer):
    """An ACK beyond which data have arrived tells them."""
    if not me.told_sack or s.sacks or s.aoff is None:
        return None
    # What it told once is there until the hole is filled.
    if me.told_sack > max(s.aoff, peer.cont) and me.sackok and s.off >= me.nxt:
        return f'no SACK block, where bytes up to {me.told_sack} were told before'
    return None


@rule('dsack-true', 'RFC 2883 4', LATER, needs=NEAR | OPTIONS)
def dsack_true(s, me, peer):
    """A D-SACK tells of data that arrived twice."""
    if not s.sacks or me.sack_now is None or not me.sack_now[0]:
        return None
    a, b = me.sack_now[0]
    if peer.twice is not None and peer.twice.covers(a, b):
        return True
    if not me.conn.complete:
        return LACKS
    return f'a D-SACK from {a} to {b}, which had not arrived twice'


@rule('dsack-first', 'RFC 2883 4', LATER, needs=OPTIONS)
def dsack_first(s, me, peer):
    """Only the first block is a D-SACK, and it is told once."""
    if not s.sacks or me.sack_now is None:
        return None
    for a, b in me.sack_now[1]:
        if b <= s.aoff:
            return f'a block from {a} to {b} below the ACK behind the first'
    return True if me.sack_now[0] else None


@rule('rtx-sacked', 'RFC 2018 5.1', BEARERS, SHOULD, NEAR | ORDER)
def rtx_sacked(s, me, peer):
    """What the peer has SACKed is not sent again, but after a timeout."""
    if s.off >= me.nxt or not me.sacked or not s.len:
        return None
    if s.off < me.una or not me.sacked.covers(s.off, s.off + s.len):
        return True
    if me.rtx_count or s.t - me.sacked_t <= me.host.late:
        return None
    return f'bytes from {s.off} to {s.off + s.len}'
