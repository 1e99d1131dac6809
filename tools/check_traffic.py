#!/usr/bin/env python3
"""Fails where an op takes more launches, or asks more of the memory of a GPU, than docs/gpu-traffic.json allows it.

usage: tools/check_traffic.py PROGRAM [--write]
       tools/check_traffic.py --tables

PROGRAM is tests/kernels/gpu_traffic of a build under ThreadSanitizer (./check --sanitize), which counts on an emulated
GPU. --write: makes docs/gpu-traffic.json what it counts now, and the table of docs/gpu-traffic.md. --tables: fails where
these two differ.
"""

import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
COUNTS, PAGE = ROOT / "docs/gpu-traffic.json", ROOT / "docs/gpu-traffic.md"
BEGIN, END = "<!-- counts: written by tools/check_traffic.py -->\n", "<!-- end -->\n"
COUNTED, GIVEN = ("launches", "moved", "asked"), ("minimum", "operations")


def name(row):
    return f"{row['op']}, {row['shape']}, {row['dtype']}"


def faults(found, allowed):
    """Of two lists of rows, each with what has become more."""
    known = {name(row): row for row in allowed}
    for row in found:
        before = known.pop(name(row), None)
        if before is None:
            yield f"{name(row)}: not in docs/gpu-traffic.json; tools/check_traffic.py PROGRAM --write adds it"
            continue
        for what in GIVEN:
            if row[what] != before[what]:
                yield (f"{name(row)}: {what} {row[what]}, and docs/gpu-traffic.json has {before[what]}: the case is another; "
                       "tools/check_traffic.py PROGRAM --write")
        for what in COUNTED:
            if row[what] > before[what]:
                yield (f"{name(row)}: {what} {row[what]}, and docs/gpu-traffic.json allows {before[what]}; where that is "
                       "meant: tools/check_traffic.py PROGRAM --write")
    for gone in known:
        yield f"{gone}: in docs/gpu-traffic.json, but not counted"


def table(rows):
    lines = ["| op | shape | dtype | launches | least, MB | moved / least | asked / least | operations a byte |",
             "|---|---|---|---|---|---|---|---|"]
    for row in rows:
        least = row["minimum"]
        lines.append(f"| {row['op']} | {row['shape']} | {row['dtype']} | {row['launches']} | {least / 1e6:.2f} | "
                     f"{row['moved'] / least:.2f} | {row['asked'] / least:.2f} | {row['operations'] / least:.2g} |")
    return "\n".join(lines) + "\n"


def page_with(page, rows):
    before, rest = page.split(BEGIN)
    return before + BEGIN + table(rows) + END + rest.split(END)[1]


def main(arguments):
    if arguments == ["--tables"]:
        page = PAGE.read_text()
        if page_with(page, json.loads(COUNTS.read_text())) == page:
            return 0
        print("docs/gpu-traffic.md is not what docs/gpu-traffic.json says: tools/check_traffic.py PROGRAM --write")
        return 1
    if not arguments or arguments[0].startswith("-") or arguments[1:] not in ([], ["--write"]):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    found = json.loads(subprocess.run(arguments[:1], check=True, stdout=subprocess.PIPE, text=True).stdout)
    if arguments[1:]:
        COUNTS.write_text(json.dumps(found, indent=1) + "\n")
        PAGE.write_text(page_with(PAGE.read_text(), found))
        return 0
    wrong = list(faults(found, json.loads(COUNTS.read_text())))
    print("\n".join(wrong) or f"{len(found)} ops ask of memory what the table allows")
    return 1 if wrong or not found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
