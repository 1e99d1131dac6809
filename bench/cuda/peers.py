"""PyTorch's side of bench/cuda: the same cases and networks on the same GPU; prints lines of JSON.
usage: peers.py ops ROWS      the lines that cuda_ops printed
       peers.py nets FOLDER [--compile]    the files that cuda_nets --exchange wrote
"""

import functools
import json
import pathlib
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

DEVICE = torch.device("cuda")
# What of a row says what is computed, not how it went.
CASE = ("family", "op", "inputs", "pass", "layout", "stride", "padding", "dilation", "groups", "kernel", "count")


def emit(row):
    print(json.dumps(row), flush=True)


def quantile(values, share):
    return sorted(values)[int(share * (len(values) - 1))]


class Timer:
    """Microseconds on the GPU, the cache cold by reading: as bench/cuda/timer.h."""

    def __init__(self):
        self.buffer = torch.ones(2 * torch.cuda.get_device_properties(0).L2_cache_size // 4, device=DEVICE)
        end = time.monotonic() + 0.5
        while time.monotonic() < end:
            self.buffer.sum()
            torch.cuda.synchronize()
        self.read_seconds = self.between(self.buffer.sum) * 1e-6

    def between(self, body):
        start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        start.record()
        body()
        end.record()
        end.synchronize()
        return start.elapsed_time(end) * 1e3

    def sample(self, body, is_hot):
        start = time.monotonic()
        body()
        launching = time.monotonic() - start
        for _ in range(min(2000, 1 + int(launching / self.read_seconds + 1))):
            self.buffer.sum()
        if is_hot:
            body()
        return self.between(body)


@functools.cache
def every_seventh(count, of):
    return (torch.arange(count, device=DEVICE) * 7) % of


OPS = {
    "conv2d": lambda c, x, w: F.conv2d(x, w, None, c["stride"], c["padding"], c["dilation"], c["groups"]),
    "conv_transpose2d": lambda c, x, w: F.conv_transpose2d(x, w, None, c["stride"]),
    "bmm": lambda c, a, b: torch.bmm(a.mT if c["layout"][0] == "t" else a, b.mT if c["layout"][1] == "t" else b),
    "max_pool2d": lambda c, x: F.max_pool2d(x, c["kernel"], c["stride"], c["padding"]),
    "avg_pool2d_2": lambda c, x: F.avg_pool2d(x, 2),
    "global_avg_pool": lambda c, x: F.adaptive_avg_pool2d(x, 1),
    "bilinear_2": lambda c, x: F.interpolate(x, scale_factor=2, mode="bilinear"),
    "batch_norm": lambda c, x, w, b: F.batch_norm(x, None, None, w, b, training=True),
    "batch_norm_relu": lambda c, x, w, b, *r: F.relu(sum(r, F.batch_norm(x, None, None, w, b, training=True))),
    "layer_norm": lambda c, x, w, b: F.layer_norm(x, x.shape[1:], w, b),
    "group_norm": lambda c, x, w, b: F.group_norm(x, 32, w, b),
    "softmax": lambda c, x: x.softmax(1),
    "log_softmax": lambda c, x: x.log_softmax(1),
    "sum": lambda c, x: x.sum(),
    "sum_rows": lambda c, x: x.sum(1),
    "sum_columns": lambda c, x: x.sum(0),
    "amax_rows": lambda c, x: x.amax(1),
    "add": lambda c, a, b: a + b,
    "relu": lambda c, x: F.relu(x),
    "gelu": lambda c, x: F.gelu(x),
    "add_channel": lambda c, a, b: a + b,
    "transposed": lambda c, x: x.T.contiguous(),
    "cumsum_rows": lambda c, x: x.cumsum(1),
    "cumsum_long": lambda c, x: x.cumsum(0),
    "sort_rows": lambda c, x: x.sort().values,
    "sort_long": lambda c, x: x.sort().values,
    "embedding": lambda c, x: F.embedding(every_seventh(c["count"], x.shape[0]), x),
}


def drawn(shape):
    x = torch.randn(shape, device=DEVICE)
    return x.contiguous(memory_format=torch.channels_last) if x.dim() == 4 else x


def measure(case, timer):
    leaves = [drawn(shape).requires_grad_() for shape in case["inputs"]]
    op = OPS[case["op"]]

    def forward():
        with torch.no_grad():
            return op(case, *leaves)

    body = forward
    if case["pass"] == "backward":
        y = op(case, *leaves)
        dy = torch.randn_like(y)
        body = lambda: torch.autograd.grad(y, leaves, dy, retain_graph=True)
    for _ in range(2):
        body()
    cold, hot, end = [], [], time.monotonic() + 0.15
    while len(cold) < 5 or (time.monotonic() < end and len(cold) < 30):
        cold.append(timer.sample(body, False))
        hot.append(timer.sample(body, True))
    return {"samples": len(cold), "cold_us": quantile(cold, 0.5), "cold_p10_us": quantile(cold, 0.1),
            "cold_p90_us": quantile(cold, 0.9), "hot_us": quantile(hot, 0.5)}


def ops(rows):
    torch.backends.cudnn.benchmark = True
    timer = Timer()
    seen = set()
    for line in pathlib.Path(rows).read_text().splitlines():
        row = json.loads(line)
        case = {key: row[key] for key in row if key in CASE}
        if (key := json.dumps(case)) in seen:
            continue
        seen.add(key)
        try:
            emit({**case, "by": "pytorch", **measure(case, timer)})
        except RuntimeError as error:
            emit({**case, "by": "pytorch", "refused": str(error)[:300]})
        torch.cuda.empty_cache()


class ConvNet(nn.Module):
    def __init__(self):
        super().__init__()
        block = lambda i, o: nn.Sequential(nn.Conv2d(i, o, 5, 1, 2), nn.BatchNorm2d(o), nn.ReLU(), nn.MaxPool2d(2))
        self.layer1, self.layer2, self.fc = block(1, 16), block(16, 32), nn.Linear(7 * 7 * 32, 10)

    def forward(self, x):
        return self.fc(self.layer2(self.layer1(x)).flatten(1))


def network(name):
    if name == "convnet":
        return ConvNet(), F.cross_entropy
    if name == "unet":
        from gen_models import UNet

        return UNet(3, 1, False, 64), F.binary_cross_entropy_with_logits
    import torchvision

    return getattr(torchvision.models, name)(), F.cross_entropy


def part(file, prefix):
    return {key.removeprefix(prefix): value for key, value in file.items() if key.startswith(prefix)}


def beside_ebb(net, loss, file, x, target):
    """Loss and gradients in float32 without TF32, from the same state and batch."""
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
    net.load_state_dict(part(file, "state."))
    value = loss(net(x), target)
    value.backward()
    worst, of = 0.0, ""
    largest = max(parameter.grad.norm().item() for parameter in net.parameters())
    for name, parameter in net.named_parameters():
        ours, theirs = file["gradient." + name].double(), parameter.grad.cpu().double()
        distance = ((ours - theirs).norm() / max(theirs.norm().item(), 1e-3 * largest)).item()  # as nets.cpp counts
        if not distance <= worst:
            worst, of = distance, name
    net.zero_grad()
    return {"loss": value.item(), "loss_of_ebb": file["loss"].item(), "worst_gradient": worst, "of": of}


def spread_of(step, seconds, most=30):
    """Milliseconds of each call, the GPU waited for."""
    times, end = [], time.monotonic() + seconds
    while len(times) < most and (time.monotonic() < end or len(times) < 3):
        start = time.monotonic()
        step()
        torch.cuda.synchronize()
        times.append((time.monotonic() - start) * 1e3)
    return {"steps": len(times), "step_ms": quantile(times, 0.5), "step_p10_ms": quantile(times, 0.1),
            "step_p90_ms": quantile(times, 0.9)}


def steps(net, loss, x, target, with_graph, seconds=3):
    optimizer = torch.optim.SGD(net.parameters(), lr=0.001, momentum=0.9)

    def step():
        optimizer.zero_grad()
        loss(net(x), target).backward()
        optimizer.step()

    side = torch.cuda.Stream()  # where autograd is to run before a capture
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(5):
            step()
    torch.cuda.current_stream().wait_stream(side)
    row = spread_of(step, seconds)
    if not with_graph:
        return row
    graph = torch.cuda.CUDAGraph()
    optimizer.zero_grad()
    with torch.cuda.graph(graph):
        loss(net(x), target).backward()
        optimizer.step()
    return {**row, "graph": spread_of(graph.replay, seconds / 2)}


def nets(folder, compiled):
    for path in sorted(pathlib.Path(folder).glob("*.pth")):
        name = path.stem
        try:
            net, loss = network(name)
            file = torch.load(path, weights_only=True)
            net, x, target = net.to(DEVICE), file["x"].to(DEVICE), file["target"].to(DEVICE)
            row = {"net": name, "by": "pytorch compiled" if compiled else "pytorch", "batch": x.shape[0]}
            if not compiled:
                emit({**row, "beside_ebb": beside_ebb(net, loss, file, x, target)})
            torch.backends.cudnn.allow_tf32, torch.backends.cudnn.benchmark = True, True
            for layout in ("channels_last",) if compiled else ("contiguous", "channels_last"):
                format = getattr(torch, layout if layout == "channels_last" else "contiguous_format")
                net = net.to(memory_format=format)
                batch = x.contiguous(memory_format=format) if x.dim() == 4 else x
                emit({**row, "layout": layout, "math": "TF32 in convolutions",
                      **steps(torch.compile(net) if compiled else net, loss, batch, target, not compiled)})
        except Exception as error:  # what one network lacks does not keep the others from running
            emit({"net": name, "by": "pytorch", "error": f"{type(error).__name__}: {error}"[:400]})


def main(arguments):
    if len(arguments) == 2 and arguments[0] == "ops":
        ops(arguments[1])
    elif len(arguments) >= 2 and arguments[0] == "nets" and arguments[2:] in ([], ["--compile"]):
        nets(arguments[1], arguments[2:] == ["--compile"])
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
