#!/usr/bin/env python3
"""Runs the ebb command in a real terminal, tmux, of 80 and of 120 columns: what a user sees. usage: test_terminal.py EBB"""

import itertools
import os
import re
import shlex
import shutil
import subprocess
import time
import unittest

from command import DATA, EBB, Command

SKIPPED = 77
COUNT = itertools.count()
TRAIN = f"{EBB} train convnet --data synthetic --limit 900 --epochs 2"
UNSAFE = f"{EBB} verify {DATA}/pth/whole.pth"


class Terminal(Command):
    def screen(self, command, columns, with_colours=False, term="tmux-256color"):
        """The lines that the command leaves on the screen."""
        server = ["tmux", "-L", f"ebb-{os.getpid()}-{next(COUNT)}", "-f", "/dev/null"]
        script = f"cd {shlex.quote(str(self.path))}; export TERM={term}; {command}; echo end of it; sleep 60"
        size = ["-x", str(columns), "-y", "100"]
        subprocess.run([*server, "new-session", "-d", *size, "sh", "-c", script], check=True)
        try:
            for _ in range(3000):
                capture = [*server, "capture-pane", "-p", *(["-e"] if with_colours else [])]
                shown = subprocess.run(capture, capture_output=True, text=True, check=True).stdout
                if "end of it" in shown:
                    return shown[: shown.index("end of it")].splitlines()
                time.sleep(0.02)
            self.fail(f"{command} does not end:\n{shown}")
        finally:
            subprocess.run([*server, "kill-server"])

    def test_progress_takes_one_line_of_whatever_width(self):
        for columns in 60, 80, 120:
            with self.subTest(columns):
                lines = self.screen(TRAIN, columns)
                bars = [line for line in lines if re.match(r"epoch \d/2 100%\|█+\|", line)]
                self.assertEqual(len(bars), 2, "\n".join(lines))
                self.assertTrue(all("loss" in bar and bar.endswith("]") for bar in bars), bars)
                self.assertTrue(all(len(bar) < columns for bar in bars), bars)
                between = lines[lines.index(bars[0]) + 1]
                self.assertTrue(between.startswith("test loss"), between)

    def test_every_command_fits_or_wraps_whole(self):
        checkpoint, new, old = (DATA / f"pth/{name}.pth" for name in ("new_ckpt_adamw", "new_convnet_sd", "convnet_sd_legacy"))
        for arguments, first, last in (
            (f"inspect {checkpoint}", "new_ckpt_adamw.pth: PyTorch, zip archive", "optimizer: AdamW, 1 groups"),
            (f"inspect {DATA}/npy/f4.npy", "NumPy, array", "1 tensors"),
            (f"verify {new}", "sound", "sound"),
            (f"diff {old} {old}", "16 equal", "16 equal"),
            (f"convert {old} a.safetensors", "16 tensors in a.safetensors", "16 tensors"),
            ("summary convnet --depth 1", "====", "===="),
            ("nothing", "has no subcommand nothing", ""),
            ("inspect absent", "absent", ""),
        ):
            for columns in 80, 120:
                with self.subTest(f"{arguments} at {columns}"):
                    shown = "".join(self.screen(f"{EBB} {arguments}", columns))  # lines that wrap are whole again
                    self.assertIn(first, shown)
                    self.assertIn(last, shown)

    def test_colours_are_for_terminals_that_want_them(self):
        red = "\x1b[31m"
        self.assertIn(red, "".join(self.screen(UNSAFE, 120, with_colours=True)))
        self.assertNotIn("\x1b", "".join(self.screen(UNSAFE, 120, with_colours=True, term="dumb")))
        self.assertNotIn("\x1b", "".join(self.screen(f"NO_COLOR=1 {UNSAFE}", 120, with_colours=True)))

    def test_a_dumb_terminal_gets_whole_lines(self):
        lines = self.screen(TRAIN, 120, with_colours=True, term="dumb")
        self.assertEqual(sum(line.startswith("epoch") for line in lines), 2, lines)
        self.assertFalse(any("\x1b" in line for line in lines), lines)


if shutil.which("tmux") is None:
    print("skipped: tmux is not installed")
    raise SystemExit(SKIPPED)
unittest.main()
