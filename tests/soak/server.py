# SPDX-License-Identifier: Apache-2.0
"""A server under load, started from Debian's package: what all of them have in common.

A Server is a context manager: inside of it the server runs in a temporary directory, reachable over
loopback or a socket in that directory alone, and is under load; outside everything has ended.
"""

import contextlib
import ctypes
import os
import pwd
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

READY_SECONDS = 60
LOAD_SECONDS = 120  # no load lasts longer, whatever happens
UNPRIVILEGED = "nobody"


class Cannot(Exception):
    """Why this server cannot be looked at on this machine."""


def start_pdeathsig():
    """The child dies with us, and may write a core of any size."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def free_port():
    """One that nobody had a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """Subclasses say how to prepare, start and load it, and which processes to look at."""

    name = None
    program = None  # the file to run, or its name
    gdb_core = True
    most_cpu = 0.3  # seconds for the full report
    least_named = 0.5  # of the frames: Debian strips its servers, but what they export has names

    def __init__(self):
        self.stack = contextlib.ExitStack()
        self.dir = None
        self.user = None
        self.main = None

    # ---- for subclasses ----

    def prepare(self):
        """Writes what the server needs below self.dir."""

    def command(self):
        """The argument vector of the server."""
        raise NotImplementedError

    def ready(self):
        """Does it answer? May raise OSError or CalledProcessError for no."""
        raise NotImplementedError

    def load(self):
        """Starts the load with self.spawn()."""

    def loaded(self):
        """Has the load begun to press? No idle server uses so much CPU time."""
        return sum(map(self.ticks, self.processes().values())) * 10 >= os.sysconf("SC_CLK_TCK") * 3

    def processes(self):
        """{label: pid} of what to look at; the main process comes last."""
        return {"": self.main.pid}

    def may_end(self, label):
        """Can this process end before the others are looked at? Then the kernel makes a core of it."""
        del label
        return True

    # ---- the common part ----

    def find_program(self):
        found = shutil.which(self.program, path=os.environ["PATH"] + ":/usr/sbin:/usr/local/sbin")
        if not found:
            raise Cannot(f"{self.name}: {self.program} is not installed")
        return found

    def environment(self):
        return {"PATH": os.environ["PATH"] + ":/usr/sbin", "HOME": str(self.dir), "LC_ALL": "C",
                "TMPDIR": str(self.dir)}

    def spawn(self, argv, stdin=subprocess.DEVNULL, log=None):
        """A child as the unprivileged user, killed when the server is left."""
        out = open(self.dir / log, "ab") if log else subprocess.DEVNULL
        identity = {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []} \
            if self.user else {}
        child = subprocess.Popen([str(word) for word in argv], cwd=self.dir, stdin=stdin, stdout=out,
                                 stderr=subprocess.STDOUT if log else subprocess.DEVNULL,
                                 env=self.environment(), start_new_session=True,
                                 preexec_fn=start_pdeathsig, **identity)
        if log:
            out.close()
        self.stack.callback(self.end, child)
        return child

    @staticmethod
    def end(child):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        if child.stdin:
            child.stdin.close()

    def run(self, argv, **more):
        """A child that ends by itself; fails with its last words."""
        child = self.spawn(argv, log="commands.log", **more)
        try:
            if child.wait(LOAD_SECONDS) == 0:
                return
        except subprocess.TimeoutExpired:
            pass
        raise Cannot(f"{self.name}: {Path(argv[0]).name}: " + self.said("commands.log"))

    def said(self, log):
        text = (self.dir / log).read_text(errors="replace").strip()
        return " / ".join(text.splitlines()[-3:])

    def spawn_clients(self, module_arguments, count=1):
        """Clients in Python: tests/soak/clients.py with these arguments, at most LOAD_SECONDS."""
        for _ in range(count):
            self.spawn(["timeout", str(LOAD_SECONDS), sys.executable, "-B", self.dir / "clients.py",
                        *module_arguments], log="clients.log")

    @staticmethod
    def ticks(pid):
        """The CPU time of a process."""
        return sum(map(int, Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]))

    def children(self, pid=None):
        """[(pid, command line)] of the main process's children."""
        pid = pid or self.main.pid
        found = []
        for task in Path(f"/proc/{pid}/task").iterdir():
            found += map(int, (task / "children").read_text().split())
        return [(child, Path(f"/proc/{child}/cmdline").read_bytes().replace(b"\0", b" ").decode(
            errors="replace").strip()) for child in found]

    def await_(self, what, condition):
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            if self.main.poll() is not None:
                raise Cannot(f"{self.name}: it ended: " + self.said("server.log"))
            with contextlib.suppress(OSError, subprocess.CalledProcessError):
                if condition():
                    return
            time.sleep(0.1)
        raise Cannot(f"{self.name}: {what} within {READY_SECONDS} s: " + self.said("server.log"))

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            self.stack = stack
            self.dir = Path(stack.enter_context(tempfile.TemporaryDirectory(
                prefix="coretool-soak-", ignore_cleanup_errors=True)))
            if os.geteuid() == 0:
                self.user = pwd.getpwnam(UNPRIVILEGED)
                os.chown(self.dir, self.user.pw_uid, self.user.pw_gid)
            shutil.copy(Path(__file__).with_name("clients.py"), self.dir)
            self.prepare()
            if self.user:
                for path in self.dir.iterdir():
                    os.chown(path, self.user.pw_uid, self.user.pw_gid)
            self.main = self.spawn(self.command(), log="server.log")
            self.await_("no answer", self.ready)
            self.load()
            self.await_("no load", self.loaded)
            self.stack = stack.pop_all()
        return self

    def __exit__(self, *exc):
        self.stack.close()

    def answers_on(self, port):
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
