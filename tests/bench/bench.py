"""make bench: coretool against its peers and against the physical floor, on cores made here.

What is measured
    Cores of bench_threads.c: threads that wait for one mutex below a known number of frames. Ours
    (`analyze`, `threads`, `analyze --quick`), eu-stack and gdb as Debian ships them, and floor.c,
    which does what no reader of all stacks can leave out. All in one run: load hits them alike.
How
    User seconds from wait4, least of five samples (see measure.py), page cache warm, output of ours
    to /dev/null and of the peers to a file whose frames are counted. A peer gets at most LIMIT
    seconds a run and no further run after BUDGET seconds; a run cut off gives lower bounds,
    marked ">".
What counts
    Our answer on each core is checked first (answer.py); if it is wrong all its bars are missed. A
    ratio counts only where we take over 20 ms; else the next, larger case of RATIO_CASES decides.
Result
    A table on stdout and in BUILD/results.txt. The exit status is 0 also with misses, unless
    --enforce is given. --no-peers leaves out the slow part. Cores are kept in BUILD/cores (some
    250 MB of disk).
"""

import argparse
import pathlib
import re
import shutil
import subprocess
import sys
import time

import answer
import conditions
import cores
import measure

THREE = cores.Case("3", "3 threads, depth 20", 2, 20)
THOUSAND = cores.Case("1000", "1,000 waiters, depth 20", 1000, 20)
DEEP = cores.Case("1000-deep", "1,000 waiters, depth 200", 1000, 200)
TEN_THOUSAND = cores.Case("10000", "10,000 waiters, depth 20", 10000, 20)
SPARSE = cores.Case("sparse", "1,000 waiters, depth 20, 12 GiB hole", 1000, 20, 12)
# Not made here: what make soak leaves of mariadbd under load.
MARIADB = cores.Case("mariadb", "mariadbd, 100 connections", 0, 0)
CASES = (THREE, THOUSAND, DEEP, TEN_THOUSAND, SPARSE)
RATIO_CASES = (THOUSAND, DEEP, TEN_THOUSAND)

OURS = {"analyze": ["analyze"], "threads": ["threads"], "quick": ["analyze", "--quick"]}
FULL = ("analyze", "threads")  # those that show stacks, so are comparable with the peers
PEERS = {
    "eu-stack": lambda program, core: ["eu-stack", "--core", str(core)],
    "gdb": lambda program, core: ["gdb", "-batch", "-nx", "-ex", "thread apply all bt",
                                  str(program), str(core)],
}
PEER_RATIOS = {"eu-stack": 100, "gdb": 60}
LIMIT = 60
BUDGET = 50

RATIO_COUNTS_FROM = 0.020
TEN_THOUSAND_CPU = 0.5
MARIADB_CPU = 0.3
QUICK_USER = 0.05
GROWTH = 13
OWN_MEMORY_MB = 60
THREE_WALL = 0.025
WALL_RUNS = 100
# "Costs what its data costs", with room for the noise of two measurements.
SPARSE_CPU_FACTOR = 1.25
SPARSE_MEMORY_MB = 1
MB = 1e6


class Bench:
    """One run of the benchmark: what it was given, and the results so far by (case, command)."""

    def __init__(self, coretool, build):
        self.coretool = str(coretool)
        self.build = build
        self.program = build / "bench_threads"
        self.errors = build / "stderr.txt"
        self.cores = {}
        self.wrong = {}
        self.floor = {}
        self.results = {}
        self.memory = {}
        self.frames = {}
        self.notes = []

    def our_command(self, name, case):
        return [self.coretool, *OURS[name], str(self.cores[case].path)]

    def make_cores(self):
        for case in CASES:
            try:
                self.cores[case] = cores.make_core(self.program, case, self.build / "cores")
            except cores.CannotMake as error:
                self.notes.append(f"left out: {case.title}: {error}")
        kept = self.build.parent / "soak/mariadb.kernel.core"
        if kept.exists():
            self.cores[MARIADB] = cores.kept_core(MARIADB, kept)
        else:
            self.notes.append(f"left out: {MARIADB.title}: make soak keeps its core")

    def measure_floor(self, case):
        """(CPU, wall) of floor.c, timed within itself: a floor for work, not for process starts."""
        runs = []
        for _ in range(measure.SAMPLES):
            done = subprocess.run([self.build / "floor", self.cores[case].path],
                                  capture_output=True, text=True, check=True)
            user, system, wall = (float(word) for word in done.stdout.split()[:3])
            runs.append((user + system, wall))
        self.floor[case] = min(run[0] for run in runs), min(run[1] for run in runs)

    def measure_ours(self, case):
        for name, command in OURS.items():
            argv = self.our_command(name, case)
            # What is said of real servers make soak has looked at.
            wrong = None if case is MARIADB else answer.check(
                self.coretool, self.cores[case], [word for word in command if word.startswith("--")])
            result = measure.measure(argv, self.errors, limit=LIMIT)
            if wrong is None and result.status != 0:
                wrong = f"over {LIMIT} s" if result.cut_off else f"exit status {result.status}"
            if wrong is not None:
                self.wrong[case, name] = wrong
                self.notes.append(f"WRONG ANSWER: {case.title}, {name}: {wrong}")
            self.results[case, name] = result
            self.memory[case, name] = measure.peak_memory(argv, self.errors)[0] / MB

    def measure_peer(self, case, peer):
        if (case, peer) in self.results:
            return
        output = self.build / f"{peer}.out"
        argv = PEERS[peer](self.program, self.cores[case].path)
        self.results[case, peer] = measure.measure(argv, self.errors, output, LIMIT, BUDGET)
        with open(output, encoding="utf-8", errors="replace") as file:
            self.frames[case, peer] = sum(1 for line in file if line.startswith("#"))

    def measure_case(self, case):
        cores.warm(self.cores[case].path)
        self.measure_floor(case)
        self.measure_ours(case)


