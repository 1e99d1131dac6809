#!/usr/bin/env python3
"""Trains and evaluates by the ebb command, as a user does: results, interruption and resumption, mistakes.

usage: test_training.py EBB
"""

import base64
import json
import os
import re
import shutil
import signal
import struct
import subprocess
import time
import unittest
import zipfile
import xml.etree.ElementTree

from command import DATA, EBB, Command, png

MPIRUN = (shutil.which("mpirun"), "--allow-run-as-root", "--oversubscribe", "--mca", "btl_vader_single_copy_mechanism", "none")
TRAIN = ("train", "convnet", "--data", "synthetic", "--epochs", "1")
FEW = (*TRAIN, "--limit", "1500")
CONVNET = str(DATA / "pth/new_convnet_sd.pth")
JPEG = base64.b64decode(  # 16 x 12 red pixels, written by Pillow
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABsSFBcUERsXFhceHBsgKEIrKCUlKFE6PTBCYFVlZF9VXVtqeJmBanGQc1tdhbWGkJ6j"
    "q62rZ4C8ybqmx5moq6T/2wBDARweHigjKE4rK06kbl1upKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSk"
    "pKSkpKSkpKT/wAARCAAMABADASIAAhEBAxEB/8QAFQABAQAAAAAAAAAAAAAAAAAAAAT/xAAUEAEAAAAAAAAAAAAAAAAAAAAA/8QA"
    "FQEBAQAAAAAAAAAAAAAAAAAABAX/xAAUEQEAAAAAAAAAAAAAAAAAAAAA/9oADAMBAAIRAxEAPwCMAZXf/9k="
)


