# SPDX-License-Identifier: Apache-2.0
"""What the tests of the command line share: running the program, small cores made by hand."""

import os
import shutil
import struct
import subprocess
import tempfile
import unittest
from pathlib import Path

SECONDS = 60

OK, FINDINGS, FAILED, PARTIAL, USAGE, WRITE = 0, 1, 2, 3, 64, 74

ET_EXEC, ET_CORE = 2, 4
EM_386, EM_X86_64, EM_S390, EM_RISCV = 3, 62, 22, 243


class Settings:
    """Set once by main()."""

    program = None
    cores = None


class Done:
    """How a run of the program ended."""

    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err

    def __repr__(self):
        return f"status {self.status}\n{self.out}\n{self.err}"


def environment(**changes):
    env = {k: v for k, v in os.environ.items()
           if k not in ("DEBUGINFOD_URLS", "NO_COLOR", "TMPDIR", "POSIXLY_CORRECT")}
    env.update({k: str(v) for k, v in changes.items()})
    return env


def run(*args, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=None, **more):
    done = subprocess.run([Settings.program, *map(str, args)], stdin=stdin, stdout=stdout,
                          stderr=subprocess.PIPE, timeout=SECONDS, env=env or environment(),
                          check=False, **more)
    return Done(done.returncode, (done.stdout or b"").decode(), done.stderr.decode())


def elf_header(e_type=ET_CORE, machine=EM_X86_64, bits=64, order="<", phoff=64, phnum=0):
    ident = b"\x7fELF" + bytes([2 if bits == 64 else 1, 1 if order == "<" else 2, 1]) + bytes(9)
    return ident + struct.pack(order + "HHIQQQIHHHHHH", e_type, machine, 1, 0, phoff, 0, 0, 64, 56,
                               phnum, 0, 0, 0)


def tiny_core(lwp=77):
    """One thread with all registers 0, no memory."""
    prstatus = bytearray(336)
    struct.pack_into("<I", prstatus, 32, lwp)
    note = struct.pack("<III", 5, len(prstatus), 1) + b"CORE\0\0\0\0" + prstatus
    phdr = struct.pack("<IIQQQQQQ", 4, 0, 64 + 56, 0, 0, len(note), 0, 4)
    return elf_header(phnum=1) + phdr + note


def real_core(name="O2-g/deadlock2.gcore.core"):
    path = Settings.cores / name
    if not path.exists():
        raise AssertionError(f"there is no {path}: make cores first")
    return path


class CliTest(unittest.TestCase):
    def setUp(self):
        self.dir = Path(tempfile.mkdtemp(prefix="coretool-cli-"))
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)

    def write(self, name, data):
        path = self.dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    def check(self, status, *args, **more):
        """Runs; the status must be this one, and a failure must be one line on standard error."""
        done = run(*args, **more)
        self.assertEqual(done.status, status, f"{args}: {done!r}")
        if status in (FAILED, USAGE, WRITE):
            self.assertRegex(done.err, r"\Acoretool: [^\n]+\n\Z")
        else:
            self.assertEqual(done.err, "")
        return done

    def needs(self, *programs):
        for program in programs:
            if not shutil.which(program):
                self.fail(f"{program} is not installed (make deps)")
