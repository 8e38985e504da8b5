#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What coretool says of goroutines, in every format and grouping, is one and the same.

usage: test_formats.py PROGRAM CORES

The JSON report with --full, which the samples' truth is checked against, is what all others are
compared with: numbers of goroutines, their stacks, what --where chooses.
"""

import collections
import json
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "report"))
import validate  # noqa: E402 (it is in another directory)

SECONDS = 120
FAILED, USAGE = 2, 64
TRACE_HEAD = re.compile(r"goroutine (\d+) \[([^]]*)\]:$")
TRACE_PLACE = re.compile(r"\t(\S.*):(\d+)( \+0x[0-9a-f]+)?$")
BUILDS = re.compile(r"go-[0-9.]+-(sw|cgo)$")


class Settings:
    """Set once by main()."""

    program, cores, schema = None, [], None


def run(*args, status=0):
    done = subprocess.run([Settings.program, *map(str, args)], stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=SECONDS, check=False)
    if done.returncode != status:
        raise AssertionError(f"{args}: status {done.returncode}: {done.stderr.decode()}")
    return done.stdout if status == 0 else done.stderr.decode()


def report(core, *options):
    return json.loads(run("goroutines", core, "--json", *options))


class Whole:
    """The report with every goroutine."""

    def __init__(self, core):
        self.core = core
        self.data = report(core, "--full")
        self.all = [a for a in self.data["actors"] if a["kind"] == "goroutine"]
        self.own = [a for a in self.all if not a["system"]]

    def functions(self, actor):
        stack = self.data["stacks"][actor["stack"]] if "stack" in actor else {"frames": []}
        return [frame.get("function") for frame in stack["frames"]]


def since(actor):
    return actor.get("waits", [{}])[0].get("since_ns")


def kind(actor):
    return actor.get("waits", [{}])[0].get("kind")


# What --where says, and the same in Python.
WHERE = (
    ("state = waiting", lambda w, a: a["state"] == "waiting"),
    ("state != waiting and system = no", lambda w, a: a["state"] != "waiting" and not a["system"]),
    ("wait = chan receive", lambda w, a: a.get("wait_reason") == "chan receive"),
    ('wait = "sleep" and system = no',
     lambda w, a: not a["system"] and "sleep" in (a.get("wait_reason"), kind(a))),
    ("function ~ main.", lambda w, a: any("main." in (f or "") for f in w.functions(a))),
    ("function = main.main", lambda w, a: "main.main" in w.functions(a)),
    ("created-by ~ main.", lambda w, a: "main." in a.get("created_by", {}).get("function", "")),
    ("id < 10", lambda w, a: int(a["id"][2:]) < 10),
    ("id > 3 and id != 17", lambda w, a: int(a["id"][2:]) > 3 and a["id"] != "g:17"),
    ("since > 1us", lambda w, a: since(a) is not None and since(a) > 1000),
    ("since > 2h", lambda w, a: since(a) is not None and since(a) > 7200 * 10**9),
    ("locked = yes", lambda w, a: a.get("locked", False)),
    ("label = tenant", lambda w, a: "tenant" in a.get("labels", {})),
    ("label = tenant=red", lambda w, a: a.get("labels", {}).get("tenant") == "red"),
    ("label ~ =re", lambda w, a: any("=re" in f"{k}={v}" for k, v in a.get("labels", {}).items())),
)

MISTAKES = (
    ("colour = red", "--where knows no field 'colour'; there are state, wait, function"),
    ("since = 5m", "behind since stands one of < >"),
    ("id ~ 5", "behind id stands one of = != < >"),
    ("id = five", "id takes a number, not 'five'"),
    ("since > 5", "since takes a time such as 30s, 5m or 2h, not '5'"),
    ("system = maybe", "system takes yes or no"),
    ("state =", "state has no value"),
    ("state = 'waiting", "the quotes of state do not end"),
    ("state = 'waiting' or", "clauses are joined by 'and'"),
    ("", "knows no field ''"),
)


def of_each_core(test):
    """The test, of every core."""
    def loop(self):
        for core in Settings.cores:
            with self.subTest(core=f"{core.parent.name}/{core.name}"):
                test(self, core, Whole(core))
    return loop


class FormatsTest(unittest.TestCase):
    @of_each_core
    def test_reports_are_as_the_schema_says(self, core, whole):
        for options in ((), ("--full",), ("--group-by", "state"), ("--group-by", "label"),
                        ("--where", "id > 5", "--full"), ("--format", "ndjson")):
            json_too = () if "ndjson" in options else ("--json",)
            text = run("goroutines", core, *json_too, *options).decode()
            document, lines = validate.parse(text)
            errors = list(validate.schema_errors(Settings.schema, document, lines))
            self.assertEqual(errors + list(validate.reference_errors(document)), [], options)

    @of_each_core
    def test_groups_are_all_others(self, core, whole):
        for options in ((), ("--group-by", "stack"), ("--group-by", "state"),
                        ("--group-by", "wait"), ("--group-by", "creator"),
                        ("--group-by", "label")):
            grouped = report(core, *options)
            alone = [a for a in grouped["actors"] if a["kind"] == "goroutine"]
            number = sum(g["count"] for g in grouped["groups"])
            self.assertEqual(number + len(alone), len(whole.all), options)
        states = collections.Counter(a["state"] for a in whole.all)
        for group in report(core, "--group-by", "state")["groups"]:
            self.assertLessEqual(group["count"], states[group["key"]["state"]])

    @of_each_core
    def test_where(self, core, whole):
        for text, holds in WHERE:
            wanted = sum(1 for a in whole.all if holds(whole, a))
            said = report(core, "--where", text)
            found = sum(g["count"] for g in said["groups"])
            alone = {a["id"] for a in said["actors"] if a["kind"] == "goroutine"}
            named = sum(1 for a in whole.all if a["id"] in alone and holds(whole, a))
            self.assertEqual(found + named, wanted, text)

    def test_mistakes(self):
        for text, words in MISTAKES:
            self.assertIn(words, run("goroutines", "/", "--where", text, status=USAGE))
        self.assertIn("exclude each other",
                      run("goroutines", "/", "--full", "--group-by", "state", status=USAGE))
        self.assertIn("takes stack, state, wait, creator, label",
                      run("goroutines", "/", "--group-by", "colour", status=USAGE))
        self.assertIn("needs the number", run("goroutine", "/", status=USAGE))
        self.assertIn("what --format pprof is of", run("goroutines", "/", "--sample", "heap", status=USAGE))
        self.assertIn("takes goroutines, waiting-now, heap, block, mutex",
                      run("goroutines", "/", "--format", "pprof", "--sample", "cpu", status=USAGE))
        self.assertIn("not of some of its goroutines",
                      run("goroutines", "/", "7", "--format", "pprof", "--sample", "heap", status=USAGE))
        for command in ("threads", "locks", "sched", "timers"):
            self.assertIn("does not write the format 'pprof'",
                          run(command, "/", "--format", "pprof", status=USAGE))

    @of_each_core
    def test_folded(self, core, whole):
        found = collections.Counter()
        for line in run("goroutines", core, "--format", "folded").decode().splitlines():
            stack, _, count = line.rpartition(" ")
            found[stack] += int(count)
        wanted = collections.Counter(
            ";".join(reversed([f.replace(";", ",") for f in whole.functions(a)]))
            for a in whole.own if "stack" in a and None not in whole.functions(a))
        self.assertEqual(found, wanted)

    @of_each_core
    def test_gotrace(self, core, whole):
        text = run("goroutines", core, "--format", "gotrace").decode()
        heads = {}
        for block in text.rstrip("\n").split("\n\n"):
            head, *lines = block.split("\n")
            match = TRACE_HEAD.match(head)
            self.assertTrue(match, head)
            heads[f"g:{match[1]}"] = match[2]
            if lines and not lines[0].startswith("\t"):
                self.assertEqual(len(lines) % 2, 0, block)
            for call, place in zip(lines[::2], lines[1::2]):
                self.assertRegex(call, r"\(\.\.\.\)$|^created by |^\t")
                self.assertRegex(place, TRACE_PLACE)
        self.assertEqual(set(heads), {a["id"] for a in whole.own})
        for actor in whole.own:
            head = heads[actor["id"]].split(", ")
            self.assertEqual(head[0], actor.get("wait_reason") or actor["state"])
            self.assertEqual("locked to thread" in head, actor.get("locked", False))

    @of_each_core
    def test_gotrace_as_the_runtime_has_it(self, core, _):
        """Which frames stand there: the samples tell what runtime.Stack() has printed."""
        got = {}
        for block in run("goroutines", core, "--format", "gotrace").decode().strip().split("\n\n"):
            head, *lines = block.split("\n")
            calls = [line.removesuffix("(...)") for line in lines if line.endswith("(...)")]
            got[f"g:{TRACE_HEAD.match(head)[1]}"] = calls
        for line in core.with_suffix(".truth.jsonl").read_text().splitlines():
            told = json.loads(line).get("goroutine", {})
            if told.get("state") == "waiting" and told.get("frames"):
                self.assertEqual(got[told["tid"]], [name for name, *_ in told["frames"]], told["tid"])

    @of_each_core
    def test_one(self, core, whole):
        actor = whole.own[-1]
        text = run("goroutines", core, actor["id"][2:]).decode()
        self.assertIn(f"goroutine {actor['id'][2:]} (", text)
        self.assertIn(f"state: {actor['state']}", text)
        self.assertIn(text.splitlines()[3], run("goroutine", core, actor["id"][2:]).decode())
        self.assertIn("there is no goroutine 987654321",
                      run("goroutine", core, 987654321, status=2))

    @of_each_core
    def test_explain_names_goroutines(self, core, whole):
        waiters = {}
        for actor in whole.own:
            for wait in actor.get("waits", []):
                waiters.setdefault(wait.get("resource"), set()).add(actor["id"][2:])
        alone = [(resource, ids) for resource, ids in waiters.items() if resource and len(ids) == 1]
        self.assertTrue(alone)
        for resource, ids in alone[:3]:
            text = run("explain", core, resource[2:]).decode()
            self.assertRegex(text, rf"waited for by +goroutine {ids.pop()}\n")

    @of_each_core
    def test_pprof(self, core, whole):
        go = shutil.which("go")
        with tempfile.TemporaryDirectory() as folder:
            profile = Path(folder) / "profile.pb.gz"
            run("goroutines", core, "--format", "pprof", "-o", profile)
            self.assertEqual(profile.read_bytes()[:2], b"\x1f\x8b")
            if not go:
                return
            top = self.pprof(go, folder, "-top", profile)
            self.assertIn("Type: goroutine", top)
            self.assertIn(f"of {len(whole.own)} total", top)
            tags = self.pprof(go, folder, "-tags", profile)
            states = collections.Counter(a["state"] for a in whole.own)
            for state, count in states.items():
                self.assertRegex(tags, rf"\b{count}\.0 \([ 0-9.]+%\): {state}\n")
            same = self.pprof(go, folder, "-top", "-diff_base", profile, profile)
            self.assertRegex(same, r"Showing nodes accounting for 0\b")

    @of_each_core
    def test_profiling_that_is_off(self, core, whole):
        """The samples do not profile themselves; those that do are checked with their truth."""
        if core.name.startswith("go_profiles"):
            return
        rates = whole.data["target"]["go"]["profile_rates"]
        self.assertEqual((rates["block"], rates["mutex"]), (0, 0))
        self.assertIn("heap", rates)
        for kind in ("block", "mutex"):
            self.assertIn("it is off (rate 0, ",
                          run("goroutines", core, "--format", "pprof", "--sample", kind, status=FAILED))
        sched = run("sched", core).decode()
        self.assertIn(", block off (rate 0), mutex off (rate 0)", sched)
        run("goroutines", core, "--format", "pprof", "--sample", "waiting-now")

    def pprof(self, go, folder, *args):
        done = subprocess.run([go, "tool", "pprof", *map(str, args)], capture_output=True,
                              timeout=SECONDS, check=False, text=True,
                              env={"PATH": "/usr/bin:/bin", "HOME": folder, "GOTOOLCHAIN": "local",
                                   "GOCACHE": folder, "PPROF_TMPDIR": folder})
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_gdb(self):
        core = Settings.cores[0]
        whole = Whole(core)
        some = whole.own[-1]["id"][2:]
        lines = ["source " + str(ROOT / "gdbext" / "coretool_gdb.py"),
                 f"set coretool path {Settings.program}", f"core-file {core}",
                 f"file {whole.data['target']['exe']}",
                 "coretool goroutines --group-by state", f"coretool goroutine {some}",
                 "complete coretool goroutine "]
        done = subprocess.run(["gdb", "-batch", "-nx", *[w for l in lines for w in ("-ex", l)]],
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS,
                              check=False, text=True, errors="replace")
        self.assertIn(f"Goroutines: {len(whole.own)} of the program's own", done.stdout,
                      done.stderr)
        self.assertIn(f"\ngoroutine {some} (", done.stdout)
        for actor in whole.own:
            self.assertIn(f"\ncoretool goroutine {actor['id'][2:]}\n", done.stdout)


def main(argv):
    Settings.program = str(Path(argv[1]).resolve())
    cores = [core for core in sorted(Path(argv[2]).resolve().glob("go-*/*.gcore.core"))
             if BUILDS.match(core.parent.name)
             and core.name.split(".")[0] in ("go_waits", "go_cgo")]
    some = [] if "--newest" in argv else cores[::max(1, len(cores) // 3)][:3]
    Settings.cores = some + cores[-1:]
    Settings.schema = json.loads(
        (ROOT / "docs" / "coretool-report-1.schema.json").read_text(encoding="utf-8"))
    if not Settings.cores:
        print("skipped: gcore cores: there is none of Go")
        return 0
    unittest.main(argv=argv[:1])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
