# SPDX-License-Identifier: Apache-2.0
"""Several cores and directories: a line for each."""

import gzip
import json
import os

from harness import (FAILED, FINDINGS, OK, PARTIAL, USAGE, CliTest, elf_header, real_core, run,
                     tiny_core)


class Batch(CliTest):
    def records(self, status, *args):
        done = self.check_lines(status, *args, "--format", "ndjson")
        return [json.loads(line) for line in done.out.splitlines()]

    def check_lines(self, status, *args):
        """Like check(), but a bad core is told on standard output."""
        done = run(*args)
        self.assertEqual(done.status, status, done)
        return done

    def tree(self):
        """A directory with three cores among other things."""
        self.write("cores/b/second.core.gz", gzip.compress(tiny_core(2)))
        self.write("cores/a.core", tiny_core(1))
        self.write("cores/c.core", real_core().read_bytes())
        self.write("cores/notes.txt", b"text")
        self.write("cores/notes.gz", gzip.compress(b"text"))
        self.write("cores/empty", b"")
        self.write("cores/program", elf_header(2))
        os.mkfifo(self.dir / "cores/fifo")
        (self.dir / "cores/link.core").symlink_to("a.core")
        (self.dir / "cores/loop").symlink_to(".")
        return self.dir / "cores"

    def test_directory(self):
        tree = self.tree()
        done = self.check_lines(OK, tree)
        self.assertEqual(done.err, "")
        lines = done.out.splitlines()
        self.assertEqual([line.split(": ")[0] for line in lines],
                         [f"{tree}/a.core", f"{tree}/b/second.core.gz", f"{tree}/c.core"])
        self.assertRegex(lines[2], r": deadlock: thread .* \(\d+\.\d\d s\)\Z")

    def test_ndjson(self):
        rows = self.records(OK, self.tree())
        self.assertEqual(len(rows), 3)
        for row in rows:
            self.assertEqual(row["type"], "core")
            self.assertIsInstance(row["seconds"], float)
        self.assertEqual(rows[2]["verdict"], "deadlock")
        self.assertEqual(rows[2]["findings"]["P0"], 1)
        self.assertEqual(rows[0]["threads"], 1)

    def test_one_bad_core_is_one_line(self):
        good, bad = real_core(), self.write("bad", b"text")
        rows = self.records(FAILED, good, bad, self.dir / "missing", good)
        self.assertEqual([("error" in row) for row in rows], [False, True, True, False])
        self.assertEqual(rows[1]["error"], "is a text file, not a core")
        lines = self.check_lines(FAILED, good, bad).out.splitlines()
        self.assertEqual(len(lines), 2)
        self.assertRegex(lines[1], r"bad: failed: is a text file")

    def test_statuses(self):
        good, tiny = real_core(), self.write("tiny", tiny_core())
        cut = self.write("cut", good.read_bytes()[:200000])
        bad = self.write("bad", b"text")
        self.check_lines(OK, good, tiny)
        self.check_lines(FINDINGS, tiny, good, "--fail-on", "P0")
        self.check_lines(PARTIAL, good, cut, "--fail-on", "P0", "--strict")
        self.check_lines(FAILED, good, cut, bad, "--fail-on", "P0", "--strict")

    def test_usage(self):
        core = real_core()
        self.check(USAGE, core, core, "--json")
        self.check(USAGE, core, core, "--format", "dot")
        self.check(USAGE, core, core, "/bin/sh", "/bin/true")
        self.check(USAGE, "threads", core, core)

    def test_depth_is_bounded(self):
        deep = "/".join(["d"] * 40)
        self.write(f"top/{deep}/core", tiny_core())
        self.write("top/core", tiny_core())
        self.assertEqual(len(self.records(OK, self.dir / "top")), 1)

    def test_names_are_cleaned(self):
        core = self.write("a\nb\033.core", tiny_core())
        out = self.check_lines(OK, core, core).out
        self.assertEqual(out.count("\n"), 2)
        self.assertNotIn("\033", out)
