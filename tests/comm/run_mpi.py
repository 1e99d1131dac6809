#!/usr/bin/env python3
"""Runs the collectives over MPI, and lets ranks fail in several ways, which must end all others in bounded time.

usage: run_mpi.py COLLECTIVES FAILURES [--rounds N]
"""

import subprocess
import sys
import time

COLLECTIVES, FAILURES = sys.argv[1:3]
ROUNDS = int(sys.argv[sys.argv.index("--rounds") + 1]) if "--rounds" in sys.argv else 2
BOUND = 15  # seconds that a run may take whose rank fails, its start included


def mpirun(ranks, *command):
    # One machine: nothing else is to be looked for, and more ranks than processors are fine.
    start = time.monotonic()
    result = subprocess.run(
        ["mpirun", "--allow-run-as-root", "--oversubscribe", "--mca", "btl", "self,vader", "-n", str(ranks), *command],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120)
    return result.returncode, result.stdout, time.monotonic() - start


def require(condition, what, output):
    if not condition:
        sys.exit(f"{what}; the output:\n{output}")


for ranks in (1, 2, 3, 4, 8):
    code, output, _ = mpirun(ranks, COLLECTIVES)
    require(code == 0 and output.count("all collectives passed") == ranks, f"collectives of {ranks} ranks fail", output)

TOLD = {"ends": "is gone: it has ended", "stops": "has waited 300 ms", "differs": "must make the same calls in the same order"}
longest = 0
for round_ in range(ROUNDS):
    for way in ("dies", "throws", "ends", "stops", "differs"):
        ranks = 2 + round_ % 3
        code, output, seconds = mpirun(ranks, FAILURES, way, str(round_ % ranks), str(round_ * 7 % 50))
        what = f"a rank of {ranks} that {way}"
        require(code != 0, f"{what} goes unnoticed", output)
        require(seconds < BOUND, f"{what} keeps the others for {seconds:.0f} s", output)
        require(TOLD.get(way, "") in output, f"{what} is not what the others are told", output)
        longest = max(longest, seconds)
print(f"{ROUNDS} ranks failed in each of 5 ways; the others ended after {longest:.1f} s at the latest")
