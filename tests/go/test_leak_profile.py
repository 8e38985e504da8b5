#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of how leaked goroutines are compared with what the runtime, or its tests' source, says."""

import unittest
from types import SimpleNamespace

import goroutine_text
from leak_judge import Case, as_the_test_says
from leak_programs import Expected, expectations

SOURCE = """
	cases := []testCase{
		makeTest("Shop",
			// Two of them.
			`shop\\.open\\.func1\\(.* \\[chan send\\]`,
			`\\(\\*Till\\)\\.count\\(.* \\[sync\\.Mutex\\.Lock\\]`,
		),
		makeTest("Silent"),
		// makeTest("Gone",
		// 	`gone\\(.* \\[select\\]`),
		makeFlakyTest("Late",
			`late\\(.* \\[select\\]`),
	}
"""


def printed(*rows, leaked=()):
    """What the runtime prints of goroutines (number, reason, function)."""
    return goroutine_text.goroutines("\n\n".join(
        f"goroutine {number} [{reason}{goroutine_text.LEAKED if number in leaked else ''}, 2 minutes]:\n"
        f"main.{function}(0x1, 0x2)\n\t/shop.go:1 +0x10\n"
        "created by main.main in goroutine 1\n\t/shop.go:2 +0x20"
        for number, reason, function in rows))


ROWS = ((7, "chan send", "shop.open.func1"), (8, "select", "late"), (9, "sleep", "till"))


def case(expected=None):
    return Case(SimpleNamespace(toolchain=SimpleNamespace(version="1.99"), way="sw"), "Shop", expected, 0)


class LeakProfileTest(unittest.TestCase):
    def test_expectations(self):
        found = expectations(SOURCE)
        self.assertEqual(sorted(found), ["Late", "Shop", "Silent"])
        self.assertEqual([len(found[name].patterns) for name in sorted(found)], [1, 2, 0])
        self.assertEqual([found[name].flaky for name in sorted(found)], [True, False, False])

    def test_text(self):
        one = printed(ROWS[0], leaked=[7])[7]
        self.assertEqual(one, ("chan send (leaked)", "main.main", ["main.shop.open.func1"]))
        self.assertEqual(as_the_test_says(one), "shop.open.func1(...) [chan send]")
        older = one._replace(reason="semacquire", functions=["sync.(*WaitGroup).Wait", "main.f"])
        self.assertEqual(as_the_test_says(older), "f(...) [sync.WaitGroup.Wait]")

    def by_profile(self, before, after, told):
        one = case()
        one._judge_by_profile(before, after, told)
        return one.counts, one.wrong

    def test_profile(self):
        before, after = printed(*ROWS), printed(*ROWS, leaked=[7, 8])
        counts, wrong = self.by_profile(before, after, {"CT210": {7}, "CT204": {8}})
        self.assertEqual((counts["leaked"], counts["found"], counts["otherwise"], wrong), (2, 1, 1, []))
        counts, wrong = self.by_profile(before, after, {"CT210": {7}})
        self.assertEqual((counts["missed"], counts["went_on"], len(wrong)), (1, 0, 1))
        # Others that may not be leaked are none in circles, but they are in CT210.
        counts, wrong = self.by_profile(before, after, {"CT210": {7, 8, 9}, "CT204": {9}})
        self.assertEqual((counts["false"], len(wrong)), (1, 1))

    def test_went_on_since(self):
        before, after = printed(*ROWS), printed(*ROWS[:2], leaked=[7, 8])
        counts, wrong = self.by_profile(before, after, {"CT210": {7}})
        self.assertEqual((counts["missed"], counts["went_on"], wrong), (0, 1, []))
        counts, wrong = self.by_profile(before, printed(*ROWS[:2], leaked=[7]), {"CT210": {7, 8}})
        self.assertEqual((counts["false"], len(wrong)), (1, 1))

    def test_main_that_rests(self):
        rows = ((1, "select (no cases)", "main"),)
        counts, wrong = self.by_profile(printed(*rows), printed(*rows, leaked=[1]), {})
        self.assertEqual((counts["leaked"], wrong), (0, []))

    def by_patterns(self, told, rows=ROWS[:2]):
        one = case(expectations(SOURCE)["Shop"])
        one._judge_by_patterns(printed(*rows), told)
        return one

    def test_patterns(self):
        one = self.by_patterns({"CT210": {7}})
        self.assertEqual((one.counts["leaked"], one.counts["found"], one.wrong), (1, 1, []))
        self.assertEqual(len(one.notes), 1)  # nobody counts the till
        self.assertEqual(self.by_patterns({"CT210": {7, 8}}).counts["false"], 1)
        self.assertEqual(self.by_patterns({}).counts["missed"], 1)
        self.assertEqual(self.by_patterns({}, ROWS).counts["went_on"], 1)
        none = case(Expected((), False))
        none._judge_by_patterns(printed(*ROWS[:2]), {"CT210": {7}})
        self.assertEqual(none.counts["false"], 1)


if __name__ == "__main__":
    unittest.main()
