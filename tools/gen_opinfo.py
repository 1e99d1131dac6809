#!/usr/bin/env python3
"""Records the samples that PyTorch tests its own ops with: what build/tests/parity_opinfo compares ebb with.

usage: tools/gen_opinfo.py FOLDER [CAP] [SEED] [DTYPE]     with a Python that has torch, expecttest and hypothesis

For each op OP.safetensors and OP.json. Tensors of case i: "i.in.k" in the order of the call, "i.out.k", "i.cot.k" (what output k is
contracted with) and "i.grad.k" (the gradient of the contraction). The JSON has the calls, where {"T": k} stands for tensor k, and the
calls that PyTorch refuses ("errors", whose tensors are "e<i>.in.k"). Of each op at most CAP cases, chosen by SEED, of
floating samples of DTYPE (float32, float16 or bfloat16).
"""

import json
import pathlib
import random
import struct
import sys

import numpy
import torch
from torch.testing._internal.common_methods_invocations import op_db
from torch.utils._pytree import tree_flatten

# Names in PyTorch's list, F. for nn.functional., with the variant behind a colon.
OPS = """
    add sub mul div pow sqrt exp log neg abs sign reciprocal sin cos tanh sigmoid F.relu F.leaky_relu F.elu F.selu F.gelu F.silu
    F.softplus F.hardswish F.mish F.hardsigmoid F.hardtanh F.logsigmoid F.prelu F.conv1d F.conv2d F.conv_transpose1d
    F.conv_transpose2d F.max_pool1d F.max_pool2d F.max_pool3d F.max_unpool1d F.max_unpool2d F.max_unpool3d F.avg_pool2d F.avg_pool3d F.adaptive_avg_pool2d F.adaptive_max_pool1d
    F.adaptive_max_pool2d F.batch_norm F.layer_norm F.group_norm F.instance_norm F.local_response_norm F.rms_norm F.linear F.bilinear
    F.embedding F.interpolate:nearest F.interpolate:nearest-exact F.interpolate:linear F.interpolate:bilinear F.interpolate:bicubic
    F.interpolate:area F.upsample_bilinear F.upsample_nearest F.pad:constant F.pad:reflect F.pad:replicate F.pad:replicate_negative
    F.pad:circular F.pixel_shuffle F.cross_entropy F.nll_loss F.mse_loss F.l1_loss F.smooth_l1_loss F.binary_cross_entropy
    F.binary_cross_entropy_with_logits F.kl_div F.normalize F.cosine_similarity F.grid_sample F.unfold F.fold F.dropout matmul mm bmm
    addmm addmv addbmm baddbmm mv dot inner outer einsum softmax log_softmax sum mean prod amax amin max min argmax argmin var std norm
    cumsum logsumexp cat stack split split:list_args split_with_sizes chunk narrow select slice unbind gather take_along_dim scatter
    scatter_add index_select index_add masked_fill masked_select where transpose permute t reshape view unsqueeze squeeze
    squeeze:multiple expand expand_as repeat repeat_interleave flip roll diag tril triu meshgrid:list_of_tensors clamp sort topk flatten
    contiguous clone eq ne lt gt le ge
"""
NAMES = set(OPS.split())
DTYPES = {
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.float32: "F32",
    torch.float64: "F64",
    torch.int64: "I64",
    torch.int32: "I32",
    torch.int16: "I16",
    torch.int8: "I8",
    torch.uint8: "U8",
    torch.bool: "BOOL",
}


def short_name(op):
    return op.name.replace("nn.functional.", "F.") + (f":{op.variant_test_name}" if op.variant_test_name else "")


def seed_everything(seed):
    torch.manual_seed(seed)
    random.seed(seed)
    numpy.random.seed(seed)


def save(path, tensors):
    """A safetensors file in the order of the dict."""
    header, parts, end = {}, [], 0
    for name, tensor in tensors.items():
        plain = tensor.detach().cpu().contiguous()
        data = (plain.view(torch.int16) if tensor.dtype == torch.bfloat16 else plain).numpy().tobytes()
        header[name] = {"dtype": DTYPES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [end, end + len(data)]}
        parts.append(data)
        end += len(data)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(parts))


def encode(value, tensors):
    """`value` as JSON; its tensors are appended to `tensors`."""
    if isinstance(value, torch.Tensor):
        tensors.append(value)
        return {"T": len(tensors) - 1}
    if isinstance(value, torch.dtype):
        return {"dtype": str(value)}
    if isinstance(value, (list, tuple)):
        return [encode(item, tensors) for item in value]
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return {"float": repr(value)}
    if isinstance(value, (int, float, str, bool, type(None))):
        return value
    raise TypeError(f"no JSON for a {type(value).__name__}")


