#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares what coretool says about each core with what the sample itself said was true.

usage: check_truth.py BINARY CORES_DIR [--only GLOB] [--every N] [--jobs N]

Prints one line per complaint and ends with "N passed, N failed, N skipped"; exits 1 when a core
failed or none was checked.
"""

import argparse
import fnmatch
import json
import subprocess
import sys
import tempfile
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from checks import check_all
from report_view import Report, Truth

TOOL_SECONDS = 120


def ask(binary, *words):
    """The JSON that another command writes."""
    done = subprocess.run([str(binary), *words, "--json"], stdin=subprocess.DEVNULL, capture_output=True,
                          timeout=TOOL_SECONDS, check=False)
    return json.loads(done.stdout)


def profile(binary, core, kind, *files):
    return subprocess.run([str(binary), "goroutines", str(core), *files, "--format", "pprof", "--sample", kind],
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=TOOL_SECONDS, check=True).stdout


def suspects(binary, core, value, *files):
    """The report by these thresholds."""
    with tempfile.NamedTemporaryFile("w", suffix=".toml") as policy:
        print(f"[thresholds]\nleak-suspects = {value['least']}\nleak-suspect-age = {value['age']}", file=policy, flush=True)
        return ask(binary, "analyze", str(core), *files, "--policy", policy.name)


def ask_others(binary, core, truth, report, files):
    """The heap as a whole, pools, contexts, timers, and {address: {key: [texts]}} of the truth's objects."""
    if "pool" in truth.values:
        report.pools = ask(binary, "pools", str(core), *files)
    report.heap = ask(binary, "heap", str(core)).get("heap") if {"heap", "heap_places"} & truth.values.keys() else None
    if "freed_use" in truth.values:
        report.heap_findings = ask(binary, "heap", str(core), *files)["findings"]
    if "context" in truth.values:
        report.contexts = ask(binary, "contexts", str(core), *files).get("contexts", [])
    kinds = [value["kind"] for value in truth.values.get("kept_profile", [])]
    report.profiles = {kind: profile(binary, core, kind, *files)
                       for kind in (*kinds, "waiting-now")} if kinds else {}
    for value in truth.values.get("suspects", []):
        report.suspects = suspects(binary, core, value, *files)
    if "timer" in truth.values:
        report.timers = ask(binary, "timers", str(core), *files).get("timers")
    for value in (v for word in ("heap_object", "allocated", "stack_word", "had_by") for v in truth.values.get(word, [])):
        said = report.explained.setdefault(value["address"], {})
        answer = ask(binary, "explain", str(core), value["address"])
        for fact in answer["explained"]["facts"]:
            said.setdefault(fact["key"], []).append(fact["text"])
        said["references"] = [resource.get("references") for resource in answer.get("resources", [])
                              if resource.get("address") == value["address"]]


def run_tool(binary, core, truth, build):
    """(report or None, complaints)."""
    line = [str(binary), truth.values.get("report", ["analyze"])[0], "--json", str(core)]
    if truth.is_go:
        line.append("--full")
    sysroot = truth.core.get("sysroot")
    files = ["--sysroot", str(build / sysroot)] if sysroot else []
    line += files
    try:
        done = subprocess.run(line, stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=TOOL_SECONDS)
    except subprocess.TimeoutExpired:
        return None, [f"no report after {TOOL_SECONDS} s"]
    said = done.stderr.decode(errors="replace").strip().splitlines()
    complaints = []
    if done.returncode != 0:
        complaints.append(f"exit status {done.returncode}: {said[-1] if said else 'no message'}")
    try:
        report = Report(json.loads(done.stdout))
        ask_others(binary, core, truth, report, files)
        return report, complaints
    except (ValueError, KeyError, TypeError) as error:
        return None, complaints + [f"the report cannot be read: {error!r}"]


def check_core(binary, core, build):
    """(state, complaints); state: passed, failed or skipped."""
    truth_path = core.with_name(core.name.removesuffix(".core") + ".truth.jsonl")
    if not truth_path.exists():
        return "skipped", ["it has no truth file"]
    truth = Truth(truth_path.read_text().splitlines())
    report, complaints = run_tool(binary, core, truth, build)
    if report is not None:
        try:
            complaints += check_all(report, truth)
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            complaints.append(f"the report is not as its schema says: {error!r}")
    return ("failed" if complaints else "passed"), complaints


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary", type=Path)
    parser.add_argument("cores_dir", type=Path)
    parser.add_argument("--only", metavar="GLOB", default="*",
                        help="of VARIANT/NAME.KIND.core, for example 'O2-g/deadlock*'")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only one of N cores: for a slow build")
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    cores = [core for core in sorted(args.cores_dir.glob("*/*.core"))
             if fnmatch.fnmatch(f"{core.parent.name}/{core.name}", args.only)
             # By their names, so that no kind of core is left out everywhere.
             and zlib.crc32(f"{core.parent.name}/{core.name}".encode()) % args.every == 0]
    binary, build = args.binary.resolve(), args.cores_dir.resolve().parent
    counts = dict.fromkeys(("passed", "failed", "skipped"), 0)
    with ThreadPoolExecutor(args.jobs) as pool:
        results = pool.map(lambda core: check_core(binary, core, build), cores)
        for core, (state, complaints) in zip(cores, results):
            counts[state] += 1
            for text in complaints:
                print(f"{state}: {core.parent.name}/{core.name}: {text}")
    print(", ".join(f"{n} {state}" for state, n in counts.items()))
    return 1 if counts["failed"] or not counts["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
