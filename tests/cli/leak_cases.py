# SPDX-License-Identifier: Apache-2.0
"""coretool leaks: what goleak's options ignore is said, counted, and no reason to fail."""

import json
import re

from harness import FINDINGS, OK, CliTest, Settings

ALL, ARCHIVISTS = 25, 3
ONE_PLACE = ("--ignore-top-function", "main.archive")


class Leaks(CliTest):
    """Of samples/go_leak.go."""

    def setUp(self):
        super().setUp()
        self.cores = sorted(Settings.cores.glob("go-*-plain/go_leak.gcore.core"))
        self.assertTrue(self.cores, "there are no cores of Go: make cores first")

    def report(self, status, core, *args, command="leaks"):
        return json.loads(self.check(status, command, core, "--json", *args).out)

    def test_all_count(self):
        for core in self.cores:
            found = self.report(FINDINGS, core, "--fail-on", "P1")
            total = found["summary"]["leaks"]
            self.assertEqual((total["goroutines"], total["ignored"]), (ALL, 0))
            self.assertNotIn("not_known", total)
            self.assertEqual(sum(group["count"] for group in found["leaks"]), ALL)
            for key in "retained_bytes", "stack_bytes":
                self.assertEqual(sum(group[key] for group in found["leaks"]), total[key])
            self.assertEqual({group["ignored_by"] for group in found["leaks"]}, {None})
            self.assertNotIn("Ignored", self.check(OK, "leaks", core).out)

    def test_one_place_is_ignored(self):
        for core in self.cores:
            whole = self.report(OK, core)["summary"]["leaks"]
            found = self.report(FINDINGS, core, *ONE_PLACE, "--fail-on", "P1")
            group, = (g for g in found["leaks"] if g["ignored_by"])
            total = found["summary"]["leaks"]
            self.assertEqual((group["count"], group["ignored_by"]), (ARCHIVISTS, ONE_PLACE[0]))
            self.assertEqual((group["waits_at"]["function"], group["created_by"]["function"]), ("main.archive", "main.start"))
            self.assertRegex(group["waits_at"]["file"], "go_leak.go$")
            self.assertEqual((total["goroutines"], total["ignored"]), (ALL - ARCHIVISTS, ARCHIVISTS))
            self.assertEqual(total["retained_bytes"], whole["retained_bytes"] - group["retained_bytes"])
            out = self.check(FINDINGS, "leaks", core, *ONE_PLACE, "--fail-on", "P1").out
            self.assertIn(f"Leaked: {ALL - ARCHIVISTS} goroutines; kept by them alone: {total['retained_bytes']} bytes", out)
            self.assertIn(f"Ignored are {ARCHIVISTS} more goroutines: {ARCHIVISTS} by --ignore-top-function\n", out)
            self.assertNotIn("main.archive()", out)
            self.assertIn("main.archive()", self.check(OK, "leaks", core, *ONE_PLACE, "-v").out)

    def test_all_are_ignored(self):
        for core in self.cores:
            known = self.write("known.json", self.check(OK, "leaks", core, "--json").out.encode())
            for options in (("--ignore-created-by", "main.start"), ("--ignore-any-function", "main.start.func1"),
                            ("--baseline", str(known))):
                found = self.report(OK, core, *options, "--fail-on", "P2")
                self.assertEqual({group["ignored_by"] for group in found["leaks"]}, {options[0]})
                self.assertEqual((found["summary"]["leaks"]["goroutines"], found["summary"]["leaks"]["ignored"]), (0, ALL))
                out = self.check(OK, "leaks", core, *options, "--fail-on", "P2").out
                self.assertRegex(out, rf"Leaked: 0 goroutines;.*\nIgnored are {ALL} more goroutines: {ALL} by {options[0]}\n")
            # A name is whole: f is not f.func1.
            self.assertEqual(self.report(FINDINGS, core, "--ignore-any-function", "main.keepers", "--fail-on", "P1")
                             ["summary"]["leaks"]["ignored"], 0)

    def test_several_options(self):
        """Each goroutine is counted once, by the first option that names it."""
        out = self.check(OK, "leaks", self.cores[-1], *ONE_PLACE, "--ignore-any-function", "main.archive",
                         "--ignore-any-function", "main.(*ledger).book").out
        self.assertIn("Ignored are 4 more goroutines:", out)
        self.assertEqual(set(re.findall(r"(\d) by (--[a-z-]+)", out)),
                         {("3", "--ignore-top-function"), ("1", "--ignore-any-function")})

    def test_analyze_says_the_same(self):
        core = self.cores[-1]
        both = [self.report(OK, core, *ONE_PLACE, command=command) for command in ("leaks", "analyze")]
        self.assertEqual(both[0]["leaks"], both[1]["leaks"])
        self.assertEqual(both[0]["summary"]["leaks"], both[1]["summary"]["leaks"])
        # Whoever is named has a record, though the rules about them are off.
        policy = self.write("off.toml", b'[rules]\nCT210 = "off"\nCT212 = "off"\n')
        found = self.report(OK, core, "--policy", policy, command="analyze")
        named = {one["actor"] for group in found["leaks"] for one in group["goroutines"]}
        self.assertEqual(len(named), ALL)
        self.assertLessEqual(named, {actor["id"] for actor in found["actors"]})

    def test_not_asked_and_not_known(self):
        self.assertNotIn("leaks", self.report(OK, self.cores[-1], command="deadlocks"))
        self.assertNotIn("leaks", self.report(OK, self.cores[-1], command="deadlocks")["summary"])
        asleep = sorted(Settings.cores.glob("go-*-sw/go_all_asleep-abba.kernel.core"))[-1]
        found = self.report(OK, asleep)
        self.assertIn("CT203", found["summary"]["leaks"]["not_known"])
        self.assertIn("Whether goroutines are leaked is not known: ", self.check(OK, "leaks", asleep).out)
