"""The small faults that tools/mutate plants: each changes one place of one line of C++."""

import dataclasses
import re

# Masked: comments, and what stands between quotes, for there code is only talked of; and the arguments of messages.
_SILENT = re.compile(r'//.*|/\*.*?\*/|"(?:\\.|[^"\\])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\])+\'')
_MESSAGE = re.compile(r'(?:\b(?:check|fail|warn)\b[(<].*?|^\s*(?:<< )?)(")')
_SKIPPED = re.compile(r"\s*(#|template\b|static_assert\b|using\b|namespace\b|///|requires\b|\[\[noreturn)")
# Whose arguments may change places.
_SYMMETRIC = {"min", "max", "add", "mul", "minimum", "maximum", "equal", "logical_and", "logical_or", "is_same", "swap", "hypot",
              "broadcast_shapes", "result_type", "promote", "check_one_device", "overlap_partly", "lcm", "gcd"}
_NAME = r"[A-Za-z_]\w*"
_CALL = re.compile(rf"\s*((?:{_NAME}(?:::|\.|->))*{_NAME})\((.*)\);\s*$")
_SWAP = re.compile(rf"(?<![\w>] )\b({_NAME})\(({_NAME}), ({_NAME})(?=[,)])")
_NO_CALLS = {"return", "throw", "delete", "if", "while", "for", "switch", "sizeof", "default", "operator"}


@dataclasses.dataclass(frozen=True)
class Fault:
    operator: str
    before: str  # the line
    after: str


def masked(line):
    """The line with blanks for what is no code; columns stay."""
    message = _MESSAGE.search(line)
    code = _SILENT.sub(lambda found: " " * len(found[0]), line)
    return code[: message.start(1)].ljust(len(line)) if message else code


def _replace(pattern, substitute):
    """An operator that replaces one occurrence of a pattern in code."""
    pattern = re.compile(pattern)

    def apply(line, code):
        for found in pattern.finditer(code):
            text = substitute[found[0]] if isinstance(substitute, dict) else found.expand(substitute)
            yield line[: found.start()] + text + line[found.end() :]

    return apply


def _drop_call(line, code):
    found = _CALL.match(code)
    if found and found[1] not in _NO_CALLS and _is_balanced(found[2]):
        yield line[: found.start(1)] + ";"


def _swap_arguments(line, code):
    for found in _SWAP.finditer(code):
        if found[1] not in _SYMMETRIC | _NO_CALLS and found[2] != found[3]:
            yield f"{line[: found.start(2)]}{found[3]}, {found[2]}{line[found.end(3) :]}"


def _negate_condition(line, code):
    found = re.match(r"\s*(?:\} else )?if \((.*)\)(?: \{| [^()]*;.*)?\s*$", code)
    if found and ";" not in found[1] and _is_balanced(found[1]):
        yield f"{line[: found.start(1)]}!({line[found.start(1) : found.end(1)]}){line[found.end(1) :]}"


def _is_balanced(text):
    depth = 0
    for character in text:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth < 0:
            return False
    return depth == 0


# clang-format puts blanks around operators of two operands, and none around the brackets of templates.
OPERATORS = {
    "boundary": _replace(r"(?<= )(?:<=|>=|<|>)(?= )", {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}),
    "equality": _replace(r"(?<= )(?:==|!=)(?= )", {"==": "!=", "!=": "=="}),
    "sign": _replace(r"(?<=[\w)\]] )[+-](?= )|(?<= )[+-](?==)", {"+": "-", "-": "+"}),
    "factor": _replace(r"(?<=[\w)\]] )[*/](?= )", {"*": "/", "/": "*"}),
    "unary sign": _replace(r"(?<=[(\[{,=] )-(?=[a-z(])|(?<=[(\[{])-(?=[a-z(])|(?<=return )-(?=[a-z(])", ""),
    "logic": _replace(r"(?<= )(?:&&|\|\|)(?= )", {"&&": "||", "||": "&&"}),
    "negation": _replace(r"(?<![\w=!])!(?=[\w(:])", ""),
    "constant": _replace(r"(?<![\w.:])[012](?![\w.:]|\s*\?)", {"0": "1", "1": "2", "2": "1"}),
    "truth": _replace(r"\b(?:true|false)\b", {"true": "false", "false": "true"}),
    "condition": _negate_condition,
    "dropped call": _drop_call,
    "swapped arguments": _swap_arguments,
}


def faults_of(line):
    """Every fault that can be planted in the line."""
    code = masked(line)
    if _SKIPPED.match(line):
        return []
    return [Fault(name, line, after) for name, apply in OPERATORS.items() for after in apply(line, code)]
