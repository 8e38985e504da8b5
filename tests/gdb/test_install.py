#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The extension as it is installed: the one line for ~/.gdbinit, and the program that it finds itself.

usage: test_install.py [--build BUILD]
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import gdb_versions
from gdb_versions import ROOT
from run_scripts import run_gdb
from targets import executes, live

PREFIX = "/opt/coretool"
SECONDS = 300


def install(build, place):
    # Options of the make that runs us are none of this one's.
    env = {key: value for key, value in os.environ.items() if key not in ("MAKEFLAGS", "MFLAGS")}
    done = subprocess.run(["make", "-s", "install", f"BUILD={build}", f"PREFIX={PREFIX}",
                           f"DESTDIR={place}"], cwd=ROOT, env=env, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=SECONDS, check=False)
    return f"make install: {done.stderr.strip()[-500:]}" if done.returncode else None


def complaints(output, program):
    for wanted in (f'The coretool program is "{program}".', "CT101 lock-cycle, P0, proven",
                   "locked by thread 3"):
        if wanted not in output:
            yield f"{wanted!r} is not in the output"


def check(gdb, build, place):
    """What is wrong, as texts."""
    installed = place / PREFIX.lstrip("/")
    before = sorted(place.rglob("*"))
    commands = [f"source {installed}/share/coretool/gdb/coretool_gdb.py", "show coretool path",
                "coretool deadlocks", "print g_stock_lock"]
    with tempfile.TemporaryDirectory(prefix="coretool-gdb-") as name, \
            live(gdb, build, "deadlock2", Path(name)) as options:
        output, wrong = run_gdb(gdb, [*options, *executes(commands)], Path(name))
    wrong += complaints(output, installed / "bin" / "coretool")
    if sorted(place.rglob("*")) != before:
        wrong.append("gdb wrote something beside the installed files")
    return wrong + [output] if wrong else []


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    gdb_versions.add_options(parser)
    args = parser.parse_args()
    build, failed = args.build.resolve(), 0
    gdbs = gdb_versions.chosen(args)
    with tempfile.TemporaryDirectory(prefix="coretool-install-") as name:
        if wrong := install(build, Path(name)):
            print(f"failed: {wrong}")
            print("0 passed, 1 failed")
            return 1
        for gdb in gdbs:
            if wrong := check(gdb, build, Path(name)):
                failed += 1
                print(f"failed: gdb {gdb.version}:", *wrong, sep="\n")
    print(f"{len(gdbs) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
