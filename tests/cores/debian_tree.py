#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Cores of other versions of glibc: unpacks libc of other Debian suites under BUILD/trees/SUITE,
links samples against it, runs them in it and makes BUILD/cores/tree-SUITE/NAME.KIND.core.

What cannot be had or run on this machine is skipped, with the reason; that is no failure.
"""

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import plan
from apt_suite import Suite, SuiteError, run, unpack_all
from make_cores import run_jobs, summary
from sample_run import CoreError, SampleRun, fresh, kernel_core_obstacle, make_core

# bullseye has glibc 2.31, trixie 2.41; forky comes after it.
SUITES = ("bullseye", "trixie", "forky")
PACKAGES = ("libc6", "libc6-dev", "linux-libc-dev", "libcrypt1", "libcrypt-dev", "libgcc-s1")
DEBUG_PACKAGES = ("libc6-dbg",)
LOADER = "lib64/ld-linux-x86-64.so.2"
LIBRARIES = ("lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu")
SAMPLE_FLAGS = ("-std=gnu17", "-Wall", "-Wextra", "-O2", "-g", "-pthread")


class Tree:
    """An unpacked root tree with one libc."""

    def __init__(self, suite, build, packages):
        self.suite = suite
        self.path = build / "trees" / suite
        self.state = build / "apt" / suite
        self.packages = packages

    @property
    def stamp(self):
        return self.path / ".unpacked"

    def unpack(self, say):
        wanted = " ".join(self.packages)
        if self.stamp.exists() and self.stamp.read_text() == wanted:
            return
        suite = Suite(self.suite, self.state)
        suite.update(say)
        debs = suite.download(self.packages)
        self.path.mkdir(parents=True, exist_ok=True)
        unpack_all(self.state / "debs", self.path)
        for name in ("tmp", "proc", "samples"):
            (self.path / name).mkdir(exist_ok=True)
        # Since trixie, packages have nothing outside of /usr, and base-files has these links.
        for name in ("lib", "lib64"):
            if not (self.path / name).exists():
                (self.path / name).symlink_to(f"usr/{name}")
        self._make_links_relative()
        say(f"{self.suite}: unpacked " + ", ".join(deb.name.replace("%3a", ":") for deb in debs))
        shutil.rmtree(self.state)
        self.stamp.write_text(wanted)

    def _make_links_relative(self):
        """Absolute links are meant for the inside; relative ones serve the linker as well."""
        for path in self.path.rglob("*"):
            if path.is_symlink() and os.readlink(path).startswith("/"):
                target = self.path / os.readlink(path).lstrip("/")
                path.unlink()
                path.symlink_to(os.path.relpath(target, path.parent))

    def libc(self):
        """The version of its libc, told by running it here."""
        for directory in LIBRARIES:
            libc = self.path / directory / "libc.so.6"
            if libc.exists():
                break
        else:
            raise SuiteError("its tree has no libc.so.6")
        done = subprocess.run([str(self.path / LOADER), str(libc)], capture_output=True, text=True)
        version = re.search(r"version (\d+\.\d+)", done.stdout)
        if done.returncode != 0 or not version:
            said = (done.stderr or done.stdout).strip().splitlines()
            raise SuiteError("its libc does not run on this kernel and CPU: "
                             + (said[-1] if said else f"status {done.returncode}"))
        return version.group(1)

    def link(self, sample, sources):
        """Builds the sample against this libc."""
        out = self.path / "samples" / sample
        source = sources / f"{sample}.c"
        made_from = out.with_name(f"{sample}.d")
        if not self._is_newer(out, made_from):
            # Debian's gcc looks for crt1.o and libc beside itself first, whatever the sysroot.
            beside = [f"-B{self.path / name}" for name in reversed(LIBRARIES)]
            run([os.environ.get("SAMPLE_CC", "gcc"), f"--sysroot={self.path}", *beside,
                 *SAMPLE_FLAGS, "-MMD", "-MF", str(made_from), "-o", str(out), str(source)])
        return out

    def _is_newer(self, out, made_from):
        """Is the program newer than this tree and all that the compiler read for it?"""
        if not out.exists() or not made_from.exists():
            return False
        names = made_from.read_text().partition(":")[2].replace("\\\n", " ").split()
        files = [self.stamp, *map(Path, names)]
        return all(p.exists() and p.stat().st_mtime <= out.stat().st_mtime for p in files)

    def command(self, sample, cwd):
        """(wrapper, argv): chroot into the tree, or its loader where we may not do that."""
        if os.geteuid() == 0:
            inside = f"/{cwd.relative_to(self.path)}"
            return (["unshare", "--mount-proc", f"--root={self.path}", f"--wd={inside}"],
                    [f"/samples/{sample}"])
        libraries = ":".join(str(self.path / name) for name in LIBRARIES)
        return [], [str(self.path / LOADER), "--library-path", libraries,
                    str(self.path / "samples" / sample)]


class TreeJob:
    """One core to make in a tree."""

    def __init__(self, build, tree, sample, kind):
        self.tree, self.sample, self.kind = tree, sample, kind
        self.core = build / "cores" / f"tree-{tree.suite}" / plan.core_name(sample, kind, 0)
        self.binary = tree.path / "samples" / sample
        self.about = {"sample": sample, "variant": "O2-g", "kind": kind,
                      "sysroot": str(tree.path.relative_to(build))}

    def run(self, obstacle):
        """(state, text), as make_cores.Job.run()."""
        if fresh(self.core, self.binary):
            return "kept", ""
        if self.kind == "kernel" and obstacle:
            return "skipped", obstacle
        self.core.parent.mkdir(parents=True, exist_ok=True)
        how = plan.trait(self.sample)
        try:
            with tempfile.TemporaryDirectory(dir=self.tree.path / "tmp") as cwd:
                wrapper, argv = self.tree.command(self.sample, Path(cwd))
                with SampleRun(argv, cwd, how.stack_kb, wrapper) as sample:
                    make_core(sample, self.kind, how, self.about, self.core)
        except (CoreError, OSError) as error:
            return "failed", str(error)
        return "made", ""


def suite_jobs(tree, build, sources):
    """The jobs of one suite; SuiteError when it can have none."""
    tree.unpack(print)
    print(f"{tree.suite}: glibc {tree.libc()}")
    for sample in plan.IN_TREES:
        tree.link(sample, sources)
    return [TreeJob(build, tree, sample, kind) for sample in plan.IN_TREES for kind in plan.KINDS]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=Path, default=Path("build"))
    parser.add_argument("--suite", action="append", help=f"instead of {', '.join(SUITES)}")
    parser.add_argument("--debug-symbols", action="store_true", help="libc6-dbg as well")
    parser.add_argument("--jobs", type=int, default=min(4, os.cpu_count() or 1))
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    build = args.build.resolve()
    sources = Path(__file__).resolve().parents[2] / "samples"
    packages = PACKAGES + (DEBUG_PACKAGES if args.debug_symbols else ())
    jobs = []
    for suite in args.suite or SUITES:
        try:
            jobs += suite_jobs(Tree(suite, build, packages), build, sources)
        except SuiteError as error:
            print(f"skipped: {suite}: {error}")
    counts = run_jobs(jobs, args.jobs, kernel_core_obstacle())
    summary(counts, args.build / "cores")
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
