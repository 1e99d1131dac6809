"""The peers' side of bench/cpu_ops: PyTorch as it is, with images and weights channels-last, and compiled where the compiler
writes the kernel. Answers as peer_loop.py says."""

import importlib.metadata

import peer_loop
import torch
import torch.nn.functional as F

OPS = {
    "conv2d": lambda c, x, w: F.conv2d(x, w, None, c.get("stride", 1), c["padding"], 1, c.get("groups", 1)),
    "conv_transpose2d": lambda c, x, w, b: F.conv_transpose2d(x, w, b, c["stride"]),
    "max_pool2d": lambda c, x: F.max_pool2d(x, c["kernel"], c["stride"], c["padding"]),
    "avg_pool2d": lambda c, x: F.avg_pool2d(x, 2),
    "bilinear": lambda c, x: F.interpolate(x, scale_factor=2, mode="bilinear"),
    "nearest": lambda c, x: F.interpolate(x, scale_factor=2),
    "batch_norm": lambda c, x, w, b: F.batch_norm(x, None, None, w, b, training=True),
    "batch_norm_relu": lambda c, x, w, b: F.relu(F.batch_norm(x, None, None, w, b, training=True)),
    "batch_norm_add_relu": lambda c, x, w, b, r: F.relu(F.batch_norm(x, None, None, w, b, training=True) + r),
    "batch_norm_relu_max_pool2d": lambda c, x, w, b: F.max_pool2d(
        F.relu(F.batch_norm(x, None, None, w, b, training=True)), c["kernel"], c["stride"], c["padding"]
    ),
    "layer_norm": lambda c, x, w, b: F.layer_norm(x, x.shape[1:], w, b),
    "cross_entropy": lambda c, x: F.cross_entropy(x, c["index"]),
    "embedding": lambda c, w: F.embedding(c["index"], w),
    "gather": lambda c, x: torch.gather(x, 1, c["index"]),
    "sort": lambda c, x: x.sort().values,
}
LOSSES = ("mse_loss", "smooth_l1_loss", "binary_cross_entropy_with_logits")
ALONG_ROWS = ("softmax", "log_softmax", "cumsum")
BY_LIBRARIES = ("conv2d", "conv_transpose2d", "bmm", "sort")  # compiled or not, the same is called


def op_of(task):
    name = task["op"]
    if name in OPS:
        return lambda *inputs: OPS[name](task, *inputs)
    if name in ALONG_ROWS:
        return lambda x: getattr(torch, name)(x, 1)
    if name in LOSSES:
        return lambda x: getattr(F, name)(x, task["target"])
    return getattr(torch, name, None) or getattr(F, name)


def with_constants(task):
    shape = task["inputs"][0]
    if task["op"] in LOSSES:
        return {**task, "target": torch.rand(shape).to(getattr(torch, task.get("dtype", "float32")))}
    if task["op"] == "embedding":
        return {**task, "index": torch.randint(0, shape[0], (task["count"],))}
    if task["op"] == "cross_entropy":
        return {**task, "index": torch.randint(0, shape[1], (shape[0],))}
    return {**task, "index": torch.randint(0, shape[1], shape)} if task["op"] == "gather" else task


def inputs_of(task, memory_format):
    draw = (lambda shape: torch.rand(shape) + 0.5) if task.get("values") == "positive" else torch.randn
    dtype = getattr(torch, task.get("dtype", "float32"))
    drawn = [draw(shape).to(dtype) for shape in task["inputs"]]
    return [x.contiguous(memory_format=memory_format) if x.dim() == 4 else x for x in drawn]


def work_of(task, memory_format=torch.contiguous_format, is_compiled=False):
    torch._dynamo.reset()
    op, inputs = op_of(with_constants(task)), inputs_of(task, memory_format)
    if is_compiled:
        op = torch.compile(op, dynamic=False)

    def forward():
        with torch.no_grad():
            return op(*inputs)

    if task["pass"] == "forward":
        return forward
    leaves = [x.clone().requires_grad_() for x in inputs]
    dy = forward().clone()
    return lambda: torch.autograd.grad(op(*leaves), leaves, dy)


def makers(task):
    """An image's layout is the peer's choice, unless the case is about one in NCHW."""
    is_image = len(task["inputs"][0]) == 4 and task.get("layout") != "nchw" and task.get("values") != "positive"
    best_format = torch.channels_last if is_image else torch.contiguous_format
    found = {"eager": lambda: work_of(task)}
    if is_image:
        found["channels_last"] = lambda: work_of(task, torch.channels_last)
    if task["op"] not in BY_LIBRARIES:
        found["compiled"] = lambda: work_of(task, best_format, is_compiled=True)
    return found


def introduce(threads):
    torch.set_num_threads(threads)
    return {"torch": importlib.metadata.version("torch")}


if __name__ == "__main__":
    peer_loop.Loop(introduce, makers).serve()
