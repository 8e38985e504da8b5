"""make bench, Go part: many goroutines against Delve, and what a goroutine costs.

What is measured
    Cores of samples/go_many.go with 100,000 and 1,000,000 goroutines parked on a mix of waits, by the
    newest Go toolchain of Debian's suites and one between it and the machine's own. Ours
    (`goroutines` and `analyze`), and `goroutines -t` of Delve from Debian's newest suite, unpacked
    under the build directory, on the smaller core, in the same run. Of a real stripped server what
    `make soak-go-servers` has left: how long its runtime is looked for.
How
    As bench.py: user seconds, page cache warm, output to /dev/null, of Delve to a file whose
    goroutines are counted; Delve runs once, at most LIMIT seconds. The bytes that are kept of a
    goroutine are those in use after the observation of the larger core less those of the smaller.
Result
    A table on stdout and in BUILD/bench/results-go.txt. The exit status is 0 also with misses, unless
    --enforce is given. The cores of a million goroutines (3.5 GB each) are removed afterwards.
"""

import argparse
import contextlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
for folder in ("cores", "go"):
    sys.path.insert(0, str(HERE.parent / folder))
import conditions  # noqa: E402  the way to the others' folders comes first
import cores  # noqa: E402
import measure  # noqa: E402
import suite_package  # noqa: E402
from apt_suite import SuiteError  # noqa: E402
from bench import MB, Bars, write_report  # noqa: E402
from go_cases import GoCase, make_core  # noqa: E402
from go_cores import Binary  # noqa: E402
from toolchains import toolchains  # noqa: E402

SMALL, LARGE = 100_000, 1_000_000
BARS = {SMALL: (0.5, 120), LARGE: (4.0, 500)}  # user seconds, MB
GROWTH = 13
TIMES_DELVE = 20
FACT_BYTES = 250
FIND_SECONDS = 0.060
COMMANDS = ("goroutines", "analyze")
LIMIT = 600
DELVE_SUITES = ("sid", "forky")
SERVER = "soak-go/prometheus.*.core"


def wrong_answer(coretool, core, count):
    """None, or what is wrong with the list: all must be there, with stacks that reach their base."""
    done = subprocess.run([coretool, "goroutines", "--json", core], capture_output=True, text=True,
                          check=False)
    if done.returncode:
        return f"exit status {done.returncode}: {done.stderr.strip()[-200:]}"
    report = json.loads(done.stdout)
    # Those that a finding names have a record of their own.
    alone = [actor for actor in report["actors"] if actor["kind"] == "goroutine"]
    listed = sum(group["count"] for group in report["groups"]) + len(alone)
    ends = {report["stacks"][one["stack"]]["ends"] for one in report["groups"] + alone}
    if listed < count:
        return f"{listed} goroutines, not {count}"
    return None if ends <= {"root"} else f"stacks end with {ends}"


