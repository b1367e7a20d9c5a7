# SPDX-License-Identifier: GPL-2.0
"""The wire: header and options

RFC 9293 3.1 and 3.2, and where an option may stand.
"""
from .packet import (ACK, CWR, ECE, FIN, K_ACK, K_DATA, K_FIN, K_RST, K_SYN, K_SYNACK, PARTIAL,
                     RST, SYN, URG, WRONG)
from .rules import BEARERS, EVERY, LATER, OPTIONS, SHOULD, SYNS, No, rule

LARGE = No('a large segment, which a device is to cut')
SHORT = No('the packet was cut short')
LEFT = No('the sum is left to a device')


@rule('checksum', 'RFC 9293 3.1', EVERY, needs=OPTIONS, hole=False)
def right_sum(s, me, peer):
    """The checksum is right, over a pseudo-header with the protocol's number.

    Of an end that is not where the capture was taken a wrong one may be the path's doing.
    """
    if s.sum == 1:
        return True
    if s.sum == PARTIAL:
        return LEFT
    if s.sum != WRONG:
        return SHORT
    if not me.near or me.host.damage:
        return No('it may have been damaged on the way')
    return 'a wrong checksum'


@rule('reserved', 'RFC 9293 3.1', EVERY, needs=OPTIONS, hole=False)
def reserved_bits(s, me, peer):
    """The reserved bits are 0; the fourth is AccECN's (RFC 9768)."""
    return 'reserved bits %#x' % (s.reserved >> 9) if s.reserved else True


@rule('options-form', 'RFC 9293 3.2, MUST-7, MUST-68, MUST-69', EVERY, needs=OPTIONS, hole=False)
def options_form(s, me, peer):
    """Each option has the length of its kind, and 0 fills up behind the last."""
    return s.optbad or True


@rule('options-syn', 'RFC 9293 3.7.1, RFC 7323 2.2, RFC 2018 2', LATER, needs=OPTIONS, hole=False)
def options_syn(s, me, peer):
    """MSS, window scale, SACK permitted and max ack delay stand on SYN segments only."""
    return f'{s.optsyn} on a segment without SYN' if s.optsyn else True


@rule('options-offered', 'RFC 7323 1.3, RFC 2018 2', (K_SYNACK,), needs=OPTIONS)
def options_offered(s, me, peer):
    """A SYN ACK has window scale, timestamps and SACK permitted only if the SYN had them."""
    if not peer.syn:
        return No('the SYN was not seen')
    if s.aoff != 1 or me.syns and peer.synacked:
        return None
    for name, here, there in (('window scale', s.ws is not None, peer.ws is not None),
                              ('SACK permitted', s.sackok, peer.sackok),
                              ('timestamps', s.tsval is not None, peer.ts)):
        # RFC 7323: an end that has sent its own SYN offers anew (simultaneous open)
        if here and not there and me.first_kind != K_SYN:
            return name + ', which the SYN did not offer'
    return True


@rule('mss-told', 'RFC 9293 3.7.1, SHLD-5', SYNS, SHOULD, OPTIONS, hole=False)
def mss_told(s, me, peer):
    """A SYN tells the MSS."""
    return 'no MSS option' if s.mss is None else True


@rule('mad-told', 'protocol.rst, max ack delay', SYNS, needs=OPTIONS, hole=False)
def mad_told(s, me, peer):
    """A SYN of Tern tells the longest time that an ACK will wait."""
    if s.proto == 6:
        return None
    # A listener whose peer lacks timestamps keeps it from no cookie, but tells its own.
    return 'no max ack delay' if s.mad is None else True


@rule('syn-alone', 'RFC 9293 3.10.7.4', SYNS + (K_RST,), hole=False)
def syn_alone(s, me, peer):
    """No segment has SYN and FIN, or RST beside either."""
    if s.flags & (SYN | FIN) == SYN | FIN or s.flags & RST and s.flags & (SYN | FIN):
        return 'the flags ' + s.names()
    return True


@rule('syn-data', 'protocol.rst, Opening', SYNS, hole=False)
def syn_data(s, me, peer):
    """A SYN of Tern carries no data."""
    if s.proto == 6:
        return None
    return f'{s.len} bytes on a SYN' if s.len else True


@rule('ack-flag', 'RFC 9293 3.1', BEARERS + (K_ACK,), hole=False)
def ack_flag(s, me, peer):
    """Each segment behind the SYN, other than a RST, has ACK."""
    return True if s.flags & ACK else 'no ACK'


@rule('urgent-forward', 'RFC 9293 3.8.5, RFC 6093 3.2', LATER)
def urgent_forward(s, me, peer):
    """The urgent pointer, where URG is set, never goes back, and is beyond its own segment's start."""
    if not s.flags & URG:
        return None
    if not s.urg:
        return 'URG with a pointer of 0: no byte is urgent'
    pointer = s.off + s.urg
    if me.urgent is not None and pointer < me.urgent and s.off >= me.nxt and s.urg != 0xffff:
        return f'it points to {pointer}, where it was {me.urgent}'
    me.urgent = max(pointer, me.urgent or 0)
    return True
