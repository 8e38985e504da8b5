#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs all fuzzers that were built, one after another: fuzz.py [--seconds N] [--seed N] DIR.

DIR/bin/fuzz_NAME starts from DIR/seeds/NAME, tests/fuzz/corpus/NAME and DIR/corpus/NAME, which keeps
what it learns. Fails when one crashes, leaks, takes 10 s for an input or 512 MB of memory; the input is
then in DIR/crashes.

One seed makes the same inputs each time, as far as the seconds reach, so that what fails does not depend on
luck; --seed 0 tries others, which long runs are for.
"""
import argparse
import os
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
# A small quarantine: what is freed does not count as memory in use for long.
SANITIZERS = {"ASAN_OPTIONS": "detect_leaks=1:quarantine_size_mb=16:allocator_may_return_null=1",
              "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1"}


def run(binary, seconds, seed, out):
    """(output, exit status) of one fuzzer."""
    name = binary.name.removeprefix("fuzz_")
    corpus, crashes = out / "corpus" / name, out / "crashes"
    corpus.mkdir(parents=True, exist_ok=True)
    crashes.mkdir(exist_ok=True)
    seeds = [path for path in (out / "seeds" / name, HERE / "corpus" / name) if path.is_dir()]
    command = [binary, f"-max_total_time={seconds}", f"-seed={seed}", "-timeout=10", "-rss_limit_mb=512",
               "-max_len=32768", "-print_final_stats=1", f"-artifact_prefix={crashes}/{name}-",
               corpus, *seeds]
    done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", check=False, env={**os.environ, **SANITIZERS})
    return done.stdout, done.returncode


def last(pattern, text):
    found = re.findall(pattern, text)
    return found[-1] if found else "-"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=60, help="for all of them together")
    parser.add_argument("--seed", type=int, default=1, help="0: another one each time")
    parser.add_argument("dir", type=pathlib.Path)
    args = parser.parse_args()
    binaries = sorted(args.dir.glob("bin/fuzz_*"))
    failed = 0
    print(f"{'fuzzer':<14} {'seconds':>7} {'executions':>10} {'features':>8} {'peak MB':>7}")
    for binary in binaries:
        seconds = max(1, args.seconds // len(binaries))
        output, status = run(binary, seconds, args.seed, args.dir)
        print(f"{binary.name:<14} {seconds:7} "
              f"{last(r'number_of_executed_units: *([0-9]+)', output):>10} "
              f"{last(r' ft: ([0-9]+)', output):>8} "
              f"{last(r'peak_rss_mb: *([0-9]+)', output):>7}", flush=True)
        if status:
            failed += 1
            print("\n".join("    " + line for line in output.splitlines()[-60:]))
    print(f"{len(binaries) - failed} passed, {failed} failed")
    return 1 if failed or not binaries else 0


if __name__ == "__main__":
    sys.exit(main())
