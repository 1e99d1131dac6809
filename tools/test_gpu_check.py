#!/usr/bin/env python3
"""Tests tools/gpu_check: its steps and limits with programs that behave as those of a GPU may, its tables with made up results."""

import json
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools/lib"))

from gpu import catch_tests, counters, machine, plan, tables  # noqa: E402
from gpu.runner import Report, Runner, json_lines  # noqa: E402


def script(folder, name, text):
    path = pathlib.Path(folder) / name
    path.write_text("#!/bin/bash\n" + text)
    path.chmod(0o755)
    return path


class WithFolder(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.addCleanup(self.temporary.cleanup)
        self.folder = pathlib.Path(self.temporary.name)

    def runner(self, seconds=60, has_gpu=True, least=8):
        report = Report(self.folder / "report.json", {"gpu": "test"})
        return Runner(report, seconds, self.folder / "log", has_gpu, least)

    def on_disk(self):
        return json.loads((self.folder / "report.json").read_text())["steps"]


class Steps(WithFolder):
    def test_rows_and_status_are_on_the_disk_after_every_step(self):
        runner = self.runner()
        runner.run("a", [script(self.folder, "a", "echo '{\"x\": 1}'; echo text; echo '{cut'")], 10)
        self.assertEqual(self.on_disk()[0]["result"], [{"x": 1}])
        runner.run("b", [script(self.folder, "b", "echo broken; exit 4")], 10)
        self.assertEqual([s["status"] for s in self.on_disk()], ["passed", "failed"])
        self.assertIn("broken", self.on_disk()[1]["output_end"])
        self.assertEqual(self.on_disk()[1]["exit_status"], 4)

    def test_a_step_is_stopped_with_all_that_it_started_and_keeps_its_rows(self):
        runner = self.runner()
        start = time.monotonic()
        step = runner.run("slow", [script(self.folder, "slow", "echo '{\"x\": 1}'; sleep 100 & sleep 100")], 1)
        self.assertLess(time.monotonic() - start, 20)
        self.assertEqual((step["status"], step["result"]), ("timed out", [{"x": 1}]))

    def test_no_step_begins_when_the_time_is_over(self):
        step = self.runner(seconds=5).run("late", ["true"], 10)
        self.assertEqual(step["status"], "no time")

    def test_the_time_that_is_left_limits_a_step(self):
        step = self.runner(seconds=2, least=1).run("long", ["sleep", "100"], 90)
        self.assertEqual(step["status"], "timed out")

    def test_a_program_that_is_not_there_is_a_failure(self):
        step = self.runner().run("none", [self.folder / "none"], 10)
        self.assertEqual(step["status"], "failed")
        self.assertIn("No such file", step["output_end"])

    def test_a_dry_run_wants_to_be_told_that_there_is_no_gpu(self):
        runner = self.runner(has_gpu=False)
        says_so = script(self.folder, "says", "echo no GPU; exit 77")
        step = runner.run("says", [says_so], 10)
        self.assertEqual((step["status"], step["why"]), ("no GPU", "no GPU"))
        self.assertEqual(runner.run("broken", [script(self.folder, "broken", "exit 127")], 10)["status"], "failed")
        told = runner.run("told", [script(self.folder, "told", "echo there is no cuda:0; exit 2")], 10, refusal="no cuda:0")
        self.assertEqual(told["status"], "no GPU")


class Half(WithFolder):
    def test_what_ebb_bench_measures_with_a_cold_cache_is_kept(self):
        lines = ["op,sizes,pass,contestant,cache,chosen,median_us,refused"]
        for rest in ("mma,cold,1,30,", "mma,hot,1,10,", 'cudnn,cold,0,,"no, never"'):
            lines.append(f"bmm,2x3x4,forward,{rest}")
        (self.folder / "lines").write_text("\n".join(lines) + "\n")
        script(self.folder, "ebb", f'while [ "$1" != --csv ]; do shift; done; cp {self.folder}/lines "$2"')
        pack = plan.Pack(self.folder, self.folder)
        plan.half(self.runner(), pack)
        self.assertEqual([s["name"] for s in self.on_disk()], ["half: products", "half: other families"])
        of_all = {"op": "bmm", "sizes": "2x3x4", "pass": "forward", "cache": "cold"}
        self.assertEqual(self.on_disk()[0]["result"], [{**of_all, "contestant": "mma", "chosen": "1", "median_us": "30"},
                                                       {**of_all, "contestant": "cudnn", "chosen": "0", "refused": "no, never"}])

    def test_where_nothing_was_written_there_is_no_row(self):
        script(self.folder, "ebb", "exit 1")
        plan.half(self.runner(), plan.Pack(self.folder, self.folder))
        self.assertEqual([(s["status"], s["result"]) for s in self.on_disk()], [("failed", [])] * 2)


FAULTY = """
case "$*" in
*list-tests*) printf 'All:\\n  one\\n  two, [and]\\n    more\\n  three\\n  four\\n4 test cases\\n';;
*xml*) printf '<Catch><TestCase name="one"><OverallResult success="true" durationInSeconds="1e-05"/></TestCase>'
       printf '<TestCase name="two, [and] more"><OverallResult success="false"/></TestCase><TestCase name="three">'; kill -SEGV $$;;
"two\\\\, \\\\[and\\\\] more") [ "$CUDA_LAUNCH_BLOCKING" = 1 ] && echo guilty; exit 1;;
one) echo "one is not to be run again"; exit 1;;
esac
"""


class Tests(WithFolder):
    def test_what_failed_or_did_not_run_is_run_alone(self):
        runner = self.runner()
        catch_tests.run_tests(runner, "tests", script(self.folder, "faulty", FAULTY), {}, 10)
        step = self.on_disk()[0]
        self.assertEqual(step["result"], {"passed": 1, "failed": ["two, [and] more", "three"]})
        alone = {case["name"]: case["alone"] for case in step["alone"]}
        self.assertEqual(alone, {"two, [and] more": "failed", "three": "passed", "four": "passed"})
        self.assertIn("guilty", step["alone"][0]["output_end"])
        self.assertEqual(step["not_run_alone"], [])

    def test_the_time_for_running_alone_is_limited(self):
        runner = self.runner()
        catch_tests.run_tests(runner, "tests", script(self.folder, "faulty", FAULTY), {}, 10, alone_limit=0)
        self.assertEqual(len(self.on_disk()[0]["not_run_alone"]), 3)

    def test_names_are_read_back_from_xml(self):
        output = '<TestCase name="a &lt; b &amp; &quot;c&quot;"><OverallResult success="true"/></TestCase>'
        self.assertEqual(catch_tests.cases_in(output), {'a < b & "c"': "passed"})


NCU = '''==PROF== Connected
"ID","Process ID","Kernel Name","Metric Name","Metric Unit","Metric Value"
"0","1","void ebb::kernels::sum<float>(int)","gpu__time_duration.sum","us","1,500.50"
"1","1","void ebb::kernels::sum<float>(int)","gpu__time_duration.sum","ns","500"
"2","1","copy(int)","gpu__time_duration.sum","ms","3.25"
"3","1","copy(int)","launch__registers_per_thread","register/thread","32"
'''


class Counters(unittest.TestCase):
    def test_the_slowest_come_first(self):
        found = counters.slowest(NCU)
        launches = [(kernel["kernel"], kernel["launches"]) for kernel in found]
        self.assertEqual(launches, [("copy(int)", 1), ("void ebb::kernels::sum<float>(int)", 2)])
        self.assertAlmostEqual(found[1]["seconds"], 1501e-6)
        self.assertEqual(counters.counters_in(NCU)["copy(int)"]["launch__registers_per_thread"], "32 register/thread")
        self.assertEqual(counters.slowest("==ERROR== no permission"), [])


CASE = {"family": "bmm", "op": "bmm", "inputs": [[2, 3, 4], [2, 4, 5]], "layout": "nn", "pass": "forward"}
HALF = {"op": "bmm", "sizes": "2x3x4 2x4x5 nn", "pass": "forward", "cache": "cold"}
REPORT = {
    "gpu": "NVIDIA H100 80GB HBM3", "pack": {"revision": "0123456789abcdef"},
    "steps": [
        {"name": "tests", "status": "passed", "seconds": 3, "result": {"passed": 9, "failed": []}},
        {"name": "ceilings", "status": "passed", "seconds": 1, "result": [{"ceiling": "copy", "gb_per_s": 2890.4}]},
        {"name": "families", "status": "timed out", "seconds": 1, "result": [
            {**CASE, "by": "ebb", "cold_us": 20.0, "error": 1e-7}, {**CASE, "by": "cublas batched", "cold_us": 10.0},
            {**CASE, "by": "ebb cudnn", "refused": "no"}]},
        {"name": "families by PyTorch", "status": "passed", "result": [{**CASE, "by": "pytorch", "cold_us": 40.0}]},
        {"name": "half: products", "status": "passed", "result": [
            {**HALF, "contestant": "mma", "chosen": "1", "median_us": "30.0", "error": "0.0003"},
            {**HALF, "contestant": "wgmma_tma", "chosen": "0", "median_us": "20.0", "error": "0.0004"},
            {**HALF, "contestant": "cudnn", "chosen": "0", "refused": "no"}]},
        {"name": "nets", "status": "passed", "result": [{"net": "convnet", "batch": 100, "step_ms": 2.0, "graph": {"step_ms": 1.0}}]},
        {"name": "nets by PyTorch", "status": "passed", "result": [
            {"net": "convnet", "by": "pytorch", "beside_ebb": {"worst_gradient": 2e-6}},
            {"net": "convnet", "by": "pytorch", "layout": "channels_last", "step_ms": 3.0,
             "graph": {"step_ms": 2.5}}]},
        {"name": "memcheck", "status": "skipped", "why": "compute-sanitizer is not installed"},
    ],
}


class Tables(unittest.TestCase):
    def test_results_become_tables(self):
        page = tables.page([("2026-11-26-h100", REPORT)])
        for line in ("### 2026-11-26-h100: NVIDIA H100 80GB HBM3, ebb 012345678",
                     "| tests | passed | 3 | 9 passed, 0 failed |",
                     "| memcheck | skipped |  | compute-sanitizer is not installed |",
                     "| copy | 2890 GB/s |",
                     "| bmm | bmm 2x3x4, 2x4x5; layout nn | forward | 20 | cublas batched 10, pytorch 40 | 0.50 (cublas batched) |"
                     " 1.0e-07 |",
                     "| bmm 2x3x4 2x4x5 nn | forward | mma 30.0 | wgmma_tma 20.0 | 0.67 (wgmma_tma) | 0.0004 |",
                     "| convnet, batch 100 | 2.00 | pytorch channels_last 3.00 | 1.50 | 1.00 | pytorch channels_last 2.50 | 2.50 | 2.0e-06 |"):
            self.assertIn(line, page)

    def test_without_results_the_page_says_so(self):
        self.assertIn("Nothing here has run on a GPU yet", tables.page([]))

    def test_names_of_files(self):
        self.assertEqual([machine.slug(n) for n in ("NVIDIA H100 80GB HBM3", "NVIDIA H200", "")], ["h100", "h200", "gpu"])


class Command(WithFolder):
    def test_without_a_pack_or_a_gpu_it_says_so(self):
        check = ROOT / "tools/gpu_check"
        result = subprocess.run([check, "--pack", self.folder], capture_output=True, text=True)
        self.assertEqual(result.returncode, 2)
        self.assertIn("holds no pack", result.stderr)
        (self.folder / "manifest.json").write_text('{"revision": null}')
        if not machine.gpus():
            result = subprocess.run([check, "--pack", self.folder], capture_output=True, text=True)
            self.assertEqual(result.returncode, 3)
            self.assertIn("nothing was run or checked", result.stdout)

    def test_a_folder_that_is_no_pack_is_not_emptied(self):
        (self.folder / "mine").write_text("")
        result = subprocess.run([ROOT / "tools/gpu_pack", "--no-build", self.folder], capture_output=True, text=True)
        self.assertEqual(result.returncode, 1)
        self.assertIn("is in the way", result.stderr)
        self.assertTrue((self.folder / "mine").exists())


if __name__ == "__main__":
    unittest.main()
