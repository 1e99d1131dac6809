"""What tools/gpu_check found, as tables of Markdown."""

import json


def results_in(folder):
    """[(name, report)] of docs/gpu-results, the newest first."""
    paths = sorted(folder.glob("*.json"), reverse=True)
    return [(path.stem, json.loads(path.read_text())) for path in paths]


def step(report, name):
    return next((s for s in report["steps"] if s["name"] == name), {})


def rows(report, name):
    result = step(report, name).get("result")
    return result if isinstance(result, list) else []


def table(head, lines):
    rule = "|" + "---|" * len(head)
    return "\n".join(["| " + " | ".join(head) + " |", rule, *("| " + " | ".join(line) + " |" for line in lines)])


def steps_table(report):
    lines = []
    for s in report["steps"]:
        detail = s.get("why", "")
        if s["name"] == "tests" and "result" in s:
            detail = f"{s['result']['passed']} passed, {len(s['result']['failed'])} failed"
        lines.append([s["name"], s["status"], str(s.get("seconds", "")), detail])
    return table(["step", "status", "s", ""], lines)


def ceilings_table(report):
    lines = []
    for row in rows(report, "ceilings"):
        rate = f"{row['gb_per_s']:.0f} GB/s" if "gb_per_s" in row else f"{row['tflop_per_s']:.1f} TFLOP/s"
        lines.append([row["ceiling"], rate])
    return table(["what", "measured"], lines) if lines else ""


def case_name(row):
    shapes = ", ".join("x".join(map(str, shape)) for shape in row["inputs"])
    rest = ", ".join(f"{key} {row[key]}" for key in ("layout", "kernel", "stride", "padding", "dilation", "groups", "count")
                     if row.get(key) not in (None, 0, 1))
    return f"{row['op']} {shapes}{'; ' + rest if rest else ''}"


def families_table(report):
    """A line for each case and pass: microseconds with a cold cache, and how much faster than the best peer ebb's choice is."""
    cases = {}
    for row in rows(report, "families") + rows(report, "families by PyTorch"):
        cases.setdefault((row["family"], case_name(row), row["pass"]), {})[row["by"]] = row
    lines = []
    for (family, name, direction), by in cases.items():
        times = {who: row["cold_us"] for who, row in by.items() if "cold_us" in row}
        peers = {who: time for who, time in times.items() if not who.startswith("ebb") or who in ("ebb cudnn", "ebb cublas")}
        best = min(peers, key=peers.get, default=None)
        ratio = f"{peers[best] / times['ebb']:.2f} ({best})" if best and "ebb" in times else ""
        others = ", ".join(f"{who} {time:.0f}" for who, time in times.items() if who != "ebb")
        ours = f"{times['ebb']:.0f}" if "ebb" in times else by.get("ebb", {}).get("refused", "not run")
        error = f"{by['ebb']['error']:.1e}" if "error" in by.get("ebb", {}) else ""
        lines.append([family, name, direction, ours, others, ratio, error])
    head = ["family", "case", "pass", "ebb, us", "others, us", "best peer / ebb", "error"]
    return table(head, lines) if lines else ""


def half_table(report):
    """A line for each case and pass in half precision: everyone's microseconds with a cold cache, ebb's choice first."""
    cases = {}
    for row in rows(report, "half: products") + rows(report, "half: other families"):
        cases.setdefault((f"{row['op']} {row['sizes']}", row["pass"]), []).append(row)
    lines = []
    for (name, direction), everyone in cases.items():
        timed = {row["contestant"]: float(row["median_us"]) for row in everyone if "median_us" in row}
        chosen = next((row for row in everyone if row["chosen"] == "1" and "median_us" in row), None)
        best = min(timed, key=timed.get, default=None)
        lines.append([name, direction, f"{chosen['contestant']} {timed[chosen['contestant']]:.1f}" if chosen else "—",
                      ", ".join(f"{who} {us:.1f}" for who, us in timed.items() if not chosen or who != chosen["contestant"]),
                      f"{timed[best] / timed[chosen['contestant']]:.2f} ({best})" if chosen else "",
                      max((row["error"] for row in everyone if "error" in row), key=float, default="")])
    head = ["case in float16", "pass", "ebb's choice, us", "others, us", "best / ebb's choice", "worst error"]
    return table(head, lines) if lines else ""


def nets_table(report):
    """Steps as they are launched, and as a graph that is captured once: the best of PyTorch's beside ebb's, of either kind."""
    nets = {}
    for name in ("nets", "nets by PyTorch", "nets by PyTorch compiled"):
        for row in rows(report, name):
            nets.setdefault(row["net"], []).append(row)
    lines = []
    for net, found in nets.items():
        ours = next((row for row in found if "step_ms" in row and "by" not in row), {})
        peers = [row for row in found if "step_ms" in row and "by" in row]
        beside = next((row["beside_ebb"] for row in found if "beside_ebb" in row), {})
        line = [f"{net}, batch {ours['batch']}" if ours else net]
        for of in (lambda row: row.get("step_ms"), lambda row: row.get("graph", {}).get("step_ms")):
            times = {f"{row['by']} {row['layout']}": of(row) for row in peers if of(row)}
            best = min(times.values(), default=None)
            line += [f"{of(ours):.2f}" if of(ours) else "—", ", ".join(f"{who} {time:.2f}" for who, time in times.items()),
                     f"{best / of(ours):.2f}" if of(ours) and best else ""]
        lines.append([*line, f"{beside['worst_gradient']:.1e}" if beside else ""])
    head = ["training step", "ebb, ms", "PyTorch, ms", "best / ebb", "graph: ebb", "PyTorch", "best / ebb",
            "worst gradient beside PyTorch"]
    return table(head, lines) if lines else ""


def page(results):
    """The part of docs/gpu-status.md that tells what ran."""
    if not results:
        return "**Nothing here has run on a GPU yet.**"
    parts = []
    for name, report in results:
        revision = (report["pack"]["revision"] or "unknown")[:9]
        parts.append(f"### {name}: {report['gpu']}, ebb {revision}")
        parts.append(steps_table(report))
        parts += [part for part in (ceilings_table(report), families_table(report), half_table(report),
                                 nets_table(report)) if part]
    return "\n\n".join(parts)
