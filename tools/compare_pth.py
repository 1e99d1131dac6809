#!/usr/bin/env python3
"""Holds ebb's .pth files against a real PyTorch: each file is read and written again by ebb, and PyTorch must see the
same in both, to the bit. Values that PyTorch makes up itself come on top.

usage: tools/compare_pth.py BUILD [FILE...]        needs a Python with torch

A whole model is compared by its state dict; PyTorch makes it, from stand-ins for classes that it cannot find. Give only
files that you trust: PyTorch runs what they say.
"""

import collections
import io
import math
import pathlib
import pickle
import random
import subprocess
import sys
import tempfile
import types
import zipfile

import torch

DTYPES = [torch.bool, torch.uint8, torch.int32, torch.int64, torch.float16, torch.bfloat16, torch.float32, torch.float64]
DTYPES += [torch.int8, torch.int16, torch.uint16, torch.uint32, torch.uint64, torch.complex64, torch.complex128]
DTYPES += [torch.float8_e4m3fn, torch.float8_e5m2, torch.float8_e4m3fnuz, torch.float8_e5m2fnuz]


def differences(a, b, at="", storages=None):
    """Yields where a and b differ."""
    storages = {} if storages is None else storages
    if isinstance(a, torch.nn.Parameter):
        a = a.data  # ebb keeps no Parameters, only their tensors
    if type(a) is not type(b):
        yield f"{at}: {type(a)} became {type(b)}"
    elif isinstance(a, torch.Tensor):
        yield from tensor_differences(a, b, at, storages)
    elif isinstance(a, (torch.storage.TypedStorage, torch.UntypedStorage)):
        if list(a) != list(b):
            yield f"{at}: storage differs"
    elif isinstance(a, dict):
        if list(a) != list(b):
            yield f"{at}: keys {list(a)} became {list(b)}"
            return
        for key in a:
            yield from differences(a[key], b[key], f"{at}[{key!r}]", storages)
        yield from differences(getattr(a, "_metadata", None), getattr(b, "_metadata", None), at + "._metadata", storages)
    elif isinstance(a, (list, tuple)):
        if len(a) != len(b):
            yield f"{at}: length {len(a)} became {len(b)}"
        for i, (x, y) in enumerate(zip(a, b)):
            yield from differences(x, y, f"{at}[{i}]", storages)
    elif isinstance(a, float) and math.isnan(a) and math.isnan(b):
        pass
    elif type(a).__module__ == "numpy":
        if repr(a) != repr(b):
            yield f"{at}: {a!r} became {b!r}"
    elif a != b or repr(a) != repr(b):
        yield f"{at}: {a!r} became {b!r}"


def tensor_differences(a, b, at, storages):
    for what in ("dtype", "shape"):
        if getattr(a, what) != getattr(b, what):
            yield f"{at}: {what} {getattr(a, what)} became {getattr(b, what)}"
            return
    if a.stride() != b.stride() or (a.numel() > 0 and a.storage_offset() != b.storage_offset()):
        yield f"{at}: strides or offset changed"
    bytes_of = lambda x: bytes(x.untyped_storage())
    if bytes_of(a) != bytes_of(b):
        yield f"{at}: elements differ"
    if a.untyped_storage().nbytes() > 0:
        if storages.setdefault(a.untyped_storage().data_ptr(), b.untyped_storage().data_ptr()) != b.untyped_storage().data_ptr():
            yield f"{at}: sharing changed"


def random_tensor(random_numbers):
    shape = [random_numbers.randrange(5) for _ in range(random_numbers.randrange(5))]
    x = torch.randint(-100, 100, shape).to(random_numbers.choice(DTYPES))
    if x.dim() >= 2 and random_numbers.random() < 0.3:
        x = x.transpose(0, 1)
    if x.dim() >= 1 and x.shape[0] > 1 and random_numbers.random() < 0.3:
        x = x[1:]
    return x


def random_value(random_numbers, depth, tensors):
    kind = random_numbers.randrange(14 if depth < 5 else 9)
    if kind < 3:
        tensors.append(random_tensor(random_numbers))
        return tensors[-1]
    if kind == 3 and tensors:
        return random_numbers.choice(tensors)
    if kind < 9:
        return random_numbers.choice([None, True, False, 0, -1, 2**40, -(2**63), 2**100, 1.5, math.inf, -0.0, "", "text",
                                      "täxt模", b"", b"\0\xff", "x" * 300, random_numbers.randrange(-(2**33), 2**33)])
    children = [random_value(random_numbers, depth + 1, tensors) for _ in range(random_numbers.randrange(6))]
    if kind == 9:
        return children
    if kind == 10:
        return tuple(children)
    keys = [random_numbers.choice([f"key{i}", i, -i, i + 0.5]) for i in range(len(children))]
    made = dict(zip(keys, children))
    return {11: made, 12: collections.OrderedDict(made), 13: collections.Counter({i: 1 for i in range(len(children))})}[kind]


