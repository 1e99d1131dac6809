#!/usr/bin/env python3
"""Fails where the compiler has made less of a kernel than docs/instructions.json says that it did.

usage: tools/check_instructions.py BUILD [--write]

What counts are instructions that bring memory's bandwidth or a matrix unit's speed: loads of 16 bytes, several loads on their
way before the first is waited for, products of matrices. They are read from the machine code in the objects of BUILD, whose
kernels' templates have several instances each: the table says how many of them have the instruction. --write: makes the table
what it is now.
"""

import collections
import json
import pathlib
import re
import struct
import sys

from check_registers import ROOT, objects

TABLE = ROOT / "docs/instructions.json"
FATBIN, ELF_ENTRY = 0xBA55ED50, 2

# The bits of an instruction of 128, which NVIDIA does not publish: compared with what its nvdisasm 12.8 says of ebb's
# kernels for sm_90. The lowest 12 are the operation.
LOAD, LOAD_TO_SHARED, EXIT, JUMP = 0x981, 0xFAE, 0x94D, 0x947
MATRIX = {0x23C, 0xDF0, 0x9F0}  # HMMA; HGMMA whose first factor is in registers, or in shared memory
SIZE, SIZE_OF_16_BYTES = 73, 6
BARRIER, NO_BARRIER = 110, 7  # which of six counts the loads that are on their way
WAITS_FOR = 116               # a bit of each barrier
PREDICATE, ALWAYS = 12, 7


def bits(instruction, at, count):
    return instruction >> at & ((1 << count) - 1)


def machine_codes(object_file):
    """The cubins in an object that nvcc has made."""
    start = object_file.find(struct.pack("<I", FATBIN))
    while start >= 0:
        size, = struct.unpack_from("<Q", object_file, start + 8)
        at, end = start + 16, start + 16 + size
        while at < end:
            kind, _, header, size = struct.unpack_from("<HHIQ", object_file, at)
            if kind == ELF_ENTRY:
                yield object_file[at + header:at + header + size]
            at += header + size
        start = object_file.find(struct.pack("<I", FATBIN), end)


def kernels_in(cubin):
    """(mangled name, [instruction]) of each."""
    if cubin[:4] != b"\x7fELF":
        raise ValueError("the machine code is compressed: compile without --compress-mode")
    table, = struct.unpack_from("<Q", cubin, 0x28)
    entry_size, count, names = struct.unpack_from("<HHH", cubin, 0x3A)
    sections = [struct.unpack_from("<IIQQQQ", cubin, table + i * entry_size) for i in range(count)]
    for name, _, _, _, offset, size in sections:
        at = sections[names][4] + name
        text = cubin[at:cubin.index(b"\0", at)].decode()
        if text.startswith(".text."):
            code = cubin[offset:offset + size]
            yield text[len(".text."):], [int.from_bytes(code[i:i + 16], "little") for i in range(0, size, 16)]


def template_of(mangled):
    """The last identifier: average of _ZN3ebb7kernels7averageILi4EfEEvPKf."""
    name, at = mangled, re.match(r"_ZN?", mangled).end()
    while length := re.match(r"\d+", mangled[at:]):
        begin = at + length.end()
        at = begin + int(length[0])
        name = mangled[begin:at]
    return name


def loads_in_flight(instructions):
    """The most loads that no instruction has waited for yet, by the barriers that count them."""
    most, waiting = 0, collections.Counter()
    for instruction in instructions:
        for barrier in list(waiting):
            if bits(instruction, WAITS_FOR + barrier, 1):
                del waiting[barrier]
        operation, barrier = bits(instruction, 0, 12), bits(instruction, BARRIER, 3)
        if operation == LOAD and barrier != NO_BARRIER:
            waiting[barrier] += 1
            most = max(most, waiting.total())
        elif operation in (EXIT, JUMP) and bits(instruction, PREDICATE, 4) == ALWAYS:
            waiting.clear()  # what follows is another way through the kernel
    return most


def facts(instructions):
    operations = [(bits(i, 0, 12), bits(i, SIZE, 3)) for i in instructions]
    return {
        "kernels": 1,
        "load 16 bytes": int(any(o in (LOAD, LOAD_TO_SHARED) and s == SIZE_OF_16_BYTES for o, s in operations)),
        "4 loads in flight": int(loads_in_flight(instructions) >= 4),
        "matrix products": int(any(o in MATRIX for o, _ in operations)),
    }


def read(build):
    """{.cu file: {template: {fact: in how many kernels}}}"""
    found = {}
    for name, compiled in objects(build):
        templates = collections.defaultdict(collections.Counter)
        for cubin in machine_codes(compiled.read_bytes()):
            for mangled, instructions in kernels_in(cubin):
                templates[template_of(mangled)].update(facts(instructions))
        if templates:
            found[name] = {template: dict(counts) for template, counts in sorted(templates.items())}
    return found


def faults(found, table):
    for name, templates in sorted(table.items()):
        for template, counts in templates.items():
            now = found.get(name, {}).get(template, {})
            for fact, count in counts.items():
                if now.get(fact, 0) < count:
                    yield (f"{name}: {now.get(fact, 0)} of {template}: {fact}; the table says {count}; where that is meant: "
                           "tools/check_instructions.py BUILD --write")


def main(arguments):
    found = read(pathlib.Path(arguments[0]))
    if arguments[1:] == ["--write"]:
        TABLE.write_text(json.dumps(found, indent=1) + "\n")
        return 0
    wrong = list(faults(found, json.loads(TABLE.read_text())))
    count = sum(counts["kernels"] for templates in found.values() for counts in templates.values())
    print("\n".join(wrong) or f"{count} kernels of {len(found)} files: as the table has them")
    return 1 if wrong or not found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
