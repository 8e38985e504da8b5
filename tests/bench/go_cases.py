"""The Go cores of the benchmark: samples/go_many.go with so many goroutines and so large a heap, made once
by gdb and kept while they fit. The kernel would make the same, but only when the runtime has printed all
goroutines, which takes it many minutes for a million; no GOTRACEBACK asks for a core without them.
"""

import dataclasses
import json
import os
import pathlib
import select
import shutil
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
for folder in ("cores", "go"):
    sys.path.insert(0, str(HERE.parent / folder))
import cores  # noqa: E402  the way to the others' folders comes first
import gdb_core  # noqa: E402
from go_cores import Binary  # noqa: E402

READY_SECONDS = 600
DUMP_SECONDS = 600
READY = b'{"ready":true}\n'
# What a core needs at most, in bytes: for a goroutine, and for a byte of the heap that is kept.
OF_GOROUTINE, OF_HEAP, OF_ALL = 6000, 2, 2 << 30


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


def dump(case, core):
    """What the process told that the core is made of."""
    process = subprocess.Popen([case.binary.path, *case.arguments], cwd=core.parent,
                               env={"PATH": os.environ["PATH"]}, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        told = await_ready(process)
        gdb_core.gcore(process.pid, core, DUMP_SECONDS)
    except gdb_core.NoCore as error:
        raise cores.CannotMake(str(error)) from None
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    return told


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
        for there, what in ((shutil.disk_usage(directory).free, "disk"), (available_memory(), "memory")):
            if there < case.needs:
                raise cores.CannotMake(f"it needs {case.needs / (1 << 30):.0f} GiB of free {what}")
        try:
            stamp.write_bytes(dump(case, path))
        except cores.CannotMake:
            shutil.rmtree(directory)
            raise
    return path


def told_of(core):
    """{word: what the sample told of it}."""
    words = {}
    for line in (core.parent / "told").read_text().splitlines():
        words |= json.loads(line)
    return words
