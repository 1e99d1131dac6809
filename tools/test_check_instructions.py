"""What tools/check_instructions.py finds in machine code."""

import struct
import unittest

import check_instructions as check


def instruction(operation, size=0, barrier=check.NO_BARRIER, waits_for=(), predicate=check.ALWAYS):
    code = operation | predicate << check.PREDICATE | size << check.SIZE | barrier << check.BARRIER
    return code | sum(1 << check.WAITS_FOR + b for b in waits_for)


def load(barrier, size=check.SIZE_OF_16_BYTES):
    return instruction(check.LOAD, size, barrier)


ADD, MULTIPLY_MATRICES = 0x221, 0x23C


def object_with(code):
    """An object as nvcc makes it, of which one kernel's machine code is `code`."""
    names = b"\0.names\0.text._Z4goodPf\0"
    text = b"".join(i.to_bytes(16, "little") for i in code)
    at = 64 + len(names) + len(text)
    header = bytearray(64)
    header[:4] = b"\x7fELF"
    struct.pack_into("<Q", header, 0x28, at)
    struct.pack_into("<HHH", header, 0x3A, 64, 2, 0)
    sections = b"".join(struct.pack("<IIQQQQ", name, 0, 0, 0, offset, size).ljust(64, b"\0")
                        for name, offset, size in ((1, 64, len(names)), (8, 64 + len(names), len(text))))
    cubin = bytes(header) + names + text + sections
    entry = struct.pack("<HHIQ", check.ELF_ENTRY, 0x101, 64, len(cubin)).ljust(64, b"\0") + cubin
    source = struct.pack("<HHIQ", 1, 0x101, 64, 4).ljust(64, b"\0") + b"ptx "
    return b"host code" + struct.pack("<IHHQ", check.FATBIN, 1, 16, len(entry + source)) + entry + source


class Reading(unittest.TestCase):
    def test_kernels_of_an_object(self):
        code = [load(0), instruction(MULTIPLY_MATRICES), instruction(check.EXIT)]
        cubins = list(check.machine_codes(object_with(code)))
        self.assertEqual(len(cubins), 1)
        self.assertEqual(list(check.kernels_in(cubins[0])), [("_Z4goodPf", code)])

    def test_compressed_machine_code_is_refused(self):
        with self.assertRaisesRegex(ValueError, "compressed"):
            list(check.kernels_in(b"\x28\xb5\x2f\xfd"))

    def test_template(self):
        self.assertEqual(check.template_of("_ZN3ebb7kernels7averageILi4EfEEvPKf"), "average")
        self.assertEqual(check.template_of("_ZN3ebb48_GLOBAL__N__774163d7_15_average_cuda_cu_8e87c10e6finishEv"), "finish")
        self.assertEqual(check.template_of("_Z4goodPf"), "good")


class Facts(unittest.TestCase):
    def test_loads_are_in_flight_until_one_waits_for_their_barrier(self):
        at_once = [load(0), load(0), load(1), instruction(ADD, waits_for=[0]), load(2)]
        self.assertEqual(check.loads_in_flight(at_once), 3)
        one_by_one = [i for _ in range(9) for i in (load(0), instruction(ADD, waits_for=[0]))]
        self.assertEqual(check.loads_in_flight(one_by_one), 1)

    def test_two_ways_through_a_kernel_are_not_added(self):
        for end in (check.EXIT, check.JUMP):
            self.assertEqual(check.loads_in_flight([load(0), load(0), instruction(end), load(1)]), 2)
            self.assertEqual(check.loads_in_flight([load(0), load(0), instruction(end, predicate=0), load(1)]), 3)

    def test_facts(self):
        narrow = [load(0, size=4)] * 4
        self.assertEqual(list(check.facts(narrow).values()), [1, 0, 1, 0])
        self.assertEqual(list(check.facts([load(0), instruction(MULTIPLY_MATRICES)]).values()), [1, 1, 0, 1])
        to_shared = [instruction(check.LOAD_TO_SHARED, check.SIZE_OF_16_BYTES)]
        self.assertEqual(list(check.facts(to_shared).values()), [1, 1, 0, 0])


class Faults(unittest.TestCase):
    def test_less_than_the_table_says(self):
        table = {"a.cu": {"sum": {"kernels": 2, "load 16 bytes": 2}}}
        more = {"a.cu": {"sum": {"kernels": 3, "load 16 bytes": 2}}, "b.cu": {}}
        self.assertEqual(list(check.faults(more, table)), [])
        less = {"a.cu": {"sum": {"kernels": 2, "load 16 bytes": 1}}}
        self.assertIn("a.cu: 1 of sum: load 16 bytes; the table says 2", "\n".join(check.faults(less, table)))
        self.assertEqual(len(list(check.faults({}, table))), 2)


if __name__ == "__main__":
    unittest.main()
