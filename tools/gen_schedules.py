"""Records PyTorch's learning rates for tests/nn/optim: gen_schedules.py FILE.json [SEED [COUNT]]

The first configurations are fixed; SEED and COUNT add random ones. Floats are written by repr, so to the last bit."""
import json
import random
import sys

import torch
from torch.optim import lr_scheduler as S

METRICS = [1.0, 0.9, 0.95, 0.91, 0.9, 0.8999, 0.5, 0.51, 0.52, 0.53, 0.54, 0.55, 0.4, 0.41, 0.42, 0.43, 0.44, 0.45, 0.46, 0.47]
LAMBDAS = {"power": lambda t: 0.95**t, "inverse": lambda t: 1 / (1 + t)}


def make(optimizer, spec):
    name, options = spec["name"], dict(spec.get("options", {}))
    if name in ("SequentialLR", "ChainedScheduler"):
        parts = [make(optimizer, part) for part in spec["parts"]]
        return S.SequentialLR(optimizer, parts, spec["milestones"]) if name == "SequentialLR" else S.ChainedScheduler(parts)
    if "lr_lambda" in options:
        options["lr_lambda"] = [LAMBDAS[k] for k in options["lr_lambda"]]
    return getattr(S, name)(optimizer, **options)


def new_optimizer(case):
    groups = [{"params": [torch.nn.Parameter(torch.ones(2))], "lr": lr} for lr in case["lrs"]]
    if case["optimizer"] == "Adam":
        return torch.optim.Adam(groups, lr=1.0)
    return torch.optim.SGD(groups, lr=1.0, momentum=0.9)


def rates(optimizer):
    return [g["lr"] for g in optimizer.param_groups]


def momenta(optimizer):
    return [g["betas"][0] if "betas" in g else g["momentum"] for g in optimizer.param_groups]


def record(case):
    """The rates and momenta at first and after each step; at `resume` all is saved and loaded by new objects."""
    optimizer = new_optimizer(case)
    scheduler = make(optimizer, case["scheduler"])
    case["rates"], case["momenta"] = [rates(optimizer)], [momenta(optimizer)]
    for i in range(case["steps"]):
        if i == case["resume"]:
            saved = optimizer.state_dict(), scheduler.state_dict()
            optimizer = new_optimizer(case)
            scheduler = make(optimizer, case["scheduler"])
            optimizer.load_state_dict(saved[0])
            scheduler.load_state_dict(saved[1])
        optimizer.step()
        scheduler.step(*([METRICS[i % len(METRICS)]] if case["scheduler"]["name"] == "ReduceLROnPlateau" else []))
        case["rates"].append(rates(optimizer))
        case["momenta"].append(momenta(optimizer))
    case["extras"] = [{k: g[k] for k in g if k in EXTRAS} for g in optimizer.param_groups]
    if "last_epoch" in case:  # a new scheduler on the optimizer, as in a training that goes on without a state dict
        spec = {"name": case["scheduler"]["name"], "options": {**case["scheduler"]["options"], "last_epoch": case["last_epoch"]}}
        scheduler = make(optimizer, spec)
        case["rates_after"] = [rates(optimizer)]
        for _ in range(5):
            optimizer.step()
            scheduler.step()
            case["rates_after"].append(rates(optimizer))
    case["state_dict"] = plain(scheduler.state_dict())
    return case


EXTRAS = ("initial_lr", "max_lr", "min_lr", "max_momentum", "base_momentum")


def plain(x):
    """What JSON has no form for: infinities, and dicts whose keys are numbers."""
    if isinstance(x, dict):
        return {str(k): plain(v) for k, v in x.items()}
    if isinstance(x, (list, tuple)):
        return [plain(v) for v in x]
    return repr(x) if isinstance(x, float) and x in (float("inf"), float("-inf")) else x


def scheduler_spec(r):
    """A random scheduler that stands alone or in a list."""
    return r.choice([
        lambda: {"name": "StepLR", "options": {"step_size": r.randint(1, 5), "gamma": r.random()}},
        lambda: {"name": "MultiStepLR", "options": {"milestones": r.choices(range(1, 18), k=3), "gamma": r.random()}},
        lambda: {"name": "ExponentialLR", "options": {"gamma": r.uniform(0.5, 1.1)}},
        lambda: {"name": "CosineAnnealingLR", "options": {"T_max": r.randint(1, 12), "eta_min": r.choice([0.0, r.random() / 100])}},
        lambda: {"name": "CosineAnnealingWarmRestarts", "options": {"T_0": r.randint(1, 5), "T_mult": r.randint(1, 3), "eta_min": r.random() / 100}},
        lambda: {"name": "LambdaLR", "options": {"lr_lambda": r.choices(list(LAMBDAS), k=2)}},
        lambda: {"name": "MultiplicativeLR", "options": {"lr_lambda": r.choices(list(LAMBDAS), k=2)}},
        lambda: {"name": "LinearLR", "options": {"start_factor": r.uniform(0.01, 1), "end_factor": r.random(), "total_iters": r.randint(1, 15)}},
        lambda: {"name": "ConstantLR", "options": {"factor": r.uniform(0.1, 1), "total_iters": r.randint(1, 15)}},
        lambda: {"name": "PolynomialLR", "options": {"total_iters": r.randint(2, 22), "power": r.choice([1.0, 2.0, r.uniform(0.3, 3)])}},
    ])()


