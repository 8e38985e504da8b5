#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Go cores of a version whose table of layouts is taken out of the program: its neighbours' serve.

usage: test_neighbours.py PROGRAM CORES FOLDER [-v]

FOLDER has PROGRAM built without some tables: without-27, without-26-27 ...; bare-27 has no use of the type
descriptors of what it looks at, either. What such a program tells of a core is what PROGRAM tells of it, or less;
nothing of it is sure, and what is not known is said. PROGRAM itself is checked against what the samples print.
"""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

SECONDS = 120
SURE = {"exact", "layout"}
WITHOUT = {  # tables that are missing, by the version of the cores
    "1.27": ("without-27", "without-26-27", "without-25-26-27", "bare-27", "bare-26-27"),
    "1.24": ("without-24", "without-23-24-25", "bare-24"),
    "1.19": ("without-15-19", "bare-15-19"),
}
SAMPLES = ("go_waits", "go_abba", "go_heap", "go_timers", "go_chan_cycle", "go_modern", "go_panics-in_goroutine",
           "go_panics-nil_dereference", "go_panics-send_closed", "go_select_cycle", "go_all_asleep-receive")
VALUES = {"len", "cap", "closed", "elem", "elemsize", "timer", "count", "counter", "readers", "writer"}
COUNTS = ("runnable", "idle_processors", "idle_threads", "spinning")


def ask(program, command, core):
    done = subprocess.run([program, command, "-v", "--json", *(["--full"] if command == "goroutines" else []), core],
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS, check=False)
    if done.returncode not in (0, 2, 3):
        raise RuntimeError(f"{program} {command} {core}: exit status {done.returncode}: {done.stderr[:200]}")
    return json.loads(done.stdout)


def goroutines(report):
    return {actor["id"]: actor for actor in report["actors"] if actor["kind"] == "goroutine"}


def frames(report, actor):
    if "stack" not in actor:
        return []
    return [(frame["pc"], frame.get("function")) for frame in report["stacks"][actor["stack"]]["frames"]]


def check_waits(name, told, whole):
    known = {(wait["kind"], wait.get("resource")) for wait in whole.get("waits", ())}
    for wait in told.get("waits", ()):
        if wait["trust"] in SURE:
            yield f"{name}: a wait is {wait['trust']}"
        if wait["kind"] == "other" and "resource" not in wait:
            continue
        if "resource" not in wait and wait["kind"] in {kind for kind, _ in known}:
            continue
        if (wait["kind"], wait.get("resource")) not in known:
            yield f"{name} does not wait so: {wait['kind']} {wait.get('resource')}, but {sorted(map(str, known))}"
    for hold in told.get("holds", ()):
        if hold["resource"] not in {other["resource"] for other in whole.get("holds", ())}:
            yield f"{name} does not hold {hold['resource']}"
        if hold["trust"] in SURE:
            yield f"{name}: a hold is {hold['trust']}"


def check_goroutines(told, whole):
    """What may be missing is less: no key, no frame, a wait for something that is not known."""
    mine, theirs = goroutines(told), goroutines(whole)
    if mine and mine.keys() != theirs.keys():  # all or none
        yield f"goroutines: {sorted(mine.keys() ^ theirs.keys())}"
    for name in mine.keys() & theirs.keys():
        for key in ("state", "system", "wait_reason", "created_by", "start", "labels", "bubble"):
            if key == "system" and mine[name].get("start") == "runtime.runCleanups":
                continue  # it is the program's while it calls its functions
            if key in mine[name] and mine[name][key] != theirs[name].get(key):
                yield f"{name}: {key} is {mine[name][key]}, not {theirs[name].get(key)}"
        stack, right = frames(told, mine[name]), frames(whole, theirs[name])
        rest = iter(right)
        if not all(frame in rest for frame in stack):  # inlined ones may be missing
            yield f"{name}: another stack: {stack} {right}"
        yield from check_waits(name, mine[name], theirs[name])


def check_complete(told, whole):
    """The type descriptors tell all that goroutines and their waits are made of."""
    def waits(report):
        return {name: sorted((wait["kind"], wait.get("resource", "")) for wait in actor.get("waits", ()))
                for name, actor in goroutines(report).items()}
    if waits(told) != waits(whole):
        yield "not all waits are told: " + ", ".join(
            name for name, right in waits(whole).items() if waits(told).get(name) != right)


def check_resources(told, whole):
    right = {resource["id"]: resource for resource in whole["resources"]}
    for resource in told["resources"]:
        other = right.get(resource["id"])
        if not other:
            yield f"{resource['id']} does not exist"
            continue
        mine, theirs = resource.get("state", {}), other.get("state", {})
        for key in VALUES & mine.keys():
            if mine[key] != theirs.get(key):
                yield f"{resource['id']}: {key} is {mine[key]}, not {theirs.get(key)}"


def check_findings(told, whole):
    for finding in told["findings"]:
        if finding["rule"] == "CT105" and finding["confidence"] != "proven":
            continue  # about the thread, where it is not known which goroutine it runs
        if finding["confidence"] == "proven" and any(actor.startswith("g:") for actor in finding["actors"]):
            yield f"{finding['rule']} is proven"
        if not any(finding["rule"] == other["rule"] and set(finding["actors"]) <= set(other["actors"])
                   for other in whole["findings"]):
            yield f"a finding that is not there: {finding['rule']} about {finding['actors']}"


def check_sched(told, whole):
    for key in COUNTS:
        if key in told["sched"] and told["sched"][key] != whole["sched"][key]:
            yield f"{key}: {told['sched'][key]}, not {whole['sched'][key]}"


def check_said(report):
    notes = " ".join(note["text"] for note in report["notes"])
    if "no table of its layouts" not in notes:
        yield "it is not said that the version is not known"
    if not report["target"].get("partial"):
        yield "it is not said that not all is sure"


def check(program, core, whole):
    told = {command: ask(program, command, core) for command in ("goroutines", "analyze", "sched")}
    yield from check_said(told["analyze"])
    yield from check_goroutines(told["goroutines"], whole["goroutines"])
    yield from check_resources(told["goroutines"], whole["goroutines"])
    if program.name.startswith("without"):
        yield from check_complete(told["goroutines"], whole["goroutines"])
    yield from check_findings(told["analyze"], whole["analyze"])
    yield from check_sched(told["sched"], whole["sched"])


def cores_of(folder, version):
    for name in SAMPLES:
        yield from sorted(folder.glob(f"go-{version}-sw/{name}.kernel.core"))


def main(argv):
    program, folder, programs = (Path(arg).resolve() for arg in argv[1:4])
    jobs = []
    for version, without in WITHOUT.items():
        for core in cores_of(folder, version):
            whole = {command: ask(program, command, core) for command in ("goroutines", "analyze", "sched")}
            jobs += [(programs / name, core, whole) for name in without]
    if not jobs:
        print("skipped: kernel cores: there is none of Go")
        return 0
    failed = 0
    with ThreadPoolExecutor(2) as pool:
        for job, breaches in zip(jobs, pool.map(lambda job: list(check(*job)), jobs)):
            failed += bool(breaches)
            for breach in breaches:
                print(f"FAILED {job[0].name} {job[1].parent.name}/{job[1].name}: {breach}")
    print(f"{len(jobs) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
