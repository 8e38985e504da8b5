#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The extension with an engine that misbehaves, in every gdb that is here: all ways in the machine's, in the
others those in which gdb itself has a part.

usage: test_hostile.py [--gdb NAME] [--test CASE]

The engine is fake_engine.py. However it behaves, a command ends in time with one clean line or with its
result, gdb goes on, what the user has selected stays, and no process is left.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import gdb_versions
from gdb_versions import ROOT
from run_scripts import EXTENSION, MARK, end_survivors
from targets import executes, sample_path

ENGINE = ROOT / "tests" / "gdb" / "fake_engine"
SECONDS = 60
PATIENCE = 10  # seconds; a machine with much to do must not seem to be an engine that is silent
ALIVE = "gdb is alive"
NEVER = re.compile(r"Python Exception|Traceback|internal-error|<class ")


@dataclass(frozen=True)
class Case:
    """How the engine behaves, and what one command prints then: all of it, as a pattern."""

    how: str
    wanted: str
    command: str = "coretool threads"
    timeout: int = PATIENCE
    engines: int = 0  # that are started; 0: any number
    everywhere: bool = False  # in each gdb


ENDED = r"coretool ended early \(%s\)\."
SILENT = r'coretool said nothing for 1 seconds and was stopped \(see "help set coretool timeout"\)\.'
STOPPED = r"coretool was stopped: %s\."
RAN = r"ran threads --color never in 0 columns\n[\s\S]*\nread [^\n]*"

CASES = (
    Case("die-before-hello", ENDED % "killed by SIGKILL: fake: here it ends", engines=2, everywhere=True),
    Case("hang-before-hello", SILENT, timeout=1, engines=2),
    Case("hang", SILENT, timeout=1, engines=2),
    Case("hang-once", RAN, timeout=3, engines=2, everywhere=True),
    Case("hang-with-family", SILENT, timeout=1, engines=2),
    Case("die", ENDED % "killed by SIGKILL: fake: here it ends", engines=2),
    Case("die-once", RAN, engines=2, everywhere=True),
    Case("die-once-at-start", RAN, engines=2),
    Case("exit", ENDED % "exit status 3", engines=2),
    Case("version", STOPPED % "it speaks version 7 .*one installation", engines=1, everywhere=True),
    Case("no-hello", STOPPED % "it does not begin with a greeting", engines=1),
    Case("hello-unended", STOPPED % "it sent a list whose last string does not end", engines=1),
    Case("two-hellos", STOPPED % "it greets in the middle of an answer", engines=1),
    Case("oversize", STOPPED % "it sent a frame of 4194305 bytes; 4194304 are the limit", engines=1),
    Case("enormous", STOPPED % "it sent a frame of 4294967295 bytes; 4194304 are the limit"),
    Case("unknown-type", STOPPED % "it sent a frame of type 77, which there is not"),
    Case("request-type", STOPPED % "it sent a frame of type 16, which there is not"),
    Case("output-kind", STOPPED % "it sent output of a kind that there is not"),
    Case("garbage", STOPPED % r"it sent a frame of type \d+, which there is not"),
    Case("garbage-at-once", STOPPED % r"it sent a frame of type \d+, which there is not"),
    Case("half-a-frame", ENDED % "exit status 0", engines=2),
    Case("trickle", SILENT, timeout=1, engines=2),
    Case("flood", STOPPED % "it sent more than 67108864 bytes", engines=1),
    Case("flood-noise", SILENT, timeout=1, engines=2),
    Case("deaf", SILENT, timeout=1, engines=2),
    Case("read-too-much", STOPPED % "it asks for more memory at once than it may", engines=1, everywhere=True),
    Case("read-part", STOPPED % "it asks for memory in a way that there is not"),
    Case("read-absurd", r"absurd \[None, None, None, None\]"),
    Case("many-registers", STOPPED % "it asks for 65 registers; 64 are the limit"),
    Case("registers-unended", STOPPED % "it sent a list whose last string does not end", everywhere=True),
    Case("threads-beyond", "", everywhere=True),
    Case("fails-silently", r"coretool: exit status 2"),
    Case("binary-output", "a\ufffd\\?b\ufffd", everywhere=True),
    Case("closed-output", ENDED % "it closed its output", engines=2),
    Case("answers-twice", "one"),
    Case("die", ENDED % "killed by SIGKILL: fake: here it ends", "p $_coretool_is_deadlocked()"),
    Case("hang", SILENT, "coretool goto holder", timeout=1, everywhere=True),
    Case("version", STOPPED % "it speaks version 7 .*", "coretool export report.json"),
    Case("die", r"\$1 = .*__data = .*", "p g_stock_lock"),
    Case("garbage-at-once", r"\$1 = .*__data = .*", "p g_stock_lock", everywhere=True),
    Case("", r"\$1 = described pthread_mutex_t at 0x[0-9a-f]+", "p g_stock_lock", engines=1, everywhere=True),
    Case("binary-output", r"\$1 = a\ufffd\?b\ufffd", "p g_stock_lock"),
    Case("die", r"#0 .*", "bt 1", everywhere=True),
    Case("flood", r"(?:coretool explain|)", "complete coretool explain 0x"),
    Case("", r"coretool explain 0x1230\ncoretool explain 0x1231", "complete coretool explain 0x", everywhere=True),
    Case("", r"coretool: a complaint", "coretool tomorrow", everywhere=True),
    Case("", r"printed rules CT1", "coretool rules CT1"),
    Case("catalogue-hangs", SILENT, timeout=1),
    Case("catalogue-fails", r"coretool failed \(exit status 1: fake: no catalogue\)\."),
    Case("catalogue-floods", STOPPED % "it sent more than 67108864 bytes", timeout=20),
    Case("catalogue-garbage", r'"[^"]*" does not list its commands as coretool does\.'),
    Case("catalogue-strange", r'"[^"]*" does not list its commands as coretool does\.'),
)


