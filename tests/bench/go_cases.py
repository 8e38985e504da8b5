"""The Go cores of the benchmark: samples/go_many.go with so many goroutines and so large a heap, dumped
by the kernel once and kept while they fit.
"""

import dataclasses
import json
import os
import pathlib
import resource
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
for folder in ("cores", "go"):
    sys.path.insert(0, str(HERE.parent / folder))
import cores  # noqa: E402  the way to the others' folders comes first
from go_cores import Binary  # noqa: E402

READY_SECONDS = 600
DUMP_SECONDS = 1800  # the runtime prints all goroutines before it ends: to nowhere, but it takes its time
READY = b'{"ready":true}\n'
# What a core needs at most, in bytes: for a goroutine, and for a byte of the heap that is kept.
OF_GOROUTINE, OF_HEAP, OF_ALL = 6000, 2, 1 << 28


@dataclasses.dataclass(frozen=True)
class GoCase:
    """count goroutines of the sample as one toolchain builds it, beside mib of heap that lives."""

    binary: Binary
    count: int
    mib: int = 0

    @property
    def title(self):
        heap = f" and {self.mib:,} MiB" if self.mib else ""
        return f"{self.count:,} goroutines{heap}, {self.binary.toolchain.release}"

    @property
    def directory(self):
        heap = f"-{self.mib}" if self.mib else ""
        return f"go-{self.binary.toolchain.version}-{self.count}{heap}"

    @property
    def arguments(self):
        return [str(self.count), *([str(self.mib)] if self.mib else [])]

    @property
    def needs(self):
        """Bytes of memory, and as many of disk."""
        return self.count * OF_GOROUTINE + (self.mib << 20) * OF_HEAP + OF_ALL


def await_ready(process):
    """What the sample tells, up to the line that says that all are parked."""
    text, deadline = b"", time.monotonic() + READY_SECONDS
    while READY not in text:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([process.stdout], [], [], left)[0]:
            raise cores.CannotMake(f"not ready after {READY_SECONDS} s")
        piece = os.read(process.stdout.fileno(), 65536)
        if not piece:
            raise cores.CannotMake("it ended")
        text += piece
    return text


def dump(case, directory):
    """(a core by the kernel of a process that is ended by it, what that told)."""
    unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    environment = {"PATH": os.environ["PATH"], "GOTRACEBACK": "crash"}  # else it leaves no core
    process = subprocess.Popen([case.binary.path, *case.arguments], cwd=directory, env=environment,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL)
    try:
        resource.prlimit(process.pid, resource.RLIMIT_CORE, unlimited)
        told = await_ready(process)
        process.send_signal(signal.SIGABRT)
        process.wait(DUMP_SECONDS)
    except subprocess.TimeoutExpired:
        raise cores.CannotMake(f"no core after {DUMP_SECONDS} s") from None
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    found = [path for path in directory.iterdir() if path.name.startswith("core")]
    if len(found) != 1:
        raise cores.CannotMake("the kernel wrote no core")
    return found[0], told


def available_memory():
    with open("/proc/meminfo", encoding="ascii") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("MemAvailable:"))


def make_core(case, build):
    """The case's core, dumped now unless a fitting one is there."""
    directory = build / "cores" / case.directory
    path, stamp = directory / "core", directory / "told"
    if not path.exists() or not stamp.exists() or \
            stamp.stat().st_mtime < case.binary.path.stat().st_mtime:
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
        if not cores.kernel_can_dump():
            raise cores.CannotMake("the kernel's cores go elsewhere")
        for there, what in ((shutil.disk_usage(directory).free, "disk"), (available_memory(), "memory")):
            if there < case.needs:
                raise cores.CannotMake(f"it needs {case.needs / (1 << 30):.0f} GiB of free {what}")
        with tempfile.TemporaryDirectory(dir=directory) as name:
            core, told = dump(case, pathlib.Path(name))
            core.rename(path)
        stamp.write_bytes(told)
    return path


def told_of(core):
    """{word: what the sample told of it}."""
    words = {}
    for line in (core.parent / "told").read_text().splitlines():
        words |= json.loads(line)
    return words
