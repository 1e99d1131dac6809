#!/usr/bin/env python3
"""Runs an example and compares what it prints with the comment at the end of its source.

usage: run_example.py [--update] PROGRAM SOURCE     --update writes the comment instead
"""

import difflib
import pathlib
import re
import subprocess
import sys
import tempfile

BLOCK = re.compile(r"/\* Prints:\n(.*?)\*/\n\Z", re.DOTALL)


def main():
    arguments = [a for a in sys.argv[1:] if a != "--update"]
    program, source = (pathlib.Path(a).resolve() for a in arguments)
    text = source.read_text()
    block = BLOCK.search(text)
    if block is None:
        sys.exit(f"{source}: does not end with a comment /* Prints: ... */")
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([program], cwd=folder, text=True, capture_output=True)
    if done.returncode != 0:
        sys.exit(f"{program} ended with {done.returncode}\n{done.stdout}{done.stderr}")
    if "--update" in sys.argv:
        source.write_text(text[: block.start(1)] + done.stdout + text[block.end(1) :])
    elif done.stdout != block[1]:
        lines = difflib.unified_diff(block[1].splitlines(), done.stdout.splitlines(), "expected", "printed", lineterm="")
        sys.exit("\n".join(lines))


main()
