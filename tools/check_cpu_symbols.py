#!/usr/bin/env python3
"""Fails when a library that is built without CUDA needs a symbol of CUDA, and lists every one.

usage: tools/check_cpu_symbols.py LIBRARY
"""

import re
import subprocess
import sys

CUDA = re.compile(r"cuda|cublas|cudnn|nccl", re.IGNORECASE)


def main(library):
    command = ["nm", "--undefined-only", "--demangle", library]
    undefined = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    found = [line.strip() for line in undefined if CUDA.search(line)]
    print(f"{library}: {len(undefined)} undefined symbols, {len(found)} of CUDA", *found, sep="\n")
    return bool(found) or not undefined


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
