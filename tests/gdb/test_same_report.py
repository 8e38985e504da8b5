#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One stop of a process, three ways to look at it, one report.

usage: test_same_report.py [--gdb NAME] PROGRAM

A sample is stopped by SIGSTOP and stays so. gdb attaches, exports its report, makes a core and lets go;
then gdb on a gdbserver exports its report; then the program analyses the core. The kernel keeps each thread in
its system call as long as the stop lasts, so the three JSON documents must be equal but for what
belongs to the way and not to the process:

- of the target: source, path and time, which are the way itself.
- names of threads: a core has none. In sentences they stand behind the thread's number, where without
  them stands the function that the thread began in; both are taken out.
"""

import argparse
import contextlib
import difflib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import gdb_versions
from run_scripts import run_gdb, start_options
from targets import executes, resting, tcp_server

SAMPLES = ("deadlock2", "kinds", "join_cycle", "owner_exited", "syscalls", "cxx_deadlock",
           "member_lock", "tls_lock")
OF_THE_WAY = ("source", "path", "time")
SECONDS = 60
SHOWN_LINES = 30
NAME_IN_SENTENCE = re.compile(r"\b(thread \d+) \([^()]*\)")


class Failure(Exception):
    """What is wrong."""


def plain(value):
    """Sentences without names of threads."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return NAME_IN_SENTENCE.sub(r"\1", value) if isinstance(value, str) else value


def comparable(report):
    """As lines, so that a difference can be shown."""
    for key in OF_THE_WAY:
        report["target"].pop(key, None)
    for actor in report["actors"]:
        actor.pop("name", None)
    return json.dumps(plain(report), indent=1, sort_keys=True).splitlines()


@contextlib.contextmanager
def stopped(build, what, cwd):
    """A sample at rest that somebody has stopped."""
    with resting(build, what, cwd) as sample:
        os.kill(sample.pid, signal.SIGSTOP)
        deadline = time.monotonic() + SECONDS
        while any(state != "T" for state, _ in sample.task_states()):
            if time.monotonic() > deadline:
                raise Failure("it does not stop")
            time.sleep(0.002)
        yield sample


def export(gdb, program, cwd, before, name, after):
    """The report that gdb writes."""
    commands = [before, f"coretool export {name}.json", *after, "detach"]
    output, wrong = run_gdb(gdb, [*start_options(program), *executes(commands)], cwd)
    try:
        if wrong:
            raise Failure(", ".join(wrong))
        return json.loads((cwd / f"{name}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, Failure) as error:
        raise Failure(f"{name}: {error}; gdb said:\n{output}") from None


def analyse(program, core):
    done = subprocess.run([program, "analyze", "--json", core], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=SECONDS, check=False)
    if done.returncode or done.stderr:
        raise Failure(f"core: exit status {done.returncode}: {done.stderr.strip()}")
    return json.loads(done.stdout)


def reports(gdb, program, build, what, cwd):
    """{way: report} of one stop."""
    with stopped(build, what, cwd) as sample:
        live = export(gdb, program, cwd, f"attach {sample.pid}", "live", ["gcore stop.core"])
        with tcp_server(gdb, sample.pid, cwd) as port:
            server = export(gdb, program, cwd, f"target remote localhost:{port}", "gdbserver", [])
        return {"live": live, "gdbserver": server, "core": analyse(program, cwd / "stop.core")}


def check(gdb, program, build, what):
    """What is wrong, or None."""
    with tempfile.TemporaryDirectory(prefix="coretool-gdb-") as name:
        try:
            found = reports(gdb, program, build, what, Path(name))
            if found["live"]["summary"]["threads"] < 2:
                raise Failure("the report has no threads: this compares nothing")
            lines = {way: comparable(report) for way, report in found.items()}
        except Exception as error:  # of a sample, of gdb or in a report: this one's failure
            return f"{type(error).__name__}: {error}"
    differences = [line for way in ("gdbserver", "core") for line in difflib.unified_diff(
        lines["live"], lines[way], "live", way, lineterm="", n=2)]
    return "\n".join(differences[:SHOWN_LINES]) or None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    gdb_versions.add_options(parser)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("program", metavar="PROGRAM", type=Path)
    parser.add_argument("samples", metavar="SAMPLE", nargs="*", default=SAMPLES)
    args = parser.parse_args()
    program, build = args.program.resolve(), args.build.resolve()
    cases = [(gdb, what) for what in args.samples for gdb in gdb_versions.chosen(args)]
    failed = 0
    with ThreadPoolExecutor(args.jobs) as pool:
        for (gdb, what), wrong in zip(
                cases, pool.map(lambda case: check(case[0], program, build, case[1]), cases)):
            if wrong:
                failed += 1
                print(f"failed: {what}: gdb {gdb.version}:\n{wrong}", flush=True)
    print(f"{len(cases) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
