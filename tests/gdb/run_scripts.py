#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the test scripts in every gdb that is here.

usage: run_scripts.py [--gdb NAME] PROGRAM [SCRIPT ...]

Each script runs under `gdb -batch -nx` with the extension sourced, in a directory of its own: in the
machine's gdb once for each of its RUN lines, in the others for the first of them. What counts is what each command prints, never gdb's exit status. When gdb has
ended nothing of what it started may be left. Prints what is wrong, and "N passed, N failed" in the end.
"""

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import gdb_versions
from gdb_versions import ROOT
from script import BadScript, Script
from targets import MODES, program_of

SCRIPTS = ROOT / "tests" / "gdb" / "scripts"
EXTENSION = ROOT / "gdbext" / "coretool_gdb.py"
SECONDS = 60
END_SECONDS = 3
MARK = "CORETOOL_TEST_RUN"


def start_options(program):
    return ["-ex", f"source {EXTENSION}", "-ex", f"set coretool path {program}"]


def survivors(mark):
    """{pid: name} of the processes that have the mark in their environment."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if mark in (process / "environ").read_bytes():
                found[int(process.name)] = (process / "comm").read_text().strip()
    return found


def end_survivors(mark):
    """Waits for them; the names of those that had to be killed."""
    deadline = time.monotonic() + END_SECONDS
    while left := survivors(mark):
        if time.monotonic() > deadline:
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            return sorted(left.values())
        time.sleep(0.02)
    return []


def run_gdb(gdb, options, cwd, limit=SECONDS):
    """(what it printed, what is wrong with how it ended)."""
    mark = f"{MARK}={uuid.uuid4()}"
    env = gdb.env | dict([mark.split("=")])
    wrong = []
    with subprocess.Popen(gdb.command("-batch", *options), env=env, cwd=cwd, text=True,
                          errors="replace", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, start_new_session=True) as process:
        try:
            output = process.communicate(timeout=limit)[0]
        except subprocess.TimeoutExpired:
            wrong.append(f"not done after {limit} s")
            os.killpg(process.pid, signal.SIGKILL)
            end_survivors(mark.encode())  # they have the pipe, too
            output = process.communicate(timeout=SECONDS)[0]
    if process.returncode < 0 and not wrong:
        wrong.append(f"gdb was ended by signal {-process.returncode}")
    return output, wrong + [f"left running: {name}" for name in end_survivors(mark.encode())]


class Case:
    """One script with one gdb in one mode."""

    def __init__(self, script, gdb, mode, what):
        self.script, self.gdb, self.mode, self.what = script, gdb, mode, what
        self.name = f"{script.path.stem}: {mode} {what}".rstrip() + f": gdb {gdb.version}"

    def run(self, program, build):
        """What is wrong, in any number of texts."""
        paths = {"SAMPLE": program_of(self.mode, build, self.what), "BUILD": build, "ROOT": ROOT,
                 "PROGRAM": program}
        with tempfile.TemporaryDirectory(prefix="coretool-gdb-") as name:
            cwd = Path(name)
            with MODES[self.mode](self.gdb, build, self.what, cwd) as options:
                start = [] if self.mode == "bare" else start_options(program)
                output, wrong = run_gdb(
                    self.gdb, [*start, *options, *self.script.arguments(paths, cwd)], cwd)
        return [*self.script.complaints(output, self.mode), *wrong]

    def run_safely(self, program, build):
        try:
            return self.run(program, build)
        except Exception as error:  # of a sample or of gdbserver: this case's failure
            return [f"{type(error).__name__}: {error}"]

    def try_run(self, program, build):
        begin = time.monotonic()
        wrong = self.run_safely(program, build)
        # gdbserver stops threads, lets them go and stops them again as it attaches: one may be caught on its way
        # back into its call, where it rightly is said to run. That is said, and once is not the end.
        if wrong and self.mode.startswith("gdbserver"):
            print(f"again: {self.name}: {wrong[0]}", flush=True)
            wrong = self.run_safely(program, build)
        return wrong, time.monotonic() - begin


def load(paths):
    """The scripts, and a text for each that is wrong."""
    scripts, bad = [], []
    for path in paths:
        try:
            script = Script(path)
            unknown = {mode for mode, _ in script.runs} - set(MODES)
            if unknown:
                raise BadScript(f"no such mode: {', '.join(unknown)}")
            scripts.append(script)
        except (BadScript, OSError) as error:
            bad.append(f"{path}: {error}")
    return scripts, bad


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    gdb_versions.add_options(parser)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--times", action="store_true", help="how long each took")
    parser.add_argument("program", metavar="PROGRAM", type=Path)
    parser.add_argument("scripts", metavar="SCRIPT", nargs="*", type=Path)
    args = parser.parse_args()
    program, build = args.program.resolve(), args.build.resolve()
    scripts, bad = load(args.scripts or sorted(SCRIPTS.glob("*.gdb")))
    gdbs = gdb_versions.chosen(args)
    cases = [Case(script, gdb, mode, what) for script in scripts for gdb in gdbs
             for mode, what in (script.runs if gdb is gdbs[0] else script.runs[:1])]
    failed = len(bad)
    for text in bad:
        print(f"failed: {text}")
    with ThreadPoolExecutor(args.jobs) as pool:
        for case, (wrong, seconds) in zip(
                cases, pool.map(lambda case: case.try_run(program, build), cases)):
            if wrong:
                failed += 1
                print(f"failed: {case.name}", *wrong, sep="\n", flush=True)
            if args.times:
                print(f"{seconds:6.2f} s {case.name}", flush=True)
    print(f"{len(cases) + len(bad) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
