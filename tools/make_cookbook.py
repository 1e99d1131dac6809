#!/usr/bin/env python3
"""Writes docs/cookbook.md from the examples. usage: make_cookbook.py [--check] SOURCE_ROOT

--check only compares: the page shows what is compiled and run, or the test fails.
"""

import pathlib
import re
import sys

ORDER = {
    "convnet": "A ConvNet, trained and saved",
    "bilinear_pooling": "Bilinear pooling",
    "global_average_pooling": "Global average pooling",
    "moving_average": "A moving average as a buffer",
    "parameter_count": "Parameters and the summary",
    "init_by_type": "Initialisation by type",
    "layer_extraction": "Taking layers out of a model",
    "partial_loading": "Partly pretrained models",
    "containers": "Containers",
    "unet": "U-Net",
    "resnet": "ResNet",
    "modified_resnet": "Another head",
    "extra_input": "A second input",
    "several_outputs": "Several outputs",
    "checkpoint": "Checkpoints",
    "model_files": "Files that hold a model",
    "tutorial_mistakes": "Mistakes of the tutorials",
}
HEAD = """# Cookbook

Programs to copy, one for each system of the PyTorch tutorials that ebb follows. Each is `examples/NAME.cpp`, compiled,
run, and compared with what it says that it prints by `./check`. This page is made from them by `tools/make_cookbook.py`.
"""


def section(source, title):
    text = source.read_text()
    comment = re.match(r"(?:// .*\n)+", text)[0]
    words = " ".join(line[3:] for line in comment.splitlines())
    code, _, prints = text[len(comment) :].partition("// clang-format off\n/* Prints:\n")
    parts = [f"\n## {title}\n", f"[`examples/{source.name}`](../examples/{source.name}): {words}\n"]
    parts.append(f"```cpp\n{code.strip()}\n```")
    if prints:
        parts.append(f"It prints\n\n```text\n{prints.removesuffix('*/' + chr(10)).rstrip()}\n```")
    return "\n".join(parts) + "\n"


def main():
    arguments = [a for a in sys.argv[1:] if a != "--check"]
    root = pathlib.Path(arguments[0])
    page = root / "docs/cookbook.md"
    text = HEAD + "".join(section(root / f"examples/{name}.cpp", title) for name, title in ORDER.items())
    if "--check" not in sys.argv:
        page.write_text(text)
    elif not page.exists() or page.read_text() != text:
        sys.exit("docs/cookbook.md is not what the examples say; run tools/make_cookbook.py .")


main()
