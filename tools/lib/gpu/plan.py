"""The steps of tools/gpu_check, in the order of what they tell."""

import csv
import json
import pathlib
import tempfile

from gpu import catch_tests, counters, machine

# Tests whose kernels share memory within a block: those that racecheck and synccheck look at.
SHARED_MEMORY = ("*matrices*", "large tiles*", "*reductions*", "*sums*", "batch norm*", "rows normalised*", "sorts agree*", "rows that fill*", "tensor cores*", "softmax*")
# What memcheck does without: many steps of training, whose kernels other tests run too.
HEAVY = ("~after the first steps*", "~a small ConvNet*")


class Pack:
    """The folder that tools/gpu_pack wrote, and what the machine adds to it."""

    def __init__(self, folder: pathlib.Path, output: pathlib.Path, emulated=None):
        self.folder, self.output = folder.resolve(), output
        self.tests = emulated.resolve() if emulated else self.folder / "cuda_tests"
        self.libraries = machine.library_folders()
        self.environment = machine.environment(self.folder, self.libraries)
        self.clean = machine.clean_environment()
        self.exchange = pathlib.Path(tempfile.mkdtemp(prefix="gpu_check_"))  # networks and rows, for PyTorch

    def program(self, name):
        return self.folder / name


def inventory(runner, pack):
    runner.note("inventory", machine.inventory(pack.libraries))


def device(runner, pack):
    runner.run("device", [pack.program("cuda_device")], 30, pack.environment)


def tests(runner, pack):
    catch_tests.run_tests(runner, "tests", pack.tests, pack.environment, 120)


def ceilings(runner, pack):
    runner.run("ceilings", [pack.program("cuda_ceilings")], 45, pack.environment)


def families(runner, pack):
    step = runner.run("families", [pack.program("cuda_ops")], 110, pack.environment)
    rows = pack.exchange / "rows.jsonl"
    rows.write_text("".join(f"{json.dumps(row)}\n" for row in step.get("result") or []))
    _pytorch(runner, pack, "families by PyTorch", ["ops", rows], 60)


def half(runner, pack):
    """By `ebb bench`: each implementation of ebb's forced, beside cuBLAS, cuBLASLt and cuDNN."""
    for name, families in (("half: products", ["bmm"]), ("half: other families", ["pool", "norm", "softmax", "reduce"])):
        lines = pack.exchange / f"{families[0]}.csv"
        command = [pack.program("ebb"), "bench", *families, "--device", "cuda", "--dtype", "float16", "--rounds", "3",
                   "--seconds", "0.02", "--csv", lines]
        runner.run(name, command, 60, pack.environment, lambda _, lines=lines: _measured(lines), refusal="there is no cuda:0")


def _measured(path):
    """What a CSV of `ebb bench` has of caches that hold nothing."""
    if not path.exists():
        return []
    with open(path, encoding="utf-8", newline="") as file:
        return [{key: value for key, value in row.items() if value} for row in csv.DictReader(file) if row["cache"] == "cold"]


def nets(runner, pack):
    runner.run("nets", [pack.program("cuda_nets"), "--exchange", pack.exchange], 90, pack.environment)
    _pytorch(runner, pack, "nets by PyTorch", ["nets", pack.exchange], 100)


def compiled(runner, pack):
    _pytorch(runner, pack, "nets by PyTorch compiled", ["nets", pack.exchange, "--compile"], 100)


def command(runner, pack):
    arguments = ["train", "convnet", "--data", "synthetic", "--epochs", "1", "--device", "cuda"]
    out = pathlib.Path(tempfile.mkdtemp(prefix="gpu_check_")) / "convnet.pth"
    command = [pack.program("ebb"), *arguments, "--out", out]
    runner.run("command", command, 40, pack.environment, lambda output: output[-1000:], refusal="there is no cuda:0")


def slowest(runner, pack):
    program = [pack.program("cuda_nets"), "--net", "resnet50", "--profile", "--no-check"]
    if ncu := _tool(runner, "slowest kernels", "ncu"):
        counters.measure(runner, ncu, program, pack.environment)


def sanitizers(runner, pack):
    if not (tool := _tool(runner, "memcheck", "compute-sanitizer")):
        return
    for kind, filters, limit in (("memcheck", ",".join(HEAVY), 60), ("racecheck", ",".join(SHARED_MEMORY), 30),
                                 ("synccheck", ",".join(SHARED_MEMORY), 30)):
        # Without the cache every tensor is an allocation of its own, whose bounds memcheck knows.
        environment = {**pack.environment, "EBB_CUDA_CACHE": "0"}
        command = [tool, "--tool", kind, "--error-exitcode", "9", "--print-limit", "20", pack.tests, filters, "-r", "xml"]
        runner.run(kind, command, limit, environment, _sanitized)


def _sanitized(output):
    """Of a run that was stopped, too: how far it came, and what was found until then."""
    errors = [line for line in output.splitlines() if line.startswith("=========")]
    return {"test_cases": len(catch_tests.cases_in(output)), "report": errors[:60]}


def _tool(runner, step, name):
    if not runner.has_gpu:
        return runner.skip(step, "no GPU", f"{name} has nothing to look at") and None
    found = machine.find_tool(name)
    return found if found else runner.skip(step, "skipped", f"{name} is not installed") and None


def _pytorch(runner, pack, name, arguments, limit):
    if not runner.has_gpu:
        return runner.skip(name, "no GPU", "PyTorch has nothing to compare with")
    if machine.pytorch("python3") is None:
        return runner.skip(name, "skipped", "python3 has no PyTorch")
    return runner.run(name, ["python3", pack.program("peers.py"), *arguments], limit, pack.clean)


STEPS = (
    ("inventory", inventory),
    ("device", device),
    ("tests", tests),
    ("ceilings", ceilings),
    ("families", families),
    ("half", half),
    ("nets", nets),
    ("command", command),
    ("sanitizers", sanitizers),
    ("slowest", slowest),
    ("compiled", compiled),
)
