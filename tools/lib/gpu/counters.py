"""The hardware counters of the kernels that take most of a program's time, by Nsight Compute."""

import csv
import io

DURATION = "gpu__time_duration.sum"
# Share of the peak of memory and of the multiprocessors, occupancy, registers, sectors a request, and why warps wait.
METRICS = (
    DURATION,
    "gpu__compute_memory_throughput.avg.pct_of_peak_sustained_elapsed",
    "sm__throughput.avg.pct_of_peak_sustained_elapsed",
    "dram__bytes_read.sum",
    "dram__bytes_write.sum",
    "sm__warps_active.avg.pct_of_peak_sustained_active",
    "launch__registers_per_thread",
    "l1tex__average_t_sectors_per_request_pipe_lsu_mem_global_op_ld.ratio",
    "lts__t_sector_hit_rate.pct",
    "smsp__average_warps_issue_stalled_long_scoreboard_per_issue_active.ratio",
)
SECONDS = {"second": 1, "s": 1, "msecond": 1e-3, "ms": 1e-3, "usecond": 1e-6, "us": 1e-6, "nsecond": 1e-9, "ns": 1e-9}


def rows_of(output):
    """The table in what ncu --csv prints among other lines."""
    lines = output.splitlines()
    first = next((i for i, line in enumerate(lines) if line.startswith('"ID"')), None)
    return list(csv.DictReader(io.StringIO("\n".join(lines[first:])))) if first is not None else []


def number(text):
    try:
        return float(text.replace(",", ""))
    except ValueError:
        return None


def slowest(output, count=25):
    """[{kernel, launches, seconds}], those that take most of the time first."""
    total = {}
    for row in rows_of(output):
        value, unit = number(row.get("Metric Value", "")), row.get("Metric Unit", "")
        if row.get("Metric Name") != DURATION or value is None or unit not in SECONDS:
            continue
        entry = total.setdefault(row["Kernel Name"], {"kernel": row["Kernel Name"], "launches": 0, "seconds": 0.0})
        entry["launches"] += 1
        entry["seconds"] += value * SECONDS[unit]
    return sorted(total.values(), key=lambda entry: -entry["seconds"])[:count]


def counters_in(output):
    """{kernel: {metric: "value unit"}} of its last launch that was looked at."""
    kernels = {}
    for row in rows_of(output):
        if row.get("Metric Name"):
            kernels.setdefault(row["Kernel Name"], {})[row["Metric Name"]] = f"{row['Metric Value']} {row['Metric Unit']}".strip()
    return kernels


def measure(runner, ncu, program, environment, limit=60):
    """Two steps: which kernels are slow, and what their counters say."""
    base = [ncu, "--csv", "--clock-control", "none", "--print-units", "auto", "--profile-from-start", "off"]
    first = runner.run("slowest kernels", [*base, "--metrics", DURATION, "--launch-count", "3000", *program], limit,
                       environment, slowest)
    if first["status"] != "passed" or not first["result"]:
        return
    names = [entry["kernel"].split("(")[0].split("<")[0].split("::")[-1].split()[-1] for entry in first["result"][:10]]
    pattern = "regex:^(" + "|".join(sorted(set(names))) + ")$"
    runner.run("counters of the slowest", [*base, "--metrics", ",".join(METRICS), "--kernel-name", pattern,
               "--launch-count", "120", *program], limit, environment, counters_in)
