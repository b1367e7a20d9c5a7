# SPDX-License-Identifier: GPL-2.0
"""Retransmission

RFC 6298 and 8985: never too early, and each time twice as late.
"""
from .model import MS, SEC
from .packet import K_ACK, K_SYN, K_SYNACK
from .rules import BEARERS, LATER, NEAR, ORDER, SHOULD, WHOLE, No, rule

KNOB = No('its least RTO is not known')
LOST = No('some before it may have been lost before the capture')


@rule('syn-timer', 'RFC 6298 2.1, 5.5', (K_SYN,))
def syn_timer(s, me, peer):
    """A SYN is sent again after the initial RTO, of a second, and each time after twice as long."""
    if not me.syns or s.off != 0:
        return None
    before = me.conn.before
    if me.rst_since or before and before[me.index].rst_since or peer.syn or me.heard_t > me.syn_t:
        return None             # not by a timer: it met a leftover
    return repeated(s, me)


@rule('synack-timer', 'RFC 6298 2.1, 5.5', (K_SYNACK,), needs=NEAR)
def synack_timer(s, me, peer):
    """A SYN ACK is sent again after the initial RTO, and after twice as long; or when the SYN is."""
    if not me.syns or s.off != 0 or me.syn_asked:
        return None
    return repeated(s, me)


def repeated(s, me):
    first = me.host.first_rto(s.proto)
    if first is None:
        return No('its initial RTO is not known')
    gap = s.t - me.syn_t
    want = first if me.syn_repeats == 0 else 2 * (me.syn_gap - me.host.late)
    most = me.host.most(s.proto)
    # Had each been as early as it may be
    want = max(want, first << me.syn_repeats)
    if gap < min(want, most) - me.host.grain:
        if not me.whole and me.syn_repeats or not me.prompt:
            return LOST
        return 'after %.6f s, where %g s is the least' % (gap / 1e9, min(want, most) / 1e9)
    if me.whole and me.host.late < SEC // 4 and me.syn_repeats and \
       gap > min(2 * me.syn_gap, most) + me.host.late:
        return 'after %.6f s, where it was %.6f s before' % (gap / 1e9, me.syn_gap / 1e9)
    return True


@rule('rtx-early', 'RFC 6298 5; RFC 5681 3.2; RFC 8985 6, 7', BEARERS, needs=NEAR)
def rtx_early(s, me, peer):
    """Nothing is sent again before the RTO, unless something tells that it was lost, or as a probe of the tail."""
    if s.off >= me.nxt or s.off < me.una or not me.sent_offs:
        return None
    rec = me.record(s.off)
    if rec is None:
        return None
    floor = me.host.floor(s.proto)
    since = s.t - rec[2]
    if floor is not None and since >= floor - me.host.grain:
        return True
    if me.icmp_t > rec[2] - SEC:
        return None             # an ICMP error, perhaps of its size
    if me.sack_high > s.off or me.dupacks or me.recover is not None:
        return True
    if rec[1] > s.end or s.off != rec[0]:
        return No('it was cut anew, perhaps for another path MTU')
    # A probe of the tail, once: 2 SRTT, which isn't below the least RTT.
    if s.end >= me.nxt and not rec[3]:
        if me.rtt_min is None or since >= me.rtt_min:
            return True
        return 'a probe after %.6f s, where a round trip takes %.6f' % (
            since / 1e9, me.rtt_min / 1e9)
    if floor is None:
        return KNOB
    if me.una_t > rec[2]:
        return No('the ACK before may have told it')
    return 'after %.6f s, where nothing told that it was lost' % (since / 1e9)


@rule('rto-doubled', 'RFC 6298 5.5', BEARERS, needs=NEAR | ORDER)
def rto_doubled(s, me, peer):
    """From timeout to timeout it takes twice as long, until 60 s at least."""
    if me.rtx_count < 2 or s.off != me.una or s.off >= me.nxt or \
       max(me.heard_t, me.icmp_t) > me.rtx_t:
        return None
    gap = s.t - me.rtx_t
    most = me.host.most(s.proto)
    if gap >= min(2 * (me.rtx_gap - me.host.late), most) - me.host.grain:
        # The first interval of the three may have begun with a probe.
        if me.whole and me.host.late < SEC // 4 and me.rtx_count > 2 and \
           gap > min(2 * me.rtx_gap, most) + me.host.late:
            return 'after %.6f s, where it was %.6f s before' % (gap / 1e9, me.rtx_gap / 1e9)
        return True
    if not me.whole and gap >= me.rtx_gap * 1.1:
        return LOST
    if TIMES & me.host.options:
        return No('a socket option may say so')
    return 'after %.6f s, where it was %.6f s before' % (gap / 1e9, me.rtx_gap / 1e9)


TIMES = {16, 18, 44}    # TCP_THIN_LINEAR_TIMEOUTS, USER_TIMEOUT, RTO_MAX_MS


@rule('rto-floor', 'RFC 6298 2.4; protocol.rst', BEARERS, needs=NEAR)
def rto_floor(s, me, peer):
    """The RTO is never less than its floor: the second of two timeouts in a row comes after twice that.

    The floor is rto_min_us: RFC 6298's second is what neither Tern nor Linux has.
    """
    if me.rtx_count < 2 or s.off != me.una or s.off >= me.nxt or \
       max(me.heard_t, me.icmp_t) > me.rtx_t:
        return None
    floor = me.host.floor(s.proto)
    if floor is None:
        return KNOB
    gap = s.t - me.rtx_t
    want = min(floor << min(me.rtx_count - 1, 20), me.host.most(s.proto))
    if gap >= want - me.host.grain:
        return True
    return 'after %.6f s, where %g s is the least' % (gap / 1e9, want / 1e9)


@rule('fin-timer', 'RFC 6298 5', (2 + 1,), needs=NEAR)
def fin_timer(s, me, peer):
    """A FIN that goes out alone is not sent again before the RTO, but once as a probe."""
    if s.len or me.fin is None or me.una > me.fin:
        return None
    floor = me.host.floor(s.proto)
    since = s.t - me.fin_sent_t
    if floor is None:
        return KNOB
    if since >= floor - me.host.grain or me.sack_high or me.dupacks or me.recover is not None:
        return True
    if me.fin_times < 2 and (me.rtt_min is None or since >= me.rtt_min):
        return True
    return 'after %.6f s' % (since / 1e9)