class Bars:
    """The issue's bars beside what was measured. A bar whose case is left out is a miss as well."""

    def __init__(self):
        self.rows = []
        self.missed = 0

    def add(self, subject, measured, bar, reached):
        """`reached`: True, False, or a text why this number does not decide."""
        mark = reached if isinstance(reached, str) else "ok" if reached else "MISS"
        self.missed += mark == "MISS"
        self.rows.append((subject, measured, bar, mark))

    def at_most(self, bench, needs, subject, value, limit, unit, scale=1.0):
        """`needs`: the (case, command) pairs used; `value` makes the number of their results."""
        digits = ".0f" if limit * scale >= 100 else ".3g"
        bar = f"<= {limit * scale:{digits}}{unit}"
        if any(need not in bench.results for need in needs):
            self.add(subject, "not measured", bar, False)
            return
        number = value()
        self.add(subject, f"{number * scale:.3g}{unit}", bar,
                 number <= limit and not any(need in bench.wrong for need in needs))


def rate_ratios(bench, bars, command):
    """Ratios on the first case large enough to count; smaller ones get no verdict."""
    for case in RATIO_CASES:
        ours = bench.results.get((case, command))
        if ours is None:
            continue
        last = case is RATIO_CASES[-1]
        counts = ours.user > RATIO_COUNTS_FROM or last
        for peer, wanted in PEER_RATIOS.items():
            bench.measure_peer(case, peer)
            theirs = bench.results[case, peer]
            ratio = theirs.user / max(ours.user, 1e-6)
            verdict = ratio >= wanted and (case, command) not in bench.wrong if counts else \
                "does not count: ours under 20 ms"
            bars.add(f"{case.title}: {command} faster than {peer}",
                     f"{'>' if theirs.cut_off else ''}{ratio:.0f} x", f">= {wanted} x", verdict)
        if counts:
            return
    bars.add(f"{command} against the peers", "not measured", "100 x, 60 x", False)


def rate_large(bench, bars, name):
    """10,000 threads: what they cost, and that it is ten times what 1,000 cost."""
    one, ten = (THOUSAND, name), (TEN_THOUSAND, name)
    bars.at_most(bench, [ten], f"{TEN_THOUSAND.title}: {name}, CPU",
                 lambda: bench.results[ten].cpu, TEN_THOUSAND_CPU, " s")
    bars.at_most(bench, [one, ten], f"growth from 1,000 to 10,000: {name}, CPU",
                 lambda: bench.results[ten].cpu / bench.results[one].cpu, GROWTH, " x")
    bars.at_most(bench, [ten], f"{TEN_THOUSAND.title}: {name}, own memory",
                 lambda: bench.memory[ten], OWN_MEMORY_MB, " MB")


def rate_quick(bench, bars):
    quick = (TEN_THOUSAND, "quick")
    bars.at_most(bench, [quick], f"{TEN_THOUSAND.title}: quick, user",
                 lambda: bench.results[quick].user, QUICK_USER, " ms", 1000)


def rate_small(bench, bars, name):
    bars.at_most(bench, [(THREE, name)], f"{THREE.title}: {name}, wall, least of {WALL_RUNS}",
                 lambda: measure.least_wall(bench.our_command(name, THREE), bench.errors,
                                            WALL_RUNS), THREE_WALL, " ms", 1000)


def rate_mariadb(bench, bars, name):
    if MARIADB in bench.cores:
        bars.at_most(bench, [(MARIADB, name)], f"{MARIADB.title}: {name}, CPU",
                     lambda: bench.results[MARIADB, name].cpu, MARIADB_CPU, " s")


