#!/usr/bin/env python3
"""Builds and installs the CPU library as a user would, builds a program against it by pkg-config, and runs it.
usage: test_install.py SOURCE_ROOT WORK_FOLDER"""

import os
import pathlib
import re
import subprocess
import sys

ALLOWED = {"libebb", "libc", "libm", "libstdc++", "libgcc_s"}  # and what the kernel and the loader bring
LOADER = {"linux-vdso", "ld-linux-x86-64"}


def run(*command, **options):
    done = subprocess.run(command, text=True, capture_output=True, **options)
    if done.returncode != 0:
        sys.exit(f"failed: {' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


def install(source, work):
    build, prefix = work / "build", work / "prefix"
    if not (build / "build.ninja").exists():
        run("meson", "setup", str(build), str(source), f"--prefix={prefix}", "--libdir=lib", "--buildtype=release",
            "-Dcuda=disabled", "-Dtests=false", "-Dapps=false", "-Dbench=false", "-Ddocs=false")
    run("ninja", "-C", str(build))
    run("meson", "install", "-C", str(build), "--no-rebuild")
    return prefix


def linked_libraries(binary):
    names = re.findall(r"^\s*(\S+?)\.so", run("ldd", str(binary)), re.MULTILINE)
    return {pathlib.PurePath(name).name for name in names} - LOADER


def main():
    source, work = map(pathlib.Path, sys.argv[1:])
    prefix = install(source, work)
    environment = dict(os.environ, PKG_CONFIG_PATH=str(prefix / "lib/pkgconfig"))
    flags = run("pkg-config", "--cflags", "--libs", "ebb", env=environment).split()
    program = work / "consumer"
    run("g++", "-std=c++20", "-O2", "-Wall", "-Wextra", "-Werror", str(source / "tests/consumer/main.cpp"), "-o",
        str(program), *flags, f"-Wl,-rpath,{prefix / 'lib'}")
    print(run(str(program)), end="")
    for binary in (prefix / "lib/libebb.so", program):
        extra = linked_libraries(binary) - ALLOWED
        if extra:
            sys.exit(f"{binary} links {sorted(extra)}: the CPU library may link {sorted(ALLOWED)} only")
    symbols = run("nm", "-D", "--undefined-only", str(prefix / "lib/libebb.so"))
    if re.search(r"\b(cuda|cublas|cudnn|nccl)\w+", symbols):
        sys.exit("the CPU library refers to CUDA symbols")
    size = (prefix / "lib/libebb.so").resolve().stat().st_size
    print(f"libebb.so links only {', '.join(sorted(linked_libraries(prefix / 'lib/libebb.so')))}; {size / 1e6:.1f} MB")


main()
