#!/usr/bin/env python3
"""What options of the ebb command take, and how they refuse the rest. usage: test_options.py EBB"""

import re
import unittest

from command import DATA, Command

CONVNET = str(DATA / "pth/new_convnet_sd.pth")
TRAIN = ("train", "convnet", "--data", "synthetic", "--limit", "200", "--epochs", "1")
COMMANDS = (("train", "convnet"), ("train", "unet"), ("train", "resnet18"), ("eval",), ("inspect",), ("verify",), ("diff",),
            ("convert",), ("summary",), ("bench",), ("bench", "compare"))
NEEDED = {"eval": [CONVNET], "inspect": [CONVNET], "verify": [CONVNET], "diff": [CONVNET, CONVNET], "convert": [CONVNET, "a.pth"],
          "summary": ["convnet"], "compare": [CONVNET, CONVNET]}
LARGE = "99999999999999999999"


class Options(Command):
    def options_of(self, command, kinds):
        """Names of options that take one of these kinds of value, as --help tells them."""
        told = self.run_ebb(*command, "--help").stdout
        return re.findall(rf"^ +(--[a-z-]+) (?:{kinds})\b", told, re.MULTILINE)

    def refusal(self, command, option, value):
        error = self.run_ebb(*command, *NEEDED.get(command[-1], []), option, value, expect=2).stderr
        self.assertIn(f"{option}: must ", error)
        self.assertLess(len(error), 150)
        return error

    def test_whole_numbers_are_in_their_range(self):
        seen = set()
        for command in COMMANDS:
            for option in self.options_of(command, "INT|UINT"):
                seen.add(option)
                with self.subTest(f"{command} {option}"):
                    for value in "abc", "1.5", "1e3", "0x10", " 1":
                        self.assertIn(f"must be a whole number, got {value}", self.refusal(command, option, value))
                    self.assertRegex(self.refusal(command, option, "-1"), r"must be at least \d+, got -1")
                    self.assertRegex(self.refusal(command, option, LARGE), rf"must be at most \d+, got {LARGE}")
                    if option != "--seed":
                        self.assertRegex(self.refusal(command, option, "0"), r"must be at least \d+, got 0")
        self.assertLessEqual({"--limit", "--threads", "--seed", "--most-bytes", "--depth", "--image-size", "--epochs",
                              "--batch-size", "--devices", "--batch", "--rounds", "--samples"}, seen)
        self.assertIn("must be at most", self.refusal(("train", "convnet"), "--seed", "18446744073709551616"))
        self.run_ebb(*TRAIN, "--seed", "18446744073709551615", "--epochs", "01")
        self.run_ebb(*TRAIN, "--limit", "010", "--batch-size", "9")  # of ten images, and not of eight

    def test_numbers_are_finite(self):
        seen = set()
        for command in COMMANDS:
            for option in self.options_of(command, "FLOAT"):
                seen.add(option)
                for value in "inf", "nan", "-1", "abc", "1e999":
                    with self.subTest(f"{command} {option} {value}"):
                        self.assertIn("must be a finite number", self.refusal(command, option, value))
        self.assertEqual({"--lr", "--seconds", "--most-gflop", "--tolerance"}, seen)

    def test_no_text_is_empty(self):
        for command in COMMANDS:
            for option in self.options_of(command, "TEXT"):
                with self.subTest(f"{command} {option}"):
                    self.assertIn("must not be empty", self.refusal(command, option, ""))
        self.assertIn("to: must not be empty", self.run_ebb("convert", CONVNET, "", expect=2).stderr)


unittest.main()
