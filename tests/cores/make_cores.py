#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the cores of all built samples: BUILD/cores/VARIANT/NAME.KIND.core, each with its
NAME.KIND.truth.jsonl. A core that is newer than its program is kept."""

import argparse
import fnmatch
import os
import signal
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import plan
from sample_run import (CannotRun, CoreError, SampleRun, fresh, kernel_core_obstacle, make_core,
                        truth_file)


class Job:
    """One core to make."""

    def __init__(self, build, sample, variant, kind, copy):
        self.binary = build / "samples" / variant / sample
        self.core = build / "cores" / variant / plan.core_name(sample, kind, copy)
        self.how = plan.trait(sample)
        self.kind = kind
        self.about = {"sample": sample, "variant": variant, "kind": kind, "sysroot": None}

    def run(self, obstacle):
        """(state, text); state: made, kept, skipped or failed."""
        if fresh(self.core, self.binary):
            return "kept", ""
        if self.kind == "kernel" and obstacle:
            return "skipped", obstacle
        self.core.parent.mkdir(parents=True, exist_ok=True)
        try:
            with tempfile.TemporaryDirectory(prefix="coretool-sample-") as cwd:
                with SampleRun([str(self.binary)], cwd, self.how.stack_kb) as sample:
                    make_core(sample, self.kind, self.how, self.about, self.core)
        except CannotRun as error:
            return "skipped", str(error)
        except (CoreError, OSError) as error:
            return "failed", str(error)
        return "made", ""


def all_jobs(build, only):
    # Whatever was built: the demo builds one sample in one variant.
    for name in sorted({path.name for path in build.glob("samples/*/*") if path.is_file()}):
        for variant, kind, copy in plan.cores_of(name):
            job = Job(build, name, variant, kind, copy)
            if job.binary.exists() and fnmatch.fnmatch(f"{variant}/{job.core.name}", only):
                yield job


def run_job(job, obstacle):
    """A loaded machine may stop a sample at a place that its truth does not know, or be slow: one
    failure is said and is not the end."""
    state, text = job.run(obstacle)
    if state == "failed":
        print(f"again: {job.core}: {text}", file=sys.stderr)
        state, text = job.run(obstacle)
    return state, text


def run_jobs(jobs, workers, obstacle):
    """Counts per state; a line for each core that is missing in the end."""
    counts = dict.fromkeys(("made", "kept", "skipped", "failed"), 0)
    reasons = set()
    with ThreadPoolExecutor(workers) as pool:
        for job, (state, text) in zip(jobs, pool.map(lambda job: run_job(job, obstacle), jobs)):
            counts[state] += 1
            if state == "failed":
                print(f"failed: {job.core}: {text}", file=sys.stderr)
            elif state == "skipped" and text not in reasons:
                reasons.add(text)
                print(f"skipped: {job.kind} cores: {text}")
    return counts


def remove_unplanned(build, jobs):
    """Cores of samples and kinds that the plan no longer has."""
    planned = {job.core for job in jobs}
    for variant in {core.parent for core in planned}:
        for core in variant.glob("*.core"):
            if core not in planned:
                core.unlink()
                truth_file(core).unlink(missing_ok=True)


def summary(counts, cores):
    size = sum(p.stat().st_blocks * 512 for p in cores.rglob("*.core"))
    print("cores: " + ", ".join(f"{n} {state}" for state, n in counts.items())
          + f"; {size >> 20} MiB on disk in {cores}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=Path, default=Path("build"))
    parser.add_argument("--jobs", type=int, default=min(4, os.cpu_count() or 1))
    parser.add_argument("--only", metavar="GLOB", default="*",
                        help="of VARIANT/NAME.KIND.core, for example 'O2-g/deadlock*'")
    args = parser.parse_args()
    # So that a kill ends the samples as well: the runs' own cleanup does it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    build = args.build.resolve()
    jobs = list(all_jobs(build, args.only))
    if args.only == "*":
        remove_unplanned(build, jobs)
    counts = run_jobs(jobs, args.jobs, kernel_core_obstacle())
    summary(counts, args.build / "cores")
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
