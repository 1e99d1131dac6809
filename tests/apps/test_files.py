#!/usr/bin/env python3
"""Looks into files by the ebb command, as a user does. usage: test_files.py EBB"""

import gzip
import json
import os
import pickle
import struct
import subprocess
import unittest
import zipfile
import zlib

from command import DATA, EBB, Command


class Call:
    """Pickled as a call of that function."""

    def __init__(self, function, argument):
        self.call = function, (argument,)

    def __reduce__(self):
        return self.call


def write_sparse_archive(file, elements):
    """A file of torch.save with one tensor of so many zeros, which take no room on the disk."""
    stream = b"\x80\x02}X\1\0\0\0xctorch._utils\n_rebuild_tensor_v2\n((X\7\0\0\0storagectorch\nFloatStorage\nX\1\0\0\0" \
        b"0X\3\0\0\0cpu" + b"J" + struct.pack("<i", elements) + b"tQK\0J" + struct.pack("<i", elements) + \
        b"\x85K\1\x85\x89ccollections\nOrderedDict\n)RtRs."
    directory = b""
    for name, content, size in ((b"a/data.pkl", stream, len(stream)), (b"a/version", b"3\n", 2), (b"a/data/0", b"", 4 * elements)):
        fields = struct.pack("<HHHHHIII", 0, 0, 0, 0, 0, zlib.crc32(content), size, size)
        directory += b"PK\1\2\0\0" + fields + struct.pack("<HHHHHII", len(name), 0, 0, 0, 0, 0, file.tell()) + name
        file.write(b"PK\3\4" + fields + struct.pack("<HH", len(name), 0) + name + content)
        file.seek(file.tell() + size - len(content))
    start = file.tell()
    file.write(directory + b"PK\5\6\0\0\0\0" + struct.pack("<HHIIH", 3, 3, len(directory), start, 0))


