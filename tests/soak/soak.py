#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""make soak: Debian's servers under load, and what is said about cores of them.

	soak.py --coretool PROGRAM --build DIR [--keep] [SERVER ...]

For each server: its packages are installed (tests/deps.sh soak-NAME), it is started in a temporary
directory as an unprivileged user, reachable over loopback alone, and put under load; gdb makes a core of
each process worth a look while it runs on, the kernel makes one that ends it. Of each core
  - the exit status is 0 and nothing of the core is missing,
  - every thread of the process is there, with a stack that reaches its base, and functions have names,
  - there is no finding but P2 "possible": the servers are healthy,
  - the full text report takes less CPU time than the bar, the least of RUNS runs.
Prints a table, and "N passed, N failed, N skipped". A server that this machine cannot have is skipped.
"""

import argparse
import os
import pathlib
import resource
import signal
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
for folder in ("bench", "cores"):
    sys.path.insert(0, str(HERE.parent / folder))
import cores as bench_cores  # noqa: E402  the way to the others' folders comes first
import gdb_core  # noqa: E402
import judge  # noqa: E402
from server import Cannot  # noqa: E402
from servers import SERVERS  # noqa: E402

GCORE_SECONDS = 120
GCORE_BYTES = 2 << 30
KERNEL_SECONDS = 60
# Ends a process with a core and has a handler nowhere.
FATAL = signal.SIGXCPU


def install(name):
    """The server's packages."""
    done = subprocess.run([HERE.parent / "deps.sh", f"soak-{name.partition('-')[0]}"], text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False)
    if done.returncode:
        raise Cannot(f"{name}: its packages cannot be had: {done.stdout.strip()[-200:]}")


def tasks(pid):
    try:
        return len(os.listdir(f"/proc/{pid}/task"))
    except OSError:
        raise Cannot("it has gone") from None


def gcore(pid, out):
    pages = int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[0])
    if pages * resource.getpagesize() > GCORE_BYTES:
        raise Cannot(f"{pages * resource.getpagesize() >> 30} GiB are reserved, and gdb would write zeros for them")
    try:
        gdb_core.gcore(pid, out, GCORE_SECONDS, GCORE_BYTES)
    except gdb_core.NoCore as error:
        raise Cannot(str(error)) from None


def ended(server, pid):
    """Has it ended? Of a zombie, whose parent has not looked, there are no maps any more."""
    if pid == server.main.pid:
        return server.main.poll() is not None
    try:
        return not pathlib.Path(f"/proc/{pid}/maps").read_bytes()
    except OSError:
        return True


def kernel_core(server, pid, out):
    """The kernel's core, which ends the process."""
    place = pathlib.Path(os.readlink(f"/proc/{pid}/cwd"))
    before = set(place.glob("core*"))
    os.kill(pid, FATAL)
    deadline = time.monotonic() + KERNEL_SECONDS
    while not ended(server, pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    found = set(place.glob("core*")) - before
    if len(found) != 1:
        raise Cannot(f"the kernel left {len(found)} cores")
    # Holes stay holes: it may be larger than the disk.
    core = found.pop()
    subprocess.run(["cp", "--sparse=always", core, out], check=True)
    core.unlink()


class Row:
    """One core, and what came of it."""

    def __init__(self, name):
        self.name = name
        self.answer = None
        self.breaches = []


def look_at(server, label, pid, kind, options):
    """A Row about a fresh core of this process."""
    row = Row(" ".join(filter(None, (server.name, label, kind))))
    out = options.build / (row.name.replace(" ", ".") + ".core")
    out.unlink(missing_ok=True)
    threads = [tasks(pid)]
    if kind == "gcore":
        gcore(pid, out)
        threads.append(tasks(pid))
    else:
        kernel_core(server, pid, out)
    row.answer = judge.Answer(options.coretool, out, options.build)
    row.breaches = list(judge.breaches(row.answer, (min(threads) - 2, max(threads) + 2), server))
    if kind == "gcore" and not options.keep and not row.breaches:
        out.unlink()
    return row


def kinds_of(server, kernel):
    """gdb's cores of all processes, then the kernel's, the main process last: they end it."""
    yield from (("gcore", label) for label in server.processes() if server.gdb_core)
    if kernel:
        yield from (("kernel", label) for label in server.processes() if server.may_end(label))


def soak(server, options, kernel):
    """Rows of one server, and reasons of what was left out."""
    rows, skipped = [], []
    with server:
        pids = server.processes()
        for kind, label in kinds_of(server, kernel):
            try:
                rows.append(look_at(server, label, pids[label], kind, options))
            except Cannot as error:
                skipped.append(f"{server.name} {label} {kind}: {error}")
    return rows, skipped


def report(row):
    answer = row.answer
    print(f"{row.name:<32}{answer.threads:>5} threads{answer.frames:>6} frames{answer.named:>5.0%} named"
          f"{answer.cpu:>7.3f} s CPU{answer.wall:>7.3f} s wall{answer.megabytes:>6.1f} MB"
          f"  {answer.verdict}", flush=True)
    for finding in answer.findings:
        print("    " + finding)
    for breach in row.breaches:
        print("    FAILED " + breach)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--coretool", type=pathlib.Path, required=True)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--keep", action="store_true", help="keep gdb's cores; without it the kernel's, and what fails")
    parser.add_argument("servers", nargs="*", metavar="SERVER", help=" ".join(s.name for s in SERVERS))
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    options.build = options.build.resolve()
    options.build.mkdir(parents=True, exist_ok=True)
    kernel = bench_cores.kernel_can_dump()
    skipped = [] if kernel else ["the kernel's cores go elsewhere"]
    passed = failed = 0
    for kind in SERVERS:
        if options.servers and kind.name not in options.servers:
            continue
        try:
            install(kind.name)
            rows, missing = soak(kind(), options, kernel)
        except Cannot as error:
            rows, missing = [], [str(error)]
        for row in rows:
            report(row)
            passed, failed = passed + (not row.breaches), failed + bool(row.breaches)
        skipped += missing
    for reason in skipped:
        print("skipped:", reason)
    print(f"{passed} passed, {failed} failed, {len(skipped)} skipped")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
