"""PyTorch's side of bench/cpu_ops: one case, in channels-last where it is an image; prints milliseconds.
usage: cpu_ops_pytorch.py THREADS SAMPLES NAME SIZES..."""
import json
import statistics
import sys
import time

import torch
import torch.nn.functional as F

threads, samples, name, *sizes = sys.argv[1:]
torch.set_num_threads(int(threads))
layout = sizes.pop(0) if sizes and not sizes[0].isdigit() else "nhwc"
sizes = [int(s) for s in sizes]


def image(*shape):
    return torch.randn(shape).contiguous(memory_format=torch.channels_last)


def case():
    if name == "conv2d":
        n, c, size, o, k = sizes
        return lambda x, w: F.conv2d(x, w, padding=k // 2), [image(n, c, size, size), torch.randn(o, c, k, k)]
    if name == "max_pool2d":
        n, c, size, k, stride, padding = sizes
        return lambda x: F.max_pool2d(x, k, stride, padding), [image(n, c, size, size)]
    if name == "batch_norm":
        n, c, size = sizes
        f = lambda x, w, b: F.batch_norm(x, None, None, w, b, training=True)
        return f, [image(n, c, size, size), torch.ones(c), torch.zeros(c)]
    if name == "bmm":
        batch, m, k, n = sizes
        return torch.bmm, [torch.randn(batch, m, k), torch.randn(batch, k, n)]
    rows = {"softmax": lambda x: x.softmax(1), "cumsum": lambda x: x.cumsum(1), "sort": lambda x: x.sort().values}
    if name in rows:
        return rows[name], [torch.rand(sizes or (4096, 1024))]
    if name == "conv_transpose2d":
        n, c, size = sizes
        inputs = [image(n, c, size, size), torch.randn(c, c // 2, 2, 2), torch.randn(c // 2)]
        return lambda x, w, b: F.conv_transpose2d(x, w, b, stride=2), inputs
    if name in ("bilinear", "nearest", "avg_pool2d"):
        x = image(*sizes) if layout == "nhwc" else torch.randn(sizes)
        if name == "avg_pool2d":
            return lambda x: F.avg_pool2d(x, 2), [x]
        return lambda x: F.interpolate(x, scale_factor=2, mode=name), [x]
    if name == "layer_norm":
        n, c = sizes
        return lambda x, w, b: F.layer_norm(x, (c,), w, b), [torch.randn(n, c), torch.ones(c), torch.zeros(c)]
    if name == "embedding":
        entries, c, n = sizes
        index = torch.randint(0, entries, (n,))
        return lambda w: F.embedding(index, w), [torch.randn(entries, c)]
    if name == "gather":
        n, c = sizes
        index = torch.randint(0, c, (n, c))
        return lambda x: torch.gather(x, 1, index), [torch.randn(n, c)]
    inputs = [torch.rand(32, 64, 112, 112) + 0.5 for _ in range(2 if name == "add" else 1)]
    functions = {"relu": F.relu, "gelu": F.gelu, "silu": F.silu}
    return functions.get(name) or getattr(torch, name), inputs


def milliseconds(body):
    times = []
    for _ in range(int(samples) + 3):
        start = time.perf_counter()
        body()
        times.append(time.perf_counter() - start)
    return statistics.median(times[3:]) * 1e3


f, inputs = case()
with torch.no_grad():
    forward = milliseconds(lambda: f(*inputs))
leaves = [t.requires_grad_() for t in inputs]
y = f(*leaves)
dy = y.detach().clone()
backward = milliseconds(lambda: torch.autograd.grad(y, leaves, dy, retain_graph=True))
print(json.dumps({"forward_ms": forward, "backward_ms": backward}))
