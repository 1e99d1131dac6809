#!/usr/bin/env python3
"""Fails when a library that is built without CUDA links more than it may, or needs a symbol of CUDA; prints its size.

usage: tools/check_cpu_library.py LIBRARY
"""

import os
import re
import subprocess
import sys

ALLOWED = {"libc", "libm", "libstdc++", "libgcc_s"}
CUDA = re.compile(r"cuda|cublas|cudnn|nccl", re.IGNORECASE)


def lines_of(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()


def needed_libraries(binary):
    """Their names without .so and version; the loader is none of them."""
    needed = {name for line in lines_of("objdump", "-p", binary) for name in re.findall(r"NEEDED +(\S+?)\.so", line)}
    return {name for name in needed if not name.startswith("ld-linux")}


def main(library):
    needed = needed_libraries(library)
    undefined = lines_of("nm", "-D", "--undefined-only", "--demangle", library)
    cuda = [line.strip() for line in undefined if CUDA.search(line)]
    print(f"{library}: {os.path.getsize(os.path.realpath(library)) / 1e6:.1f} MB; links {', '.join(sorted(needed))};",
          f"{len(undefined)} undefined symbols, {len(cuda)} of CUDA", *cuda)
    if needed - ALLOWED:
        sys.exit(f"it may link {', '.join(sorted(ALLOWED))} only")
    return bool(cuda) or not undefined


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
