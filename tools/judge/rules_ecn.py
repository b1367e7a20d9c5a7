# SPDX-License-Identifier: GPL-2.0
"""Congestion notification

RFC 3168 and 9768: where it was not agreed on there is none.
"""
from .packet import ACK, AE, CWR, ECE, K_ACK, K_DATA, K_FIN, K_RST, K_SYN, K_SYNACK, SYN
from .rules import EVERY, LATER, NEAR, OPTIONS, SYNS, No, rule

CE = 3


@rule('ecn-unasked', 'RFC 3168 6.1, RFC 9768 3.1', LATER, needs=OPTIONS)
def ecn_unasked(s, me, peer):
    """Without ECN in both SYNs no segment has ECE, CWR or AE, nor its packet ECT."""
    if me.ecn:
        return None
    if not me.syn or not peer.syn:
        return No('a SYN was not seen')
    if s.flags & (ECE | CWR | AE):
        return 'the flags ' + s.names()
    if s.ecn and not me.host.options & {1001, 1067}:      # IP_TOS, IPV6_TCLASS
        return 'ECN %d in the IP header' % s.ecn
    return True


@rule('ecn-syn', 'RFC 3168 6.1.1', SYNS, needs=OPTIONS, hole=False)
def ecn_syn(s, me, peer):
    """A SYN's packet is not ECN-capable."""
    return 'ECN %d in the IP header of a SYN' % s.ecn if s.ecn else True


@rule('ece-until-cwr', 'RFC 3168 6.1.3', LATER, needs=NEAR | OPTIONS)
def ece_until_cwr(s, me, peer):
    """With classic ECN a CE is told by ECE until CWR comes."""
    if me.ecn != 1 or not me.ece_t:
        return None
    if s.flags & ECE:
        return True
    return 'no ECE' if s.t - me.ece_t > me.host.late and s.aoff > me.ece_off else None


@rule('ace-counts', 'RFC 9768 3.2.2', LATER, needs=NEAR | OPTIONS)
def ace_counts(s, me, peer):
    """With AccECN the ACE field counts the packets that came with CE, modulo 8."""
    # The ACK of the SYN ACK tells something else.
    if me.ecn != 2 or s.off + s.len <= 1 and s.aoff <= 1:
        return None
    ace = (s.flags >> 6 & 3) + (4 if s.flags & AE else 0)
    # What has arrived may still wait to be told.
    if (ace - 5 - me.ce_told & 7) <= me.ce - me.ce_told:
        me.ce_told += ace - 5 - me.ce_told & 7
        return True
    return f'ACE {ace}, where {me.ce} packets with CE had arrived'
