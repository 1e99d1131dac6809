#!/usr/bin/env python3
"""Runs a benchmark of bench/cuda in the emulator, and fails unless each line that it prints is JSON of a right result.

usage: check_rows.py PROGRAM ARGUMENT...
"""

import json
import subprocess
import sys


def faults_of(row):
    """What is wrong with a row. Sizes that are cut do not fit every case, which then is refused in so many words."""
    if "refused" in row or "error" in row and isinstance(row["error"], str):
        text = row.get("refused") or row["error"]
        expected = ("groups", "does not take it", "no implementation", "must be", "needs")
        return [] if any(word in text for word in expected) else [f"refused: {text}"]
    faults = []
    if not row.get("error", 0) < 1e-3:
        faults.append(f"an error of {row['error']}")
    if row.get("beside_cpu", {}).get("worst_gradient", 0) > 1e-3:
        faults.append(f"a gradient that is off by {row['beside_cpu']['worst_gradient']}")
    if "graph" in row and "step_ms" not in row["graph"]:
        faults.append(f"no graph: {row['graph']}")
    return faults


def main(command):
    done = subprocess.run(command, capture_output=True, text=True)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    faults = [f"{json.dumps(row)}: {fault}" for row in rows for fault in faults_of(row)]
    computed = sum("refused" not in row for row in rows)
    print(f"{len(rows)} rows, {computed} of them computed, {len(faults)} faults")
    print(*faults[:20], sep="\n")
    return done.returncode != 0 or bool(faults) or computed == 0 or print(done.stderr[-2000:], end="")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
