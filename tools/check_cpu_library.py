#!/usr/bin/env python3
"""Fails when a library that is built without CUDA links more than it may, needs a symbol of CUDA, or is too large; prints its size.

usage: tools/check_cpu_library.py LIBRARY [MOST]      MOST: megabytes that it may have when stripped
"""

import os
import re
import subprocess
import sys
import tempfile

ALLOWED = {"libc", "libm", "libstdc++", "libgcc_s"}
CUDA = re.compile(r"cuda|cublas|cudnn|nccl", re.IGNORECASE)


def lines_of(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()


def needed_libraries(binary):
    """Their names without .so and version; the loader is none of them."""
    needed = {name for line in lines_of("objdump", "-p", binary) for name in re.findall(r"NEEDED +(\S+?)\.so", line)}
    return {name for name in needed if not name.startswith("ld-linux")}


def megabytes(path):
    return os.path.getsize(os.path.realpath(path)) / 1e6


def stripped_megabytes(library):
    with tempfile.NamedTemporaryFile() as stripped:
        subprocess.run(["strip", "-o", stripped.name, library], check=True)
        return megabytes(stripped.name)


def main(library, most=None):
    needed = needed_libraries(library)
    undefined = lines_of("nm", "-D", "--undefined-only", "--demangle", library)
    cuda = [line.strip() for line in undefined if CUDA.search(line)]
    stripped = stripped_megabytes(library)
    print(f"{library}: {megabytes(library):.1f} MB, {stripped:.2f} MB stripped; links {', '.join(sorted(needed))};",
          f"{len(undefined)} undefined symbols, {len(cuda)} of CUDA", *cuda)
    if needed - ALLOWED:
        sys.exit(f"it may link {', '.join(sorted(ALLOWED))} only")
    if most is not None and stripped > float(most):
        sys.exit(f"it may have {most} MB when stripped")
    return bool(cuda) or not undefined


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