def random_case(r):
    kind = r.randrange(10)
    if kind < 6:
        scheduler = scheduler_spec(r)
    elif kind == 6:
        scheduler = {"name": "OneCycleLR", "options": {
            "max_lr": [r.random(), r.random()], "total_steps": r.randint(24, 40), "pct_start": r.uniform(0.1, 0.4),
            "anneal_strategy": r.choice(["cos", "linear"]), "cycle_momentum": r.random() < 0.7, "div_factor": r.uniform(2, 30),
            "final_div_factor": r.uniform(10, 1e4), "three_phase": r.random() < 0.5}}
    elif kind == 7:
        scheduler = {"name": "ReduceLROnPlateau", "options": {
            "mode": r.choice(["min", "max"]), "factor": r.uniform(0.1, 0.9), "patience": r.randint(0, 3), "cooldown": r.randint(0, 2),
            "threshold": r.choice([1e-4, 0.05]), "threshold_mode": r.choice(["rel", "abs"]), "min_lr": r.choice([0.0, 0.004])}}
    else:
        parts = [scheduler_spec(r) for _ in range(r.randint(1, 3))]
        scheduler = {"name": r.choice(["SequentialLR", "ChainedScheduler"]), "parts": parts,
                     "milestones": sorted(r.sample(range(1, 16), len(parts) - 1))}
    case = {"optimizer": r.choice(["SGD", "Adam"]), "lrs": [r.random(), r.random() / 10], "scheduler": scheduler,
            "steps": 20, "resume": r.choice([-1, r.randint(0, 19)])}
    if scheduler["name"] in ("StepLR", "MultiStepLR", "ExponentialLR", "CosineAnnealingLR", "CosineAnnealingWarmRestarts", "PolynomialLR", "LinearLR"):
        if r.random() < 0.5:
            case["last_epoch"] = 20
    return case


def fixed_cases():
    def case(name, optimizer="SGD", resume=7, steps=20, **options):
        spec = {"name": name, "options": options}
        return {"optimizer": optimizer, "lrs": [0.01, 0.1], "scheduler": spec, "steps": steps, "resume": resume}

    yield case("StepLR", step_size=3)
    yield case("MultiStepLR", milestones=[2, 5, 5, 11])
    yield case("ExponentialLR", gamma=0.9)
    yield case("CosineAnnealingLR", T_max=8)
    yield {**case("CosineAnnealingLR", T_max=8, eta_min=1e-3), "last_epoch": 20}
    yield case("CosineAnnealingWarmRestarts", T_0=3, T_mult=2)
    yield case("LambdaLR", lr_lambda=["power", "inverse"])
    yield case("MultiplicativeLR", lr_lambda=["power", "inverse"])
    yield case("LinearLR")
    yield case("ConstantLR")
    yield case("PolynomialLR", total_iters=15, power=0.9)
    yield case("OneCycleLR", max_lr=[0.1, 0.2], total_steps=20)
    yield case("OneCycleLR", optimizer="Adam", max_lr=[0.1], total_steps=20, three_phase=True, anneal_strategy="linear") | {"lrs": [0.1]}
    yield case("ReduceLROnPlateau", patience=1, factor=0.5)
    yield case("ReduceLROnPlateau", patience=0, cooldown=2, mode="max", threshold_mode="abs", min_lr=[0.001, 0.002])
    parts = [{"name": "LinearLR", "options": {"start_factor": 0.1, "total_iters": 4}}, {"name": "CosineAnnealingLR", "options": {"T_max": 12}}]
    for resume in (2, 4, 9):
        yield {**case("SequentialLR", resume=resume), "scheduler": {"name": "SequentialLR", "parts": parts, "milestones": [4]}}
    yield {**case("ChainedScheduler"), "scheduler": {"name": "ChainedScheduler", "parts": parts}}


def main():
    seed, count = (int(a) for a in (sys.argv[2:] + ["0", "40"][len(sys.argv) - 2 :]))
    r = random.Random(seed)
    cases = list(fixed_cases())
    cases += [random_case(r) for _ in range(count)]
    recorded = []
    for case in cases:
        try:
            recorded.append(record(case))
        except ZeroDivisionError:
            continue  # a polynomial past its end, a phase without steps
    with open(sys.argv[1], "w") as file:
        file.write("[\n" + ",\n".join(json.dumps(c) for c in recorded) + "\n]\n")
    print(len(recorded), "cases")


if __name__ == "__main__":
    main()
