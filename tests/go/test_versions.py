#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Go cores without their program, with one of another build, and of a version that nobody knows yet.

usage: test_versions.py PROGRAM CORES

Without the program nothing is known of goroutines, and that is said; a wrong one is not used; of an unknown
version everything is told, and nothing is sure.
"""

import json
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SECONDS = 120
SURE = {"exact", "layout"}


class Settings:
    """Set once by main()."""

    program, waits, abba = None, None, None


def ask(core, *options):
    done = subprocess.run([Settings.program, "goroutines", "-v", "--full", "--json", str(core),
                           *map(str, options)], stdin=subprocess.DEVNULL, capture_output=True,
                          timeout=SECONDS, check=True)
    return json.loads(done.stdout)


def goroutines(report):
    return {actor["id"]: actor for actor in report["actors"] if actor["kind"] == "goroutine"}


def waits(report):
    return {name: sorted((wait["kind"], wait.get("resource", "")) for wait in actor.get("waits", ()))
            for name, actor in goroutines(report).items()}


def partial(report):
    return " ".join(report["target"].get("partial", ()))


class Versions(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.copy = Path(self.folder.name) / "core"

    def changed(self, source, change):
        self.copy.write_bytes(change(source.read_bytes()))
        return self.copy

    def test_without_its_program(self):
        report = ask(Settings.waits, "--sysroot", self.folder.name)
        self.assertFalse(goroutines(report))
        self.assertIn("runtime cannot be read", partial(report))
        self.assertNotEqual("clean", report["summary"]["verdict"])
        self.assertTrue(any("is its file missing" in note["text"] for note in report["notes"]))

    def test_program_of_another_build(self):
        other = ask(Settings.abba)["target"]["exe"]
        report = ask(Settings.waits, "--exe", other)
        self.assertTrue(any("another build" in note["text"] for note in report["notes"]))
        self.assertEqual(waits(ask(Settings.waits)), waits(report))

    def test_unknown_version(self):
        for source in (Settings.waits, Settings.abba):
            whole = ask(source)
            version = whole["target"]["go"]["version"].encode()
            for other in (b"go1.98.7", b"go1.20.9"):
                new = other[:len(version)].ljust(len(version), b"1")
                report = ask(self.changed(source, lambda data: data.replace(version, new)))
                with self.subTest(core=source.name, version=new):
                    self.assertEqual(waits(whole), waits(report))
                    self.assertEqual([finding["rule"] for finding in whole["findings"]],
                                     [finding["rule"] for finding in report["findings"]])
                    self.assertFalse({finding["confidence"] for finding in report["findings"]}
                                     - {"likely", "possible"})
                    self.assertFalse({wait["trust"] for actor in goroutines(report).values()
                                      for wait in actor.get("waits", ())} & SURE)
                    self.assertTrue(any("no table of its layouts" in note["text"]
                                        for note in report["notes"]))


def main(argv):
    Settings.program = str(Path(argv[1]).resolve())
    for name in ("waits", "abba"):
        cores = sorted(Path(argv[2]).resolve().glob(f"go-*-sw/go_{name}.kernel.core"),
                       key=lambda core: [int(n) for n in re.findall(r"\d+", core.parent.name)])
        if not cores:
            print("skipped: kernel cores: there is none of Go")
            return 0
        setattr(Settings, name, cores[-1])
    unittest.main(argv=argv[:1])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
