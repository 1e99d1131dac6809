#!/usr/bin/env python3
"""The house: its floors and rooms. check_layers.py holds the tree to it, and the maps in README.md and CONTRIBUTING.md are
printed from it.

usage: tools/house.py             prints the map
       tools/house.py --write     writes it into the pages
       tools/house.py --headers   prints the headers that are installed, as programs include them
"""

import dataclasses
import pathlib
import re
import sys

ROOM_LIMIT = 25  # files of code in a folder
MAP = re.compile(r"(?<=<!-- written by tools/house.py -->\n```text\n).*?(?=```\n)", re.DOTALL)
PAGES = {"README.md": False, "CONTRIBUTING.md": True}  # whether with rooms


@dataclasses.dataclass
class Floor:
    subject: str
    below: tuple  # the floors that it may include, but for itself
    rooms: dict  # folder: subject
    private: tuple = ()  # rooms whose headers are not installed; "" is all of the floor
    exceptions: tuple = ()  # (files of it, files of another floor): may be included too


FLOORS = {
    "core": Floor(
        "what a tensor is, no mathematics: device, shape, storage, tensor, error, context",
        (),
        {
            "backends": "the switches of the libraries that compute on GPUs",
            "cuda": "contexts, handles, memory and graphs of a GPU; libraries that are opened while a program runs",
            "cuda/cudnn": "cuDNN: its functions, descriptors, engines, plans, what timing them has found",
            "dlpack": "tensors of other libraries, without a copy",
            "dtype": "element types, scalars, the visit of a type",
            "memory": "allocators, reference counts, bytes that are not there yet",
            "random": "generators and their state",
            "streams": "streams, events and graphs of GPUs, as users see them",
            "threads": "parallel_for",
            "value": "Python's values as data; state dicts",
        },
        private=("cuda", "cuda/cudnn"),
    ),
    "comm": Floor(
        "ranks that compute together: all_reduce and its kin over threads, processes, GPUs",
        ("core",),
        {"kinds": "how: alone, threads of one process, MPI", "kinds/cuda": "NCCL"},
        private=("kinds", "kinds/cuda"),
    ),
    "kernels": Floor(
        "arithmetic on buffers, for CPU and GPU; knows no gradient. One room per family of operations",
        ("core",),
        {
            "conv": "convolution: contract, choice, plain; on a GPU im2col, direct, cuDNN",
            "copy": "copies, conversions, transfers between devices",
            "cpu": "what families share on the CPU: the door of instruction sets, loops over rows",
            "cuda": "what they share on a GPU: launches, packets, walks, reductions",
            "depthwise": "convolutions of each channel by itself, on the CPU",
            "elementwise": "functors of one and two elements, activations",
            "im2col": "any convolution on the CPU as a product of matrices",
            "half": "half precision by way of float32, where kernels have no loops of their own for it",
            "index": "gather, scatter, choice of a class",
            "gemm": "a product on the CPU: panels, tiles, blocks that fit its caches, Eigen; what matmul/ and conv/ multiply with",
            "loss": "losses and their gradients in one pass",
            "matmul": "products of matrices: contract, choice, a GPU's tiles, cuBLAS; epilogues",
            "matmul/hopper": "products by what only Hopper has: wgmma, TMA",
            "winograd": "3 x 3 and 5 x 5 convolutions on the CPU by fewer multiplications",
            "norm": "batch norm, whole and in parts, by ebb and by cuDNN",
            "norm_pool": "batch norm, ReLU and max pooling of it as one, on the CPU",
            "optim": "steps of optimizers",
            "pool": "pooling by windows",
            "random": "dropout",
            "reduce": "sums, products, extremes",
            "resample": "a sparse matrix along one dimension",
            "row_norm": "rows of mean 0 and variance 1: layer, group and instance norm",
            "scan": "cumulative sums",
            "softmax": "softmax and its logarithm, along one dimension",
            "sort": "sorting, permutation of rows",
        },
        private=("",),
    ),
    "autograd": Floor(
        "the engine: node, record, saved, backward, view, print; ops/ has each op's checks, forward, gradient",
        ("core", "comm", "kernels"),
        {
            "engine": "what one backward pass remembers, and how gradients add up",
            "autocast": "the precision that ops of a scope compute in",
            "inference": "work that is put off in InferenceMode, and done together with what follows it",
            "members": "Tensor's members that are ops",
            "ops/activation": "relu, gelu, softmax, dropout, ...",
            "ops/comm": "what ranks compute together, with its gradient",
            "ops/conv": "convolutions, transposed ones, fold and unfold",
            "ops/create": "tensors from values and random numbers",
            "ops/detail": "what ops share",
            "ops/elementwise": "arithmetic, comparison, conversion, in-place forms",
            "ops/index": "gather, scatter, embedding, sort",
            "ops/linalg": "products of matrices, einsum, norms of vectors",
            "ops/loss": "cross entropy and other losses",
            "ops/norm": "batch, layer, group, instance norm",
            "ops/pool": "max and average pooling",
            "ops/reduce": "sum, mean, variance, extremes, cumulative sums",
            "ops/resample": "interpolation, grid_sample",
            "ops/shape": "views, joining, splitting, padding",
        },
        private=("inference", "ops/detail"),
    ),
    "nn": Floor(
        "modules: slots, calls, hooks, printing, state dict, summary. Composes ops, calls no kernel",
        ("core", "comm", "autograd"),
        {
            "containers": "Sequential, ModuleList, ModuleDict, ParameterList",
            "init": "initialisation of weights",
            "layers": "torch.nn's layers",
            "loading": "load plans, matching of keys, checkpoints",
            "loss": "losses as modules",
            "models": "ConvNet, U-Net, ResNets, bilinear pooling; models told by their weights",
            "optim": "optimizers",
            "optim/detail": "what optimizers share: the step of one parameter",
            "optim/schedulers": "learning rate schedules",
            "parallel": "synchronized batch norm, networks on many devices",
            "parallel/detail": "gradients averaged over ranks while backward runs",
        },
        private=("optim/detail", "parallel/detail"),
        exceptions=(("nn/optim/", "kernels/optim/"),),
    ),
    "io": Floor(
        "files: what a user includes; knows tensors and plain values only",
        ("core",),
        {
            "bytes": "what formats share: bytes, elements, limits of memory, quoting",
            "formats": "the table of the formats: how each is told and read",
            "idx": "idx files",
            "npy": ".npy and .npz",
            "pickle": "Python's pickles, both ways; nothing is executed",
            "pth": ".pth files, zip and legacy",
            "safetensors": "safetensors files and their JSON",
            "system": "files, atomic writes, faults for tests",
            "zip": "zip archives, deflate, gzip, CRC-32",
        },
        private=("bytes", "formats", "idx", "npy", "pickle", "pth", "safetensors", "system", "zip"),
    ),
    "data": Floor(
        "data sets and the loader of batches",
        ("core", "io"),
        {
            "sending": "batches on their way to a GPU",
            "synthetic": "data sets that are drawn: shapes, collages",
        },
        private=("sending", "synthetic"),
    ),
    "interop": Floor(
        "where files and networks meet: models told by their weights, torch.nn's modules both ways",
        ("core", "autograd", "nn", "io"),
        {"python": "the classes of torch.nn and torchvision"},
        private=("python",),
    ),
}

