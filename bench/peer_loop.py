"""How a script beside a benchmark answers it: a line of JSON for each that it reads.

    {"threads": N}                                        {"torch": VERSION, ...}: who is installed
    {"prepare": TASK, "without": [PEER, ...]}             {"peers": [PEER, ...], "refused": {PEER: why}}
    {"time": PEER, "samples": N, "seconds": S}            {"ms": [...], "idle_seconds": S, "idle_cpu_seconds": S}

idle_cpu_seconds is what this process burnt while it waited for the request: threads that spin disturb who is timed then."""

import json
import os
import sys
import time
import traceback


def turn(work, samples, seconds):
    """Milliseconds of each of at most `samples` calls in about as many `seconds`, after one that does not count."""
    ms, end = [], time.perf_counter() + seconds
    work()
    while not ms or (len(ms) < samples and time.perf_counter() < end):
        start = time.perf_counter()
        work()
        ms.append((time.perf_counter() - start) * 1e3)
    return ms


class Loop:
    def __init__(self, introduce, makers):
        """`introduce(threads)` gives versions; `makers(task)` what makes each peer's work, a function without arguments."""
        self.introduce, self.makers, self.works = introduce, makers, {}

    def prepare(self, task, without):
        self.works, refused = {}, {}
        for peer, make in self.makers(task).items():
            if peer in without:
                continue
            try:
                work = make()
                work()
                work()
                self.works[peer] = work
            except Exception as error:  # what one lacks does not keep the others from running
                traceback.print_exc()
                refused[peer] = f"{type(error).__name__}: {error}"[:300]
        return {"peers": list(self.works), "refused": refused}

    def answer(self, request, idle):
        if "threads" in request:
            return self.introduce(request["threads"])
        if "prepare" in request:
            return self.prepare(request["prepare"], request["without"])
        return {"ms": turn(self.works[request["time"]], request["samples"], request["seconds"]), **idle}

    def serve(self):
        answers = os.fdopen(os.dup(1), "w", buffering=1)
        os.dup2(2, 1)  # what libraries print is no answer
        wall, cpu = time.perf_counter(), time.process_time()
        for line in sys.stdin:
            idle = {"idle_seconds": time.perf_counter() - wall, "idle_cpu_seconds": time.process_time() - cpu}
            answers.write(json.dumps(self.answer(json.loads(line), idle)) + "\n")
            wall, cpu = time.perf_counter(), time.process_time()
