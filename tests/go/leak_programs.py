# SPDX-License-Identifier: Apache-2.0
"""The programs of the runtime's own tests of its leak profile, as Debian's package of Go's source has
them: which there are, what the test expects of each, and how they are built so that they stop where
they ask for the profile. Nothing of Go's is kept here: all is read out of the unpacked package.
"""

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from apt_suite import SuiteError
import go_plan

TEST = Path("src/runtime/goroutineleakprofile_test.go")
PROGRAMS = Path("src/runtime/testdata/testgoroutineleakprofile")
STOP = Path(__file__).with_name("leak_stop.go")
MODULE, STOP_PACKAGE = "leaks", "stop"
REGISTERED = re.compile(r'^\s*register\("(\w+)"', re.M)
CASE = re.compile(r'^\s*make(Flaky)?Test\("(\w+)"(.*?)\),$', re.M | re.S)
# Where the profile is there only on demand.
EXPERIMENT = "goroutineleakprofile"
EXPERIMENT_OFF = Path(f"src/internal/goexperiment/exp_{EXPERIMENT}_off.go")
BLAMED = re.compile(r"(\w+\.go):\d+")
PATTERN = re.compile(r"^\s*`(.*)`", re.M)
COMMENT = re.compile(r"^\s*//.*\n", re.M)


@dataclass(frozen=True)
class Expected:
    """Each pattern is of a leaked goroutine's first function and wait reason."""

    patterns: tuple
    flaky: bool  # whether any leak shows depends on how the scheduler goes


def expectations(text):
    """{program: Expected} of the test's source."""
    found = {}
    for flaky, name, patterns in CASE.findall(COMMENT.sub("", text)):
        found[name] = Expected(tuple(re.compile(one) for one in PATTERN.findall(patterns)), bool(flaky))
    return found


def comes_with(goroot):
    return (goroot / TEST).exists() and (goroot / PROGRAMS).is_dir()


def folders(goroot):
    """Each is one program with many cases."""
    return [goroot / PROGRAMS, *sorted(p for p in (goroot / PROGRAMS).iterdir() if p.is_dir())]


class Folder:
    """The programs of one folder as one toolchain builds them in one way: one binary."""

    def __init__(self, build, toolchain, folder, way):
        self.toolchain, self.folder, self.way = toolchain, folder, way
        self.place = build / "go" / "leaks" / toolchain.version / folder.name
        self.path = build / "go" / "leaks" / f"go-{toolchain.version}-{way}" / folder.name
        self.sources = sorted(p for p in folder.iterdir() if p.suffix == ".go")
        self.left_out = {}  # source: what the compiler says

    def cases(self):
        """{program: its source}"""
        return {name: source for source in self.sources for name in REGISTERED.findall(source.read_text())}

    def build(self):
        """What does not compile here is left out, file by file."""
        how, experiment = go_plan.BUILDS[self.way], {}
        if (self.toolchain.goroot / EXPERIMENT_OFF).exists():
            experiment["GOEXPERIMENT"] = EXPERIMENT
        while True:
            try:
                overlay = f"-overlay={self._overlay()}"
                self.toolchain.run(["build", *how.args, overlay, "-o", str(self.path), "."],
                                   cwd=self.place, CGO_ENABLED=str(int(how.cgo)), **experiment)
                return
            except SuiteError as error:
                blamed = {name: str(error) for name in BLAMED.findall(str(error))}
                bad = {source: blamed[source.name] for source in self.sources
                       if source.name in blamed and source not in self.left_out}
                if not bad:
                    raise
                self.left_out |= bad

    def _overlay(self):
        """Where the compiler finds what: their files, with our package for that of profiles."""
        shutil.rmtree(self.place, ignore_errors=True)
        changed = self.place / "changed"
        changed.mkdir(parents=True)
        (self.place / "go.mod").write_text(f"module {MODULE}\n\ngo {self.toolchain.version}\n")
        replace = {self.place / STOP_PACKAGE / STOP.name: STOP}
        for source in set(self.sources) - set(self.left_out):
            text = source.read_text()
            ours = text.replace('"runtime/pprof"', f'pprof "{MODULE}/{STOP_PACKAGE}"')
            replace[self.place / source.name] = source
            if ours != text:
                replace[self.place / source.name] = changed / source.name
                (changed / source.name).write_text(ours)
        overlay = self.place / "overlay.json"
        overlay.write_text(json.dumps({"Replace": {str(a): str(b) for a, b in replace.items()}}))
        return overlay
