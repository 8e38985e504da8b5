#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Leaked goroutines by the runtime's own tests of its leak profile, against what coretool says of cores.

usage: leak_profile.py --build BUILD PROGRAM [--all | --version X.Y ...] [--way WAY ...] [--repeat N]
                       [--only GLOB] [--fast] [--keep]

Each program of those tests (of Debian's package of Go's source) runs up to where it asks for the profile.
There it prints its goroutines and stops; a core is taken; then the program goes on and the runtime looks
for leaks itself. What it says is the truth: each goroutine that is leaked must be in the core's report,
and no other in CT210 and CT212. A Go that has no such profile is measured by the patterns in the test's source.

Where goroutines went on between core and profile, one that we do not have is counted as "went on".
--fast: a few programs by the newest Go alone. Prints a line for each program of which there is something
to say, a table, and "N passed, N failed, N skipped".
"""

import argparse
import concurrent.futures
import fnmatch
import os
import shutil
import signal
import sys
import tempfile
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "cores"))

import leak_programs  # noqa: E402  the way to the others' folders comes first
from apt_suite import SuiteError  # noqa: E402
from leak_judge import Case  # noqa: E402
from toolchains import order, suites_with, toolchains  # noqa: E402

WAYS = ("plain", "sw")
# One of each kind of wait, those that must stay silent, and some of real projects.
FAST = ("NilRecv", "SelectNoCasesMain", "Select", "Mixed", "MutexHeap", "RWMutexRLock", "Cond",
        "NoLeakGlobal", "NCastLeak", "Timeout", "Cockroach35073", "Hugo5379", "Moby30408", "Syncthing5795")


def cases_of(options, toolchain, goroot, expected):
    """Builds; a Case for each program that compiles. Those that do not are counted and named."""
    cases, unbuilt = [], []
    for way in options.way:
        for folder in leak_programs.folders(goroot):
            binary = leak_programs.Folder(options.build, toolchain, folder, way)
            binary.build()
            for name, source in sorted(binary.cases().items()):
                if not fnmatch.fnmatch(name, options.only) or (options.fast and name not in FAST):
                    continue
                if source in binary.left_out:
                    unbuilt.append(f"go-{toolchain.version}-{way}/{name}")
                    continue
                wants = expected.get(name)
                again = options.repeat if not wants or wants.flaky else 1
                cases += [Case(binary, name, wants, copy) for copy in range(again)]
    return cases, unbuilt


def look(options, cases):
    """The cases, each with what was found. A core is kept when it is to be, or something is wrong."""
    options.cores.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="leaks-", dir=options.cores) as place:
        def one(case):
            # The core, and what the program printed before and after it.
            core = Path(place) / case.variant / f"{case.name}-{case.copy}.core"
            core.parent.mkdir(parents=True, exist_ok=True)
            case.look(options.program, core)
            for file in core.parent.glob(core.stem + ".*"):
                if options.keep or case.wrong:
                    kept = options.cores / case.variant / file.name
                    kept.parent.mkdir(parents=True, exist_ok=True)
                    shutil.move(file, kept)
                file.unlink(missing_ok=True)
            return case

        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            yield from pool.map(one, cases)


def newest(build, say):
    """The newest toolchain, which has the tests and the profile."""
    versions = sorted(suites_with(build, say), key=order)
    there = toolchains(build, say, only=versions[-1:]) if versions else []
    if not there or not leak_programs.comes_with(there[0].goroot):
        raise SuiteError("no toolchain with the tests of it can be had")
    return there[0]


def line(title, counts, programs):
    return (f"{title:<14}{programs:>9}{counts['leaked']:>8}{counts['found']:>8}{counts['otherwise']:>11}"
            f"{counts['went_on']:>9}{counts['missed']:>8}{counts['false']:>7}{counts['proven']:>8}"
            f"{counts['likely']:>8}")


HEAD = (f"{'':<14}{'programs':>9}{'leaked':>8}{'CT210':>8}{'otherwise':>11}{'went on':>9}{'missed':>8}"
        f"{'false':>7}{'proven':>8}{'likely':>8}")


class Table:
    """What came out, by version and way."""

    def __init__(self):
        self.rows, self.programs, self.passed, self.failed = {}, {}, 0, 0

    def add(self, case):
        self.rows.setdefault(case.variant, Counter()).update(case.counts)
        self.programs.setdefault(case.variant, set()).add(case.name)
        self.passed += not case.wrong
        self.failed += bool(case.wrong)
        for text in case.notes:
            print(f"{case.title}: {text}")
        for text in case.wrong:
            print(f"{case.title}: FAILED {text}", flush=True)

    def show(self):
        print(HEAD)
        for variant, counts in self.rows.items():
            print(line(variant, counts, len(self.programs[variant])))


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("program", type=Path)
    parser.add_argument("--all", action="store_true", help="every version that can be had")
    parser.add_argument("--version", action="append", default=[], metavar="X.Y")
    parser.add_argument("--way", action="append", choices=WAYS)
    parser.add_argument("--repeat", type=int, default=1, metavar="N",
                        help="those that depend on the scheduler")
    parser.add_argument("--only", default="*", metavar="GLOB", help="of programs")
    parser.add_argument("--fast", action="store_true")
    parser.add_argument("--keep", action="store_true", help="keep all cores")
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1))
    options = parser.parse_args()
    options.build, options.program = options.build.resolve(), options.program.resolve()
    options.cores = options.build / "go" / "leaks" / "cores"
    options.way = options.way or (WAYS[-1:] if options.fast else WAYS)
    return options


def main():
    options = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    said = []
    try:
        last = newest(options.build, said.append)
    except SuiteError as error:
        print("skipped: Go's leak profile: " + "; ".join([str(error), *said]))
        print("0 passed, 0 failed, 1 skipped")
        return 0
    expected = leak_programs.expectations((last.goroot / leak_programs.TEST).read_text())
    table, unbuilt = Table(), []
    there = [last] if options.fast else toolchains(options.build, print, options.all, options.version)
    for toolchain in there:
        try:
            cases, without = cases_of(options, toolchain, last.goroot, expected)
        except SuiteError as error:
            print(f"Go {toolchain.version} builds none of the programs: {error}")
            continue
        unbuilt += without
        for case in look(options, cases):
            table.add(case)
    table.show()
    if unbuilt:
        print(f"{len(unbuilt)} programs do not compile there: {', '.join(unbuilt)}")
    # A test of leaks without any is none.
    failed = table.failed + (not any(counts["leaked"] for counts in table.rows.values()))
    print(f"{table.passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
