# SPDX-License-Identifier: GPL-2.0
"""Numbers and states

RFC 9293: the sequence space, the window, and what each state may send.
"""
from .model import HALF, MASK, MS, SEC
from .packet import (ACK, FIN, K_ACK, K_DATA, K_FIN, K_RST, K_SYN, K_SYNACK, PSH, RIGHT, RST,
                     SYN)
from .rules import BEARERS, EVERY, LATER, NEAR, ORDER, SHOULD, SYNS, WHOLE, No, rule

NO_WINDOW = No("the peer's window is not known: its SYN was not seen")
LACKS = No('the capture lacks segments, or what was acknowledged was never sent: '
           'say --complete if it is whole')
DEAF = No('its host may have dropped what had arrived')


@rule('synack-number', 'RFC 9293 3.10.7.2', (K_SYNACK,))
def synack_number(s, me, peer):
    """A SYN ACK acknowledges the peer's SYN, and no more."""
    if not peer.syn:
        return No('the SYN was not seen')
    if s.aoff == 1 or s.proto == 6 and s.aoff == peer.syn_end:
        return True
    return f'ack {s.aoff}, relative to the SYN'


@rule('syn-once', 'RFC 9293 3.5, figure 7', SYNS)
def syn_once(s, me, peer):
    """A SYN sent again, or as a SYN ACK when both open at once, has the number it had."""
    if not me.syns:
        return None
    return True if s.off == 0 else f'its number is {s.off} from the one before'


@rule('syn-sent', 'RFC 9293 3.10.7.3', LATER + (K_SYNACK,))
def syn_sent(s, me, peer):
    """Until the peer's SYN is there only SYN and RST are sent."""
    if me.una > 0 or not me.syn or me.first_kind != K_SYN:
        return None
    return True if peer.syn else 'no SYN of the peer had arrived'


@rule('syn-received', 'RFC 9293 3.10.2', BEARERS)
def syn_received(s, me, peer):
    """Data wait until the own SYN is acknowledged."""
    if me.data:
        return None
    if not me.syn:
        return No('its SYN was not seen')
    if me.una > 0 or not s.len or peer.syn_end > 1:
        return True
    return f'{s.len} bytes before its SYN was acknowledged'


@rule('seq-next', 'RFC 9293 3.4', BEARERS, needs=ORDER | WHOLE)
def seq_next(s, me, peer):
    """New data begin where the last ended: no number is left out."""
    if s.off <= me.nxt:
        return True
    return f'it begins at {s.off}, where {me.nxt} was next'


@rule('ack-seq', 'RFC 9293 3.10.7.4', (K_ACK,), needs=ORDER | WHOLE)
def ack_seq(s, me, peer):
    """A segment without data has SND.NXT for its number, unless it is a probe."""
    if s.off == me.nxt:
        return True
    if s.off == me.una - 1 or s.off == me.nxt - 1 or s.off == me.una:
        return None             # a probe of window or keepalive
    if me.edge_last is not None and me.una <= s.off <= me.edge and me.nxt > me.edge_last:
        return None             # the window was taken back: what fits into it
    return f'seq {s.off}, where SND.NXT is {me.nxt}'


@rule('ack-received', 'RFC 9293 3.4', (K_SYNACK,) + LATER)
def ack_received(s, me, peer):
    """What is acknowledged was received: all of it was seen under way.

    What PAWS must refuse (RFC 7323 5) doesn't count.
    """
    if s.aoff is None:
        return None
    if s.aoff <= peer.cont:
        return True
    if not me.conn.complete:
        me.conn.holes = True
        return LACKS
    return f'ack {s.aoff}, where {peer.cont} at most had arrived in order'


@rule('ack-forward', 'RFC 9293 3.4', LATER, needs=ORDER)
def ack_forward(s, me, peer):
    """RCV.NXT never goes back."""
    if s.aoff is None:
        return None
    return True if s.aoff >= peer.una else f'ack {s.aoff}, where it was {peer.una}'


@rule('window-kept', 'RFC 9293 3.8.6, SHLD-14', (K_SYNACK,) + LATER, SHOULD, ORDER)
def window_kept(s, me, peer):
    """The right edge of the window is never taken back, but by what its scale can't say."""
    if s.edge is None or peer.edge is None:
        return None
    if s.edge >= peer.edge or peer.edge - s.edge < 1 << (me.shift or 0):
        return True
    if s.aoff < peer.una:
        return None             # ack-forward says it
    return f'window {s.edge - s.aoff}, edge {s.edge}, where {peer.edge} was offered'


