#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What tern-judge reads: captures of each kind, packets of each link, traces; and its command line."""
import contextlib
import io
import json
import os
import socket
import struct
import subprocess
import sys
import tempfile
import unittest

from talk import TOP, Talk

# pylint: disable=wrong-import-order
from judge import capture, cli, notes, packet
from judge.engine import Judge
from judge.trace_views import Views

TOOL = str(TOP / 'tools/tern-judge')
A4, B4 = bytes([10, 9, 0, 1]), bytes([10, 9, 0, 2])
A6, B6 = socket.inet_pton(socket.AF_INET6, 'fd09::1'), socket.inet_pton(socket.AF_INET6, 'fd09::2')


def tcp(src, dst, flags='.', seq=1, ack=1, data=b'', options=b'', proto=253, ports=(1, 2), win=1000,
        spoil=0):
    bits = sum({'S': 2, 'F': 1, 'R': 4, 'P': 8, '.': 16}[f] for f in flags)
    hlen = 20 + len(options)
    h = struct.pack('>HHIIBBHHH', *ports, seq & 0xffffffff, ack & 0xffffffff, hlen // 4 << 4, bits,
                    win, 0, 0) + options + data
    total = packet.folded(src + dst + struct.pack('>HH', proto, len(h))) + packet.folded(h)
    return h[:16] + struct.pack('>H', (65535 - total % 65535) ^ spoil) + h[18:]


def ipv4(payload, proto=253, src=A4, dst=B4, options=b'', frag=0x4000, total=None):
    hlen = 20 + len(options)
    total = hlen + len(payload) if total is None else total
    return struct.pack('>BBHHHBBH4s4s', 0x40 | hlen // 4, 0, total, 1, frag, 64, proto, 0,
                       src, dst) + options + payload


def ipv6(payload, proto=253, src=A6, dst=B6):
    return struct.pack('>IHBB16s16s', 6 << 28, len(payload), proto, 64, src, dst) + payload


def ether(ip, vlan=0):
    kind = 0x0800 if ip[0] >> 4 == 4 else 0x86dd
    tags = b'\x81\0\0\5' * vlan
    return bytes(12) + tags + struct.pack('>H', kind) + ip


def pcap(packets, link=1, order='<', magic=0xa1b2c3d4):
    out = struct.pack(order + 'IHHiIII', magic, 2, 4, 0, 0, 65535, link)
    for i, p in enumerate(packets):
        out += struct.pack(order + 'IIII', 100, i * 1000, len(p), len(p)) + p
    return out


def option(order, code, value):
    return struct.pack(order + 'HH', code, len(value)) + value + bytes(-len(value) % 4)


def block(order, kind, body):
    size = len(body) + 12
    return struct.pack(order + 'II', kind, size) + body + struct.pack(order + 'I', size)


def pcapng(packets, order='<', resolution=b'\x09', notes_=(), dropped=None, flags=None):
    out = block(order, 0x0a0d0d0a, struct.pack(order + 'IHHq', 0x1a2b3c4d, 1, 0, -1))
    out += block(order, 1, struct.pack(order + 'HHI', 1, 0, 0) +
                 option(order, 9, resolution) + bytes(4))
    for text in notes_:
        out += block(order, 6, struct.pack(order + 'IIIII', 0, 0, 0, 0, 0) +
                     option(order, 1, text.encode()) + bytes(4))
    for i, p in enumerate(packets):
        t = 100 * 10 ** 9 + i * 1000000
        tail = b'' if flags is None else option(order, 2, struct.pack(order + 'I', flags)) + bytes(4)
        out += block(order, 6, struct.pack(order + 'IIIII', 0, t >> 32, t & 0xffffffff, len(p),
                                           len(p)) + p + bytes(-len(p) % 4) + tail)
    if dropped is not None:
        out += block(order, 5, struct.pack(order + 'III', 0, 0, 0) +
                     option(order, 5, struct.pack(order + 'Q', dropped)) + bytes(4))
    return out