def state_dicts():
    bn = torch.nn.BatchNorm2d(8)
    net = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3), bn, torch.nn.ReLU(), torch.nn.Sequential(torch.nn.Linear(4, 4, bias=False)))
    yield "net", net.state_dict()
    yield "channels_last", net.to(memory_format=torch.channels_last).state_dict()
    yield "tied", torch.nn.ModuleDict({"a": net, "b": net}).state_dict()
    yield "half", net.half().state_dict()
    yield "parameters", dict(net.named_parameters())
    adam = torch.optim.AdamW(net.float().parameters())
    net(torch.randn(2, 3, 6, 6))[..., :4].sum().backward()
    adam.step()
    yield "adamw", {"model": net.state_dict(), "optimizer": adam.state_dict(), "epoch": 3, "best": 0.9, "done": False}
    yield "parallel", torch.nn.DataParallel(net)
    yield "model", net
    yield "method", net.state_dict
    yield "70000 records", {str(i): torch.tensor(i) for i in range(70000)}


class Unpickler(pickle.Unpickler):
    def find_class(self, module, name):
        try:
            return super().find_class(module, name)
        except (AttributeError, ImportError):
            return type(name, (torch.nn.Module,), {})


def load_unsafely(path):
    python = types.ModuleType("python")
    python.__dict__.update(pickle.__dict__, Unpickler=Unpickler)
    return torch.load(path, weights_only=False, map_location="cpu", pickle_module=python)


def load(path, is_ours):
    """What PyTorch reads, and the options by which ebb reads the same."""
    options = [] if has_checksums(path) else ["--no-crc"]
    try:
        # PyTorch calls its own empty bytes unsafe
        value = torch.load(path, weights_only=not is_ours, map_location="cpu")
    except pickle.UnpicklingError:
        value = load_unsafely(path)
        options = [*options, "--opaque"]
    value = getattr(value, "__self__", value)  # of the method state_dict, which was to be called
    if isinstance(value, torch.nn.Module):
        return value.state_dict(), [*options, "--opaque", "--state-dict"]
    return value, options


def has_checksums(path):
    if not zipfile.is_zipfile(path):
        return True
    with zipfile.ZipFile(path) as archive:
        return any(i.CRC for i in archive.infolist())


def files(given, folder):
    yield from ((path, True) for path in given)
    for name, value in state_dicts():
        path = folder / f"{name}.pth"
        torch.save(value, path)
        yield path, True
        path = folder / f"{name}_legacy.pth"
        torch.save(value, path, _use_new_zipfile_serialization=False)
        yield path, True
    random_numbers = random.Random(1)
    torch.manual_seed(1)
    for i in range(300):
        buffer = io.BytesIO()
        torch.save(random_value(random_numbers, 0, []), buffer, _use_new_zipfile_serialization=i % 3 > 0)
        path = folder / f"random{i}.pth"
        path.write_bytes(buffer.getvalue())
        yield path, False


def without_id(path):
    if not zipfile.is_zipfile(path):
        return path
    with zipfile.ZipFile(path) as archive:
        for i in archive.infolist():
            i.CRC = None
        return [(i.filename.split("/", 1)[1], archive.read(i)) for i in archive.infolist() if "serialization_id" not in i.filename]


def is_state_dict(value):
    return isinstance(value, dict) and all(isinstance(k, str) and isinstance(v, torch.Tensor) for k, v in value.items())


def main():
    program = pathlib.Path(sys.argv[1]) / "tests/io/pth_copy"
    counts = collections.Counter()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for path, tell in files([pathlib.Path(p) for p in sys.argv[2:]], folder):
            try:
                expected, options = load(path, path.parent == folder)
            except Exception as error:  # noqa: BLE001
                counts["not for PyTorch"] += 1
                print(f"{path.name}: PyTorch refuses it: {str(error).splitlines()[0][:90]}")
                continue
            as_state_dict = is_state_dict(expected) and "--opaque" not in options
            for option in (options, [*options, "--state-dict"])[: 1 + as_state_dict]:
                copy = folder / "copy.pth"
                run = subprocess.run([program, *option, path, copy], capture_output=True, text=True)
                if run.returncode:
                    counts["refused"] += 1
                    print(f"{path.name}: ebb refuses it: {run.stderr.strip()[-200:]}")
                    break
                wanted = expected
                if "--state-dict" in option and type(expected) is not collections.OrderedDict:
                    wanted = collections.OrderedDict(expected)  # as which every state dict is written
                problems = []
                for mmap in (False, True):
                    again = torch.load(copy, mmap=mmap, weights_only="--opaque" not in option or "--state-dict" in option)
                    problems += differences(wanted, again)
                counts["failed" if problems else "equal"] += 1
                if not problems and without_id(path) == without_id(copy):
                    counts["equal to the byte"] += 1
                for problem in problems[:5]:
                    print(f"{path.name} {option}: {problem}")
    print(dict(counts))
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
