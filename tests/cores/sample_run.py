# SPDX-License-Identifier: Apache-2.0
"""One run of a sample: start it, wait until it is ready, make a core of it, end it."""

import contextlib
import json
import os
import re
import select
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

READY_SECONDS = 60
CORE_SECONDS = 120
SYS_WRITE = 1  # x86-64
CANNOT_RUN = 77  # the exit status of sample_cannot()

# gdb says so of the vsyscall page, too, which no process can read.
UNREAD = re.compile(r"Memory read failed for corefile section, \d+ bytes at (?!0xffffffffff600000)")


def numbers(process):
    """What a process (or PID/task/LWP) is called in our PID namespace, the next one in it, and so on."""
    status = Path(f"/proc/{process}/status").read_text()
    return [int(number) for number in re.search(r"^NSpid:(.*)$", status, re.M)[1].split()]


class CoreError(Exception):
    """A core could not be made; the text says why."""


class CannotRun(CoreError):
    """The sample cannot run on this machine; the text says why."""


def kernel_core_obstacle():
    """Why the kernel's cores do not end up in the process's directory; None if they do."""
    pattern = Path("/proc/sys/kernel/core_pattern").read_text().strip()
    if pattern.startswith("|"):
        return f"kernel.core_pattern pipes cores to a program ({pattern})"
    if "/" in pattern:
        return f"kernel.core_pattern puts cores elsewhere ({pattern})"
    return None


class SampleRun:
    """A running sample and what it said before it was ready. A context manager."""

    def __init__(self, argv, cwd, stack_kb, wrapper=()):
        """wrapper: a command that execs the rest of the line, for example into a chroot."""
        self.cwd = Path(cwd)
        self.errors = tempfile.TemporaryFile()
        # All of these exec the next, so the pid stays; the sample dies with us, whatever happens.
        line = ["prlimit", "--core=unlimited", f"--stack={stack_kb * 1024}"]
        line += ["setpriv", "--pdeathsig", "KILL", *wrapper, *argv]
        self.process = subprocess.Popen(
            line, cwd=cwd, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors,
            start_new_session=True, env={"PATH": os.environ["PATH"], "LC_ALL": "C"})
        # Of the process that the core is to be of.
        self.pid = self.process.pid
        self.lines = []

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()
        self.errors.close()

    def await_ready(self):
        """Reads the truth lines up to "ready"; that last line is not kept."""
        deadline = time.monotonic() + READY_SECONDS
        text = b""
        while b'{"ready":true}\n' not in text:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                raise CoreError(f"not ready after {READY_SECONDS} s")
            piece = os.read(self.process.stdout.fileno(), 65536)
            if not piece:
                self.process.wait()
                self.errors.seek(0)
                said = self.errors.read().decode(errors="replace").strip()
                if self.process.returncode == CANNOT_RUN:
                    raise CannotRun(said)
                raise CoreError(f"ended with status {self.process.returncode}: {said}")
            text += piece
        self.lines = [line for line in text.decode().splitlines() if line != '{"ready":true}']

    def await_rest(self):
        """Until main sleeps behind its last words: a core should not catch it in the middle of them."""
        place = Path(f"/proc/{self.pid}/task/{self.pid}/syscall")
        for _ in range(200):
            call = place.read_text().split()
            if call[0] not in ("running", str(SYS_WRITE)):
                return
            time.sleep(0.002)

    def _children(self):
        children = []
        for task in Path(f"/proc/{self.pid}/task").iterdir():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it has just exited
                children += map(int, (task / "children").read_text().split())
        return children

    def descend(self):
        """From here on it is about the last of its children's children."""
        while children := self._children():
            self.pid = children[0]

    def own_number(self, lwp):
        """What the thread's number is in the PID namespace that it is in."""
        return numbers(f"{self.pid}/task/{lwp}")[-1]

    def is_apart(self):
        """Is it in another PID namespace than we?"""
        return self.own_number(self.pid) != self.pid

    def lwps(self):
        """The truth about the numbers that gdb knows the threads by."""
        if self.is_apart():
            for task in Path(f"/proc/{self.pid}/task").iterdir():
                yield {"lwp": {"tid": self.own_number(task.name), "lwp": int(task.name)}}

    def task_states(self):
        """(state letter, system call number or None) of each thread."""
        for task in Path(f"/proc/{self.pid}/task").iterdir():
            state = (task / "stat").read_text().rpartition(")")[2].split()[0]
            number = (task / "syscall").read_text().split()[0]
            yield state, None if number == "running" else int(number)

    def _await_tasks(self, what, condition):
        for _ in range(2000):
            if condition(list(self.task_states())):
                return
            time.sleep(0.005)
        raise CoreError(f"the threads did not become {what}")

    def stop_and_continue(self):
        """Makes timed waits go on as restart_syscall, number 219."""
        os.kill(self.pid, signal.SIGSTOP)
        self._await_tasks("stopped", lambda tasks: all(state == "T" for state, _ in tasks))
        os.kill(self.pid, signal.SIGCONT)
        self._await_tasks("blocked again, some in restart_syscall", lambda tasks: all(
            state == "S" and number is not None for state, number in tasks)
            and 219 in {number for _, number in tasks})

    lost = False  # gdb could not read all memory

    def gcore(self, out, space=None):
        """A core by gdb, as its gcore script makes it. The sample runs on.

        space: a process in whose children's PID namespace gdb runs: the core has the numbers of that.
        """
        self._gdb(out, ["detach"], space=space)

    def gcore_at_crash(self, out):
        """A core by gdb, where it has stopped a sample that crashes when its stdin ends."""
        self._gdb(out, ["kill"], first=["continue"], attached=self.process.stdin.close)

    def _gdb(self, out, last, first=(), attached=None, space=None):
        line, pid = [], self.pid
        if space:
            line = ["nsenter", f"--pid=/proc/{space}/ns/pid_for_children", f"--mount=/proc/{space}/ns/mnt"]
            pid = numbers(pid)[len(numbers(space))]
        line += ["gdb", "-batch", "-nx", "--readnever", "-iex", "set debuginfod enabled off"]
        for command in (f"attach {pid}", *first, f"gcore {out}", *last):
            line += ["-ex", command]
        with subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace") as gdb:
            try:
                if attached:
                    self._await_tracer()
                    attached()
                said = gdb.communicate(timeout=CORE_SECONDS)[0]
            except subprocess.TimeoutExpired:
                gdb.kill()
                raise CoreError(f"gdb made no core in {CORE_SECONDS} s") from None
            except BaseException:
                gdb.kill()
                raise
        if not os.path.exists(out) or os.path.getsize(out) == 0:
            raise CoreError("gdb made no core: " + " / ".join(said.splitlines()[-3:]))
        # Stacks of glibc 2.43 have their guard inside of one mapping: gdb 13 writes zeros for all of it.
        self.lost = bool(UNREAD.search(said))
        # gdb writes the untouched part of each stack as zeros.
        subprocess.run(["fallocate", "--dig-holes", str(out)], check=False)

    def _await_tracer(self):
        status = Path(f"/proc/{self.pid}/status")
        for _ in range(2000):
            if "TracerPid:\t0\n" not in status.read_text():
                return
            time.sleep(0.005)
        raise CoreError("gdb did not attach")

    def kernel_core(self, out):
        """A core by the kernel, killed from outside. Gives what is true about the signal."""
        told = {"outside": True} if self.is_apart() else {"sender": os.getpid()}
        os.kill(self.pid, signal.SIGABRT)
        self._take_kernel_core(out)
        return {"number": int(signal.SIGABRT), **told}

    def crash_core(self, out):
        """A core by the kernel of a sample that crashes when its stdin ends."""
        self.process.stdin.close()
        self._take_kernel_core(out)

    def _take_kernel_core(self, out):
        """Gives the signal that it died of."""
        try:
            status = self.process.wait(CORE_SECONDS)
        except subprocess.TimeoutExpired:
            raise CoreError("the signal did not end it") from None
        found = [p for p in self.cwd.iterdir() if p.name.startswith("core")]
        if len(found) != 1:
            raise CoreError(f"the kernel left {len(found)} cores, exit status {status}")
        shutil.move(found[0], out)
        return -status


