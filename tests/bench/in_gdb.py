"""Sourced in gdb by gdb_live.py: times commands, each as the first of a stop of its own.

Before each command the process goes on for a moment and is interrupted, so that neither gdb nor the
command finds what an earlier one has read. Output is captured (to_string), not printed. The times
are written to times.json in the current directory.
"""

import json
import os
import signal
import threading
import time

import gdb

ROUNDS = 5
RUNS_SECONDS = 0.2
COMMANDS = ("coretool deadlocks", "coretool threads", "thread apply all bt")


def new_stop():
    pid = gdb.selected_inferior().pid
    # gdb's own signals are for gdb's own thread.
    old = signal.pthread_sigmask(signal.SIG_SETMASK, signal.valid_signals())
    timer = threading.Timer(RUNS_SECONDS, os.kill, (pid, signal.SIGINT))
    timer.start()
    signal.pthread_sigmask(signal.SIG_SETMASK, old)
    gdb.execute("continue", to_string=True)
    timer.join()


def seconds_of(command):
    begin = time.monotonic()
    text = gdb.execute(command, to_string=True)
    seconds = time.monotonic() - begin
    if not text.strip():
        raise gdb.GdbError(f"{command} printed nothing")
    return seconds


def main():
    times = {command: [] for command in COMMANDS}
    for _ in range(ROUNDS):
        for command in COMMANDS:
            new_stop()
            times[command].append(seconds_of(command))
    gdb.execute("coretool export report.json", to_string=True)
    with open("times.json", "w", encoding="utf-8") as file:
        json.dump(times, file)


main()
