# SPDX-License-Identifier: Apache-2.0
"""Words and options: what is refused, and with which words."""

from harness import FAILED, OK, USAGE, CliTest, real_core, run, tiny_core


class Usage(CliTest):
    def refused(self, text, *args):
        self.assertIn(text, self.check(USAGE, *args).err)

    def test_nothing(self):
        self.refused("a core is needed")

    def test_unknown_option_names_the_nearest(self):
        self.refused("did you mean --format?", "--fromat", "json", "x")
        self.refused("did you mean --max-frames?", "x", "--max-framse=3")
        self.refused("there is no option --zzzzzz", "--zzzzzz", "x")
        self.refused("could be one of several", "--max=3", "x")
        self.refused("there is no option -Z", "-Z", "x")

    def test_values(self):
        self.refused("option --format needs a value", "x", "--format")
        self.refused("option --output needs a value", "x", "-o")
        self.refused("option --json takes no value", "x", "--json=yes")
        self.refused("--fail-on takes P0, P1, P2", "x", "--fail-on", "P9")
        self.refused("--color takes auto, always, never", "x", "--color", "blue")
        for bad in ("0", "-1", "1x", "", "99999999999"):
            self.refused("--max-frames takes", "x", "--max-frames=" + bad)
        for bad in ("0", "-1", "12Q", "1.5G", "99999999T", ""):
            self.refused("--max-unpacked takes", "x", "--max-unpacked=" + bad)

    def test_formats(self):
        self.refused("does not write the format 'xml'", real_core(), "--format", "xml")
        self.refused("does not write the format 'dot'", "rules", "--format", "dot")
        self.refused("exclude each other", "x", "--json", "--format", "text")
        self.check(OK, real_core(), "--json", "--format", "json")

    def test_options_of_other_commands(self):
        self.refused("coretool threads takes no option --missing; these do: modules",
                     "threads", "x", "--missing")
        self.refused("takes no option --lean", real_core(), "--lean")
        self.refused("takes no option --exe", "rules", "--exe", "x")

    def test_mistyped_command(self):
        self.refused("did you mean deadlocks?", "deadlock", "x")
        self.refused("did you mean threads?", "treads")
        self.refused("did you mean threads?", "help", "tread")
        # A file of that name is a core.
        self.assertEqual(run(self.write("thread", tiny_core())).status, OK)

    def test_words(self):
        core = self.write("a.core", tiny_core())
        self.refused("needs a core", "threads")
        self.refused("takes one core", "threads", core, core)
        self.refused("two programs", "/bin/sh", core, "--exe", "/bin/true")
        self.refused("needs an address", "explain", core)
        self.refused("needs an address", "explain", core, "0xzz")
        self.refused("needs -o", "bundle", core)
        self.refused("takes no words", "commands", "x")
        self.refused("takes one ID", "rules", "CT101", "CT102")
        self.refused("there is no rule 'CT999'", "rules", "CT999")
        self.refused("bash or zsh", "completion", "fish")
        self.refused("bash or zsh", "completion")

    def test_two_programs(self):
        done = self.check(FAILED, "/bin/sh", "/bin/true")
        self.assertIn("neither is a core", done.err)

    def test_order_does_not_matter(self):
        core = real_core()
        want = self.check(OK, "threads", core, "--json").out
        self.assertEqual(self.check(OK, "--json", "threads", core).out, want)
        self.assertEqual(self.check(OK, "threads", "--format=json", "--", core).out, want)

    def test_program_before_or_behind(self):
        core = real_core()
        program = next(str(p) for p in core.parent.parent.parent.glob("samples/O2-g/deadlock2"))
        want = self.check(OK, core).out
        self.assertEqual(self.check(OK, program, core).out, want)
        self.assertEqual(self.check(OK, core, program).out, want)
        self.assertEqual(self.check(OK, core, "--exe", program).out, want)

    def test_analyze_is_the_default(self):
        core = real_core()
        self.assertEqual(self.check(OK, core).out, self.check(OK, "analyze", core).out)


class Statuses(CliTest):
    def test_fail_on(self):
        core = real_core()
        for level in ("P0", "P1", "P2"):
            self.check(1, core, "--fail-on", level)
        self.check(OK, real_core("O2-g/deadlock2.gcore.core"))
        self.check(OK, self.write("tiny", tiny_core()), "--fail-on", "P2")

    def test_ignored_findings_do_not_count(self):
        core = real_core()
        self.check(OK, core, "--fail-on", "P2", "--ignore-any-function", "start_thread",
                   "--ignore-any-function", "main")

    def test_strict(self):
        data = real_core().read_bytes()
        self.check(OK, real_core(), "--strict")
        half = self.write("half", data[:len(data) * 3 // 4])
        self.check(OK, half)
        self.check(3, half, "--strict")
        self.check(3, half, "--strict", "--fail-on", "P0")

    def test_failure_wins(self):
        self.check(FAILED, self.write("no", b"no core"), "--strict", "--fail-on", "P0")

    def test_quick_has_the_same_verdict(self):
        full, quick = run(real_core()), run(real_core(), "--quick")
        self.assertEqual(quick.status, OK)
        self.assertEqual(full.out.split(":")[0], quick.out.split(":")[0])

    def test_quiet(self):
        done = self.check(OK, real_core(), "-q")
        self.assertEqual(done.out.count("\n"), 1)
        self.assertTrue(done.out.startswith("deadlock: "))
