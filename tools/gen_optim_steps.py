"""Records PyTorch's optimizers for tests/nn/optim: gen_optim_steps.py FILE.json [SEED]

Each case moves 19 numbers along given gradients, on the path of single tensors; numbers are written as hexadecimal
bytes, so to the last bit. PyTorch's square root on Intel's library is not always the nearest number: NumPy's, which is,
takes its place. All else is PyTorch."""
import itertools
import json
import random
import sys

import numpy
import torch

SIZE, STEPS = 19, 5


def option_sets(r):
    """Every flag of every optimizer, with random numbers."""
    flag = (False, True)
    for nesterov, maximize, decay, momentum in itertools.product(flag, flag, flag, (0, r.uniform(0.5, 0.99))):
        if momentum or not nesterov:
            yield "SGD", {"lr": r.random() / 10, "momentum": momentum, "dampening": 0 if nesterov else r.choice([0, r.random()]),
                          "weight_decay": decay * r.random() / 10, "nesterov": nesterov, "maximize": maximize}
    for name, amsgrad, maximize, decay in itertools.product(("Adam", "AdamW"), flag, flag, flag):
        yield name, {"lr": r.random() / 10, "betas": [r.uniform(0.3, 0.99), r.uniform(0.9, 0.9999)], "eps": 10 ** r.uniform(-9, -4),
                     "weight_decay": decay * r.random() / 10, "amsgrad": amsgrad, "maximize": maximize}
    for centered, maximize, decay, momentum in itertools.product(flag, flag, flag, (0, r.uniform(0.5, 0.99))):
        yield "RMSprop", {"lr": r.random() / 10, "alpha": r.uniform(0.4, 0.999), "eps": 10 ** r.uniform(-9, -4), "momentum": momentum,
                          "weight_decay": decay * r.random() / 10, "centered": centered, "maximize": maximize}
    for maximize, decay in itertools.product(flag, flag):
        yield "Adagrad", {"lr": r.random() / 10, "lr_decay": r.choice([0, r.random()]), "eps": 10 ** r.uniform(-10, -5),
                          "weight_decay": decay * r.random() / 10, "initial_accumulator_value": r.choice([0, r.random()]), "maximize": maximize}


def nearest_sqrt(x):
    return torch.from_numpy(numpy.sqrt(x.numpy()))


def hexadecimal(x):
    return x.detach().numpy().tobytes().hex()


def record(name, options, dtype):
    p = torch.nn.Parameter(torch.randn(SIZE, dtype=dtype))
    options = {k: tuple(v) if k == "betas" else v for k, v in options.items()}
    optimizer = getattr(torch.optim, name)([p], foreach=False, **options)
    case = {"optimizer": name, "options": options, "dtype": str(dtype).removeprefix("torch."), "start": hexadecimal(p), "steps": []}
    for _ in range(STEPS):
        p.grad = torch.randn(SIZE, dtype=dtype) * 10 ** random.uniform(-3, 1)
        gradient = hexadecimal(p.grad)
        optimizer.step()
        case["steps"].append([gradient, hexadecimal(p)])
    return case


def main():
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    r = random.Random(seed)
    random.seed(seed)
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    torch.Tensor.sqrt, torch.Tensor.sqrt_ = nearest_sqrt, lambda x: x.copy_(nearest_sqrt(x))
    cases = [record(name, options, dtype) for name, options in option_sets(r) for dtype in (torch.float32, torch.float64)]
    with open(sys.argv[1], "w") as file:
        file.write("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")
    print(len(cases), "cases")


if __name__ == "__main__":
    main()
