#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""No file of module/ is so long, no function, that it can't be read at once.

usage: check-size.py [N]   and show the N longest (default 0)
"""
import pathlib
import re
import sys

MODULE = pathlib.Path(__file__).resolve().parent.parent / "module"
FILE_MOST = 650
FUNCTION_MOST = 80


def shown(path):
    return path.relative_to(MODULE.parent)


def functions(path):
    """(lines, where) of each"""
    start, name = 0, ""
    for number, line in enumerate(
            path.read_text(encoding="utf-8").splitlines(), 1):
        found = re.match(r"[a-z].*?\b(\w+)\(", line)
        if found:
            start, name = number, found[1]
        elif line == "}" and name:
            yield number - start + 1, f"{shown(path)}: {name}()"
            name = ""


def main():
    files, funcs = [], []
    for path in MODULE.glob("**/*.[ch]"):
        files.append((len(path.read_text(encoding="utf-8").splitlines()),
                      shown(path)))
        funcs += functions(path)
    bad = [f"{where}: {lines} lines, at most {most}"
           for most, those in ((FILE_MOST, files), (FUNCTION_MOST, funcs))
           for lines, where in sorted(those, reverse=True) if lines > most]
    for those in (files, funcs):
        for lines, where in sorted(those, reverse=True)[:int(*sys.argv[1:2] or [0])]:
            print(f"{lines:6} {where}")
    print("\n".join(bad) or f"size: {sum(n for n, _ in files)} lines, longest "
          f"file {max(files)[0]}, longest function {max(funcs)[0]}")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
