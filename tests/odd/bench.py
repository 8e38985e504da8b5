# SPDX-License-Identifier: Apache-2.0
"""Where the tests of odd executables build programs, make cores of them and read reports."""
import json
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/cores"))

from sample_run import CannotRun, SampleRun, kernel_core_obstacle  # noqa: E402,F401

STACK_KB = 256
CC_FLAGS = ("-std=gnu17", "-pthread", "-O2", "-g", f"-I{ROOT / 'samples'}")


class Settings:
    """Set by the driver."""
    program = build = None


class Core:
    """A core and what its process said of itself before."""

    def __init__(self, path, lines):
        self.path = path
        self.truth = [json.loads(line) for line in lines]

    def told(self, word):
        return [line[word] for line in self.truth if word in line]

    def report(self, *arguments):
        """The JSON report; the program must have succeeded and said nothing on stderr."""
        done = run_program("--format", "json", *arguments, self.path)
        if done.returncode or done.stderr:
            raise AssertionError(f"exit status {done.returncode}: {done.stderr.strip()}")
        return Report(json.loads(done.stdout))


class Report(dict):
    def actor(self, tid):
        return next(a for a in self["actors"] if a["id"] == f"t:{tid}")

    def stack(self, tid):
        return self["stacks"][self.actor(tid)["stack"]]

    def functions(self, tid):
        """Innermost first; None where a frame has no name. The compiler's suffixes are left out."""
        return [f.get("function", "").split(".")[0] or None for f in self.stack(tid)["frames"]]

    def resource(self, address):
        return next(r for r in self["resources"] if r["address"] == address)

    def module(self, path):
        return next(m for m in self["modules"] if m["path"].removesuffix(" (deleted)") == str(path))

    def notes_about(self, path):
        return [n["code"] for n in self["notes"] if n["about"].removesuffix(" (deleted)") == str(path)]


def run_program(*arguments):
    return subprocess.run([Settings.program, *map(str, arguments)], capture_output=True, text=True,
                          errors="replace", stdin=subprocess.DEVNULL, timeout=120, check=False)


class BenchCase(unittest.TestCase):
    """A folder of its own for each test, and the checks that most tests need."""

    maxDiff = None

    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="odd-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def sample(self, name="deadlock2", variant="O2-g", copy_as=None):
        """A sample as built, or a copy of it that may be changed."""
        built = Settings.build / "samples" / variant / name
        if not copy_as:
            return built
        return Path(shutil.copy2(built, self.folder / copy_as))

    def compile(self, out, *flags, source=ROOT / "samples/deadlock2.c", compiler="gcc"):
        out = self.folder / out
        subprocess.run([compiler, *CC_FLAGS, str(source), "-o", str(out), *flags], check=True)
        return out

    def core(self, *argv, core_filter=None, before=None, of_child=False, kind="kernel",
             below=False):
        """What the kernel writes when it is killed, or gdb. before(): is called while it still runs;
        below: gdb runs in the PID namespace of its children."""
        with tempfile.TemporaryDirectory(dir=self.folder) as place, \
                SampleRun([str(a) for a in argv], place, STACK_KB) as run:
            try:
                run.await_ready()
            except CannotRun as why:
                self.skipTest(str(why))
            if of_child:
                run.descend()
            run.await_rest()
            if core_filter is not None:
                Path(f"/proc/{run.pid}/coredump_filter").write_text(hex(core_filter))
            if before:
                before()
            out = self.folder / "core"
            if kind == "gcore":
                run.gcore(out, space=run.process.pid if below else None)
            else:
                run.kernel_core(out)
            return Core(out, run.lines)

    def check_cycle(self, core, report, confidence="proven", trust="exact", names=True):
        """Every wait, owner and the one cycle are as the process told; and nothing else is."""
        edges = []
        for wait in core.told("wait"):
            [got] = report.actor(wait["tid"])["waits"]
            self.assertEqual((got["kind"], got["resource"], got["on"]),
                             ("mutex", f"r:{wait['resource']}", [f"t:{tid}" for tid in wait["on"]]))
            holds = [h for h in report.actor(wait["on"][0])["holds"] if h["resource"] == got["resource"]]
            self.assertEqual([h["trust"] for h in holds], [trust])
            lock = report.resource(wait["resource"])
            self.assertEqual(lock["kind"], "pthread_mutex")
            self.assertEqual(lock["name"] == wait["name"], names, lock["name"])
            edges.append((f"t:{wait['tid']}", got["resource"], got["on"][0], trust))
        [cycle] = report["cycles"]
        self.assertCountEqual([(e["waiter"], e["resource"], e["holder"], e["trust"])
                               for e in cycle["edges"]], edges)
        self.assertEqual([(f["rule"], f["confidence"]) for f in report["findings"]],
                         [("CT101", confidence)])
        self.assertEqual(report["summary"]["verdict"], "deadlock")
        self.assertNotIn("partial", report["target"])
        return report

    def check_functions(self, core, report):
        """All functions that the process told of, and each stack down to its base."""
        for told in core.told("function"):
            self.assertIn(told["name"], report.functions(told["tid"]))
            self.assertEqual(report.stack(told["tid"])["ends"], "root")
        self.assertIn("main", report.functions(report["target"]["pid"]))

    def check_nameless(self, report, path):
        """Nothing in the module has a name or a line."""
        inside = [f for s in report["stacks"] for f in s["frames"]
                  if f.get("module", "").removesuffix(" (deleted)") == str(path)]
        self.assertTrue(inside, "no frame is in the module")
        for frame in inside:
            self.assertFalse({"function", "file", "line"} & frame.keys(), frame)

    def check_waiters_reach_libc(self, core, report):
        """Without the program's own tables the thread's beginning is still found."""
        for wait in core.told("wait"):
            self.assertIn("start_thread", report.functions(wait["tid"]))

