# SPDX-License-Identifier: GPL-2.0
"""A segment out of a packet: link layer, IP, TCP's header and options."""
import socket
import struct

FIN, SYN, RST, PSH, ACK, URG, ECE, CWR = 1, 2, 4, 8, 16, 32, 64, 128
AE = 256                # AccECN's third bit, RFC 9768; once RFC 3540's nonce

NULL, ETHERNET, RAW_BSD, RAW_BSD2, RAW = 0, 1, 12, 14, 101
LOOP, COOKED, IPV4, IPV6, COOKED2 = 108, 113, 228, 229, 276
LINKS = {NULL, ETHERNET, RAW_BSD, RAW_BSD2, RAW, LOOP, COOKED, IPV4, IPV6, COOKED2}

# Kinds of segments: the rules of one are asked, and no others
K_SYN, K_SYNACK, K_RST, K_FIN, K_DATA, K_ACK = range(6)
KINDS = ('SYN', 'SYN ACK', 'RST', 'FIN', 'data', 'ACK')

UNKNOWN, RIGHT, PARTIAL, WRONG = range(4)       # checksums

OPT_MSS, OPT_WSCALE, OPT_SACKOK, OPT_SACK, OPT_TS, OPT_EXP = 2, 3, 4, 5, 8, 253
OPT_ACC0, OPT_ACC1 = 172, 174           # AccECN
LENGTHS = {OPT_MSS: 4, OPT_WSCALE: 3, OPT_SACKOK: 2, OPT_TS: 10}
EXID_MAD = 0x5445
FLAG_NAMES = ((SYN, 'SYN'), (FIN, 'FIN'), (RST, 'RST'), (PSH, 'PSH'), (ACK, 'ACK'),
              (URG, 'URG'), (ECE, 'ECE'), (CWR, 'CWR'), (AE, 'AE'))

tcp_header = struct.Struct('>HHIIHHHH').unpack_from
two_words = struct.Struct('>II').unpack_from
word = struct.Struct('>I').unpack_from
half = struct.Struct('>H').unpack_from


class Segment:
    """One segment. What begins with an offset is filled in by the model."""

    __slots__ = (
        'n', 't',               # number in its file; ns
        'key', 'proto',         # addresses and ports, sender first
        'seq', 'ack', 'flags', 'reserved', 'win', 'urg', 'len', 'kind',
        'mss', 'ws', 'sackok', 'sacks', 'tsval', 'tsecr', 'mad', 'acc',
        'optlen', 'optbad', 'optsyn',   # bytes; what is wrong; kinds that are a SYN's
        'ecn', 'sum', 'out',    # IP's two bits; checksum; outgoing, None: not told
        'buf', 'at', 'have',    # payload
        'scaled',               # the window is in bytes already (a trace)
        'off', 'end', 'aoff', 'edge')

    def names(self):
        return '|'.join(name for bit, name in FLAG_NAMES if self.flags & bit) or '-'


def address_text(key):
    """'a:1', 'b:2' of a key"""
    size = len(key) - 4 >> 1
    family = socket.AF_INET6 if size == 16 else socket.AF_INET
    form = '[%s]:%d' if size == 16 else '%s:%d'
    return tuple(form % (socket.inet_ntop(family, key[i * size:(i + 1) * size]),
                         half(key, 2 * size + 2 * i)[0]) for i in (0, 1))


def reverse(key):
    size = len(key) - 4 >> 1
    return key[size:2 * size] + key[:size] + key[-2:] + key[-4:-2]


