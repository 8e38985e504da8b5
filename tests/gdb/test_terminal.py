#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""gdb as a person uses it: in a terminal, with completion, pages, colours and Ctrl-C.

usage: test_terminal.py [--gdb NAME] PROGRAM
"""

import argparse
import os
import re
import signal
import sys
import tempfile
import time
import traceback
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import gdb_versions
from run_scripts import EXTENSION, MARK, end_survivors, survivors
from targets import sample_path
from terminal import NotSeen, Terminal

PROMPT = r"^\(gdb\) *$(?![\s\S]*\S)"
BACK_SECONDS = 2.0
ESCAPE = "\x1b["


class Session:
    """gdb in a terminal with the extension sourced and a sample loaded."""

    def __init__(self, gdb, program, build, what, cwd):
        self.program, self.cwd = program, cwd
        self.mark = f"{MARK}={uuid.uuid4()}"
        env = {key: value for key, value in gdb.env.items() if key not in ("TERM", "TMUX")}
        # tmux's server needs one to start; it gives its own to the program.
        env |= {"TERM": "xterm-256color", **dict([self.mark.split("=")])}
        line = gdb.command("-q", "-ex", "set confirm off", "-ex", f"source {EXTENSION}",
                           "-ex", f"set coretool path {program}", str(sample_path(build, what)))
        self.terminal = Terminal(line, env, cwd)

    def __enter__(self):
        self.terminal.__enter__()
        self.terminal.see(PROMPT)
        return self

    def __exit__(self, *exc):
        self.terminal.__exit__(*exc)
        end_survivors(self.mark.encode())

    def do(self, command, wanted=None):
        """Types the command; waits for what is wanted, then for the prompt."""
        self.terminal.clear()
        self.terminal.line(command)
        match = self.terminal.see(wanted) if wanted else None
        self.terminal.see(PROMPT)
        return match

    def run_and_interrupt(self):
        """The sample runs until it rests, and the user presses Ctrl-C."""
        self.terminal.clear()
        self.terminal.line("run")
        self.terminal.see(r'"ready":true')
        self.terminal.keys("C-c")
        self.terminal.see("received signal SIGINT")
        self.terminal.see(PROMPT)

    def engines(self):
        """The processes that the extension has started and that live."""
        return {pid: name for pid, name in survivors(self.mark.encode()).items()
                if b"serve" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")}


def completed(session, typed, wanted, tabs=1):
    """TAB at the end of what is typed (twice: the list of all that fits); the line is then given up."""
    session.terminal.clear()
    session.terminal.type(typed)
    session.terminal.keys(*["Tab"] * tabs)
    session.terminal.see(wanted)
    session.terminal.keys("C-c")
    session.terminal.see(PROMPT)


def test_completion(session):
    """TAB before any command was used: the commands are known by the first prompt."""
    completed(session, "coretool dea", r"^\(gdb\) coretool deadlocks *$")
    completed(session, "coretool g", r"^goroutine +goroutines +goto +graph", tabs=2)
    completed(session, "coretool goto r", r"^\(gdb\) coretool goto root *$")
    completed(session, "info wait", r"^\(gdb\) info waits *$")
    completed(session, "set coretool auto", r"^\(gdb\) set coretool auto-check *$")
    completed(session, "set coretool format nd", r"^\(gdb\) set coretool format ndjson *$")
    completed(session, "help coretool thr", r"^\(gdb\) help coretool threads *$")
    session.run_and_interrupt()
    completed(session, "coretool explain g_sto", r"^\(gdb\) coretool explain g_stock")
    completed(session, "coretool threads --qui", r"^(--)?quick +(--)?quiet", tabs=2)


def test_pages_and_colours(session):
    """gdb pages what coretool prints, in colours where gdb has colours."""
    session.run_and_interrupt()
    session.terminal.clear()
    session.terminal.line("coretool analyze")
    session.terminal.see("--Type <RET> for more")
    coloured = session.terminal.screen("-e")
    session.terminal.line("q")
    session.terminal.see(PROMPT)
    above = coloured.partition("coretool analyze")[2]
    if ESCAPE not in above.partition("--Type")[0]:
        raise NotSeen(f"no colours in the report:\n{coloured}")
    session.do("set style enabled off")
    session.do("set pagination off")
    session.do("coretool deadlocks", "CT101 lock-cycle")
    plain = session.terminal.screen("-e").partition("coretool deadlocks")[2].partition("(gdb)")[0]
    if ESCAPE in plain:
        raise NotSeen(f"colours though gdb's style is off:\n{plain}")


def test_auto_check(session):
    """After a Ctrl-C that stops a deadlocked program, one line says so."""
    session.do("set coretool auto-check on")
    session.run_and_interrupt()
    said = session.terminal.screen().rpartition("SIGINT")[2]
    lines = [text for text in said.splitlines() if re.search("deadlock:|wait for each other", text)]
    if len(lines) != 1:
        raise NotSeen(f"{len(lines)} lines tell of the deadlock, not one:\n{said}")


def test_non_stop(session):
    """Nothing is proven while threads run; after `interrupt -a` all is known, in the same session."""
    session.do("set non-stop on")
    session.run_and_interrupt()
    session.do("coretool deadlocks")
    if "CT101" in session.terminal.screen():
        raise NotSeen("a finding about running threads:\n" + session.terminal.screen())
    session.terminal.clear()
    session.terminal.line("interrupt -a")
    session.terminal.see("Thread 2 .*stopped")
    session.terminal.see("Thread 3 .*stopped")
    session.do("coretool deadlocks", "CT101 lock-cycle, P0, proven")


def test_selected_thread_gone(session):
    """The selected thread has exited, which non-stop leaves it at: the others are analysed all the same."""
    session.do("set non-stop on")
    session.do("break importer")
    session.terminal.clear()
    session.terminal.line("run")
    session.terminal.see("hit Breakpoint 1")
    session.terminal.see(PROMPT)
    session.do("thread 2", "Switching to thread 2")
    session.terminal.clear()
    session.terminal.line("continue &")
    session.terminal.see('"ready":true')
    session.terminal.line("interrupt -a")
    for number in (1, 3, 4, 5):
        session.terminal.see(f"Thread {number} .*stopped")
    session.do("thread", r"Current thread is 2 .*exited")
    session.do("coretool deadlocks", "CT103 dead-owner, P0, proven")
    session.do("p $_coretool_is_deadlocked()", r"= 1$")
    session.do("coretool goto holder 4", "Switching to thread 3|rebuild_index")


def interrupted(session, command, before):
    """Ctrl-C while the command works: a prompt within BACK_SECONDS, and nobody left at work."""
    session.terminal.clear()
    session.terminal.line(command)
    before()
    session.terminal.keys("C-c")
    begin = time.monotonic()
    session.terminal.see("Quit", BACK_SECONDS)
    session.terminal.see(PROMPT, max(0.1, BACK_SECONDS - (time.monotonic() - begin)))
    while session.engines() and time.monotonic() < begin + BACK_SECONDS:
        time.sleep(0.02)
    if session.engines():
        raise NotSeen(f"{command}: left after Ctrl-C: {session.engines()}")


def await_engine(session):
    """Until one is there, and a moment more, so that gdb waits for it."""
    deadline = time.monotonic() + 10
    while not session.engines():
        if time.monotonic() > deadline:
            raise NotSeen("no engine was started:\n" + session.terminal.screen())
        time.sleep(0.01)
    time.sleep(0.3)


COMMANDS = ("coretool deadlocks", "coretool explain g_stock_lock", "info waits",
            "coretool goto holder", "p $_coretool_is_deadlocked()", "p g_stock_lock")


def test_interrupt_at_start(session):
    """Ctrl-C in each kind of command, with an engine that never greets and has a child itself."""
    engine = session.cwd / "hanging-engine"
    engine.write_text(f'#!/bin/sh\n[ "$1" = serve ] || exec {session.program} "$@"\n'
                      "sleep 1000 # serve\n", encoding="utf-8")
    engine.chmod(0o755)
    session.run_and_interrupt()
    session.do(f"set coretool path {engine}")
    for command in COMMANDS:
        interrupted(session, command, lambda: await_engine(session))
    if "sleep" in survivors(session.mark.encode()).values():
        raise NotSeen("a child of the engine is left")
    session.do(f"set coretool path {session.program}")
    session.do("coretool deadlocks", "CT101 lock-cycle, P0, proven")


def test_interrupt_in_the_middle(session):
    """Ctrl-C when an engine that has answered before does not answer; then gdb works on."""
    session.run_and_interrupt()
    for command in COMMANDS:
        session.do("coretool deadlocks", "CT101 lock-cycle, P0, proven")
        for pid in session.engines():
            os.kill(pid, signal.SIGSTOP)
        # Another one than before: its answer cannot be known already.
        interrupted(session, command if command != COMMANDS[0] else "coretool locks",
                    lambda: time.sleep(0.5))
    session.do("coretool deadlocks", "CT101 lock-cycle, P0, proven")
    session.do("continue &")
    session.do("info threads", "running")


TESTS = {test_completion: "deadlock2", test_pages_and_colours: "deadlock2",
         test_auto_check: "deadlock2", test_non_stop: "deadlock2",
         test_selected_thread_gone: "dead_chain", test_interrupt_at_start: "deadlock2",
         test_interrupt_in_the_middle: "deadlock2"}


def run_test(test, gdb, program, build):
    """What is wrong, or None."""
    with tempfile.TemporaryDirectory(prefix="coretool-gdb-") as name:
        try:
            with Session(gdb, program, build, TESTS[test], Path(name)) as session:
                test(session)
        except NotSeen as error:
            where = traceback.extract_tb(error.__traceback__)
            line = next((frame for frame in reversed(where) if frame.name == test.__name__), where[0])
            return f"line {line.lineno}: {line.line}: {error}"
        except Exception as error:  # of tmux or of gdb: this test's failure
            return f"{type(error).__name__}: {error}"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    gdb_versions.add_options(parser)
    parser.add_argument("--jobs", type=int, default=3)  # they wait most of the time
    parser.add_argument("--test", action="append", help="only this one (repeatable)")
    parser.add_argument("program", metavar="PROGRAM", type=Path)
    args = parser.parse_args()
    program, build = args.program.resolve(), args.build.resolve()
    cases = [(test, gdb) for test in TESTS for gdb in gdb_versions.chosen(args)
             if not args.test or test.__name__ in args.test]
    failed = 0
    with ThreadPoolExecutor(args.jobs) as pool:
        for (test, gdb), wrong in zip(
                cases, pool.map(lambda case: run_test(*case, program, build), cases)):
            if wrong:
                failed += 1
                print(f"failed: {test.__name__}: gdb {gdb.version}: {wrong}", flush=True)
    print(f"{len(cases) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
