"""The functions for a GPU that headers of kernels/ declare."""

import re

DECLARED = re.compile(r"^(?:void|\w+) (\w+)\(CudaContext&(?! context)", re.MULTILINE)


def functions(root):
    """{function: the header}"""
    return {name: header for header in sorted(root.glob("kernels/**/*.h")) for name in DECLARED.findall(header.read_text())
            if not name.startswith("which_")}