def options(s, buf, at, end):
    """Fill in the options of @s."""
    seen = 0
    while at < end:
        kind = buf[at]
        if kind == 1:
            at += 1
            continue
        if kind == 0:
            if any(buf[at:end]):
                s.optbad = 'bytes other than 0 behind the end of the options'
            return
        length = buf[at + 1] if at + 1 < end else 0
        if length < 2 or at + length > end:
            s.optbad = f'option {kind} of length {length} in {end - at} bytes'
            return
        if LENGTHS.get(kind, length) != length:
            s.optbad = f'option {kind} of length {length}'
            return
        if kind < 32:
            if seen >> kind & 1:
                s.optbad = f'option {kind} twice'
            seen |= 1 << kind
        if kind == OPT_TS:
            s.tsval, s.tsecr = two_words(buf, at + 2)
        elif kind == OPT_SACK:
            if length % 8 != 2 or length == 2:
                s.optbad = f'SACK of length {length}'
                return
            blocks = struct.unpack_from('>%dI' % ((length - 2) // 4), buf, at + 2)
            s.sacks = tuple(zip(blocks[::2], blocks[1::2]))
        elif kind == OPT_MSS:
            s.mss = half(buf, at + 2)[0]
            s.optsyn = 'MSS'
        elif kind == OPT_WSCALE:
            s.ws = buf[at + 2]
            s.optsyn = 'window scale'
        elif kind == OPT_SACKOK:
            s.sackok = True
            s.optsyn = 'SACK permitted'
        elif kind == OPT_EXP and length >= 4 and half(buf, at + 2)[0] == EXID_MAD:
            if length != 8:
                s.optbad = f'max ack delay of length {length}'
                return
            s.mad = word(buf, at + 4)[0]
            s.optsyn = 'max ack delay'
        elif kind in (OPT_ACC0, OPT_ACC1):
            s.acc = (kind, bytes(buf[at + 2:at + length]))
        at += length


def folded(data):
    """The ones' complement sum of @data, at an even offset; 0xffff for 0"""
    if len(data) & 1:
        data += b'\0'
    return int.from_bytes(data, 'big') % 65535 or 65535


def checksum(buf, at, size, pseudo, said):
    """Of the segment of @size bytes at @at. @pseudo: the pseudo-header's sum"""
    # A device is to finish it: the pseudo-header's sum stands there, of one
    # that it will cut with or without the length.
    if said in (pseudo % 65535, (pseudo - size) % 65535) or \
            said == 65535 and pseudo % 65535 in (0, size):
        return PARTIAL
    if (folded(buf[at:at + size]) + pseudo) % 65535 == 0:
        return RIGHT
    return WRONG


class Icmp:
    """An ICMP error: the key of what it quotes"""

    __slots__ = ('key', 'proto', 'n', 't')

    def __init__(self, key, proto):
        self.key, self.proto = key, proto


class Parser:
    """Packets to segments of the protocols wanted.

    @skipped counts by reason what was of them, and no segment all the same.
    """

    def __init__(self, protos=(253, 6), udp_port=None, sums=True):
        self.protos = frozenset(protos)
        self.udp_port, self.sums = udp_port, sums
        self.skipped = {}

    def skip(self, why):
        self.skipped[why] = self.skipped.get(why, 0) + 1

    def parse(self, buf, at, have, link):
        """The segment in the packet at @at, or None"""
        end = at + have
        out = None
        if link == ETHERNET:
            kind = half(buf, at + 12)[0] if have >= 14 else 0
            at += 14
            while kind in (0x8100, 0x88a8, 0x9100) and at + 4 <= end:
                kind = half(buf, at + 2)[0]
                at += 4
            if kind not in (0x0800, 0x86dd):
                return None
        elif link == COOKED:
            if have >= 2:
                out = buf[at + 1] == 4
            at += 16
        elif link == COOKED2:
            if have >= 11:
                out = buf[at + 10] == 4
            at += 20
        elif link in (NULL, LOOP):
            at += 4
        elif link not in LINKS:
            self.skip(f'link type {link} is not known')
            return None
        if at >= end:
            return None
        if buf[at] >> 4 == 4:
            s = self.ipv4(buf, at, end)
        elif buf[at] >> 4 == 6:
            s = self.ipv6(buf, at, end)
        else:
            return None
        if s is not None and out is not None and s.__class__ is Segment:
            s.out = out
        return s

    def ipv4(self, buf, at, end):
        hlen = (buf[at] & 15) * 4
        if end - at < hlen or hlen < 20:
            return None
        proto = buf[at + 9]
        if proto == 1:
            return self.icmp(buf, at + hlen, end)
        if proto not in self.protos and not (proto == 17 and self.udp_port):
            return None
        total, _, frag = struct.unpack_from('>HHH', buf, at + 2)
        if frag & 0x3fff:
            self.skip('a fragment: segments in pieces are not put together')
            return None
        if total == 0:          # too large for the field
            total = end - at
        where = at + hlen
        # Source and destination, but of a source route, for the sum
        known = hlen == 20 or not any(kind in bytes(buf[at + 20:where]) for kind in (131, 137))
        if hlen == 20:
            key = buf[at + 12:at + 24]
        else:
            key = buf[at + 12:at + 20] + buf[where:where + 4]
        return self.segment(buf, where, at + total - where, end, key, proto, buf[at + 1] & 3, known)

    def ipv6(self, buf, at, end):
        if end - at < 40:
            return None
        payload, proto = half(buf, at + 4)[0], buf[at + 6]
        where, known = at + 40, True
        stop = where + payload if payload else end
        while proto in (0, 43, 44, 51, 60, 135, 139, 140):
            if where + 8 > end:
                return None
            if proto == 44:
                if half(buf, where + 2)[0] & 0xfff9:
                    if buf[where] in self.protos:
                        self.skip('a fragment: segments in pieces are not put together')
                    return None
                size = 8
            elif proto == 51:
                size = (buf[where + 1] + 2) * 4
            else:
                size = (buf[where + 1] + 1) * 8
                known = known and not (proto == 43 and buf[where + 3])
            proto = buf[where]
            where += size
        if proto == 58:
            return self.icmp(buf, where, end)
        if proto not in self.protos and not (proto == 17 and self.udp_port):
            return None
        key = buf[at + 8:at + 40] + buf[where:where + 4]
        ecn = buf[at + 1] >> 4 & 3
        return self.segment(buf, where, stop - where, end, key, proto, ecn, known)

    def icmp(self, buf, at, end):
        """What an error at @at quotes"""
        quote = at + 8
        if end < quote + 28:
            return None
        if buf[quote] >> 4 == 4 and buf[at] in (3, 11, 12):
            where, proto = quote + (buf[quote] & 15) * 4, buf[quote + 9]
            key = buf[quote + 12:quote + 20]
        elif buf[quote] >> 4 == 6 and buf[at] in (1, 2, 3, 4) and end >= quote + 44:
            where, proto = quote + 40, buf[quote + 6]
            key = buf[quote + 8:quote + 40]
        else:
            return None
        if proto not in self.protos or where + 4 > end:
            return None
        return Icmp(key + buf[where:where + 4], proto)

    def segment(self, buf, at, size, end, key, proto, ecn, known):
        """TCP's header at @at of @size bytes; @known: so are both addresses"""
        if proto == 17:
            if at + 8 > end or self.udp_port not in struct.unpack_from('>HH', buf, at):
                return None
            at, size, proto, known = at + 8, half(buf, at + 4)[0] - 8, 253, False
            # The ports of the segment are the connection's, UDP's may change.
            key = key[:-4] + buf[at:at + 4]
        if at + 20 > end or size < 20:
            self.skip('a header cut short')
            return None
        s = Segment()
        _, _, s.seq, s.ack, bits, s.win, said, s.urg = tcp_header(buf, at)
        hlen = bits >> 10 & 60
        if hlen < 20 or hlen > size:
            self.skip('a data offset outside the segment')
            return None
        if at + hlen > end:
            self.skip('a header cut short')
            return None
        s.key, s.proto, s.ecn = key, proto, ecn
        s.flags = flags = bits & 0x1ff
        s.reserved = bits & 0xe00
        s.optlen = hlen - 20
        s.optbad = s.optsyn = s.tsval = s.tsecr = s.mss = s.ws = s.mad = s.acc = None
        s.sackok = s.scaled = False
        s.sacks = ()
        if hlen == 32 and word(buf, at + 20)[0] == 0x0101080a:
            s.tsval, s.tsecr = two_words(buf, at + 24)
        elif hlen > 20:
            options(s, buf, at + 20, at + hlen)
        s.len = length = size - hlen
        s.buf, s.at, s.have = buf, at + hlen, min(length, end - at - hlen)
        s.sum, s.out = UNKNOWN, None
        if self.sums and known and s.have == length:
            pseudo = int.from_bytes(key[:-4], 'big') % 65535 + proto + size
            s.sum = checksum(buf, at, size, pseudo, said)
        if flags & RST:
            s.kind = K_RST
        elif flags & SYN:
            s.kind = K_SYNACK if flags & ACK else K_SYN
        elif flags & FIN:
            s.kind = K_FIN
        else:
            s.kind = K_DATA if length else K_ACK
        return s
