#!/usr/bin/env python3
"""Installs a build into a temporary folder, builds a program against that by pkg-config, and runs it. Also configures the
library alone, without CUDA, as most users do.

usage: tools/test_install.py SOURCE_ROOT BUILD PROGRAM.cpp
"""

import os
import pathlib
import subprocess
import sys
import tempfile

from check_cpu_library import ALLOWED, needed_libraries


def run(*command, **options):
    done = subprocess.run(command, text=True, capture_output=True, **options)
    if done.returncode != 0:
        sys.exit(f"failed: {' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


def main(source_root, build, source):
    with tempfile.TemporaryDirectory() as root:
        run("meson", "setup", f"{root}/build", source_root, "--buildtype=release", "-Dcuda=disabled", "-Dtests=false",
            "-Dapps=false", "-Dbench=false", "-Ddocs=false")
        installed = f"{root}/installed"
        run("meson", "install", "-C", build, "--no-rebuild", "--destdir", installed)
        package, = pathlib.Path(installed).rglob("ebb.pc")
        environment = dict(os.environ, PKG_CONFIG_PATH=str(package.parent), PKG_CONFIG_SYSROOT_DIR=installed)
        flags = run("pkg-config", "--cflags", "--libs", "ebb", env=environment).split()
        program = pathlib.Path(root, "program")
        run("g++", "-std=c++20", "-O2", "-Wall", "-Wextra", "-Werror", source, "-o", str(program), *flags,
            f"-Wl,-rpath,{package.parent.parent}")
        print(run(str(program)), end="")
        extra = needed_libraries(str(program)) - ALLOWED - {"libebb"}
        if extra:
            sys.exit(f"the program links {sorted(extra)}: it may link {sorted(ALLOWED)} and libebb only")


main(*sys.argv[1:])
