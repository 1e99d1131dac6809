#!/usr/bin/env python3
"""Runs programs of tests over MPI, or lets ranks fail in several ways, which must end all others in bounded time.

usage: run_mpi.py passes PROGRAM RANKS...    each rank says so, and ends well
       run_mpi.py fails PROGRAM [ROUNDS]     mpi_failures
"""

import os
import subprocess
import sys
import time

# One machine: nothing else is to be looked for, more ranks than processors are fine, and containers forbid to read another
# process's memory.
MPIRUN = ["mpirun", "--allow-run-as-root", "--oversubscribe", "--mca", "btl", "self,vader",
          "--mca", "btl_vader_single_copy_mechanism", "none"]
BOUND = 15  # seconds that a run may take whose rank fails, its start included


def mpirun(ranks, *command):
    start = time.monotonic()
    result = subprocess.run(
        [*MPIRUN, "-n", str(ranks), *command],
        env={**os.environ, "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"},  # MPI has some
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120)
    return result.returncode, result.stdout, time.monotonic() - start


def require(condition, what, output):
    if not condition:
        sys.exit(f"{what}; the output:\n{output}")


def check_passes(program, counts):
    for ranks in counts:
        code, output, _ = mpirun(ranks, program)
        require(code == 0 and output.count("passed") == int(ranks), f"{program} fails with {ranks} ranks", output)


TOLD = {"ends": "is gone: it has ended", "stops": "has waited 300 ms", "differs": "must make the same calls in the same order"}


def check_fails(program, rounds):
    longest = 0
    for number in range(rounds):
        for way in ("dies", "throws", "ends", "stops", "differs"):
            ranks = 2 + number % 3
            code, output, seconds = mpirun(ranks, program, way, str(number % ranks), str(number * 7 % 50))
            what = f"a rank of {ranks} that {way}"
            require(code != 0, f"{what} goes unnoticed", output)
            require(seconds < BOUND, f"{what} keeps the others for {seconds:.0f} s", output)
            require(TOLD.get(way, "") in output, f"{what} is not what the others are told", output)
            longest = max(longest, seconds)
    print(f"{rounds} ranks failed in each of {len(TOLD) + 2} ways; the others ended after {longest:.1f} s at the latest")


what, program, *rest = sys.argv[1:]
if what == "passes":
    check_passes(program, rest)
else:
    check_fails(program, int(rest[0]) if rest else 2)
