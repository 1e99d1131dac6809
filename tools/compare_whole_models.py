#!/usr/bin/env python3
"""Runs in PyTorch the models that ebb saved whole. usage: compare_whole_models.py BUILD

BUILD/tests/interop/whole_model_copy makes each model of tests/vectors/whole_models in C++ and saves it whole; PyTorch loads that
and must print the same, compute the same, and be able to train it. Needs torch and torchvision.
"""

import pathlib
import subprocess
import sys
import tempfile

import torch

ROOT = pathlib.Path(__file__).resolve().parent.parent


def differences(file, again):
    model = file["model"]
    if repr(again) != repr(model):
        yield "is printed otherwise"
    ours, theirs = again.state_dict(), model.state_dict()
    if list(ours) != list(theirs) or any(not torch.equal(ours[key], theirs[key]) for key in theirs):
        yield "has another state dict"
    if len(list(again.parameters())) != len(list(model.parameters())):
        yield "shares other parameters"
    if [m.training for m in again.modules()] != [m.training for m in model.modules()]:
        yield "is in another mode"
    if not all(isinstance(p, torch.nn.Parameter) for p in again.parameters()):
        yield "has parameters that are none"
    if [p.requires_grad for p in again.parameters()] != [p.requires_grad for p in model.parameters()]:
        yield "has others frozen"
    if "x" not in file:
        return
    if not torch.equal(again.eval()(file["x"]), file["y"]):
        yield "computes otherwise"
    optimizer = torch.optim.SGD(again.parameters(), lr=0.1)
    again.train()(file["x"]).sum().backward()
    optimizer.step()


def main():
    program = pathlib.Path(sys.argv[1]) / "tests/interop/whole_model_copy"
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for path in sorted((ROOT / "tests/vectors/whole_models").glob("*.pth")):
            if path.stem == "convnet":  # of a class of its own
                continue
            copy = pathlib.Path(folder) / path.name
            subprocess.run([program, path, copy], check=True)
            file = torch.load(path, weights_only=False)
            found = list(differences(file, torch.load(copy, weights_only=False)))
            print(f"{path.name}: {', '.join(found) or 'the same'}")
            passed, failed = passed + (not found), failed + bool(found)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
