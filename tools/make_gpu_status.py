#!/usr/bin/env python3
"""Writes docs/gpu-status.md but for its prose: each function for a GPU that a header of kernels/ declares, the file that defines
it, the tests that run it in the emulator, and the GPUs on which they passed; and what tools/gpu_check found on each GPU.

usage: tools/make_gpu_status.py [--check]     --check: fails where the page is not as it would be written
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools/lib"))

from gpu import declared, tables  # noqa: E402

PAGE = ROOT / "docs/gpu-status.md"
RESULTS = ROOT / "docs/gpu-results"  # what tools/gpu_check wrote, one file per run
PART = re.compile(r"(<!-- (functions|results): written by tools/make_gpu_status.py -->\n).*?(\n<!-- end -->)", re.DOTALL)


def files(*patterns):
    return [path for pattern in patterns for path in sorted(ROOT.glob(pattern))]


def definition_of(name):
    defined = re.compile(rf"^\w+ {name}\(CudaContext& ?\w*,", re.MULTILINE)
    return [p for p in files("kernels/**/*.cu", "kernels/**/*_cu*.cpp") if defined.search(p.read_text())]


def tests_of(name):
    call = re.compile(rf"\bkernels::{name}\(|\b{name}\((?:context|cuda_context)\b")
    return [p for p in files("tests/kernels/**/*_test.cpp") if call.search(p.read_text())]


def ran_on(results, name, tests):
    """The GPUs on which a function was there when the tests in these files ran, the newest run of each, and how many of their cases
    failed there."""
    said = {}
    text = "".join(path.read_text() for path in tests)
    for _, report in results:
        result = tables.step(report, "tests").get("result")
        if name not in report["pack"]["functions"] or not tests or not result or report["gpu"] in said:
            continue
        failed = sum(f'TEST_CASE("{case}"' in text for case in result["failed"])
        said[report["gpu"]] = f"{report['gpu']}, {(report['pack']['revision'] or '')[:9]}{f': {failed} failed' if failed else ''}"
    return ", ".join(said.values()) or "not run"


def names(paths, folder):
    return ", ".join(f"`{path.relative_to(ROOT / folder).as_posix()}`" for path in paths)


def functions(results):
    lines = ["| function of kernels/ | defined in kernels/ | run in the emulator by tests/kernels/ | ran on a GPU |", "|---|---|---|---|"]
    for name, header in sorted(declared.functions(ROOT).items(), key=lambda item: (item[1], item[0])):
        defined, tests = definition_of(name), tests_of(name)
        by = names(tests, "tests/kernels") or "by what calls it"
        lines.append(f"| `{name}` | {names(defined, 'kernels')} | {by} | {ran_on(results, name, tests) if tests else '—'} |")
    return "\n".join(lines)


def main(arguments):
    text = PAGE.read_text(encoding="utf-8")
    results = tables.results_in(RESULTS)
    parts = {"functions": functions(results), "results": tables.page(results)}
    written = PART.sub(lambda match: match.group(1) + parts[match.group(2)] + match.group(3), text)
    if arguments == ["--check"]:
        if written != text or len(PART.findall(text)) != len(parts):
            sys.exit("docs/gpu-status.md is not as tools/make_gpu_status.py writes it; run that")
    elif arguments:
        sys.exit(__doc__)
    else:
        PAGE.write_text(written, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
