#!/usr/bin/env python3
"""Writes the .pth files of PyTorch that tests/io/ reads and nobody else made: whole models beside their state dicts, files
without checksums, the dtypes that are new in PyTorch.

usage: tools/gen_pth.py tests/vectors/pth        needs a Python with torch; the classes of the model stand in this file
"""

import pathlib
import sys

import torch
from torch import nn


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.InstanceNorm1d(3)  # its statistics are buffers that are None
        self.bias = nn.Parameter(torch.arange(3.0))
        self.register_parameter("gain", None)
        self.register_buffer("kept", torch.arange(2))
        self.register_buffer("hidden", torch.arange(4), persistent=False)


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.block = Block()
        self.again = self.block
        self.head = nn.Sequential(nn.Linear(3, 2), nn.ReLU(), nn.BatchNorm1d(2))
        self.tied = nn.Linear(3, 2)
        self.tied.weight = self.head[0].weight
        self.absent = None
        self.register_module("nothing", None)
        self.scale = nn.Parameter(torch.tensor(2.0))


def save(folder, name, value, **options):
    torch.save(value, folder / name, **options)
    print(f"{name}: {(folder / name).stat().st_size} bytes")


def main():
    folder = pathlib.Path(sys.argv[1])
    torch.manual_seed(0)
    model = Model()
    save(folder, "whole.pth", model)
    save(folder, "whole_sd.pth", model.state_dict())
    save(folder, "whole_legacy.pth", model, _use_new_zipfile_serialization=False)
    save(folder, "whole_method.pth", model.state_dict)
    save(folder, "whole_parallel.pth", nn.DataParallel(model))
    save(folder, "whole_parallel_sd.pth", nn.DataParallel(model).state_dict())
    save(folder, "legacy_protocol4.pth", {"x": torch.arange(3)}, pickle_protocol=4, _use_new_zipfile_serialization=False)
    torch.serialization.set_crc32_options(False)
    save(folder, "no_crc.pth", {"x": torch.arange(4.0), "empty": torch.zeros(0)})
    torch.serialization.set_crc32_options(True)
    new = [torch.uint16, torch.uint32, torch.uint64, torch.float8_e4m3fn, torch.float8_e5m2, torch.float8_e4m3fnuz, torch.float8_e5m2fnuz]
    tensors = {str(dtype).removeprefix("torch."): torch.arange(6).to(dtype).view(2, 3).t() for dtype in new}
    save(folder, "v3_dtypes.pth", tensors)
    save(folder, "v3_dtypes_legacy.pth", tensors, _use_new_zipfile_serialization=False)


if __name__ == "__main__":
    main()
