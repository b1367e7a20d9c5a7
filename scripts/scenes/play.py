#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Play scenes here, as root with tern loaded, and print the recording.

usage: scenes/play.py [--set SYSCTL=VALUE]... NAME...

Host c is 10.0.0.1, host s 10.0.0.2: network namespaces joined by a cable.
The recording, Tern's trace with the scene's own lines in it, is for
scripts/ladder.py.

A scene is NAME.scene: lines "key: value" (title, text, sysctls that govern it,
a note, "isn: absolute" for numbers as they are on the wire), a line "--", and
what is typed:

    # TEXT          told in the ladder
    c> CODE         Python at host c's terminal (host.py); s> likewise. With
                    "# blocks" at the end it is not waited for
    ! wait c N      until that returns, N seconds at most
    c$ COMMAND      shell at host c; s$ likewise; $ at neither
    ! crash c       the host is gone without a word
    ! boot c        and is there again
"""
import glob
import os
import pathlib
import re
import select
import signal
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
TRACE = pathlib.Path('/sys/kernel/tracing/instances/scene')
EVENTS = ('tern_state', 'tern_send', 'tern_recv', 'tern_timer', 'tern_drop',
          'tern_retransmit')
PACE = 0.1      # seconds between what is typed
PATIENCE = 200  # for a call that should return
MAC = '02:00:00:00:00:0%d'


def sh(command, check=True):
    r = subprocess.run(['bash', '-c', command], stdin=subprocess.DEVNULL,
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    text = r.stdout.decode(errors='replace').strip()
    if check and r.returncode:
        sys.exit('play: %s: %s' % (command, text))
    return r.returncode, text


def host_up(name, n, dev):
    """The commands that make @dev, in its namespace already, the host's cable."""
    return ['ip -n %s link set %s name eth0 address %s' % (name, dev, MAC % n),
            'ip -n %s addr add 10.0.0.%d/24 dev eth0' % (name, n),
            'ip -n %s link set lo up' % name,
            'ip -n %s link set eth0 up' % name,
            'ip -n %s neigh replace 10.0.0.%d lladdr %s dev eth0 nud permanent' %
            (name, 3 - n, MAC % (3 - n)),
            'ip netns exec %s ethtool -K eth0 tx off tso off gso off gro off' % name]


def hosts_up():
    sh('ip netns add c && ip netns add s')
    for name in 'c', 's':
        sh('ip netns exec %s bash -c "for i in all default; do echo 1 > '
           '/proc/sys/net/ipv6/conf/\\$i/disable_ipv6; done"' % name, check=False)
    sh('ip link add c0 netns c type veth peer name s0 netns s')
    for name, n in ('c', 1), ('s', 2):
        for command in host_up(name, n, name + '0'):
            sh(command)


def hosts_down():
    for name in 'c', 's':
        if os.path.exists('/run/netns/' + name):
            pids = sh('ip netns pids ' + name)[1].split()
            for pid in pids:
                os.kill(int(pid), signal.SIGKILL)
            sh('ip netns del ' + name)


def read_scene(name):
    """The fields and the script of NAME.scene."""
    head, _, script = (HERE / (name + '.scene')).read_text().partition('\n--\n')
    return dict(line.split(': ', 1) for line in head.splitlines()), script


