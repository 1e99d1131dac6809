#!/usr/bin/env python3
"""`ebb bench` as a user calls it, on small shapes; no test asks how long anything took. usage: test_bench.py EBB"""

import csv
import json
import unittest
import xml.etree.ElementTree

from command import DATA, Command

# LeakSanitizer dies of oneDNN, where that is installed.
QUICK = ["--device", "cpu", "--without", "onednn", "--ceilings", "0.1,10", "--rounds", "2", "--samples", "1", "--seconds", "0.01"]
CONVNET = str(DATA / "pth/new_convnet_sd.pth")


class Bench(Command):
    def bench(self, *arguments, expect=0):
        return self.run_ebb("bench", *arguments, *QUICK, expect=expect)

    def refused(self, *arguments, says):
        done = self.run_ebb("bench", *arguments, expect=2)
        self.assertIn(says, done.stderr)
        self.assertEqual(done.stdout, "")

    def of_model(self, *arguments):
        return self.bench("conv", "bmm", "norm", "--model", CONVNET, "--input", "2,1,28,28", *arguments)

    def test_measures_a_model_of_the_user(self):
        text = self.of_model("--json", "a.json", "--csv", "a.csv", "--plot", "a.svg").stdout
        self.assertIn("inputs normal(0, 1) of seed 0; 2 rounds", text)
        self.assertIn("geometric mean", text)
        report = json.loads(self.bytes_of("a.json"))
        self.assertEqual(report["schema"], "ebb bench 1")
        self.assertEqual(report["ceilings"], {"tflop_per_s": 0.1, "gb_per_s": 10.0})
        rows = {row["case"]: row for row in report["rows"]}
        self.assertEqual(len(rows), len(report["rows"]))
        row = rows["conv2d 2x1x28x28 w16x1x5x5 s1 p2 forward nhwc float32"]
        self.assertEqual(row["flops"], 2 * 2 * 28 * 28 * 16 * 25)
        self.assertEqual(row["bytes"], 4 * (2 * 28 * 28 + 16 * 25 + 2 * 16 * 28 * 28))
        self.assertEqual(row["bound"], "compute")  # 12.5 us at 0.1 TFLOP/s, 10.8 us at 10 GB/s
        contestants = {contestant["name"]: contestant for contestant in row["contestants"]}
        self.assertEqual(contestants["depthwise"]["refused"], "a group has several channels")
        for name in ("im2col", "plain"):
            self.assertLess(contestants[name]["error"], row["tolerance"])
            for cache in ("cold", "hot"):
                timing = contestants[name][cache]
                self.assertGreater(timing["median_us"], 0)
                self.assertLessEqual(timing["median_interval_us"][0], timing["median_us"])
        self.assertEqual(sum(contestant["chosen"] for contestant in row["contestants"]), 1)
        self.assertEqual({row["pass"] for row in report["rows"]}, {"forward", "backward", "backward_input", "backward_weight"})
        with open(self.path / "a.csv", newline="", encoding="utf-8") as file:
            lines = list(csv.DictReader(file))
        self.assertEqual({line["cache"] for line in lines}, {"cold", "hot"})
        self.assertTrue(all(None not in line and None not in line.values() for line in lines))
        self.assertEqual({line["plan"] for line in lines}, {""})  # nobody here has several
        root = xml.etree.ElementTree.fromstring(self.bytes_of("a.svg"))
        self.assertTrue(root.tag.endswith("svg"))

    def test_compares(self):
        self.of_model("--json", "a.json")
        self.run_ebb("bench", "compare", "a.json", "a.json")
        report = json.loads(self.bytes_of("a.json"))
        timing = next(c for c in report["rows"][0]["contestants"] if "cold" in c)["cold"]
        timing["rounds_us"] = [[1000 * us for us in samples] for samples in timing["rounds_us"]]
        (self.path / "b.json").write_text(json.dumps(report), encoding="utf-8")
        text = self.run_ebb("bench", "compare", "a.json", "b.json", expect=1).stdout
        self.assertIn("SLOWER", text)
        self.assertIn("1 slower, 0 faster", text)
        self.assertIn("0 slower, 1 faster", self.run_ebb("bench", "compare", "b.json", "a.json").stdout)
        self.run_ebb("bench", "compare", "a.json", "b.json", "--tolerance", "2000")

    def test_reads_the_run_in_the_docs(self):
        report = str(DATA.parent.parent / "docs/bench/epyc-avx2.json")
        self.assertIn("0 slower, 0 faster", self.run_ebb("bench", "compare", report, report).stdout)

    def test_tells_plans(self):
        text = self.bench("conv", "--only", "conv2d 8x144", "--pass", "forward", "--plans").stdout
        self.assertIn("* depthwise    takes it", text)
        self.assertIn("winograd4    not taken: it has groups", text)
        self.assertNotIn("ms", text)

    def test_measures_steps_and_float64(self):
        self.assertIn("without Winograd", self.bench("step", "--only", "convnet").stdout)
        text = self.bench("pool", "--model", CONVNET, "--input", "1,1,28,28", "--dtype", "float64", "--layout", "nchw").stdout
        self.assertIn("max_pool2d 1x16x28x28 k2 s2 p0 backward nchw float64", text)
        self.assertNotIn("openblas", self.bench("bmm", "--model", CONVNET, "--without", "openblas", "onednn", "mkl", "blis", "plain").stdout.split("\n", 2)[2])

    def test_measures_half_precision(self):
        for dtype in ("float16", "bfloat16"):
            text = self.bench("conv", "bmm", "--model", CONVNET, "--input", "2,1,28,28", "--pass", "forward", "--dtype", dtype).stdout
            self.assertIn("linear 2x1568 to 10 forward " + dtype, text)
            self.assertNotIn("openblas ", text.split("\n", 2)[2])

    def test_refuses_plans_for_what_is_not_there(self):
        self.refused("--plans", "--device", "cuda:63", says="there is no cuda:63 here, and --plans asks what is there")
        self.refused("--gpu", "gpu.json", says="it goes with --plans")
        self.refused("--gpu", "gpu.json", "--plans", "--device", "cpu", says="exclude each other")
        self.refused("--gpu", "gpu.json", "--plans", says="--gpu: ")  # no file, or no cuDNN

    def test_refuses_what_would_be_passed_over(self):
        for option in "--json", "--csv", "--plot":
            self.refused("pool", "--plans", option, "p", says=f"--plans measures nothing that {option} could write to p")
            self.assertFalse((self.path / "p").exists())
        self.refused("pool", "--without", "zz", says="--without: no contestant is named zz (there are ")
        self.refused("pool", "--without", "onednn", "winograd44", says="did you mean winograd4?")
        self.refused("pool", "--only", "max_pool2d", "zz", says='--only: no case begins with "zz"')
        self.bench("pool", "--only", "max_pool2d", "--pass", "forward", "--without", "plain", "winograd4", "mkl")

    def test_refuses_what_it_cannot_do(self):
        self.refused("convs", says="did you mean conv?")
        self.refused("--suite", "resnet5", says="did you mean resnet50?")
        self.refused("--suite", "resnet50", "--model", "unet", says="exclude each other")
        self.refused("--model", "none.pth", says="there is no file and no model of that name")
        self.refused("--model", "convnet", "--input", "1,3,28,28", says="takes 1 channels")
        self.refused("--input", "1,1", says="name the model")
        self.refused("--batch", "4", says="--batch goes with --suite")
        self.refused("--suite", "deepbench", "--batch", "4", says="leave it out")
        self.refused("--dtype", "float8", says="--dtype must be one of float32, float64, float16, bfloat16")
        self.refused("--layout", "x", says="--layout must be one of nhwc, nchw")
        self.refused("--device", "tpu", says="a device is cpu")
        self.refused("--device", "meta", says="where nothing is computed")
        self.refused("--pass", "sideways", says="--pass must be one of")
        self.refused("--only", "nothing", says="nothing is left to measure")
        self.refused("--seed", "-1", says="must be at least 0, got -1")
        self.refused("--seconds", "0", says="must be a finite number above 0, got 0")
        for ceilings in ("1", "a,b", "0,1", "1,inf", "1,2,3", "nan,1"):
            self.refused("--ceilings", ceilings, says="--ceilings must be TFLOP/s and GB/s")
        self.refused("conv", "--json", "none/a.json", says="--json: cannot write none/a.json")

    def test_refuses_what_it_cannot_compare(self):
        for name, content in {"a": "{}", "b": "no", "c": "", "d": '{"schema": "ebb bench 1"}', "e": "[]"}.items():
            (self.path / name).write_text(content, encoding="utf-8")
            self.refused("compare", name, name, says="ebb bench --json")
        self.refused("compare", "a", "none", says="File does not exist: none")
        self.refused("compare", "a", says="after is required")


if __name__ == "__main__":
    unittest.main()
