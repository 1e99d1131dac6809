#!/usr/bin/env python3
"""Records what torch.autocast does to each op: the dtypes of results of float32 and of half precision.

usage: tools/gen_autocast.py FILE     with a Python that has torch

"cpu": computed, in a scope of bfloat16. "cuda", in one of float16: by the lists of ATen/autocast_mode.h, which comes with torch; ops
that are in no list and made of others are by hand, as torch/nn/functional.py makes them.
"""

import json
import pathlib
import re
import sys
import warnings

import torch
import torch.nn.functional as F

X = torch.rand(4, 4) * 0.5 + 0.25
V, LINES, IMAGES, VOLUMES = torch.rand(4), torch.rand(2, 4, 8), torch.rand(2, 4, 8, 8), torch.rand(1, 4, 4, 4, 4)
CLASSES = torch.arange(4)


def rand(*shape):
    return torch.rand(*shape)


# Of c, which makes every operand one of the dtype.
CALLS = {
    "mm": lambda c: torch.mm(c(X), c(X)),
    "matmul": lambda c: torch.matmul(c(X), c(X)),
    "bmm": lambda c: torch.bmm(c(X)[None], c(X)[None]),
    "addmm": lambda c: torch.addmm(c(X), c(X), c(X)),
    "addbmm": lambda c: torch.addbmm(c(X), c(X)[None], c(X)[None]),
    "baddbmm": lambda c: torch.baddbmm(c(X)[None], c(X)[None], c(X)[None]),
    "mv": lambda c: torch.mv(c(X), c(V)),
    "addmv": lambda c: torch.addmv(c(V), c(X), c(V)),
    "dot": lambda c: torch.dot(c(V), c(V)),
    "einsum": lambda c: torch.einsum("ij,jk->ik", c(X), c(X)),
    "linear": lambda c: F.linear(c(X), c(X), c(V)),
    "bilinear": lambda c: F.bilinear(c(X), c(X), c(rand(3, 4, 4))),
    "conv1d": lambda c: F.conv1d(c(LINES), c(rand(3, 4, 3))),
    "conv2d": lambda c: F.conv2d(c(IMAGES), c(rand(3, 4, 3, 3)), c(rand(3))),
    "conv3d": lambda c: F.conv3d(c(VOLUMES), c(rand(3, 4, 2, 2, 2))),
    "conv_transpose1d": lambda c: F.conv_transpose1d(c(LINES), c(rand(4, 3, 3))),
    "conv_transpose2d": lambda c: F.conv_transpose2d(c(IMAGES), c(rand(4, 3, 3, 3))),
    "prelu": lambda c: F.prelu(c(X), c(rand(1))),
    "pow": lambda c: torch.pow(c(X), 2.5),
    "softmax": lambda c: F.softmax(c(X), 1),
    "log_softmax": lambda c: F.log_softmax(c(X), 1),
    "logsumexp": lambda c: torch.logsumexp(c(X), 1),
    "sum": lambda c: torch.sum(c(X)),
    "mean": lambda c: torch.mean(c(X)),
    "prod": lambda c: torch.prod(c(X)),
    "cumsum": lambda c: torch.cumsum(c(X), 0),
    "norm": lambda c: torch.linalg.vector_norm(c(X)),
    "var": lambda c: torch.var(c(X)),
    "std": lambda c: torch.std(c(X)),
    "layer_norm": lambda c: F.layer_norm(c(X), (4,)),
    "group_norm": lambda c: F.group_norm(c(IMAGES), 2),
    "instance_norm": lambda c: F.instance_norm(c(IMAGES)),
    "batch_norm": lambda c: F.batch_norm(c(IMAGES), torch.zeros(4), torch.ones(4), V, V, training=True),
    "rms_norm": lambda c: F.rms_norm(c(X), (4,)),
    "local_response_norm": lambda c: F.local_response_norm(c(IMAGES), 2),
    "normalize": lambda c: F.normalize(c(X)),
    "cosine_similarity": lambda c: F.cosine_similarity(c(X), c(X)),
    "mse_loss": lambda c: F.mse_loss(c(X), c(X)),
    "l1_loss": lambda c: F.l1_loss(c(X), c(X)),
    "smooth_l1_loss": lambda c: F.smooth_l1_loss(c(X), c(X)),
    "huber_loss": lambda c: F.huber_loss(c(X), c(X)),
    "kl_div": lambda c: F.kl_div(c(X), c(X)),
    "nll_loss": lambda c: F.nll_loss(c(X), CLASSES),
    "cross_entropy": lambda c: F.cross_entropy(c(X), CLASSES),
    "binary_cross_entropy": lambda c: F.binary_cross_entropy(c(X), c(X)),
    "binary_cross_entropy_with_logits": lambda c: F.binary_cross_entropy_with_logits(c(X), c(X)),
    "soft_margin_loss": lambda c: F.soft_margin_loss(c(X), c(X)),
    "hinge_embedding_loss": lambda c: F.hinge_embedding_loss(c(X), c(X)),
    "grid_sample": lambda c: F.grid_sample(c(IMAGES), c(rand(2, 3, 3, 2))),
    "interpolate": lambda c: F.interpolate(c(IMAGES), scale_factor=2, mode="bilinear"),
    "interpolate_area": lambda c: F.interpolate(c(IMAGES), size=4, mode="area"),
    "max_pool2d": lambda c: F.max_pool2d(c(IMAGES), 2),
    "avg_pool2d": lambda c: F.avg_pool2d(c(IMAGES), 2),
    "avg_pool3d": lambda c: F.avg_pool3d(c(VOLUMES), 2),
    "adaptive_avg_pool2d": lambda c: F.adaptive_avg_pool2d(c(IMAGES), 2),
    "pad_constant": lambda c: F.pad(c(IMAGES), (1, 1, 1, 1)),
    "pad_reflect": lambda c: F.pad(c(IMAGES), (1, 1, 1, 1), mode="reflect"),
    "pad_replicate": lambda c: F.pad(c(IMAGES), (1, 1, 1, 1), mode="replicate"),
    "pad_circular": lambda c: F.pad(c(IMAGES), (1, 1, 1, 1), mode="circular"),
    "add": lambda c: c(X) + c(X),
    "mul": lambda c: c(X) * c(X),
    "softplus": lambda c: F.softplus(c(X)),
    "gelu": lambda c: F.gelu(c(X)),
    "relu": lambda c: F.relu(c(X)),
    "silu": lambda c: F.silu(c(X)),
    "logsigmoid": lambda c: F.logsigmoid(c(X)),
} | {
    name: lambda c, op=getattr(torch, name): op(c(X))
    for name in "acos asin cosh erf exp expm1 log log10 log1p log2 reciprocal rsqrt sigmoid sinh sqrt tan tanh".split()
}
# What an op is called in the lists, where not as here.
LISTED_AS = {"norm": "linalg_vector_norm", "interpolate": "upsample_bilinear2d", "cross_entropy": "log_softmax"}
MADE_OF_FULL = {"normalize": "x / norm(x)", "local_response_norm": "x / pow(..)"}