@rule('window-obeyed', 'RFC 9293 3.8.6', BEARERS)
def window_obeyed(s, me, peer):
    """Nothing is sent beyond the window, but a byte to probe it."""
    if me.edge is None:
        return NO_WINDOW
    end = s.off + s.len
    if end <= me.edge:
        return True
    if s.len == 1 and s.off <= me.edge:
        return None
    return f'bytes up to {end}, where the window ended at {me.edge}'


@rule('fin-window', 'RFC 9293 3.8.6', (K_FIN,), SHOULD)
def fin_window(s, me, peer):
    """A FIN, which has a number, is in the window as well."""
    if me.edge is None:
        return NO_WINDOW
    return True if s.end <= me.edge else f'FIN at {s.end - 1}, where the window ended at {me.edge}'


@rule('mss-obeyed', 'RFC 9293 3.7.1, MUST-16; RFC 6691', BEARERS)
def mss_obeyed(s, me, peer):
    """Data and options are no more than the MSS that the peer told, or the default.

    What a device is to cut has its sum left to that device. A host may have a floor,
    ``min_snd_mss``.
    """
    if not s.len:
        return None
    if not peer.syn:
        return No("the peer's SYN was not seen")
    if s.len + s.optlen <= max(me.mss_peer, me.host.knob('min_snd_mss', 48)):
        return True
    if s.sum != RIGHT:
        return No('it may be a large segment, which a device is to cut')
    return f'{s.len} bytes with {s.optlen} of options, where the MSS is {me.mss_peer}'


# Reset

@rule('rst-number', 'RFC 9293 3.5.2, 3.10.7.1', (K_RST,))
def rst_number(s, me, peer):
    """A RST has the number that what it answers acknowledges, or 0 and the ACK of that; or SND.NXT."""
    if s.flags & ACK:
        for h in reversed(me.heard):
            if not h.flags & ACK and s.seq == 0 and \
               s.ack == h.seq + h.len + (h.flags >> 1 & 1) + (h.flags & 1) & MASK:
                return True if not h.flags & RST else 'it answers a RST'
    if me.iss is not None and me.syn:
        if s.off == me.nxt or me.una <= s.off <= me.nxt or s.off == me.edge_last:
            return True
    answers_rst = False
    if not s.flags & ACK:
        for h in reversed(me.heard):
            if h.flags & ACK and h.ack == s.seq:
                if not h.flags & RST:
                    return True
                answers_rst = True
    if answers_rst:
        return 'it answers a RST'
    if not me.near and not me.conn.complete or len(me.heard) == me.heard.maxlen:
        return No('what it answers was not seen')
    if not me.syn:
        return No('its SYN was not seen') if not me.heard else f'seq {s.seq}, which answers nothing'
    return f'seq {s.off}, which answers nothing, and SND.NXT is {me.nxt}'


@rule('rst-last', 'RFC 9293 3.10.5', LATER + (K_SYNACK,), needs=ORDER)
def rst_last(s, me, peer):
    """Whoever has reset the connection sends nothing more in it."""
    if not me.rst_own:
        return None
    return 'it had sent a RST'


@rule('rst-obeyed', 'RFC 9293 3.10.7.4, second; RFC 5961 3.2', LATER + (K_SYNACK,), needs=NEAR)
def rst_obeyed(s, me, peer):
    """A RST with exactly RCV.NXT for its number ends the connection."""
    if not me.rst_in_t:
        return None
    if s.t - me.rst_in_t <= me.host.late:
        return None
    if me.host.deaf or me.host.was_deaf:
        return DEAF
    return 'a RST had arrived %.6f s before' % ((s.t - me.rst_in_t) / 1e9)


@rule('rst-due', 'RFC 9293 3.10.7.1', (K_RST,), needs=NEAR)
def rst_due(s, me, peer):
    """Each segment to a connection that is reset is answered with a RST, and a RST is not."""
    due = me.due_rst
    if not due:
        return None
    if s.seq not in due:
        return None
    missed = 0
    while due[0] != s.seq:
        due.popleft()
        missed += 1
    due.popleft()
    if not missed:
        return True
    if me.host.deaf or me.host.was_deaf:
        return DEAF
    return f'{missed} that had arrived before were not answered'


# FIN

