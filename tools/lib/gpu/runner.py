"""Runs one step after the other, each with a limit of time, and writes the report after every one."""

import json
import os
import pathlib
import signal
import subprocess
import tempfile
import time

SKIPPED = 77  # the exit status of a program that says why it cannot run
OUTPUT_END = 4000


class Report:
    """The JSON of a run. What is in it is on the disk."""

    def __init__(self, path: pathlib.Path, head):
        self.path = path
        self.content = {**head, "steps": []}
        self.write()

    def write(self):
        unfinished = self.path.with_suffix(".part")
        unfinished.write_text(json.dumps(self.content, indent=1) + "\n")
        os.replace(unfinished, self.path)

    def add(self, step):
        self.content["steps"].append(step)
        self.write()

    def steps(self, status):
        return [step for step in self.content["steps"] if step["status"] == status]


class Finished:
    """How a command ended: `status` is None where its time was up."""

    def __init__(self, status, output, seconds):
        self.status, self.output, self.seconds = status, output, seconds


def execute(command, seconds, environment=None, folder=None):
    """Runs `command` for so long at most; then it and all that it started are killed, and what it printed is kept."""
    start = time.monotonic()
    with tempfile.TemporaryFile() as log:
        try:
            process = subprocess.Popen(
                list(map(str, command)), stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                env=environment, cwd=folder, start_new_session=True,
            )
        except OSError as error:
            return Finished(127, str(error), 0)
        try:
            status = process.wait(seconds)
        except subprocess.TimeoutExpired:
            status = None
            kill(process)
        log.seek(0)
        return Finished(status, log.read().decode(errors="replace"), round(time.monotonic() - start, 1))


def kill(process):
    try:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)  # a process that waits for a GPU may not die
    except (ProcessLookupError, subprocess.TimeoutExpired):
        pass


def json_lines(output):
    """The rows that a program prints, one a line, up to where it was stopped."""
    rows = []
    for line in output.splitlines():
        if line.startswith("{"):
            try:
                rows.append(json.loads(line))
            except json.JSONDecodeError:
                pass
    return rows


class Runner:
    """`has_gpu` false: a dry run, in which programs are started and have to say that there is no GPU."""

    def __init__(self, report, seconds, log, has_gpu, least=8):
        self.report, self.log, self.has_gpu, self.least = report, log, has_gpu, least
        self.end = time.monotonic() + seconds

    def left(self):
        return self.end - time.monotonic()

    def say(self, name, step):
        details = f": {step['why']}" if "why" in step else ""
        print(f"{name}: {step['status']} in {step.get('seconds', 0)} s{details}", flush=True)

    def skip(self, name, status, why):
        step = {"name": name, "status": status, "why": why}
        self.report.add(step)
        self.say(name, step)
        return step

    def note(self, name, result):
        """A step that is done already, with what it found."""
        self.report.add({"name": name, "status": "passed", "result": result})
        self.say(name, {"status": "passed"})

    def run(self, name, command, limit, environment=None, read=json_lines, refusal=None):
        """Runs a step, and gives it with `result`, what `read` makes of the output. `refusal`: what a program prints that
        fails for want of a GPU, and has no exit status of its own for it."""
        if self.has_gpu and self.left() < self.least:
            return self.skip(name, "no time", f"{max(0, self.left()):.0f} s are left")
        finished = execute(command, min(limit, self.left()) if self.has_gpu else limit, environment)
        self.keep(name, command, finished)
        if refusal and refusal in finished.output:
            finished.status = SKIPPED
        step = {"name": name, "status": self.status_of(finished), "seconds": finished.seconds,
                "command": " ".join(map(str, command)), "exit_status": finished.status}
        if finished.status == SKIPPED:
            step["why"] = (finished.output.strip().splitlines() or ["it does not say"])[-1]
        if step["status"] in ("failed", "timed out"):
            step["output_end"] = finished.output[-OUTPUT_END:]
        if step["status"] in ("passed", "failed", "timed out"):
            step["result"] = read(finished.output)
        self.report.add(step)
        self.say(name, step)
        return step

    def status_of(self, finished):
        if finished.status is None:
            return "timed out"
        if finished.status == SKIPPED:
            return "skipped" if self.has_gpu else "no GPU"
        return "passed" if finished.status == 0 else "failed"

    def keep(self, name, command, finished):
        with open(self.log, "a", encoding="utf-8") as log:
            log.write(f"===== {name}: {' '.join(map(str, command))}\n{finished.output[-400_000:]}\n"
                      f"===== {name}: exit status {finished.status} after {finished.seconds} s\n")
