# SPDX-License-Identifier: GPL-2.0
"""Files of packets: pcap of any byte order and grain, and pcapng.

read() gives one Packet after the other. Nothing is copied: a packet is an
offset into the whole file.
"""
import mmap
import struct

PCAP_MAGIC = {b'\xa1\xb2\xc3\xd4': ('>', 1000), b'\xd4\xc3\xb2\xa1': ('<', 1000),
              b'\xa1\xb2\x3c\x4d': ('>', 1), b'\x4d\x3c\xb2\xa1': ('<', 1)}
SECTION, INTERFACE, OLD_PACKET, SIMPLE, STATISTICS, ENHANCED = 0x0a0d0d0a, 1, 2, 3, 5, 6
OPT_COMMENT, OPT_IF_TSRESOL, OPT_IF_TSOFFSET, OPT_EPB_FLAGS = 1, 9, 14, 2
OPT_ISB_IFDROP, OPT_ISB_OSDROP = 5, 7


class Bad(Exception):
    """No capture, or one that can't be read: the message says what is wrong."""


class Packets:
    """The packets of one file.

    Iterates over (number, ns, link type, offset, captured bytes, outgoing, note):
    outgoing is None where the file doesn't tell, note a comment or None.
    @dropped is None until the file says how many packets it lacks.
    """

    def __init__(self, name, data):
        self.name, self.data = name, data
        self.dropped = None
        self.torn = False       # ends in the middle of a packet
        if len(data) < 24:
            raise Bad(f'{name}: no capture: only {len(data)} bytes')
        magic = bytes(data[:4])
        if magic in PCAP_MAGIC:
            self.walk = self.pcap(*PCAP_MAGIC[magic])
        elif magic == b'\x0a\x0d\x0d\x0a':
            self.walk = self.pcapng()
        else:
            raise Bad(f'{name}: neither pcap nor pcapng, nor a trace of tern:* events')

    def __iter__(self):
        return self.walk

    def pcap(self, order, grain):
        data, size = self.data, len(self.data)
        link = struct.unpack_from(order + 'I', data, 20)[0] & 0xffff
        header = struct.Struct(order + 'IIII').unpack_from
        at, number = 24, 0
        while at + 16 <= size:
            sec, frac, captured, _ = header(data, at)
            at += 16
            if captured > size - at:
                break
            number += 1
            yield number, sec * 1000000000 + frac * grain, link, at, captured, None, None
            at += captured
        self.torn = at < size

    def options(self, order, at, end):
        """(code, offset of the value, length) of each"""
        unpack = struct.Struct(order + 'HH').unpack_from
        while at + 4 <= end:
            code, length = unpack(self.data, at)
            if code == 0 or at + 4 + length > end:
                return
            yield code, at + 4, length
            at += 4 + (length + 3 & ~3)

    def interface(self, order, at, end):
        """[link type, ns a tick as (multiplier, divisor), offset in ns, snap length]"""
        link, _, snap = struct.unpack_from(order + 'HHI', self.data, at + 8)
        tick, offset, note = (1000, 1), 0, None
        for code, where, length in self.options(order, at + 16, end):
            if code == OPT_IF_TSRESOL and length:
                res = self.data[where]
                per_second = 1 << (res & 0x7f) if res & 0x80 else 10 ** res
                tick = (1000000000, per_second)
            elif code == OPT_IF_TSOFFSET and length == 8:
                offset = struct.unpack_from(order + 'q', self.data, where)[0] * 1000000000
            elif code == OPT_COMMENT:
                note = self.text(where, length)
        return (link, tick, offset, snap), note

    def text(self, at, length):
        return bytes(self.data[at:at + length]).decode('utf-8', 'replace').rstrip('\0')

    def statistics(self, order, at, end):
        for code, where, length in self.options(order, at + 20, end):
            if code in (OPT_ISB_IFDROP, OPT_ISB_OSDROP) and length == 8:
                dropped = struct.unpack_from(order + 'Q', self.data, where)[0]
                self.dropped = (self.dropped or 0) + dropped

    def pcapng(self):
        data, size = self.data, len(self.data)
        order, at, number, faces = '<', 0, 0, []
        while at + 12 <= size:
            if data[at:at + 4] == b'\x0a\x0d\x0d\x0a':
                bom = bytes(data[at + 8:at + 12])
                if bom not in (b'\x1a\x2b\x3c\x4d', b'\x4d\x3c\x2b\x1a'):
                    raise Bad(f'{self.name}: pcapng without a byte order at offset {at}')
                order = '>' if bom == b'\x1a\x2b\x3c\x4d' else '<'
                faces = []
                words = struct.Struct(order + 'II').unpack_from
                header = struct.Struct(order + 'IIIII').unpack_from
            kind, length = words(data, at)
            if length < 12 or length & 3:
                raise Bad(f'{self.name}: a block of {length} bytes at offset {at}')
            end = at + length
            if end > size:
                self.torn = True
                return
            if kind == ENHANCED and length >= 32:
                face, high, low, captured, _ = header(data, at + 8)
                if face >= len(faces) or captured > length - 32:
                    raise Bad(f'{self.name}: a packet that fits no interface at offset {at}')
                link, (mul, div), offset, _ = faces[face]
                out = note = None
                tail = at + 28 + (captured + 3 & ~3)
                if tail + 4 < end:
                    for code, where, size_of in self.options(order, tail, end - 4):
                        if code == OPT_EPB_FLAGS and size_of == 4:
                            way = struct.unpack_from(order + 'I', data, where)[0] & 3
                            out = (None, False, True, None)[way]
                        elif code == OPT_COMMENT:
                            note = self.text(where, size_of)
                number += 1
                yield (number, (high << 32 | low) * mul // div + offset, link, at + 28,
                       captured, out, note)
            elif kind == INTERFACE and length >= 20:
                face, note = self.interface(order, at, end - 4)
                faces.append(face)
                if note:
                    yield number, 0, face[0], at, 0, None, note
            elif kind == SIMPLE and faces and length >= 16:
                # It has no time.
                raise Bad(f'{self.name}: simple packet blocks tell no time')
            elif kind == OLD_PACKET and length >= 32:
                face, high, low, captured = struct.unpack_from(order + 'HxxIII', data, at + 8)
                if face >= len(faces) or captured > length - 32:
                    raise Bad(f'{self.name}: a packet that fits no interface at offset {at}')
                link, (mul, div), offset, _ = faces[face]
                number += 1
                yield (number, (high << 32 | low) * mul // div + offset, link, at + 28,
                       captured, None, None)
            elif kind == STATISTICS and length >= 24:
                self.statistics(order, at, end - 4)
            at = end
        self.torn = at < size


def load(name):
    """The bytes of file @name."""
    try:
        with open(name, 'rb') as file:
            try:
                return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            except (ValueError, OSError):       # empty, or a pipe
                return file.read()
    except OSError as error:
        raise Bad(f'{name}: {error.strerror}') from None


def read(name):
    return Packets(name, load(name))
