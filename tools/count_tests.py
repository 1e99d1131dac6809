#!/usr/bin/env python3
"""Adds up test results, and prints them as the one line `N passed, N failed`, with `, N skipped` where some were.

usage: tools/count_tests.py [--status N] RESULT...

A RESULT is such a line itself, or the testlog.json that `meson test` writes. In there a Catch2 program counts each of
its test cases, a Python unittest each of its tests, and any other test counts one. A RESULT that cannot be read counts
as one failed, and so does a status of the test run that is not 0 while no failure is on record. The exit status is 1
when something failed or nothing ran.
"""

import argparse
import json
import pathlib
import re
import sys
from typing import NamedTuple


class Count(NamedTuple):
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def plus(self, other):
        return Count(*map(sum, zip(self, other)))

    def __str__(self):
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        return f"{self.passed} passed, {self.failed} failed{skipped}"


def last_match(pattern, text):
    return next(reversed(list(re.finditer(pattern, text, re.MULTILINE))), None)


def closing_line(text):
    line = re.fullmatch(r"(\d+) passed, (\d+) failed(?:, (\d+) skipped)?", text.strip())
    return Count(*(int(number or 0) for number in line.groups())) if line else None


def catch2(output):
    if all_passed := last_match(r"^All tests passed \(\d+ assertions? in (\d+) test cases?\)", output):
        return Count(passed=int(all_passed[1]))
    if totals := last_match(r"^test cases: +(\d+) \|(.*)", output):
        failed, skipped = (
            sum(int(number) for number in re.findall(rf"(\d+) {word}(?! as expected)", totals[2]))
            for word in ("failed", "skipped")
        )
        return Count(int(totals[1]) - failed - skipped, failed, skipped)
    return None


def unittest(output):
    ran = last_match(r"^Ran (\d+) tests? in ", output)
    verdict = last_match(r"^(?:OK|FAILED|NO TESTS RAN)(?: \((.*)\))?$", output)
    if not (ran and verdict):
        return None
    details = dict(part.split("=") for part in verdict[1].split(", ")) if verdict[1] else {}
    failed = sum(int(details.get(kind, 0)) for kind in ("failures", "errors", "unexpected successes"))
    skipped = int(details.get("skipped", 0))
    return Count(max(0, int(ran[1]) - failed - skipped), failed, skipped)


def meson_test(entry):
    if entry["result"] == "SKIP":
        return Count(skipped=1)
    if entry["result"] == "EXPECTEDFAIL":
        return Count(passed=1)
    output = entry.get("stdout", "") + "\n" + entry.get("stderr", "")
    inside = unittest(output) or catch2(output)
    if entry["result"] == "OK":
        return inside or Count(passed=1)
    if inside and inside.failed:
        return inside
    return Count(failed=1).plus(inside or Count())  # a leak or a crash on the way out, after all its cases passed


def count(result):
    if line := closing_line(result):
        return line
    try:
        entries = pathlib.Path(result).read_text(encoding="utf-8").splitlines()
        total = Count()
        for entry in entries:
            total = total.plus(meson_test(json.loads(entry)))
        return total
    except (OSError, ValueError, LookupError, TypeError) as error:
        print(f"no test results in '{result}': {error}")
        return Count(failed=1)


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--status", type=int, default=0)
    parser.add_argument("results", nargs="+", metavar="RESULT")
    options = parser.parse_args(arguments)
    total = Count()
    for result in options.results:
        total = total.plus(count(result))
    if options.status and not total.failed:
        print(f"the test run ended with status {options.status}, yet no failure is on record")
        total = total.plus(Count(failed=1))
    if not (total.passed or total.failed):
        print("no test ran")
    print(total)
    return 1 if total.failed or not total.passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
