#!/usr/bin/env python3
"""Records a training with torch.amp.GradScaler: after each step the scale, its growth tracker and the parameters.

usage: tools/gen_grad_scaler.py FILE     with a Python that has torch
"""

import json
import pathlib
import sys

import torch

INFINITE = (4, 5, 9)  # the steps whose gradients are


def main(file):
    p = torch.nn.Parameter(torch.tensor([1.0, 2.0]))
    optimizer = torch.optim.SGD([p], lr=0.1)
    scaler = torch.amp.GradScaler("cpu", init_scale=1024, growth_interval=3)
    steps = []
    for i in range(16):
        optimizer.zero_grad()
        loss = (p * p).sum() * (float("inf") if i in INFINITE else 1.0)
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
        steps.append({"scale": scaler.get_scale(), "tracker": scaler._get_growth_tracker(), "p": p.tolist()})
    pathlib.Path(file).write_text(json.dumps({"infinite": INFINITE, "steps": steps, "state": scaler.state_dict()}, indent=1))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
