#!/usr/bin/env python3
"""PyTorch takes the checkpoints that ebb saves, and goes on with the training as it would from its own.

usage: tools/compare_optim.py BUILD        needs a Python with torch
"""
import pathlib
import subprocess
import sys
import tempfile

import torch
from torch import nn

import gen_trajectories as gen


def layout(value):
    """The value with its tensors' kinds in their place."""
    if isinstance(value, torch.Tensor):
        return str(value.dtype), tuple(value.shape)
    if isinstance(value, dict):
        return type(value).__name__, [(k, layout(v)) for k, v in value.items()]
    if isinstance(value, (list, tuple)):
        return type(value).__name__, [layout(v) for v in value]
    return type(value).__name__, value


def go_on(name, checkpoint, file, dtype):
    """Losses of eight more steps from a checkpoint, and the state dicts as PyTorch took them."""
    net = gen.small_net().to(dtype)
    net.load_state_dict(checkpoint["model"])
    optimizer = gen.OPTIMIZERS[name](net.parameters())
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 3, 0.5)
    optimizer.load_state_dict(checkpoint["optimizer"])
    scheduler.load_state_dict(checkpoint["lr_scheduler"])
    taken = layout([optimizer.state_dict(), scheduler.state_dict()])
    losses = []
    for images, labels in list(zip(file["images"].to(dtype), file["labels"])) * 2:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(net(images), labels)
        loss.backward()
        optimizer.step()
        scheduler.step()
        losses.append(loss.item())
    return losses, taken


def main():
    failed = 0
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        out = folder / "out"
        out.mkdir()
        subprocess.run([sys.executable, pathlib.Path(__file__).with_name("gen_trajectories.py"), folder / "in", "--small"], check=True)
        subprocess.run([pathlib.Path(sys.argv[1]) / "tests/parity_trajectories", folder / "in", out], check=True)
        for path in sorted((folder / "in").iterdir()):
            file = torch.load(path, weights_only=True)
            for dtype, bound in ((torch.float32, 1e-5), (torch.float64, 1e-12)):
                short = str(dtype).removeprefix("torch.")
                theirs, their_layout = go_on(path.stem, file[short], file, dtype)
                ours, our_layout = go_on(path.stem, torch.load(out / f"{path.stem}.{short}.pth", weights_only=True), file, dtype)
                distance = max(abs(a - b) for a, b in zip(theirs, ours))
                ok = distance <= bound and our_layout == their_layout
                failed += not ok
                print(f"{path.stem:20} {short}  losses of 8 more steps {distance:.1e}  {'' if our_layout == their_layout else 'ANOTHER LAYOUT '}{'ok' if ok else 'FAILED'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