SYN_OPTIONS = b'\2\4\5\xb4' + b'\xfd\x08\x54\x45\0\0\x13\x88'


def talk(proto=253):
    """A handshake and ten bytes"""
    opts = SYN_OPTIONS if proto == 253 else SYN_OPTIONS[:4]

    def a(flags, seq, ack, data=b'', options=b''):
        return ether(ipv4(tcp(A4, B4, flags, seq, ack, data, options, proto), proto))

    synack = tcp(B4, A4, 'S.', 500, 101, b'', opts, proto, (2, 1))
    return [a('S', 100, 0, options=opts), ether(ipv4(synack, proto, B4, A4)),
            a('.', 101, 501), a('P.', 101, 501, b'0123456789')]


def segments(data, link=None, **more):
    packets = capture.Packets('test', data)
    parser = packet.Parser(**more)
    out = []
    for number, t, got, at, have, way, note in packets:
        if note is None:
            s = parser.parse(packets.data, at, have, got)
            if s is not None:
                s.n, s.t = number, t
                s.out = s.out if way is None else way
                out.append(s)
    return out, packets, parser


class Captures(unittest.TestCase):
    def test_pcap(self):
        for order in '<>':
            for magic, grain in ((0xa1b2c3d4, 1000), (0xa1b23c4d, 1)):
                with self.subTest(order=order, magic=hex(magic)):
                    found, packets, _ = segments(pcap(talk(), 1, order, magic))
                    self.assertEqual(4, len(found))
                    self.assertEqual(100 * 10 ** 9 + 3000 * grain, found[3].t)
                    self.assertFalse(packets.torn)

    def test_pcapng(self):
        for order in '<>':
            found, packets, _ = segments(pcapng(talk(), order, dropped=0, flags=2))
            self.assertEqual([1, 2, 3, 4], [s.n for s in found])
            self.assertEqual(100 * 10 ** 9 + 2000000, found[2].t)
            self.assertEqual(0, packets.dropped)
            self.assertTrue(found[0].out)

    def test_resolution(self):
        found, _, _ = segments(pcapng(talk(), resolution=b'\x06'))
        self.assertEqual((100 * 10 ** 9 + 2000000) * 1000, found[2].t)
        found, _, _ = segments(pcapng(talk(), resolution=b'\x8a'))
        self.assertEqual((100 * 10 ** 9 + 2000000) * 10 ** 9 >> 10, found[2].t)

    def test_dropped(self):
        self.assertEqual(7, segments(pcapng(talk(), dropped=7))[1].dropped)

    def test_bad(self):
        whole = pcapng(talk())
        for data in (b'', b'short', b'x' * 100, whole[:8] + b'\0' * 30):
            with self.assertRaises(capture.Bad):
                list(capture.Packets('test', data))
        broken = bytearray(whole)
        broken[32:36] = struct.pack('<I', 7)    # the length of the interface's block
        with self.assertRaises(capture.Bad):
            list(capture.Packets('test', bytes(broken)))

    def test_torn(self):
        for data in (pcap(talk()), pcapng(talk())):
            for cut in (1, 10, 30):
                found, packets, _ = segments(data[:-cut])
                self.assertTrue(packets.torn)
                self.assertEqual(3, len(found))


