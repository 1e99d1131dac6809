#!/usr/bin/env python3
"""Packs a build and checks with the pack as on a machine without a GPU: every program has to start and to say so, and the unit
tests run in the emulator.

usage: test_gpu_pack.py BUILD
"""

import json
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools/lib"))

from gpu import catch_tests, plan  # noqa: E402


def check(ok, what):
    if not ok:
        sys.exit(f"test_gpu_pack: {what}")


def steps_of(folder):
    (report,) = folder.glob("*.json")
    return {step["name"]: step for step in json.loads(report.read_text())["steps"]}


def run(*command):
    print(*command, flush=True)
    return subprocess.run(list(map(str, command)), cwd="/").returncode


def check_filters(*programs):
    """A filter that no test's name matches would check nothing, and say that it passed. The programs hold the tests of the GPU's."""
    for pattern in plan.SHARED_MEMORY + tuple(pattern.lstrip("~") for pattern in plan.HEAVY):
        check(any(catch_tests.names_of(p, None, pattern) for p in programs), f"no test of {programs} matches {pattern!r}")


def main(build):
    emulated = build / "tests/kernels/cuda_emulated_tests"
    check_filters(emulated, build / "tests/kernels/products_emulated_tests")
    with tempfile.TemporaryDirectory() as folder:
        pack, dry, unit = (pathlib.Path(folder) / name for name in ("pack", "dry", "unit"))
        check(run(ROOT / "tools/gpu_pack", "--build", build, "--no-build", pack) == 0, "gpu_pack failed")
        check(run(pack / "gpu_check", "--dry", "--output", dry) == 0, "the dry run failed")
        steps = steps_of(dry)
        others = {name: step["status"] for name, step in steps.items() if step["status"] != "no GPU"}
        check(others == {"inventory": "passed"}, f"without a GPU these steps do not say so: {others}")
        for name in ("device", "tests", "ceilings", "families", "nets", "command"):
            check("command" in steps[name], f"{name} started no program")
        check(run(pack / "gpu_check", "--emulated", emulated, "--output", unit) == 0, "the unit tests failed in the emulator")
        check(steps_of(unit)["tests"]["result"]["passed"] > 50, "the emulator ran few tests")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]).resolve())
