#!/usr/bin/env python3
"""Fails when a C++ file breaks a rule of the architecture, and lists every place.

usage: tools/check_layers.py [ROOT]
"""

import functools
import pathlib
import re
import statistics
import sys

LAYERS = {  # layer: the layers it may include
    "core": {"core"},
    "kernels": {"core", "kernels"},
    "autograd": {"core", "kernels", "autograd"},
    "nn": {"core", "autograd", "nn"},
    "io": {"core", "io"},
    "zoo": {"core", "autograd", "nn", "io", "zoo"},
}
FOLDERS = [*LAYERS, "apps", "examples", "bench", "tests"]
SUFFIXES = {".h", ".cpp", ".cu", ".cuh"}
MAY_HAVE_CONDITIONS = "kernels/host_device.h"
GENERATED_HEADERS = {"ebb/config.h"}  # by Meson, so it is in no layer and any may include it
PRIVATE_HEADERS = ("kernels/cpu/", "kernels/cuda/", "core/cuda/")
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
        return self.folder in LAYERS and self.name.endswith(".h") and not self.name.startswith(PRIVATE_HEADERS)


# The rules. Each yields (line, problem).


def check_layer(source):
    for line, quote, header in source.includes:
        first, _, inside = header.partition("/")
        if first != "ebb":
            if first in LAYERS or quote == '"':
                yield line, f'"{header}" has no ebb/ prefix; include it as "ebb/<layer>/<file>"'
        elif quote == "<":
            yield line, f'<{header}> is our own; include it as "{header}"'
        elif header == "ebb/ebb.h":
            yield line, "ebb/ebb.h is for users; include the headers that this file needs"
        elif inside.split("/")[0] not in LAYERS[source.folder] and header not in GENERATED_HEADERS:
            yield line, f"{source.folder}/ may not include {header}; move what it needs to a lower layer"


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
    may_eigen = source.name.startswith("kernels/cpu/") or (source.folder == "kernels" and file.endswith("_cpu.cpp"))
    may_cuda = file.endswith((".cu", ".cuh", "_cudnn.cpp")) or "cuda" in folders
    for line, _, header in source.includes:
        if EIGEN.match(header) and not may_eigen:
            yield line, f"{header}: Eigen here; it belongs in kernels/**_cpu.cpp or kernels/cpu/"
        if CUDA.match(header) and not may_cuda:
            yield line, f"{header}: CUDA here; it belongs in a .cu, .cuh or *_cudnn.cpp file or a folder named cuda/"


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
    if source.folder in LAYERS:
        rules += [check_layer(source), check_conditions(source), check_foreign_headers(source)]
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
    print(summary(files, "files", FILE_MEDIAN), summary(lengths, "functions", FUNCTION_MEDIAN), *found, sep="\n")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()))