@rule('fin-once', 'RFC 9293 3.6', (K_FIN,))
def fin_once(s, me, peer):
    """A FIN sent again has the number it had."""
    if me.fin is None or me.fin == s.end - 1:
        return True
    return f'FIN at {s.end - 1}, where it was at {me.fin}'


@rule('fin-last', 'RFC 9293 3.6', BEARERS)
def fin_last(s, me, peer):
    """Nothing is sent behind the FIN."""
    if me.fin is None:
        return None
    if s.off + s.len <= me.fin:
        return True
    return f'bytes up to {s.off + s.len}, where the FIN was at {me.fin}'


# Zero window

def is_probe(s, me):
    """Of a window that is 0: SND.UNA - 1, or a byte at SND.UNA"""
    return s.off == me.una - 1 and s.len <= 1 or s.off == me.una and s.len == 1


@rule('probe-first', 'RFC 9293 3.8.6.1, SHLD-29', (K_DATA, K_ACK), SHOULD, needs=NEAR)
def probe_first(s, me, peer):
    """The first probe comes when the window has been 0 for an RTO at least."""
    if not me.zero_t or me.zwp_n or not is_probe(s, me):
        return None
    floor = me.host.floor(s.proto)
    if floor is None or 18 in me.host.options:
        return No('its least RTO is not known, or USER_TIMEOUT may end it before')
    waited = s.t - me.zero_t
    if waited >= floor - me.host.grain:
        return True
    return 'after %.6f s, where the least RTO is %g s' % (waited / 1e9, floor / 1e9)


@rule('probe-doubled', 'RFC 9293 3.8.6.1, SHLD-30', LATER, SHOULD, needs=NEAR | WHOLE)
def probe_doubled(s, me, peer):
    """The time between probes doubles, up to the most an RTO may be.

    Only where data were waiting: else it may have been keepalive.
    """
    if not me.zwp_t:
        return None
    if not me.zero_t:
        # Data at once when it opened: they had waited.
        bad, me.zwp_bad, me.zwp_t = me.zwp_bad, None, 0
        return bad if s.len and s.off == me.nxt else None
    if not is_probe(s, me):
        return None
    gap = s.t - me.zwp_t
    if me.zwp_n < 2:
        return None
    if gap >= 2 * (me.zwp_gap - me.host.late) - MS or gap >= me.host.most(s.proto) - me.host.grain:
        return True
    me.zwp_bad = '%.6f s between probes, %.6f before' % (gap / 1e9, me.zwp_gap / 1e9)
    return None


@rule('probe-answered', 'RFC 9293 3.8.6.1, MUST-35; 3.10.7.4, first', LATER, needs=NEAR)
def probe_answered(s, me, peer):
    """A probe, of a window or of keepalive, is answered at once, but within limits of how often."""
    if not me.probe_t:
        return None
    since, me.probe_t = s.t - me.probe_t, 0
    if since <= me.host.late:
        return True
    if me.host.was_deaf:
        return DEAF
    return 'a probe had arrived %.6f s before, and nothing was sent since' % (since / 1e9)


@rule('keepalive-form', 'RFC 9293 3.8.4, MUST-26; RFC 1122 4.2.3.6', (K_ACK,), needs=NEAR | ORDER)
def keepalive_form(s, me, peer):
    """A keepalive probe is SND.NXT - 1, and is sent only while all is acknowledged."""
    if s.off != me.nxt - 1 or me.zero_t or me.nxt <= 1:
        return None
    return True if me.una == me.nxt else f'{me.nxt - me.una} are not acknowledged'


# Silly windows

