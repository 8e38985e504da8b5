# SPDX-License-Identifier: Apache-2.0
"""Ways to have a process in gdb: each gives gdb's options for it while it lasts.

MODES maps the name of a way to a context manager (gdb, build, what, cwd) -> options; what: a sample,
with or without its variant, or a core. In the way "bare", the extension is not sourced either.
"""

import contextlib
import os
import re
import select
import subprocess
import sys
import time
from pathlib import Path

from gdb_versions import ROOT

sys.path.insert(0, str(ROOT / "tests" / "cores"))
import plan  # noqa: E402 (it is in another directory)
from sample_run import SampleRun  # noqa: E402

STAGE = ROOT / "tests" / "gdb" / "stage.py"
SERVER_SECONDS = 20
LISTENING = re.compile(rb"^Listening on port (\d+)$", re.M)


def sample_path(build, what):
    return build / "samples" / (what if "/" in what else f"O0-g/{what}")


def program_of(mode, build, what):
    """The path of the program; that of a core is VARIANT/SAMPLE.KIND."""
    if not what:
        return None
    return sample_path(build, what.rpartition(".")[0] if mode == "core" else what)


def executes(commands):
    return [word for command in commands for word in ("-ex", command)]


@contextlib.contextmanager
def no_program(gdb, build, what, cwd):
    yield []


@contextlib.contextmanager
def loaded(gdb, build, what, cwd):
    yield executes([f"file {sample_path(build, what)}", f"source {STAGE}"])


@contextlib.contextmanager
def live(gdb, build, what, cwd):
    yield executes([f"file {sample_path(build, what)}", f"source {STAGE}", "stage run"])


@contextlib.contextmanager
def nonstop(gdb, build, what, cwd):
    """The interrupt stops the thread that gets the signal; the others run on."""
    yield executes(["set non-stop on", f"file {sample_path(build, what)}", f"source {STAGE}",
                    "stage run"])


@contextlib.contextmanager
def core(gdb, build, what, cwd):
    yield executes([f"file {program_of('core', build, what)}",
                    f"core-file {build}/cores/{what}.core"])


@contextlib.contextmanager
def resting(build, what, cwd):
    """A sample that runs apart from gdb and rests."""
    path = sample_path(build, what)
    with SampleRun([str(path)], cwd, plan.trait(path.name).stack_kb) as sample:
        sample.await_ready()
        sample.await_rest()
        yield sample


@contextlib.contextmanager
def attach(gdb, build, what, cwd):
    with resting(build, what, cwd) as sample:
        yield executes([f"attach {sample.pid}"])


def await_port(server):
    """The port that gdbserver tells on its standard error."""
    said = b""
    deadline = time.monotonic() + SERVER_SECONDS
    while not (match := LISTENING.search(said)):
        left = deadline - time.monotonic()
        piece = b""
        if left > 0 and select.select([server.stderr], [], [], left)[0]:
            piece = os.read(server.stderr.fileno(), 4096)
        if not piece:
            raise OSError(f"gdbserver does not listen: {said.decode(errors='replace').strip()}")
        said += piece
    return int(match[1])


@contextlib.contextmanager
def tcp_server(gdb, pid, cwd):
    """A gdbserver that has stopped the process; gives its port."""
    line = [*gdb.server, "--once", "--attach", "localhost:0", str(pid)]
    with subprocess.Popen(line, env=gdb.env, cwd=cwd, stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as server:
        try:
            yield await_port(server)
        finally:
            server.kill()


@contextlib.contextmanager
def gdbserver_tcp(gdb, build, what, cwd):
    with resting(build, what, cwd) as sample, tcp_server(gdb, sample.pid, cwd) as port:
        yield executes([f"target remote localhost:{port}"])


@contextlib.contextmanager
def gdbserver_stdio(gdb, build, what, cwd):
    with resting(build, what, cwd) as sample:
        server = " ".join([*gdb.server, "--once", "--attach", "-", str(sample.pid)])
        yield executes([f"target remote | {server}"])


@contextlib.contextmanager
def poor_stub(gdb, build, what, cwd):
    """A gdbserver that tells neither files nor auxv, as a small stub: gdb has the symbols alone."""
    packets = ("read-aux-vector-packet", "hostio-open-packet", "hostio-pread-packet",
               "hostio-readlink-packet", "pid-to-exec-file-packet")
    with resting(build, what, cwd) as sample, tcp_server(gdb, sample.pid, cwd) as port:
        yield executes([*(f"set remote {packet} off" for packet in packets),
                        f"file {sample_path(build, what)}", f"target remote localhost:{port}"])


MODES = {"none": no_program, "bare": no_program, "file": loaded, "live": live, "nonstop": nonstop, "attach": attach,
         "core": core, "gdbserver-tcp": gdbserver_tcp, "gdbserver-stdio": gdbserver_stdio,
         "poor-stub": poor_stub}
