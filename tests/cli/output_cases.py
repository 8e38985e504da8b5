# SPDX-License-Identifier: Apache-2.0
"""Where reports go, colors, help, manual page, completions, the catalogue."""

import json
import os
import pty
import re
import shutil
import signal
import subprocess

from harness import OK, WRITE, CliTest, Settings, environment, real_core, run, tiny_core


class Output(CliTest):
    def test_file(self):
        core, path = real_core(), self.dir / "report"
        self.check(OK, core, "-o", path)
        self.assertEqual(path.read_text(), run(core).out)
        self.assertEqual(os.listdir(self.dir), ["report"])

    def test_write_errors(self):
        core = real_core()
        with open("/dev/full", "wb") as full:
            self.check(WRITE, core, stdout=full)
            self.check(WRITE, "help", stdout=full)
            self.check(WRITE, "rules", stdout=full)
            self.check(WRITE, core, core, stdout=full)
        self.check(WRITE, core, "-o", "/dev/full")
        self.check(WRITE, core, "-o", self.dir / "no" / "such" / "directory")
        self.check(WRITE, core, "-o", self.dir)
        self.assertTrue(os.path.exists("/dev/full"))

    def test_closed_standard_output(self):
        done = subprocess.run(["sh", "-c", '"$0" "$1" >&-', Settings.program, real_core()],
                              capture_output=True, check=False)
        self.assertEqual(done.returncode, WRITE)

    def test_closed_pipe(self):
        read, write = os.pipe()
        os.close(read)
        with os.fdopen(write, "wb") as out:
            self.check(WRITE, real_core(), stdout=out)

    def test_failed_write_leaves_the_old_file(self):
        self.needs("prlimit")
        path = self.write("report", b"old")
        done = subprocess.run(["prlimit", "--fsize=1000:1000", Settings.program, real_core(), "-o",
                               path, "--json"], capture_output=True, check=False,
                              preexec_fn=lambda: signal.signal(signal.SIGXFSZ, signal.SIG_IGN))
        self.assertEqual(done.returncode, WRITE, done.stderr)
        self.assertEqual(path.read_bytes(), b"old")
        self.assertEqual(os.listdir(self.dir), ["report"])

    def test_symbolic_link_stays(self):
        target = self.write("real", b"old")
        link = self.dir / "link"
        link.symlink_to("real")
        self.check(OK, real_core(), "-o", link)
        self.assertTrue(link.is_symlink())
        self.assertEqual(target.read_text(), run(real_core()).out)

    def test_failed_analysis_writes_nothing(self):
        path = self.write("report", b"old")
        self.check(2, self.write("bad", b"bad"), "-o", path)
        self.assertEqual(path.read_bytes(), b"old")


class NoGo(CliTest):
    """What is asked of a Go program and cannot be told, because there is none, is not told to be none."""

    def test_commands(self):
        core = real_core()
        for command in ("channels", "contexts", "goroutines", "heap", "leaks", "pools", "sched", "timers"):
            with self.subTest(command):
                self.assertIn("his is no Go program", self.check(OK, command, core).out)


class Color(CliTest):
    def on_terminal(self, *args, **env):
        """What the program writes on a terminal."""
        master, slave = pty.openpty()
        child = subprocess.Popen([Settings.program, *map(str, args)], stdout=slave, stderr=slave,
                                 stdin=subprocess.DEVNULL, env=environment(TERM="xterm", **env))
        os.close(slave)
        said = b""
        try:
            while data := os.read(master, 65536):
                said += data
        except OSError:
            pass
        child.wait()
        os.close(master)
        return said

    def test_color(self):
        core = real_core()
        color = re.compile(rb"\033\[[0-9;]*m")
        self.assertNotIn("\033", run(core).out)
        self.assertIn("\033[", run(core, "--color", "always").out)
        self.assertTrue(color.search(self.on_terminal(core)))
        self.assertFalse(color.search(self.on_terminal(core, NO_COLOR="1")))
        self.assertFalse(color.search(self.on_terminal(core, "--color", "never")))
        self.assertTrue(color.search(self.on_terminal(core, "--color", "always", NO_COLOR="1")))
        self.assertFalse(color.search(self.on_terminal(core, "-o", self.dir / "x")))
        self.assertNotIn("\033", (self.dir / "x").read_text())

    def test_progress(self):
        core = real_core()
        self.assertIn(b"observing", self.on_terminal(core))
        self.assertNotIn(b"observing", self.on_terminal(core, "--progress", "never"))
        self.assertNotIn(b"observing", self.on_terminal(core, "-q"))