@rule('sws-receiver', 'RFC 9293 3.8.6.2.2, MUST-39', LATER)
def sws_receiver(s, me, peer):
    """A window that opens offers a full segment, or half of the most that was offered."""
    if s.edge is None or peer.edge is None or s.edge <= peer.edge:
        return None
    offered = s.edge - s.aoff
    if s.edge - peer.edge < 1 << (me.shift or 0):
        return None             # what its scale can't say is made up for
    size = peer.payload_max or peer.mss_peer
    least = min(size, peer.biggest // 2)
    if offered >= least - (1 << (me.shift or 0)):
        return True
    return f'{offered} bytes, where a segment has {size} and {peer.biggest} were offered'


@rule('sws-sender', 'RFC 9293 3.8.6.2.1, MUST-38', (K_DATA,), needs=NEAR | ORDER | WHOLE)
def sws_sender(s, me, peer):
    """What the window leaves room for is sent if it is a full segment or half of the most offered."""
    if s.flags & PSH or s.off != me.nxt or s.off + s.len != me.edge_last or not peer.syn:
        return None
    if s.len + s.optlen >= me.mss_peer or s.len >= me.payload_max or s.len >= me.biggest // 2:
        return True
    if s.t - max(me.sent_t, me.heard_t) >= 100 * MS:
        return True             # the override timeout
    return f'{s.len} bytes fill the window, where it was {me.biggest} once'


@rule('nagle', 'RFC 9293 3.7.4, SHLD-7', (K_DATA,), SHOULD, needs=NEAR | ORDER | WHOLE)
def nagle(s, me, peer):
    """No small segment leaves while another small one is not acknowledged.

    Where it is known that no socket was told otherwise (TERN_NODELAY, TERN_CORK, MSG_MORE).
    RFC 9293 waits for any segment, most stacks for a small one (Minshall).
    """
    if s.off < me.nxt:
        return None
    if s.len >= me.payload_max or s.len + s.optlen >= me.mss_peer:
        return None
    before, me.small = me.small, s.off + s.len
    if before is None or before <= me.una:
        return True
    if not me.host.nagle:
        return No('the program may have asked for it: say --nagle if none did')
    return f'{s.len} bytes while those up to {before} are not acknowledged'


@rule('psh-last', 'RFC 9293 3.9.1.2, MUST-61', BEARERS, needs=ORDER | WHOLE)
def psh_last(s, me, peer):
    """The last segment that is there to be sent has PSH."""
    tail = me.tail
    if tail is None or s.off < me.nxt:
        return None
    if s.t - me.tail_t < SEC or me.una < me.nxt or me.edge is None or \
       me.edge - me.nxt < me.mss_peer or not tail[1]:
        return None
    if me.host.corked:
        return No('the program may have held data back')
    return True if tail[0] else 'the last before had no PSH, and nothing followed for %.3f s' % (
        (s.t - me.tail_t) / 1e9)


# Closing

@rule('timewait-answer', 'RFC 9293 3.10.7.4, eighth', (K_ACK, K_RST), needs=NEAR)
def timewait_answer(s, me, peer):
    """In TIME-WAIT a FIN that comes again is acknowledged at once."""
    if not me.tw or not me.fin_t:
        return None
    since, me.fin_t = s.t - me.fin_t, 0
    if me.host.was_deaf:
        return DEAF
    if s.kind == K_RST:
        return None             # timewait-length says it
    if s.aoff != peer.fin + 1:
        return f'ack {s.aoff}, where the FIN was at {peer.fin}'
    return True if since <= me.host.late else 'after %.6f s' % (since / 1e9)


@rule('timewait-length', 'RFC 9293 3.6.1, MUST-13', (K_RST, K_ACK), needs=NEAR)
def timewait_length(s, me, peer):
    """TIME-WAIT lasts twice the MSL: no RST before, no ACK after."""
    if not me.tw:
        return None
    length = me.host.twice_msl(s.proto)
    if length is None:
        return No('the MSL is not known')
    since = s.t - me.tw_t
    if s.kind == K_RST:
        if me.tw_rst or me.host.was_deaf:
            return None
        if since >= length - me.host.grain:
            return True
        return 'a RST after %.6f s of %g' % (since / 1e9, length / 1e9)
    if me.host.late >= SEC or since <= length + me.host.late:
        return True
    return 'an ACK after %.6f s of %g' % (since / 1e9, length / 1e9)


@rule('timewait-reopen', 'RFC 9293 3.6.1, MAY-2; RFC 6191 2', (K_SYNACK,))
def timewait_reopen(s, me, peer):
    """A SYN that opens TIME-WAIT again is newer, and is answered with a number beyond the last."""
    old = me.conn.before
    if old is None or me.syns or not peer.syn:
        return None
    mine, theirs = old[me.index], old[1 - me.index]
    length = me.host.twice_msl(s.proto)
    if mine.tw_rst or any(h.flags & RST for h in me.heard):
        return None             # a RST has ended it
    if not mine.tw or length is None or s.t - mine.tw_t > length:
        return None
    if (s.seq - mine.iss - mine.nxt & MASK) >= HALF:
        return 'its number is not beyond the last of the old connection'
    ahead = (peer.iss - theirs.iss - theirs.nxt & MASK) < HALF
    if peer.tsval is not None and theirs.tsval is not None:
        ahead = ahead or (peer.tsval - theirs.tsval & MASK) < HALF
    return True if ahead else 'the SYN is older than the connection'