def of_cpu(call):
    with torch.autocast("cpu", torch.bfloat16):
        return [str(call(c).dtype).removeprefix("torch.") for c in (torch.Tensor.float, torch.Tensor.bfloat16)]


def cuda_lists():
    text = (pathlib.Path(torch.__file__).parent / "include/ATen/autocast_mode.h").read_text()
    found = {}
    for name in ("LOWER_PRECISION_FP", "FP32", "FP32_SET_OPT_DTYPE"):
        body = re.search(rf"#define AT_FORALL_{name}\(_\)((?:.*\\\n)*.*)", text)[1]
        found[name] = {entry.split(",")[0] for entry in re.findall(r"_\(([^)]+)\)", body)}
    return found["LOWER_PRECISION_FP"], found["FP32"] | found["FP32_SET_OPT_DTYPE"]


def of_cuda(name, lower, full):
    listed = LISTED_AS.get(name, name)
    if name == "binary_cross_entropy":
        return ["refused", "refused"]
    if listed in lower:
        return ["float16", "float16"]
    return ["float32", "float32" if listed in full or name in MADE_OF_FULL else "float16"]


def main(file):
    warnings.simplefilter("ignore")
    lists = cuda_lists()
    record = {name: {"cpu": of_cpu(call), "cuda": of_cuda(name, *lists)} for name, call in sorted(CALLS.items())}
    pathlib.Path(file).write_text(
        "{\n" + ",\n".join(f'  "{name}": {json.dumps(dtypes)}' for name, dtypes in record.items()) + "\n}\n")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
