#!/usr/bin/env python3
"""Copies random .npy, .npz and .safetensors files by ebb and compares. Needs numpy, torch, safetensors; run by hand.

usage: tools/compare_arrays.py BUILD [COUNT [SEED]]

Copies of .npy and .safetensors files must equal them to the byte; those of .npz must hold the same arrays.
"""

import pathlib
import subprocess
import sys
import tempfile

import numpy
import safetensors.torch
import torch

NUMPY_DTYPES = "? i1 i2 i4 i8 u1 u2 u4 u8 f2 f4 f8 c8 c16".split()
TORCH_DTYPES = (
    "bool uint8 int8 float8_e5m2 float8_e4m3fn float8_e4m3fnuz float8_e5m2fnuz int16 uint16 float16 bfloat16 int32 "
    "uint32 float32 complex64 float64 int64 uint64"
).split()
LETTERS = list("abcXYZ019._-/ \"\\\n\té漢𝄞\x7f\x01")


def random_shape(random):
    return tuple(int(n) for n in random.integers(0 if random.random() < 0.1 else 1, 5, random.integers(0, 6)))


def random_bytes(random, count, is_bool):
    return random.integers(0, 2 if is_bool else 256, count, dtype=numpy.uint8)


def random_array(random):
    dtype, shape = numpy.dtype(str(random.choice(NUMPY_DTYPES))), random_shape(random)
    data = random_bytes(random, int(numpy.prod(shape)) * dtype.itemsize, dtype == bool)
    x = numpy.frombuffer(data.tobytes(), dtype).reshape(shape)
    return numpy.asfortranarray(x) if random.random() < 0.3 else x


def random_tensor(random):
    dtype, shape = getattr(torch, str(random.choice(TORCH_DTYPES))), random_shape(random)
    if 0 in shape:
        return torch.empty(shape, dtype=dtype)
    data = random_bytes(random, int(numpy.prod(shape)) * dtype.itemsize, dtype == torch.bool)
    return torch.from_numpy(data).view(dtype).reshape(shape)


def random_name(random):
    return "".join(random.choice(LETTERS, random.integers(1, 12)))


def write_files(folder, count, random):
    for i in range(count):
        numpy.save(folder / f"{i}.npy", random_array(random))
        arrays = {f"a{k}/{i}": random_array(random) for k in range(random.integers(1, 6))}
        (numpy.savez if random.random() < 0.5 else numpy.savez_compressed)(folder / f"{i}.npz", **arrays)
        tensors = {random_name(random): random_tensor(random) for _ in range(random.integers(0, 9))}
        metadata = {random_name(random): random_name(random)} if random.random() < 0.5 else None
        (folder / f"{i}.safetensors").write_bytes(safetensors.torch.save(tensors, metadata))
    return sorted(folder.iterdir())


def is_equal(file, copy):
    if file.suffix != ".npz":
        return file.read_bytes() == copy.read_bytes()
    a, b = numpy.load(file), numpy.load(copy)
    same = lambda x, y: x.dtype == y.dtype and x.shape == y.shape and x.tobytes() == y.tobytes()
    return a.files == b.files and all(same(a[name], b[name]) for name in a.files)


def main(build, count=300, seed=0):
    with tempfile.TemporaryDirectory() as temporary:
        folder, copies = pathlib.Path(temporary, "files"), pathlib.Path(temporary, "copies")
        folder.mkdir(), copies.mkdir()
        files = write_files(folder, int(count), numpy.random.default_rng(int(seed)))
        pairs = [str(path) for file in files for path in (file, copies / file.name)]
        subprocess.run([pathlib.Path(build) / "tests/io/array_copy", *pairs], check=True)
        wrong = [file.name for file in files if not is_equal(file, copies / file.name)]
    print(f"{len(files) - len(wrong)} of {len(files)} files equal", *wrong)
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