def rate_sparse(bench, bars, name):
    plain, sparse = (THOUSAND, name), (SPARSE, name)
    bars.at_most(bench, [plain, sparse], f"12 GiB sparse against none: {name}, CPU",
                 lambda: bench.results[sparse].cpu / bench.results[plain].cpu,
                 SPARSE_CPU_FACTOR, " x")
    bars.at_most(bench, [plain, sparse], f"12 GiB sparse against none: {name}, more memory",
                 lambda: max(0, bench.memory[sparse] - bench.memory[plain]),
                 SPARSE_MEMORY_MB, " MB")


def rate(bench, with_peers):
    bars = Bars()
    if with_peers:
        for name in FULL:
            rate_ratios(bench, bars, name)
    for name in FULL:
        rate_large(bench, bars, name)
    rate_quick(bench, bars)
    for rate_each in (rate_small, rate_sparse, rate_mariadb):
        for name in FULL:
            rate_each(bench, bars, name)
    return bars


def result_rows(bench):
    yield ("case", "command", "user s", "CPU s", "wall s", "own MB", "x floor", "frames", "runs")
    for case in bench.cores:
        floor_cpu, floor_wall = bench.floor[case]
        yield (case.title, "floor", "", f"{floor_cpu:.4f}", f"{floor_wall:.4f}", "", "1", "",
               str(measure.SAMPLES))
        for name in (*OURS, *PEERS):
            result = bench.results.get((case, name))
            if result is None:
                continue
            more = ">" if result.cut_off else ""
            memory = bench.memory.get((case, name))
            runs = f"{result.samples}"
            if result.runs > result.samples:
                runs += f" of {result.runs // result.samples}"
            yield ("", name, f"{more}{result.user:.4f}", f"{more}{result.cpu:.4f}",
                   f"{more}{result.wall:.4f}", "" if memory is None else f"{memory:.1f}",
                   f"{more}{result.cpu / max(floor_cpu, 1e-6):.1f}",
                   str(bench.frames.get((case, name), "")), runs)


def layout(rows):
    """Rows as lines of aligned columns: numbers to the right, but never a row's title."""
    rows = [tuple(row) for row in rows]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(
            cell.rjust(width) if i > 0 and re.match(r">?\d", cell) else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths))).rstrip()


def core_lines(bench):
    for core in bench.cores.values():
        yield (f"core: {core.case.title}: {core.apparent / MB:.0f} MB, on disk "
               f"{core.on_disk / MB:.0f} MB, by {core.maker}")


def write_report(path, described, rows, bars, took=""):
    """What was measured, how, and against which bars: to stdout and into the file."""
    lines = ["# Conditions", *described, "", "# Measured", *layout(rows),
             "", "# Bars", *layout([("what", "measured", "bar", ""), *bars.rows]),
             "", f"{bars.missed} missed{took}"]
    text = "\n".join(lines) + "\n"
    print(text, end="")
    path.write_text(text, encoding="utf-8")


def describe(bench):
    """How it was measured."""
    yield from core_lines(bench)
    yield (f"least of {measure.SAMPLES} samples, a short command's sample being the mean of several "
           "runs (\"5 of 20\"); CPU is user and system;")
    yield ("own memory is the peak of RssAnon and RssShmem, sampled every 5 ms, greatest of "
           f"{measure.MEMORY_RUNS} runs;")
    yield (f"peers: a run is cut off after {LIMIT} s (\">\": lower bounds), "
           f"no further one begun after {BUDGET} s;")
    yield "floor: notes parsed and stack pages read once, without process start"
    yield from bench.notes


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--coretool", type=pathlib.Path, required=True,
                        help="the program to measure")
    parser.add_argument("--build", type=pathlib.Path, required=True,
                        help="directory of bench_threads and floor; cores and results go there")
    parser.add_argument("--no-peers", action="store_true", help="only our commands and the floor")
    parser.add_argument("--enforce", action="store_true", help="exit status 1 if a bar is missed")
    options = parser.parse_args()
    if shutil.which(options.coretool) is None:
        parser.error(f"{options.coretool}: no such program")
    begin = time.monotonic()
    conditions.install_packages()
    bench = Bench(options.coretool.resolve(), options.build.resolve())
    description = conditions.describe(bench.coretool)
    bench.make_cores()
    for case in bench.cores:
        print(f"bench: {case.title}", file=sys.stderr, flush=True)
        bench.measure_case(case)
    if not options.no_peers:
        print("bench: the peers, some minutes", file=sys.stderr, flush=True)
        for peer in PEERS:
            if THREE in bench.cores:
                bench.measure_peer(THREE, peer)
    bars = rate(bench, not options.no_peers)
    write_report(bench.build / "results.txt", [*description, *describe(bench)], result_rows(bench), bars,
                 f"; {time.monotonic() - begin:.0f} s")
    return 1 if options.enforce and bars.missed else 0


if __name__ == "__main__":
    sys.exit(main())