class Packets(unittest.TestCase):
    def one(self, data, link, **more):
        found, _, parser = segments(pcap([data], link), **more)
        return (found or [None])[0], parser

    def check(self, s, length=10):
        self.assertIsNotNone(s)
        self.assertEqual((253, 101, 501, 24, length), (s.proto, s.seq, s.ack, s.flags, s.len))

    def test_links(self):
        seg = tcp(A4, B4, 'P.', 101, 501, b'0123456789')
        for link, head in ((0, b'\2\0\0\0'), (1, bytes(12) + b'\x08\0'),
                           (1, bytes(12) + b'\x81\0\0\5\x08\0'),
                           (1, bytes(12) + b'\x88\xa8\0\5\x81\0\0\6\x08\0'),
                           (101, b''), (12, b''), (108, b'\0\0\0\2'), (228, b''),
                           (113, b'\0\4' + bytes(12) + b'\x08\0'), (276, bytes(10) + b'\4' + bytes(9))):
            with self.subTest(link=link):
                s, _ = self.one(head + ipv4(seg), link)
                self.check(s)
                self.assertEqual(packet.RIGHT, s.sum)
                self.assertEqual(True if link in (113, 276) else None, s.out)
        s, _ = self.one(ipv6(tcp(A6, B6, 'P.', 101, 501, b'0123456789')), 229)
        self.check(s)

    def test_other_link(self):
        s, parser = self.one(b'x' * 60, 105)
        self.assertIsNone(s)
        self.assertTrue(parser.skipped)

    def test_ipv4_options(self):
        seg = tcp(A4, B4, 'P.', 101, 501, b'0123456789')
        s, _ = self.one(ether(ipv4(seg, options=b'\1\1\1\0')), 1)
        self.check(s)
        self.assertEqual(packet.RIGHT, s.sum)
        self.assertEqual(('10.9.0.1:1', '10.9.0.2:2'), packet.address_text(s.key))
        # A source route: the last hop's address is not in the header.
        s, _ = self.one(ether(ipv4(seg, options=b'\x83\7\4\1\2\3\4\0')), 1)
        self.assertEqual(packet.UNKNOWN, s.sum)

    def test_padding(self):
        s, _ = self.one(ether(ipv4(tcp(A4, B4, 'P.', 101, 501, b'0123456789'))) + bytes(20), 1)
        self.check(s)

    def test_fragments(self):
        for frag in (0x2000, 0x0010):
            s, parser = self.one(ether(ipv4(tcp(A4, B4), frag=frag)), 1)
            self.assertIsNone(s)
            self.assertIn('fragment', ''.join(parser.skipped))
        seg = tcp(A6, B6, 'P.', 101, 501, b'0123456789')
        s, parser = self.one(ether(ipv6(b'\xfd\0\0\1' + bytes(4) + seg, 44)), 1)
        self.assertIsNone(s)
        self.assertIn('fragment', ''.join(parser.skipped))
        s, _ = self.one(ether(ipv6(b'\xfd\0\0\0' + bytes(4) + seg, 44)), 1)     # a whole one
        self.check(s)

    def test_extensions(self):
        seg = tcp(A6, B6, 'P.', 101, 501, b'0123456789')
        chain = b'\x3c\0' + bytes(6)            # hop by hop, destination next
        chain += b'\x33\1' + bytes(14)          # 16 bytes of it, AH next
        chain += b'\xfd\4' + bytes(22)          # 24
        s, _ = self.one(ether(ipv6(chain + seg, 0)), 1)
        self.check(s)
        self.assertEqual(('[fd09::1]:1', '[fd09::2]:2'), packet.address_text(s.key))
        self.assertEqual(packet.RIGHT, s.sum)
        route = b'\xfd\2\4\1' + bytes(20)
        s, _ = self.one(ether(ipv6(route + seg, 43)), 1)
        self.assertEqual(packet.UNKNOWN, s.sum)

    def test_sums(self):
        good = tcp(A4, B4, data=b'x' * 33)
        self.assertEqual(packet.RIGHT, self.one(ether(ipv4(good)), 1)[0].sum)
        bad = tcp(A4, B4, data=b'x' * 33, spoil=0x100)
        self.assertEqual(packet.WRONG, self.one(ether(ipv4(bad)), 1)[0].sum)
        self.assertEqual(packet.WRONG, self.one(ether(ipv4(good, src=B4, dst=A4[:3] + b'\7')), 1)[0].sum)
        for size in (len(good), 0):
            pseudo = packet.folded(A4 + B4 + struct.pack('>HH', 253, size))
            part = good[:16] + struct.pack('>H', pseudo) + good[18:]
            self.assertEqual(packet.PARTIAL, self.one(ether(ipv4(part)), 1)[0].sum)
        short = ether(ipv4(good))[:-20]
        self.assertEqual(packet.UNKNOWN, self.one(short, 1)[0].sum)

    def test_large(self):
        """A total of 0: more than the field can tell"""
        s, _ = self.one(ether(ipv4(tcp(A4, B4) + b'x' * 70000, total=0)), 1)
        self.assertEqual(70000, s.len)

    def test_udp(self):
        seg = tcp(A4, B4, 'P.', 101, 501, b'0123456789')
        udp = struct.pack('>HHHH', 9, 4000, 8 + len(seg), 0) + seg
        self.check(self.one(ether(ipv4(udp, 17)), 1, udp_port=4000)[0])
        self.assertIsNone(self.one(ether(ipv4(udp, 17)), 1)[0])

    def test_protocols(self):
        seg = tcp(A4, B4, proto=6)
        self.assertIsNone(self.one(ether(ipv4(seg, 6)), 1, protos=(253,))[0])
        self.assertEqual(6, self.one(ether(ipv4(seg, 6)), 1)[0].proto)

    def test_cut(self):
        """Nothing of a packet is taken for granted."""
        whole = ether(ipv6(b'\x3c\0' + bytes(6) + b'\xfd\0' + bytes(6) +
                           tcp(A6, B6, 'S', options=SYN_OPTIONS), 0))
        judge = Judge()
        noted = notes.Notes(judge)
        for n in range(len(whole)):
            packets = capture.Packets('test', pcap([whole[:n], ether(ipv4(tcp(A4, B4)))[:n]]))
            notes.feed_packets(judge, noted, packets, packet.Parser())

    def test_options(self):
        opts = b'\2\4\5\xb4\3\3\7\4\2\x08\x0a\0\0\0\1\0\0\0\2' + b'\xfd\x08\x54\x45\0\0\x13\x88\1'
        s, _ = self.one(ether(ipv4(tcp(A4, B4, 'S', options=opts))), 1)
        self.assertEqual((1460, 7, True, 1, 2, 5000, None),
                         (s.mss, s.ws, s.sackok, s.tsval, s.tsecr, s.mad, s.optbad))
        s, _ = self.one(ether(ipv4(tcp(A4, B4, options=b'\5\x12' + struct.pack('>IIII', 1, 2, 3, 4) +
                                       b'\1\1'))), 1)
        self.assertEqual(((1, 2), (3, 4)), s.sacks)
        for bad in (b'\2\3\0\0', b'\x08\x0a\0\0', b'\x63\1\0\0', b'\0\0\0\1', b'\2\4\1\1\2\4\1\1',
                    b'\5\7\0\0\0\0\0\0', b'\xfd\6\x54\x45\0\0\0\0'):
            s, _ = self.one(ether(ipv4(tcp(A4, B4, 'S', options=bad))), 1)
            self.assertIsNotNone(s.optbad, bad)


