#!/usr/bin/env python3
"""Writes the names of torch.Tensor's methods, one a line, which tools/check_members.py compares with ebb's.

usage: tools/gen_tensor_methods.py >tests/vectors/tensor_methods.txt     (with a Python that has torch)
"""

import torch

names = [name for name in dir(torch.Tensor) if not name.startswith("_") and callable(getattr(torch.Tensor, name))]
print(f"# torch {torch.__version__.split('+')[0]}", *sorted(names), sep="\n")
