# SPDX-License-Identifier: Apache-2.0
"""--redact: what the process could write is in no output of any command."""

import json

from harness import OK, CliTest, Settings, real_core

CORE = "O0-g/till.kernel.core"
OTHER = "O2-g/owner_in_read.gcore.core"
SECRET = "4929-0031"
FORMATS = ("text", "json", "ndjson", "dot")
OTHERS = {"explain", "diff", "serve", "goroutine"}  # they take more than a core
NT_FILE, FOREIGN = b"ELIFCORE\0", b"xxxxCORE\0"  # type and name of a note


class Redact(CliTest):
    def outputs(self, core, *options):
        """(what was asked, output) of everything that reports on the core."""
        rows = json.loads(self.check(OK, "commands", "--json").out)["rows"]
        options_of = {row["name"]: row.get("options", "").split() for row in rows}
        commands = {name for name, takes in options_of.items() if "redact" in takes}
        self.assertLess(OTHERS, commands)
        for command in sorted(commands - OTHERS):
            quick = [("--quick",)] if "quick" in options_of[command] else []
            for more in ((), ("-v",), *quick, *(("--format", form) for form in FORMATS[1:])):
                asked = (command, core, *more, *options)
                yield asked, self.check(OK, *asked).out
        lock = json.loads(self.check(OK, "locks", core, "--json").out)["resources"][0]["address"]
        for form in FORMATS[:3]:
            asked = ("explain", core, lock, "--format", form, *options)
            yield asked, self.check(OK, *asked).out
        for form in FORMATS[:3]:
            yield ("diff",), self.check(OK, "diff", core, real_core(OTHER), "--format", form, *options).out
            yield ("diff",), self.check(OK, "diff", real_core(OTHER), core, "--format", form, *options).out
        for form in ("text", "ndjson"):
            yield ("analyze",), self.check(OK, core, core, "--format", form, *options).out

    def test_a_secret_is_in_no_output(self):
        core, shown = real_core(CORE), 0
        for asked, out in self.outputs(core, "--redact"):
            self.assertNotIn(SECRET, out, asked)
            shown += "<14 bytes>" in out
        self.assertGreater(shown, 35)

    def test_names_of_samples(self):
        names = set()
        for core in sorted((Settings.cores / "O2-g").glob("*.core"))[::4]:
            report = json.loads(self.check(OK, core, "--json", "--quick", "--redact").out)
            names |= {actor["name"] for actor in report["actors"] if "name" in actor}
        self.assertGreater(len(names), 3)
        for name in names:
            self.assertRegex(name, r"\A<\d+ bytes>\Z")

    def test_messages(self):
        for sample, field in (("crash_assert", "message"), ("crash_exception", "what"),
                              ("crash_double_free", "message")):
            core = real_core(f"O0-g/{sample}.kernel.core")
            secret = json.loads(self.check(OK, core, "--json").out)["crash"][field]
            self.assertGreater(len(secret), 10)
            for asked in (("analyze",), ("analyze", "-v"), ("crash",), ("crash", "--format", "ndjson"),
                          ("threads", "-v"), ("deadlocks", "--json"), ("graph",)):
                out = self.check(OK, asked[0], core, *asked[1:], "--redact").out
                self.assertNotIn(secret, out, asked)
            report = json.loads(self.check(OK, core, "--json", "--redact").out)
            self.assertEqual(report["crash"][field], f"<{len(secret)} bytes>")
            self.assertIn(f"<{len(secret)} bytes>", report["findings"][0]["message"])
        text = self.check(OK, real_core("O0-g/crash_text.kernel.core"), "--redact").out
        self.assertIn('the text "<7 bytes>"', text)

    def test_panics_of_go(self):
        """What the program was built with is no secret; what it made of it is."""
        wanted = {"send_closed": "send on closed channel", "nil_map": "assignment to entry in nil map",
                  "in_goroutine": "out of paper", "custom_error": "<16 bytes>", "integer": "<2 bytes>",
                  "bounds": "<51 bytes>"}
        for case, value in wanted.items():
            for core in sorted(Settings.cores.glob(f"go-*-sw/go_panics-{case}.kernel.core")):
                report = json.loads(self.check(OK, core, "--json", "--redact").out)
                self.assertEqual(report["panics"][0]["value"], value, core)
                self.assertEqual(report["crash"]["message"], value, core)

    def test_addresses_of_go(self):
        for core in sorted(Settings.cores.glob("go-*-sw/go_waits.kernel.core")):
            for form in ("json", "ndjson"):
                asked = ("analyze", core, "--full", "--format", form)
                self.assertIn("127.0.0.1:", self.check(OK, *asked).out, core)
                out = self.check(OK, *asked, "--redact").out
                self.assertNotIn("127.0.0.1:", out, core)
                self.assertIn("<15 bytes> to <15 bytes>", out, core)

    def test_without_it_the_secret_is_there(self):
        self.assertGreater(sum(SECRET in out for _, out in self.outputs(real_core(CORE))), 35)

    def test_arguments_and_environment(self):
        core = real_core(CORE)
        secret = "LC_ALL=C"
        for command in ("analyze", "crash", "threads"):
            for more in ((), ("-v",), ("--json",), ("--format", "ndjson"), ("--quick",)):
                self.assertNotIn(secret, self.check(OK, command, core, *more, "--include-args").out)
                self.assertIn(secret, self.check(OK, command, core, *more, "--include-env").out)
                out = self.check(OK, command, core, *more, "--include-env", "--redact").out
                self.assertNotIn(secret, out)
                self.assertIn("<8 bytes>", out)
        report = json.loads(self.check(OK, core, "--json", "--include-args", "--include-env").out)
        self.assertEqual(report["target"]["args"], [report["target"]["exe"]])
        self.assertIn(secret, report["target"]["env"])
        self.assertNotIn("env_cut", report["target"])
        plain = self.check(OK, core, "--json").out
        self.assertFalse({"args", "env"} & set(json.loads(plain)["target"]))

    def test_the_rest_stays(self):
        plain = self.check(OK, real_core(CORE), "--json").out
        self.assertEqual(plain.replace(SECRET + "-main", "<14 bytes>"),
                         self.check(OK, real_core(CORE), "--json", "--redact").out)

    def test_paths_that_only_memory_tells(self):
        """A core that does not name its files: the dynamic linker's list does, and it can be written."""
        data = real_core(CORE).read_bytes()
        self.assertEqual(data.count(NT_FILE), 1)
        core = self.write("till.core", data.replace(NT_FILE, FOREIGN))
        out = self.check(OK, "modules", core).out
        self.assertRegex(out, r"/till|libc\.so\.6")
        self.assertIn("libc.so.6", out)
        for asked in (("modules",), ("modules", "--json"), ("analyze", "-v"), ("analyze", "--json"),
                      ("threads", "--format", "ndjson"), ("graph",), ("modules", "--missing")):
            out = self.check(OK, asked[0], core, *asked[1:], "--redact").out.replace(str(core), "")
            for path in ("samples/O0-g", "libc.so.6", "ld-linux", "x86_64-linux-gnu"):
                self.assertNotIn(path, out, asked)