class Stage:
    def __init__(self, name, settings):
        self.name, self.settings, self.terminals = name, settings, {}
        self.pending = {}

    def mark(self, text):
        os.write(self.marker, ('scene: ' + text).encode()[:900])

    def trace_on(self):
        TRACE.mkdir()
        (TRACE / 'trace_clock').write_text('mono')
        (TRACE / 'buffer_size_kb').write_text('8192')
        self.marker = os.open(TRACE / 'trace_marker', os.O_WRONLY)
        self.pipe = subprocess.Popen(['cat', str(TRACE / 'trace_pipe')])
        self.events(1)

    def events(self, on):
        for event in EVENTS:
            path = TRACE / 'events/tern' / event / 'enable'
            if path.exists():
                path.write_text(str(on))

    def trace_off(self):
        self.events(0)
        os.close(self.marker)
        # What is in the buffer comes out before the instance can go.
        for _ in range(100):
            left = sum(int(re.search(r'entries: (\d+)', pathlib.Path(p).read_text())[1])
                       for p in glob.glob(str(TRACE / 'per_cpu/cpu*/stats')))
            if not left:
                break
            time.sleep(0.05)
        time.sleep(0.1)
        self.pipe.kill()
        self.pipe.wait()
        TRACE.rmdir()

    def host(self, name):
        self.mark('host %s %d' % (name, os.stat('/run/netns/' + name).st_ino))

    def sysctls(self, name):
        values = sh('ip netns exec %s bash -c "cd /proc/sys/net/tern && grep -s . *"' % name)[1]
        for line in values.splitlines():
            key, value = line.split(':', 1)
            self.mark('sysctl %s %s %s' % (name, key, value))

    def terminal(self, who):
        t = self.terminals.get(who)
        if t and t[0].poll() is None:
            return t
        ours, theirs = os.pipe()
        t = subprocess.Popen(['ip', 'netns', 'exec', who, 'python3', '-u', str(HERE / 'host.py'),
                              who, str(self.marker), str(theirs)],
                             stdin=subprocess.PIPE, pass_fds=(self.marker, theirs))
        os.close(theirs)
        # Ready to hear, so that starting it takes none of the scene's time
        self.terminals[who] = t, ours
        self.pending[who] = 0
        self.type(who, 'None')
        return self.terminals[who]

    def type(self, who, line, blocks=False):
        t, ours = self.terminal(who)
        t.stdin.write((line + '\n').encode())
        t.stdin.flush()
        self.pending[who] += 1
        if not blocks:
            self.settle(who, PATIENCE)

    def settle(self, who, seconds):
        """Wait for a call to return, so long at most."""
        t, ours = self.terminals[who]
        end = time.monotonic() + seconds
        while self.pending[who]:
            ready, _, _ = select.select([ours], [], [], max(0, end - time.monotonic()))
            if not ready:
                self.mark('broken %s doesn\'t return' % who)
                break
            if not os.read(ours, 1):
                break
            self.pending[who] -= 1

    def play(self):
        fields, script = read_scene(self.name)
        hosts_up()
        self.trace_on()
        self.mark('begin ' + self.name)
        if fields.get('isn') == 'absolute':
            self.mark('absolute')
        for name in 'c', 's':
            self.host(name)
            for key, value in self.settings:
                sh('ip netns exec %s bash -c "echo %s > /proc/sys/net/tern/%s"' %
                   (name, value, key))
            self.sysctls(name)
            self.terminal(name)
        for line in script.splitlines():
            self.line(line)
        time.sleep(PACE)
        self.mark('end')
        for who, (t, ours) in self.terminals.items():
            t.kill()
            t.wait()
            os.close(ours)
        self.trace_off()
        hosts_down()

    def line(self, line):
        if not line.strip():
            return
        if line.startswith('# '):
            self.mark('caption ' + line[2:])
            return
        where, line = line.split(' ', 1)
        if where in ('c>', 's>'):
            blocks = line.endswith('# blocks')
            self.type(where[0], line.removesuffix('# blocks').rstrip(), blocks)
        elif where in ('c$', 's$'):
            self.shell('ip netns exec %s bash -c %s' % (where[0], quote(line)), where[0], line)
        elif where == '$':
            self.shell(line, '-', line)
        elif where == '!':
            self.directive(*line.split())
        else:
            sys.exit('play: %s: what is "%s %s"?' % (self.name, where, line))
        time.sleep(PACE)

    def shell(self, command, who, shown):
        """Its exit code is part of the scene, as what the terminal shows is."""
        if not re.match(r'sleep\b', shown):
            self.mark('shell %s %s' % (who, shown))
        rc, text = sh(command, check=False)
        if 'insmod' in shown:
            self.events(1)
        if rc:
            last = (text.splitlines() or ['exit %d' % rc])[-1]
            self.mark('error %s %s: %s' % (who, shown[:60], last[:80]))

    def directive(self, what, *args):
        if what == 'wait':      # for a blocked call
            self.settle(args[0], float(args[1]))
        elif what == 'crash':   # no segment leaves it from here on
            self.mark('gone ' + args[0])
            for command in CRASH:
                sh(command % {'h': args[0]})
            self.terminals[args[0]][0].wait()
        elif what == 'boot':
            for command in boot(args[0]):
                sh(command)
            self.host(args[0])
            self.sysctls(args[0])
        else:
            sys.exit('play: %s: no directive %s' % (self.name, what))


# The cable stays plugged in, but nobody is there.
CRASH = ['ip -n %(h)s link set eth0 name %(h)s0 netns 1',
         'ip link set %(h)s0 up',
         'kill -KILL $(ip netns pids %(h)s)',
         'sleep 0.2; ip netns del %(h)s']


def boot(host):
    return ['ip netns add ' + host, 'ip link set %s0 netns %s' % (host, host)] + \
        host_up(host, 1 if host == 'c' else 2, host + '0')


def quote(text):
    """shlex.quote(), which the guest's python3-minimal has not."""
    return "'" + text.replace("'", "'\\''") + "'"


def main():
    args, settings = sys.argv[1:], []
    while args and args[0] == '--set':
        settings.append(args[1].split('='))
        args = args[2:]
    if not args or args[0].startswith('-'):
        print(__doc__)
        return 2
    for name in args:
        Stage(name, settings).play()
    return 0


if __name__ == '__main__':
    sys.exit(main())
