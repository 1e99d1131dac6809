"""PyTorch's side of bench/optim_step: prints milliseconds a step.
usage: optim_step_pytorch.py THREADS SAMPLES NUMEL TENSORS NAME"""
import json
import statistics
import sys
import time

import torch

threads, samples, numel, tensors = (int(a) for a in sys.argv[1:5])
torch.set_num_threads(threads)

OPTIMIZERS = {
    "sgd": (torch.optim.SGD, {}),
    "sgd_momentum": (torch.optim.SGD, {"momentum": 0.9}),
    "adam": (torch.optim.Adam, {}),
    "adamw": (torch.optim.AdamW, {}),
    "adam_amsgrad": (torch.optim.Adam, {"amsgrad": True}),
    "rmsprop": (torch.optim.RMSprop, {}),
    "rmsprop_centered": (torch.optim.RMSprop, {"momentum": 0.9, "centered": True}),
    "adagrad": (torch.optim.Adagrad, {}),
}


def measure(**way):
    make, options = OPTIMIZERS[sys.argv[5]]
    parameters = [torch.nn.Parameter(torch.randn(numel // tensors)) for _ in range(tensors)]
    for p in parameters:
        p.grad = torch.randn_like(p)
    optimizer = make(parameters, lr=1e-6, **options, **way)
    times = []
    for _ in range(samples + 1):
        start = time.perf_counter()
        optimizer.step()
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:]) * 1e3


result = {"default_ms": measure(), "foreach_ms": measure(foreach=True)}
if "rmsprop" not in sys.argv[5]:
    result["fused_ms"] = measure(fused=True)
print(json.dumps(result))
