"""The benchmark's cores: a process per case, dumped once and kept while it fits.

The kernel dumps (SIGABRT) where core_pattern names a file in the working directory: it takes a
second for 10,000 threads and leaves untouched memory as holes. Elsewhere (cores piped to a crash
handler) gcore does it, and the zero pages that it writes are dug out again.
"""

import contextlib
import dataclasses
import hashlib
import json
import os
import pathlib
import platform
import resource
import select
import shutil
import signal
import subprocess
import tempfile
import time

READY_SECONDS = 60
GCORE_SECONDS = 120
# Private and shared anonymous memory, ELF headers, private huge pages: the kernel's default.
COREDUMP_FILTER = "0x33\n"
GIB = 1 << 30


@dataclasses.dataclass(frozen=True)
class Case:
    """A process to dump: `waiters` threads below `depth` frames each, and the main thread."""

    name: str
    title: str
    waiters: int
    depth: int
    reserve_gib: int = 0

    @property
    def threads(self):
        return self.waiters + 1

    def arguments(self):
        return [str(self.waiters), str(self.depth), str(self.reserve_gib)]


@dataclasses.dataclass(frozen=True)
class Core:
    case: Case
    path: pathlib.Path
    apparent: int
    on_disk: int
    maker: str


class CannotMake(Exception):
    """Why this machine cannot make a core; the case is left out and the reason printed."""


def kernel_can_dump():
    with open("/proc/sys/kernel/core_pattern", encoding="utf-8") as file:
        pattern = file.read().strip()
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    return hard == resource.RLIM_INFINITY and pattern != "" and "/" not in pattern \
        and not pattern.startswith("|")


def thread_state(pid):
    """The state letter of a process's main thread."""
    stat = pathlib.Path(f"/proc/{pid}/task/{pid}/stat").read_text(encoding="utf-8")
    return stat.rpartition(")")[2].split()[0]


@contextlib.contextmanager
def blocked_process(program, case, directory):
    """The case's process, all its waiters asleep; ended in any event."""
    process = subprocess.Popen([program, *case.arguments()], cwd=directory, text=True,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)
    try:
        ready = select.select([process.stdout], [], [], READY_SECONDS)[0]
        if not ready:
            raise CannotMake(f"not ready after {READY_SECONDS} s")
        if not process.stdout.readline():
            raise CannotMake(process.stderr.read().strip() or "no process to dump")
        # It may still be on its way from the write into pause(), and each core is to show the same.
        while thread_state(process.pid) == "R":
            time.sleep(0.001)
        yield process
    finally:
        process.kill()
        process.communicate()


def dump_by_kernel(process, directory):
    unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    resource.prlimit(process.pid, resource.RLIMIT_CORE, unlimited)
    with open(f"/proc/{process.pid}/coredump_filter", "w", encoding="ascii") as file:
        file.write(COREDUMP_FILTER)
    process.send_signal(signal.SIGABRT)
    process.wait()
    files = list(directory.iterdir())
    if len(files) != 1:
        raise CannotMake("the kernel wrote no core")
    return files[0]


def dump_by_gcore(process, directory):
    try:
        gcore = subprocess.run(["gcore", "-o", directory / "core", str(process.pid)],
                               stdin=subprocess.DEVNULL, capture_output=True, text=True,
                               timeout=GCORE_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise CannotMake(f"gcore takes over {GCORE_SECONDS} s") from error
    path = directory / f"core.{process.pid}"
    if not path.exists():
        raise CannotMake(f"gcore: {gcore.stderr.strip()[-200:]}")
    subprocess.run(["fallocate", "--dig-holes", path], check=True)
    return path


def stamp_of(program, case):
    """All that a kept core depends on; when it differs the core is made anew."""
    digest = hashlib.sha256(pathlib.Path(program).read_bytes()).hexdigest()
    return json.dumps({"program": digest, "case": case.arguments(), "kernel": platform.release(),
                       "libc": os.confstr("CS_GNU_LIBC_VERSION")})


def make_core(program, case, cores_directory):
    """The case's Core, dumped now unless a fitting one is there."""
    directory = pathlib.Path(cores_directory) / case.name
    path = directory / "core"
    stamp = directory / "stamp"
    wanted = stamp_of(program, case)
    if not (path.exists() and stamp.exists() and stamp.read_text().startswith(wanted)):
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
        by_kernel = kernel_can_dump()
        # Holes are free for the kernel; gcore writes them out before they are dug.
        need = GIB if by_kernel else (1 + case.reserve_gib) * GIB
        if shutil.disk_usage(directory).free < need:
            raise CannotMake(f"needs {need // GIB} GiB of free disk for a while")
        dump = dump_by_kernel if by_kernel else dump_by_gcore
        with tempfile.TemporaryDirectory(dir=directory) as name:
            fresh = pathlib.Path(name)
            with blocked_process(program, case, fresh) as process:
                dump(process, fresh).rename(path)
        stamp.write_text(f"{wanted}\n{'kernel' if by_kernel else 'gcore'}\n")
    status = path.stat()
    on_disk = status.st_blocks * 512
    if case.reserve_gib and on_disk > GIB:
        raise CannotMake("the core is not sparse on this file system")
    return Core(case, path, status.st_size, on_disk, stamp.read_text().splitlines()[1])


def kept_core(case, path):
    """A core that somebody else made."""
    status = path.stat()
    return Core(case, path, status.st_size, status.st_blocks * 512, "kernel")


def warm(path):
    """Read a file's data once, hole by hole skipped, so that its runs find it in the page cache."""
    with open(path, "rb", buffering=0) as file:
        end = os.fstat(file.fileno()).st_size
        at = 0
        while at < end:
            try:
                at = os.lseek(file.fileno(), at, os.SEEK_DATA)
            except OSError:  # ENXIO: only a hole is left
                return
            stop = os.lseek(file.fileno(), at, os.SEEK_HOLE)
            while at < stop:
                at += len(os.pread(file.fileno(), min(stop - at, 1 << 20), at)) or stop
