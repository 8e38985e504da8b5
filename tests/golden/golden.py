#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares reports about real cores with those that were reviewed and kept.

usage: golden.py [--update] PROGRAM CORES

Each report is written twice, which must give the same bytes, with nothing on standard error; JSON
must be as its schema says. --update writes the kept reports anew. Prints a diff per failure, and
"N passed, N failed[, N skipped]" in the end.
"""

import argparse
import difflib
import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cases import CASES
from normalise import Normaliser

HERE = Path(__file__).resolve().parent
KEPT = HERE / "reports"
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE.parent / "report"))
import validate  # noqa: E402 (it is in another directory)

SECONDS = 120
UNWANTED = ("DEBUGINFOD_URLS", "NO_COLOR", "COLUMNS", "TMPDIR", "POSIXLY_CORRECT")
ENDINGS = {"--json": ".json", "ndjson": ".ndjson", "graph": ".dot"}


class Failure(Exception):
    """What is wrong with one report."""


class Core:
    """A core, and how to run the program on it."""

    def __init__(self, program, cores, name):
        self.program, self.cores, self.name = program, cores, name
        self.path = cores / f"{name}.core"
        self.full = self.run(["analyze", "--json"])
        report = json.loads(self.full)
        self.stacks = report["stacks"]
        self.normaliser = Normaliser(self.full, report["target"]["pid"], cores.parent)

    def run(self, words):
        """What the program writes, which is the same both times."""
        command, *rest = words
        line = [self.program, command, f"{self.name}.core", *rest]
        env = {key: value for key, value in os.environ.items() if key not in UNWANTED}
        outputs = []
        for _ in range(2):
            try:
                done = subprocess.run(line, cwd=self.cores, env=env, stdin=subprocess.DEVNULL,
                                      capture_output=True, timeout=SECONDS, check=False)
            except subprocess.TimeoutExpired:
                raise Failure(f"not done after {SECONDS} s") from None
            if done.returncode or done.stderr:
                said = done.stderr.decode(errors="replace").strip()
                raise Failure(f"exit status {done.returncode}, standard error: {said!r}")
            outputs.append(done.stdout)
        if outputs[0] != outputs[1]:
            raise Failure("two runs on the same core differ")
        return outputs[0].decode()

    def address(self, word):
        """The address that @NAME or pc:FUNCTION stands for; any other word is itself."""
        if word.startswith("@"):
            truth = self.path.with_name(self.path.name.removesuffix(".core") + ".truth.jsonl")
            waits = (json.loads(line).get("wait", {}) for line in truth.open(encoding="utf-8"))
            found = (wait["resource"] for wait in waits if wait.get("name") == word[1:])
        elif word.startswith("pc:"):
            found = (frame["pc"] for stack in self.stacks for frame in stack["frames"]
                     if frame.get("function") == word[3:])
        else:
            return word
        address = next(found, None)
        if address is None:
            raise Failure(f"the core has no {word}")
        return address


def check_schema(schema, text):
    document, lines = validate.parse(text)
    errors = list(validate.schema_errors(schema, document, lines))
    errors = errors or list(validate.reference_errors(document))
    if errors:
        raise Failure("\n".join(errors[:20]))


def kept_file(core, report):
    words = report.split()
    ending = next((ENDINGS[word] for word in reversed(words) if word in ENDINGS), ".txt")
    slug = re.sub(r"[^a-z0-9_]+", "-", re.sub(r" --(json|format \w+)", "", report)).strip("-")
    return f"{core.replace('/', '.')}.{slug}{ending}"


def make_report(core, schema, report):
    """The report as it is kept."""
    text = core.run([core.address(word) for word in report.split()])
    if "json" not in report:
        return core.normaliser.text(text)
    check_schema(schema, text)
    return core.normaliser.json(text)


def compare(path, text):
    if not path.exists():
        raise Failure("there is no kept report: make golden, and review it")
    kept = path.read_text(encoding="utf-8")
    if kept != text:
        name = path.relative_to(ROOT)
        raise Failure("".join(difflib.unified_diff(
            kept.splitlines(True), text.splitlines(True), str(name), f"{name}, now")))


def check_core(program, cores, schema, name, update):
    """[(kept file, None or what is wrong)] of all reports about one core."""
    files = {report: kept_file(name, report) for report in CASES[name]}
    try:
        core = Core(program, cores, name)
    except (Failure, OSError, ValueError, KeyError) as error:
        return [(file, f"no report about {name}: {error}") for file in files.values()]
    results = []
    for report, file in files.items():
        try:
            text = make_report(core, schema, report)
            if update:
                (KEPT / file).write_text(text, encoding="utf-8")
            else:
                compare(KEPT / file, text)
            results.append((file, None))
        except (Failure, OSError, ValueError, KeyError) as error:
            results.append((file, str(error)))
    return results


def stale_files():
    wanted = {kept_file(core, report) for core, reports in CASES.items() for report in reports}
    return [path for path in sorted(KEPT.iterdir()) if path.name not in wanted]


def names_to_check(cores):
    """The cores to check, and how many are left out where the kernel's cores cannot be made."""
    if any(cores.glob("*/*.kernel.core")):
        return list(CASES), 0
    names = [name for name in CASES if not name.endswith(".kernel")]
    return names, len(CASES) - len(names)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--update", action="store_true", help="write the kept reports anew")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("program", metavar="PROGRAM", type=Path)
    parser.add_argument("cores", metavar="CORES", type=Path)
    args = parser.parse_args()
    program, cores = args.program.resolve(), args.cores.resolve()
    schema = json.loads((ROOT / "docs/coretool-report-1.schema.json").read_text(encoding="utf-8"))
    KEPT.mkdir(exist_ok=True)
    names, left_out = names_to_check(cores)
    with ThreadPoolExecutor(args.jobs) as pool:
        results = [result for found in pool.map(
            lambda name: check_core(program, cores, schema, name, args.update), names)
            for result in found]
    for path in stale_files():
        if args.update:
            path.unlink()
        else:
            results.append((path.name, "no case has this kept report"))
    failures = [(file, why) for file, why in results if why]
    for file, why in failures:
        print(f"failed: {file}:\n{why}")
    if left_out:
        print("skipped: golden: the kernel's cores are missing here")
    print(f"{len(results) - len(failures)} passed, {len(failures)} failed"
          + (", 1 skipped" if left_out else ""))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