TRACE = """# tracer: nop
#
#           TASK-PID     CPU#  |||||  TIMESTAMP  FUNCTION
#              | |         |   |||||     |         |
          <...>-1 [000] b..1.  10.000100: tern_state: sport=4711 dport=0 saddr=:: daddr=:: netns=5 oldstate=CLOSE newstate=LISTEN event=listen
          <...>-1 [000] b..1.  10.000200: tern_state: sport=9 dport=4711 saddr=::ffff:10.9.0.1 daddr=::ffff:10.9.0.2 netns=4 oldstate=CLOSE newstate=SYN_SENT event=connect
          <...>-1 [000] b..1.  10.000300: tern_send: sport=9 dport=4711 saddr=::ffff:10.9.0.1 daddr=::ffff:10.9.0.2 netns=4 flags=SYN seq=100 ack=0 win=64240 len=0
          <...>-1 [000] b..1.  10.000400: tern_timer: sport=9 dport=4711 saddr=::ffff:10.9.0.1 daddr=::ffff:10.9.0.2 netns=4 op=arm timer=retransmit due_ns=11000400000 in_ns=1000000000
          <...>-1 [000] b..1.  10.000500: tern_recv: sport=9 dport=4711 saddr=::ffff:10.9.0.1 daddr=::ffff:10.9.0.2 netns=4 flags=SYN|ACK seq=500 ack=101 win=64240 len=0
          <...>-1 [000] b..1.  10.000600: tern_send: sport=9 dport=4711 saddr=::ffff:10.9.0.1 daddr=::ffff:10.9.0.2 netns=4 flags=ACK seq=101 ack=501 win=64240 len=0
          <...>-1 [000] b..1.  10.000700: tern_send: sport=9 dport=4711 saddr=::ffff:10.9.0.1 daddr=::ffff:10.9.0.2 netns=4 flags=PSH|ACK seq=%d ack=501 win=64240 len=10
          <...>-1 [000] b..1.  11.000500: tern_timer: sport=9 dport=4711 saddr=::ffff:10.9.0.1 daddr=::ffff:10.9.0.2 netns=4 op=fire timer=retransmit due_ns=11000400000 in_ns=%d
          <...>-1 [000] b..1.  11.000600: tern_state: sport=9 dport=4711 saddr=::ffff:10.9.0.1 daddr=::ffff:10.9.0.2 netns=4 oldstate=%s newstate=FIN_WAIT1 event=close
"""


