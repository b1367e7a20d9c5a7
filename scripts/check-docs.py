#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Each sysctl, counter, socket option and drop reason is documented exactly once.

Sysctls with unit, default and bounds, options with number, unit and bounds, as
the code has them: the tables in module/pure/limits.h,
module/netns/{sysctl,stats}.h, module/netns/sysctl.c,
module/user/{proc,sockopt,timeropt}.c and uapi/linux/tern.h, held against
Documentation/tern-{sysctl,counters}.rst, tern.rst and tern.7. Documents name
only files that exist, and each is linked from README.md or tern.rst. Each tool
has a manual page with its options; mandoc has no word about one.
judge.rst is what tern-judge says of its rules.
Each scenario of scripts/scenes/LIST has a scene, a selftest and a section with
its ladder.
"""
import collections
import pathlib
import re
import shutil
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent
BY_MEMORY = {"max_syn_backlog", "max_tw_buckets", "max_orphans"}
# Knobs that are no int of their own and are set by a formula in module/netns/sysctl.c:
# what the documents say of it, and the formula's line
FORMULAS = {
    "rmem": (("Range: each at least the kernel's SOCK_MIN_RCVBUF.",
              "Default: a page, 131072, 6 MiB or 1/128 of low memory if that is "
              "less (at least 131072)."),
             ("buf_least_rcv = SOCK_MIN_RCVBUF;", "rmem[0] = PAGE_SIZE;", "rmem[1] = SZ_128K;",
              "rmem[2] = clamp(share, (unsigned long)SZ_128K, (unsigned long)(SZ_4M + SZ_2M));")),
    "wmem": (("Range: each at least 4096.",
              "Default: a page, 16384, 4 MiB or 1/128 of low memory if that is "
              "less (at least 65536)."),
             ("buf_least_snd = SZ_4K;", "wmem[0] = PAGE_SIZE;", "wmem[1] = SZ_16K;",
              "wmem[2] = clamp(share, (unsigned long)SZ_64K, (unsigned long)SZ_4M);")),
    "fine_timer_rate": (("Range: 0 to 1000000000.", "Default: 10000.", "One for the machine"),
                        ("tern_sysctl_fine_timer_rate = TERN_FINE_RATE;",
                         "rate_most = NSEC_PER_SEC;")),
    "mem": (("Default: 4.68, 6.25 and 9.37 % of low memory.", "One for the machine"),
            ("nr_free_buffer_pages() / 16", "mem[0] = limit / 4 * 3;", "mem[1] = limit;",
             "mem[2] = tern_sysctl_mem[0] * 2;")),
}
RESENDS = "It counts resends"
UNITS = {"us": "microseconds", "ms": "milliseconds"}
# A number that chooses: no unit
CHOICES = {"syncookies", "tw_reuse"}
# What the code bounds elsewhere than by a range
UNBOUNDED = {"TERN_NODELAY", "TERN_CORK", "TERN_QUICKACK", "TERN_INFO",
             "TERN_CONGESTION", "TERN_LINGER2", "TERN_DEFER_ACCEPT",
             "TERN_WINDOW_CLAMP", "TERN_USER_TIMEOUT", "TERN_NOTSENT_LOWAT"}


def read(name):
    return (TOP / name).read_text(encoding="utf-8")


def number(text, consts):
    """Value of a number, a constant of limits.h, or a << b."""
    text = text.strip()
    text = consts.get(text, text)
    if "<<" in text:
        a, b = text.split("<<")
        return int(a) << int(b)
    text = {"S16_MAX": "32767", "INT_MAX": "2147483647"}.get(text, text)
    return int(text.rstrip("UL"), 0)


def sysctls():
    """name -> (default, lowest, highest), or None for those set by a formula."""
    consts = dict(re.findall(r"#define\s+(TERN_\w+)\s+(\w+)",
                             read("module/pure/limits.h")))
    table = {}
    for name, *row in re.findall(r"X\((\w+), ([^,]+), ([^,]+), ([^,)]+)\)",
                                 read("module/netns/sysctl.h")):
        if name != "name":
            table[name] = tuple(number(v, consts) for v in row)
    table.update(others(consts))
    return table


def others(consts):
    """Of the knobs that are not one int of their own, the defaults that
    set_defaults() gives them: name -> row, (default,) without bounds, or None."""
    source = re.sub(r"\s+", " ", read("module/netns/sysctl.c")).partition("__VA_ARGS__")[2]
    names = re.findall(r"OTHER\((\w+), (\w+),(.*?)\),(?= OTHER| #undef)", source)
    table = {}
    for name, field, rest in names:
        value = re.search(rf"s->{field} = ([^;]+);", source)
        most = number("TERN_KEEPALIVE_MAX_S", consts)
        if name == "congestion_control":
            table[name] = (re.search(r"&tern_cong_(\w+)", value[1])[1],)
        elif "proc_douintvec" in rest:
            table[name] = ({"UINT_MAX": 2 ** 32 - 1}[value[1]], 0, 2 ** 32 - 1)
        elif "do_seconds" in rest or "time_most_ms" in rest:
            scale = 1 if "do_seconds" in rest else 1000
            seconds = number(value[1].removesuffix(" * MSEC_PER_SEC"), consts)
            table[name] = (seconds * scale, 1, most * scale)
        else:
            table[name] = None
    table.update(dict.fromkeys(re.findall(r'procname = "(\w+)"', source)))
    return table


def formula_errors(docs):
    source = re.sub(r"\s+", " ", read("module/netns/sysctl.c"))
    for name, text in docs:
        text = re.sub(r"\s+", " ", text)
        said, code = FORMULAS.get(name, ((), ()))
        yield from (f"sysctl {name}: '{s}' is missing" for s in said if s not in text)
        yield from (f"sysctl {name}: module/netns/sysctl.c has no '{c}' any more: check what "
                    "is said of it" for c in code if c not in source)


def counters():
    names = re.findall(r'X\((\w+), "', read("module/netns/stats.h"))
    names += re.findall(r'seq_printf\(seq, "(\w+) %', read("module/user/proc.c"))
    return names


def entries(text, head):
    """(name, text under it) of each entry, a line at column 0 like @head."""
    found = []
    for line in text.splitlines():
        m = re.match(head, line)
        if m:
            found.append([m.group(1), line])
        elif found and (not line or line[0].isspace()):
            found[-1][1] += "\n" + line.strip()
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
        if "er namespace" not in text and "One for the machine" not in text:
            errors.append(f"sysctl {name}: scope is not told")
        if "Default: " not in text:
            errors.append(f"sysctl {name}: default is not told")
        if not table.get(name):
            if name not in FORMULAS and name in table:
                errors.append(f"sysctl {name}: nothing checks what is said of it")
            continue
        default, *bounds = table[name]
        low, high = bounds or (None, None)
        if bounds and f"Range: {low} to {high}." not in text:
            errors.append(f"sysctl {name}: range is not {low} to {high}")
        if name not in BY_MEMORY and \
           not re.search(rf"Default: {default}\b", text):
            errors.append(f"sysctl {name}: default is not {default}")
    for name, text in docs:
        if name in ("retries2", "rto_min_us") and RESENDS not in text:
            errors.append(f"sysctl {name}: '{RESENDS}' is missing")
    return errors


def unit_errors(docs):
    for name, text in docs:
        kind = re.match(r"\w+ - ([^(\n]*)(?:\(([^)]*)\))?", text)
        unit = UNITS.get(name.rsplit("_", 1)[-1])
        if unit and kind.group(2) != unit:
            yield f"sysctl {name}: unit is not {unit}"
        plain = kind.group(1).strip() in ("BOOLEAN", "STRING")
        if bool(kind.group(2)) == (plain or name in CHOICES):
            yield f"sysctl {name}: a unit, unless it is a choice"


def options():
    """name -> (number, lowest, highest), the bounds None where there are none"""
    header = read("uapi/linux/tern.h")
    code = read("module/user/sockopt.c") + read("module/user/timeropt.c")
    consts = dict(re.findall(r"#define\s+(\w+)\s+(\w+)",
                             read("module/pure/limits.h") + code))
    named = set(re.findall(r"case (TERN_[A-Z0-9_]+):", code))
    named |= set(re.findall(r"name == (TERN_[A-Z0-9_]+)", code))
    bounds = {name: (number(lo, consts), number(hi, consts))
              for name, lo, hi in re.findall(
                  r"case (TERN_\w+):\n(?:\tdefault:\n)?\t\tif \((?:val && )?"
                  r"!within\(val, ([^,]+), ([^)]+)\)\)", code)}
    bounds.update({name: (1, 2 ** 31 - 1) for name in re.findall(
        r"case (TERN_\w+):\n\t\tif \(val < 1\)", code)})
    table = {}
    for name, value in re.findall(r"#define\s+(TERN_\w+)\s+(\d+)$", header,
                                  re.M):
        if name in named:
            table[name] = (int(value), *bounds.get(name, (None, None)))
    return table


def option_errors(table, docs):
    for name, text in docs:
        text = re.sub(r"\s+", " ", text)
        if name not in table:
            continue
        value, low, high = table[name]
        if not re.match(rf"\w+ - [^.]*\boption {value}\b", text):
            yield f"option {name}: number is not {value}"
        unit = UNITS.get(name.rsplit("_", 1)[-1])
        if unit and f"({unit})" not in text:
            yield f"option {name}: unit is not {unit}"
        if low is None and name not in UNBOUNDED:
            yield f"option {name}: bounds not found in sockopt.c"
        if low is not None and f"Range: {low} to {high}." not in text:
            yield f"option {name}: range is not {low} to {high}"


def reasons():
    """Those that a segment is dropped for: of the core, named by the module"""
    names = set()
    for path in (TOP / "module").glob("**/*.c"):
        names |= set(re.findall(r"SKB_DROP_REASON_\w+",
                                path.read_text(encoding="utf-8")))
    return names


def link_errors():
    """Documents that nobody finds, and files that nobody has"""
    texts = {p.name: p.read_text(encoding="utf-8")
             for p in [TOP / "README.md", *(TOP / "Documentation").glob("*.rst")]}
    index = texts["README.md"] + texts["tern.rst"]
    for path in (TOP / "Documentation").iterdir():
        if path.suffix in (".rst", ".7") and path.name not in index:
            yield f"{path.name}: not linked from README.md or tern.rst"
    for name, text in texts.items():
        for found in re.findall(r"(?<![\w/])(?:module|scripts|selftests|tools(?!/testing)|uapi|"
                                r"Documentation)/[\w./-]*\w", text):
            at = TOP / found
            if not any((at.parent / (at.name + end)).exists()
                       for end in ("", ".c", ".rst")) and \
               not list(at.parent.glob(at.name + "*")):
                yield f"{name}: {found} doesn't exist"


def manual_errors(table):
    text = read("Documentation/tern.7").replace("\\-", "-")
    for name in table:
        found = len(re.findall(rf"^\.B {name}$", text, re.M))
        if found != 1:
            yield f"tern.7: option {name}: {found} times"


def tool_errors():
    """Each tool has a manual page with the options of its --help"""
    made = read("tools/Makefile")
    names = [n for line in re.findall(r"^(?:programs|scripts)\s*:= (.*)$", made,
                                      re.M) for n in line.split()]
    pages = {p.stem: p.read_text(encoding="utf-8")
             for p in (TOP / "Documentation").glob("*.[18]")}
    for name in names:
        source = TOP / "tools" / (name + ".c")
        source = source if source.exists() else TOP / "tools" / name
        if name not in pages:
            yield f"{name}: no manual page"
            continue
        text = source.read_text(encoding="utf-8")
        # A program with a directory of its own has its options there.
        parts = TOP / "tools" / name.removeprefix("tern-") / "cli.py"
        if parts.exists():
            text = parts.read_text(encoding="utf-8")
        told = set(re.findall(r"^(?:\t*\")?  (-\w)\b", text, re.M))
        paged = set(re.findall(r"^\.(?:B|BI) \\(-\w)", pages[name], re.M))
        for option in sorted(told ^ paged):
            yield f"{name}: {option} is not in both --help and manual page"
    for name in set(pages) - set(names):
        yield f"{name}: manual page of no tool"


def manual_lint():
    pages = sorted((TOP / "Documentation").glob("*.[178]"))
    if not shutil.which("mandoc"):
        yield "mandoc is missing: run scripts/setup as root"
        return
    said = subprocess.run(["mandoc", "-Tlint", *pages], check=False,
                          stdout=subprocess.PIPE, text=True).stdout
    yield from (line for line in said.splitlines()
                if "referenced manual not found" not in line)


def check_scenes(names):
    errors = []
    page = read("Documentation/scenarios.rst")
    for name in names:
        wanted = {"scene": f"scripts/scenes/{name}.scene", "selftest": f"selftests/**/{name}.*",
                  "ladder": f"Documentation/scenes/{name}.svg"}
        errors += [f"scenario {name}: no {what}, {path}"
                   for what, path in wanted.items() if not any(TOP.glob(path))]
        if f"image:: scenes/{name}.svg" not in page:
            errors.append(f"scenario {name}: no section in scenarios.rst")
    files = {p.stem for p in TOP.glob("scripts/scenes/*.scene")}
    errors += [f"scene {n}: not in scripts/scenes/LIST" for n in sorted(files - set(names))]
    fresh = subprocess.run([sys.executable, "-B", TOP / "scripts/scene", "--page"],
                           check=True, capture_output=True, text=True).stdout
    if fresh != page:
        errors.append("scenarios.rst is not what scripts/scene --page prints")
    return errors


def judge_errors():
    fresh = subprocess.run([sys.executable, "-B", TOP / "tools/tern-judge", "--doc"],
                           check=True, capture_output=True, text=True).stdout
    if fresh != read("Documentation/judge.rst"):
        yield "judge.rst is not what tools/tern-judge --doc prints"


def main():
    table = sysctls()
    docs = entries(read("Documentation/tern-sysctl.rst"), r"(\w+) - \S")
    errors = compare("sysctl", table, [name for name, _ in docs])
    errors += check_bounds(table, docs)
    errors += formula_errors(docs)
    errors += unit_errors(docs)
    docs = entries(read("Documentation/tern-counters.rst"), r"(\w+)$")
    docs = [(n, t) for n, t in docs if t != n]
    dropped = [(n, t) for n, t in docs if n.startswith("SKB_DROP_REASON_")]
    docs = [d for d in docs if d not in dropped]
    errors += compare("counter", counters(), [name for name, _ in docs])
    errors += compare("reason", reasons(), [name for name, _ in dropped])
    errors += [f"{n}: no text" for n, t in docs + dropped if len(t.split()) < 3]
    opts = options()
    docs = entries(read("Documentation/tern.rst"), r"(TERN_\w+) - \S")
    errors += compare("option", opts, [name for name, _ in docs])
    errors += option_errors(opts, docs)
    errors += manual_errors(opts)
    errors += link_errors()
    errors += tool_errors()
    errors += manual_lint()
    errors += judge_errors()
    scenes = [line for line in read("scripts/scenes/LIST").splitlines()
              if line and line[0] != "#"]
    errors += check_scenes(scenes)
    for error in errors:
        print(error, file=sys.stderr)
    if errors:
        return 1
    print(f"check-docs: {len(table)} sysctls, {len(counters())} counters, "
          f"{len(opts)} options, {len(reasons())} drop reasons, "
          f"{len(scenes)} scenes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