BESIDE = {
    "include/ebb": "the headers of users: ebb.h, tensor.h, nn.h, optim.h, io.h, data.h, comm.h, cuda.h, interop.h",
    "apps": "the ebb command",
    "examples": "programs to copy",
    "bench": "benchmarks",
    "bench/cuda": "of a GPU's kernels and networks, beside cuBLAS, cuDNN and PyTorch",
    "tests": "mirrors the floors; vectors/ is what they compare with",
    "docs": "pages whose programs are compiled",
    "tools": "scripts: rules, generators, comparisons with PyTorch",
}


def is_private(folder):
    """Whether the headers of a folder, such as "io/zip", are not installed."""
    floor, _, room = folder.partition("/")
    return any(private in ("", room) for private in FLOORS[floor].private)


def house_map(with_rooms=True):
    lines = []
    for name, floor in FLOORS.items():
        lines.append((f"{name}/", floor.subject))
        lines += [(f"  {room}/", subject) for room, subject in floor.rooms.items() if with_rooms]
    lines += [(f"{name}/", subject) for name, subject in BESIDE.items()]
    width = max(len(name) for name, _ in lines) + 2
    return "".join(f"{name:{width}}{subject}\n" for name, subject in lines)


def installed_headers(root):
    for header in sorted(root.glob("include/ebb/*.h")):
        yield f"ebb/{header.name}"
    for floor in FLOORS:
        for header in sorted((root / floor).rglob("*.h")):
            if not is_private(header.parent.relative_to(root).as_posix()):
                yield f"ebb/{header.relative_to(root).as_posix()}"


def stale_pages(root):
    """The pages whose map is not what house_map() says. A tree that lacks a page has none."""
    for name, with_rooms in PAGES.items():
        page = pathlib.Path(root, name)
        if page.exists() and MAP.findall(page.read_text(encoding="utf-8")) != [house_map(with_rooms)]:
            yield name


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    if sys.argv[1:] == ["--write"]:
        for name, with_rooms in PAGES.items():
            text = (root / name).read_text(encoding="utf-8")
            (root / name).write_text(MAP.sub(lambda _: house_map(with_rooms), text), encoding="utf-8")
    elif sys.argv[1:] == ["--headers"]:
        print(*installed_headers(root), sep="\n")
    else:
        print(house_map(), end="")


if __name__ == "__main__":
    main()