class Training(Command):
    def test_trains_saves_and_evaluates(self):
        printed = self.run_ebb(*TRAIN).stdout
        accuracy = re.search(r"^test accuracy (0\.\d{4})$", printed, re.MULTILINE)[1]
        self.assertGreater(float(accuracy), 0.8)
        self.assertIn(str(self.path / "convnet.pth"), printed.splitlines()[-1])
        self.assertIn(f"test accuracy {accuracy}\n", self.run_ebb("eval", "convnet.pth", "--data", "synthetic").stdout)
        xml.etree.ElementTree.parse(self.path / "loss.svg")
        result = json.loads(self.run_ebb("eval", "convnet.pth", "--data", "synthetic", "--json").stdout)
        self.assertEqual(f"{result['test_accuracy']:.4f}", accuracy)

    def test_half_precision_learns_what_float32_learns(self):
        exact = json.loads(self.run_ebb(*FEW, "--json").stdout)
        for half in "bfloat16", "float16":
            result = json.loads(self.run_ebb(*FEW, "--amp", half, "--out", f"{half}.pth", "--json").stdout)
            self.assertNotEqual(result["final_loss"], exact["final_loss"])
            self.assertAlmostEqual(result["final_loss"], exact["final_loss"], delta=0.1)
            self.assertAlmostEqual(result["test_accuracy"], exact["test_accuracy"], delta=0.1)
            again = (*FEW, "--epochs", "2", "--out", f"{half}.pth", "--resume")
            self.assertIn(f"amp {half}, now it is absent", self.run_ebb(*again, expect=2).stderr)
            self.run_ebb(*again, "--amp", half)
        self.assertIn("--amp", self.run_ebb(*FEW, "--amp", "float8", expect=2).stderr)

    def test_threads_do_not_change_a_bit(self):
        for threads in "1", "2", "3":
            (self.path / threads).mkdir()
            self.run_ebb(*FEW, "--batch-size", "500", "--threads", threads, "--out", f"{threads}/net.pth")
        self.assertEqual(self.bytes_of("1/net.pth"), self.bytes_of("2/net.pth"))
        self.assertEqual(self.bytes_of("1/net.pth"), self.bytes_of("3/net.pth"))

    def result_on_ranks(self, *options, launcher=()):
        command = [*launcher, EBB, *FEW, "--batch-size", "60", "--sync-bn", "--json", "--out", "net.pth", *options]
        leaking_mpi = {**os.environ, "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}
        done = subprocess.run(command, cwd=self.path, text=True, capture_output=True, env=leaking_mpi if launcher else None)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return json.loads(done.stdout)

    def test_several_ranks_train_as_one(self):
        runs = [self.result_on_ranks(), self.result_on_ranks("--devices", "2"), self.result_on_ranks("--devices", "3")]
        if MPIRUN[0] is not None:
            runs.append(self.result_on_ranks("--distributed", "mpi", launcher=(*MPIRUN, "-n", "2")))
        self.assertEqual([run["ranks"] for run in runs], [1, 2, 3, 2][: len(runs)])
        for run in runs:
            self.assertAlmostEqual(run["final_loss"], runs[0]["final_loss"], delta=1e-3)
            self.assertAlmostEqual(run["test_accuracy"], runs[0]["test_accuracy"], delta=0.01)

    def test_an_interrupted_run_goes_on_where_it_was(self):
        self.run_ebb(*FEW, "--out", "whole.pth")
        (self.path / "parts").mkdir()
        arguments = (*FEW, "--out", "parts/whole.pth")
        running = subprocess.Popen([EBB, *arguments], cwd=self.path, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertIn(b"training convnet on", running.stderr.readline())
        running.send_signal(signal.SIGINT)
        out, _ = running.communicate()
        self.assertEqual(running.returncode, 130, out)
        self.assertRegex(out, rb"interrupted after [\d.]+ s, \d+ images/s; what it learned is saved, and --resume goes on from there\n")
        self.run_ebb(*arguments, "--resume")
        self.assertEqual(self.bytes_of("whole.pth"), self.bytes_of("parts/whole.pth"))
        refused = self.run_ebb(*arguments, "--resume", "--lr", "0.5", expect=2)
        self.assertIn("lr", refused.stderr)

    def test_unet_segments_collages(self):
        arguments = ("train", "unet", "--data", "synthetic", "--limit", "24", "--epochs", "2", "--batch-size", "8")
        result = json.loads(self.run_ebb(*arguments, "--json").stdout)
        self.assertEqual((result["epochs"], result["interrupted"]), (2, False))
        self.assertTrue(0 <= result["test_mean_iou"] <= result["test_accuracy"] <= 1, result)
        self.assertEqual(self.bytes_of("predictions.png")[:4], b"\x89PNG")
        again = self.run_ebb("eval", "unet.pth", "--data", "synthetic", "--limit", "24", "--predictions", "seen.png")
        self.assertIn(f"test mean IoU {result['test_mean_iou']:.4f}\n", again.stdout)
        self.assertEqual(self.bytes_of("seen.png"), self.bytes_of("predictions.png"))

    def folder_of_images(self):
        """Bright and dark images, as many of each; one of them a JPEG."""
        for split, count in ("train", 16), ("test", 6):
            for kind, base in ("bright", 180), ("dark", 20):
                folder = self.path / "images" / split / kind
                folder.mkdir(parents=True)
                for i in range(count):
                    (folder / f"{i}.png").write_bytes(png(40 + i, 36, lambda x, y: base + (x * y + i) % 50))
        (self.path / "images/train/dark/red.jpg").write_bytes(JPEG)
        return ("train", "resnet18", "--data", "images", "--image-size", "32", "--batch-size", "8", "--epochs", "3")

    def test_resnet_learns_from_a_folder_of_images(self):
        arguments = self.folder_of_images()
        result = json.loads(self.run_ebb(*arguments, "--json").stdout)
        self.assertEqual(result["test_accuracy"], 1.0)
        again = self.run_ebb("eval", "resnet18.pth", "--data", "images", "--image-size", "32")
        self.assertIn("test accuracy 1.0000\n", again.stdout)
        self.assertEqual(self.bytes_of("predictions.png")[:4], b"\x89PNG")

    def test_a_broken_image_is_named(self):
        arguments = self.folder_of_images()
        whole = png(40, 36, lambda x, y: 7)
        for broken, words in ((whole[:60], "PNG"), (JPEG[:200], ""), (b"GIF89a", "neither a PNG nor a JPEG"), (b"", "neither")):
            (self.path / "images/train/dark/red.jpg").write_bytes(broken)
            error = self.run_ebb(*arguments, expect=2).stderr
            self.assertIn("images/train/dark/red.jpg", error)
            if words != "PNG":
                self.assertIn(words, error)

    def test_broken_images_may_be_skipped_and_are_counted(self):
        arguments = self.folder_of_images()
        (self.path / "images/train/dark/red.jpg").write_bytes(b"GIF89a")
        (self.path / "images/train/bright/0.png").write_bytes(b"")
        printed = self.run_ebb(*arguments, "--epochs", "1", "--skip-broken").stderr
        self.assertIn("skipped 2 images of images/train that cannot be read, the first: images/train/bright/0.png", printed)
        self.assertIn("with 31 images", printed)

    def test_classes_of_one_side_only_are_named(self):
        arguments = self.folder_of_images()
        (self.path / "images/test/dark").rename(self.path / "images/test/black")
        error = self.run_ebb(*arguments, expect=2).stderr
        self.assertIn("only in images/train: dark; only in images/test: black", error)

    def test_what_a_model_was_trained_for_is_noted_with_its_weights(self):
        arguments = self.folder_of_images()
        self.run_ebb(*arguments)
        again = self.run_ebb("eval", "resnet18.pth", "--data", "images")  # at the size that is noted
        self.assertIn("test accuracy 1.0000\n", again.stdout)
        self.assertEqual(again.stderr, "")
        other = self.run_ebb("eval", "resnet18.pth", "--data", "images", "--image-size", "64")
        self.assertIn("trained on images of 32 x 32", other.stderr)
        (self.path / "images/test/dark").rename(self.path / "images/test/black")
        self.assertIn("only in resnet18.pth: dark", self.run_ebb("eval", "resnet18.pth", "--data", "images", expect=2).stderr)
        self.assertIn("2 classes apart", self.run_ebb("eval", "resnet18.pth", "--data", "synthetic", expect=2).stderr)

    def test_signals_save_and_end_without_measuring(self):
        for kind, status in ((signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)):
            running = subprocess.Popen([EBB, *FEW, "--epochs", "50"], cwd=self.path, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            self.assertIn(b"training convnet on", running.stderr.readline())
            time.sleep(0.2)
            running.send_signal(kind)
            out, err = running.communicate()
            self.assertEqual(running.returncode, status, out + err)
            self.assertEqual(err.count(b"test loss"), err.count(b"epoch") - 1, err)
            self.assertIn(b"--resume", out)
            self.assertTrue((self.path / "convnet.pth").exists())

    def test_a_second_signal_ends_at_once(self):
        running = subprocess.Popen([EBB, *TRAIN, "--epochs", "50"], cwd=self.path, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertIn(b"training convnet on", running.stderr.readline())
        for _ in range(2):
            running.send_signal(signal.SIGINT)
            time.sleep(0.001)
        running.communicate()
        self.assertIn(running.returncode, (-signal.SIGINT, 130))  # the first may have ended it before the second came

    def test_a_run_that_is_done_goes_on_for_more_epochs(self):
        self.run_ebb(*FEW)
        first = self.bytes_of("convnet.pth")
        result = json.loads(self.run_ebb(*FEW, "--epochs", "3", "--resume", "--json").stdout)
        self.assertEqual((result["epochs"], result["interrupted"]), (3, False))
        self.assertNotEqual(self.bytes_of("convnet.pth"), first)
        self.assertIn("3 epochs are done", self.run_ebb(*FEW, "--epochs", "2", "--resume", expect=2).stderr)

    def test_outputs_are_tried_before_training(self):
        (self.path / "taken.checkpoint.pth").mkdir()
        for out, words in (
            ("taken.pth", "taken.checkpoint.pth"),
            (".", "is a folder"),
            ("/proc/net.pth", "cannot create /proc/net.pth:"),
            ("", "--out: must not be empty"),
        ):
            done = self.run_ebb(*FEW, "--out", out, expect=2)
            self.assertIn(words, done.stderr)
            self.assertNotIn("training", done.stderr)
            self.assertNotIn("tmp", done.stderr)

    def test_a_training_that_diverges_says_so_and_writes_no_model(self):
        for options in ((), ("--devices", "2"), ("--limit", "300")):
            with self.subTest(options):
                done = self.run_ebb(*FEW, "--epochs", "50", "--lr", "1e30", *options, expect=1)
                self.assertRegex(done.stderr, r"diverged: the loss is not finite from step \d+ of epoch \d+ on; try a smaller --lr, such as 1e\+29")
                self.assertIn("convnet.pth was not written", done.stderr)
                self.assertLess(done.stderr.count("%|"), 50)  # epochs
                self.assertEqual([path.name for path in self.path.iterdir()], ["loss.svg"])
        result = json.loads(self.run_ebb(*FEW, "--lr", "1e30", "--json", expect=1).stdout)
        self.assertEqual((result["diverged"], result["interrupted"], result["final_loss"]), (True, False, None))
        self.assertIn("--lr", result["error"])
        self.assertIn("diverged", self.run_ebb("train", "unet", "--data", "synthetic", "--limit", "24", "--lr", "1e30", expect=1).stderr)
        self.assertIn("--amp bfloat16", self.run_ebb(*FEW, "--lr", "1e30", "--amp", "float16", expect=1).stderr)

    def test_a_training_that_diverges_keeps_the_weights_of_before(self):
        self.run_ebb(*FEW)
        kept = self.bytes_of("convnet.pth"), self.bytes_of("convnet.checkpoint.pth")
        with zipfile.ZipFile(self.path / "convnet.checkpoint.pth") as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        weights = max(parts, key=lambda name: len(parts[name]))
        parts[weights] = struct.pack("<f", float("nan")) * (len(parts[weights]) // 4)
        with zipfile.ZipFile(self.path / "convnet.checkpoint.pth", "w") as archive:
            for name, content in parts.items():
                archive.writestr(name, content)
        broken = self.bytes_of("convnet.checkpoint.pth")
        done = self.run_ebb(*FEW, "--epochs", "3", "--resume", expect=1)
        self.assertIn("convnet.pth has the weights of before", done.stderr)
        self.assertEqual((self.bytes_of("convnet.pth"), self.bytes_of("convnet.checkpoint.pth")), (kept[0], broken))

    def test_evaluates_weights_of_every_format(self):
        self.run_ebb(*FEW)
        seen = self.run_ebb("eval", "convnet.pth", "--data", "synthetic").stdout
        for form in "npz", "safetensors", "pt":
            self.run_ebb("convert", "convnet.pth", f"net.{form}")
            self.assertEqual(self.run_ebb("eval", f"net.{form}", "--data", "synthetic").stdout, seen)
        self.run_ebb("convert", "convnet.pth", "again.pth")
        self.assertEqual(self.bytes_of("again.pth"), self.bytes_of("convnet.pth"))  # notes and all

    def test_mistakes_get_a_clear_error_and_exit_code_2(self):
        (self.path / "junk.pth").write_bytes(b"<!DOCTYPE html><html>not found</html>")
        for arguments, words in (
            ((), "subcommand"),
            (("train",), "subcommand"),
            (("trian",), "did you mean train?"),
            (("train", "resnet81"), "did you mean resnet"),
            ((*TRAIN, "--threads", "0"), "--threads: must be at least 1, got 0"),
            (("train", "convnet", "--epoch", "1"), "--epoch"),
            (("train", "convnet", "--epochs", "zero"), "--epochs"),
            (("train", "convnet", "--epochs", "0"), "--epochs: must be at least 1, got 0"),
            (("train", "convnet", "--data", "imagenet"), "--data"),
            (("train", "convnet", "--root", "/nowhere"), "/nowhere"),
            ((*TRAIN, "--out", "nowhere/net.pth"), "nowhere"),
            ((*TRAIN, "--device", "tpu"), "tpu"),
            ((*TRAIN, "--device", "cuda:99"), "cuda:99"),
            ((*TRAIN, "--resume"), "convnet.checkpoint.pth"),
            ((*TRAIN, "--batch-size", "100000"), "--batch-size"),
            ((*TRAIN, "--devices", "3"), "multiple of the 3 ranks, got 100"),
            ((*TRAIN, "--devices", "100"), "at least 2 for each of 100 ranks"),
            ((*TRAIN, "--devices", "2", "--distributed", "mpi"), "give only one"),
            ((*TRAIN, "--devices", "2", "--device", "cuda"), "there is no cuda:1"),
            (("train", "convnet", "--data", "."), "a resnet does"),
            (("train", "resnet18", "--data", "."), "train: there is no such folder"),
            (("train", "resnet18", "--data", "imagenet"), "fashion-mnist, synthetic or a folder, got imagenet"),
            (("train", "unet", "--data", "imagenet"), "fashion-mnist or synthetic, got imagenet"),
            (("train", "convnet", "--skip-broken"), "--skip-broken"),
            (("train", "resnet18", "--data", "synthetic", "--skip-broken"), "--skip-broken is for a folder of images"),
            ((*TRAIN, "--root", "."), "--data is synthetic; leave out one"),
            (("eval", CONVNET, "--data", "synthetic", "--image-size", "64"), "a convnet takes images as they are"),
            (("eval", CONVNET, "--data", "synthetic", "--skip-broken"), "--skip-broken is for a folder of images"),
            (("train", "unet", "--image-size", "8"), "--image-size"),
            (("eval", "absent.pth"), "absent.pth"),
            (("eval", "junk.pth"), "junk.pth"),
        ):
            with self.subTest(arguments):
                error = self.run_ebb(*arguments, expect=2).stderr
                self.assertIn(words, error)
                self.assertNotIn(".cpp:", error)

    def test_help_tells_what_a_model_takes(self):
        for model, takes_folders in (("convnet", False), ("unet", False), ("resnet50", True)):
            told = self.run_ebb("train", model, "--help").stdout
            self.assertEqual("--skip-broken" in told, takes_folders)
            self.assertEqual("or a folder with" in told, takes_folders)
        named = re.search(r"`build/apps/ebb (train[\w ]* --help)` lists", (DATA.parent.parent / "demo").read_text(encoding="utf-8"))[1]
        self.assertIn("--epochs", self.run_ebb(*named.split()).stdout)

    def test_help_everywhere(self):
        for arguments in ((), ("train",), ("train", "convnet"), ("train", "unet"), ("train", "resnet152"), ("eval",)):
            self.assertIn("--help", self.run_ebb(*arguments, "--help").stdout)
        self.assertRegex(self.run_ebb("--version").stdout, r"^\d+\.\d+\.\d+\n$")


unittest.main()
