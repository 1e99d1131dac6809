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

    def test_a_stack_is_named(self):
        self.assertIn("_Z3badv keeps 16 bytes on a stack", self.faults({"a.cu": 64}))

    def test_more_registers_than_the_table_has_are_named(self):
        self.assertIn("_Z3badv takes 40 registers, and the table has 39", self.faults({"a.cu": 39}))
        self.assertNotIn("takes", self.faults({"a.cu": 40}))

    def test_what_is_not_compiled_is_named(self):
        self.assertIn("b.cu is in the table, but not compiled", self.faults({"a.cu": 64, "b.cu": 1}))
        self.assertIn("compile it with tools/nvcc", self.faults({}, {"a.cu": None}))


if __name__ == "__main__":
    unittest.main()
