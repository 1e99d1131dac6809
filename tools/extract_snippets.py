#!/usr/bin/env python3
"""Writes the ```cpp blocks of a page, one after the other, as one program: extract_snippets.py PAGE.md PROGRAM.cpp"""

import pathlib
import sys


def program(page):
    lines, inside = [], False
    for number, line in enumerate(page.read_text().splitlines(), 1):
        if line.startswith("```"):
            inside = line == "```cpp"
            if inside:
                lines.append(f'#line {number + 1} "{page.name}"')
        elif inside:
            lines.append(line)
    return "\n".join(lines) + "\n"


pathlib.Path(sys.argv[2]).write_text(program(pathlib.Path(sys.argv[1])))
