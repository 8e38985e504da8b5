# SPDX-License-Identifier: Apache-2.0
"""One program of the runtime's tests of leaked goroutines: run, core, report, and who is right."""

import json
import os
import re
import select
import subprocess
import tempfile
import time
from collections import Counter

import goroutine_text
from go_cores import GoRun, STACK_KB
from sample_run import CoreError

SECONDS = 120
LEAK = "CT210"
ALSO_LEAK = "CT212"  # those who wait for a WaitGroup; counted with the others
# Leaked as well, and said with more: waits that nothing ends, and circles.
SAID_OTHERWISE = ("CT203", "CT204", "CT211")
# Reasons that a Go before 1.25, up to 1.19 one of locks too, does not tell apart, by the innermost function that waits.
OLDER_REASONS = {"sync.(*WaitGroup).Wait": "sync.WaitGroup.Wait", "sync.(*Mutex).lockSlow": "sync.Mutex.Lock",
                 "sync.(*Mutex).Lock": "sync.Mutex.Lock", "sync.(*RWMutex).Lock": "sync.RWMutex.Lock",
                 "sync.(*RWMutex).RLock": "sync.RWMutex.RLock"}
SEMAPHORE = "semacquire"
GOES_ON = ("running", "runnable", "syscall", "sleep", "IO wait")
# Not leaked, though 1.26 says so: main has nothing left to do, and means it.
MAIN_RESTS = (1, "select (no cases)" + goroutine_text.LEAKED)
# Where a goroutine of the program asks for the profile.
ASKS = "leaks/stop.(*Profile).WriteTo"


class LeakRun(GoRun):
    def go_on(self):
        """What it prints after the core was taken."""
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()
        deadline, text = time.monotonic() + SECONDS, b""
        while True:
            if not select.select([self.process.stdout], [], [], max(0, deadline - time.monotonic()))[0]:
                raise CoreError(f"its profile takes over {SECONDS} s")
            piece = os.read(self.process.stdout.fileno(), 1 << 20)
            if not piece:
                break
            text += piece
        if self.process.wait(SECONDS):
            raise CoreError(f"it ended with status {self.process.returncode}: {self.said()}")
        return text.decode(errors="replace")

    def said(self):
        self.errors.seek(0)
        return self.errors.read().decode(errors="replace").strip()[-500:]


def as_the_test_says(printed):
    """Its first function and its reason, as the patterns of the test have them."""
    reason = goroutine_text.without_leak(printed).reason
    if reason == SEMAPHORE:
        reason = next((OLDER_REASONS[f] for f in printed.functions if f in OLDER_REASONS), reason)
    return f"{printed.functions[-1].removeprefix('main.')}(...) [{reason}]"


