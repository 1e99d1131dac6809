#!/usr/bin/env python3
"""Writes the table of docs/gpu-status.md: each function for a GPU that a header of kernels/ declares, the file that defines it, the
tests that run it in the emulator, and the GPUs on which tools/gpu_check passed.

usage: tools/make_gpu_status.py [--check]     --check: fails where the page is not as it would be written
"""

import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/gpu-status.md"
RESULTS = ROOT / "docs/gpu-results"  # what tools/gpu_check wrote, one file per run
TABLE = re.compile(r"(?<=<!-- written by tools/make_gpu_status.py -->\n).*?(?=\n\n)", re.DOTALL)
DECLARED = re.compile(r"^(?:void|\w+) (\w+)\(CudaContext&(?! context)", re.MULTILINE)


def files(*patterns):
    return [path for pattern in patterns for path in sorted(ROOT.glob(pattern))]


def declared():
    """{function: the header} for those of kernels/."""
    return {name: header for header in files("kernels/*/*.h") for name in DECLARED.findall(header.read_text())
            if not name.startswith("which_")}


def definition_of(name):
    defined = re.compile(rf"^\w+ {name}\(CudaContext& ?\w*,", re.MULTILINE)
    return [p for p in files("kernels/*/*.cu", "kernels/*/*_cu*.cpp") if defined.search(p.read_text())]


def tests_of(name):
    call = re.compile(rf"\bkernels::{name}\(|\b{name}\((?:context|cuda_context)\b")
    return [p for p in files("tests/kernels/*_test.cpp") if call.search(p.read_text())]


def gpu_results():
    passed = []
    for path in files("docs/gpu-results/*.json"):
        result = json.loads(path.read_text())
        if result["steps"] and all(step["status"] == "passed" for step in result["steps"] if step["name"] == "cuda tests"):
            passed.append(f"{result['gpus']['before'][0].split(',')[0]}, {result['revision'][:9]}")
    return ", ".join(passed) or "not run"


def names(paths, folder):
    return ", ".join(f"`{path.relative_to(ROOT / folder).as_posix()}`" for path in paths)


def table():
    on_gpus = gpu_results()
    lines = ["| function of kernels/ | defined in kernels/ | run in the emulator by tests/kernels/ | ran on a GPU |", "|---|---|---|---|"]
    for name, header in sorted(declared().items(), key=lambda item: (item[1], item[0])):
        defined, tests = definition_of(name), tests_of(name)
        by = names(tests, "tests/kernels") or "by what calls it"
        lines.append(f"| `{name}` | {names(defined, 'kernels')} | {by} | {on_gpus if tests else '—'} |")
    return "\n".join(lines)


def main(arguments):
    text = PAGE.read_text(encoding="utf-8")
    written = TABLE.sub(lambda _: table(), text)
    if arguments == ["--check"]:
        if written != text or not TABLE.search(text):
            sys.exit("docs/gpu-status.md is not as tools/make_gpu_status.py writes it; run that")
    elif arguments:
        sys.exit(__doc__)
    else:
        PAGE.write_text(written, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
