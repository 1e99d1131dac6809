#!/usr/bin/env python3
"""make_cpu_results.py makes tables of what the benchmarks write, whoever of the peers took part."""

import unittest

import make_cpu_results

MACHINE = {"cpu": "A CPU", "family_model_stepping": "6 1 1", "cores": 2, "caches": ["L1d 48K"], "instruction_sets": ["avx2"],
           "ebb_uses": "avx2", "memory_gb": 8.2, "system": "Linux 6", "compiler": "12.2.0"}


def times(low, **more):
    return {"min_ms": low, "median_ms": 2 * low, "samples": 3, **more}


def result(rows, **more):
    return {"date": "2026-11-27", "threads": 2, "rounds": 3, "samples": 10, "machine": MACHINE, "peers": None, **more, "rows": rows}


def row(**more):
    return {"ebb": times(1.5), **more}


def last_line(text):
    return [cell.strip() for cell in text.splitlines()[-1].strip("|").split("|")]


class MakeCpuResults(unittest.TestCase):
    def nets(self, **more):
        return last_line(make_cpu_results.page({"a": {"nets": result([row(net="unet", **more)])}}))

    def test_nothing(self):
        self.assertEqual(make_cpu_results.page({}), make_cpu_results.NOTHING)

    def test_ebb_alone(self):
        self.assertEqual(self.nets(), ["unet", "1.5 (3)", "—", "—", "—", "—"])

    def test_digits(self):
        self.assertEqual([make_cpu_results.digits(x) for x in (0.12345, 12.345, 999.6, 3261.4)], ["0.123", "12.3", "1000", "3261"])

    def test_peers_memory_and_shares(self):
        peers = {"eager": times(3, peak_mb=500), "openvino": times(6, peak_mb=90.4)}
        ops = [{"op": "conv2d", "share": 0.7}, {"op": "outside of ops", "share": 0.3}]
        line = self.nets(peers=peers, best_peer="eager", ratio=2.0, ops=ops)
        self.assertEqual(line, ["unet", "1.5 (3)", "3 (6)", "6 (12)", "2.00 (eager)", "—", "90 (openvino)",
                                "conv2d 70%, outside of ops 30%"])

    def test_scaling(self):
        scaling = {"measured_ms": {"1": 8.0, "2": 5.0}, "simulated_speedup": {"2": 1.9, "64": 30.26}}
        self.assertEqual(self.nets(scaling=scaling), ["unet", "8", "5 on 2", "1.60", "1.9", "30.3"])
        one = make_cpu_results.scaling_table([row(net="unet", scaling={**scaling, "measured_ms": {"1": 8.0}})])
        self.assertEqual(last_line(one)[1:4], ["8", "8 on 1", "1.00"])

    def test_rows_of_other_days_are_named(self):
        made = result([row(net="unet", date="2026-11-26"), row(net="resnet50"),
                       row(case="add", **{"pass": "forward"}, date="2026-11-25")])
        self.assertEqual(make_cpu_results.days(made), "of 2026-11-25: add, forward; of 2026-11-26: unet")
        self.assertEqual(make_cpu_results.days(result([row(net="unet")])), "")

    def test_a_peer_that_took_no_part_in_a_row(self):
        rows = [row(case="add", **{"pass": "forward"}, peers={"eager": times(3)}, best_peer="eager", ratio=2.0),
                row(case="exp", **{"pass": "forward"}, share_of_roofline=0.5)]
        lines = make_cpu_results.ops_table(result(rows)).splitlines()
        self.assertEqual(last_line(lines[-2]), ["add", "forward", "1.5 (3)", "3 (6)", "2.00 (eager)", "—"])
        self.assertEqual(last_line(lines[-1]), ["exp", "forward", "1.5 (3)", "—", "—", "50%"])

    def test_tells_versions_and_how_busy_others_were(self):
        busy = {"ebb": 0.001, "peers": 0.02}
        said = make_cpu_results.about("nets", result([], cores_busy_in_others_turns=busy, peers={"torch": "2.15"}))
        self.assertIn("torch 2.15", said)
        self.assertIn("ebb 0.001, peers 0.020", said)

    def test_one_section_for_each_cpu(self):
        page = make_cpu_results.page({"b": {"nets": result([])}, "a": {"cpu_ops": result([])}})
        self.assertEqual([line for line in page.splitlines() if line.startswith("##")], ["## a", "## b"])


if __name__ == "__main__":
    unittest.main()
