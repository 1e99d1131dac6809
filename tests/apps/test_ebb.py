#!/usr/bin/env python3
"""Runs the ebb command as a user does: results, interruption and resumption, mistakes. usage: test_ebb.py EBB"""

import base64
import gzip
import json
import os
import pathlib
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree
import zipfile
import zlib

MPIRUN = (shutil.which("mpirun"), "--allow-run-as-root", "--oversubscribe", "--mca", "btl_vader_single_copy_mechanism", "none")
EBB = str(pathlib.Path(sys.argv.pop(1)).resolve())
DATA = pathlib.Path(__file__).resolve().parent.parent / "vectors"
TRAIN = ("train", "convnet", "--data", "synthetic", "--epochs", "1")
FEW = (*TRAIN, "--limit", "1500")
JPEG = base64.b64decode(  # 16 x 12 red pixels, written by Pillow
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABsSFBcUERsXFhceHBsgKEIrKCUlKFE6PTBCYFVlZF9VXVtqeJmBanGQc1tdhbWGkJ6j"
    "q62rZ4C8ybqmx5moq6T/2wBDARweHigjKE4rK06kbl1upKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSk"
    "pKSkpKSkpKT/wAARCAAMABADASIAAhEBAxEB/8QAFQABAQAAAAAAAAAAAAAAAAAAAAT/xAAUEAEAAAAAAAAAAAAAAAAAAAAA/8QA"
    "FQEBAQAAAAAAAAAAAAAAAAAABAX/xAAUEQEAAAAAAAAAAAAAAAAAAAAA/9oADAMBAAIRAxEAPwCMAZXf/9k="
)


