#!/usr/bin/env python3
"""Fails when an op is a method of torch.Tensor and no member of ebb's, and lists every such op.

usage: tools/check_members.py [ROOT]

The member of `f(const Tensor& x, arguments)` has the same arguments, with the same defaults. Where torch.Tensor has f_ the
member f_ has them too. tests/vectors/tensor_methods.txt has the names of torch.Tensor's methods.
"""

import pathlib
import re
import sys

# What is no member, and why: names, or one overload's declaration.
SHAPE_CHANGES = "changes the shape of a tensor, and the copies of one share it"
BOOL_RESULT = "writes bools to a tensor of another dtype"
SELF_IS_SECOND = "torch.Tensor.where(condition, other) is called on the second operand, and so is ebb's"
EXCEPTIONS = {
    "unfold(const UnfoldOptions&, Site = Site::current())": "is torch.nn.functional.unfold",
    "where(const Tensor&, const Tensor&, Site = Site::current())": SELF_IS_SECOND,
    "where(const Tensor&, Scalar, Site = Site::current())": SELF_IS_SECOND,
    "where(Scalar, const Tensor&, Site = Site::current())": SELF_IS_SECOND,
    **dict.fromkeys(("as_strided_", "squeeze_", "swapaxes_", "transpose_", "unsqueeze_"), SHAPE_CHANGES),
    **dict.fromkeys(("eq_", "ne_", "lt_", "le_", "gt_", "ge_"), BOOL_RESULT),
    **dict.fromkeys(("logical_and_", "logical_or_", "logical_xor_", "logical_not_"), BOOL_RESULT),
}

DECLARATION = re.compile(r"^(?:  )?(?:inline )?(?:const )?[\w:<>]+&? (\w+)\(", re.MULTILINE)
COMMENT = re.compile(r"//[^\n]*")


def closing(text, at):
    """The offset of the parenthesis that closes the one before `at`."""
    depth = 1
    while depth:
        depth += {"(": 1, ")": -1}.get(text[at], 0)
        at += 1
    return at - 1


def split(parameters):
    """At the commas outside of brackets."""
    parts, depth = [""], 0
    for letter in parameters:
        depth += (letter in "<({") - (letter in ">)}")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [" ".join(part.split()) for part in parts if part.strip()]


def without_name(parameter):
    """"const Dims& dims = {}" as "const Dims& = {}"."""
    kind, is_default, default = parameter.partition(" = ")
    return re.sub(r"(?<=[\s&])\w+$", "", kind).strip() + is_default + default


def declarations(path):
    """(name, parameters without their names) of each function that a header declares."""
    text = COMMENT.sub("", path.read_text(encoding="utf-8"))
    for found in DECLARATION.finditer(text):
        yield found[1], [without_name(p) for p in split(text[found.end() : closing(text, found.end())])]


def signature(name, parameters):
    return f"{name}({', '.join(parameters)})"


def main(root, exceptions=EXCEPTIONS):
    lines = (root / "tests/vectors/tensor_methods.txt").read_text(encoding="utf-8").splitlines()
    methods = {line for line in lines if not line.startswith("#")}
    members = {signature(*d) for name in ("tensor_ops.h", "tensor.h") for d in declarations(root / "core" / name)}
    ops = [
        (header.relative_to(root), name, parameters[1:])
        for header in sorted((root / "autograd/ops").rglob("*.h"))
        if header.parent.name != "detail"
        for name, parameters in declarations(header)
        if parameters and parameters[0] == "const Tensor&"
    ]
    missing, used, count = [], set(), 0
    for header, op, parameters in ops:
        for name in {op, f"{op}_"} & methods:
            member = signature(name, parameters)
            exception = {name, member} & exceptions.keys()
            used |= exception
            count += not exception
            if member not in members and not exception:
                missing.append(f"{header}: {member} is a method of torch.Tensor; declare it in core/tensor_ops.h")
    stale = [f"tools/check_members.py: the exception {name} names no op" for name in exceptions if name not in used]
    print(f"{count} members of the names and arguments of ops, {len(used)} exceptions", *sorted(missing), *stale, sep="\n")
    return bool(missing or stale)


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()))
