"""What tools/check_registers.py finds in what ptxas says."""

import unittest

import check_registers

SAID = """ptxas info    : 0 bytes gmem
ptxas info    : Compiling entry function '_Z4goodv' for 'sm_90'
ptxas info    : Function properties for _Z4goodv
    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
ptxas info    : Used 32 registers, used 1 barriers
ptxas info    : Compiling entry function '_Z3badv' for 'sm_90'
ptxas info    : Function properties for _Z3badv
    16 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
ptxas info    : Used 40 registers, used 1 barriers
"""


class Faults(unittest.TestCase):
    def faults(self, table, found=None):
        return "\n".join(check_registers.faults(found or {"a.cu": SAID}, table))

    def test_kernels_are_read(self):
        self.assertEqual(check_registers.kernels(SAID), [("_Z4goodv", 0, 32), ("_Z3badv", 16, 40)])

    def test_more_than_the_table_has_is_named(self):
        self.assertIn("_Z3badv has registers 40, and the table 39", self.faults({"a.cu": {"registers": 39, "stack": 16}}))
        self.assertIn("_Z3badv has stack 16, and the table 8", self.faults({"a.cu": {"registers": 40, "stack": 8}}))
        self.assertEqual(self.faults({"a.cu": {"registers": 40, "stack": 16}}), "")
        self.assertEqual(check_registers.most(SAID), {"registers": 40, "stack": 16})

    def test_what_is_not_compiled_is_named(self):
        self.assertIn("b.cu is in the table, but not compiled", self.faults({"b.cu": {"registers": 1, "stack": 0}}))
        self.assertIn("compile it with tools/nvcc", self.faults({}, {"a.cu": None}))


if __name__ == "__main__":
    unittest.main()
