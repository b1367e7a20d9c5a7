#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Lines and branches of module/ that the tests reach, by file, and the lines that
they don't: each is explained in scripts/coverage.list, or this fails.
  scripts/check-coverage.py FILES.csv ALL.json     as scripts/coverage leaves them

A line of coverage.list: file, function, pattern, reason, separated by tabs. The
pattern, a regular expression, is searched for in the lines that were not reached;
one that it finds explains those around it, up to what was reached. An entry that
explains nothing is out of date and fails, too.
"""
import csv
import json
import pathlib
import re
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent
LIST = TOP / "scripts/coverage.list"
LEAST = 92.0        # per cent of the lines


def percent(part, whole):
    return 100.0 * part / whole if whole else 100.0


def table(path):
    """Prints it; returns the share of lines covered."""
    total = [0] * 4
    print(f"{'file':34} {'lines':>13} {'':>6} {'branches':>13}")
    with open(path, newline="") as f:
        rows = [(r["filename"], int(r["line_covered"]), int(r["line_total"]),
                 int(r["branch_covered"]), int(r["branch_total"]))
                for r in csv.DictReader(f)]
    for name, *n in rows + [("all", None)]:
        if name == "all":
            n = total
        else:
            total = [a + b for a, b in zip(total, n)]
        print(f"{name:34} {n[0]:6}/{n[1]:6} {percent(n[0], n[1]):6.1f}"
              f" {n[2]:6}/{n[3]:6} {percent(n[2], n[3]):6.1f}")
    return percent(total[0], total[1])


def inside(text, number):
    """The function that a line is in: kernel style begins only those so."""
    for line in reversed(text[:number]):
        if m := re.match(r"[a-z][^;=]*?(\w+)\(", line):
            return m[1]
    return "-"


def blocks(path):
    """Lists of lines of code not reached with none that was in between, each
    line as file, function, number and text."""
    with open(path) as f:
        files = json.load(f)["files"]
    for entry in files:
        name = entry["file"]
        text = (TOP / name).read_text().splitlines()
        block = []
        for line in sorted(entry["lines"], key=lambda x: x["line_number"]):
            number = line["line_number"]
            if line.get("gcovr/noncode") or line["count"]:
                if block:
                    yield block
                block = []
                continue
            function = inside(text, number)
            if block and block[-1][1] != function:
                yield block
                block = []
            block.append((name, function, number, text[number - 1].strip()))
        if block:
            yield block


def explanations():
    if not LIST.exists():
        return []
    found = []
    for n, line in enumerate(LIST.read_text().splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        fields = re.split(r"\t+", line)
        if len(fields) != 4:
            sys.exit(f"{LIST.name}:{n}: not file, function, pattern and reason")
        found.append((n, *fields))
    return found


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    share = table(sys.argv[1])
    known, used, bad = explanations(), set(), False
    lines = left = 0
    for block in blocks(sys.argv[2]):
        name, function = block[0][:2]
        why = [n for n, file, func, pattern, _ in known if (file, func) == (name, function)
               and any(re.search(pattern, text) for *_, text in block)]
        used.update(why)
        lines += len(block)
        if why:
            continue
        left += len(block)
        for _, _, number, text in block:
            print(f"{name}:{number}: {function}: not reached: {text}")
    for n, file, function, pattern, _ in known:
        if n not in used:
            print(f"{LIST.name}:{n}: {file}: {function}: explains nothing: {pattern}")
            bad = True
    print(f"coverage: {share:.2f} % of the lines; {lines} not reached, "
          f"{left} of them not explained")
    return bad or left or share < LEAST


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
