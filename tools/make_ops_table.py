#!/usr/bin/env python3
"""Writes docs/ops.md: what PyTorch's own samples and finite differences say of each op.

usage: make_ops_table.py BUILD SAMPLES...     SAMPLES: folders written by tools/gen_opinfo.py
"""

import collections
import json
import pathlib
import re
import subprocess
import sys

HEAD = """# Ops

Made by `tools/make_ops_table.py BUILD SAMPLES...` from `tests/vectors/opinfo` and what `tools/gen_opinfo.py DIR 10 8` and
`... 10 9` write; run it again rather than edit this page. The first table counts
samples that PyTorch {version} tests its own ops with (values, gradients, refused calls): how many agree of those that ebb takes,
and how many it does not take. These have an `out=`, a tensor as the start of `narrow`, or, of `batch_norm`, running
statistics that a later sample of the recording overwrote. The second counts first and second derivatives in float64
that agree with finite differences.

| PyTorch's name | agree | not taken |
|---|---:|---:|
"""


def samples(build, folders):
    counts = collections.defaultdict(collections.Counter)
    for folder in folders:
        done = subprocess.run([build / "tests/parity_opinfo", folder, "--json"], text=True, capture_output=True)
        for op in json.loads(done.stdout)["ops"]:
            counts[op["op"]].update({kind: op[kind] for kind in ("passed", "failed", "unsupported")})
    return counts


def gradients(build):
    table = collections.defaultdict(dict)
    done = subprocess.run([build / "tests/autograd/ops/unit_ops", "gradients*"], text=True, capture_output=True)
    for what, op, passed, cases in re.findall(r"^(grad\w+) (\S+) (\d+) of (\d+)$", done.stdout, re.MULTILINE):
        table[op][what] = f"{passed} of {cases}"
    totals = re.findall(r"^grad\w+: .*$", done.stdout, re.MULTILINE)
    return table, totals


def main():
    build, folders = pathlib.Path(sys.argv[1]), sys.argv[2:]
    counts = samples(build, folders)
    version = json.loads(next(pathlib.Path(folders[0]).glob("*.json")).read_text())["torch"].split("+")[0]
    lines = [HEAD.format(version=version)]
    total = collections.Counter()
    for op, count in sorted(counts.items()):
        total.update(count)
        lines.append(f"| {op} | {count['passed']} of {count['passed'] + count['failed']} | {count['unsupported'] or ''} |\n")
    lines.append(f"| **all** | {total['passed']} of {total['passed'] + total['failed']} | {total['unsupported']} |\n")
    table, totals = gradients(build)
    lines.append("\n## Derivatives\n\n" + "\n".join(f"- {line}" for line in totals))
    lines.append("\n\n| op | gradcheck | gradgradcheck |\n|---|---:|---:|\n")
    for op, row in sorted(table.items()):
        lines.append(f"| {op} | {row.get('gradcheck', '')} | {row.get('gradgradcheck', '')} |\n")
    (pathlib.Path(__file__).parent.parent / "docs/ops.md").write_text("".join(lines))


main()
