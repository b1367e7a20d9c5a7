# SPDX-License-Identifier: GPL-2.0
"""A terminal on one host of a scene: what is typed there is Python.

By hand:    ip netns exec c python3 -i scripts/scenes/host.py
scenes/play gives each line on standard input and notes in the trace when the
call was made and what came of it.
"""
import os
import random
import sys
from socket import *    # noqa: F403 - a person at the terminal wants them all
from struct import pack
from time import sleep, time    # noqa: F401

TERN = 253
SYN, FIN, RST, PSH, ACK = 2, 1, 4, 8, 16
PORT = 7000


def tern(port=0):
    """A socket, bound to a port if one is named."""
    s = socket(AF_INET, SOCK_STREAM, TERN)
    s.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
    if port:
        s.bind(('', port))
    return s


def listen(backlog=8, port=PORT):
    s = tern(port)
    s.listen(backlog)
    return s


def connect(host='10.0.0.2', port=PORT, own=0):
    s = tern(own)
    s.connect((host, port))
    return s


def begin():
    """connect() that isn't waited for."""
    s = tern()
    s.setblocking(False)
    s.connect_ex(('10.0.0.2', PORT))
    return s


def read_all(s):
    """Bytes until end of file."""
    n = 0
    while data := s.recv(65536):
        n += len(data)
    return n


def linger(s, seconds):
    s.setsockopt(SOL_SOCKET, SO_LINGER, pack('@ii', 1, seconds))


def state(s):
    """The socket's state, from tern_info."""
    return ('', 'ESTABLISHED', 'SYN_SENT', 'SYN_RECV', 'FIN_WAIT1', 'FIN_WAIT2', 'TIME_WAIT',
            'CLOSE', 'CLOSE_WAIT', 'LAST_ACK', 'LISTEN', 'CLOSING')[s.getsockopt(TERN, 11, 1)[0]]


def queues():
    """Lengths of the listener's queues: (accept queue, SYN queue)."""
    lines = open('/proc/net/tern').read().splitlines()
    listeners = [line.split() for line in lines if ' LISTEN ' in line]
    return int(listeners[0][3]), sum(' SYN_RECV ' in line for line in lines)


def tap():
    """Hears what arrives at this host, for last()."""
    return socket(AF_PACKET, SOCK_DGRAM, 0x0008)


def last(t):
    """(seq, ack) of the last segment that arrived."""
    got = None
    while True:
        try:
            data, address = t.recvfrom(65536, MSG_DONTWAIT)
        except BlockingIOError:
            return got
        if address[2] == 0 and data[9] == TERN:
            head = data[(data[0] & 15) * 4:]
            got = int.from_bytes(head[4:8], 'big'), int.from_bytes(head[8:12], 'big')


def checksum(data):
    data += b'\0' * (len(data) % 2)
    total = sum(data[i] << 8 | data[i + 1] for i in range(0, len(data), 2))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def raw(source, to, flags, seq, ack=0, data=b'', options=b'', times=1):
    """A segment made by hand, source and to being (address, port)."""
    s = socket(AF_INET, SOCK_RAW, TERN)
    s.setsockopt(IPPROTO_IP, IP_HDRINCL, 1)
    for i in range(times):
        addr, port = source
        if times > 1:    # a flood: each from somewhere else
            addr = '10.0.%d.%d' % (1 + i // 250, 1 + i % 250)
            port = random.randrange(1024, 65536)
        doff = (20 + len(options)) // 4
        head = pack('>HHIIBBHHH', port, to[1], seq % 2**32, ack % 2**32,
                    doff << 4, flags, 65535, 0, 0) + options
        pseudo = inet_aton(addr) + inet_aton(to[0]) + \
            pack('>HH', TERN, len(head) + len(data))
        head = head[:16] + pack('>H', checksum(pseudo + head + data)) + head[18:]
        s.sendto(pack('>BBHHHBBH', 0x45, 0, 0, 0, 0, 64, TERN, 0) +
                 inet_aton(addr) + inet_aton(to[0]) + head + data, (to[0], 0))
    s.close()


def serve(who, mark, done):
    """Run the lines of standard input as the interactive prompt would."""
    def note(kind, text):
        os.write(mark, ('scene: %s %s %s' % (kind, who, text)).encode()[:900])

    def show(value):
        if value is not None:
            note('result', repr(value)[:60])

    sys.displayhook = show
    names = globals()
    for line in iter(sys.stdin.readline, ''):
        line = line.rstrip('\n')
        note('call', line)
        try:
            exec(compile(line, who, 'single'), names)
        except OSError as e:
            note('error', '%s: %s' % (type(e).__name__, e.strerror or e))
        except Exception as e:
            note('broken', '%s: %s' % (type(e).__name__, e))
        os.write(done, b'.')


if __name__ == '__main__' and not sys.stdin.isatty() and len(sys.argv) == 4:
    serve(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
