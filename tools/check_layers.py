#!/usr/bin/env python3
"""Fails when a C++ file breaks a rule of the architecture, and lists every place.

usage: tools/check_layers.py [ROOT]
"""

import functools
import pathlib
import re
import statistics
import sys

from house import FLOORS, ROOM_LIMIT, is_private, stale_pages

FOLDERS = [*FLOORS, "apps", "examples", "bench", "tests"]
SUFFIXES = {".h", ".cpp", ".cu", ".cuh"}
MAY_HAVE_CONDITIONS = "kernels/host_device.h"
GENERATED_HEADERS = {"ebb/config.h", "ebb/instruction_sets.h"}  # by Meson, so it is in no layer and any may include it
FOR_USERS = {f"ebb/{name}.h" for name in ("ebb", "tensor", "nn", "optim", "io", "data", "comm", "cuda", "interop")}
FILE_LIMIT, FILE_USUAL, FILE_MEDIAN = 400, 250, 60
FUNCTION_LIMIT, FUNCTION_USUAL, FUNCTION_MEDIAN = 60, 40, 10

EIGEN = re.compile(r"(\w+/)?Eigen/")
CUDA = re.compile(r"cuda|cublas|cudnn|nccl|curand|nvrtc|cub/|thrust/|cooperative_groups")
JSON = re.compile(r"nlohmann/|json\.hpp")

DOCUMENTATION = ("///", "//!", "/**")
TOKEN = re.compile(
    r"""
    (?P<comment> //[^\n]* | /\*.*?\*/ )
  | \b(?:u8|[uUL])?R"(?P<mark>[^()\\\s]*)\(.*?\)(?P=mark)"
  | "(?:\\.|[^"\\\n])*"
  | \b\d(?:'?[\w.])*                 # a number, so that the ' in 1'000 opens no character
  | '(?:\\.|[^'\\\n])*'
    """,
    re.DOTALL | re.VERBOSE,
)
DIRECTIVE = re.compile(r"^[ \t]*#[ \t]*(\w+)(?:\\\n|[^\n])*", re.MULTILINE)
INCLUDE = re.compile(r'[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)')


def blank(text):
    return re.sub(r"[^\n]", " ", text)


class Source:
    """A file, and its code: the same text with comments and literals blanked, so that offsets and lines agree."""

    def __init__(self, path, root):
        self.name = path.relative_to(root).as_posix()
        self.folder = self.name.split("/")[0]
        self.room = self.name.rpartition("/")[0]
        self.text = path.read_text(encoding="utf-8", errors="replace")
        self.comments = []  # (line, text) for each line of each comment that is no documentation
        self.code = TOKEN.sub(self._read_token, self.text)
        self.directives = []  # (line, name)
        self.includes = []  # (line, opening quote, header)
        for directive in DIRECTIVE.finditer(self.code):
            line = self.line_at(directive.start())
            self.directives.append((line, directive[1]))
            if include := INCLUDE.match(self.text, directive.start()):
                self.includes.append((line, *include.groups()))

    def _read_token(self, token):
        if token["comment"] and not token[0].startswith(DOCUMENTATION):
            self.comments += enumerate(token[0].split("\n"), self.line_at(token.start()))
        return token[0] if token[0][0].isdigit() else blank(token[0])

    def line_at(self, offset):
        return self.text.count("\n", 0, offset) + 1

    def line_count(self):
        return len(self.text.splitlines())

    def is_public_header(self):
        return self.folder in FLOORS and self.name.endswith(".h") and not is_private(self.room)


# The rules. Each yields (line, problem).


def may_include(source, inside):
    floor, other = FLOORS[source.folder], inside.split("/")[0]
    allowed = other == source.folder or other in floor.below
    return allowed or any(source.name.startswith(own) and inside.startswith(their) for own, their in floor.exceptions)


def check_layer(source):
    for line, quote, header in source.includes:
        first, _, inside = header.partition("/")
        if first != "ebb":
            if first in FLOORS or quote == '"':
                yield line, f'"{header}" has no ebb/ prefix; include it as "ebb/<floor>/<room>/<file>"'
        elif quote == "<":
            yield line, f'<{header}> is our own; include it as "{header}"'
        elif header in FOR_USERS:
            yield line, f"{header} is for users; include the headers that this file needs"
        elif header not in GENERATED_HEADERS and not may_include(source, inside):
            yield line, f"{source.folder}/ may not include {header}; move what it needs to a lower floor"


