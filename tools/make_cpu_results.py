#!/usr/bin/env python3
"""Writes the tables of docs/cpu-results.md: what bench/nets and bench/cpu_ops measured on each CPU, beside their peers.

usage: tools/make_cpu_results.py [--check]     --check: fails where the page is not as it would be written
"""

import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools/lib"))

from gpu.tables import table  # noqa: E402

PAGE = ROOT / "docs/cpu-results.md"
RESULTS = ROOT / "docs/cpu-results"  # what the benchmarks wrote with --json, one file for each CPU
PART = re.compile(r"(<!-- results: written by tools/make_cpu_results.py -->\n).*?(\n<!-- end -->)", re.DOTALL)
NOTHING = "**Nothing has been measured yet.**"
# bench/nets --scaling measures after the rows, by itself.
RUN_OF_ITS_OWN = ("What threads bring. That is a run of its own: the least of 4 samples at most, with no peers in turns. So its times on all "
                  "threads are near those above, and not the same.")
LONGEST_OPS = 4  # that a network's line names


def peers_of(rows):
    """Everyone who took part in some row, in the order of appearance."""
    return list(dict.fromkeys(peer for row in rows for peer in row.get("peers", {})))


def digits(x):
    """Three that count, and all before the point."""
    return f"{x:.3g}" if x < 999.5 else f"{x:.0f}"


def ms(result):
    return f"{digits(result['min_ms'])} ({digits(result['median_ms'])})" if result else "—"


def megabytes(result):
    return f"{result['peak_mb']:.0f}" if "peak_mb" in (result or {}) else "—"


def times(row, peers):
    return [ms(row["ebb"]), *(ms(row.get("peers", {}).get(peer)) for peer in peers)]


def ratio(row):
    return f"{row['ratio']:.2f} ({row['best_peer']})" if "ratio" in row else "—"


def memory(row):
    """ebb's, and that of the peer which takes least."""
    peers = {peer: result for peer, result in row.get("peers", {}).items() if "peak_mb" in result}
    least = min(peers, key=lambda peer: peers[peer]["peak_mb"], default=None)
    return [megabytes(row["ebb"]), f"{megabytes(peers[least])} ({least})" if least else "—"]


def longest_ops(row):
    ops = sorted(row.get("ops", []), key=lambda op: -op["share"])[:LONGEST_OPS]
    return ", ".join(f"{op['op']} {op['share']:.0%}" for op in ops) or "—"


def nets_table(result):
    peers = peers_of(result["rows"])
    head = ["network", "ebb, ms", *peers, "best peer / ebb", "ebb, MB", "least of peers, MB", "ebb's time"]
    tables = [table(head, [[row["net"], *times(row, peers), ratio(row), *memory(row), longest_ops(row)] for row in result["rows"]])]
    scaled = [row for row in result["rows"] if "scaling" in row]
    return "\n\n".join(tables + ([RUN_OF_ITS_OWN, scaling_table(scaled)] if scaled else []))


def scaling_table(rows):
    """What threads bring: measured, and by the chunks that the work is cut into."""
    counts = list(rows[0]["scaling"]["simulated_speedup"])
    lines = []
    for row in rows:
        measured, simulated = row["scaling"]["measured_ms"], row["scaling"]["simulated_speedup"]
        one, (threads, least) = measured["1"], max(measured.items(), key=lambda entry: int(entry[0]))
        lines.append([row["net"], digits(one), f"{digits(least)} on {threads}", f"{one / least:.2f}",
                      *(f"{simulated[count]:.1f}" for count in counts)])
    return table(["network", "1 thread, ms", "all, ms", "times as fast", *(f"cut for {count}" for count in counts)], lines)


def days(result):
    """One line about rows that were not measured with the others, if there are any."""
    rows = {}
    for row in result["rows"]:
        if "date" in row:
            rows.setdefault(row["date"], []).append(row.get("net") or f"{row['case']}, {row['pass']}")
    return "; ".join(f"of {date}: {', '.join(names)}" for date, names in sorted(rows.items()))


def ops_table(result):
    peers = peers_of(result["rows"])
    head = ["case", "pass", "ebb, ms", *peers, "best peer / ebb", "of the roofline"]
    lines = []
    for row in result["rows"]:
        share = f"{row['share_of_roofline']:.0%}" if "share_of_roofline" in row else "—"
        lines.append([row["case"], row["pass"], *times(row, peers), ratio(row), share])
    return table(head, lines)


TABLES = {"nets": nets_table, "cpu_ops": ops_table}


def about(benchmark, result):
    """One line: when, on how many threads, by whom, and how quiet the others kept."""
    machine, peers = result["machine"], result.get("peers") or {}
    parts = [f"`bench/{benchmark}`, {result['date']}", f"{result['threads']} threads, {result['rounds']} rounds",
             f"ebb for {machine['ebb_uses']}"]
    parts += [f"{name} {version}" for name, version in peers.items()]
    if "bandwidth_gb" in result:
        parts.append(f"roofline {result['peak_gflops']:.0f} GFLOP/s, {result['bandwidth_gb']:.0f} GB/s")
    busy = result.get("cores_busy_in_others_turns")
    if busy:
        parts.append(f"cores busy in others' turns: ebb {busy['ebb']:.3f}, peers {busy['peers']:.3f}")
    if other_days := days(result):
        parts.append(other_days)
    return "; ".join(parts) + "."


def section(name, report):
    machine = next(report[benchmark]["machine"] for benchmark in TABLES if benchmark in report)
    parts = [f"## {name}", f"{machine['cpu']} (family, model, stepping {machine['family_model_stepping']}), {machine['cores']} cores; "
             f"{', '.join(machine['caches'])}; {machine['memory_gb']:.0f} GB; {' '.join(machine['instruction_sets'])}; "
             f"{machine['system']}; GCC {machine['compiler']}."]
    for benchmark, make in TABLES.items():
        if benchmark in report:
            parts += [about(benchmark, report[benchmark]), make(report[benchmark])]
    return "\n\n".join(parts)


def page(reports):
    """The part of docs/cpu-results.md that tells what was measured; `reports` is {name of the CPU: what was written}."""
    return "\n\n".join(section(name, report) for name, report in sorted(reports.items())) or NOTHING


def main(arguments):
    text = PAGE.read_text(encoding="utf-8")
    part = page({path.stem: json.loads(path.read_text(encoding="utf-8")) for path in RESULTS.glob("*.json")})
    written = PART.sub(lambda match: match.group(1) + part + match.group(2), text)
    if arguments == ["--check"]:
        if written != text or len(PART.findall(text)) != 1:
            sys.exit("docs/cpu-results.md is not as tools/make_cpu_results.py writes it; run that")
    elif arguments:
        sys.exit(__doc__)
    else:
        PAGE.write_text(written, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
