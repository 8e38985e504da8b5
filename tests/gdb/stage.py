# SPDX-License-Identifier: Apache-2.0
"""Sourced in gdb by tests: runs a sample until it rests, and interrupts it as a user would.

	stage run [ARGS]   runs the program of the current inferior until it has told its truth and all
	                   its threads sleep, then interrupts it
	stage go TEXT      lets it go on until it has written TEXT, then interrupts it

The program's output goes to sample-N.out in the current directory, N being the inferior's number.
"""

import os
import pathlib
import signal
import threading
import time

import gdb

PATIENCE = 20.0
REST = 2.0
READY = '"ready":true'


def output_of(inferior):
    return pathlib.Path(f"sample-{inferior.num}.out").resolve()


def writers(path):
    """The processes whose standard output is this file."""
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if os.readlink(process / "fd" / "1") == str(path):
                yield int(process.name)
        except OSError:
            continue


def rests(pid):
    """Do all of its threads sleep?"""
    stats = [task.read_text() for task in pathlib.Path(f"/proc/{pid}/task").glob("*/stat")]
    return all(stat.rpartition(")")[2].split()[0] == "S" for stat in stats)


def holds_within(seconds, stopped, condition):
    """Waits for the condition; False: gdb has the process before, for some other reason."""
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        if stopped.wait(0.005):
            return False
    return not stopped.is_set()


def interrupt_when(path, text, stopped):
    """The watcher's thread: may use nothing of gdb."""
    try:
        if holds_within(PATIENCE, stopped,
                        lambda: path.exists() and text in path.read_text(errors="replace")):
            for pid in writers(path):
                if holds_within(REST, stopped, lambda pid=pid: rests(pid)):
                    os.kill(pid, signal.SIGINT)
    except OSError:
        pass  # it has ended: what the script checks tells


def go(command, path, text):
    # gdb's own signals are for gdb's own thread.
    old = signal.pthread_sigmask(signal.SIG_SETMASK, signal.valid_signals())
    stopped = threading.Event()
    watcher = threading.Thread(target=interrupt_when, args=(path, text, stopped), daemon=True)
    watcher.start()
    signal.pthread_sigmask(signal.SIG_SETMASK, old)
    try:
        gdb.execute(command)
    finally:
        stopped.set()
        watcher.join()


class Stage(gdb.Command):
    """Run a sample until it rests."""

    def __init__(self):
        super().__init__("stage", gdb.COMMAND_RUNNING)

    def invoke(self, argument, from_tty):
        how, _, rest = argument.partition(" ")
        path = output_of(gdb.selected_inferior())
        if how == "run":
            path.unlink(missing_ok=True)
            go(f"run {rest} >{path}", path, READY)
        elif how == "go":
            go("continue", path, rest)
        else:
            raise gdb.GdbError("stage run [ARGS], or stage go TEXT")


Stage()
