#!/usr/bin/env python3
"""count_tests.py counts what the test programs say, and never takes a broken run for a good one."""

import contextlib
import io
import json
import pathlib
import tempfile
import unittest

import count_tests

CATCH2 = "=====\nAll tests passed (5 assertions in 3 test cases)\n\n"


def entry(result="OK", stdout="", stderr=""):
    return {"name": "ebb:unit / x", "stdout": stdout, "stderr": stderr, "result": result, "env": {}}


class CountTests(unittest.TestCase):
    def assert_counts(self, results, line, status=0):
        """`results` are closing lines, and lists of entries that become the log of one run of Meson."""
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()) as output:
            arguments = [f"--status={status}"]
            for number, result in enumerate(results):
                if isinstance(result, list):
                    log = pathlib.Path(folder, f"{number}.json")
                    log.write_text("".join(json.dumps(e) + "\n" for e in result), encoding="utf-8")
                    result = str(log)
                arguments.append(result)
            exit_status = count_tests.main(arguments)
        self.assertEqual(output.getvalue().splitlines()[-1], line)
        self.assertEqual(exit_status, 0 if " 0 failed" in line and not line.startswith("0 passed") else 1)

    def assert_test_counts(self, line, **test):
        self.assert_counts([[entry(**test)]], line)

    def test_catch2_passed(self):
        self.assert_test_counts("3 passed, 0 failed", stdout=CATCH2)
        self.assert_test_counts("1 passed, 0 failed", stdout="All tests passed (1 assertion in 1 test case)\n")

    def test_catch2_failed(self):
        version2 = "test cases:  7 |  5 passed | 2 failed\nassertions: 30 | 28 passed | 2 failed\n"
        self.assert_test_counts("5 passed, 2 failed", result="FAIL", stdout=version2)
        self.assert_test_counts("0 passed, 1 failed", result="FAIL", stdout="test cases: 1 | 1 failed\n")

    def test_catch2_skipped_and_failed_as_expected(self):
        self.assert_test_counts("2 passed, 0 failed, 1 skipped", stdout="test cases: 3 | 2 passed | 1 skipped\n")
        self.assert_test_counts("3 passed, 0 failed", stdout="test cases: 3 | 2 passed | 1 failed as expected\n")
        both = "test cases: 9 | 5 passed | 1 failed | 1 skipped | 2 failed as expected\n"
        self.assert_test_counts("7 passed, 1 failed, 1 skipped", result="FAIL", stdout=both)

    def test_unittest(self):
        self.assert_test_counts("4 passed, 0 failed", stderr="....\nRan 4 tests in 0.001s\n\nOK\n")
        self.assert_test_counts("3 passed, 0 failed, 1 skipped", stderr="Ran 4 tests in 0.1s\n\nOK (skipped=1)\n")
        failed = "Ran 9 tests in 0.1s\n\nFAILED (failures=1, errors=2, skipped=3, expected failures=1)\n"
        self.assert_test_counts("3 passed, 3 failed, 3 skipped", result="FAIL", stderr=failed)

    def test_any_other_test_counts_one(self):
        self.assert_test_counts("1 passed, 0 failed", stdout="hello\n")
        self.assert_test_counts("0 passed, 0 failed, 1 skipped", result="SKIP", stdout=CATCH2)
        self.assert_test_counts("1 passed, 0 failed", result="EXPECTEDFAIL", stdout="test cases: 1 | 1 failed\n")
        for result in ["FAIL", "TIMEOUT", "ERROR", "INTERRUPT", "UNEXPECTEDPASS"]:
            with self.subTest(result=result):
                self.assert_test_counts("0 passed, 1 failed", result=result)

    def test_failing_after_all_cases_passed(self):
        self.assert_test_counts("3 passed, 1 failed", result="FAIL", stdout=CATCH2, stderr="LeakSanitizer: ...\n")

    def test_results_add_up(self):
        log = [entry(stdout=CATCH2), entry(), entry(result="SKIP")]
        self.assert_counts([log, log, "1 passed, 0 failed"], "9 passed, 0 failed, 2 skipped")
        self.assert_counts(["5 passed, 1 failed, 2 skipped", "1 passed, 0 failed"], "6 passed, 1 failed, 2 skipped")

    def test_a_result_that_cannot_be_read_counts_as_failed(self):
        for broken in ["/no/such/testlog.json", "Killed", "", __file__]:
            with self.subTest(broken=broken):
                self.assert_counts([broken, "1 passed, 0 failed"], "1 passed, 1 failed")

    def test_a_run_that_ended_badly_counts_as_failed(self):
        self.assert_counts([[entry()]], "1 passed, 1 failed", status=137)
        self.assert_counts([[entry(), entry(result="FAIL")]], "1 passed, 1 failed", status=1)

    def test_no_test_at_all(self):
        self.assert_counts([[]], "0 passed, 0 failed")
        self.assert_counts(["0 passed, 0 failed, 3 skipped"], "0 passed, 0 failed, 3 skipped")


if __name__ == "__main__":
    unittest.main()
