#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Run the Promela models of Documentation/model with spin, and hold the
transitions that they take against those that selftests were seen to take.

usage: check-model.py [--long]

--long: also what takes minutes. A transition that one side has alone is an
error, unless it is named in EXPLAINED.
"""
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parent.parent
MODEL = TOP / "Documentation/model"
SAFETY = (["-DSAFETY", "-DNOCLAIM"], [])
# Half-open connections end, under weak fairness
LIVENESS = (["-DNFAIR=3"], ["-a", "-f"])
# model, its defines, how it is searched
RUNS = [
    ("connection", [], SAFETY),
    ("connection", ["-DBOTH"], SAFETY),
    ("connection", [], LIVENESS),
    ("queues", ["-DCPUS=1", "-DOBJECTS=1"], SAFETY),
]
LONG = [
    ("connection", ["-DOLD"], SAFETY),
    ("connection", ["-DOPENS=2"], SAFETY),
    ("connection", ["-DBOTH"], LIVENESS),
    ("queues", ["-DCPUS=1"], SAFETY),
    ("queues", ["-DCPUS=2", "-DSEGMENTS=1", "-DOBJECTS=1"], SAFETY),
    ("queues", ["-DCPUS=1", "-DAGAIN", "-DOBJECTS=1"], SAFETY),
]
# Of a connection that has been up: what ends it from any state. The model has
# them in each state where they can happen, the record in the state of one test.
ANY_STATE = {"timeout", "rst", "linger 0", "unread", "max_orphans", "keepalive",
             "listener closed", "data after close"}
EXPLAINED = {
    ("TIME_WAIT", "CLOSE", "syn"): "-DOPENS=2: of the long runs",
}


def run(name, defines, how, into):
    """(edges, one line that tells how it went); raises RuntimeError"""
    compile_by, search_by = how
    for command in (["spin", "-a", *defines, MODEL / f"{name}.pml"],
                    ["gcc", "-O2", "-w", "-DCOLLAPSE", "-DMEMLIM=4000",
                     f"-I{MODEL}", *compile_by, "-o", "pan", "pan.c"]):
        done = subprocess.run(command, cwd=into, text=True, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode:
            raise RuntimeError(f"{command[0]}: {done.stdout.strip()}")
    start = time.monotonic()
    said = subprocess.run(["./pan", "-m1000000", *search_by], cwd=into, text=True,
                          check=False, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT).stdout
    took = time.monotonic() - start
    if "errors: 0" not in said or "Search not completed" in said:
        found = [s for s in said.splitlines() if s.startswith(("pan:", "State-vector"))]
        trail = subprocess.run(["spin", "-t", *defines, MODEL / f"{name}.pml"],
                               cwd=into, text=True, check=False,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout
        raise RuntimeError("\n".join(found + trail.splitlines()[-15:]))
    states = next(int(s.split()[0]) for s in said.splitlines() if "states, stored" in s)
    edges = {tuple(s.split("\t")[1:]) for s in said.splitlines() if s.startswith("edge\t")}
    words = " ".join([name, *defines]) + (": ends" if how is LIVENESS else "")
    return edges, f"{words}: {states} states, {took:.0f} s"


def recorded():
    text = (TOP / "Documentation/states.edges").read_text(encoding="utf-8")
    return {tuple(s.split("\t")[:3]) for s in text.splitlines()}


def compare(model):
    seen = recorded()
    pairs = {(a, b) for a, b, _ in seen}
    for edge in sorted(seen - model):
        if edge not in EXPLAINED:
            yield f"{' '.join(edge)}: the selftests took it, the model doesn't have it"
    for edge in sorted(model - seen):
        old, new, event = edge
        if not (event in ANY_STATE and new == "CLOSE") and (old, new) not in pairs:
            yield f"{' '.join(edge)}: of the model, no selftest took it"


def main():
    if sys.argv[1:] not in ([], ["--long"]):
        print(__doc__.split("\n\n")[1], file=sys.stderr)
        return 2
    if not shutil.which("spin"):
        print("check-model: spin is missing: run scripts/setup as root", file=sys.stderr)
        return 1
    edges, errors = set(), []
    for name, defines, how in RUNS + (LONG if sys.argv[1:] else []):
        with tempfile.TemporaryDirectory() as into:
            try:
                more, told = run(name, defines, how, into)
            except RuntimeError as why:
                errors.append(f"{name} {' '.join(defines)}: {why}")
                continue
        edges |= more
        print("model:", told, flush=True)
    errors += compare(edges)
    for error in errors:
        print("check-model:", error, file=sys.stderr)
    return bool(errors)


if __name__ == "__main__":
    sys.exit(main())