class Help(CliTest):
    def commands(self):
        rows = json.loads(self.check(OK, "commands", "--json").out)["rows"]
        return ([r for r in rows if r["type"] == "command"], [r for r in rows if r["type"] == "option"])

    def test_every_command_has_help(self):
        commands, _ = self.commands()
        self.assertGreaterEqual(len(commands), 12)
        for row in commands:
            done = self.check(OK, "help", row["name"])
            self.assertIn(row["summary"], done.out)
            self.assertEqual(self.check(OK, row["name"], "--help").out, done.out)
            for option in row["options"].split():
                self.assertIn("--" + option, done.out)
            self.assertLessEqual(max(map(len, done.out.splitlines())), 80)

    def test_overview(self):
        done = self.check(OK, "help")
        self.assertEqual(self.check(OK, "--help").out, done.out)
        for row in self.commands()[0]:
            self.assertIn(row["name"], done.out)
        self.assertRegex(self.check(OK, "--version").out, r"\Acoretool \d+\.\d+\.\d+\n\Z")

    def test_rules(self):
        for name in ("CT101", "ct101", "lock-cycle"):
            self.assertIn("CT101", self.check(OK, "rules", name).out)
        rows = json.loads(self.check(OK, "rules", "--json").out)["rows"]
        self.assertTrue({"CT101", "CT102", "CT103", "CT120"} <= {r["id"] for r in rows})
        for row in rows:
            self.assertTrue(row["summary"] and row["help"] and row["silent_when"])

    def test_manual_page(self):
        self.needs("man")
        page = self.dir / "coretool.1"
        self.check(OK, "commands", "--format", "man", "-o", page)
        done = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", page],
                              capture_output=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        shown = subprocess.run(["man", "-l", page], capture_output=True, check=True,
                               env=environment(MANPAGER="cat", MANWIDTH="100", PAGER="cat")).stdout
        text = re.sub(r".\x08", "", shown.decode())
        commands, options = self.commands()
        for row in commands:
            self.assertIn("coretool " + row["name"], text)
        for row in options:
            self.assertIn("--" + row["name"], text)
        if shutil.which("mandoc"):
            subprocess.run(["mandoc", "-Tlint", "-Werror", page], check=True)


class Completion(CliTest):
    def script(self, shell):
        path = self.dir / shell
        path.write_text(self.check(OK, "completion", shell).out)
        return path

    def bash(self, *words):
        """What bash would offer for the last of these words."""
        code = f'source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($#-1)); _coretool; ' \
               'printf "%s\\n" "${COMPREPLY[@]}"'
        done = subprocess.run(["bash", "-c", code, self.script("bash"), *words], cwd=self.dir,
                              capture_output=True, check=True, text=True)
        self.assertEqual(done.stderr, "")
        return done.stdout.split()

    def test_bash(self):
        subprocess.run(["bash", "-n", self.script("bash")], check=True)
        self.assertEqual(self.bash("coretool", "dead"), ["deadlocks"])
        self.assertEqual(self.bash("coretool", "threads", "--form"), ["--format"])
        self.assertIn("json", self.bash("coretool", "threads", "--format", ""))
        self.assertEqual(self.bash("coretool", "x", "--fail-on", "="), ["P0", "P1", "P2"])
        self.assertEqual(self.bash("coretool", "x", "--color", "=", "ne"), ["never"])
        self.assertEqual(self.bash("coretool", "completion", ""), ["bash", "zsh"])
        self.assertIn("CT101", self.bash("coretool", "rules", ""))
        self.assertIn("threads", self.bash("coretool", "help", ""))
        self.assertEqual(self.bash("coretool", "modules", "--mis"), ["--missing"])
        self.assertEqual(self.bash("coretool", "threads", "--mis"), [])
        self.write("some.core", tiny_core())
        self.assertEqual(self.bash("coretool", "threads", "some"), ["some.core"])

    def test_zsh(self):
        self.needs("zsh")
        subprocess.run(["zsh", "-fn", self.script("zsh")], check=True)
        # Loaded as fpath does it, every specification is one that _arguments takes.
        code = 'compdef() { :; }; source $0; _arguments() { print -l -- "$@"; }; ' \
               'words=(coretool threads ""); CURRENT=3; _coretool'
        done = subprocess.run(["zsh", "-fc", code, self.script("zsh")], capture_output=True,
                              check=False, text=True)
        self.assertEqual(done.stderr, "")
        self.assertIn("--format=[write in this format]:FORMAT:(text json ndjson dot folded)", done.stdout)
        self.assertIn("*--debug-dir=", done.stdout)
        self.assertNotIn("--missing", done.stdout)
