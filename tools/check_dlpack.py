#!/usr/bin/env python3
"""Passes arrays from NumPy and PyTorch to ebb by DLPack and back, and compares. Needs both; run by hand.

usage: tools/check_dlpack.py BUILD
"""

import ctypes
import gc
import pathlib
import sys
import weakref

import numpy
import torch

MESSAGE_BYTES = 1000
python = ctypes.pythonapi
python.PyCapsule_GetPointer.restype = ctypes.c_void_p
python.PyCapsule_GetPointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
python.PyCapsule_SetName.argtypes = [ctypes.py_object, ctypes.c_char_p]
python.PyCapsule_New.restype = ctypes.py_object
python.PyCapsule_New.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]


class Names:
    def __init__(self, versioned):
        self.suffix = "" if versioned else "_legacy"
        self.fresh = b"dltensor_versioned" if versioned else b"dltensor"
        self.used = b"used_" + self.fresh


def load_bridge(build):
    bridge = ctypes.PyDLL(str(next((pathlib.Path(build) / "tests/core").glob("libdlpack_bridge.so"))))  # keeps the GIL
    for name in ("import", "import_legacy", "export", "export_legacy", "turn"):
        getattr(bridge, f"bridge_{name}").restype = ctypes.c_void_p
    return bridge


class Tensor:
    """One of ebb's, which gives itself in the form that it came in."""

    def __init__(self, bridge, address, versioned):
        self.bridge, self.address, self.versioned = bridge, ctypes.c_void_p(address), versioned

    def __del__(self):
        self.bridge.bridge_release(self.address)

    def __dlpack_device__(self):
        return (1, 0)

    def __dlpack__(self, *, stream=None, max_version=None, dl_device=None, copy=None):
        names = Names(self.versioned)
        managed = getattr(self.bridge, f"bridge_export{names.suffix}")(self.address)
        return python.PyCapsule_New(managed, names.fresh, None)  # a capsule that nobody takes would leak

    def turned(self):
        return Tensor(self.bridge, self.bridge.bridge_turn(self.address), self.versioned)

    def describe(self):
        text = ctypes.create_string_buffer(MESSAGE_BYTES)
        self.bridge.bridge_describe(self.address, text, MESSAGE_BYTES)
        return text.value.decode()


def import_array(bridge, array, versioned):
    names = Names(versioned)
    capsule = array.__dlpack__(max_version=(1, 1)) if versioned else array.__dlpack__()
    managed = ctypes.c_void_p(python.PyCapsule_GetPointer(capsule, names.fresh))
    python.PyCapsule_SetName(capsule, names.used)
    message = ctypes.create_string_buffer(MESSAGE_BYTES)
    address = getattr(bridge, f"bridge_import{names.suffix}")(managed, message, MESSAGE_BYTES)
    if not address:
        raise ValueError(message.value.decode())
    return Tensor(bridge, address, versioned)


def numpy_arrays():
    for code in "? i1 i2 i4 i8 u1 u2 u4 u8 f2 f4 f8 c8 c16".split():
        x = (numpy.arange(24) % 7).astype(code).reshape(2, 3, 4)
        yield from (x, x.T, x[:, ::2], x[1, 2, 3:], x[:0], numpy.asfortranarray(x), numpy.array(3).astype(code))


def torch_tensors():
    names = "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 bfloat16 float32 float64 complex64 complex128"
    for name in names.split() + ["float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e5m2fnuz"]:
        dtype = getattr(torch, name)
        bits = (torch.arange(24 * dtype.itemsize) % 2).to(torch.uint8)
        x = bits.view(dtype).reshape(2, 3, 4)
        yield from (x, x.transpose(0, 2), x[:, ::2], x[1, 2, 3:], x[:0], x[:1].expand(5, 3, 4))


def raw(x):
    return x.contiguous().view(torch.uint8) if x.numel() and x.dim() else x.clone()


def check_numpy(bridge, versioned):
    count = 0
    for x in numpy_arrays():
        y = import_array(bridge, x, versioned)
        z = numpy.from_dlpack(y.turned()) if x.ndim < 2 else numpy.from_dlpack(y.turned()).swapaxes(0, -1)
        assert z.dtype == x.dtype and z.shape == x.shape and (z == x).all(), (x.dtype, x.shape)
        assert x.size == 0 or z.__array_interface__["data"][0] == x.__array_interface__["data"][0]
        count += 1
    return count


def check_torch(bridge, versioned):
    count = 0
    for x in torch_tensors():
        y = import_array(bridge, x, versioned)
        z = torch.from_dlpack(y)
        assert z.dtype == x.dtype and z.shape == x.shape, (x.dtype, x.shape, y.describe())
        assert torch.equal(raw(z), raw(x)) and (x.numel() == 0 or z.data_ptr() == x.data_ptr()), (x.dtype, x.shape)
        count += 1
    return count


def check_lifetime(bridge):
    """What ebb holds stays, and goes with the last that holds it."""
    owner = numpy.arange(1000.0)
    base = weakref.ref(owner)
    y = import_array(bridge, owner, True)
    z = torch.from_dlpack(y)
    del owner, y
    gc.collect()
    assert base() is not None and float(z.sum()) == 499500.0
    del z
    gc.collect()
    assert base() is None


def check_refusals(bridge):
    x = numpy.arange(6.0)
    x.flags.writeable = False
    for array, part in ((x, "read-only"), (numpy.arange(6.0)[::-1], "negative")):
        try:
            import_array(bridge, array, True)
        except ValueError as error:
            assert part in str(error), error
        else:
            raise AssertionError(f"{part} was accepted")


def main(build):
    bridge = load_bridge(build)
    for versioned in (True, False):
        counts = check_numpy(bridge, versioned), check_torch(bridge, versioned)
        print("versioned" if versioned else "legacy", "%d arrays of NumPy, %d tensors of PyTorch" % counts)
    check_lifetime(bridge)
    check_refusals(bridge)
    print("lifetime and refusals as they should be")


if __name__ == "__main__":
    main(sys.argv[1])
