#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Go toolchains: the machine's own, and one of each version that any reachable Debian suite has,
unpacked under BUILD/go/X.Y. Which versions there are is found out, never written down here.

usage: toolchains.py [--build BUILD] [--all | --version X.Y ...] [--list]

Prints "VERSION GOROOT" for the machine's own, the newest and the one in the middle, or for all.
What cannot be had is skipped, with the reason; that is no failure.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "cores"))

from apt_suite import Suite, SuiteError, unpack_all  # noqa: E402

# Oldest first: what runs there runs here, so the first that has a version gives it.
SUITES = ("bullseye", "bookworm", "bookworm-backports", "trixie", "trixie-backports", "forky", "sid")
PACKAGE = re.compile(r"golang-(\d+\.\d+)-go")
STOCK_GO = Path("/usr/lib/go/bin/go")
GO_SECONDS = 1200


def order(version):
    return tuple(map(int, version.split(".")))


class Toolchain:
    """One GOROOT and what is built with it."""

    def __init__(self, goroot, build):
        self.goroot = goroot
        self.cache = build / "go" / "cache"
        said = self.run(["version"])
        found = re.match(r"go version go((\d+\.\d+)\S*) ", said)
        if not found:
            raise SuiteError(f"{goroot}/bin/go says {said.strip()!r} of its version")
        self.release, self.version = found.groups()

    def environment(self):
        """Nothing is fetched, no other toolchain started, no file of the user read or written."""
        # A cache per toolchain would be as large; entries of different ones do not meet.
        return {"PATH": os.environ["PATH"], "HOME": str(self.cache), "LC_ALL": "C",
                "GOROOT": str(self.goroot), "GOCACHE": str(self.cache), "GOENV": "off",
                "GOPATH": str(self.cache / "path"), "GOFLAGS": "-mod=mod", "GOPROXY": "off",
                "GOTOOLCHAIN": "local", "GOTELEMETRY": "off", "GO111MODULE": "auto"}

    def run(self, args, cwd=None, **environment):
        """What `go args` prints; SuiteError with its last words when it fails."""
        self.cache.mkdir(parents=True, exist_ok=True)
        try:
            done = subprocess.run([str(self.goroot / "bin/go"), *args], cwd=cwd, timeout=GO_SECONDS,
                                  env=self.environment() | environment, stdin=subprocess.DEVNULL,
                                  capture_output=True, text=True, errors="replace", check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise SuiteError(f"go {args[0]} of {self.goroot}: {error}") from None
        if done.returncode:
            said = (done.stderr or done.stdout).strip().splitlines()
            raise SuiteError(f"go {args[0]} of {self.goroot}: " + " / ".join(said[-4:]))
        return done.stdout


def stock(build):
    """The machine's own."""
    if not STOCK_GO.exists():
        raise SuiteError("golang-go is not installed")
    return Toolchain(STOCK_GO.resolve().parents[1], build)


def suites_with(build, say):
    """{version: first suite that has it}; asked of the archive once, then kept in BUILD/go."""
    kept = build / "go" / "suites.json"
    if kept.exists():
        return json.loads(kept.read_text())
    found, missed = {}, False
    for name in SUITES:
        state = build / "apt" / f"{name}-go"
        try:
            suite = Suite(name, state)
            suite.update(say)
            versions = filter(None, map(PACKAGE.fullmatch, suite.names("golang-")))
            for version in versions:
                found.setdefault(version[1], name)
        except SuiteError as error:
            say(f"skipped: Go of {name}: {error}")
            missed = True
        finally:
            shutil.rmtree(state, ignore_errors=True)
    if not missed:
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(found, indent=1))
    return found


def unpacked(version, suite, build, say):
    """The toolchain of that version; downloaded once."""
    tree = build / "go" / version
    stamp = tree / ".unpacked"
    goroot = tree / "usr/lib" / f"go-{version}"
    if not stamp.exists():
        state = build / "apt" / f"{suite}-go"
        try:
            there = Suite(suite, state)
            there.update(say)
            debs = there.download([f"golang-{version}-go", f"golang-{version}-src"])
            shutil.rmtree(tree, ignore_errors=True)
            tree.mkdir(parents=True)
            unpack_all(state / "debs", tree)
            say(f"{suite}: unpacked " + ", ".join(deb.name.replace("%3a", ":") for deb in debs))
        finally:
            shutil.rmtree(state, ignore_errors=True)
        stamp.write_text(suite)
    return Toolchain(goroot, build)


def some_of(versions, own):
    """The newest, and the one in the middle between the machine's own and it."""
    newer = sorted((v for v in versions if own is None or order(v) > order(own)), key=order)
    return sorted({newer[len(newer) // 2], newer[-1]}, key=order) if newer else []


def toolchains(build, say=print, every=False, only=()):
    """Those that can be had, in the order of their versions; the rest is said to be skipped."""
    own = None
    try:
        own = stock(build)
    except SuiteError as error:
        say(f"skipped: the machine's own Go: {error}")
    found = suites_with(build, say)
    taken = [own] if own else []
    for version in only or (found if every else some_of(found, own and own.version)):
        if own and version == own.version:
            continue
        try:
            if version not in found:
                raise SuiteError("no reachable suite has it")
            taken.append(unpacked(version, found[version], build, say))
        except SuiteError as error:
            say(f"skipped: Go {version}: {error}")
    if only:
        taken = [one for one in taken if one.version in only]
    return sorted(taken, key=lambda one: order(one.version))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=Path, default=Path("build"))
    parser.add_argument("--all", action="store_true", help="every version that can be had")
    parser.add_argument("--version", action="append", default=[], metavar="X.Y")
    parser.add_argument("--list", action="store_true", help="which suite has which; unpack nothing")
    args = parser.parse_args()
    build = args.build.resolve()

    def say(text):
        print(text, file=sys.stderr, flush=True)

    if args.list:
        for version, suite in sorted(suites_with(build, say).items(), key=lambda v: order(v[0])):
            print(version, suite)
        return 0
    for one in toolchains(build, say, args.all, args.version):
        print(one.release, one.goroot)
    return 0


if __name__ == "__main__":
    sys.exit(main())
