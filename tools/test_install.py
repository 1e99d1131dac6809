#!/usr/bin/env python3
"""Installs a build into a temporary folder, builds a program against that by pkg-config, and runs it.

usage: tools/test_install.py BUILD PROGRAM.cpp
"""

import os
import pathlib
import subprocess
import sys
import tempfile


def run(*command, **options):
    done = subprocess.run(command, text=True, capture_output=True, **options)
    if done.returncode != 0:
        sys.exit(f"failed: {' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


def main(build, source):
    with tempfile.TemporaryDirectory() as root:
        run("meson", "install", "-C", build, "--no-rebuild", "--destdir", root)
        package, = pathlib.Path(root).rglob("ebb.pc")
        environment = dict(os.environ, PKG_CONFIG_PATH=str(package.parent), PKG_CONFIG_SYSROOT_DIR=root)
        flags = run("pkg-config", "--cflags", "--libs", "ebb", env=environment).split()
        program = pathlib.Path(root, "program")
        run("g++", "-std=c++20", "-O2", "-Wall", "-Wextra", "-Werror", source, "-o", str(program), *flags,
            f"-Wl,-rpath,{package.parent.parent}")
        print(run(str(program)), end="")


main(*sys.argv[1:])
