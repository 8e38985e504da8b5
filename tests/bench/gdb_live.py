"""The gdb part of make bench: coretool inside gdb against gdb's own `thread apply all bt`.

What is measured
    A live process of bench_threads.c, 1,000 threads that wait for one mutex below 20 frames: in gdb,
    attached, and in gdb through a gdbserver on the loopback. One session each with `coretool
    deadlocks`, `coretool threads` and `thread apply all bt`, every one as the first command of a stop
    of its own, five times in turn.
How
    Wall clock around gdb.execute(command, to_string=True), so that both sides make all of their text
    and a terminal's speed does not count; least of five, and the very first beside it, which has gdb
    read symbols and us start. The child's time is in it: it is started anew for each stop.
What counts
    The report that the session exports is checked first (answer.py); if it is wrong all of that session's
    bars are missed.
    live: deadlocks within 1.0 s; threads at least 10 times faster than `thread apply all bt` of the
    same session.
    gdbserver: three times as much: deadlocks within 3.0 s; threads within 3/10 of `thread apply all bt`
    of the same session. What it takes against the live session's stands beside it and does not decide.
Result
    A table on stdout and in BUILD/results-gdb.txt. The exit status is 0 also with misses, unless
    --enforce is given.
"""

import argparse
import json
import pathlib
import sys
import tempfile

import answer
import conditions
import cores
import measure
from bench import THOUSAND, Bars, write_report

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "gdb"))
import gdb_versions  # noqa: E402 (it is in another directory)
from run_scripts import run_gdb, start_options  # noqa: E402
from targets import executes, tcp_server  # noqa: E402

IN_GDB = ROOT / "tests" / "bench" / "in_gdb.py"
DEADLOCKS, THREADS, BACKTRACES = "coretool deadlocks", "coretool threads", "thread apply all bt"
DEADLOCKS_SECONDS = 1.0
TIMES_FASTER = 10
REMOTE_FACTOR = 3
SESSION_SECONDS = 300


class Session:
    """The times of one session, and what is wrong with its answer."""

    def __init__(self, title, times, wrong):
        self.title, self.times, self.wrong = title, times, wrong

    def least(self, command):
        return min(self.times[command])


def read_session(title, directory, output):
    try:
        times = json.loads((directory / "times.json").read_text(encoding="utf-8"))
        report = json.loads((directory / "report.json").read_text(encoding="utf-8"))
        wrong = answer.check_waits(report, THOUSAND) or answer.check_stacks(report, THOUSAND)
        return Session(title, times, wrong)
    except (OSError, KeyError, IndexError, TypeError, ValueError) as error:
        return Session(title, None, f"{error!r}; gdb said: {output.strip()[-300:]}")


def session(gdb, coretool, title, directory, target):
    lines = [*start_options(coretool), *executes([target, f"source {IN_GDB}"])]
    output, wrong = run_gdb(gdb, lines, directory, limit=SESSION_SECONDS)
    found = read_session(title, directory, output)
    found.wrong = ", ".join(wrong) or found.wrong or None
    return found


def live_session(gdb, coretool, process, directory):
    return session(gdb, coretool, "live", directory, f"attach {process.pid}")


def server_session(gdb, coretool, process, directory):
    with tcp_server(gdb, process.pid, directory) as port:
        return session(gdb, coretool, "gdbserver", directory, f"target remote localhost:{port}")


def run_sessions(gdb, coretool, program):
    sessions = []
    for run in (live_session, server_session):
        with tempfile.TemporaryDirectory(prefix="coretool-bench-") as name:
            directory = pathlib.Path(name)
            with cores.blocked_process(program, THOUSAND, directory) as process:
                sessions.append(run(gdb, coretool, process, directory))
    return sessions


def add_bar(bars, title, needs, measured, limit):
    """measured, limit: functions, since a session that failed has no times."""
    if any(found.times is None for found in needs):
        bars.add(title, "not measured", "", False)
        return
    right = not any(found.wrong for found in needs)
    bars.add(title, f"{measured():.3f} s", f"<= {limit():.3g} s", right and measured() <= limit())


def rate(live, server):
    bars = Bars()
    add_bar(bars, "live: deadlocks, first of a stop", [live],
            lambda: live.least(DEADLOCKS), lambda: DEADLOCKS_SECONDS)
    add_bar(bars, f"live: threads, against 1/{TIMES_FASTER} of {BACKTRACES}", [live],
            lambda: live.least(THREADS), lambda: live.least(BACKTRACES) / TIMES_FASTER)
    add_bar(bars, "gdbserver: deadlocks, first of a stop", [server],
            lambda: server.least(DEADLOCKS), lambda: DEADLOCKS_SECONDS * REMOTE_FACTOR)
    add_bar(bars, f"gdbserver: threads, against {REMOTE_FACTOR}/{TIMES_FASTER} of its {BACKTRACES}",
            [server], lambda: server.least(THREADS),
            lambda: server.least(BACKTRACES) * REMOTE_FACTOR / TIMES_FASTER)
    if live.times and server.times:
        bars.add("gdbserver: threads, times as long as live",
                 f"{server.least(THREADS) / live.least(THREADS):.1f} x", "", "does not decide")
    return bars


def rows(sessions):
    yield ("session", "command", "least s", "first s", "threads faster")
    for found in sessions:
        for command in (DEADLOCKS, THREADS, BACKTRACES) if found.times else ():
            times = found.times[command]
            ratio = f"{found.least(BACKTRACES) / found.least(THREADS):.1f} x" \
                if command == BACKTRACES else ""
            yield (found.title, command, f"{min(times):.3f}", f"{times[0]:.3f}", ratio)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--coretool", type=pathlib.Path, required=True,
                        help="the program that the extension runs")
    parser.add_argument("--build", type=pathlib.Path, required=True,
                        help="directory of bench_threads; results go there")
    parser.add_argument("--enforce", action="store_true", help="exit status 1 if a bar is missed")
    options = parser.parse_args()
    conditions.install_packages()
    description = conditions.describe(str(options.coretool.resolve()))
    try:
        gdb = gdb_versions.machine_gdb()
    except gdb_versions.SuiteError as error:
        sys.exit(f"gdb_live: {error}")
    program = options.build.resolve() / "bench_threads"
    sessions = run_sessions(gdb, options.coretool.resolve(), program)
    bars = rate(*sessions)
    described = [
        *description,
        f"gdb {gdb.version}, attached, and through its gdbserver on the loopback; a process of "
        f"{THOUSAND.title}",
        f"wall clock within gdb, output captured; least of {measure.SAMPLES} stops, each command the "
        "first of its stop;",
        *(f"WRONG ANSWER: {found.title}: {found.wrong}" for found in sessions if found.wrong),
    ]
    write_report(options.build / "results-gdb.txt", described, rows(sessions), bars)
    return 1 if options.enforce and bars.missed else 0


if __name__ == "__main__":
    sys.exit(main())
