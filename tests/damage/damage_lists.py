#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Damages cores of Go programs as damage_go.py does, and asks for what is in their heaps: contexts, timers, pools, what
lives in the heap.

	damage_lists.py BINARY CORES [--only PATTERN] [--every N] [-v]

Of a core with a part missing no list has what that of the whole core has not, and that it is partial is said in the
text and in JSON. Wrong words may make it tell wrong things, but it ends within seconds, with a list or one line.
The last line is "N passed, N failed".
"""
import itertools
import os
import pathlib
import random
import subprocess
import sys

from damage import (PATIENCE, SANITIZER, SEED, Mutation, check_process, each_damage, measure, options,
                    program_headers, run_all)
from damage_go import CUT, heap_of, lost_pieces, lost_segments, truncations, wrong_words
from elf_core import ElfCore

WORDS = 20
# A timer of such a kind may have a function that is not known where its memory is missing.
CALLS = ("function", "context", "runtime")
CORES = {"go-1.24-sw/go_timers.kernel.core": "timers", "go-1.24-sw/go_contexts.kernel.core": "contexts",
         "go-1.24-sw/go_pools.kernel.core": "pools", "go-1.27-sw/go_heap.kernel.core": "heap",
         "go-1.27-sw/go_timers.kernel.core": "timers"}


def rows_of(command, report):
    """{what a row is about: how much there is of it}"""
    if command == "contexts":
        return {row["address"]: 1 for row in report.get("contexts", [])}
    if command == "timers":
        rows = {}
        for row in report.get("timers", []):
            about = (row["kind"], row.get("period_ns"), row.get("calls", {}).get("function"))
            rows[about] = rows.get(about, 0) + row["count"]
        return rows
    if command == "pools":
        return {row["address"]: row.get("objects", 0) for row in report.get("pools", [])}
    # Not by type: what named an object better may be missing.
    return {"live": report["heap"].get("live", 0)} if report.get("heap") else {}


class Told:
    def __init__(self, command, report, text):
        self.rows, self.text = rows_of(command, report), text
        self.sure = {(finding["rule"], finding["message"]) for finding in report["findings"]
                     if finding["confidence"] == "proven"}
        self.partial = report["target"].get("partial", [])
        self.notes = {note["text"] for note in report["notes"]}


def tell(command, binary, path):
    """(the answer in JSON, Told or None where it is refused); text: what went wrong."""
    answer = measure([binary, command, "--json", path], (0, 1, 2))
    if isinstance(answer, str):
        return answer
    # timeout(1) kills it: a hang shows as its status.
    done = subprocess.run(["timeout", "-k", "1", str(PATIENCE), binary, command, "--color", "never", path],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode != answer.status or SANITIZER.search(done.stderr):
        return f"exit status {answer.status} in JSON, {done.returncode} in text: {done.stderr[-2000:]}"
    return answer, None if answer.status == 2 else Told(command, answer.report, done.stdout)


def check(result, whole, mutation):
    if isinstance(result, str):
        return [result]
    answer, told = result
    breaches = [*check_process(answer)]
    if mutation.kind not in CUT:
        return breaches
    if told is None:
        return [*breaches, "refused"]
    for about, n in told.rows.items():
        nameless = about[0] in CALLS and about[2:] == (None,)
        if n > whole.rows.get(about, 0) and not nameless:
            breaches.append(f"{n} of {about}, and {whole.rows.get(about, 0)} in the whole core")
    if told.rows != whole.rows and not told.partial and told.notes <= whole.notes:
        breaches.append("something is missing, and it is not said")
    if told.sure - whole.sure:
        breaches.append(f"proven, but not in the whole core: {told.sure - whole.sure}")
    breaches += [f"the text does not say: {why}" for why in told.partial if why not in told.text]
    return breaches


def mutations(core, report, args):
    rng = random.Random(args.seed)
    yield from lost_segments(core, heap_of(report))
    yield from lost_pieces(core, random.Random(args.seed))
    yield from wrong_words(core, report, rng, args.words)
    yield from itertools.islice(program_headers(core, rng), 10)
    yield from truncations(core)


def damage(args, name, data, folder):
    command, path = CORES[name], os.path.join(folder, name.replace("/", "-"))
    pathlib.Path(path).write_bytes(data)
    core, whole = ElfCore(data), tell(command, args.binary, path)
    if isinstance(whole, str) or not whole[1] or whole[1].partial or not whole[1].rows:
        what = whole if isinstance(whole, str) else "the core is not whole, or the list is empty"
        return [(Mutation("whole", "none", None, ()), "nothing", [what])]
    analyzed = measure([args.binary, "analyze", "--json", path])
    if isinstance(analyzed, str):
        return [(Mutation("whole", "none", None, ()), "nothing", [analyzed])]
    results = []
    damages = mutations(core, analyzed.report, args)
    for mutation, result in each_damage(args, path, core, damages, lambda *of: tell(command, *of)):
        told = None if isinstance(result, str) else result[1]
        level = "nothing" if not told or not told.rows else "full" if told.rows == whole[1].rows else "partial"
        results.append((mutation, level, check(result, whole[1], mutation)))
    os.unlink(path)
    return results


def main():
    parser = options()
    parser.add_argument("--words", type=int, default=WORDS, help="runs with wrong words, of each core")
    parser.add_argument("--seed", type=int, default=SEED)
    return run_all(parser.parse_args(), list(CORES), damage)


if __name__ == "__main__":
    sys.exit(main())
