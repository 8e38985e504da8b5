# SPDX-License-Identifier: Apache-2.0
"""coretool diff: cores and reports, what came and went, and reports from anybody."""

import copy
import json
import subprocess
from pathlib import Path

from harness import FAILED, FINDINGS, OK, PARTIAL, USAGE, CliTest, Settings, real_core

DEADLOCK = "O2-g/deadlock2.gcore.core"
CONVOY = "O2-g/owner_in_read.gcore.core"
ROOT = Path(__file__).resolve().parents[2]


def left_cores():
    """Of go_left, (before, after) of each version."""
    cores = sorted(Settings.cores.glob("go-*-plain/go_left-before.gcore.core"))
    assert cores, "there are no cores of Go: make cores first"
    return [(core, core.with_name(core.name.replace("before", "after"))) for core in cores]


class Left(CliTest):
    """Goroutines that are left over, as samples/go_left.go leaves them."""

    def diff(self, old, new, *options, status=OK):
        return json.loads(self.check(status, "diff", old, new, "--json", *options).out)

    def report_of(self, core, command, *options):
        return json.loads(self.check(OK, command, core, "--json", *options).out)

    def test_places(self):
        for old, new in left_cores():
            found = self.diff(old, new, "--fail-on-new", status=FINDINGS)
            places = {g["place"]: g for g in found["goroutines"] if not g["ignored_by"]}
            self.assertEqual({p: (g["goroutines"]["old"], g["goroutines"]["new"], g["waits"], g["change"])
                              for p, g in places.items()},
                             {"main.quote()": (0, 5, "chan send", "came"),
                              "main.ship()": (0, 1, "chan send", "came"),
                              "main.pack()": (2, 1, "chan receive", "shrank")})
            self.assertEqual(places["main.quote()"]["created_by"], "main.start")
            # They are not of one process: the packer that moved on counts where it is now.
            self.assertEqual((found["summary"]["new_goroutines"], found["summary"]["by_number"]), (6, False))
            self.assertEqual(found["summary"]["headline"],
                             "clean as before: 6 new goroutines, 5 of them in main.quote()")
            self.check(FINDINGS, "diff", new, old, "--fail-on-new")  # one packer more
            self.check(OK, "diff", new, new, "--fail-on-new")

    def test_pools_and_types(self):
        for old, new in left_cores():
            found = self.diff(old, new)
            pool = next(p for p in found["pools"] if p["name"] == "main.baskets")
            self.assertEqual((pool["change"], pool["objects"]), ("grew", {"old": 1, "new": 5}))
            self.assertGreaterEqual(pool["bytes"]["new"] - pool["bytes"]["old"], 4 * 4096)
            sizes = [t for t in found["types"] if t["objects"]["new"] - t["objects"]["old"] > 1900]
            self.assertEqual(len(sizes), 1)
            self.assertEqual(sizes[0]["bytes"]["new"] // sizes[0]["objects"]["new"], 24)
            text = self.check(OK, "diff", old, new).out
            self.assertIn("main.baskets: 5 objects, ", text)
            heaps = [self.write(f"h{n}", self.check(OK, "heap", core, "--json").out.encode())
                     for n, core in enumerate((old, new))]
            self.assertEqual(self.diff(*heaps)["types"], found["types"])
            self.assertEqual(len(self.diff(heaps[0], heaps[0])["types"]), 0)

    def test_what_is_ignored(self):
        (old, new), *_ = left_cores()
        for options, left in (
                (("--ignore-top-function", "main.quote"), 1),
                (("--ignore-top-function", "main.quot"), 6),
                (("--ignore-top-function", "main.quote", "--ignore-any-function", "main.ship"), 0),
                (("--ignore-any-function", "main.pack"), 5),
                (("--ignore-created-by", "main.start"), 0),
                (("--ignore-created-by", "main.start.func1"), 0),
                (("--ignore-created-by", "main.cheapest"), 6),
        ):
            found = self.diff(old, new, "--fail-on-new", "--ignore-current", *options,
                              status=FINDINGS if left else OK)
            self.assertEqual(found["summary"]["new_goroutines"], left, options)
        # Who is there before and after, and package signal's own, are none of it.
        report = self.report_of(new, "goroutines", "--full")
        empty = copy.deepcopy(report)
        empty["actors"] = [a for a in report["actors"] if a["kind"] == "thread"]
        found = self.diff(self.write("e.json", json.dumps(empty).encode()),
                          self.write("f.json", json.dumps(report).encode()), "--fail-on-new", status=FINDINGS)
        self.assertEqual({g["place"]: g["ignored_by"] for g in found["goroutines"]},
                         {"main.quote()": None, "main.ship()": None, "main.pack()": None,
                          "main.rest()": "the main goroutine", "os/signal.signal_recv()": "os/signal's own"})
        self.assertEqual(found["summary"]["new_goroutines"], 7)

    def test_one_process(self):
        """Of one process each goroutine is known by its number."""
        (_, core), *_ = left_cores()
        report = self.report_of(core, "goroutines", "--full")
        stacks = [self.place(report, a) for a in report["actors"]]
        packing, shipping = stacks.index("main.pack"), stacks.index("main.ship")
        quoting = [i for i, place in enumerate(stacks) if place == "main.quote"]
        old = copy.deepcopy(report)
        # Before, the one that ships packed, and of the five two were not there.
        for key in ("stack", "wait_reason", "waits"):
            old["actors"][shipping][key] = old["actors"][packing][key]
        for i in sorted(quoting[:2], reverse=True):
            del old["actors"][i]
        old, new = (self.write(f"{n}.json", json.dumps(r).encode()) for n, r in enumerate((old, report)))
        found = self.diff(old, new, "--fail-on-new", status=FINDINGS)
        self.assertEqual((found["summary"]["new_goroutines"], found["summary"]["by_number"]), (2, True))
        self.assertEqual({g["place"]: (g["change"], g["new"]) for g in found["goroutines"]},
                         {"main.quote()": ("grew", 2), "main.ship()": ("came", 0), "main.pack()": ("shrank", 0)})
        found = self.diff(old, new, "--ignore-current")
        self.assertEqual([g["place"] for g in found["goroutines"]], ["main.quote()"])
        self.diff(old, new, "--fail-on-new", "--ignore-top-function", "main.quote")
        # Another number is another goroutine.
        report["actors"][shipping]["id"] = "g:999999"
        new = self.write("n.json", json.dumps(report).encode())
        self.assertEqual(self.diff(old, new)["summary"]["new_goroutines"], 3)

    @staticmethod
    def place(report, actor):
        frames = report["stacks"][actor["stack"]]["frames"] if "stack" in actor else ()
        return next((f["function"] for f in frames if f.get("function", "").startswith("main.")), None)


class Diff(CliTest):
    def report_of(self, core, *options):
        return json.loads(self.check(OK, real_core(core), "--json", *options).out)

    def save(self, name, report):
        return self.write(name, json.dumps(report).encode())

    def diff(self, old, new, *options, status=OK):
        return json.loads(self.check(status, "diff", old, new, "--json", *options).out)

    def test_a_core_and_its_report_are_the_same(self):
        for core in (DEADLOCK, CONVOY, "O2-g/cxx_deadlock.gcore.core", "O2-stripped/kinds.kernel.core",
                     "O2-static/deadlock2.kernel.core", "O0-g/recursion_deep.kernel.core"):
            core = real_core(core)
            report = self.write("r.json", self.check(OK, core, "--json").out.encode())
            for pair in ((core, report), (report, core), (report, report)):
                found = self.diff(*pair, "--fail-on-new")
                self.assertEqual((found["locks"], found["stacks"], found["notes"]), ([], [], []), core)
                self.assertEqual({f["change"] for f in found["findings"]} - {"stayed"}, set(), core)

    def test_goroutines_and_their_reports(self):
        cores = sorted(Settings.cores.glob("go-*-plain/go_waits.gcore.core"))
        self.assertTrue(cores, "there are no cores of Go: make cores first")
        # Such a report has neither pools nor the heap.
        for options, notes in ((("--full",), 1), ((), 2)):
            report = self.write("r.json", self.check(OK, "goroutines", cores[-1], "--json", *options).out.encode())
            for pair in ((cores[-1], report), (report, cores[-1])):
                found = self.diff(*pair, "--fail-on-new")
                self.assertEqual((found["locks"], found["stacks"], len(found["notes"])), ([], [], notes))
                self.assertEqual((found["goroutines"], found["summary"]["new_goroutines"]), ([], 0))
                self.assertEqual({f["change"] for f in found["findings"]} - {"stayed"}, set())

    def test_another_run_of_the_same_program(self):
        found = self.diff(real_core(DEADLOCK), real_core("O2-g/deadlock2.kernel.core"))
        self.assertEqual([f["change"] for f in found["findings"]], ["stayed"])
        self.assertEqual(found["locks"], [])

    def test_what_came_and_went(self):
        found = self.diff(real_core(CONVOY), real_core(DEADLOCK))
        self.assertEqual([(f["change"], f["rule"]) for f in found["findings"]],
                         [("came", "CT101"), ("went", "CT120")])
        self.assertEqual({(k["change"], k["name"]) for k in found["locks"]},
                         {("came", "g_orders_lock"), ("came", "g_stock_lock"), ("went", "g_cache_lock")})
        self.assertEqual(found["summary"]["verdict"], {"old": "stuck", "new": "deadlock"})
        self.assertEqual(found["summary"]["new"], {"P0": 1, "P1": 0, "P2": 0})
        text = self.check(OK, "diff", real_core(CONVOY), real_core(DEADLOCK)).out
        self.assertRegex(text, r"\Adeadlock, before stuck: 1 new finding \(CT101 lock-cycle\); ")
        self.assertEqual(len(self.check(OK, "diff", real_core(CONVOY), real_core(DEADLOCK), "-q")
                             .out.splitlines()), 1)
        found = self.diff(real_core(CONVOY), real_core(DEADLOCK), "--ignore-current")
        changes = {r["change"] for part in ("findings", "locks", "stacks") for r in found[part]}
        self.assertEqual(changes, {"came"})
        self.assertNotIn("less", found["summary"]["headline"])

    def fewer_clients(self):
        """The convoy's report as if one client alone waited."""
        report = self.report_of(CONVOY)
        clients = [a for a in report["actors"]
                   if any(w["kind"] == "mutex" for w in a.get("waits", ()))]
        self.assertEqual(len(clients), 5)
        for actor in clients[1:]:
            report["actors"].remove(actor)
        report["summary"]["threads"] -= 4
        return report

    def test_what_grew(self):
        old = self.save("old.json", self.fewer_clients())
        found = self.diff(old, real_core(CONVOY))
        (lock,), (stack,) = found["locks"], found["stacks"]
        self.assertEqual((lock["change"], lock["name"], lock["waiters"]),
                         ("grew", "g_cache_lock", {"old": 1, "new": 5}))
        self.assertEqual((stack["change"], stack["place"], stack["threads"]),
                         ("grew", "look_up()", {"old": 1, "new": 5}))
        self.assertEqual(found["summary"]["headline"], "stuck as before: 4 more threads wait for g_cache_lock")
        # Such growth is a finding from some size on.
        policy = self.write("p", b"thresholds.pile-up = 5\n")
        found = self.diff(old, real_core(CONVOY), "--policy", policy, "--fail-on", "P2", status=FINDINGS)
        came = [f for f in found["findings"] if f["change"] == "came"]
        self.assertEqual([(f["rule"], f["level"]) for f in came], [("CT122", "P2")])
        off = self.write("off", b"thresholds.pile-up = 5\nrules.CT122 = 'off'\n")
        self.diff(old, real_core(CONVOY), "--policy", off, "--fail-on-new")
        known = self.write("known", came[0]["fingerprint"].encode())
        self.diff(old, real_core(CONVOY), "--policy", policy, "--fail-on", "P2", "--baseline", known)

    def test_another_holder(self):
        report = self.report_of(CONVOY)
        holder = next(a for a in report["actors"] if a.get("holds"))
        other = next(a for a in report["actors"] if a.get("start") == "client")
        other["holds"] = holder.pop("holds")
        found = self.diff(self.save("old.json", report), real_core(CONVOY))
        self.assertEqual([(k["change"], k["other_holder"]) for k in found["locks"]], [("stayed", True)])
        self.assertIn("client", found["locks"][0]["holder"]["old"])
        self.assertIn("refresher", found["locks"][0]["holder"]["new"])

    def test_exit_status(self):
        old, new = real_core(CONVOY), real_core(DEADLOCK)
        self.check(OK, "diff", old, new)
        self.check(FINDINGS, "diff", old, new, "--fail-on-new")
        self.check(FINDINGS, "diff", old, new, "--fail-on", "P0")
        self.check(OK, "diff", new, old, "--fail-on", "P0")
        self.check(FINDINGS, "diff", new, old, "--fail-on", "P2")
        self.check(OK, "diff", new, new, "--fail-on-new", "--fail-on", "P2")
        known = self.write("known.json", self.check(OK, new, "--json").out.encode())
        self.check(OK, "diff", old, new, "--fail-on-new", "--baseline", known)
        cut = self.write("cut.core", new.read_bytes()[:200000])
        self.check(PARTIAL, "diff", cut, new, "--strict")

    def test_reports_that_tell_less(self):
        old = self.save("old.json", self.report_of(DEADLOCK, "--quick"))
        found = self.diff(old, real_core(DEADLOCK), "--fail-on-new")
        self.assertEqual([f["change"] for f in found["findings"]], ["stayed"])
        self.assertEqual((found["locks"], found["stacks"]), ([], []))
        self.assertEqual(len(found["notes"]), 3)
        locks = self.write("l.json", self.check(OK, "locks", real_core(DEADLOCK), "--json").out.encode())
        self.assertEqual(self.diff(locks, real_core(DEADLOCK))["stacks"], [])

    def test_usage(self):
        core = real_core(DEADLOCK)
        for words in ((), (core,), (core, core, core)):
            self.check(USAGE, "diff", *words)
        self.check(USAGE, "diff", core, core, "--format", "dot")
        self.check(USAGE, core, "--fail-on-new")
        report = self.save("r.json", self.report_of(DEADLOCK))
        self.assertIn("--redact", self.check(USAGE, "diff", report, core, "--redact").err)
        self.check(OK, "diff", core, core, "--redact")
        self.check(FAILED, "diff", core, self.dir / "none")
        self.check(FAILED, "diff", core, self.write("x", b"neither"))

    def test_hostile_reports(self):
        """Whatever stands in a report: an answer, or one line."""
        core, good = real_core(DEADLOCK), self.report_of(DEADLOCK)
        for text in (b"{", b"{}", b'{"schema": "coretool-report/1"', b'{"schema": ["x"]}', b"{\xff}",
                     b'{"a":' * 5000, b'{"schema":"coretool-diff/1"}', b'{"schema":"coretool-report/1"}{}'):
            done = self.check(FAILED, "diff", self.write("bad.json", text), core)
            self.assertIn("bad.json", done.err)
        values = (None, True, -1, 2**62, 1.5, "", "t:1", "\x1b[2J\n", "x" * 10000, [], {}, [[]], [None])
        good_too, n = self.save("good.json", good), 0
        for path in self.paths(good):
            bad = copy.deepcopy(good)
            at = bad
            for key in path[:-1]:
                at = at[key]
            at[path[-1]] = values[n % len(values)]
            self.check(OK if path[0] != "schema" else FAILED, "diff", self.save("bad.json", bad),
                       good_too if n % 4 else core, "--json")
            n += 1

    def paths(self, value, path=()):
        """A path to some of each kind of field: the first of a list stands for all."""
        if path:
            yield path
        if isinstance(value, dict):
            for key, item in value.items():
                if key not in ("tool", "modules", "steps", "cycles", "state", "why", "trust", "pc"):
                    yield from self.paths(item, (*path, key))
        elif isinstance(value, list) and value:
            yield from self.paths(value[-1], (*path, len(value) - 1))

    def test_schema(self):
        files = [self.write(f"go{n}", self.check(OK, "diff", *pair, *options).out.encode())
                 for pair in left_cores()[:1]
                 for n, options in enumerate((("--json",), ("--format", "ndjson")))]
        policy = self.write("p.toml", b'rules.CT120 = "P1"\n')
        for n, options in enumerate((("--json",), ("--format", "ndjson"), ("--json", "--policy", policy),
                                     ("--format", "ndjson", "--policy", policy))):
            out = self.check(OK, "diff", real_core(CONVOY), real_core(DEADLOCK), *options).out
            files.append(self.write(f"d{n}", out.encode()))
        done = subprocess.run(["/usr/bin/python3", ROOT / "tests/report/validate.py",
                               ROOT / "docs/coretool-diff-1.schema.json", *files],
                              capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stdout), (0, ""))