class Bench:
    def __init__(self, options):
        self.coretool = str(options.coretool.resolve())
        self.tree = options.build.resolve()
        self.build = self.tree / "bench"
        self.errors = self.build / "stderr.txt"
        self.bars, self.notes = Bars(), []
        self.rows = [("case", "command", "user s", "CPU s", "wall s", "own MB")]
        self.users, self.bytes, self.wrong = {}, {}, set()

    def add(self, title, command, result, memory=""):
        more = ">" if result.cut_off else ""
        self.rows.append((title, command, f"{more}{result.user:.3f}", f"{more}{result.cpu:.3f}",
                          f"{more}{result.wall:.3f}", memory))

    def facts_of(self, core):
        """(seconds to find the runtime, bytes kept) of go_facts.c."""
        done = subprocess.run([self.build / "go_facts", core], capture_output=True, text=True, check=True)
        find, _, _, kept = done.stdout.split()
        return float(find), int(kept)

    def measure_ours(self, case, core):
        wrong = wrong_answer(self.coretool, core, case.count)
        if wrong:
            self.wrong.add(case)
            self.notes.append(f"WRONG ANSWER: {case.title}: {wrong}")
        seconds, megabytes = BARS[case.count]
        for command in COMMANDS:
            argv = [self.coretool, command, str(core)]
            result = measure.measure(argv, self.errors, limit=LIMIT)
            memory = measure.peak_memory(argv, self.errors)[0] / MB
            self.users[case, command] = result.user
            self.add(case.title, command, result, f"{memory:.0f}")
            right = not wrong and result.status == 0
            self.bars.add(f"{case.title}: {command}, user", f"{result.user:.2f} s", f"<= {seconds} s",
                          right and result.user <= seconds)
            self.bars.add(f"{case.title}: {command}, own memory", f"{memory:.0f} MB",
                          f"<= {megabytes} MB", right and memory <= megabytes)
        self.bytes[case] = self.facts_of(core)[1]

    def measure_delve(self, case, core, delve):
        output, script = self.build / "delve.out", self.build / "delve.txt"
        script.write_text("goroutines -t\nexit\n")
        argv = [str(delve), "core", str(case.binary.path), str(core), "--check-go-version=false",
                "--allow-non-terminal-interactive=true", f"--init={script}"]
        run = measure.run_once(argv, self.errors, output, LIMIT)
        with open(output, encoding="utf-8", errors="replace") as file:
            listed = sum(bool(re.match(r"[ *]*Goroutine \d+ - ", line)) for line in file)
        self.add(case.title, "Delve goroutines -t", run)
        ratio = run.user / max(self.users[case, "goroutines"], 1e-6)
        if listed < case.count and not run.cut_off:
            self.bars.add(f"{case.title}: faster than Delve", f"{ratio:.0f} x",
                          f">= {TIMES_DELVE} x", f"does not count: Delve lists {listed}")
            return
        self.bars.add(f"{case.title}: faster than Delve", f"{'>' if run.cut_off else ''}{ratio:.0f} x",
                      f">= {TIMES_DELVE} x", ratio >= TIMES_DELVE and case not in self.wrong)

    def rate_growth(self, small, large):
        if small not in self.bytes or large not in self.bytes:
            self.bars.add(f"{large.title}: growth", "not measured", f"<= {GROWTH} x", False)
            return
        growth = self.users[large, "goroutines"] / max(self.users[small, "goroutines"], 1e-6)
        kept = (self.bytes[large] - self.bytes[small]) / (large.count - small.count)
        self.bars.add(f"{large.title}: goroutines, times 100,000's", f"{growth:.1f} x",
                      f"<= {GROWTH} x", growth <= GROWTH)
        self.bars.add(f"{large.title}: bytes of facts a goroutine", f"{kept:.0f}",
                      f"<= {FACT_BYTES}", kept <= FACT_BYTES)

    def measure_toolchain(self, toolchain, delve):
        binary = Binary(self.tree, toolchain, "go_many", "plain")
        binary.build()
        cases = GoCase(binary, SMALL), GoCase(binary, LARGE)
        for case in cases:
            try:
                core = make_core(case, self.build)
            except cores.CannotMake as error:
                self.notes.append(f"left out: {case.title}: {error}")
                continue
            print(f"bench: {case.title}", file=sys.stderr, flush=True)
            cores.warm(core)
            self.measure_ours(case, core)
            if delve and case.count == SMALL:
                self.measure_delve(case, core, delve)
            if case.count == LARGE:
                shutil.rmtree(core.parent)
        self.rate_growth(*cases)

    def measure_server(self):
        kept = sorted(self.tree.glob(SERVER), key=lambda path: path.stat().st_mtime)
        bar = f"<= {FIND_SECONDS * 1000:.0f} ms"
        if not kept:
            self.notes.append("left out: a stripped server: make soak-go-servers keeps its core")
            self.bars.add("finding the runtime of prometheus", "not measured", bar, False)
            return
        cores.warm(kept[-1])
        find = self.facts_of(kept[-1])[0]
        self.bars.add(f"finding the runtime of {kept[-1].stem}, CPU", f"{find * 1000:.1f} ms", bar,
                      find <= FIND_SECONDS)


def find_delve(build, notes):
    for suite in DELVE_SUITES:
        with contextlib.suppress(SuiteError):
            package = suite_package.unpacked("delve", suite, build, print)
            notes.append(f"Delve {package.version} of {suite}")
            return package.program("dlv")
    notes.append("left out: Delve: no reachable suite has it")
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--coretool", type=pathlib.Path, required=True)
    parser.add_argument("--build", type=pathlib.Path, required=True, help="the build directory")
    parser.add_argument("--no-peers", action="store_true", help="only our commands")
    parser.add_argument("--enforce", action="store_true", help="exit status 1 if a bar is missed")
    options = parser.parse_args()
    bench = Bench(options)
    description = conditions.describe(bench.coretool)
    delve = None if options.no_peers else find_delve(bench.tree, bench.notes)
    # Delve writes a configuration into its user's home.
    with tempfile.TemporaryDirectory(prefix="coretool-bench-") as home:
        os.environ["HOME"] = os.environ["XDG_CONFIG_HOME"] = home
        for toolchain in toolchains(bench.tree, bench.notes.append)[-2:]:
            try:
                bench.measure_toolchain(toolchain, delve)
            except SuiteError as error:
                bench.notes.append(f"left out: Go {toolchain.version}: {error}")
        bench.measure_server()
    described = [*description,
                 f"ours: least of {measure.SAMPLES} samples; own memory is the peak of RssAnon and "
                 "RssShmem; Delve: one run", *bench.notes]
    write_report(bench.build / "results-go.txt", described, bench.rows, bench.bars)
    return 1 if options.enforce and bench.bars.missed else 0


if __name__ == "__main__":
    sys.exit(main())