class Traces(unittest.TestCase):
    def judge(self, seq=101, in_ns=-1000, old='ESTABLISHED', text=None):
        Talk()          # counts from 0
        views = Views(lambda missing: Judge(missing=missing))
        n = sum(views.feed(line) for line in (text or TRACE % (seq, in_ns, old)).splitlines())
        found = [f for _, judge in views.judges() for f in judge.finish()]
        return n, sorted(f.rule.name for f in found)

    def test_kept(self):
        self.assertEqual((9, []), self.judge())

    def test_broken(self):
        self.assertEqual((9, ['seq-next']), self.judge(seq=201))
        self.assertEqual((9, ['timer-early']), self.judge(in_ns=1))
        self.assertEqual((9, ['timer-late']), self.judge(in_ns=-10 ** 9))
        self.assertEqual((9, ['state-edge']), self.judge(old='TIME_WAIT'))
        self.assertEqual((9, ['timer-most']), self.judge(
            text=(TRACE % (101, 0, 'ESTABLISHED')).replace('in_ns=1000000000', 'in_ns=130000000000')))


class Program(unittest.TestCase):
    def run_tool(self, *args, data=None):
        with tempfile.TemporaryDirectory() as where:
            names = []
            for i, d in enumerate(data or ()):
                names.append(os.path.join(where, str(i)))
                with open(names[-1], 'wb') as file:
                    file.write(d)
            Talk()              # counts from 0
            out, err = io.StringIO(), io.StringIO()
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                code = cli.main([*args, *names])
        return code, out.getvalue(), err.getvalue()

    def test_program(self):
        """By itself, from elsewhere"""
        with tempfile.NamedTemporaryFile() as file:
            file.write(pcap(self.bad))
            file.flush()
            done = subprocess.run([sys.executable, TOOL, file.name], capture_output=True, text=True,
                                  check=False, cwd='/')
        self.assertEqual((1, ''), (done.returncode, done.stderr))
        self.assertIn('broken: ack-flag', done.stdout)

    bad = talk()
    bad.append(ether(ipv4(tcp(A4, B4, '', 111, 0, b'x'))))      # no ACK

    def test_exit_codes(self):
        self.assertEqual(0, self.run_tool(data=[pcap(talk())])[0])
        self.assertEqual(1, self.run_tool(data=[pcap(self.bad)])[0])
        self.assertEqual(1, self.run_tool(data=[pcapng(self.bad)])[0])
        self.assertEqual(2, self.run_tool()[0])
        self.assertEqual(2, self.run_tool('--nonsense', data=[pcap(talk())])[0])
        self.assertEqual(2, self.run_tool('--late', 'x', data=[pcap(talk())])[0])
        self.assertEqual(2, self.run_tool('--rule', 'none-such', data=[pcap(talk())])[0])
        code, _, said = self.run_tool('/none/such')
        self.assertEqual(2, code)
        self.assertIn('/none/such: No such file', said)
        code, _, said = self.run_tool(data=[b'no capture, but long enough to be looked at'])
        self.assertEqual(2, code)
        self.assertIn('neither pcap nor pcapng', said)

    def test_finding(self):
        _, said, _ = self.run_tool(data=[pcap(self.bad)])
        self.assertIn('broken: ack-flag (RFC 9293 3.1)', said)
        self.assertIn('segment 5, 0.004000 s: 10.9.0.1:1 > 10.9.0.2:2', said)
        self.assertIn('seen: no ACK', said)
        self.assertIn('wants: Each segment behind the SYN', said)

    def test_json(self):
        code, said, _ = self.run_tool('--json', data=[pcap(self.bad)])
        told = json.loads(said)
        self.assertEqual(1, code)
        self.assertEqual((1, 5, 1), (told['broken'], told['segments'], told['connections']))
        self.assertEqual('ack-flag', told['findings'][0]['rule'])
        self.assertEqual(5, told['findings'][0]['segment'])
        self.assertEqual(1, told['rules']['ack-flag']['broken'])
        self.assertEqual(2, told['rules']['ack-flag']['kept'])

    def test_ladder(self):
        _, said, _ = self.run_tool('--ladder', data=[pcap(self.bad)])
        self.assertIn('^ segment 5: ack-flag', said)
        self.assertIn('-- SYN seq 0 -', said)

    def test_should(self):
        bare = [ether(ipv4(tcp(A4, B4, 'S', 100, 0, options=b'\xfd\x08\x54\x45\0\0\x13\x88')))]
        self.assertEqual(0, self.run_tool(data=[pcap(bare)])[0])
        self.assertEqual(1, self.run_tool('--strict', data=[pcap(bare)])[0])

    def test_only(self):
        self.assertEqual(1, self.run_tool('--only', '10.9.0.1', data=[pcap(self.bad)])[0])
        self.assertEqual(0, self.run_tool('--only', '10.9.0.2', data=[pcap(self.bad)])[0])

    def test_proto(self):
        data = [pcap(talk(6) + [ether(ipv4(tcp(A4, B4, '', 111, 0, b'x', proto=6), 6))])]
        self.assertEqual(1, self.run_tool(data=data)[0])
        self.assertEqual(0, self.run_tool('--proto', '253', data=data)[0])

    def test_trace(self):
        good, bad = TRACE % (101, -1000, 'ESTABLISHED'), TRACE % (301, -1000, 'ESTABLISHED')
        self.assertEqual(0, self.run_tool(data=[good.encode()])[0])
        code, said, _ = self.run_tool(data=[bad.encode()])
        self.assertEqual(1, code)
        self.assertIn('netns 4: broken: seq-next', said)

    def test_notes(self):
        said = ['judge: host B 10.9.0.2']
        self.assertEqual(0, self.run_tool(data=[pcapng(self.bad, notes_=said)])[0])
        said = ['judge: host A 10.9.0.1']
        self.assertEqual(1, self.run_tool(data=[pcapng(self.bad, notes_=said)])[0])
        said.append('judge: A break ack-flag to see what happens')
        code, told, _ = self.run_tool('-v', data=[pcapng(self.bad, notes_=said)])
        self.assertEqual(0, code)
        self.assertIn('why: to see what happens', told)

    def test_lists(self):
        self.assertIn('window-obeyed', self.run_tool('--rules')[1])
        self.assertIn('``window-obeyed``', self.run_tool('--doc')[1])
        self.assertIn('usage:', self.run_tool('--help')[1])


if __name__ == '__main__':
    unittest.main()
