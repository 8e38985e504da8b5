# SPDX-License-Identifier: Apache-2.0
"""A core by gdb of a process that is not a sample of ours, or too large for their limits."""

import resource
import subprocess


class NoCore(Exception):
    """Why gdb made none."""


def gcore(pid, out, seconds, most=resource.RLIM_INFINITY):
    """The process stands still meanwhile and goes on. gdb writes zeros for what was never touched: they
    become holes, but have to fit into `most` bytes first."""
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    command = ["gdb", "-batch", "-nx", "--readnever", "-iex", "set debuginfod enabled off",
               "-ex", f"attach {pid}", "-ex", f"gcore {out}", "-ex", "detach"]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              errors="replace", timeout=seconds, check=False, preexec_fn=limit)
    except subprocess.TimeoutExpired:
        raise NoCore(f"gdb's core takes over {seconds} s") from None
    except OSError as error:
        raise NoCore(f"gdb makes no core: {error}") from None
    if not out.exists() or done.returncode:
        raise NoCore("gdb makes no core: " + " / ".join(done.stderr.strip().splitlines()[-2:]))
    subprocess.run(["fallocate", "--dig-holes", out], check=False)
