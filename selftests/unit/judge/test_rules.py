#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Each rule is kept by a trace that keeps it, and broken by one that breaks it."""
import inspect
import unittest

import cases
from talk import RULES, TOP, Talk

# pylint: disable=wrong-import-order
from judge import model

# What a trace that keeps one rule breaks all the same, by what it must do
BESIDE = {}
OF_TRACES = {'timer-early', 'timer-late', 'timer-most', 'state-edge'}


class Each(unittest.TestCase):
    def test_all_have_both(self):
        want = set(RULES) - OF_TRACES
        self.assertEqual(want, set(cases.KEEPS))
        self.assertEqual(want, set(cases.BREAKS))


def add(name):
    def keep(self):
        t = Talk()
        cases.KEEPS[name](t)
        kept, broken, _ = t.count(name)
        self.assertEqual(0, broken, t.text())
        self.assertGreater(kept, 0, 'not kept') if name not in SILENT else None
        self.assertEqual(BESIDE.get(name, []), t.broken(), t.text())

    def broken(self):
        t = Talk()
        cases.BREAKS[name](t)
        self.assertGreater(t.count(name)[1], 0, 'not seen: ' + t.text())

    setattr(Each, 'test_keep_' + name.replace('-', '_'), keep)
    setattr(Each, 'test_break_' + name.replace('-', '_'), broken)


def add_clean(what):
    def clean(self):
        t = Talk()
        cases.CLEAN[what](t)
        self.assertEqual([], t.broken(), t.text())

    setattr(Each, 'test_clean_' + what.replace(' ', '_'), clean)


# Rules that only ever say what is wrong
SILENT = {'ts-unasked', 'sack-there', 'rst-last', 'rst-obeyed'}
for rule in cases.KEEPS:
    add(rule)
for case in cases.CLEAN:
    add_clean(case)


class Names(unittest.TestCase):
    def test_options(self):
        """The numbers of socket options are those of linux/tern.h."""
        text = (TOP / 'uapi/linux/tern.h').read_text(encoding='utf-8')
        for name, number in (('RTO_MIN_US', model.RTO_MIN), ('RTO_MAX_US', model.RTO_MAX),
                             ('RTO_INIT_US', model.RTO_INIT), ('MSL_MS', model.MSL)):
            self.assertRegex(text, rf'#define TERN_{name}\s+{number}\n')


class Doubt(unittest.TestCase):
    """What it can't know it accuses nobody of."""

    def test_lost_segment(self):
        """A capture that is not known to be whole lacks what was acknowledged."""
        t = Talk(complete=False)
        t.open()
        t.a(len=100)
        t.nxt['a'] += 100
        t.b()
        t.a(len=100)
        self.assertEqual([], [n for n in t.broken() if n != 'seq-next'], t.text())
        self.assertGreater(t.count('ack-received')[2], 0)

    def test_far(self):
        """Where it was not captured, an end's answers are not judged."""
        t = Talk(near=False)
        t.open()
        t.a(len=100)
        t.b(dt=3)
        self.assertEqual([], t.broken(), t.text())
        self.assertGreater(t.count('ack-delay')[2], 0)

    def test_deaf(self):
        t = Talk()
        t.open()
        t.hosts['b'].deaf = t.hosts['b'].was_deaf = True
        t.a(len=100)
        t.hosts['b'].deaf = False
        t.a(seq=1, len=100, dt=0.3)
        t.b()
        self.assertEqual([], t.broken(), t.text())

    def test_middle(self):
        """A capture that begins in the middle"""
        t = Talk()
        t.nxt = {'a': 5000, 'b': 9000}
        for _ in range(3):
            t.a(len=1448)
            t.b()
        t.close()
        self.assertEqual([], t.broken(), t.text())

    def test_both_at_once(self):
        """Simultaneous open, data, simultaneous close, TIME-WAIT on both sides"""
        t = Talk()
        t.a('S', **t.syn_options('a'))
        t.b('S', **t.syn_options('b'))
        t.a('S.', seq=0, ack=1, **t.syn_options('a'))
        t.b('S.', seq=0, ack=1, **t.syn_options('b'))
        t.ts_on = True
        t.a('P.', len=10)
        t.b('P.', len=10)
        t.a('F.')
        t.b('F.', ack=11)
        t.a('.')
        t.b('.')
        self.assertEqual([], t.broken(), t.text())
        self.assertTrue(all(e.tw for e in t.judge.conns[0].ends))

    def test_merged_close(self):
        t = Talk()
        t.open()
        t.a('F.')
        t.b('F.')
        t.a('.')
        self.assertEqual([], t.broken(), t.text())
        a, b = t.judge.conns[0].ends
        self.assertTrue(a.tw)
        self.assertFalse(b.tw)

    def test_wrap(self):
        """Sequence numbers wrap, and so do timestamps."""
        t = Talk(iss=(0xffffff00, 0xfffffff0))
        t.clock['b'] = (1 << 32) - 3000
        t.open(ws=7)
        for _ in range(20):
            t.a(len=1448)
            t.a(len=1448)
            t.b()
        t.close()
        self.assertEqual([], t.broken(), t.text())
        self.assertEqual(1, len(t.judge.conns))

    def test_paws(self):
        """What PAWS refuses was not received."""
        t = Talk()
        t.open()
        t.a(len=10)
        t.b()
        t.a(len=10, tsval=t.tick('a') - 100000, tsecr=t.recent['a'])
        t.b()
        self.assertIn('ack-received', t.broken())

    def test_v6_default_mss(self):
        t = Talk(v6=True)
        t.open(mss=None, ts=False)
        t.a(len=1220)
        t.a(len=1221)
        self.assertEqual((1, 1, 0), t.count('mss-obeyed'))

    def test_second_connection(self):
        """The same ports again, after a reset"""
        t = Talk()
        t.open()
        t.a('R')
        t.again()
        t.open()
        t.a(len=10)
        t.b()
        self.assertEqual([], t.broken(), t.text())
        self.assertEqual(2, len(t.judge.conns))

    def test_half_open(self):
        """RFC 9293 3.5.1: one end has forgotten the connection"""
        t = Talk()
        t.open()
        t.a(len=10)
        t.b()
        old = dict(t.iss), dict(t.nxt)
        t.iss = {'a': 123456, 'b': t.iss['b']}
        t.nxt['a'] = 0
        ts, t.ts_on, recent = t.ts_on, False, dict(t.recent)
        t.a('S', **t.syn_options('a'))
        t.recent = recent
        t.iss, t.nxt = dict(old[0]), dict(old[1])
        t.ts_on = ts
        t.b('.')                                # the challenge
        t.a('R', rawseq=t.iss['a'] + 11)        # what it acknowledged
        self.assertEqual([], t.broken(), t.text())
        self.assertEqual((1, 0, 0), t.count('challenge-sent'))

    def test_excused(self):
        t = Talk()
        t.hosts['a'].excused['window-obeyed'] = 'to see'
        t.window = 100
        t.open()
        t.a(len=200)
        t.findings()
        self.assertEqual([], t.broken())


if __name__ == '__main__':
    unittest.main()