def check_conditions(source):
    for line, name in source.directives:
        if name in {"if", "ifdef", "ifndef"} and source.name != MAY_HAVE_CONDITIONS:
            yield line, f"#{name}; use `if constexpr`, a file that only some builds list, or {MAY_HAVE_CONDITIONS}"


def check_pragma_once(source):
    first = re.search(r"\S[^\n]*", source.code)
    if not first or first[0].split() != ["#pragma", "once"]:
        line = source.line_at(first.start()) if first else 1
        yield line, "the first line of a header is `#pragma once`; only a comment may stand above it"


def check_foreign_headers(source):
    *folders, file = source.name.split("/")
    may_eigen = source.folder == "kernels" and file.endswith(("_cpu.cpp", "_isa.cpp"))
    may_cuda = file.endswith((".cu", ".cuh", "_cudnn.cpp", "_cublas.cpp")) or "cuda" in folders
    for line, _, header in source.includes:
        if EIGEN.match(header) and not may_eigen:
            yield line, f"{header}: Eigen here; it belongs in kernels/**_cpu.cpp or *_isa.cpp"
        if CUDA.match(header) and not may_cuda:
            yield line, f"{header}: CUDA here; it belongs in a .cu, .cuh, *_cudnn.cpp or *_cublas.cpp file or a folder named cuda/"


def foreign_headers(source, sources, seen=frozenset()):
    """(line, chain of headers) for each foreign header that `source` includes, by itself or through private headers."""
    for line, _, header in source.includes:
        inner = sources.get(header.removeprefix("ebb/"))
        if any(foreign.match(header) for foreign in (EIGEN, CUDA, JSON)):
            yield line, header
        elif inner and inner.name not in seen and not inner.is_public_header():
            for _, chain in foreign_headers(inner, sources, seen | {inner.name}):
                yield line, f"{header} > {chain}"


def check_public_header(source, sources):
    for line, chain in foreign_headers(source, sources):
        yield line, f"{chain}: Eigen, CUDA or JSON in a public header; declare here and include it in the .cpp"


# What a file that is compiled together with others could forget to include. Names that several headers have are left out.
STANDARD = {
    "algorithm": "sort stable_sort min max clamp copy copy_n fill fill_n find find_if any_of all_of none_of transform reverse",
    "array": "array to_array",
    "atomic": "atomic",
    "charconv": "to_chars from_chars",
    "chrono": "chrono::",
    "cmath": "sqrt exp log pow isnan isinf floor ceil fabs",
    "condition_variable": "condition_variable",
    "cstring": "memcpy memcmp memset strerror strcmp strlen",
    "deque": "deque",
    "filesystem": "filesystem",
    "functional": "function plus multiplies greater less hash",
    "iostream": "cout cerr",
    "limits": "numeric_limits",
    "list": "list",
    "map": "map",
    "memory": "unique_ptr shared_ptr make_unique make_shared weak_ptr",
    "mutex": "mutex scoped_lock lock_guard unique_lock once_flag call_once",
    "new": "bad_alloc",
    "numeric": "accumulate iota",
    "optional": "optional nullopt",
    "ostream": "ostream",
    "set": "set",
    "span": "span",
    "sstream": "ostringstream stringstream",
    "string": "string to_string",
    "string_view": "string_view",
    "thread": "thread",
    "tuple": "tuple make_tuple",
    "unordered_map": "unordered_map",
    "unordered_set": "unordered_set",
    "utility": "move exchange pair swap",
    "variant": "variant visit",
    "vector": "vector",
}
ALSO_IN = {"ostream": {"iostream", "sstream"}, "utility": {"algorithm", "memory", "vector", "tuple", "map", "functional", "optional", "variant"}}
STANDARD_NAME = re.compile(r"\bstd::(?:ranges::)?(\w+)(::)?")
HEADER_OF = {name: header for header, names in STANDARD.items() for name in names.split()}


