#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Damages the debug information of programs, whose build ids stay, and looks at their cores with it.

	damage_debug.py BINARY CORES [--runs N] [--seed N]

Debug information comes with the core from whoever sends it. Whatever is in it, the program ends in time
with a report, within its memory, and no finding is told that there is none of with whole debug
information. The last line is "N passed, N failed".
"""
import argparse
import json
import pathlib
import random
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

from damage import check_process, measure

# What reads the most of it: types of variables in Go; locks in variables, and lines.
CASES = (("heap", "go-*-plain/go_heap.gcore.core"), ("locks", "O2-g/kinds.kernel.core"),
         ("locks", "O2-g/cxx_deadlock.kernel.core"))
RUNS, SEED = 24, 7
READ = (".debug_abbrev", ".debug_info", ".debug_line", ".debug_loc", ".debug_loclists", ".debug_addr",
        ".debug_ranges", ".debug_rnglists", ".debug_str")
SECTION = re.compile(r"\] (\.debug_\w+) +PROGBITS +[0-9a-f]+ ([0-9a-f]+) ([0-9a-f]+)")


def plain_copy(binary, core, folder):
    """The program of the core, with its debug information as it is in memory, and where what of that is."""
    exe = json.loads(subprocess.run([binary, "analyze", "--json", core], capture_output=True, text=True,
                                    check=True).stdout)["target"]["exe"]
    copy = folder / f"{core.parent.name}-{core.name}.exe"
    subprocess.run(["objcopy", "--decompress-debug-sections", exe, copy], check=True)
    listed = subprocess.run(["readelf", "-SW", copy], capture_output=True, text=True, check=True).stdout
    sections = [(name, int(at, 16), int(size, 16)) for name, at, size in SECTION.findall(listed)
                if name in READ and int(size, 16)]
    return copy, sections


def damaged(data, sections, rng):
    """(what was done, the bytes): a few of one section are others, or many."""
    name, at, size = rng.choice(sections)
    data, n = bytearray(data), rng.choice((1, 8, 64, 1000, 20000))
    for _ in range(n):
        one = at + rng.randrange(size)
        data[one] = rng.choice((0, 0xff, rng.randrange(256), data[one] ^ 1 << rng.randrange(8)))
    return f"{n} bytes of {name}", data


def findings(answer):
    return {rule for rule, _ in answer.findings}


def check(answer, whole):
    if isinstance(answer, str):
        return [answer]
    breaches = list(check_process(answer))
    if answer.status not in (0, 3):
        breaches.append(f"exit status {answer.status}")
    if findings(answer) - findings(whole):
        breaches.append(f"findings that are not there: {findings(answer) - findings(whole)}")
    return breaches


def damage_one(args, command, core, folder):
    """(passed, lines about what failed)."""
    copy, sections = plain_copy(args.binary, core, folder)
    data, rng, passed, failed = copy.read_bytes(), random.Random(args.seed), 0, []
    asked = [args.binary, command, "--json", str(core), str(copy)]
    whole = measure(asked)
    if isinstance(whole, str) or not sections:
        return 0, [f"{core}: {whole if sections else 'there is no debug information'}"]
    for _ in range(args.runs):
        what, changed = damaged(data, sections, rng)
        copy.write_bytes(changed)
        breaches = check(measure(asked, (0, 2, 3)), whole)
        passed += not breaches
        failed += [f"{core.parent.name}/{core.name}: {what}: {breach}" for breach in breaches]
    return passed, failed


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary")
    parser.add_argument("cores", type=pathlib.Path)
    parser.add_argument("--runs", type=int, default=RUNS, help="of each core")
    parser.add_argument("--seed", type=int, default=SEED)
    args = parser.parse_args()
    jobs = [(command, core) for command, pattern in CASES for core in sorted(args.cores.glob(pattern))]
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda job: damage_one(args, *job, pathlib.Path(folder)), jobs))
    passed, failed = sum(n for n, _ in results), [line for _, lines in results for line in lines]
    for line in failed:
        print(f"failed: {line}")
    print(f"{passed} passed, {len(failed)} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
