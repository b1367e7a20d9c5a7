#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""A file of module/ includes only headers of files above it in Kbuild.

Kbuild's object order is the order of the layers. Headers without a .c file
have their places here. And what one file alone may do, no other does: RULES.
"""
import pathlib
import re
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent
MODULE = TOP / "module"
# Headers alone, with the object that they stand above
ALONE = {
    "limits": "segment", "seq": "segment",
    "stats": "sysctl", "drop": "sysctl",
    "tcb": "trace",
}

# What, but where, and what to do instead. compat/ is not looked at.
RULES = [
    (r"\bLINUX_VERSION_CODE\b|\bKERNEL_VERSION\(", None,
     "kernel version: move to compat/compat.h"),
    (r"\bjiffies\w*\b|\w+_to_jiffies\b|\bmod_timer\(|\btimer_setup\(", None,
     "jiffies: time is nanoseconds, timers are timer.c's"),
    (r"\bhrtimer_(?!restart\b)\w+\(", "timer.c",
     "hrtimers are timer.c's: tern_timer_arm(), tern_timer_mini_start()"),
    (r"\binet_sk_(?:set_state|state_store)\(|->(?:sk_state|skc_state)\s*=(?!=)|"
     r"(?:WRITE_ONCE|smp_store_release)\([^,]*sk_state\b|\.sk_state\s*=(?!=)",
     "state.c", "states are state.c's: tern_state_set()"),
]


def order():
    text = (TOP / "Kbuild").read_text(encoding="utf-8")
    names = []
    for line in re.findall(r"^tern-y\s*[:+]?=\s*(.*)$", text, re.M):
        for obj in re.findall(r"module/(\w+)\.o", line):
            names += [h for h, above in ALONE.items() if above == obj]
            names.append(obj)
    return {name: place for place, name in enumerate(names)}


def code(line):
    """A line without comments and strings"""
    if re.match(r"\s*/?\*", line):
        return ""
    return re.sub(r'"(?:\\.|[^"\\])*"|/\*.*?(?:\*/|$)|//.*', '""', line)


def check(path, place):
    text = path.read_text(encoding="utf-8")
    shown = path.relative_to(TOP)
    if path.stem not in place:
        yield f"{shown}: not in Kbuild: add it to the layer that it belongs to"
        return
    for number, line in enumerate(text.splitlines(), 1):
        for pattern, owner, instead in RULES:
            if path.name != owner and re.search(pattern, code(line)):
                yield f"{shown}:{number}: {instead}"
        found = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
        if not found:
            continue
        name = found[1].removesuffix(".h")
        if name not in place:
            yield f"{shown}:{number}: {found[1]} is not a header of Kbuild's list"
        elif place[name] > place[path.stem]:
            yield (f"{shown}:{number}: {found[1]} stands below {path.stem} in "
                   "Kbuild: move the code, or point to it from a table above")


def unused():
    """Constants of limits.h that no other file has a use for"""
    others = "".join(p.read_text(encoding="utf-8") for p in MODULE.glob("*.[ch]")
                     if p.name != "limits.h")
    text = (MODULE / "limits.h").read_text(encoding="utf-8")
    for name in re.findall(r"#define (TERN_\w+)", text):
        if not re.search(rf"\b{name}\b", others):
            yield f"module/limits.h: {name}: of no use"


def main():
    place = order()
    bad = [line for path in sorted(MODULE.glob("*.[ch]"))
           for line in check(path, place)]
    bad += [f"module/{name}.c: named in Kbuild, but not there"
            for name in place
            if name not in ALONE and not (MODULE / f"{name}.c").exists()]
    bad += unused()
    print("\n".join(bad) or f"layers: {len(place)} files in order")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
