#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Builds the samples in Go with several toolchains and makes their cores:
BUILD/samples/go-X.Y-VARIANT/NAME and BUILD/cores/go-X.Y-VARIANT/NAME.KIND.core with the truth beside it.

usage: go_cores.py [--build BUILD] [--all | --version X.Y ...] [--only GLOB] [--no-cores]

What cannot be had or run here is skipped, with the reason; that is no failure.
"""

import argparse
import fnmatch
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "cores"))

import go_plan  # noqa: E402
from apt_suite import SuiteError  # noqa: E402
from make_cores import remove_unplanned, run_jobs, summary  # noqa: E402
from plan import Trait, core_name  # noqa: E402
from sample_run import (SYS_WRITE, CannotRun, CoreError, SampleRun, fresh, kernel_core_obstacle,  # noqa: E402
                        make_core)
from toolchains import order, toolchains  # noqa: E402

SOURCES = Path(__file__).resolve().parents[2] / "samples"
LIBRARY = "go_sample*.go"
NEEDS = re.compile(r"^//go:build go(\d+\.\d+)", re.M)
REST_SECONDS = 0.1
STACK_KB = 256


def samples():
    library = set(SOURCES.glob(LIBRARY))
    return sorted(path.stem for path in SOURCES.glob("go_*.go") if path not in library)


def obstacle_of(sample, toolchain):
    """Why the sample cannot be built with it; None when it can."""
    needs = NEEDS.search((SOURCES / f"{sample}.go").read_text())
    if needs and order(toolchain.version) < order(needs[1]):
        return f"it needs Go {needs[1]}"
    return None


class Binary:
    """One sample as one toolchain builds it in one way."""

    def __init__(self, build, toolchain, sample, way):
        self.toolchain, self.sample, self.how = toolchain, sample, go_plan.BUILDS[way]
        self.variant = f"go-{toolchain.version}-{way}"
        self.path = build / "samples" / self.variant / sample
        self.place = build / "go" / "src" / toolchain.version / sample

    def _sources(self):
        return [SOURCES / f"{self.sample}.go", *SOURCES.glob(LIBRARY)]

    def _stale(self):
        made_from = [*self._sources(), Path(go_plan.__file__), self.toolchain.goroot / "VERSION"]
        return not self.path.exists() or any(p.stat().st_mtime > self.path.stat().st_mtime for p in made_from)

    def prepare(self, places):
        """The sources, once for all builds of the sample with this toolchain: places has those that are there."""
        if not self._stale() or self.place in places:
            return
        places.add(self.place)
        # A module of its own, so that the version's own language and defaults hold.
        shutil.rmtree(self.place, ignore_errors=True)
        self.place.mkdir(parents=True)
        for source in self._sources():
            shutil.copy(source, self.place)
        (self.place / "go.mod").write_text(f"module sample\n\ngo {self.toolchain.version}\n")

    def build(self):
        """For a binary by itself."""
        self.prepare(set())
        self.compile()

    def compile(self):
        """When its sources are there."""
        if not self._stale():
            return
        print(f"  SAMPLE  {self.variant}/{self.sample}", flush=True)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.toolchain.run(["build", *self.how.args, "-o", str(self.path), "."],
                           cwd=self.place, CGO_ENABLED=str(int(self.how.cgo)))
        self.path.touch()

    def try_compile(self):
        """What went wrong, or None."""
        try:
            return self.compile()
        except (SuiteError, subprocess.SubprocessError) as error:
            return str(error)

    def cases(self):
        """What it can be told to do; [None] when there is but one thing."""
        if self.sample not in go_plan.HAVE_CASES:
            return [None]
        done = subprocess.run([str(self.path)], capture_output=True, text=True, check=True, timeout=60)
        return done.stdout.split()


class GoRun(SampleRun):
    def await_rest(self):
        """Which thread main is on nobody knows; none is in the middle of the last line, and some time passes."""
        for _ in range(200):
            time.sleep(REST_SECONDS)
            if all(number != SYS_WRITE for _, number in self.task_states()):
                return

    def kernel_core(self, out):
        """The runtime prints its traceback and sends itself what it was sent."""
        os.kill(self.pid, signal.SIGABRT)
        died_of = self._take_kernel_core(out)
        # Go 1.15 comes to a null pointer of its own where a thread is tied to a goroutine that waits.
        if died_of != signal.SIGABRT:
            raise CannotRun(f"the runtime died of signal {died_of} while it printed its traceback")
        return {"number": int(signal.SIGABRT)}


class GoJob:
    """One core to make; as make_cores.Job."""

    def __init__(self, build, binary, case, kind, copy):
        self.binary, self.case, self.kind = binary, case, kind
        name = f"{binary.sample}-{case}" if case else binary.sample
        self.core = build / "cores" / binary.variant / core_name(name, kind, copy)
        self.how = Trait(crashes=binary.sample in go_plan.CRASHES)
        self.about = {"sample": name, "variant": binary.variant, "kind": kind, "sysroot": None,
                      "go": binary.toolchain.release}

    def run(self, obstacle):
        if fresh(self.core, self.binary.path):
            return "kept", ""
        if self.kind == "kernel" and obstacle:
            return "skipped", obstacle
        self.core.parent.mkdir(parents=True, exist_ok=True)
        environment = ["env", *(f"{key}={value}" for key, value in self.binary.how.environment.items())]
        argv = [str(self.binary.path), *filter(None, [self.case])]
        try:
            with tempfile.TemporaryDirectory(prefix="coretool-sample-") as cwd:
                with GoRun(argv, cwd, STACK_KB, environment) as sample:
                    make_core(sample, self.kind, self.how, self.about, self.core)
        except CannotRun as error:
            return "skipped", str(error)
        except (CoreError, OSError) as error:
            return "failed", str(error)
        return "made", ""


def binaries(build, toolchain, only, later, **place):
    for sample in samples():
        why = obstacle_of(sample, toolchain)
        if why or (sample in go_plan.LATER and not later):
            continue
        for way, kinds in go_plan.plan_of(sample, **place).items():
            binary = Binary(build, toolchain, sample, way)
            if any(fnmatch.fnmatch(f"{binary.variant}/{sample}{case}.{kind}.core", only)
                   for kind in kinds for case in ("", "-")):
                yield binary, kinds


def jobs_of(build, binary, kinds):
    for case in binary.cases():
        for kind in kinds:
            for copy in range(go_plan.COPIES.get(binary.sample, 1)):
                yield GoJob(build, binary, case, kind, copy)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=Path, default=Path("build"))
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--all", action="store_true", help="every version that can be had")
    parser.add_argument("--version", action="append", default=[], metavar="X.Y")
    parser.add_argument("--only", metavar="GLOB", default="*", help="of VARIANT/NAME.KIND.core")
    parser.add_argument("--no-cores", action="store_true", help="only build")
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    build = args.build.resolve()
    found = toolchains(build, print, args.all, args.version)
    whole = args.all or args.version or args.only != "*"
    planned = [one for toolchain in found for one in binaries(
        build, toolchain, args.only, args.all or args.only != "*", newest=whole or toolchain == found[-1],
        between=not whole and toolchain not in (found[0], found[-1]))]
    jobs, broken, places = [], 0, set()
    for binary, _ in planned:
        binary.prepare(places)
    # Most of a build uses one processor.
    with ThreadPoolExecutor(args.jobs) as pool:
        for (binary, kinds), wrong in zip(planned, pool.map(lambda one: one[0].try_compile(), planned)):
            if wrong:
                broken += 1
                print(f"failed: {binary.variant}/{binary.sample}: {wrong}", file=sys.stderr)
            else:
                jobs += jobs_of(build, binary, kinds)
    if not args.no_cores:
        if args.only == "*" and not broken:
            remove_unplanned(build, jobs)
        counts = run_jobs(jobs, args.jobs, kernel_core_obstacle())
        counts["failed"] += broken
        summary(counts, args.build / "cores")
        broken = counts["failed"]
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
