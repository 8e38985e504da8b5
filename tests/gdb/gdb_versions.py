#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The gdbs that the extension is tested with: the machine's own, and those of other Debian suites,
unpacked with all that they need under BUILD/gdbs/SUITE.

A gdb of another suite runs by its own loader with its own libraries and Python; only libthread_db is the
machine's, because it must fit the libc of the programs that are debugged. Run as a program this
unpacks them, which is done once, and sees that each of them can debug a program of this machine. What
cannot be had or run is skipped, with the reason; that is no failure. Other tests take available().
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "cores"))
from apt_suite import Suite, SuiteError, unpack_all  # noqa: E402 (it is in another directory)

SUITES = ("trixie", "forky", "sid")
PACKAGES = ("gdb", "gdbserver")
LIBRARIES = ("usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu")
LOADER = "ld-linux-x86-64.so.2"
PROBE_SECONDS = 60
# Nothing of the user's settings or of the network may change what a test sees.
UNWANTED = ("DEBUGINFOD_URLS", "NO_COLOR", "COLUMNS", "LINES", "GDBHISTFILE", "PYTHONPATH", "PYTHONHOME")
QUIET = ("-iex", "set debuginfod enabled off", "-iex", "set auto-load safe-path /")


@dataclass(frozen=True)
class Gdb:
    """A gdb and its gdbserver: the beginnings of their command lines, and their environment."""

    name: str
    version: str
    argv: tuple
    server: tuple
    env: dict = field(hash=False)

    def command(self, *args):
        """A line that runs it without anybody's settings."""
        return [*self.argv, "-nx", *QUIET, *args]

    def probe(self, program):
        """None if it can debug the program and run Python, else why not."""
        line = self.command("-batch", "-ex", "python print('python', 6 * 7)", "-ex", "break main",
                            "-ex", "run", "-ex", "info threads", str(program))
        try:
            done = subprocess.run(line, env=self.env, stdin=subprocess.DEVNULL, text=True,
                                  capture_output=True, timeout=PROBE_SECONDS, check=False)
        except subprocess.TimeoutExpired:
            return f"it does not debug a program within {PROBE_SECONDS} s"
        for wanted in ("python 42", "Breakpoint 1, main", "* 1 "):
            if wanted not in done.stdout:
                said = (done.stderr or done.stdout).strip().splitlines()
                return f"it cannot debug a program: {said[-1] if said else done.returncode}"
        return None


def environment():
    kept = {key: value for key, value in os.environ.items() if key not in UNWANTED}
    # Byte code would land in the source tree.
    return kept | {"LC_ALL": "C.UTF-8", "TERM": "dumb", "PYTHONDONTWRITEBYTECODE": "1"}


