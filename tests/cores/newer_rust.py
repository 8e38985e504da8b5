#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Cores of the samples in Rust as a newer compiler and standard library make them: unpacks rustc of a
later Debian suite under BUILD/rust, builds each sample with it in the variants below and makes
BUILD/cores/VARIANT/NAME.KIND.core.

The compiler runs by its own loader with its own libraries; what it makes is linked with the machine's.
What cannot be had or run here is skipped, with the reason; that is no failure.
"""

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import plan
from apt_suite import Suite, SuiteError, run, unpack_all
from make_cores import Job, run_jobs, summary
from sample_run import kernel_core_obstacle

SOURCES = Path(__file__).resolve().parents[2] / "samples"
# The first that has a compiler which runs.
SUITES = ("forky", "trixie")
LIBRARIES = ("usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu", "usr/lib/llvm/lib")
LOADER = "ld-linux-x86-64.so.2"
FLAGS = ("--edition", "2021", "--cap-lints", "allow", "-g")
OPTIMISED = {"newrust-O0-g": "0", "newrust-O2-g": "2"}


class Compiler:
    """rustc of one suite in a tree of its own."""

    def __init__(self, suite, build):
        self.suite = suite
        self.path = build / "rust" / suite
        self.state = build / "apt" / f"{suite}-rust"

    def unpack(self):
        stamp = self.path / ".unpacked"
        if stamp.exists():
            return
        suite = Suite(self.suite, self.state)
        suite.update(print)
        # All that it runs with; a gcc to link with is here.
        suite.download(["rustc", *suite.closure(["libstd-rust-dev"])])
        shutil.rmtree(self.path, ignore_errors=True)
        self.path.mkdir(parents=True)
        unpack_all(self.state / "debs", self.path)
        shutil.rmtree(self.state)
        stamp.touch()

    def line(self):
        """The beginning of its command line."""
        loader = next((self.path / name / LOADER for name in (*LIBRARIES, "lib64", "usr/lib64")
                       if (self.path / name / LOADER).exists()), None)
        if loader is None:
            raise SuiteError("its tree has no loader")
        libraries = ":".join(str(self.path / name) for name in LIBRARIES)
        return [str(loader), "--library-path", libraries, str(self.path / "usr/bin/rustc"),
                "--sysroot", str(self.path / "usr")]

    def version(self):
        done = subprocess.run([*self.line(), "--version"], capture_output=True, text=True, check=False)
        found = re.match(r"rustc (\d+\.\d+)", done.stdout)
        if done.returncode or not found:
            said = (done.stderr or done.stdout).strip().splitlines()
            raise SuiteError(f"its rustc does not run on this kernel and CPU: "
                             f"{said[-1] if said else done.returncode}")
        return found[1]

    def build(self, sample, variant, level, out):
        made_from = [SOURCES / f"{sample}.rs", SOURCES / "sample.rs", self.path / ".unpacked", Path(__file__)]
        if out.exists() and all(p.stat().st_mtime <= out.stat().st_mtime for p in made_from):
            return
        out.parent.mkdir(parents=True, exist_ok=True)
        print(f"  SAMPLE  {variant}/{sample}", flush=True)
        run([*self.line(), *FLAGS, "-C", f"opt-level={level}", "-o", str(out), str(made_from[0])])


def find_compiler(build):
    """One that runs, or None; what cannot be had is said."""
    for suite in SUITES:
        compiler = Compiler(suite, build)
        try:
            compiler.unpack()
            print(f"{suite}: rustc {compiler.version()}")
            return compiler
        except SuiteError as error:
            print(f"skipped: rustc of {suite}: {error}")
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=Path, default=Path("build"))
    parser.add_argument("--jobs", type=int, default=min(4, os.cpu_count() or 1))
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    build = args.build.resolve()
    compiler = find_compiler(build)
    if compiler is None:
        return 0
    samples = sorted(path.stem for path in SOURCES.glob(f"{plan.RUST}*.rs"))
    for sample in samples:
        for variant, level in OPTIMISED.items():
            compiler.build(sample, variant, level, build / "samples" / variant / sample)
    jobs = [Job(build, sample, variant, kind, 0)
            for sample in samples for variant, kind in plan.OF_NEWER_RUST]
    counts = run_jobs(jobs, args.jobs, kernel_core_obstacle())
    summary(counts, args.build / "cores")
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