def standard_headers(source, sources, seen):
    """The standard headers that a file includes, by itself or through ours."""
    seen.add(source.name)
    for _, _, header in source.includes:
        inner = sources.get(header.removeprefix("ebb/"))
        if inner is None:
            yield header
        elif inner.name not in seen:
            yield from standard_headers(inner, sources, seen)


def check_standard_includes(source, sources):
    included = set(standard_headers(source, sources, set()))
    if source.name.endswith(".h") and "iosfwd" in included:
        included.add("ostream")
    missing = set()
    for name in STANDARD_NAME.finditer(source.code):
        header = HEADER_OF.get(name[1] + (name[2] or "")) or HEADER_OF.get(name[1])
        if header and not included & {header, *ALSO_IN.get(header, ())} and header not in missing:
            missing.add(header)
            yield source.line_at(name.start()), f"std::{name[1]} without <{header}>, which no header of ours brings in"


def check_comments(source):
    for line, text in source.comments:
        if text.rstrip(" \t*/").endswith((";", "{")):
            yield line, "commented-out code; delete it (an example belongs in a /// comment, prose ends otherwise)"


def check_file_size(source):
    if source.line_count() > FILE_LIMIT:
        yield 1, f"{source.line_count()} lines, the limit is {FILE_LIMIT}; split the file by idea"


def check_functions(source):
    found = functions(source)
    if found is None:
        yield 1, "its braces do not balance, so no function can be measured; balance them"
    for line, name, length in found or []:
        if length > FUNCTION_LIMIT:
            yield line, f"{name} has {length} lines, the limit is {FUNCTION_LIMIT}; make a step its own function"


def problems(source, sources):
    rules = [check_comments(source), check_file_size(source)]
    if source.name.endswith((".h", ".cuh")):
        rules.append(check_pragma_once(source))
    if source.folder != "tests":
        rules.append(check_functions(source))
    if source.folder in FLOORS:
        rules += [check_layer(source), check_conditions(source), check_foreign_headers(source)]
        rules.append(check_standard_includes(source, sources))
    if source.is_public_header():
        rules.append(check_public_header(source, sources))
    return [f"{source.name}:{line}: {problem}" for rule in rules for line, problem in rule]


# Functions are found by matching braces. A brace opens a scope to look into, the body of a function, or a value, which
# its head tells: the code since the last statement. In a simplified head @ stands for whatever is in parentheses.

SCOPE = re.compile(r"\b(namespace|class|struct|union|enum)\b|\bextern\s*$")
LAMBDA = re.compile(r"(?:^|[=,(&|?:]|\breturn\b)\s*\[[^][]*\]\s*@?[\w\s:&]*$")
VALUE = re.compile(
    r"""
    [=(]                               # an initialiser or an argument
  | \brequires\s*@?\s*$                # a requirement
  | @[\w\s&]*(?<!:):(?!:).*\w\s*$      # a member's initialiser, before the constructor's body
    """,
    re.DOTALL | re.VERBOSE,
)


def simplified(head):
    head = re.sub(r"\boperator\s*[^\s\w(]+", "operator", head).replace("->", " ")
    for pattern, short in ((r"\([^()]*\)", "@"), (r"<[^<>]*>", "")):
        while (shorter := re.sub(pattern, short, head)) != head:
            head = shorter
    return head


def closing_braces(code):
    """The offset of the closing brace for the offset of each opening one; None where they do not balance."""
    opened, closing = [], {}
    for brace in re.finditer(r"[{}]", code):
        if brace[0] == "{":
            opened.append(brace.start())
        elif opened:
            closing[opened.pop()] = brace.start()
        else:
            return None
    return None if opened else closing


def bodies(code, closing):
    """(name, offset of the opening brace) of each function; a lambda in a function is a part of that function."""
    stops = re.compile(r"[{};]")
    head, at = "", 0
    while stop := stops.search(code, at):
        head, at = head + code[at : stop.start()], stop.end()
        simple = simplified(head)
        if stop[0] != "{" or SCOPE.search(simple):
            head = ""
            continue
        at = closing[stop.start()] + 1
        is_lambda = LAMBDA.search(simple)
        if is_lambda or ("@" in simple and not VALUE.search(simple)):
            name = re.search(r"(?<![\w~:])(?!requires|__)[\w~:]+(?=\s*@)", simple)
            yield "a lambda" if is_lambda or not name else name[0], stop.start()
            head = ""
        else:
            head += "{}"


