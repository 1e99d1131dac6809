"""PyTorch's side of bench/load_file: prints milliseconds of torch.load, each in a process of its own.
usage: load_file_pytorch.py SAMPLES FILE"""
import json
import os
import statistics
import struct
import sys
import time

import torch


def milliseconds(path):
    read_end, write_end = os.pipe()
    if os.fork() == 0:
        start = time.perf_counter()
        torch.load(path, weights_only=True)
        os.write(write_end, struct.pack("d", (time.perf_counter() - start) * 1e3))
        os._exit(0)
    os.close(write_end)
    result = struct.unpack("d", os.read(read_end, 8))[0]
    os.close(read_end)
    os.wait()
    return result


samples, path = int(sys.argv[1]), sys.argv[2]
times = [milliseconds(path) for _ in range(samples + 1)][1:]
print(json.dumps({"load_ms": statistics.median(times)}))
