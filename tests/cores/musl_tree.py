#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Cores of other versions of musl: unpacks musl of other Debian suites under BUILD/musl/SUITE,
builds samples with it, dynamic and static, and makes BUILD/cores/musl-SUITE[-static]/NAME.KIND.core.

The programs name the loader of their tree and run right here. What cannot be had is skipped, with
the reason; that is no failure.
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
# 1.2.2, 1.2.5 and whatever comes next.
SUITES = ("bullseye", "trixie", "forky")
PACKAGES = ("musl", "musl-dev")
SPECS = Path("/usr/lib/x86_64-linux-musl/musl-gcc.specs")
TRIPLET = "x86_64-linux-musl"
LIBRARIES = (f"lib/{TRIPLET}", f"usr/lib/{TRIPLET}", "usr/lib")
FLAGS = ("-std=gnu17", "-Wall", "-Wextra", "-O2", "-g", "-pthread")


def flags_of(sample):
    """What samples.mk says that one sample needs."""
    text = (SOURCES / "samples.mk").read_text()
    found = re.search(rf"^samples\.flags\.of\.{sample} := (.*)$", text, re.M)
    return found[1].split() if found else []


class Musl:
    """musl of one suite in a tree of its own."""

    def __init__(self, suite, build):
        self.suite = suite
        self.path = build / "musl" / suite
        self.state = build / "apt" / f"{suite}-musl"
        self.build = build

    def unpack(self):
        stamp = self.path / ".unpacked"
        if stamp.exists():
            return
        suite = Suite(self.suite, self.state)
        suite.update(print)
        suite.download(PACKAGES)
        shutil.rmtree(self.path, ignore_errors=True)
        self.path.mkdir(parents=True)
        unpack_all(self.state / "debs", self.path)
        shutil.rmtree(self.state)
        stamp.touch()

    def _find(self, name):
        for directory in LIBRARIES:
            if (self.path / directory / name).is_file():
                return self.path / directory / name
        raise SuiteError(f"its tree has no {name}")

    def version(self):
        done = subprocess.run([str(self._find("libc.so"))], capture_output=True, text=True, check=False)
        found = re.search(r"^Version (\S+)", done.stderr, re.M)
        if not found:
            raise SuiteError("its loader does not run on this kernel and CPU")
        return found[1]

    def _specs(self):
        """This machine's for musl-gcc, with the tree's paths."""
        if not SPECS.exists():
            raise SuiteError("musl-tools is not installed")
        crt, libc = self._find("crt1.o").parent, self._find("libc.so")
        places = {
            f"-L/usr/lib/{TRIPLET}": f"-L{libc.parent} -L{crt}",
            f"/usr/lib/{TRIPLET}": str(crt),
            f"/usr/include/{TRIPLET}": str(self.path / f"usr/include/{TRIPLET}"),
            "/lib/ld-musl-x86_64.so.1": str(libc),
        }
        text = re.sub("|".join(places), lambda found: places[found[0]], SPECS.read_text())
        specs = self.path / "musl-gcc.specs"
        specs.write_text(text)
        return specs

    def link(self, sample, static):
        """Builds the sample; its path."""
        out = self.build / "samples" / self.variant(static) / sample
        made_from = [SOURCES / f"{sample}.c", *SOURCES.glob("*.h"), SOURCES / "samples.mk",
                     self.path / ".unpacked", Path(__file__)]
        if out.exists() and all(p.stat().st_mtime <= out.stat().st_mtime for p in made_from):
            return
        out.parent.mkdir(parents=True, exist_ok=True)
        source = os.path.relpath(SOURCES / f"{sample}.c", SOURCES.parent)
        run([os.environ.get("SAMPLE_CC", "gcc"), *FLAGS, *(["-static"] if static else []),
             "-o", str(out), source, *flags_of(sample), "-specs", str(self._specs())], cwd=SOURCES.parent)

    def variant(self, static):
        return f"musl-{self.suite}" + ("-static" if static else "")

    def jobs(self):
        """Of all samples that are planned."""
        ret = []
        for static, kinds in ((False, plan.KINDS), (True, ("kernel",))):
            for sample in plan.IN_MUSL_TREES:
                self.link(sample, static)
                ret += [Job(self.build, sample, self.variant(static), kind, 0) for kind in kinds]
        return ret


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=Path, default=Path("build"))
    parser.add_argument("--suite", action="append", help=f"instead of {', '.join(SUITES)}")
    parser.add_argument("--jobs", type=int, default=min(4, os.cpu_count() or 1))
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    jobs = []
    for suite in args.suite or SUITES:
        try:
            musl = Musl(suite, args.build.resolve())
            musl.unpack()
            print(f"{suite}: musl {musl.version()}")
            jobs += musl.jobs()
        except SuiteError as error:
            print(f"skipped: musl of {suite}: {error}")
    counts = run_jobs(jobs, args.jobs, kernel_core_obstacle())
    summary(counts, args.build / "cores")
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
