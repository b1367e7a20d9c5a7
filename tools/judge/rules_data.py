# SPDX-License-Identifier: GPL-2.0
"""The stream

Each byte is the same whenever it is sent.
"""
from .rules import BEARERS, PAYLOAD, rule

KEPT_BEHIND, MOST = 65536, 4 << 20


def first_difference(a, b):
    return next(i for i, (x, y) in enumerate(zip(a, b)) if x != y)


@rule('data-same', 'RFC 9293 3.4', BEARERS, needs=PAYLOAD, hole=False)
def data_same(s, me, peer):
    """A byte that is sent again is the byte that it was."""
    have = s.have
    if not have or s.len <= 1 and s.off < me.una:      # RFC 1122 4.2.3.6: a byte of garbage
        return None
    store = me.store
    off = s.off
    end = off + have
    verdict = None
    if off < me.nxt:
        for a, b, buf, at in store:
            if b <= off or a >= end:
                continue
            low, high = max(a, off), min(b, end)
            was = buf[at + low - a:at + high - a]
            now = s.buf[s.at + low - off:s.at + high - off]
            if was != now:
                i = first_difference(was, now)
                return 'byte %d is %#04x, where it was %#04x' % (low + i, now[i], was[i])
            verdict = True
        if end <= me.nxt:
            return verdict
    store.append((off, end, s.buf, s.at))
    me.stored += have
    while store and (store[0][1] < me.una - KEPT_BEHIND or me.stored > MOST):
        a, b, _, _ = store.popleft()
        me.stored -= b - a
    return verdict
