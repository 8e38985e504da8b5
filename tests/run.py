#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs test programs and adds up what they count.

	run.py --skips tests/skips.txt NAME=COMMAND ... [then NAME=COMMAND ...] ...

As many at a time as there are processors; at "then" all before have to end first, which is for what
needs them, or has work for all processors by itself.

A command counts by its last line "N passed, N failed[, N skipped]" (drivers of this project), by what
the makers of cores say, or by the closing lines of cmocka or of Python's unittest. A command that fails without counting a failure, or that counts nothing, is one
failure. Reasons of skips are lines "skipped: REASON"; each must match a line of the skips file, which
also says how many are allowed. What failed is said again before the last line, which is the sum: who
reads the end of a long log reads why.
"""
import argparse
import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

COUNT = re.compile(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$", re.M)
MADE = re.compile(r"^cores: (\d+) made, (\d+) kept, (\d+) skipped, (\d+) failed", re.M)
CMOCKA = {"passed": re.compile(r"^\[  PASSED  \] (\d+) test\(s\)", re.M),
          "failed": re.compile(r"^\[  FAILED  \] (\d+) test\(s\)", re.M),
          "skipped": re.compile(r"^\[  SKIPPED \] (\d+) test\(s\)", re.M)}
UNITTEST = re.compile(r"^Ran (\d+) tests? in .*\n\n(?:OK|FAILED \((.*)\))", re.M)
SKIPPED = re.compile(r"^skipped: (.*)$", re.M)
BAD = re.compile(r"fail|error|assert|differ", re.I)
SAID_AGAIN = 10  # lines of each command that failed


def count(output):
    """(passed, failed, skipped) of one program's output; all 0 when it counts nothing."""
    found = COUNT.findall(output)
    if found:
        return tuple(int(n or 0) for n in found[-1])
    made = MADE.search(output)
    if made:
        new, kept, _, failed = map(int, made.groups())
        return new + kept, failed, len(SKIPPED.findall(output))
    ran = UNITTEST.search(output)
    if ran:
        bad = sum(int(n) for n in re.findall(r"(?:failures|errors)=(\d+)", ran[2] or ""))
        return int(ran[1]) - bad, bad, 0
    return tuple(sum(int(n) for n in CMOCKA[key].findall(output))
                 for key in ("passed", "failed", "skipped"))


def run(test):
    """(counts, reasons of skips, what is to be said again, what is to be said now) of one."""
    name, command = test.split("=", 1)
    begin = time.monotonic()
    done = subprocess.run(command, shell=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors="replace", check=False)
    passed, failed, skipped = count(done.stdout)
    if done.returncode and not failed:
        failed = 1
    if not passed and not failed and not skipped:
        failed = 1
    said = (f"{name:<28} {passed:5} passed {failed:4} failed {skipped:4} skipped "
            f"{time.monotonic() - begin:7.1f} s")
    lines = done.stdout.splitlines()
    again = []
    if failed:
        said += "".join("\n    " + line for line in lines[-60:])
        again = [f"failed: {name}: {line}" for line in
                 ([line for line in lines if BAD.search(line)] or lines[-1:] or ["it said nothing"])[:SAID_AGAIN]]
    return (passed, failed, skipped), SKIPPED.findall(done.stdout), again, said


def allowed(path):
    """[(pattern, most)] of a skips file: lines "MOST PATTERN", # comments."""
    rows = []
    for line in open(path, encoding="utf-8"):
        line = line.strip()
        if line and not line.startswith("#"):
            most, pattern = line.split(None, 1)
            rows.append((re.compile(pattern), int(most)))
    return rows


def check_skips(rows, reasons, skipped):
    """Breaches of the list, as text."""
    used = [0] * len(rows)
    for reason in reasons:
        hit = next((i for i, (pattern, _) in enumerate(rows) if pattern.search(reason)), None)
        if hit is None:
            yield f"a skip that tests/skips.txt does not allow: {reason}"
        else:
            used[hit] += 1
    for (pattern, most), n in zip(rows, used):
        if n > most:
            yield f"{n} skips of {pattern.pattern!r}, {most} are allowed"
    if skipped > len(reasons):
        yield f"{skipped} skips, but only {len(reasons)} say why"


def groups(words):
    """The tests between the words "then"."""
    group = []
    for word in [*words, "then"]:
        if word == "then":
            yield group
            group = []
        else:
            group.append(word)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--skips", required=True)
    parser.add_argument("tests", nargs="+", metavar="NAME=COMMAND")
    args = parser.parse_args()
    total, reasons, failures = [0, 0, 0], [], []
    workers = len(os.sched_getaffinity(0))
    # A jobserver does not reach the makes that these call: each would do one thing at a time. What
    # was said on the command line stays.
    said = os.environ.get("MAKEFLAGS", "").partition(" -- ")
    os.environ["MAKEFLAGS"] = "".join((f"-j{workers}", *said[1:]))
    for group in groups(args.tests):
        with ThreadPoolExecutor(workers) as pool:
            for counts, why, again, said in pool.map(run, group):
                print(said, flush=True)
                total = [a + b for a, b in zip(total, counts)]
                reasons += why
                failures += again
    for reason in reasons:
        print("skipped:", reason)
    for line in failures:
        print(line)
    for breach in check_skips(allowed(args.skips), reasons, total[2]):
        print(breach)
        total[1] += 1
    print(f"{total[0]} passed, {total[1]} failed, {total[2]} skipped")
    return 1 if total[1] else 0


if __name__ == "__main__":
    sys.exit(main())
