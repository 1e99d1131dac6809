#!/usr/bin/env python3
"""check_members.py finds the op that is no member, and only that."""

import contextlib
import io
import pathlib
import tempfile
import unittest

import check_members

SITE = "Site site = Site::current()"


class CheckMembers(unittest.TestCase):
    def check(self, ops, members, exceptions=()):
        """What the script prints about headers with these declarations, but for its first line."""
        files = {
            "tests/vectors/tensor_methods.txt": "# torch\nexp\nexp_\nmax\n",
            "autograd/ops/elementwise/ops.h": ops,
            "core/tensor.h": "class Tensor {\n  int dim() const;\n};\n",
            "core/tensor_ops.h": "class TensorOps {\n" + members + "};\n",
        }
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()) as output:
            root = pathlib.Path(folder)
            for name, text in files.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text, encoding="utf-8")
            failed = check_members.main(root, dict.fromkeys(exceptions, "why"))
        found = output.getvalue().splitlines()[1:]
        self.assertEqual(failed, bool(found))
        return found

    def assert_finds(self, words, *trees):
        found = self.check(*trees)
        self.assertEqual(len(found), 1, found)
        self.assertIn(words, found[0])

    def test_an_op_that_is_no_method(self):
        self.assertEqual(self.check(f"Tensor conv2d(const Tensor& x, {SITE});\n", ""), [])

    def test_a_method_is_a_member(self):
        op = f"/// Of x.\nTensor max(const Tensor& x, const Dims& dims = {{}},\n           {SITE});\n"
        self.assert_finds("max(const Dims& = {}, Site = Site::current()) is a method", op, "")
        self.assertEqual(self.check(op, f"  Tensor max(const Dims& d = {{}}, {SITE}) const;\n"), [])

    def test_its_arguments_and_defaults_are_those_of_the_op(self):
        op = f"ValuesAndIndices max(const Tensor& x, std::int64_t dim, bool keepdim = false, {SITE});\n"
        for arguments in ("std::int64_t dim, bool keepdim = true", "std::int64_t dim", "int dim, bool keepdim = false"):
            with self.subTest(arguments):
                self.assert_finds("max(std::int64_t, bool", op, f"  Tensor max({arguments}, {SITE}) const;\n")

    def test_so_is_what_works_in_place(self):
        op, member = f"Tensor exp(const Tensor& x, {SITE});\n", f"  Tensor exp({SITE}) const;\n"
        self.assert_finds("exp_(Site", op, member)
        self.assertEqual(self.check(op, member + f"  Tensor exp_({SITE}) const;\n"), [])

    def test_an_op_that_begins_with_a_number_is_none(self):
        self.assertEqual(self.check(f"Tensor max(Scalar a, const Tensor& b, {SITE});\n", ""), [])

    def test_exceptions_are_needed(self):
        op, member = f"Tensor exp(const Tensor& x, {SITE});\n", f"  Tensor exp({SITE}) const;\n"
        self.assertEqual(self.check(op, member, ["exp_"]), [])
        self.assertEqual(self.check(op, member, ["exp_(Site = Site::current())"]), [])
        self.assert_finds("the exception log_ names no op", op, member, ["exp_", "log_"])


if __name__ == "__main__":
    unittest.main()
