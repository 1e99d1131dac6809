"""The peers' side of bench/nets: the same networks in PyTorch (eager, channels-last, compiled), ONNX Runtime and OpenVINO.
usage: nets_peers.py                            answers as peer_loop.py says
       nets_peers.py --peak PEER THREADS TASK   prints {"peak_mb": ...} of a process that does only this"""

import functools
import importlib.metadata
import importlib.util
import json
import os
import pathlib
import resource
import shutil
import sys
import tempfile

import peer_loop

# ONNX Runtime and OpenVINO run what PyTorch has exported, in processes that need not import it.
EXPORTED = pathlib.Path(tempfile.gettempdir()) / f"ebb_nets_{os.getuid()}"
IMAGES = {"resnet18": (3, 224, 224), "resnet50": (3, 224, 224), "unet": (3, 256, 256), "convnet": (1, 28, 28)}


def networks():
    """{name: what makes it}; classes that need torch, which not every process imports."""
    import torch
    from torch import nn

    def twice(i, o):
        layers = [[nn.Conv2d(a, o, 3, padding=1, bias=False), nn.BatchNorm2d(o), nn.ReLU(True)] for a in (i, o)]
        return nn.Sequential(*layers[0], *layers[1])

    class UNet(nn.Module):
        def __init__(self, width=64):
            super().__init__()
            widths = [width << i for i in range(5)]
            self.inc, self.pool = twice(3, width), nn.MaxPool2d(2)
            self.down = nn.ModuleList(twice(a, b) for a, b in zip(widths, widths[1:]))
            self.up = nn.ModuleList(nn.ConvTranspose2d(2 * w, w, 2, 2) for w in widths[-2::-1])
            self.join = nn.ModuleList(twice(2 * w, w) for w in widths[-2::-1])
            self.out = nn.Conv2d(width, 1, 1)

        def forward(self, x):
            kept = [self.inc(x)]
            for down in self.down:
                kept.append(down(self.pool(kept[-1])))
            x = kept.pop()
            for up, join in zip(self.up, self.join):
                x = join(torch.cat([kept.pop(), up(x)], 1))
            return self.out(x)

    def block(i, o):
        return nn.Sequential(nn.Conv2d(i, o, 5, padding=2), nn.BatchNorm2d(o), nn.ReLU(), nn.MaxPool2d(2))

    def convnet():
        return nn.Sequential(block(1, 16), block(16, 32), nn.Flatten(), nn.Linear(7 * 7 * 32, 10))

    def torchvision(name):
        import torchvision.models

        return getattr(torchvision.models, name)()

    resnets = {name: functools.partial(torchvision, name) for name in ("resnet18", "resnet50")}
    return {**resnets, "unet": UNet, "convnet": convnet}


class PyTorch:
    def __init__(self, task, threads, memory_format="contiguous_format", is_compiled=False):
        import torch

        torch.set_num_threads(threads)
        torch._dynamo.reset()
        self.torch, self.task = torch, task
        layout = {"memory_format": getattr(torch, memory_format)}
        self.net = networks()[task["net"]]().train(task["is_training"]).to(**layout)
        self.x = torch.randn(task["batch"], *IMAGES[task["net"]]).to(**layout)
        self.called = self.compiled() if is_compiled else self.net

    def compiled(self):
        import torch._inductor.config

        torch._inductor.config.freezing = not self.task["is_training"]
        return self.torch.compile(self.net, dynamic=False)

    def inference(self):
        def work():
            with self.torch.no_grad():
                self.called(self.x)

        return work

    def training(self):
        torch, batch = self.torch, self.task["batch"]
        functional = torch.nn.functional
        if self.task["net"] == "unet":
            loss, target = functional.binary_cross_entropy_with_logits, torch.rand(batch, 1, 256, 256)
        else:
            count = 10 if self.task["net"] == "convnet" else 1000
            loss, target = functional.cross_entropy, torch.randint(0, count, (batch,))
        optimizer = torch.optim.SGD(self.net.parameters(), lr=0.01, momentum=0.9)

        def work():
            optimizer.zero_grad()
            loss(self.called(self.x), target).backward()
            optimizer.step()

        return work

    def work(self):
        return self.training() if self.task["is_training"] else self.inference()


def exported(task, threads):
    path = EXPORTED / f"{task['net']}-b{task['batch']}.onnx"
    if not path.exists():
        EXPORTED.mkdir(exist_ok=True)
        made = PyTorch(task, threads)
        partial = path.with_suffix(".partial")
        made.torch.onnx.export(made.net, (made.x,), partial, input_names=["x"], output_names=["y"], opset_version=17,
                               dynamo=False)
        partial.rename(path)
    return str(path)


def images(task):
    import numpy

    return numpy.random.default_rng(0).standard_normal((task["batch"], *IMAGES[task["net"]]), dtype=numpy.float32)


def onnxruntime(task, threads):
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = threads, 3
    session = ort.InferenceSession(exported(task, threads), options, providers=["CPUExecutionProvider"])
    x = images(task)
    return lambda: session.run(None, {"x": x})


def openvino(task, threads):
    import openvino as ov

    core = ov.Core()
    settings = {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}
    request = core.compile_model(core.read_model(exported(task, threads)), "CPU", settings).create_infer_request()
    x = images(task)
    return lambda: request.infer({0: x})


def makers(task, threads):
    found = {
        "eager": lambda: PyTorch(task, threads).work(),
        "channels_last": lambda: PyTorch(task, threads, "channels_last").work(),
        "compiled": lambda: PyTorch(task, threads, "channels_last", is_compiled=True).work(),
    }
    if not task["is_training"]:
        found["onnxruntime"] = lambda: onnxruntime(task, threads)
        found["openvino"] = lambda: openvino(task, threads)
    return found


def versions():
    names = ("torch", "torchvision", "onnxruntime", "openvino")
    return {name: importlib.metadata.version(name) for name in names if importlib.util.find_spec(name)}


def peak_megabytes(peer, threads, task):
    work = makers(task, threads)[peer]()
    for _ in range(3):
        work()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(arguments):
    if arguments[:1] == ["--peak"]:
        peak = peak_megabytes(arguments[1], int(arguments[2]), json.loads(arguments[3]))
        return print(json.dumps({"peak_mb": peak}))
    shutil.rmtree(EXPORTED, ignore_errors=True)
    threads = []

    def introduce(count):
        threads.append(count)
        return versions()

    peer_loop.Loop(introduce, lambda task: makers(task, threads[0])).serve()


if __name__ == "__main__":
    main(sys.argv[1:])