def ask_version(argv, env):
    """"16.3", or SuiteError."""
    try:
        done = subprocess.run([*argv, "--version"], env=env, stdin=subprocess.DEVNULL, text=True,
                              capture_output=True, timeout=PROBE_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SuiteError(f"it does not run: {error}") from None
    found = re.match(r"GNU gdb .*?(\d+\.\d+\S*)$", done.stdout, re.M)
    if done.returncode or not found:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise SuiteError(f"it does not run on this machine: {said[-1] if said else done.returncode}")
    return found[1]


def machine_gdb():
    """The machine's own; SuiteError when it has none."""
    gdb, server = shutil.which("gdb"), shutil.which("gdbserver")
    if not gdb or not server:
        raise SuiteError(f"{'gdbserver' if gdb else 'gdb'} is not installed")
    env = environment()
    return Gdb("machine", ask_version([gdb], env), (gdb,), (server,), env)


def thread_db_directory():
    """Where the machine's libthread_db is."""
    for name in LIBRARIES:
        if (Path("/") / name / "libthread_db.so.1").exists():
            return f"/{name}"
    return "$sdir"


class Tree:
    """gdb of one suite, unpacked."""

    def __init__(self, suite, build):
        self.suite = suite
        self.path = build / "gdbs" / suite
        self.state = build / "gdbs" / f"{suite}.apt"
        # Written when the tree is complete: the version of the package, or which suite has the same.
        self.stamp = build / "gdbs" / f"{suite}.stamp"

    def unpack(self, known, say):
        """known: {version of the package: suite} of the trees so far; a version is taken once."""
        if self.stamp.exists():
            return
        suite = Suite(self.suite, self.state)
        suite.update(say)
        packages = suite.closure(PACKAGES)
        version = packages["gdb"]
        if version in known:
            self.stamp.write_text(f"{version} is that of {known[version]}\n")
        else:
            debs = suite.download(packages)
            shutil.rmtree(self.path, ignore_errors=True)
            self.path.mkdir()
            unpack_all(self.state / "debs", self.path)
            say(f"{self.suite}: unpacked gdb {version} with {len(debs)} packages")
            self.stamp.write_text(f"{version}\n")
        shutil.rmtree(self.state)

    def package_version(self):
        """That of gdb; None if another suite's tree stands for this one, too."""
        words = self.stamp.read_text().split()
        return words[0] if len(words) == 1 else None

    def gdb(self):
        """SuiteError when it does not run."""
        libraries = [self.path / name for name in LIBRARIES if (self.path / name).is_dir()]
        loader = next((path / LOADER for path in libraries if (path / LOADER).exists()), None)
        if not loader:
            raise SuiteError("its tree has no loader")
        start = (str(loader), "--library-path", ":".join(map(str, libraries)))
        env = environment() | {"PYTHONHOME": str(self.path / "usr")}
        argv = (*start, str(self.path / "usr/bin/gdb"),
                "--data-directory", str(self.path / "usr/share/gdb"),
                # For its own Python alone, not for a machine's that is started from within gdb.
                "-iex", "python import os; os.environ.pop('PYTHONHOME')",
                "-iex", f"set libthread-db-search-path {thread_db_directory()}")
        version = ask_version(argv, env)
        return Gdb(self.suite, version, argv, (*start, str(self.path / "usr/bin/gdbserver")), env)


def available(build):
    """The machine's gdb and those that are unpacked, each version once, without the network."""
    gdbs = [machine_gdb()]
    for suite in SUITES:
        tree = Tree(suite, build)
        if tree.stamp.exists() and tree.package_version():
            try:
                gdb = tree.gdb()
            except SuiteError:  # told by main()
                continue
            if gdb.version not in {other.version for other in gdbs}:
                gdbs.append(gdb)
    return gdbs


def add_options(parser):
    """For drivers that run with several gdbs: --build, --gdb."""
    parser.add_argument("--build", type=Path, default=ROOT / "build")
    parser.add_argument("--gdb", action="append", metavar="NAME",
                        help=f"only this one: machine, {', '.join(SUITES)} (repeatable)")


def chosen(options):
    return [gdb for gdb in available(options.build.resolve())
            if not options.gdb or gdb.name in options.gdb]


def check(tree, known, program):
    """Unpacks one and tries it; True if it runs, False if another suite's is the same."""
    tree.unpack(known, print)
    version = tree.package_version()
    if not version:
        print(f"{tree.suite}: gdb {tree.stamp.read_text().strip()}")
        return False
    known[version] = tree.suite
    gdb = tree.gdb()
    wrong = gdb.probe(program)
    if wrong:
        raise SuiteError(wrong)
    print(f"{tree.suite}: gdb {gdb.version} runs")
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=Path, default=ROOT / "build")
    build = parser.parse_args().build.resolve()
    program = build / "samples" / "O0-g" / "deadlock2"
    (build / "gdbs").mkdir(parents=True, exist_ok=True)
    passed, failed, skipped, known = 0, 0, 0, {}
    try:
        gdb = machine_gdb()
        wrong = gdb.probe(program)
    except SuiteError as error:
        wrong = str(error)
    passed, failed = (0, 1) if wrong else (1, 0)
    print(f"failed: the machine's gdb: {wrong}" if wrong else f"machine: gdb {gdb.version} runs")
    for suite in SUITES:
        try:
            passed += check(Tree(suite, build), known, program)
        except SuiteError as error:
            skipped += 1
            print(f"skipped: gdb of {suite}: {error}")
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
