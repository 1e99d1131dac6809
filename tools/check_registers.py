#!/usr/bin/env python3
"""Fails where a kernel takes more registers a thread, or more bytes of stack, than docs/registers.json allows its file.

usage: tools/check_registers.py BUILD [--write]

Registers decide how many threads a multiprocessor has at a time; a stack lies in the memory of the GPU. What ptxas says of each kernel lies beside the objects in
BUILD, where tools/nvcc has put it. --write: makes the table what it is now.
"""

import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TABLE = ROOT / "docs/registers.json"
KERNEL = re.compile(r"Function properties for (\S+)\n\s*(\d+) bytes stack frame.*\n.*Used (\d+) registers")


def objects(build):
    """(.cu file, its object) of each."""
    for entry in json.loads((build / "compile_commands.json").read_text()):
        if entry["file"].endswith(".cu"):
            folder = pathlib.Path(entry["directory"])
            yield (folder / entry["file"]).resolve().relative_to(ROOT).as_posix(), folder / entry["output"]


def sources(build):
    """{.cu file: what ptxas says of its kernels, or None where nothing lies there}."""
    said = {name: pathlib.Path(f"{compiled}.ptxas") for name, compiled in objects(build)}
    return {name: file.read_text() if file.exists() else None for name, file in said.items()}


def kernels(said):
    """[(name, bytes of stack, registers)]"""
    return [(name, int(stack), int(registers)) for name, stack, registers in KERNEL.findall(said)]


def most(said):
    """{registers, stack} of the kernels that have most."""
    found = kernels(said)
    return {"registers": max((r for _, _, r in found), default=0), "stack": max((s for _, s, _ in found), default=0)}


def faults(found, table):
    for name, said in sorted(found.items()):
        if said is None:
            yield f"{name}: nobody knows what ptxas said of it; compile it with tools/nvcc"
            continue
        allowed = table.get(name, {"registers": 0, "stack": 0})
        for kernel, stack, registers in kernels(said):
            for value, what in ((registers, "registers"), (stack, "stack")):
                if value > allowed[what]:
                    yield (f"{name}: {kernel} has {what} {value}, and the table {allowed[what]}; where that is meant: "
                           "tools/check_registers.py BUILD --write")
    for name in sorted(table.keys() - found.keys()):
        yield f"{name} is in the table, but not compiled"


def main(arguments):
    build = pathlib.Path(arguments[0])
    found = sources(build)
    if arguments[1:] == ["--write"]:
        table = {name: most(said) for name, said in sorted(found.items()) if said is not None}
        TABLE.write_text(json.dumps(table, indent=1) + "\n")
        return 0
    wrong = list(faults(found, json.loads(TABLE.read_text())))
    print("\n".join(wrong) or f"{sum(len(kernels(said)) for said in found.values())} kernels of {len(found)} files: as the table has them")
    return 1 if wrong or not found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