def make_core(run, kind, how, about, out):
    """Makes one core with its truth file beside it; both appear complete or not at all.

    how: the sample's plan.Trait; about: the content of the "core" line.
    """
    out = Path(out)
    run.await_ready()
    run.await_rest()
    if how.of_child:
        run.descend()
    if how.restart:
        run.stop_and_continue()
    part = out.with_name(out.name + ".part")
    lines = [json.dumps({"core": about})]
    try:
        if kind == "gcore":
            lines += map(json.dumps, run.lwps())
            (run.gcore_at_crash if how.crashes else run.gcore)(part)
            if run.lost:
                lines[0] = json.dumps({"core": about | {"lost": True}})
        elif how.crashes:
            run.crash_core(part)
        else:
            lines.append(json.dumps({"signal": run.kernel_core(part)}))
        truth = truth_file(out)
        truth.unlink(missing_ok=True)
        part.replace(out)
        truth.write_text("\n".join(lines + run.lines) + "\n")
    finally:
        part.unlink(missing_ok=True)


def truth_file(core):
    return core.with_name(core.name.removesuffix(".core") + ".truth.jsonl")


def fresh(core, *made_from):
    """Are core and truth there, and no older than the files they come from?"""
    truth = truth_file(core)
    if not core.exists() or not truth.exists():
        return False
    return min(core.stat().st_mtime, truth.stat().st_mtime) >= max(
        os.stat(path).st_mtime for path in made_from)
