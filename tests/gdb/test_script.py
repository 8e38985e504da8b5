#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of the scripts' checks: what shall fail fails, and nothing else."""

import tempfile
import unittest
from pathlib import Path

from script import BadScript, Script

OUTPUT = "apples 3\npears 7\npears 8\n\nplums\n"


def script_of(text):
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "x.gdb"
        path.write_text(text, encoding="utf-8")
        return Script(path)


def complaints(checks, output=OUTPUT, mode="live"):
    script = script_of("# RUN: live x\nshow\n" + checks)
    return "\n".join(script.complaints(f"\n@@@0\n{output}\n@@@1\n", mode))


class Checks(unittest.TestCase):
    def assert_fails(self, checks, why, **more):
        self.assertIn(why, complaints(checks, **more))

    def assert_passes(self, checks, **more):
        self.assertEqual(complaints(checks, **more), "")

    def test_order(self):
        self.assert_passes("# CHECK: apples\n# CHECK: ^pears 7$\n# CHECK: plums\n")
        self.assert_fails("# CHECK: plums\n# CHECK: apples\n", "above the line of the check before")
        self.assert_fails("# CHECK: pears\n# CHECK: pears\n# CHECK: pears\n", "is not in the output")

    def test_not(self):
        self.assert_passes("# CHECK-NOT: cherries\n")
        self.assert_fails("# CHECK: plums\n# CHECK-NOT: app.es\n", "is in the output: apples 3")

    def test_count(self):
        self.assert_passes("# CHECK-COUNT-2: pears\n# CHECK-COUNT-0: cherries\n")
        self.assert_fails("# CHECK-COUNT-1: pears\n", "2 lines, not 1")

    def test_only_and_empty(self):
        self.assert_passes("# CHECK-ONLY: plums\n", output="\nplums\n")
        self.assert_fails("# CHECK-ONLY: plums\n", "is not all of the output")
        self.assert_fails("# CHECK-ONLY: pears\n", "is not all of the output", output="plums\n")
        self.assert_passes("# CHECK-EMPTY:\n", output="\n")
        self.assert_fails("# CHECK-EMPTY:\n", "something is printed")

    def test_modes(self):
        self.assert_passes("# CHECK[core attach]: cherries\n# CHECK: plums\n")
        self.assert_fails("# CHECK[core live]: cherries\n", "is not in the output")

    def test_names(self):
        self.assert_passes("# CHECK: apples (?P<n>\\d)\n# CHECK-NOT: pears <<n>>\n")
        self.assert_fails("# CHECK: pears (?P<n>7)\n# CHECK: pears <<n>>\n", "'pears 7'")

    def test_what_is_always_wrong(self):
        self.assert_fails("# CHECK: x\n", "must never be printed", output="x\nPython Exception <y>\n")

    def test_gdb_that_is_gone(self):
        script = script_of("# RUN: live x\nfirst\nsecond\n# CHECK-EMPTY:\n")
        self.assertIn("gdb did not come back", "".join(script.complaints("\n@@@0\n\n@@@1\nbye", "live")))
        self.assertIn("did not come to the script", "".join(script.complaints("bye", "live")))

    def test_bad_scripts(self):
        for text in ("show\n# CHECK: x\n", "# RUN: live x\nshow\n", "# RUN: live x\n# CHECK: x\nshow\n",
                     "# RUN: live x\nshow\n# CHECK-NEVER: x\n", "# RUN: live x\nshow\n# CHECK: (\n",
                     "# RUN: live x\npython\npass\n# CHECK: x\n"):
            with self.assertRaises(BadScript, msg=text):
                script_of(text)

    def test_blocks(self):
        script = script_of("# RUN: live x\npython\nif 1:\n  pass\nend\nif 1\n  if 2\n  end\nend\n"
                           "python print(1)\nshow\n# CHECK: x\n")
        self.assertEqual([command.text.count("\n") for command in script.commands], [3, 3, 0, 0])


if __name__ == "__main__":
    unittest.main()