def commands_of(case):
    """The command in question stands between two lines of gdb's own."""
    quiet = ["set width 0", "set height 0", f"set coretool path {ENGINE}"]
    # In batch mode the first command makes the others; a catalogue may take its time.
    if case.command.startswith("complete") or (case.timeout < PATIENCE and "catalogue" not in case.how):
        quiet.append("coretool rules")
    quiet += [f"set coretool timeout {case.timeout}", "thread 2", "frame 2"]
    if case.command == "bt 1":
        quiet.append("enable frame-filter global coretool")
    return [*quiet, "echo --begin--\\n", case.command, "echo --end--\\n", "thread", "frame",
            f"echo {ALIVE}\\n"]


def run_gdb(gdb, build, case, cwd, mark):
    """What gdb prints, the command's errors included."""
    script = cwd / "commands.py"
    # One by one: an error would end a script, and gdb in batch mode.
    script.write_text("import gdb\n" + "".join(
        f"try:\n    gdb.execute({line!r})\nexcept gdb.error as error:\n"
        "    gdb.write('%s\\n' % str(error).replace('Error occurred in Python: ', ''))\n"
        for line in commands_of(case)), encoding="utf-8")
    log = cwd / "log"
    log.mkdir()
    env = gdb.env | {"FAKE_ENGINE": case.how, "FAKE_ENGINE_LOG": str(log), MARK: mark,
                     "PYTHONUNBUFFERED": "", "LC_ALL": "C.UTF-8"}
    stop = ["break pause if $_inferior_thread_count == 3", "run >sample.out"]
    line = gdb.command("-batch", *executes([f"source {EXTENSION}", *stop, f"source {script}"]),
                       str(sample_path(build, "deadlock2")))
    done = subprocess.run(line, env=env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace", timeout=SECONDS,
                          check=False)
    return done, len(list(log.glob("serve-*")))


