#!/usr/bin/env python3
"""Installs a build into a temporary folder and builds programs against that as users do: by pkg-config, shared and wholly
static, by CMake, shared and static, as plugins that are opened with dlopen(), and with ebb as a Meson subproject. Runs each.

usage: tools/test_install.py SOURCE_ROOT BUILD PROGRAMS

PROGRAMS is tests/install.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from check_cpu_library import ALLOWED, needed_libraries

GREETING = "tensor([2., 4.]"


def run(*command, **options):
    done = subprocess.run([str(word) for word in command], text=True, capture_output=True, **options)
    if done.returncode != 0:
        sys.exit(f"failed: {' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


def expect(ok, *problem):
    if not ok:
        sys.exit(" ".join(map(str, problem)))


def expect_greeting(program, **options):
    printed = run(program, **options)
    expect(printed.startswith(GREETING), f"{program} printed {printed!r} instead of {GREETING!r}")
    print(f"{program.name} runs, {program.stat().st_size / 1e6:.1f} MB")


def expect_shared(program):
    """That it links libebb, and nothing else that a program in C++ would not."""
    expect(needed_libraries(program) - ALLOWED == {"libebb"}, program, "links", sorted(needed_libraries(program)))


def test_defaults(root, source_root):
    """Who asks for nothing gets the library, optimized and without CUDA, and nothing else is built."""
    build = root / "build"
    run("meson", "setup", build, source_root)
    extra = {str(target["defined_in"]) for target in json.loads(run("meson", "introspect", "--targets", build))
             if re.search(r"/(tests|apps|bench|docs|examples)/meson.build", str(target["defined_in"]))}
    expect(not extra, "nobody asked for", sorted(extra))
    options = {option["name"]: option["value"] for option in json.loads(run("meson", "introspect", "--buildoptions", build))}
    expect(options["optimization"] == "3" and options["cuda"] == "disabled", "by default, not optimized or with CUDA")


def test_pkg_config(root, installed, programs):
    """Only ebb.pc is there to be found: what it asks for besides is missing, as it is for most users."""
    package, = installed.rglob("ebb.pc")
    environment = dict(os.environ, PKG_CONFIG_LIBDIR=str(package.parent), PKG_CONFIG_SYSROOT_DIR=str(installed))
    flags = run("pkg-config", "--cflags", "--libs", "ebb", env=environment).split()
    program = root / "pkg_config_shared"
    run("g++", "-std=c++20", "-O2", "-Wall", "-Wextra", "-Werror", programs / "consumer.cpp", "-o", program, *flags,
        f"-Wl,-rpath,{package.parent.parent}")
    print(run(program), end="")
    expect_shared(program)
    flags = run("pkg-config", "--static", "--cflags", "--libs", "ebb", env=environment).split()
    program = root / "pkg_config_static"
    run("g++", "-std=c++20", programs / "hello.cpp", "-o", program, "-static", *flags)
    expect(not needed_libraries(program), program, "links", sorted(needed_libraries(program)))
    expect_greeting(program)


def test_mpi(root, installed, programs):
    """Where ebb was built with MPI, a program that asks for it gets that, and only that program."""
    package = next(installed.rglob("ebb-mpi.pc"), None)
    if package is None:
        return
    environment = dict(os.environ, PKG_CONFIG_LIBDIR=str(package.parent), PKG_CONFIG_SYSROOT_DIR=str(installed))
    flags = run("pkg-config", "--cflags", "--libs", "ebb-mpi", env=environment).split()
    program = root / "mpi"
    run("g++", "-std=c++20", "-Wall", "-Wextra", "-Werror", programs / "mpi.cpp", "-o", program, *flags,
        f"-Wl,-rpath,{package.parent.parent}", f"-Wl,-rpath-link,{package.parent.parent}")
    expect(run(program) == "rank 0 of 1\n", program, "does not run")
    expect("libmpi" not in needed_libraries(program), program, "links MPI itself")


def static_links(installed):
    """What libebb.a needs besides, for a plugin: with CUDA the shared runtime, for the static one has too many thread-locals."""
    words = re.findall(r"Libs.private: (.*)", next(installed.rglob("ebb.pc")).read_text())[0].split()
    return [word.replace("cudart_static", "cudart") for word in words] + [f"-Wl,-rpath,{word[2:]}" for word in words if word[:2] == "-L"]


def test_plugins(root, installed, programs):
    """A program that does not link ebb opens plugins that do. Each libebb takes of the memory that the C library sets aside for
    thread-locals: one where plugins share the library, one a plugin where each holds a static copy."""
    libraries = next(installed.rglob("libebb.a")).parent
    include = next(installed.rglob("ebb/ebb.h")).parent.parent
    run("g++", "-std=c++20", "-Wall", "-Wextra", "-Werror", programs / "plugin_host.cpp", "-o", root / "plugin_host")
    run("g++", "-std=c++20", "-fPIC", "-I", include, "-c", programs / "plugin.cpp", "-o", root / "plugin.o")
    run("g++", "-shared", root / "plugin.o", "-o", root / "shared.so", "-L", libraries, "-lebb", f"-Wl,-rpath,{libraries}")
    run("g++", "-shared", root / "plugin.o", "-o", root / "static.so", libraries / "libebb.a", "-Wl,--exclude-libs,ALL",
        *static_links(installed))
    for plugin, count in ("shared.so", 20), ("static.so", 3):
        copies = [shutil.copy(root / plugin, root / f"{i}-{plugin}") for i in range(count)]
        print(plugin, run(root / "plugin_host", *copies), end="")


def test_cmake(root, installed, programs):
    prefix = next(installed.rglob("ebb/ebb.h")).parents[2]
    build = root / "cmake"
    run("cmake", "-S", programs / "cmake", "-B", build, "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={prefix}")
    run("cmake", "--build", build)
    expect_shared(build / "by_default/by_default")
    expect("libebb" not in needed_libraries(build / "static/static"), "COMPONENTS static links the shared library")
    for name in ("by_default", "static"):
        expect_greeting(build / name / name)


def test_subproject(root, installed, programs, source_root):
    """A parent that is debugged, as Meson's default is. To compile ebb again would take minutes, so its library is put where
    the parent's build would make it, once its commands have been looked at."""
    parent = root / "parent"
    shutil.copytree(programs / "subproject", parent)
    shutil.copy(programs / "hello.cpp", parent)
    (parent / "subprojects").mkdir()
    (parent / "subprojects/ebb").symlink_to(source_root)
    build = parent / "build"
    run("meson", "setup", build, parent)
    commands = [entry for entry in json.loads((build / "compile_commands.json").read_text())
                if "subprojects/ebb" in entry["output"]]
    expect(commands, "the subproject compiles nothing")
    for entry in commands:
        last = re.findall(r" -O(\S+)", entry["command"])[-1:]
        expect(last in (["2"], ["3"], ["s"]) and " -DNDEBUG" in entry["command"], "not optimized:", entry["command"])
        expect(not re.search(r"/(tests|apps|bench|docs)/|nvcc", entry["command"]), "nobody asked for:", entry["command"])
    library, = (path for path in installed.rglob("libebb.so.*.*.*"))
    place = build / "subprojects/ebb"
    for name in (library.name, "libebb.so.0", "libebb.so"):
        shutil.copy(library, place / name)
    run("ninja", "-C", build, "program.p/hello.cpp.o")
    run("sh", "-c", run("ninja", "-C", build, "-t", "commands", "-s", "program").splitlines()[-1], cwd=build)
    expect_shared(build / "program")
    expect_greeting(build / "program")


def test_libraries(installed):
    """That with CUDA, too, cuBLAS is not loaded before it is used."""
    library, = installed.rglob("libebb.so.*.*.*")
    extra = needed_libraries(library) - ALLOWED - {"libcudart"}
    expect(not extra, library, "links", sorted(extra))


def main(source_root, build, programs):
    programs = pathlib.Path(programs)
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        installed = root / "installed"
        test_defaults(root, source_root)
        run("meson", "install", "-C", build, "--no-rebuild", "--destdir", installed)
        test_libraries(installed)
        test_pkg_config(root, installed, programs)
        test_mpi(root, installed, programs)
        test_plugins(root, installed, programs)
        test_cmake(root, installed, programs)
        test_subproject(root, installed, programs, source_root)


main(*sys.argv[1:])
