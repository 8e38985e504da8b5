"""Runs commands and measures them: CPU seconds from wait4's rusage, wall clock, peak of own memory.

The kernel counts a process's CPU time exactly but, on most builds, splits it into user and system
by sampling a timer tick (4 ms at 250 Hz). One run of a 10 ms command would get a random split, and
the least of several such runs a flattering one. So a sample of a short command is the mean of as
many runs as fill BATCH_SECONDS; the least of five samples is reported.
"""

import dataclasses
import math
import os
import select
import signal
import time

SAMPLES = 5
BATCH_SECONDS = 0.5
MAX_BATCH = 60
MEMORY_INTERVAL = 0.005
MEMORY_RUNS = 3


@dataclasses.dataclass(frozen=True)
class Run:
    """Seconds of one run, or a batch's means. `cut_off`: killed at the limit: lower bounds."""

    user: float
    system: float
    wall: float
    status: int
    cut_off: bool = False

    @property
    def cpu(self):
        return self.user + self.system


@dataclasses.dataclass(frozen=True)
class Result:
    """The least user, CPU and wall seconds over the samples; `runs` counts single runs."""

    user: float
    cpu: float
    wall: float
    samples: int
    runs: int
    status: int
    cut_off: bool


def start(argv, output, errors):
    """Start argv[0] (found through PATH) and return its pid; the program itself runs on return.

    posix_spawn waits for the exec, so no time or memory of this process is taken for the command's.
    """
    create = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    environment = {k: v for k, v in os.environ.items() if k != "DEBUGINFOD_URLS"}
    environment["LC_ALL"] = "C.UTF-8"
    return os.posix_spawnp(argv[0], argv, environment, file_actions=[
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(output), create, 0o644),
        (os.POSIX_SPAWN_OPEN, 2, str(errors), create, 0o644),
    ])


def run_once(argv, errors, output=os.devnull, limit=None):
    """One run, killed after `limit` seconds of wall clock: what it used until then counts."""
    begin = time.monotonic()
    pid = start(argv, output, errors)
    cut_off = False
    if limit is not None:
        handle = os.pidfd_open(pid)
        try:
            if not select.select([handle], [], [], limit)[0]:
                signal.pidfd_send_signal(handle, signal.SIGKILL)
                cut_off = True
        finally:
            os.close(handle)
    _, status, usage = os.wait4(pid, 0)
    wall = time.monotonic() - begin
    return Run(usage.ru_utime, usage.ru_stime, wall, os.waitstatus_to_exitcode(status), cut_off)


def run_batch(argv, errors, size, output):
    runs = [run_once(argv, errors, output) for _ in range(size)]
    bad = next((run.status for run in runs if run.status != 0), 0)
    return Run(sum(run.user for run in runs) / size, sum(run.system for run in runs) / size,
               min(run.wall for run in runs), bad)


def measure(argv, errors, output=os.devnull, limit=None, budget=None):
    """Least of SAMPLES samples; no further one is begun once `budget` seconds of wall are spent."""
    begin = time.monotonic()
    first = run_once(argv, errors, output, limit)
    size = min(MAX_BATCH, math.ceil(BATCH_SECONDS / max(first.cpu, 1e-4)))
    # A short command's first run only gave the batch size: its split is not to be trusted.
    samples = [first] if size == 1 or first.cut_off or first.status != 0 else []
    while len(samples) < SAMPLES and not (samples and (samples[0].cut_off or samples[0].status)):
        if samples and budget is not None and time.monotonic() - begin >= budget:
            break
        if size == 1:
            samples.append(run_once(argv, errors, output, limit))
        else:
            samples.append(run_batch(argv, errors, size, output))
    whole = [sample for sample in samples if not sample.cut_off] or samples
    return Result(
        user=min(sample.user for sample in whole),
        cpu=min(sample.cpu for sample in whole),
        wall=min(sample.wall for sample in whole),
        samples=len(whole), runs=len(whole) * size,
        status=next((sample.status for sample in whole if sample.status != 0), 0),
        cut_off=whole[0].cut_off)


def least_wall(argv, errors, runs):
    """The least wall clock of `runs` runs, process start included."""
    return min(run_once(argv, errors).wall for _ in range(runs))


def read_own_memory(pid):
    """RssAnon plus RssShmem of a process in bytes: what it allocated, not the files it maps."""
    total = 0
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as status:
        for line in status:
            if line.startswith(("RssAnon:", "RssShmem:")):
                total += int(line.split()[1]) * 1024
    return total


def peak_memory(argv, errors):
    """(bytes, samples): own memory's peak, sampled every 5 ms, greatest of MEMORY_RUNS runs."""
    peak = 0
    samples = 0
    for _ in range(MEMORY_RUNS):
        pid = start(argv, os.devnull, errors)
        handle = os.pidfd_open(pid)
        due = time.monotonic()
        while True:
            # A process that ended but is not waited for has no memory lines and adds nothing.
            peak = max(peak, read_own_memory(pid))
            samples += 1
            due += MEMORY_INTERVAL
            if select.select([handle], [], [], max(0.0, due - time.monotonic()))[0]:
                break
        os.close(handle)
        os.waitpid(pid, 0)
    return peak, samples
