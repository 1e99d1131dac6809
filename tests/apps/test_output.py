#!/usr/bin/env python3
"""What becomes of the command's output where it cannot be written, or nobody reads it. usage: test_output.py EBB"""

import os
import shlex
import subprocess
import time
import unittest

from command import DATA, EBB, Command

CONVNET = DATA / "pth/new_convnet_sd.pth"
SHOWN = (
    ("--help",),
    ("--version",),
    ("train", "convnet", "--help"),
    ("summary", "resnet18"),
    ("summary", "resnet18", "--json"),
    ("inspect", str(CONVNET)),
    ("inspect", str(CONVNET), "--json"),
    ("inspect", "absent", "--json"),  # an error as JSON
    ("verify", str(CONVNET)),
    ("diff", str(CONVNET), str(CONVNET)),
    ("convert", str(CONVNET), "a.npz"),
    ("eval", str(CONVNET), "--data", "synthetic", "--limit", "100"),
    ("train", "convnet", "--data", "synthetic", "--limit", "200", "--epochs", "1"),
    ("bench", "pool", "--only", "max_pool2d", "--plans", "--device", "cpu"),
    ("bench", "compare", *2 * (str(DATA.parent.parent / "docs/bench/epyc-avx2.json"),)),
)


class Output(Command):
    def shell(self, line):
        return subprocess.run(["bash", "-c", line], cwd=self.path, text=True, stderr=subprocess.PIPE)

    def test_lost_output_is_told(self):
        for arguments in SHOWN:
            for to, reason in ((">/dev/full", "No space left"), (">&-", "Bad file descriptor")):
                with self.subTest(f"{arguments} {to}"):
                    done = self.shell(shlex.join((EBB, *arguments)) + " " + to)
                    self.assertEqual(done.returncode, 2, done.stderr)
                    self.assertIn("cannot write to standard output", done.stderr)
                    if arguments[0] in ("verify", "train"):  # whose last lines are what cannot be written
                        self.assertIn(reason, done.stderr)

    def test_closed_streams_do_not_become_files(self):
        """Their numbers are taken at once, so that no file gets them and what is printed."""
        train = shlex.join((EBB, "train", "convnet", "--data", "synthetic", "--epochs", "50"))
        running = subprocess.Popen(["bash", "-c", f"exec {train} <&- >&- 2>&-"], cwd=self.path)
        try:
            while running.poll() is None and not (self.path / "loss.svg").exists():
                time.sleep(0.01)
            self.assertEqual({os.readlink(f"/proc/{running.pid}/fd/{stream}") for stream in (0, 1, 2)}, {"/dev/null"})
        finally:
            running.kill()
            running.wait()

    def test_a_reader_that_has_gone_is_no_failure(self):
        for arguments in (("inspect", str(CONVNET)), ("summary", "resnet152"), ("--help",)):
            for takes_signals in (True, False):
                with self.subTest(f"{arguments}, SIGPIPE {takes_signals}"):
                    read, write = os.pipe()
                    os.close(read)
                    done = subprocess.run([EBB, *arguments], stdout=write, stderr=subprocess.PIPE, restore_signals=takes_signals)
                    os.close(write)
                    self.assertEqual(done.stderr, b"")


unittest.main()
