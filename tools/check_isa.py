#!/usr/bin/env python3
"""Fails when code that is compiled for one instruction set defines a function that code for another may define too: the linker
keeps one of them, maybe one that the CPU cannot run.

usage: tools/check_isa.py ARCHIVE...     of the files *_isa.cpp
"""

import re
import subprocess
import sys

# What differs by set: templates of an Isa, and Eigen, whose namespace the build renames.
OF_ONE_SET = re.compile(r"\(ebb::kernels::Isa\)\d|\bEigen_\w+::")
NO_CODE = re.compile(r"DW\.ref\.")  # the compiler's references to where exceptions are handled


def shared_symbols(archive):
    """(symbols that are the set's own, names of those that others may have too)"""
    listing = subprocess.run(["nm", "--demangle", "--defined-only", archive], check=True, capture_output=True, text=True).stdout
    symbols = re.findall(r"^[0-9a-f]+ ([A-Zu]) (.+)$", listing, re.MULTILINE)  # lower case: local, but for u, unique
    return sum(bool(OF_ONE_SET.search(name)) for _, name in symbols), [
        name for _, name in symbols if not OF_ONE_SET.search(name) and not NO_CODE.match(name)]


def main(archives):
    failed = not archives
    for archive in archives:
        own, shared = shared_symbols(archive)
        print(f"{archive}: {own} functions of its own", *(f"  shared: {name}" for name in shared), sep="\n")
        failed |= bool(shared) or own == 0
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
