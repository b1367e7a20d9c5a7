#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Each sysctl and each counter is documented exactly once, with its bounds.

Reads the tables in module/{limits,sysctl,stats}.h and module/{sysctl,proc}.c
and holds Documentation/tern-{sysctl,counters}.rst against them.
"""
import collections
import pathlib
import re
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent
BY_MEMORY = {"max_syn_backlog", "max_tw_buckets", "max_orphans"}
RESENDS = "It counts resends"


def read(name):
    return (TOP / name).read_text(encoding="utf-8")


def number(text, consts):
    """Value of a number, a constant of limits.h, or a << b."""
    text = text.strip()
    text = consts.get(text, text)
    if "<<" in text:
        a, b = text.split("<<")
        return int(a) << int(b)
    return int(text.rstrip("U"), 0)


def sysctls():
    """name -> (default, lowest, highest), or None for knobs of another kind."""
    consts = dict(re.findall(r"#define\s+(TERN_\w+)\s+(\w+)",
                             read("module/limits.h")))
    table = {}
    for name, *row in re.findall(r"X\((\w+), ([^,]+), ([^,]+), ([^,)]+)\)",
                                 read("module/sysctl.h")):
        if name != "name":
            table[name] = tuple(number(v, consts) for v in row)
    source = read("module/sysctl.c")
    others = re.findall(r"\tOTHER\((\w+), ", source)
    others += re.findall(r'procname = "(\w+)"', source)
    table.update(dict.fromkeys(others))
    return table


def counters():
    names = re.findall(r'X\((\w+), "', read("module/stats.h"))
    names += re.findall(r'seq_printf\(seq, "(\w+) %', read("module/proc.c"))
    return names


def entries(text, head):
    """(name, text under it) of each entry, a line at column 0 like @head."""
    found = []
    for line in text.splitlines():
        m = re.match(head, line)
        if m:
            found.append([m.group(1), line])
        elif found and (not line or line[0].isspace()):
            found[-1][1] += " " + line.strip()
        else:
            found.append([None, ""])
    return [(name, body) for name, body in found if name]


def compare(what, want, have):
    errors = []
    seen = collections.Counter(have)
    for name in want:
        if seen[name] != 1:
            errors.append(f"{what} {name}: documented {seen[name]} times")
    errors += [f"{what} {n}: documented, doesn't exist"
               for n in seen if n not in want]
    return errors


def check_bounds(table, docs):
    errors = []
    for name, text in docs:
        text = re.sub(r"\s+", " ", text)
        if "er namespace" not in text and name != "mem":
            errors.append(f"sysctl {name}: scope is not told")
        if "Default: " not in text:
            errors.append(f"sysctl {name}: default is not told")
        if not table.get(name):
            continue
        default, low, high = table[name]
        if f"Range: {low} to {high}." not in text:
            errors.append(f"sysctl {name}: range is not {low} to {high}")
        if name not in BY_MEMORY and \
           not re.search(rf"Default: {default}\b", text):
            errors.append(f"sysctl {name}: default is not {default}")
    for name, text in docs:
        if name in ("retries2", "rto_min_us") and RESENDS not in text:
            errors.append(f"sysctl {name}: '{RESENDS}' is missing")
    return errors


def main():
    table = sysctls()
    docs = entries(read("Documentation/tern-sysctl.rst"), r"(\w+) - \S")
    errors = compare("sysctl", table, [name for name, _ in docs])
    errors += check_bounds(table, docs)
    docs = entries(read("Documentation/tern-counters.rst"), r"(\w+)$")
    docs = [(n, t) for n, t in docs if t != n]
    errors += compare("counter", counters(), [name for name, _ in docs])
    errors += [f"counter {n}: no text" for n, t in docs if len(t.split()) < 3]
    for error in errors:
        print(error, file=sys.stderr)
    if errors:
        return 1
    print(f"check-docs: {len(table)} sysctls, {len(counters())} counters")
    return 0


if __name__ == "__main__":
    sys.exit(main())
