#!/usr/bin/env python3
"""Writes the files of tests/vectors/safetensors and tests/vectors/npy with the packages safetensors, numpy and torch.

usage: tools/gen_arrays.py TESTS_DATA

Byte k of an array's data is (37 k + 11) mod 256, and of a bool array that mod 2, so that the tests can make it again.
"""

import io
import pathlib
import sys

import numpy
import safetensors.torch
import torch

TORCH_DTYPES = (
    "bool uint8 int8 float8_e5m2 float8_e4m3fn float8_e4m3fnuz float8_e5m2fnuz int16 uint16 float16 bfloat16 int32 "
    "uint32 float32 complex64 float64 int64 uint64"
).split()
NUMPY_DTYPES = "?1 u1 i1 i2 u2 f2 i4 u4 f4 i8 u8 f8 c8 c16".split()


class Pipe(io.RawIOBase):
    """What cannot be gone back in: Python then writes the lengths of records behind them, in 64 bits."""

    def __init__(self, file):
        self.file = file

    def writable(self):
        return True

    def seekable(self):
        return False

    def write(self, data):
        return self.file.write(data)


def pattern(count, is_bool=False):
    data = (numpy.arange(count) * 37 + 11) % 256
    return (data % 2 if is_bool else data).astype(numpy.uint8)


def tensor(shape, dtype):
    dtype = getattr(torch, dtype)
    count = int(numpy.prod(shape)) * dtype.itemsize
    data = torch.from_numpy(pattern(count, dtype == torch.bool))
    return data.view(dtype).reshape(shape) if count else torch.empty(shape, dtype=dtype)


def array(shape, dtype):
    dtype = numpy.dtype(dtype)
    return numpy.frombuffer(pattern(int(numpy.prod(shape)) * dtype.itemsize, dtype == bool).tobytes(), dtype).reshape(shape)


def write_safetensors(folder):
    folder.mkdir(exist_ok=True)
    every = {f"a.{dtype}": tensor((2, 3), dtype) for dtype in TORCH_DTYPES}
    safetensors.torch.save_file(every, folder / "dtypes.safetensors", {"format": "pt"})
    odd = {
        'quote" backslash\\ line\n bell\a tab\t delete\x7f': tensor((3,), "uint8"),
        "é 漢 𝄞": tensor((1,), "int16"),
        "scalar": tensor((), "float32"),
        "empty": tensor((0, 3), "float32"),
        "B": tensor((2,), "float32"),
        "a": tensor((2,), "float32"),
        "a.b": tensor((1,), "float32"),
        "": tensor((1,), "float64"),
    }
    (folder / "names.safetensors").write_bytes(safetensors.torch.save(odd))
    (folder / "nothing.safetensors").write_bytes(safetensors.torch.save({}))


def write_npy(folder):
    folder.mkdir(exist_ok=True)
    arrays = {dtype.replace("?1", "b1"): array((2, 3), dtype.replace("?1", "?")) for dtype in NUMPY_DTYPES}
    for name, values in arrays.items():
        numpy.save(folder / f"{name}.npy", values)
    numpy.save(folder / "scalar.npy", array((), "f4"))
    numpy.save(folder / "empty.npy", array((0, 3), "f4"))
    numpy.save(folder / "wide.npy", array((1, 2, 1, 3, 1, 2, 1, 1), "u1"))
    numpy.save(folder / "fortran.npy", numpy.asfortranarray(array((2, 3, 4), "i4")))
    for dtype in (">i2", ">u4", ">f8", ">c8"):
        numpy.save(folder / f"big_{dtype[1:]}.npy", array((2, 3), dtype[1:]).astype(dtype))
    with open(folder / "version2.npy", "wb") as file:
        numpy.lib.format.write_array(file, array((2, 3), "f4"), version=(2, 0))
    with open(folder / "version3.npy", "wb") as file:
        numpy.lib.format.write_array(file, array((2, 3), "f4"), version=(3, 0))
    numpy.save(folder / "refused_text.npy", numpy.array(["ab", "c"]))
    numpy.save(folder / "refused_struct.npy", numpy.zeros(2, [("é", "f4"), ("b", "i2")]))
    numpy.save(folder / "refused_object.npy", numpy.array([None, {}], dtype=object))
    numpy.save(folder / "refused_date.npy", numpy.array(["2020-01-01"], dtype="M8[D]"))
    numpy.save(folder / "refused_long_double.npy", numpy.zeros(1, numpy.longdouble))
    with open(folder / "piped.npz", "wb") as file:
        numpy.savez_compressed(Pipe(file), w=array((2, 3), "f4"))
    numpy.savez(folder / "stored.npz", w=array((2, 3), "f4"), **{"layer/b": array((3,), "i8")})
    numpy.savez_compressed(folder / "deflated.npz", w=numpy.zeros((40, 50), "f4"), b=array((3,), "i8"))


def main(folder):
    write_safetensors(folder / "safetensors")
    write_npy(folder / "npy")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