def png(width, height, grey):
    """A grey PNG file: `grey(x, y)` is each pixel's brightness."""

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = b"".join(b"\0" + bytes(grey(x, y) for x in range(width)) for y in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


class Command(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = pathlib.Path(self.folder.name)

    def run_ebb(self, *arguments, expect=0):
        done = subprocess.run([EBB, *arguments], cwd=self.path, text=True, capture_output=True)
        self.assertEqual(done.returncode, expect, done.stdout + done.stderr)
        return done

    def bytes_of(self, name):
        return (self.path / name).read_bytes()

    def test_trains_saves_and_evaluates(self):
        printed = self.run_ebb(*TRAIN).stdout
        accuracy = re.search(r"^test accuracy (0\.\d{4})$", printed, re.MULTILINE)[1]
        self.assertGreater(float(accuracy), 0.8)
        self.assertIn(str(self.path / "convnet.pth"), printed.splitlines()[-1])
        self.assertIn(f"test accuracy {accuracy}\n", self.run_ebb("eval", "convnet.pth", "--data", "synthetic").stdout)
        xml.etree.ElementTree.parse(self.path / "loss.svg")
        result = json.loads(self.run_ebb("eval", "convnet.pth", "--data", "synthetic", "--json").stdout)
        self.assertEqual(f"{result['test_accuracy']:.4f}", accuracy)

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
        self.assertIn(b"--resume", out)
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

    def test_mistakes_get_a_clear_error_and_exit_code_2(self):
        (self.path / "junk.pth").write_bytes(b"<!DOCTYPE html><html>not found</html>")
        for arguments, words in (
            ((), "subcommand"),
            (("train",), "subcommand"),
            (("train", "convnet", "--epoch", "1"), "--epoch"),
            (("train", "convnet", "--epochs", "zero"), "--epochs"),
            (("train", "convnet", "--epochs", "0"), "--epochs must be positive"),
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
            (("train", "unet", "--image-size", "8"), "--image-size"),
            (("eval", "absent.pth"), "absent.pth"),
            (("eval", "junk.pth"), "junk.pth"),
        ):
            with self.subTest(arguments):
                self.assertIn(words, self.run_ebb(*arguments, expect=2).stderr)

    def test_help_everywhere(self):
        for arguments in ((), ("train",), ("train", "convnet"), ("train", "unet"), ("train", "resnet152"), ("eval",)):
            self.assertIn("--help", self.run_ebb(*arguments, "--help").stdout)
        self.assertRegex(self.run_ebb("--version").stdout, r"^\d+\.\d+\.\d+\n$")

    def inspect(self, name):
        return json.loads(self.run_ebb("inspect", str(DATA / name), "--json").stdout)

    def test_inspects_files(self):
        report = self.inspect("pth/new_ckpt_adamw.pth")
        self.assertEqual(report["optimizer"]["name"], "AdamW")
        self.assertEqual(report["optimizer"]["step"], 3)
        weight = next(tensor for tensor in report["tensors"] if tensor["name"] == "model.fc1.weight")
        self.assertEqual((weight["dtype"], weight["bytes"]), ("float32", 4 * weight["shape"][0] * weight["shape"][1]))
        self.assertEqual(self.inspect("pth/tied.pth")["tensors"][1]["shares_with"], "0.weight")
        self.assertEqual(self.inspect("pth/new_convnet_sd.pth")["model"], {"name": "convnet", "classes": 10})
        self.assertEqual(self.inspect("pth/legacy_cuda0_tensor.pt")["locations"], {"cuda:0": 1})
        report = self.inspect("pth/new_ckpt_args_namespace.pth")
        self.assertEqual(report["objects"], ["argparse.Namespace"])
        self.assertIn("vars(args)", report["hints"][0])
        self.assertIn("whole model", self.inspect("whole_models/convnet.pth")["hints"][0])
        self.assertIn("shares with 0.weight", self.run_ebb("inspect", str(DATA / "pth/tied.pth")).stdout)
        for name, hint in (("html", "web page"), ("lfs_pointer", "git lfs pull"), ("hdf5", "HDF5")):
            self.assertIn(hint, self.run_ebb("inspect", str(DATA / f"pth_malformed/{name}.pth"), expect=2).stderr)

    def test_inspects_arrays(self):
        for name, form in (("npy/f4.npy", "NumPy, array"), ("npy/deflated.npz", "NumPy, archive of arrays")):
            report = self.inspect(name)
            self.assertEqual(report["format"], form)
            self.assertGreater(len(report["tensors"]), 0)
        idx = bytes([0, 0, 8, 2, 0, 0, 0, 1, 0, 0, 0, 3, 7, 8, 9])
        for name, content in (("labels", idx), ("labels.gz", gzip.compress(idx))):
            (self.path / name).write_bytes(content)
            report = json.loads(self.run_ebb("inspect", name, "--json").stdout)
            self.assertEqual((report["format"][:3], report["tensors"][0]["shape"]), ("idx", [1, 3]))
        self.run_ebb("convert", "labels", "labels.npy")
        self.run_ebb("convert", "labels.npy", "labels.safetensors")
        self.assertIn("1 equal, 0 differ", self.run_ebb("diff", "labels.gz", "labels.safetensors").stdout)
        complex_array = str(DATA / "npy/c8.npy")
        self.assertIn("1 equal", self.run_ebb("diff", complex_array, complex_array).stdout)
        self.assertIn("complex64 and complex128", self.run_ebb("diff", complex_array, str(DATA / "npy/c16.npy"), expect=1).stdout)
        two = str(DATA / "pth/tied.pth")
        self.assertIn("a .npy file holds one tensor", self.run_ebb("convert", two, "two.npy", expect=2).stderr)

    def test_verifies_files(self):
        self.assertIn("sound", self.run_ebb("verify", str(DATA / "pth/views.pth")).stdout)
        done = self.run_ebb("verify", str(DATA / "pth_malformed/zip_crc_wrong.pth"), "--json", expect=1)
        self.assertEqual(json.loads(done.stdout)["sound"], False)

    def test_converts_and_compares_weights(self):
        old, new = str(DATA / "pth/convnet_sd_legacy.pth"), "new.pth"
        self.run_ebb("convert", old, new)
        self.assertIn("16 equal, 0 differ, 0 in one file only", self.run_ebb("diff", old, new).stdout)
        self.run_ebb("convert", old, "head.pth", "--strip", "layer1.", "--dtype", "float16")
        report = json.loads(self.run_ebb("diff", old, "head.pth", "--json", expect=1).stdout)
        self.assertEqual(len(report["only_first"]), 7)
        self.assertEqual(report["differ"][0]["dtypes"], ["float32", "float16"])
        self.assertLess(report["differ"][0]["greatest_difference"], 1e-3)
        self.assertIn("no key begins", self.run_ebb("convert", old, "x.pth", "--strip", "y.", expect=2).stderr)
        self.assertIn("--dtype must be", self.run_ebb("convert", old, "x.pth", "--dtype", "int8", expect=2).stderr)
        self.run_ebb("convert", old, "new.safetensors")
        self.assertEqual(json.loads(self.run_ebb("inspect", "new.safetensors", "--json").stdout)["format"], "safetensors")
        self.assertIn("16 equal, 0 differ", self.run_ebb("diff", old, "new.safetensors").stdout)
        self.run_ebb("convert", "new.safetensors", "back.npz")
        self.assertEqual(len(zipfile.ZipFile(self.path / "back.npz").namelist()), 16)
        checkpoint = str(DATA / "pth/new_ckpt_adamw.pth")
        self.run_ebb("convert", checkpoint, "model.pth", "--only", "model")
        self.assertIn("no key", self.run_ebb("convert", checkpoint, "x.pth", "--only", "other", expect=2).stderr)
        self.assertFalse((self.path / "x.pth").exists())



unittest.main()
