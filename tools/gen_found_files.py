#!/usr/bin/env python3
"""Makes .pth files as they lie about in the world: more than tensors in a state dict, weights under a key, odd values, pickles of
other protocols and of Python 2, optimizers whose numbers are tensors. Real PyTorch reads each of them.

usage: gen_found_files.py FOLDER      needs torch and numpy
"""

import collections
import pathlib
import pickle
import struct
import sys
import zipfile

import numpy as np
import torch
from torch import nn

WEIGHT = torch.arange(6, dtype=torch.float32).reshape(2, 3)
BIAS = torch.tensor([0.5, -0.5])


def state():
    return collections.OrderedDict(weight=WEIGHT.clone(), bias=BIAS.clone())


def recursive():
    inner = {"weight": WEIGHT.clone()}
    inner["itself"] = inner
    a, b = [], []
    a.append(b)
    b.append(a)
    inner["lists"] = a
    return inner


def with_attributes():
    tensor = WEIGHT.clone()
    tensor.note = "by hand"
    return tensor


def contents():
    """{name: what torch.save gets}"""
    complex_values = torch.tensor([1 + 2j, 3 - 4j])
    return {
        "extra_values": {**state(), "mask_values": [0, 1], "epoch": 3},
        "model_ema": {"model_ema": state(), "epoch": 2},
        "state_dict_ema": {"state_dict_ema": state(), "arch": "linear"},
        "module_key": {"module": state()},
        "model_state": {"model_state": state(), "best": 0.5},
        "averaged": torch.optim.swa_utils.AveragedModel(linear()).state_dict(),
        "metric_buffers": {**state(), "train_accuracy.correct": torch.tensor(3), "train_accuracy.total": torch.tensor(4)},
        "odd_keys": {**state(), "table": {(1, "a"): 1, b"raw": 2, torch.float32: 3, BIAS: 4, (1, (2.5, None)): 5}},
        "recursive": recursive(),
        "attributes": {"weight": with_attributes(), "bias": BIAS.clone()},
        "sparse": {"weight": WEIGHT.clone(), "sparse": WEIGHT.to_sparse(), "rows": WEIGHT.to_sparse_csr()},
        "conjugate": {"weight": WEIGHT.clone(), "conjugate": complex_values.conj(), "complex": complex_values},
        "complex32": {"weight": WEIGHT.clone(), "half": complex_values.to(torch.complex32)},
        "nine_dimensions": {"weight": WEIGHT.clone(), "deep": torch.zeros([1] * 9)},
        "numpy_values": {**state(), "score": np.float64(0.75), "steps": np.int32(-7), "big": np.uint8(200), "flag": np.bool_(True),
                         "array": np.arange(6, dtype=np.float32).reshape(2, 3), "columns": np.asfortranarray(np.eye(2, 3)),
                         "backwards": np.array([1, 2], dtype=">i4")},
        "big_integer": {**state(), "seed": 1 << 3000},
        "bytes": {**state(), "raw": b"\x00\xff", "mutable": bytearray(b"ab"), "frozen": frozenset([1, 2])},
        "meta": {"weight": WEIGHT.clone(), "nowhere": torch.empty(3, device="meta")},
    }


def linear():
    net = nn.Linear(3, 2)
    net.load_state_dict(state())
    return net


def trained(optimizer, steps=2):
    for _ in range(steps):
        optimizer.zero_grad()
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                parameter.grad = torch.ones_like(parameter)
        optimizer.step()
    return optimizer


def optimizers():
    net = linear()
    adam = trained(torch.optim.Adam(net.parameters(), lr=torch.tensor(0.01), betas=(torch.tensor(0.8), torch.tensor(0.9)), foreach=False))
    sgd = trained(torch.optim.SGD(linear().parameters(), lr=0.1, momentum=0.9))
    scheduler = torch.optim.lr_scheduler.StepLR(torch.optim.SGD(linear().parameters(), lr=torch.tensor(0.1)), 2)
    removed = sgd.state_dict()
    removed["state"] = {**removed["state"], 7: {"momentum_buffer": torch.zeros(4)}}
    scalars = sgd.state_dict()
    scalars["param_groups"] = [{**scalars["param_groups"][0], "lr": np.float64(0.1), "momentum": np.float32(0.5)}]
    nones = sgd.state_dict()
    nones["state"] = {0: {"momentum_buffer": None}, 1: {"momentum_buffer": None}}
    base_lrs = torch.optim.lr_scheduler.ExponentialLR(torch.optim.SGD(linear().parameters(), lr=0.1), 0.5).state_dict()
    base_lrs["base_lrs"] = [torch.tensor(0.1)]
    base_lrs["_last_lr"] = [np.float64(0.1)]
    return {"adam_tensors": adam.state_dict(), "sgd_removed": removed, "sgd_scalars": scalars, "sgd_none": nones,
            "scheduler_tensor_lr": scheduler.state_dict(), "scheduler_tensors": base_lrs}


def as_python2(stream):
    """A pickle of protocol 2 with str for unicode, as Python 2 wrote: BINUNICODE becomes SHORT_BINSTRING, or BINSTRING."""
    out, last = bytearray(), 0
    for opcode, argument, position in __import__("pickletools").genops(stream):
        if opcode.name != "BINUNICODE":
            continue
        out += stream[last:position]
        text = argument.encode("latin1") if argument.startswith("caf") else argument.encode()
        out += (b"U" + bytes([len(text)]) if len(text) % 2 else b"T" + struct.pack("<i", len(text))) + text
        last = position + 5 + len(argument.encode())
    return bytes(out + stream[last:])


def rewrite(path, change, extra=()):
    """The archive again, with what `change` makes of data.pkl, and entries for its folders."""
    with zipfile.ZipFile(path) as archive:
        records = [(info.filename, archive.read(info)) for info in archive.infolist()]
    root = records[0][0].split("/")[0]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for folder in extra:
            archive.writestr(f"{root}/{folder}", b"")
        for name, data in records:
            archive.writestr(name, change(data) if name.endswith("/data.pkl") else data)


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in {**contents(), **optimizers()}.items():
        torch.save(content, folder / f"{name}.pth")
    for protocol in (3, 4, 5):
        content = {**state(), "raw": b"x" * 300, "mutable": bytearray(b"ab"), "frozen": frozenset([1]), "names": {"a", "b"},
                   "long": "y" * 300}
        torch.save(content, folder / f"protocol{protocol}.pth", pickle_protocol=protocol)
    torch.save({**state(), "name": "café", "long": "z" * 300}, folder / "python2.pth")
    rewrite(folder / "python2.pth", as_python2)
    torch.save(state(), folder / "folders.pth")
    rewrite(folder / "folders.pth", bytes, extra=("", "data/"))
    for path in sorted(folder.glob("*.pth")):
        try:
            torch.load(path, weights_only=False, encoding="latin1")
        except Exception as error:
            sys.exit(f"PyTorch does not read {path}: {error}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]))