def encode_call(sample, tensors):
    args = [encode(x, tensors) for x in (sample.input, *sample.args)]
    return {"args": args, "kwargs": {name: encode(x, tensors) for name, x in sample.kwargs.items()}}


def gradients(outputs, inputs):
    """("cot.k" or "grad.k", tensor) for the outputs and inputs that have a gradient."""
    traced = [k for k, tensor in enumerate(outputs) if tensor.requires_grad]
    wanted = [k for k, tensor in enumerate(inputs) if tensor.requires_grad]
    if not traced or not wanted:
        return
    cotangents = [torch.randn(outputs[k].shape, dtype=outputs[k].dtype) for k in traced]
    found = torch.autograd.grad([outputs[k] for k in traced], [inputs[k] for k in wanted], cotangents, allow_unused=True)
    yield from ((f"cot.{k}", cotangent) for k, cotangent in zip(traced, cotangents))
    for k, gradient in zip(wanted, found):
        if gradient is not None:
            yield f"grad.{k}", gradient.to_dense() if gradient.is_sparse else gradient


def record_case(op, sample, seed, prefix, saved):
    inputs = []
    case = encode_call(sample, inputs)
    given = [tensor.detach().clone() for tensor in inputs]  # batch norm writes to its running statistics
    torch.manual_seed(seed + 1)
    result = op(sample.input, *sample.args, **sample.kwargs)
    outputs = [tensor for tensor in tree_flatten(result)[0] if isinstance(tensor, torch.Tensor)]
    traced = list(gradients(outputs, inputs))
    saved.update({f"{prefix}.in.{k}": tensor for k, tensor in enumerate(given)})
    saved.update({f"{prefix}.out.{k}": tensor for k, tensor in enumerate(outputs)})
    saved.update({f"{prefix}.{name}": tensor for name, tensor in traced})
    return case | {"req": [tensor.requires_grad for tensor in inputs], "n_out": len(outputs)}


def can_be_saved(tensor):
    return tensor.dim() <= 8 and tensor.dtype in DTYPES and tensor.layout == torch.strided and tensor.device.type == "cpu"


def record_errors(op, saved):
    errors = []
    try:
        refused = list(op.error_inputs("cpu")) if op.error_inputs_func is not None else []
    except Exception:  # some need a GPU to be made
        refused = []
    for error in refused:
        inputs = []
        try:
            call = encode_call(error.sample_input, inputs)
        except TypeError:
            continue
        if all(map(can_be_saved, inputs)):
            saved.update({f"e{len(errors)}.in.{k}": tensor for k, tensor in enumerate(inputs)})
            errors.append(call | {"error": error.error_type.__name__, "regex": error.error_regex})
    return errors


def record(op, cap, seed, dtype, folder):
    """How many cases, refused calls, and cases that could not be recorded."""
    seed_everything(seed)
    if dtype not in op.supported_dtypes("cpu"):
        return 0, 0, 0
    has_gradient = op.supports_autograd and dtype in op.supported_backward_dtypes("cpu")
    samples = list(op.sample_inputs("cpu", dtype, requires_grad=has_gradient))
    if len(samples) > cap:
        samples = random.Random(seed).sample(samples, cap)
    saved, cases, skipped = {}, [], 0
    for i, sample in enumerate(samples):
        try:
            cases.append(record_case(op, sample, seed, i, saved))
        except Exception as error:  # of PyTorch's, or a value that JSON has not
            cases.append({"skip": f"{type(error).__name__}: {str(error)[:80]}"})
            skipped += 1
    errors = record_errors(op, saved) if dtype == torch.float32 else []
    name = short_name(op).replace(":", ".")
    save(folder / f"{name}.safetensors", saved)
    description = {"op": op.name, "torch": torch.__version__, "cases": cases, "errors": errors}
    (folder / f"{name}.json").write_text(json.dumps(description))
    return len(cases) - skipped, len(errors), skipped


def main(folder, cap="40", seed="0", dtype="float32"):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    total = [0, 0, 0]
    for op in op_db:
        if short_name(op) in NAMES:
            total = [a + b for a, b in zip(total, record(op, int(cap), int(seed), getattr(torch, dtype), folder))]
    print(f"{total[0]} cases, {total[1]} refused calls, {total[2]} not recorded")


if __name__ == "__main__":
    if not 2 <= len(sys.argv) <= 5:
        sys.exit(__doc__)
    main(*sys.argv[1:])
