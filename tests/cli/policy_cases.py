# SPDX-License-Identifier: Apache-2.0
"""--policy, --baseline, --fail-on and the ignore options: what counts, and the exit status."""

import json
import os

from harness import FAILED, FINDINGS, OK, USAGE, CliTest, Settings, real_core

CORE = "O2-g/deadlock2.gcore.core"
CONVOY = "O2-g/owner_in_read.gcore.core"


class Policy(CliTest):
    def policy(self, text):
        return self.write("policy.toml", text.encode())

    def report(self, status, *args):
        return json.loads(self.check(status, real_core(CORE), "--json", *args).out)

    def test_values_of_contexts(self):
        """Only those whose keys the policy names, and of those none that is long."""
        core = sorted(Settings.cores.glob("go-*-plain/go_context_kinds.gcore.core"))[-1]

        def texts(*options):
            contexts = json.loads(self.check(OK, "contexts", core, "--json", *options).out)["contexts"]
            return {c["key"]: c["text"] for c in contexts if "text" in c}

        trace = "0af7" + 26 * "0" + "9c"
        self.assertEqual(texts(), {})
        for names, wanted in (('"requestID"', {"main.field": "r-4711"}), ('"request"', {}),
                              ('"request*"', {"main.field": "r-4711"}), ('"main.traceKey"', {"main.traceKey": trace}),
                              ('"example.com/shop/main.trace*"', {"main.traceKey": trace}),
                              ('"letter"', {}), ('"*"', {"main.field": "r-4711", "main.traceKey": trace})):
            policy = self.write("p.toml", f"context-values = [{names}]\n".encode())
            self.assertEqual(texts("--policy", policy), wanted, names)
        self.assertIn(f"value main.traceID {trace}", self.check(OK, "contexts", core, "--policy", policy).out)
        self.assertEqual(texts("--policy", policy, "--redact"),
                         {"main.field": "<6 bytes>", "main.traceKey": "<32 bytes>"})

    def go_findings(self, command, core, rule, *options):
        found = json.loads(self.check(OK, command, core, "--json", *options).out)
        return found, [f for f in found["findings"] if f["rule"] == rule]

    def test_how_many_goroutines_are_many(self):
        """CT226 is a note."""
        core = sorted(Settings.cores.glob("go-*-plain/go_waits.gcore.core"))[-1]
        report = self.go_findings("goroutines", core, "CT226", "--full")[0]
        own = len([a for a in report["actors"] if a["kind"] == "goroutine" and not a.get("system")
                   and a["state"] not in ("dead", "zombie")])
        for least, count in ((500, 0), (own, 1), (own + 1, 0)):
            policy = self.policy(f"[thresholds]\ngoroutines = {least}\n")
            report, found = self.go_findings("analyze", core, "CT226", "--policy", policy)
            notes = [note["text"] for note in report["notes"] if note["code"] == "CT226"]
            self.assertEqual((found, len(notes)), ([], count), least)
            self.assertTrue(all(note.startswith(f"{own} of the program's own: ") for note in notes), notes)

    def test_contexts_that_nothing_cancels(self):
        core = sorted(Settings.cores.glob("go-*-plain/go_contexts.gcore.core"))[-1]
        report, found = self.go_findings("contexts", core, "CT223")
        lost = [c for c in report["contexts"] if c.get("lost")]
        self.assertGreater(len(lost), 1)
        self.assertEqual([(f["level"], f["title"].partition(" ")[0]) for f in found], [("P2", str(len(lost)))])
        self.assertIn(lost[0]["address"], found[0]["message"])
        other = core.with_name("go_context_kinds.gcore.core")
        report, found = self.go_findings("contexts", other, "CT223")
        self.assertEqual((found, [c for c in report["contexts"] if c.get("lost")]), ([], []))

    def test_fail_on(self):
        for file, flag, status in (("", (), OK), ('fail-on = "P0"', (), FINDINGS),
                                   ('gate.P0 = "any"', (), FINDINGS), ('gate.P1 = "any"', (), OK),
                                   ("", ("--fail-on", "P2"), FINDINGS),
                                   ('rules.CT101 = "P2"', ("--fail-on", "P1"), OK),
                                   ('rules.CT101 = "off"', ("--fail-on", "P2"), OK)):
            self.check(status, real_core(CORE), "--policy", self.policy(file), *flag)
        # The option overrides the file.
        self.check(OK, real_core(CONVOY), "--policy", self.policy('fail-on = "P2"'), "--fail-on", "P0")
        self.check(FINDINGS, real_core(CONVOY), "--policy", self.policy('fail-on = "P2"'))

    def test_report_says_what_is_in_force(self):
        self.assertNotIn("policy", self.report(OK))
        path = self.policy('ignore-any-function = ["f"]\n[rules]\nCT120 = "off"\n'
                           '[thresholds]\nconvoy-io = 5\n')
        self.assertEqual(self.report(FINDINGS, "--policy", path, "--fail-on", "P1")["policy"],
                         {"file": str(path), "fail_on": ["P0", "P1"], "ignore_any_function": ["f"],
                          "rules": {"CT120": "off"}, "thresholds": {"convoy-io": 5}})
        out = self.check(OK, real_core(CORE), "-v", "--policy", path).out
        self.assertRegex(out, r"Policy of .*\n  ignored functions: f\n  rule CT120: off\n  convoy-io: 5\n")
        self.assertNotIn("Policy", self.check(OK, real_core(CORE), "--policy", path).out)

    def test_ignored_by_function(self):
        for text in ('ignore-created-by = ["order_worker", "stock_worker"]',
                     'ignore-any-function = ["start_thread"]',
                     'ignore-top-function = ["reserve_stock", "close_orders"]'):
            found = self.report(OK, "--policy", self.policy(text + '\nfail-on = "P2"'))
            self.assertEqual(found["findings"][0]["ignored_by"], "--" + text.split(" ", 1)[0])
            self.assertEqual(found["summary"]["findings"]["ignored"], 1)
        # All of a finding's threads must be meant, and an option replaces what the file says.
        self.report(FINDINGS, "--ignore-created-by", "order_worker", "--fail-on", "P2")
        self.report(FINDINGS, "--policy", self.policy('ignore-any-function = ["start_thread"]'),
                    "--ignore-any-function", "main", "--fail-on", "P2")

    def test_baseline(self):
        known = self.write("known.json", self.check(OK, real_core(CORE), "--json").out.encode())
        found = self.report(OK, "--baseline", known, "--fail-on", "P2")
        self.assertEqual(found["findings"][0]["ignored_by"], "--baseline")
        self.assertEqual(found["summary"]["findings"], {"P0": 0, "P1": 0, "P2": 0, "ignored": 1})
        self.assertEqual(found["policy"]["known"], 1)
        self.assertIn("beside what is ignored", found["summary"]["headline"])
        # Another kind of core of the same program, and a list of fingerprints.
        self.check(OK, real_core("O2-g/deadlock2.kernel.core"), "--baseline", known, "--fail-on", "P2")
        print_ = found["findings"][0]["fingerprint"]
        lines = self.write("known.txt", f"# known since May\n{print_} # the till\n".encode())
        self.report(OK, "--baseline", lines, "--fail-on", "P2")
        self.report(FINDINGS, "--baseline", self.write("none", b""), "--fail-on", "P2")
        self.check(FINDINGS, real_core(CONVOY), "--baseline", known, "--fail-on", "P2")

    def test_baseline_of_a_policy_is_beside_it(self):
        known = self.check(OK, real_core(CORE), "--json").out.encode()
        self.write("ci/known.json", known)
        path = self.write("ci/policy.toml", b'baseline = "known.json"\nfail-on = "P2"\n')
        self.check(OK, real_core(CORE), "--policy", path)
        self.check(OK, real_core(CORE), "--policy", os.path.relpath(path))
        self.check(OK, real_core(CORE), "--policy", "policy.toml", cwd=path.parent)
        self.check(FAILED, real_core(CORE), "--policy", path, "--baseline", self.dir / "none")

    def test_several_cores(self):
        known = self.write("known.json", self.check(OK, real_core(CORE), "--json").out.encode())
        both = (real_core(CORE), real_core(CONVOY))
        self.check(OK, *both, "--baseline", known, "--fail-on", "P0")
        self.check(FINDINGS, *both, "--baseline", known, "--fail-on", "P2")
        self.check(FINDINGS, *both, "--fail-on", "P0")

    def test_bad_files(self):
        core = real_core(CORE)
        for text in ("nonsense", "fail-on = P0", 'rules.CT999 = "off"', "\0", "[rules]\n[rules]"):
            self.assertIn("policy.toml:", self.check(FAILED, core, "--policy", self.policy(text)).err)
        os.mkfifo(self.dir / "fifo")
        for option in ("--policy", "--baseline"):
            for path in (self.dir / "none", self.dir, self.dir / "fifo", "/dev/zero"):
                self.check(FAILED, core, option, path)
        self.check(FAILED, core, "--baseline", core)
        self.check(FAILED, core, "--baseline", self.write("other.json", b'{"schema": "x"}'))
        ndjson = self.check(OK, core, "--format", "ndjson").out.encode()
        self.assertIn("--json", self.check(FAILED, core, "--baseline", self.write("l", ndjson)).err)
        self.check(USAGE, core, "--quick", "--baseline", "x")