@functools.cache
def functions(source):
    """(line, name, lines between the braces) of each function; None where the braces do not balance."""
    code = DIRECTIVE.sub(lambda directive: blank(directive[0]), source.code)
    closing = closing_braces(code)
    if closing is None:
        return None
    found = []
    for name, opening in bodies(code, closing):
        first, last = source.line_at(opening), source.line_at(closing[opening])
        found.append((first, name, max(1, last - first - 1)))
    return found


# The rooms. Each yields a problem.


def check_rooms(sources):
    files = {}
    for source in sources.values():
        files.setdefault(source.room, []).append(source.name)
    for room, names in sorted(files.items()):
        if len(names) > ROOM_LIMIT:
            yield f"{room}/: {len(names)} files, the limit is {ROOM_LIMIT}; split the room by subject"
        floor, _, inside = room.partition("/")
        if floor in FLOORS and inside and inside not in FLOORS[floor].rooms:
            yield f"{room}/: no room of that name is in tools/house.py; put its files where they belong, or add it there"


def check_installed(root, sources):
    """Of a floor that has a list of headers to install: it has those of the rooms that are not private, and only those."""
    for floor in FLOORS:
        build = root / floor / "meson.build"
        if not build.exists():
            continue
        lists = re.findall(r"install_headers\((.*?)subdir:", build.read_text(), re.DOTALL)
        installed = {name for names in lists for name in re.findall(r"'([^']+\.h)'", names)}
        public = {s.name.partition("/")[2] for s in sources.values() if s.folder == floor and s.is_public_header()}
        for name in sorted(public - installed):
            yield f"{floor}/{name}:1: a public header that {floor}/meson.build does not install; list it or move it to a private room"
        for name in sorted(installed - public):
            yield f"{floor}/meson.build:1: installs {name}, which is in a private room or not there"


def check_floors_are_known(root):
    """core/site.cpp tells ebb's own lines from those of its users by the floors."""
    source = root / "core/site.cpp"
    if source.exists():
        for floor in FLOORS:
            if f'"{floor}/"' not in source.read_text():
                yield f"core/site.cpp:1: does not know the floor {floor}/, whose lines errors and graphs would name; add it to its list"


# The statistics. Sizes are (lines, place).


def usually_short(sizes, kind, usual):
    """A problem for each size over `usual` where more than one in ten is."""
    long = [size for size in sizes if size[0] > usual]
    if len(long) * 10 <= len(sizes):
        return []
    share = f"{100 * len(long) // len(sizes)} % of the {kind} are over {usual}, the limit is 10 %; shorten some"
    return [f"{place}: {lines} lines: {share}" for lines, place in sorted(long, reverse=True)]


def summary(sizes, kind, median):
    lines = sorted(lines for lines, _ in sizes) or [0]
    most = lines[(len(lines) * 9 + 9) // 10 - 1]
    return (
        f"{len(sizes)} {kind}: median {statistics.median_low(lines)} lines (meant: {median}), "
        f"90 % up to {most}, longest {lines[-1]}"
    )


def main(root):
    paths = [path for folder in FOLDERS for path in sorted((root / folder).rglob("*")) if path.suffix in SUFFIXES]
    if not paths:
        print(f"{root}: no C++ files here; give the root of the repository")
        return True
    sources = {source.name: source for source in (Source(path, root) for path in paths)}
    found = [problem for source in sources.values() for problem in problems(source, sources)]
    measured = [source for source in sources.values() if source.folder != "tests"]
    files = [(s.line_count(), f"{s.name}:1") for s in measured]
    lengths = [(length, f"{s.name}:{line}") for s in measured for line, _, length in functions(s) or []]
    found += usually_short(files, "files", FILE_USUAL) + usually_short(lengths, "functions", FUNCTION_USUAL)
    found += [*check_rooms(sources), *check_installed(root, sources), *check_floors_are_known(root)]
    found += [f"{page}: its map is not that of tools/house.py; run tools/house.py --write" for page in stale_pages(root)]
    print(summary(files, "files", FILE_MEDIAN), summary(lengths, "functions", FUNCTION_MEDIAN), *found, sep="\n")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()))
