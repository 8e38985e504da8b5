#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of the command line.

usage: test_cli.py [--module=MODULE] PROGRAM [CORES_DIR] [NAME...]

CORES_DIR is where the sample cores are: "cores" beside the program, or one folder up, when it is not
given. NAME picks cases, as for unittest. Ends with "N passed, N failed, N skipped".
"""

import os
import re
import subprocess
import sys
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from harness import Settings  # noqa: E402

# The slowest first.
MODULES = ("redact_cases", "diff_cases", "untrusted_cases", "input_cases", "bundle_cases", "policy_cases",
           "output_cases", "leak_cases", "usage_cases", "crash_cases", "batch_cases")


def find_cores(program):
    for folder in (program.parent, program.parent.parent):
        if (folder / "cores").is_dir():
            return folder / "cores"
    return program.parent / "cores"


def run_modules(names):
    """Exit status. The results of unittest are printed as it does, with a last line to be counted by."""
    loader = unittest.TestLoader()
    loader.testNamePatterns = [f"*{name}*" for name in names] or None
    suite = unittest.TestSuite(loader.loadTestsFromName(name) for name in Settings.modules)
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=1).run(suite)
    bad = {str(test).split(" (")[0] for test, _ in result.failures + result.errors}
    passed = result.testsRun - len(bad) - len(result.skipped)
    print(f"{passed} passed, {len(bad)} failed, {len(result.skipped)} skipped")
    return 1 if bad else 0


def run_all():
    """The same of all modules, a process for each, as many at a time as there are processors."""
    def run(module):
        return subprocess.run([sys.executable, "-B", __file__, f"--module={module}", Settings.program, Settings.cores],
                              capture_output=True, text=True, check=False)

    total, status = [0, 0, 0], 0
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        for done in pool.map(run, MODULES):
            counts = re.search(r"^(\d+) passed, (\d+) failed, (\d+) skipped\n\Z", done.stdout, re.M)
            print(done.stdout[:counts and counts.start()], done.stderr, sep="\n")
            total = [a + int(b) for a, b in zip(total, counts.groups() if counts else (0, 1, 0))]
            status |= done.returncode
    print("{} passed, {} failed, {} skipped".format(*total))
    return 1 if status or total[1] else 0


def main():
    words = sys.argv[1:]
    Settings.modules = [word.partition("=")[2] for word in words if word.startswith("--module=")]
    words = [word for word in words if not word.startswith("--module=")]
    if not words:
        sys.exit(__doc__)
    Settings.program, *names = Path(words[0]).resolve(), *words[1:]
    if names and (Settings.modules or Path(names[0]).is_dir()):
        Settings.cores = Path(names.pop(0)).resolve()
    else:
        Settings.cores = find_cores(Settings.program)
    if not Settings.modules and not names:
        return run_all()
    Settings.modules = Settings.modules or MODULES
    return run_modules(names)


if __name__ == "__main__":
    sys.exit(main())