class Case:
    """One program, as one toolchain built it in one way, run once."""

    def __init__(self, binary, name, expected, copy):
        self.binary, self.name, self.expected, self.copy = binary, name, expected, copy
        self.variant = f"go-{binary.toolchain.version}-{binary.way}"
        self.title = f"{self.variant}/{name}" + (f".{copy}" if copy else "")
        self.wrong, self.notes = [], []
        self.counts = Counter()

    def look(self, program, core):
        try:
            before, after = self._run(core)
            told = self._analyze(program, core)
            there = self._ask(program, "goroutines", "--format", "gotrace", core)
        except (CoreError, OSError, subprocess.SubprocessError, ValueError) as error:
            self.wrong.append(f"{type(error).__name__}: {error}")
            return
        if after:
            self._judge_by_profile(before, after, told)
        else:
            self._judge_by_patterns(goroutine_text.goroutines(there), told)

    def _run(self, core):
        """({number: Printed} before the core, the same of the runtime's own profile after it)"""
        environment = ["env", "GODEBUG=asyncpreemptoff=1"]
        if self.expected and not self.expected.flaky:
            environment.append("GOMAXPROCS=1")
        with tempfile.TemporaryDirectory(prefix="coretool-leaks-") as cwd:
            with LeakRun([str(self.binary.path), self.name], cwd, STACK_KB, environment) as run:
                run.await_ready()
                run.await_rest()
                run.gcore(core)
                after = run.go_on()
        before = "\n".join(run.lines)
        core.with_suffix(".before").write_text(before)
        core.with_suffix(".after").write_text(after)
        return goroutine_text.goroutines(before), goroutine_text.goroutines(after)

    @staticmethod
    def _ask(program, *args):
        return subprocess.run([program, *args], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              errors="replace", timeout=SECONDS, check=True).stdout

    def _analyze(self, program, core):
        """{rule: numbers of goroutines}; all that are leaked by one."""
        report, told = json.loads(self._ask(program, "analyze", "--json", core)), {}
        for finding in report["findings"]:
            mine = [int(actor[2:]) for actor in finding.get("actors", ()) if actor.startswith("g:")]
            rule = LEAK if finding["rule"] == ALSO_LEAK else finding["rule"]
            told.setdefault(rule, set()).update(mine)
            if finding["rule"] == LEAK:
                self.counts[finding["confidence"]] += len(mine)
        return told

    def _judge_by_profile(self, before, after, told):
        """The truth is what the runtime found in itself just after the core."""
        leaked = {number for number, one in after.items()
                  if goroutine_text.is_leaked(one) and (number, one.reason) != MAIN_RESTS}
        moved = {number for number in before.keys() | after.keys()
                 if not self._stayed(before.get(number), after.get(number))}
        ours = told.get(LEAK, set())
        otherwise = set().union(*(told.get(rule, ()) for rule in SAID_OTHERWISE)) & leaked - ours
        missing = leaked - ours - otherwise
        # Who is leaked only since another went on was not when the core was taken.
        excused = missing if moved - missing else missing & moved
        self.counts += Counter(leaked=len(leaked), found=len(leaked & ours), otherwise=len(otherwise),
                               went_on=len(excused), missed=len(missing - excused), false=len(ours - leaked))
        self._say("not told", missing - excused, before)
        self._say("not leaked, as the runtime says", ours - leaked, before)
        if excused:
            self.notes.append(f"{len(excused)} not told, {len(moved)} goroutines went on after the core")

    @staticmethod
    def _stayed(before, after):
        if not before or not after:
            return False
        return ASKS in before.functions or before == goroutine_text.without_leak(after)

    def _judge_by_patterns(self, there, told):
        """The truth is which goroutines the test expects to be leaked, by where they are in the core."""
        if not self.expected:
            self.notes.append("the test's source does not say what to expect")
        patterns = self.expected.patterns if self.expected else ()
        fits = {number: {p for p in patterns if p.search(as_the_test_says(one))}
                for number, one in there.items() if one.functions}
        wanted = {number for number, found in fits.items() if found}
        ours = told.get(LEAK, set())
        otherwise = set().union(*(told.get(rule, ()) for rule in SAID_OTHERWISE)) & wanted - ours
        missing = wanted - ours - otherwise
        # Whom somebody can still wake that goes on by himself is not leaked at that time.
        busy = any(one.reason in GOES_ON and ASKS not in one.functions for one in there.values())
        excused = missing if busy else set()
        false = ours - wanted if self.expected else set()
        self.counts += Counter(leaked=len(wanted), found=len(wanted & ours), otherwise=len(otherwise),
                               went_on=len(excused), missed=len(missing - excused), false=len(false))
        self._say("not told", missing - excused, there)
        self._say("not leaked, as the test says", false, there)
        if excused:
            self.notes.append(f"{len(excused)} not told, other goroutines were not at rest")
        if self.expected and not self.expected.flaky:
            for pattern in set(patterns) - set().union(*fits.values(), set()):
                self.notes.append(f"no goroutine came to wait as {pattern.pattern}")

    def _say(self, what, numbers, printed):
        kinds = Counter(as_the_test_says(printed[number]) if number in printed else "it was not there yet"
                        for number in numbers)
        self.wrong += [f"{what}: {n} x {kind}" for kind, n in sorted(kinds.items())]
