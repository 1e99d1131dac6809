#!/usr/bin/env python3
"""Prints what ninja has to build for some suites of tests.

usage: meson introspect BUILD --targets --tests | tools/suite_targets.py BUILD SUITE...
"""

import json
import os
import sys

build, *suites = sys.argv[1:]
known = json.load(sys.stdin)
tests = [test for test in known["tests"] if any(name.split(":")[-1] in suites for name in test["suite"])]
needed = {target for test in tests for target in test["depends"]}
for target in known["targets"]:
    if target["id"] in needed:
        print(*(os.path.relpath(file, build) for file in target["filename"]), sep="\n")
