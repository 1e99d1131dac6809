"""Runs a program of Catch2 tests on a GPU, where one fault can make every test after it fail."""

import html
import re
import time

from gpu.runner import OUTPUT_END, execute

CASE = re.compile(r'<TestCase name="([^"]*)".*?(?=<TestCase |\Z)', re.DOTALL)
RESULT = re.compile(r'<OverallResult success="(true|false)"(?: durationInSeconds="([0-9.e+-]+)")?')
SPECIAL = re.compile(r"([\\,\[\]\"*~])")


def cases_in(output):
    """{name: passed, failed or crashed} of what -r xml printed; a crash ends the output."""
    cases = {}
    for match in CASE.finditer(output):
        result = RESULT.search(match.group(0))
        cases[html.unescape(match.group(1))] = ("passed" if result.group(1) == "true" else "failed") if result else "crashed"
    return cases


def names_of(program, environment, *filters):
    """The tests of `program`, or those that the filters match."""
    listed = execute([program, "--list-tests", *filters], 30, environment)
    names = []
    for line in listed.output.splitlines():  # whose exit status is their number
        if line.startswith("    ") and names:  # of a name that is longer than a line
            names[-1] += " " + line.strip()
        elif line.startswith("  "):
            names.append(line.strip())
    return names


def run_alone(program, name, environment, seconds):
    """One test in a process of its own, every launch waited for, so that a fault names its kernel."""
    alone = execute([program, SPECIAL.sub(r"\\\1", name)], seconds, {**environment, "CUDA_LAUNCH_BLOCKING": "1"})
    status = {0: "passed", None: "timed out"}.get(alone.status, "failed")
    return {"name": name, "alone": status, "seconds": alone.seconds, "output_end": alone.output[-OUTPUT_END:]}


def run_tests(runner, name, program, environment, limit, alone_limit=90):
    """All tests in one process; then each that failed, or that a crash kept from running, again by itself."""
    seen = {}

    def read(output):
        seen.update(cases_in(output))
        return {"passed": sum(status == "passed" for status in seen.values()),
                "failed": [case for case, status in seen.items() if status != "passed"]}

    step = runner.run(name, [program, "-r", "xml", "-d", "yes"], limit, environment, read)
    if step["status"] not in ("failed", "timed out"):
        return step
    again = step["result"]["failed"] + [case for case in names_of(program, environment) if case not in seen]
    end = time.monotonic() + min(alone_limit, max(runner.left(), 0) if runner.has_gpu else alone_limit)
    step["alone"] = []
    for case in again:
        left = end - time.monotonic()
        if left < 1:
            break
        step["alone"].append(run_alone(program, case, environment, min(30, left)))
        runner.report.write()
    step["not_run_alone"] = again[len(step["alone"]):]
    guilty = [case["name"] for case in step["alone"] if case["alone"] != "passed"]
    runner.report.write()
    print(f"{name}: {len(again)} failed together or were kept from running, {len(guilty)} of {len(step['alone'])} alone: {guilty}")
    return step
