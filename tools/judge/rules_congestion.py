# SPDX-License-Identifier: GPL-2.0
"""Congestion

RFC 5681, 6928, 9937. The congestion window is not on the wire; these are the
most that it can have been: what every control must keep, whichever it is.
"""
from .model import MS, SEC
from .packet import K_ACK
from .rules import BEARERS, NEAR, SHOULD, No, rule

ROUTE = No('a route may have told another initial window')
SPARE = 3               # segments: limited transmit (RFC 3042), and one of rounding


def segment_size(s, me):
    return max(1, max(me.mss_peer, me.host.knob('min_snd_mss', 48)) - s.optlen)


@rule('initial-window', 'RFC 6928 2, RFC 5681 3.1', BEARERS, needs=NEAR)
def initial_window(s, me, peer):
    """Ten segments at most are sent before the first is acknowledged, one if the SYN was lost twice."""
    if me.una > 1 or not peer.syn or not me.syn:
        return None
    most = (10 if me.syns <= 2 else 1) * segment_size(s, me)
    # What SACKs and duplicate ACKs tell of has left the network: RFC 3042, 9937
    size = s.off + s.len - max(1, me.sack_high) - me.dupacks * segment_size(s, me)
    if size <= most:
        return True
    if s.off >= me.nxt and s.t - me.sent_t >= MS and size <= most + segment_size(s, me):
        return None             # a probe of the tail, of new data: RFC 8985 7.3
    if me.host.route:
        return ROUTE
    return f'{size} bytes, where {most} is the most'


@rule('cwnd', 'RFC 5681 3.1', BEARERS, needs=NEAR)
def congestion_window(s, me, peer):
    """What is in flight grows from the initial window by no more than what was acknowledged.

    A small segment counts as a full one, as in most stacks.
    """
    if s.off < me.nxt or me.cwnd is None or me.una <= 1:
        return None
    size = segment_size(s, me)
    # What is below the highest SACK is delivered, or lost and out of the pipe.
    pipe = s.off + s.len - max(me.una, me.sack_high) - me.dupacks * size
    if pipe <= me.cwnd + SPARE * size:
        return True
    if me.host.route:
        return ROUTE
    return f'{pipe} bytes in flight, where the window is {me.cwnd} at most'


@rule('idle-restart', 'RFC 5681 4.1', BEARERS, SHOULD, NEAR)
def idle_restart(s, me, peer):
    """After an RTO without sending no more than the initial window goes out before an ACK."""
    if me.idle_at is None or s.off < me.nxt or not peer.syn:
        return None
    most = 10 * segment_size(s, me)
    if s.off + s.len - me.idle_at <= most:
        return True
    if me.host.route or not me.host.knobs.get('slow_start_after_idle', 1):
        return ROUTE
    return f'{s.off + s.len - me.idle_at} bytes after {me.idle_for / 1e9:.3f} s of silence'


@rule('timeout-window', 'RFC 5681 3.1', BEARERS, needs=NEAR)
def timeout_window(s, me, peer):
    """After a timeout one segment goes out, and nothing else before an ACK."""
    if me.rtx_count < 2 or me.heard_t > me.rtx_t:
        return None
    if s.off == me.una:
        return True
    if s.t == me.rtx_t and s.off <= me.rtx_end:
        return None             # pieces of a large segment
    return f'bytes from {s.off}, where {me.una} was sent again by a timeout and nothing came back'


@rule('recovery-rate', 'RFC 9937 6, RFC 6937 3', BEARERS, SHOULD, NEAR)
def recovery_rate(s, me, peer):
    """In fast recovery no more is sent than twice what was delivered, and a few segments."""
    if me.recover is None:
        return None
    if me.recover_sent + s.len <= 2 * me.recover_delivered + (SPARE + 1) * segment_size(s, me):
        return True
    return f'{me.recover_sent + s.len} bytes, where {me.recover_delivered} were delivered'
