"""PyTorch's side of bench/train_convnet: prints the milliseconds of a training step in the faster memory format.
usage: train_convnet_pytorch.py THREADS BATCH"""
import json
import statistics
import sys
import time

import torch
from torch import nn

torch.set_num_threads(int(sys.argv[1]))
batch = int(sys.argv[2])


def block(inputs, outputs):
    return nn.Sequential(nn.Conv2d(inputs, outputs, 5, padding=2), nn.BatchNorm2d(outputs), nn.ReLU(), nn.MaxPool2d(2))


def milliseconds(memory_format):
    net = nn.Sequential(block(1, 16), block(16, 32), nn.Flatten(), nn.Linear(7 * 7 * 32, 10)).to(memory_format=memory_format)
    optimizer = torch.optim.Adam(net.parameters(), 1e-3)
    images = torch.rand(batch, 1, 28, 28).contiguous(memory_format=memory_format)
    labels = torch.randint(0, 10, (batch,))

    def step():
        loss = nn.functional.cross_entropy(net(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    times = []
    for i in range(40):
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    return statistics.median(times[10:]) * 1e3


print(json.dumps({"ms_per_step": min(milliseconds(f) for f in (torch.contiguous_format, torch.channels_last))}))
