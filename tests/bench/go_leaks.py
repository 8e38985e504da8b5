"""make bench, Go part: leaked goroutines among many, beside a heap of a given size.

What is measured
    `leaks` on cores of samples/go_many.go, which keeps a shop (a tree, maps, slices of structs, strings)
    while every tenth goroutine waits for a reply that nobody can send: 100,000 goroutines beside 512
    MiB, and 1,000,000 beside 3 GiB where memory and disk allow that, by the newest Go toolchain of
    Debian's suites and, the smaller one, by one between it and the machine's own. And in one run, by
    go_mark.c, what marking costs a core of the CPU, and reading the same pages once; and how long both
    take when the core is not in the page cache.
How
    As go.py. The answer is checked first: as many leaked as the program knows, all proven.
Result
    A table on stdout and in BUILD/bench/results-go-leaks.txt. The exit status is 0 also with misses,
    unless --enforce is given. The larger core (8 GB) is removed afterwards.
"""

import argparse
import json
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
for folder in ("cores", "go"):
    sys.path.insert(0, str(HERE.parent / folder))
import conditions  # noqa: E402  the way to the others' folders comes first
import cores  # noqa: E402
import measure  # noqa: E402
from apt_suite import SuiteError  # noqa: E402
from bench import MB, Bars, write_report  # noqa: E402
from go_cases import GoCase, make_core, told_of  # noqa: E402
from go_cores import Binary  # noqa: E402
from toolchains import toolchains  # noqa: E402

SMALL, LARGE = (100_000, 512), (1_000_000, 3072)  # goroutines, MiB
BARS = {SMALL: (3.0, 171), LARGE: (30.0, 800)}  # user seconds, MB
MARK_MB = 400  # a second and core of the CPU
TIMES_READING = 3  # also on the clock, of a core that is not in the page cache
LIMIT, BUDGET = 600, 60
RULES = ("CT210", "CT212")


def wrong_answer(coretool, core, told):
    """None, or what is wrong with the list of leaked goroutines."""
    done = subprocess.run([coretool, "leaks", "--json", core], capture_output=True, text=True, check=False)
    if done.returncode:
        return f"exit status {done.returncode}: {done.stderr.strip()[-200:]}"
    found = [one for one in json.loads(done.stdout)["findings"] if one["rule"] in RULES]
    leaked = {actor for one in found for actor in one["actors"]}
    trust = {one["confidence"] for one in found}
    if len(leaked) != told["leaked_count"]:
        return f"{len(leaked)} are leaked, not {told['leaked_count']}"
    return None if trust == {"proven"} else f"that they are leaked is {trust}"


class Bench:
    def __init__(self, options):
        self.coretool = str(options.coretool.resolve())
        self.tree = options.build.resolve()
        self.build = self.tree / "bench"
        self.errors = self.build / "stderr.txt"
        self.bars, self.notes = Bars(), []
        self.rows = [("case", "heap MB", "user s", "CPU s", "wall s", "own MB", "mark MB/s", "mark s",
                      "sum s", "touch s", "cold mark s", "cold touch s")]

    def measure_case(self, case, core):
        told = told_of(core)
        wrong = wrong_answer(self.coretool, core, told)
        if wrong:
            self.notes.append(f"WRONG ANSWER: {case.title}: {wrong}")
        seconds, megabytes = BARS[case.count, case.mib]
        argv = [self.coretool, "leaks", str(core)]
        result = measure.measure(argv, self.errors, limit=LIMIT, budget=BUDGET)
        memory = measure.peak_memory(argv, self.errors)[0] / MB
        right = not wrong and result.status == 0
        self.bars.add(f"{case.title}: leaks, user", f"{result.user:.2f} s", f"<= {seconds:g} s",
                      right and result.user <= seconds)
        self.bars.add(f"{case.title}: leaks, own memory", f"{memory:.0f} MB", f"<= {megabytes} MB",
                      right and memory <= megabytes)
        done = subprocess.run([self.build / "go_mark", core], capture_output=True, text=True, check=True)
        mark, touch, add_up, cold_mark, cold_touch, size = (float(word) for word in done.stdout.split())
        rate, times = size / 1e6 / mark, mark / add_up
        self.bars.add(f"{case.title}: marked a second and core", f"{rate:.0f} MB", f">= {MARK_MB} MB",
                      right and rate >= MARK_MB)
        self.bars.add(f"{case.title}: marking, times reading the same pages", f"{times:.1f} x",
                      f"<= {TIMES_READING} x", right and times <= TIMES_READING)
        cold = cold_mark / cold_touch
        self.bars.add(f"{case.title}: marking from disk, times touching the same pages", f"{cold:.1f} x",
                      f"<= {TIMES_READING} x", right and cold <= TIMES_READING)
        self.rows.append((case.title, f"{told['heap_bytes'] / 1e6:.0f}", f"{result.user:.2f}",
                          f"{result.cpu:.2f}", f"{result.wall:.2f}", f"{memory:.0f}", f"{rate:.0f}",
                          f"{mark:.3f}", f"{add_up:.3f}", f"{touch:.3f}", f"{cold_mark:.2f}",
                          f"{cold_touch:.2f}"))

    def measure_toolchain(self, toolchain, sizes):
        binary = Binary(self.tree, toolchain, "go_many", "plain")
        binary.build()
        for size in sizes:
            case = GoCase(binary, *size)
            try:
                core = make_core(case, self.build)
            except cores.CannotMake as error:
                self.notes.append(f"left out: {case.title}: {error}")
                continue
            print(f"bench: leaks of {case.title}", file=sys.stderr, flush=True)
            cores.warm(core)
            self.measure_case(case, core)
            if size == LARGE:
                shutil.rmtree(core.parent)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--coretool", type=pathlib.Path, required=True)
    parser.add_argument("--build", type=pathlib.Path, required=True, help="the build directory")
    parser.add_argument("--enforce", action="store_true", help="exit status 1 if a bar is missed")
    options = parser.parse_args()
    bench = Bench(options)
    description = conditions.describe(bench.coretool)
    newest_last = toolchains(bench.tree, bench.notes.append)[-2:]
    for toolchain in newest_last:
        try:
            bench.measure_toolchain(toolchain, (SMALL, LARGE) if toolchain is newest_last[-1] else (SMALL,))
        except SuiteError as error:
            bench.notes.append(f"left out: Go {toolchain.version}: {error}")
    described = [*description,
                 f"leaks: least of {measure.SAMPLES} samples, as many as fit into {BUDGET} s; own memory is "
                 "the peak of RssAnon and RssShmem; marking, adding up all words of the heap's spans, and "
                 "touching a word of each of their pages: CPU seconds of all threads, each in a process of "
                 "its own, least of 5; cold: seconds on the clock of a core that was dropped from the page "
                 "cache, least of 3, touching in order with the kernel reading ahead", *bench.notes]
    write_report(bench.build / "results-go-leaks.txt", described, bench.rows, bench.bars)
    return 1 if options.enforce and bench.bars.missed else 0


if __name__ == "__main__":
    sys.exit(main())
