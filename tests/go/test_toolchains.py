#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of which toolchains are taken, and of what is said when one cannot be had."""

import json
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import toolchains
from apt_suite import SuiteError


class Own:
    version, release = "1.19", "1.19.8"


class ToolchainsTest(unittest.TestCase):
    def test_some(self):
        every = ["1.9", "1.15", "1.19", "1.21", "1.22", "1.24", "1.27", "1.100"]
        self.assertEqual(toolchains.some_of(every, "1.19"), ["1.24", "1.100"])
        self.assertEqual(toolchains.some_of(["1.19", "1.21"], "1.19"), ["1.21"])
        self.assertEqual(toolchains.some_of(["1.15"], "1.19"), [])
        self.assertEqual(toolchains.some_of(["1.15", "1.19"], None), ["1.19"])

    def test_suites_are_asked_once(self):
        class Archive:
            asked = 0

            def __init__(self, name, directory):
                self.name = name

            def update(self, _):
                Archive.asked += 1

            def names(self, _):
                more = {"sid": ["golang-1.30-go"]}.get(self.name, [])
                return ["golang-1.24-go", "golang-1.24-src", "golang-go", "golang-1.x-go", *more]

        with tempfile.TemporaryDirectory() as place, mock.patch.object(toolchains, "Suite", Archive):
            for _ in range(2):
                found = toolchains.suites_with(Path(place), self.fail)
                self.assertEqual(found, {"1.24": toolchains.SUITES[0], "1.30": "sid"})
            self.assertEqual(Archive.asked, len(toolchains.SUITES))

    def test_what_cannot_be_had_is_said(self):
        class Archive:
            def __init__(self, *_):
                pass

            def update(self, _):
                raise SuiteError("no network")

        said = []
        with tempfile.TemporaryDirectory() as place, mock.patch.object(toolchains, "Suite", Archive), \
                mock.patch.object(toolchains, "stock", lambda _: Own()):
            taken = toolchains.toolchains(Path(place), said.append)
            self.assertEqual([one.version for one in taken], ["1.19"])
            self.assertEqual(len(said), len(toolchains.SUITES))
            # What was missed is asked again next time.
            self.assertFalse((Path(place) / "go" / "suites.json").exists())
            (Path(place) / "go").mkdir()
            (Path(place) / "go" / "suites.json").write_text(json.dumps({"1.27": "sid"}))
            said.clear()
            taken = toolchains.toolchains(Path(place), said.append)
            self.assertEqual(said, ["skipped: Go 1.27: no network"])
            self.assertEqual(toolchains.toolchains(Path(place), said.append, only=["1.30"]), [])
            self.assertEqual(said[-1], "skipped: Go 1.30: no reachable suite has it")


if __name__ == "__main__":
    unittest.main()