class Files(Command):
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
        whole = self.run_ebb("inspect", str(DATA / "whole_models/convnet.pth"), "--json", expect=3)  # of a class in Python
        self.assertIn("whole model", json.loads(whole.stdout)["hints"][0])
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
        self.assertIn("--only KEY takes one of them", self.run_ebb("convert", two, "two.npy", expect=2).stderr)

    def test_files_that_lie_about_are_read(self):
        for path in sorted((DATA / "found").glob("*.pth")):
            with self.subTest(path.name):
                self.run_ebb("inspect", str(path))
                self.run_ebb("verify", str(path))
        for name in ("extra_values", "model_ema", "state_dict_ema", "module_key", "model_state", "python2", "protocol5", "folders"):
            with self.subTest(name):
                self.run_ebb("convert", str(DATA / f"found/{name}.pth"), "a.safetensors")
                report = json.loads(self.run_ebb("inspect", "a.safetensors", "--json").stdout)
                self.assertEqual([t["name"] for t in report["tensors"]], ["bias", "weight"])
        printed = self.run_ebb("convert", str(DATA / "found/extra_values.pth"), "a.safetensors").stdout
        self.assertIn("left out, for it is no tensor: epoch", printed)
        self.run_ebb("convert", str(DATA / "found/extra_values.pth"), "a.pth")
        self.assertIn({"name": "epoch", "value": 3}, json.loads(self.run_ebb("inspect", "a.pth", "--json").stdout)["values"])
        report = self.inspect("found/adam_tensors.pth")
        self.assertEqual((round(report["optimizer"]["lr"], 6), report["optimizer"]["step"]), (0.01, 2))

    def test_what_python_would_import_is_named(self):
        harmful = pickle.dumps({"a": Call(os.system, "true"), "b": Call(eval, "1")}, 2)
        with zipfile.ZipFile(self.path / "a.pth", "w") as archive:
            archive.writestr("a/data.pkl", harmful)
            archive.writestr("a/version", "3\n")
        for command in "inspect", "verify":
            printed = self.run_ebb(command, "a.pth", expect=3).stdout
            self.assertIn("sound for ebb, not safe for torch.load", printed)
            self.assertIn("posix.system, builtins.eval", printed)
            report = json.loads(self.run_ebb(command, "a.pth", "--json", expect=3).stdout)
            self.assertEqual((report["imports"], report["safe_to_load"]), (["posix.system", "builtins.eval"], False))
        self.run_ebb("verify", str(DATA / "pth/new_ckpt_args_namespace.pth"))  # a container of settings

    def test_errors_are_json_where_that_was_asked_for(self):
        (self.path / "junk").write_bytes(b"junk")
        for arguments in (("inspect", "junk"), ("convert", "junk", "a.pth"), ("inspect", "absent"), ("nothing",), ("diff", "junk", "junk")):
            with self.subTest(arguments):
                done = self.run_ebb(*arguments, "--json", expect=2)
                self.assertEqual(json.loads(done.stdout)["status"], 2)
                self.assertNotIn(".cpp:", done.stderr)

    def test_names_of_any_bytes_are_escaped(self):
        self.save_names("a\x1b[31mb", "c\nd", "\ud800")
        printed = self.run_ebb("inspect", "a.pth").stdout
        self.assertIn("a\\x1b[31mb", printed)
        self.assertIn("c\\x0ad", printed)
        self.assertNotIn("\x1b", printed)
        report = json.loads(self.run_ebb("inspect", "a.pth", "--json").stdout)
        self.assertEqual([v["name"] for v in report["values"]], ["a\x1b[31mb", "c\nd", "\\xed\\xa0\\x80"])
        os.rename(self.path / "a.pth", os.path.join(os.fsencode(self.path), b"\xff.pth"))
        done = subprocess.run([EBB, "inspect", b"\xff.pth", "--json"], cwd=self.path, capture_output=True)
        self.assertEqual(json.loads(done.stdout)["file"], "\\xff.pth")

    def save_names(self, *names):
        content = pickle.dumps(dict.fromkeys(names, 1), 2)
        with zipfile.ZipFile(self.path / "a.pth", "w") as archive:
            archive.writestr("a/data.pkl", content)
            archive.writestr("a/version", "3\n")

    def test_a_prefix_that_is_all_the_difference_is_named(self):
        plain, parallel = str(DATA / "pth/whole_sd.pth"), str(DATA / "pth/whole_parallel_sd.pth")
        self.assertIn('a prefix alone: "module." in ' + parallel, self.run_ebb("diff", plain, parallel, expect=1).stdout)
        report = json.loads(self.run_ebb("diff", parallel, plain, "--json", expect=1).stdout)
        self.assertEqual(report["prefix"], {"file": parallel, "text": "module."})

    def test_pipes_are_read_and_links_followed(self):
        path = DATA / "pth/whole_sd.pth"
        for arguments in (("inspect", "/dev/stdin"), ("verify", "/dev/stdin"), ("diff", "/dev/stdin", str(path)), ("convert", "/dev/stdin", "b.pth")):
            with self.subTest(arguments):
                done = subprocess.run([EBB, *arguments], cwd=self.path, input=path.read_bytes(), capture_output=True)
                self.assertEqual(done.returncode, 0, done.stderr)
        os.mkfifo(self.path / "pipe.pth")
        self.assertIn("pipe.pth: something that is no file", self.run_ebb("convert", str(path), "pipe.pth", expect=2).stderr)
        os.symlink("target.pth", self.path / "link.pth")
        self.run_ebb("convert", str(path), "link.pth")
        self.assertTrue((self.path / "link.pth").is_symlink())
        self.assertEqual(self.bytes_of("target.pth"), self.bytes_of("b.pth"))

    def test_large_files_are_looked_at_without_reading_them(self):
        elements = 2 << 28
        header = json.dumps({"x": {"dtype": "F32", "shape": [elements], "data_offsets": [0, 4 * elements]}}).encode()
        with open(self.path / "large.safetensors", "wb") as file:
            file.write(len(header).to_bytes(8, "little") + header)
            file.truncate(8 + len(header) + 4 * elements)
        with open(self.path / "large.pth", "wb") as file:
            write_sparse_archive(file, elements)
        for name in "large.safetensors", "large.pth":
            process = subprocess.Popen([EBB, "inspect", name], cwd=self.path, stdout=subprocess.PIPE)
            printed = process.stdout.read()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = status
            process.stdout.close()
            self.assertEqual(status, 0, printed)
            self.assertIn(b"2.15 GB", printed)
            if "ASAN_OPTIONS" not in os.environ:  # which takes memory of its own
                self.assertLess(usage.ru_maxrss, 64 << 10, name)

    def test_what_is_written_is_told_by_the_name(self):
        error = self.run_ebb("convert", str(DATA / "pth/views.pth"), "out.xyz", expect=2).stderr
        self.assertIn("out.xyz: what is written is told by the name's end", error)

    def test_more_bytes_are_allowed_where_the_file_is_trusted(self):
        self.assertIn("more memory than the 100 bytes", self.run_ebb("verify", str(DATA / "pth/views.pth"), "--most-bytes", "100", expect=1).stdout)
        self.run_ebb("inspect", str(DATA / "pth/views.pth"), "--most-bytes", "1000000")

    def test_one_tensor_is_taken_out(self):
        plain, checkpoint = str(DATA / "pth/convnet_sd_legacy.pth"), str(DATA / "pth/new_ckpt_adamw.pth")
        for file, key, names in (
            (plain, "layer1.0.weight", ["layer1.0.weight"]),
            (checkpoint, "model.fc1.weight", ["model.fc1.weight"]),
            (str(DATA / "whole_models/convnet.pth"), "layer1.0.weight", ["layer1.0.weight"]),
        ):
            for form in "npy", "npz", "safetensors", "pth":
                with self.subTest(f"{key} as {form}"):
                    self.run_ebb("convert", file, f"one.{form}", "--only", key)
                    report = json.loads(self.run_ebb("inspect", f"one.{form}", "--json").stdout)
                    self.assertEqual([t["name"] for t in report["tensors"]], [""] if form == "npy" else names)
        whole = {t["name"]: t["shape"] for t in self.inspect("pth/convnet_sd_legacy.pth")["tensors"]}
        self.run_ebb("convert", plain, "one.npy", "--only", "layer1.0.weight")
        self.assertEqual(json.loads(self.run_ebb("inspect", "one.npy", "--json").stdout)["tensors"][0]["shape"], whole["layer1.0.weight"])
        self.assertIn("did you mean \"layer1.0.weight\"?", self.run_ebb("convert", plain, "one.npy", "--only", "layer1.0.weigh", expect=2).stderr)
        self.assertIn("--only epoch must name a tensor", self.run_ebb("convert", checkpoint, "one.npy", "--only", "epoch", expect=2).stderr)
        self.assertIn("1 tensor in", self.run_ebb("convert", plain, "one.npy", "--only", "layer1.0.weight").stdout)

    def test_messages_are_of_the_command_and_not_of_the_library(self):
        plain = str(DATA / "pth/convnet_sd_legacy.pth")
        self.run_ebb("convert", plain, "a.npz")
        with zipfile.ZipFile(self.path / "deflated.npz", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("x.npy", b"\x93NUMPY\1\0" + struct.pack("<H", 118) + b"{'descr': '<f4', 'fortran_order': False, 'shape': (20000000,), }".ljust(117) + b"\n" + bytes(80000000))
        (self.path / "inflates.gz").write_bytes(gzip.compress(bytes([0, 0, 8, 1]) + struct.pack(">I", 80000000) + bytes(80000000)))
        with zipfile.ZipFile(self.path / "damaged.npz", "w") as archive:
            archive.writestr("x.npy", b"\x93NUMPY\1\0" + struct.pack("<H", 118) + b"{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }".ljust(117) + b"\n" + b"abcd")
        (self.path / "damaged.npz").write_bytes(self.bytes_of("damaged.npz").replace(b"abcd", b"abce"))
        for arguments, words in (
            (("inspect", plain, "--most-bytes", "1"), "--most-bytes allows more"),
            (("inspect", "deflated.npz"), "--most-bytes 80000128 allows it"),
            (("inspect", "inflates.gz"), "--most-bytes 80000008 allows it"),
            (("summary", "deflated.npz"), "ebb convert --most-bytes 80000128 allows it"),
            (("convert", plain, "b.npz", "--dtype", "bfloat16"), "NumPy has no type for bfloat16; ebb convert --dtype float32 converts it"),
            (("convert", plain, "/nonexistent/x.npz"), "cannot create /nonexistent/x.npz: No such file"),
            (("summary", "damaged.npz"), "its CRC is"),
            (("eval", str(DATA / "pth/new_ckpt_adamw.pth")), "the weights are of no model that ebb knows"),
            (("summary", str(DATA / "pth/new_ckpt_args_namespace.pth")), "the weights are of no model that ebb knows"),
        ):
            with self.subTest(arguments):
                error = self.run_ebb(*arguments, expect=2).stderr
                self.assertIn(words, error)
                self.assertNotRegex(error, r"io::|\{\.|kFloat|LoadOptions|load_value|load_state_dict|tmp-")
        told = ""
        for path in sorted((*DATA.glob("pth*/*"), *DATA.glob("found/*"), *DATA.glob("npy*/*"), *DATA.glob("safetensors*/*"))):
            for arguments in (("convert", str(path), "b.npz"), ("summary", str(path))):
                told += subprocess.run([EBB, *arguments], cwd=self.path, text=True, capture_output=True, check=False).stderr
        for words in "of no model that ebb knows", "ebb convert --only", "ebb convert --dtype float32":
            self.assertIn(words, told)
        self.assertNotRegex(told, r"io::|\{\.|kFloat|LoadOptions|load_value|load_state_dict\b(?!\()|tmp-")
        told = self.run_ebb("verify", plain, "--most-bytes", "1", expect=1).stdout
        self.assertIn("--most-bytes allows more", told)
        for name in "new_ckpt_args_namespace", "whole", "whole_parallel_sd":
            done = subprocess.run([EBB, "inspect", str(DATA / f"pth/{name}.pth")], text=True, capture_output=True, check=False)
            self.assertNotRegex(done.stdout, r"hint: .*(io::|\{\.|net\.)")

    def test_summaries(self):
        printed = self.run_ebb("summary", "resnet50").stdout
        self.assertIn("Total params: 25,557,032", printed)
        report = json.loads(self.run_ebb("summary", "convnet", "--input", "7,1,28,28", "--depth", "1", "--json").stdout)
        self.assertEqual((report["total_params"], report["layers"][0]["output"]), (29034, [7, 10]))
        self.run_ebb("convert", str(DATA / "pth/convnet_sd_legacy.pth"), "net.safetensors")
        self.assertIn("Total params: 29,034", self.run_ebb("summary", "net.safetensors").stdout)
        for arguments, words in (
            (("resnet5",), "did you mean resnet50?"),
            (("convnet", "--input", "1,x"), "--input must be sizes"),
            (("convnet", "--input", "1,3,28,28"), "1"),
            (("convnet", "--depth", "0"), "--depth"),
        ):
            with self.subTest(arguments):
                self.assertIn(words, self.run_ebb("summary", *arguments, expect=2).stderr)

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