def judge(case, done, engines):
    """What is wrong, one line each."""
    said = done.stdout
    between = re.search(r"^--begin--\n([\s\S]*?)\n?--end--$", said, re.M)
    if not between:
        yield f"gdb did not come to the end of it: {said[-2000:]}"
        return
    if not re.fullmatch(case.wanted, between[1].strip("\n")):
        yield f"it printed {between[1]!r}, not {case.wanted!r}"
    if NEVER.search(said):
        yield f"it printed what must never be: {said[-2000:]}"
    if case.engines and engines != case.engines:
        yield f"{engines} engines were started, not {case.engines}"
    behind = said[between.end():]
    if "Current thread is 2 " not in behind or not re.search(r"^#2 ", behind, re.M):
        if case.command != "coretool goto holder":
            yield f"another thread or frame is selected than before: {behind}"
    if ALIVE not in behind or done.returncode:
        yield f"gdb ended with {done.returncode}: {behind}"


def run_case(gdb, build, case):
    mark = str(uuid.uuid4())
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="coretool-gdb-") as name:
        try:
            wrong = list(judge(case, *run_gdb(gdb, build, case, Path(name), mark)))
        except (subprocess.TimeoutExpired, OSError) as error:
            wrong = [str(error)]
    left = [name for name in end_survivors(f"{MARK}={mark}".encode())]
    if left:
        wrong.append(f"processes were left: {', '.join(left)}")
    return wrong, time.monotonic() - begin


def check_told(gdb, build):
    """What the good engine was told agrees with what gdb's own commands say."""
    case = Case("", RAN)
    mark = str(uuid.uuid4())
    with tempfile.TemporaryDirectory(prefix="coretool-gdb-") as name:
        said = run_gdb(gdb, build, case, Path(name), mark)[0].stdout
    wanted = (
        r"^process arch=i386:x86-64$", r"^process pid=\d+$", r"^process exe=/.*/O0-g/deadlock2$",
        r"^process still=1$", r"^process path=process \d+$", r"^process comm=deadlock2$",
        r"^thread 1 lwp \d+ name deadlock2 flags 1 rip=0x[0-9a-f]+ rsp=0x7ff[0-9a-f]+ rax=0x[0-9a-f]+ "
        r"eflags=0x[0-9a-f]+ fs_base=0x7f[0-9a-f]+$",
        r"^thread 2 lwp \d+ name order_worker flags 1 rip=0x7f", r"^thread 3 lwp \d+ name stock_worker ",
        r"^map 0x5[0-9a-f]+ 0x5[0-9a-f]+ 0x0 \d+ /.*/O0-g/deadlock2$", r"^map 0x\w+ 0x\w+ 0x0 \d+ \[stack\]$",
        r"^maps \d\d+$", r"^auxv 0=0x0 3=0x5[0-9a-f]+ 4=0x38 .* 31=0x7ff[0-9a-f]+",
        r"^read b'\\x7fELF' None None None b'ELF'$")
    return [f"gdb did not tell {pattern!r}: {said}" for pattern in wanted
            if not re.search(pattern, said, re.M)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    gdb_versions.add_options(parser)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--test", action="append", metavar="CASE", help="only this one (repeatable)")
    parser.add_argument("--times", action="store_true", help="say how long each took")
    args = parser.parse_args()
    build = args.build.resolve()
    if not os.access(ENGINE, os.X_OK):
        sys.exit(f"{ENGINE} cannot be executed")
    gdbs = gdb_versions.chosen(args)
    cases = [(case, gdb) for gdb in gdbs for case in CASES
             if (not args.test or case.how in args.test) and (case.everywhere or gdb is gdbs[0])]
    passed = failed = 0
    with ThreadPoolExecutor(args.jobs) as pool:
        results = list(zip(cases, pool.map(lambda c: run_case(c[1], build, c[0]), cases)))
    results += [((Case("told", ""), gdb), (check_told(gdb, build), 0.0)) for gdb in gdbs
                if not args.test or "told" in args.test]
    for (case, gdb), (wrong, seconds) in results:
        passed, failed = (passed, failed + 1) if wrong else (passed + 1, failed)
        for line in wrong:
            print(f"failed: {case.how or 'good'}: {case.command}: gdb {gdb.version}: {line}")
        if args.times:
            print(f"{case.how or 'good'}: {case.command}: gdb {gdb.version}: {seconds:.1f} s")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
