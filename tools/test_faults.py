#!/usr/bin/env python3
"""The faults that tools/mutate plants are in code, and are what they are called."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "lib"))
import faults


class Faults(unittest.TestCase):
    def check(self, operator, line, *expected):
        self.assertEqual([fault.after for fault in faults.faults_of(line) if fault.operator == operator], list(expected))

    def test_comparisons(self):
        self.check("boundary", "for (int i = 0; i < n; ++i) {", "for (int i = 0; i <= n; ++i) {")
        self.check("boundary", "if (a >= b && c > d) {", "if (a > b && c > d) {", "if (a >= b && c >= d) {")
        self.check("boundary", "std::vector<int> a = f<T>(b << 2);")
        self.check("equality", "if (a == b) return;", "if (a != b) return;")

    def test_arithmetic(self):
        self.check("sign", "x = a + f(b) - 1;", "x = a - f(b) - 1;", "x = a + f(b) + 1;")
        self.check("sign", "x += 1;", "x -= 1;")
        self.check("factor", "const T* x = a * b;", "const T* x = a / b;")
        self.check("unary sign", "return f(-x, -1);", "return f(x, -1);")
        self.check("constant", "x = a[0] + 10 + 1.5f;", "x = a[1] + 10 + 1.5f;")

    def test_truth(self):
        self.check("logic", "if (a && b) {", "if (a || b) {")
        self.check("negation", "if (!f(x) && a != b) {", "if (f(x) && a != b) {")
        self.check("truth", "return true;", "return false;")
        self.check("condition", "} else if (f(x)) {", "} else if (!(f(x))) {")
        self.check("condition", "if (int a = f(); a > 0) {")

    def test_calls(self):
        self.check("dropped call", "  folder.sync();", "  ;")
        self.check("dropped call", "  check(a, f(b));", "  ;")
        self.check("dropped call", "  return f(b);")
        self.check("dropped call", "  f(a).g(b) = h(c);")
        self.check("dropped call", "  File file(path);")
        self.check("swapped arguments", "x = f(a, b);", "x = f(b, a);")
        self.check("swapped arguments", "x = std::max(a, b);")
        self.check("swapped arguments", "void f(a, b);")

    def test_what_is_no_code(self):
        for line in ('#if a < b', '// a < b', 'x = "a < b && !c + 1";', "template <int n = 1>", "/// !x + 1"):
            self.assertEqual(faults.faults_of(line), [], line)
        self.check("sign", 'check(a + b == c, "a is ", a + 1);', 'check(a - b == c, "a is ", a + 1);')


if __name__ == "__main__":
    unittest.main()
