#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""A file of module/ includes only headers of files above it in Kbuild.

Kbuild's object order is the order of the layers, and of the folders: each one's
objects stand together, and none includes from a folder that stands below its
own. Headers without a .c file have their places here. And what one file alone
may do, no other does: RULES.
"""
import pathlib
import re
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent
MODULE = TOP / "module"
# Headers alone, with the object that they stand above
ALONE = {
    "pure/limits": "pure/segment", "pure/seq": "pure/segment",
    "netns/stats": "netns/sysctl", "netns/drop": "netns/sysctl",
    "core/ep": "core/trace", "core/net": "core/trace", "core/af": "core/trace",
    "core/mini": "core/trace", "core/tcb": "core/trace",
}

# What, but where, and what to do instead. compat/ is not looked at.
RULES = [
    (r"\bLINUX_VERSION_CODE\b|\bKERNEL_VERSION\(", None,
     "kernel version: move to compat/compat.h"),
    (r"\bjiffies\w*\b|\w+_to_jiffies\b|\bmod_timer\(|\btimer_setup\(", None,
     "jiffies: time is nanoseconds, timers are timer.c's"),
    (r"\bhrtimer_(?!restart\b)\w+\(", "core/timer.c",
     "hrtimers are timer.c's: tern_timer_arm(), tern_timer_mini_start()"),
    (r"\binet_sk_(?:set_state|state_store)\(|->(?:sk_state|skc_state)\s*=(?!=)|"
     r"(?:WRITE_ONCE|smp_store_release)\([^,]*sk_state\b|\.sk_state\s*=(?!=)",
     "core/state.c", "states are state.c's: tern_state_set()"),
]


def order():
    text = (TOP / "Kbuild").read_text(encoding="utf-8")
    names = []
    for line in re.findall(r"^tern-y\s*[:+]?=\s*(.*)$", text, re.M):
        for obj in re.findall(r"module/([\w/]+)\.o", line):
            names += [h for h, above in ALONE.items() if above == obj]
            names.append(obj)
    return {name: place for place, name in enumerate(names)}


def folders(place):
    """folder -> rank; a folder that Kbuild comes back to has None"""
    rank, last = {}, None
    for name in place:
        folder = name.rpartition("/")[0]
        if folder != last:
            rank[folder] = None if folder in rank else len(rank)
        last = folder
    return rank


def code(line):
    """A line without comments and strings"""
    if re.match(r"\s*/?\*", line):
        return ""
    return re.sub(r'"(?:\\.|[^"\\])*"|/\*.*?(?:\*/|$)|//.*', '""', line)


def check(path, place, rank):
    text = path.read_text(encoding="utf-8")
    shown = path.relative_to(TOP)
    inside = path.relative_to(MODULE)
    own = str(inside.with_suffix(""))
    folder = str(inside.parent) if inside.parent.name else ""
    if own not in place:
        yield f"{shown}: not in Kbuild: add it to the layer that it belongs to"
        return
    for number, line in enumerate(text.splitlines(), 1):
        for pattern, owner, instead in RULES:
            if str(inside) != owner and re.search(pattern, code(line)):
                yield f"{shown}:{number}: {instead}"
        found = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
        if not found:
            continue
        name = found[1].removesuffix(".h")
        if "/" not in name and folder:
            name = f"{folder}/{name}"
        its = name.rpartition("/")[0]
        if name not in place:
            yield f"{shown}:{number}: {found[1]} is not a header of Kbuild's list"
        elif place[name] > place[own]:
            yield (f"{shown}:{number}: {found[1]} stands below {own} in "
                   "Kbuild: move the code, or point to it from a table above")
        elif its != folder and not (rank[its] or 0) < (rank[folder] or 0):
            yield f"{shown}:{number}: {its}/ is no folder above {folder}/"


def unused():
    """Constants of limits.h that no other file has a use for"""
    others = "".join(p.read_text(encoding="utf-8") for p in MODULE.glob("**/*.[ch]")
                     if p.name != "limits.h")
    text = (MODULE / "pure/limits.h").read_text(encoding="utf-8")
    for name in re.findall(r"#define (TERN_\w+)", text):
        if not re.search(rf"\b{name}\b", others):
            yield f"module/pure/limits.h: {name}: of no use"


def main():
    place = order()
    rank = folders(place)
    bad = [f"Kbuild: module/{folder}/ stands in two places"
           for folder, at in rank.items() if at is None]
    bad += [line for path in sorted(MODULE.glob("**/*.[ch]"))
            if path.parent.name != "compat"
            for line in check(path, place, rank)]
    bad += [f"module/{name}.c: named in Kbuild, but not there"
            for name in place
            if name not in ALONE and not (MODULE / f"{name}.c").exists()]
    bad += unused()
    print("\n".join(bad) or f"layers: {len(place)} files in order, "
          f"{len(rank)} folders")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
