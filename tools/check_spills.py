#!/usr/bin/env python3
"""Fails unless every .cu file is compiled with flags under which a kernel that spills registers is an error.

usage: tools/check_spills.py BUILD SPILLING_KERNEL

The flags are those of BUILD/compile_commands.json; SPILLING_KERNEL, a .cu file, shows that they do refuse.
"""

import json
import pathlib
import shlex
import subprocess
import sys

FLAG = "-Xptxas=-warn-spills,-Werror"


def commands(build):
    for entry in json.loads((build / "compile_commands.json").read_text()):
        if entry["file"].endswith(".cu"):
            yield entry["file"], entry["directory"], shlex.split(entry["command"])


def compile_instead(source, directory, command):
    """What the compiler says about `source` with the flags of `command`."""
    kept, skips = [], False
    for word in command[:-1]:
        if not skips and word not in {"-o", "-c", "-MF", "-MQ", "-MD"}:
            kept.append(word)
        skips = word in {"-o", "-MF", "-MQ"}
    kept += ["-c", str(source), "-o", "/dev/null"]
    return subprocess.run(kept, cwd=directory, capture_output=True, text=True)


def main(build, spilling):
    found = list(commands(pathlib.Path(build)))
    if not found:
        print(f"{build}/compile_commands.json names no .cu file")
        return True
    bad = [file for file, _, command in found if FLAG not in command]
    for file in bad:
        print(f"{file}: compiled without {FLAG}")
    _, directory, command = found[0]
    result = compile_instead(pathlib.Path(spilling).resolve(), directory, command)
    refused = result.returncode != 0 and "spill" in result.stdout + result.stderr
    if not refused:
        print(f"{spilling}: was to be refused for its spills, but: {result.stdout}{result.stderr}")
    print(f"{len(found)} .cu files, {len(found) - len(bad)} of them compiled so that no register may spill")
    return bool(bad) or not refused


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
