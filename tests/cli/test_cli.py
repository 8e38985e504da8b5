#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of the command line.

usage: test_cli.py PROGRAM [CORES_DIR] [NAME...]

CORES_DIR is where the sample cores are: "cores" beside the program, or one folder up, when it is not
given. NAME picks cases, as for unittest. Ends with "N passed, N failed, N skipped".
"""

import os
import sys
import unittest
from pathlib import Path

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from harness import Settings  # noqa: E402

MODULES = ("usage_cases", "input_cases", "output_cases", "batch_cases", "bundle_cases",
           "redact_cases", "policy_cases", "crash_cases",
           "diff_cases", "leak_cases", "untrusted_cases")


def find_cores(program):
    for folder in (program.parent, program.parent.parent):
        if (folder / "cores").is_dir():
            return folder / "cores"
    return program.parent / "cores"


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    Settings.program = Path(sys.argv[1]).resolve()
    names = sys.argv[2:]
    if names and Path(names[0]).is_dir():
        Settings.cores = Path(names.pop(0)).resolve()
    else:
        Settings.cores = find_cores(Settings.program)
    loader = unittest.TestLoader()
    loader.testNamePatterns = [f"*{name}*" for name in names] or None
    suite = unittest.TestSuite(loader.loadTestsFromName(name) for name in MODULES)
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=1).run(suite)
    bad = {str(test).split(" (")[0] for test, _ in result.failures + result.errors}
    passed = result.testsRun - len(bad) - len(result.skipped)
    print(f"{passed} passed, {len(bad)} failed, {len(result.skipped)} skipped")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
