#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Documentation/rfc-map.rst is what comments of module/ and selftests/ cite.

usage: check-cites.py           check
       check-cites.py --write   write it

A citation is "RFC 9293 3.8.1", with or without a comma, more sections following
with commas, "and" or "to". It belongs to the function that the comment is in, or
stands before, else to the file. RFCs and sections of RFC 9293 that don't exist
are errors.
"""
import collections
import pathlib
import re
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent
MAP = TOP / "Documentation/rfc-map.rst"
TITLES = {
    791: "Internet Protocol", 1122: "Requirements for Internet Hosts",
    1191: "Path MTU Discovery", 1337: "TIME-WAIT Assassination Hazards",
    2018: "Selective Acknowledgment", 2525: "Known Implementation Problems",
    2861: "Congestion Window Validation", 2883: "D-SACK",
    3042: "Limited Transmit", 3168: "ECN", 3465: "Appropriate Byte Counting",
    3493: "Basic Socket Interface for IPv6", 3522: "Eifel Detection",
    3692: "Experimental and Testing Numbers", 3708: "Detecting Spurious "
    "Retransmissions by D-SACK", 4015: "Eifel Response", 4022: "TCP MIB",
    4291: "IPv6 Addressing", 4727: "Experimental Values in Headers",
    4821: "Packetization Layer Path MTU Discovery", 4987: "SYN Flooding",
    5082: "Generalized TTL Security Mechanism",
    5461: "TCP's Reaction to Soft Errors", 5482: "User Timeout Option",
    5681: "Congestion Control", 5682: "F-RTO", 5927: "ICMP Attacks against TCP",
    5961: "Robustness to Blind In-Window Attacks", 6056: "Port Randomization",
    6093: "Urgent Mechanism", 6191: "Reducing TIME-WAIT by Timestamps",
    6298: "Retransmission Timer", 6437: "IPv6 Flow Label",
    6528: "Sequence Number Attacks", 6582: "NewReno", 6633: "Deprecation of Source Quench",
    6675: "SACK-based Loss Recovery", 6691: "Options and MSS",
    6864: "IPv4 ID Field", 6928: "Initial Window", 6937: "Proportional Rate "
    "Reduction", 6994: "Experimental Options", 7323: "Extensions for High "
    "Performance", 7661: "Rate-Limited Traffic", 8200: "Internet Protocol, Version 6",
    8201: "Path MTU Discovery for "
    "IPv6", 8257: "DCTCP", 8899: "Datagram PLPMTUD", 8961: "Time-Based Loss "
    "Detection", 8985: "RACK-TLP", 9293: "TCP", 9406: "HyStart++", 9438: "CUBIC",
}
# RFC 9293's contents
SECTIONS = set("""
1 2 2.1 2.2 2.2.1 2.2.2 2.2.3 2.2.4 3 3.1 3.2 3.3 3.3.1 3.3.2 3.4 3.4.1 3.4.2
3.4.3 3.5 3.5.1 3.5.2 3.5.3 3.6 3.6.1 3.7 3.7.1 3.7.2 3.7.3 3.7.4 3.7.5 3.8
3.8.1 3.8.2 3.8.3 3.8.4 3.8.5 3.8.6 3.8.6.1 3.8.6.2 3.8.6.2.1 3.8.6.2.2 3.8.6.3
3.9 3.9.1 3.9.2 3.9.2.1 3.9.2.2 3.9.2.3 3.10 3.10.1 3.10.2 3.10.3 3.10.4 3.10.5
3.10.6 3.10.7 3.10.7.1 3.10.7.2 3.10.7.3 3.10.7.4 3.10.8 4 5 6 7
""".split())
NUMBER = r"(?:\d+(?:\.\d+)*(?![\w.]*\w)|appendix [A-Z])"
CITE = re.compile(rf"\bRFC (\d+)((?:,? (?:and |to )?§?{NUMBER})*)")
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"", re.S)
FUNCTION = re.compile(r"^(?![\s#/*}]|typedef|TEST|FIXTURE|struct \w+ \{|static const struct)"
                      r"[^;={}]*?\b(\w+)\([^;{}]*\)\s*\n\{", re.M)
CASE = re.compile(r"^TEST\w*\((?:\w+, )?(\w+)\)\s*\n\{", re.M)


def spans(text):
    """(from, to, name) of each function, comment before it included"""
    found = []
    for m in list(FUNCTION.finditer(text)) + list(CASE.finditer(text)):
        end = text.find("\n}", m.end())
        before = text[:m.start()].rstrip()
        start = m.start()
        if before.endswith("*/") and text[len(before):m.start()].count("\n") == 1:
            start = before.rindex("/*")
        found.append((start, end, m.group(1)))
    return found


def cites(path):
    """(RFC, section, function or "") of each citation in comments"""
    text = path.read_text(encoding="utf-8")
    functions = spans(text)
    for comment in COMMENT.finditer(text):
        if comment[0].startswith('"'):
            continue
        at = comment.start()
        name = next((n for a, b, n in functions if a <= at < b), "")
        plain = re.sub(r"\s*\n\s*\*?\s*", " ", comment[0])
        for m in CITE.finditer(plain):
            for section in re.findall(NUMBER, m[2]) or [""]:
                yield int(m[1]), section, name


def where(path, name, test):
    if test:
        shown = str(path.relative_to(TOP / "selftests").with_suffix(""))
        return f"``{shown}:{name}``" if name else f"``{shown}``"
    shown = path.relative_to(TOP / "module")
    return f"``{shown}`` {name}()" if name else f"``{shown}``"


def collect():
    found = collections.defaultdict(lambda: ([], []))
    errors = []
    for test, top, pattern in ((0, "module", "**/*.[ch]"),
                               (1, "selftests", "**/*.c")):
        for path in sorted((TOP / top).glob(pattern)):
            if "lib" in path.parts or "shim" in path.parts:
                continue
            for rfc, section, name in cites(path):
                if rfc not in TITLES or (rfc == 9293 and section and
                                         section not in SECTIONS):
                    errors.append(f"{path.relative_to(TOP)}: {name or 'head'}: "
                                  f"no RFC {rfc} {section}")
                entry = where(path, name, test)
                if entry not in found[rfc, section][test]:
                    found[rfc, section][test].append(entry)
    return found, errors


def order(key):
    return key[0], [int(n) if n.isdigit() else 99
                    for n in key[1].split(".") if n]


def render(found):
    out = [".. SPDX-License-Identifier: GPL-2.0\n",
           ".. written by scripts/check-cites.py from comments\n\n",
           "=======\nRFC map\n=======\n\n",
           "Which function keeps which section of which RFC, and which test "
           "holds it to\nthat, as comments in ``module/`` and ``selftests/`` "
           "cite them.\n"]
    last = None
    for rfc, section in sorted(found, key=order):
        code, tests = found[rfc, section]
        if rfc != last:
            head = f"RFC {rfc}, {TITLES.get(rfc, '')}"
            out.append(f"\n{head}\n{'=' * len(head)}\n")
            last = rfc
        out.append(f"\n{section or 'as a whole'}\n")
        out += [f"\t| {line}\n" for line in code]
        out += [f"\t| tested by {line}\n" for line in tests]
    return "".join(out)


def main():
    found, errors = collect()
    text = render(found)
    if sys.argv[1:] == ["--write"]:
        MAP.write_text(text, encoding="utf-8")
    elif not MAP.exists() or MAP.read_text(encoding="utf-8") != text:
        errors.append("Documentation/rfc-map.rst is not what comments cite: "
                      "scripts/check-cites.py --write")
    for error in errors:
        print("check-cites:", error, file=sys.stderr)
    if not errors:
        both = sum(1 for c, t in found.values() if c and t)
        print(f"check-cites: {len(found)} sections of "
              f"{len({r for r, _ in found})} RFCs, {both} with code and test")
    return bool(errors)


if __name__ == "__main__":
    sys.exit(main())
