#!/usr/bin/env python3
"""Runs a fuzzer of tests/fuzz/harnesses.txt, and prints its executions, coverage and corpus. Ends with 1 where it found
a crash, a hang, a leak, or too much memory in use.

usage: tools/run_fuzzer.py BUILD NAME --seconds N    goes on from BUILD/fuzz/NAME/corpus, and adds to it
       tools/run_fuzzer.py BUILD NAME --runs N       the same inputs each time: the seeds, and N that are made of them
"""

import argparse
import hashlib
import pathlib
import re
import shutil
import subprocess
import sys
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
LARGEST = 16384  # bytes of an input
LIMITS = ["-timeout=10", "-rss_limit_mb=1024", "-malloc_limit_mb=64", f"-max_len={LARGEST}"]


def harness(name):
    for line in (ROOT / "tests/fuzz/harnesses.txt").read_text().splitlines():
        if line.split()[0] == name:
            return line.split()[1:]
    sys.exit(f"run_fuzzer: there is no fuzzer {name!r} in tests/fuzz/harnesses.txt")


def seeds(pattern):
    """Files of tests/vectors, or of zip archives there the records of a name."""
    files, _, record = pattern.partition(":")
    for path in sorted((ROOT / "tests/vectors").glob(files)):
        if not record:
            yield path.read_bytes()
        elif zipfile.is_zipfile(path):
            yield from records(path, record)


def records(path, record):
    try:
        with zipfile.ZipFile(path) as archive:
            yield from [archive.read(name) for name in archive.namelist() if name.split("/")[-1] == record]
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, ValueError, EOFError):
        pass  # it is malformed for a reason


def make_seeds(patterns, folder):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for pattern in patterns:
        for seed in seeds(pattern):
            if len(seed) <= LARGEST:
                (folder / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)
    (folder / "empty").write_bytes(b"")


def last_number(log, label):
    numbers = re.findall(label + r"\s*(\d+)", log)
    return int(numbers[-1]) if numbers else 0


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("usage: ")[1])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("name")
    length = parser.add_mutually_exclusive_group(required=True)
    length.add_argument("--seconds", type=int)
    length.add_argument("--runs", type=int)
    arguments = parser.parse_args()

    words = harness(arguments.name)
    folder = arguments.build.resolve() / "fuzz" / arguments.name
    corpus = folder / ("corpus" if arguments.runs is None else "smoke")
    if arguments.runs is not None:
        shutil.rmtree(corpus, ignore_errors=True)
    for needed in (corpus, folder / "crashes"):
        needed.mkdir(parents=True, exist_ok=True)
    make_seeds([word for word in words if not word.endswith(".dict")], folder / "seeds")

    program = arguments.build.resolve() / "tests/fuzz" / f"fuzz_{arguments.name}"
    options = LIMITS + [f"-dict={ROOT}/tests/fuzz/{word}" for word in words if word.endswith(".dict")]
    if arguments.runs is None:
        options.append(f"-max_total_time={arguments.seconds}")
    else:
        options += [f"-runs={arguments.runs}", "-seed=1"]
    options += ["-print_final_stats=1", f"-artifact_prefix={folder}/crashes/"]
    with open(folder / "log", "w") as output:
        status = subprocess.run([program, *options, corpus, folder / "seeds"], stdout=output, stderr=output).returncode
    log = (folder / "log").read_text(errors="replace")
    executions, coverage = last_number(log, "number_of_executed_units:"), last_number(log, "cov:")
    verdict = "ok" if status == 0 else f"failed, see {folder}/log"
    print(f"{arguments.name:<16} {executions:>12} {coverage:>10} {len(list(corpus.iterdir())):>8}   {verdict}", flush=True)
    if status != 0:
        print(log[-4000:], file=sys.stderr)
    sys.exit(1 if status != 0 else 0)


if __name__ == "__main__":
    main()
