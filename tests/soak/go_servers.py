#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""make soak-go-servers: Debian's stripped Go servers, and whether coretool sees the goroutines that they
print of themselves.

	go_servers.py --coretool PROGRAM --build DIR [--keep] [--suite SUITE ...] [SERVER ...]

For each server of each suite: its package is unpacked under BUILD/packages, it is started in a temporary
directory as an unprivileged user, reachable over loopback alone, and asked some hundred times. Then
  - it prints its goroutines (/debug/pprof/goroutine?debug=2), gdb makes a core, it prints them again;
  - each goroutine of the first print is in `goroutines --format gotrace` with the same wait reason, the
    same functions and the same creator. Only what the server itself prints otherwise the second time
    has moved on in between, and need not be the same; goroutines of the core alone may come on top;
  - nothing of the core is missing, and there is no finding but P2 "possible": the servers are healthy;
  - then many clients ask at a time, some of which go away in mid-request (go_load.py), and gdb makes some
    cores of that: `leaks` finds none, and in `analyze` nothing is said to be leaked, suspected to be, to
    outlive its handler, raced for, or stuck in a shutdown or a pool of connections: by no rule of UNLIKELY.
Prints a line for each, and "N passed, N failed, N skipped". What cannot be had here is skipped.
"""

import argparse
import json
import os
import pathlib
import signal
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
for folder in ("bench", "cores", "go"):
    sys.path.insert(0, str(HERE.parent / folder))
import gdb_core  # noqa: E402  the way to the others' folders comes first
import goroutine_text  # noqa: E402
import judge  # noqa: E402
import suite_package  # noqa: E402
from apt_suite import SuiteError  # noqa: E402
from go_server import SERVERS  # noqa: E402
from server import Cannot  # noqa: E402

SUITES = ("bookworm", "trixie", "forky")  # each has another Go
GCORE_SECONDS = 180
GCORE_BYTES = 6 << 30
MOST_FRAMES = 100  # that the runtime prints of one stack
# The goroutine that prints the others.
PRINTER = "runtime/pprof.writeGoroutineStacks"
KEPT = "prometheus"  # make bench looks at its core
SHOTS = 3  # cores under load, and more until one has a goroutine that answers a request:
MOST_SHOTS = 9
LEAST = 100  # requests that are answered before each, and as many that are aborted
LEAST_SECONDS = 60
HANDLER = "net/http.serverHandler.ServeHTTP"  # below it a request is answered
UNLIKELY = frozenset(f"CT{rule}" for rule in (210, 212, 214, 218, 220, 228, 229))


def goroutines(text):
    """{number: Printed} of all but that which prints them."""
    return {number: one._replace(functions=one.functions[:MOST_FRAMES])
            for number, one in goroutine_text.goroutines(text).items() if PRINTER not in one.functions}


def same(printed, told):
    """Up to 1.21 the wrapper that a go statement starts has a name like others; the runtime omits it."""
    return told is not None and printed[:2] == told[:2] and printed[2] in (told[2], told[2][:-1])


def gcore(pid, out):
    try:
        gdb_core.gcore(pid, out, GCORE_SECONDS, GCORE_BYTES)
    except gdb_core.NoCore as error:
        raise Cannot(str(error)) from None


class Look:
    """What a server printed before and after, and what is said about the core from in between."""

    def __init__(self, server, options, out):
        self.before = goroutines(server.goroutines())
        gcore(server.main.pid, out)
        self.after = goroutines(server.goroutines())
        self.answer = judge.Answer(options.coretool, out, options.build)
        listed = subprocess.run([options.coretool, "goroutines", "--format", "gotrace", out], text=True,
                                capture_output=True, timeout=judge.SECONDS, check=False)
        self.told = goroutines(listed.stdout)
        self.moved = sum(self.after.get(number) != what for number, what in self.before.items())

    def differences(self):
        for number, what in self.before.items():
            told = self.told.get(number)
            if not same(what, told) and self.after.get(number) == what:
                yield f"goroutine {number}: it prints {what}, we say {told}"

    def breaches(self):
        answer = self.answer
        if answer.status or answer.errors:
            yield f"exit status {answer.status}: {answer.errors}"
            return
        if not self.before:
            yield "it prints no goroutines"
        if self.moved * 2 > len(self.before):
            yield f"{self.moved} of {len(self.before)} goroutines moved on: too few can be compared"
        yield from self.differences()
        for text in answer.report["target"].get("partial", []):
            yield f"in part: {text}"
        for finding in answer.report["findings"]:
            if finding["level"] != "P2" or finding["confidence"] != "possible":
                yield f"a false finding: {finding['rule']} {finding['level']} {finding['confidence']}"
        if answer.verdict not in ("clean", "stuck"):
            yield f"the verdict is {answer.verdict}: {answer.report['summary']['headline']}"

    def runtime(self):
        return self.answer.report.get("target", {}).get("go", {}).get("version", "?").split()[0]


class Shot:
    """What is said of one moment of a server under load."""

    def __init__(self, server, options, out):
        gcore(server.main.pid, out)
        self.reports = {command: self.ask(options.coretool, command, out) for command in ("leaks", "analyze")}
        answer = self.reports["analyze"]
        self.goroutines = answer.get("summary", {}).get("goroutines", 0)
        self.handling = sum(stack["actors"] for stack in answer.get("stacks", [])
                            if any(frame.get("function") == HANDLER for frame in stack["frames"]))

    @staticmethod
    def ask(coretool, command, core):
        done = subprocess.run([coretool, command, "--json", core], capture_output=True, text=True,
                              timeout=judge.SECONDS, check=False)
        return json.loads(done.stdout) if done.returncode == 0 else {"failed": done.stderr.strip()}

    def breaches(self):
        for command, answer in self.reports.items():
            if "failed" in answer:
                yield f"under load: {command}: {answer['failed']}"
                continue
            for text in answer["target"].get("partial", []):
                yield f"under load: {command}: in part: {text}"
            for finding in answer["findings"]:
                told = finding["level"] != "P2" or finding["confidence"] != "possible"
                if told or command == "leaks" or finding["rule"] in UNLIKELY:
                    yield (f"under load: {command}: a false finding: {finding['rule']} "
                           f"{finding['confidence']}: {finding['message']}")


def press(server, options, out):
    """(what was seen and done, breaches) of some moments under load. A core with a breach is kept."""
    shots, breaches = [], []
    with server.pressed() as load:
        for i in range(MOST_SHOTS):
            if i >= SHOTS and any(shot.handling for shot in shots):
                break
            if not load.await_(LEAST * (i + 1), LEAST_SECONDS):
                breaches.append(f"the load does not press: {dict(load.done)}")
            core = out.with_suffix(f".load-{i}.core")
            core.unlink(missing_ok=True)
            shots.append(Shot(server, options, core))
            found = list(shots[-1].breaches())
            breaches += found
            if not found and not options.keep:
                core.unlink()
    if not any(shot.handling for shot in shots):
        breaches.append("under load: no core has a goroutine that answers a request")
    return (f"    under load: {load.done['whole']} requests answered, {load.aborted()} aborted; cores with "
            + ", ".join(f"{shot.goroutines} goroutines ({shot.handling} handle)" for shot in shots)), breaches


def report(title, package, look, pressed, breaches):
    answer = look.answer
    print(f"{title:<36}{package.version:<24}{look.runtime():<10}{len(look.before):>5} printed"
          f"{len(look.before) - look.moved:>5} stayed{len(look.told):>5} told"
          f"{answer.cpu:>7.3f} s CPU{answer.megabytes:>6.1f} MB  {answer.verdict}", flush=True)
    print(pressed)
    for finding in answer.findings:
        print("    " + finding)
    for breach in breaches:
        print("    FAILED " + breach)


def soak(kind, suite, options):
    """(runtime, passed) of one server of one suite."""
    package = suite_package.unpacked(kind.package, suite, options.tree, print)
    out = options.build / f"{kind.name}.{suite}.core"
    out.unlink(missing_ok=True)
    with kind(package) as server:
        look = Look(server, options, out)
        told, breaches = press(server, options, out)
    breaches = [*look.breaches(), *breaches]
    report(f"{kind.name} of {suite}", package, look, told, breaches)
    if not breaches and not options.keep and kind.name != KEPT:
        out.unlink()
    return look.runtime(), not breaches


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--coretool", type=pathlib.Path, required=True)
    parser.add_argument("--build", type=pathlib.Path, required=True, help="the build directory")
    parser.add_argument("--keep", action="store_true", help="keep all cores")
    parser.add_argument("--suite", action="append", help=f"instead of {', '.join(SUITES)}")
    parser.add_argument("servers", nargs="*", metavar="SERVER", help=" ".join(s.name for s in SERVERS))
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    options.coretool = options.coretool.resolve()
    options.tree = options.build.resolve()
    options.build = options.tree / "soak-go"
    options.build.mkdir(parents=True, exist_ok=True)
    os.environ.pop("DEBUGINFOD_URLS", None)
    results, skipped = [], []
    for suite in options.suite or SUITES:
        for kind in SERVERS:
            if options.servers and kind.name not in options.servers:
                continue
            try:
                results.append(soak(kind, suite, options))
            except (Cannot, SuiteError) as error:
                skipped.append(f"{kind.name} of {suite}: {error}")
    for reason in skipped:
        print("skipped:", reason)
    failed = sum(not passed for _, passed in results)
    versions = {version.rpartition(".")[0] for version, _ in results}
    print(f"{len(results) - failed} passed, {failed} failed, {len(skipped)} skipped; "
          f"{len(versions)} versions of Go")
    return 1 if failed or not results else 0


if __name__ == "__main__":
    sys.exit(main())
