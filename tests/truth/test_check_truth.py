#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of the checker itself: a right report passes, each kind of wrong one does not."""

import copy
import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from checks import CHECKS, check_all
from report_view import Report, Truth, plain_function, same_object

TRUTH = [
    {"core": {"sample": "hand-made", "variant": "O2-g", "kind": "kernel", "sysroot": None}},
    {"signal": {"number": 6, "sender": 77}},
    {"thread": {"tid": 11, "label": "a", "state": "blocked", "syscall": "futex", "number": 202,
                "args": ["0x2000", "0x80", "0x2"]}},
    {"thread": {"tid": 10, "label": "main", "state": "running"}},
    {"wait": {"tid": 11, "kind": "mutex", "resource": "0x2000", "timed": False, "name": "g_b",
              "on": [12]}},
    {"wait": {"tid": 12, "kind": "mutex", "resource": "0x1000", "timed": False, "name": "g_a",
              "on": [11]}},
    {"wait": {"tid": 13, "kind": "join", "timed": False, "on": [12]}},
    {"wait": {"tid": 14, "kind": "mutex", "resource": "0x3000", "timed": False}},
    {"hold": {"tid": 11, "resource": "0x1000"}},
    {"hold": {"tid": 12, "resource": "0x2000"}},
    {"owner_gone": {"tid": 14, "owner": 9, "resource": "0x3000"}},
    {"root": {"tid": 13, "root": 12}},
    {"cycle": {"timed": False, "tids": [11, 12]}},
    {"finding": {"rule": "CT101", "level": "P0", "confidence": ["proven"], "tids": [11, 12]}},
    {"finding": {"rule": "CT103", "level": "P0", "confidence": ["proven"], "tids": [14]}},
    {"absent": ["CT120"]},
    {"function": {"tid": 11, "name": "take_b", "inlined": False}},
    {"function": {"tid": 11, "name": "guard", "inlined": True}},
    {"verdict": ["deadlock"]},
    {"headline_not": "no deadlock:"},
    {"lwp": {"tid": 13, "lwp": 1013}},
    {"threads": 5},
]


def wait_of(kind, on=None, resource=None, **more):
    wait = {"kind": kind, "trust": "exact", "why": "its futex", **more}
    if on is not None:
        wait["on"] = [f"t:{on}"]
    if resource is not None:
        wait["resource"] = f"r:{resource:#x}"
    return wait


def right_report():
    hold = {"mode": "exclusive", "trust": "exact", "why": "owner field"}
    call = {"number": 202, "name": "futex", "text": "futex(0x2000, FUTEX_WAIT_PRIVATE, 2, NULL)"}
    frames = [{"function": "guard", "inlined": True}, {"function": "ns::take_b(int)"}]
    finding = {"level": "P0", "confidence": "proven", "title": "t", "fingerprint": "f"}
    return {
        "schema": "coretool-report/1",
        "target": {"signal": {"number": 6, "sender_pid": 77}},
        "summary": {"verdict": "deadlock", "headline": "11 and 12 wait for each other"},
        "actors": [
            {"id": "t:10", "state": "running"},
            {"id": "t:11", "state": "waiting", "syscall": call, "stack": 0,
             "waits": [wait_of("mutex", 12, 0x2000)], "holds": [{"resource": "r:0x1000", **hold}]},
            {"id": "t:12", "state": "waiting",
             "waits": [wait_of("mutex", 11, 0x1000)], "holds": [{"resource": "r:0x2000", **hold}]},
            {"id": "t:13", "lwp": 1013, "state": "waiting", "root": "t:12",
             "waits": [wait_of("join", 12)]},
            {"id": "t:14", "state": "waiting",
             "waits": [wait_of("mutex", None, 0x3000, owner_gone=9)]},
        ],
        "stacks": [{"frames": frames}],
        "resources": [{"id": "r:0x1000", "name": "g_a"}, {"id": "r:0x2000", "name": "g_b"},
                      {"id": "r:0x3000"}],
        "cycles": [{"kind": "cycle", "timed": False, "edges": [
            {"waiter": "t:11", "resource": "r:0x2000", "holder": "t:12", "trust": "exact"},
            {"waiter": "t:12", "resource": "r:0x1000", "holder": "t:11", "trust": "exact"}]}],
        "findings": [{"rule": "CT101", "actors": ["t:11", "t:12", "t:13"], **finding},
                     {"rule": "CT103", "actors": ["t:14"], **finding}],
    }


def complaints(report, truth=None):
    return list(check_all(Report(report), Truth([json.dumps(t) for t in truth or TRUTH])))


# What is done to the right report, and a part of the complaint that must follow.
WRONG = {
    "other verdict": (lambda r: r["summary"].update(verdict="clean"), "verdict is 'clean'"),
    "headline": (lambda r: r["summary"].update(headline="no deadlock: 5 threads"),
                 "the headline begins"),
    "number in the core": (lambda r: r["actors"][3].pop("lwp"), "lwp is None, should be 1013"),
    "thread missing": (lambda r: r["actors"].pop(0), "t:10 (main) is not among"),
    "extra thread": (lambda r: r["actors"].append({"id": "t:99"}), "6 threads"),
    "state": (lambda r: r["actors"][0].update(state="waiting"), "state is 'waiting'"),
    "system call": (lambda r: r["actors"][1]["syscall"].update(number=219), "number 219"),
    "its text": (lambda r: r["actors"][1]["syscall"].update(text="futex(0x2004)"), "0x2000 is not"),
    "wait missing": (lambda r: r["actors"][1].update(waits=[]), "not reported"),
    "wrong kind": (lambda r: r["actors"][1]["waits"][0].update(kind="futex"), "not reported"),
    "wrong object": (lambda r: r["actors"][1]["waits"][0].update(resource="r:0x2008"),
                     "false wait: t:11"),
    "wrong holder": (lambda r: r["actors"][1]["waits"][0].update(on=["t:13"]), "on is [t:13]"),
    "no holder": (lambda r: r["actors"][1]["waits"][0].pop("on"), "on is []"),
    "timed": (lambda r: r["actors"][1]["waits"][0].update(timed=True), "timed is True"),
    "no trust": (lambda r: r["actors"][1]["waits"][0].pop("trust"), "trust is None"),
    "no why": (lambda r: r["actors"][1]["holds"][0].update(why=""), "why is missing"),
    "hold missing": (lambda r: r["actors"][1].update(holds=[]), "the report's holders are []"),
    "false hold": (lambda r: r["actors"][0].update(holds=r["actors"][1]["holds"]),
                   "the report's holders are [t:10, t:11]"),
    "owner invented": (lambda r: r["actors"][4]["waits"][0].update(on=["t:10"]), "on is [t:10]"),
    "owner not gone": (lambda r: r["actors"][4]["waits"][0].pop("owner_gone"),
                       "owner_gone is [None]"),
    "false wait": (lambda r: r["actors"][0].update(waits=[wait_of("mutex", 11, 0x1000)]),
                   "false wait: t:10"),
    "name": (lambda r: r["resources"][0].update(name="g_b"), "should be 'g_a'"),
    "root": (lambda r: r["actors"][3].update(root="t:13"), "root is t:13"),
    "cycle missing": (lambda r: r["cycles"].clear(), "no cycle"),
    "cycle twice": (lambda r: r["cycles"].append(r["cycles"][0]), "or more than one"),
    "cycle timed": (lambda r: r["cycles"][0].update(timed=True), "false cycle"),
    "false cycle": (lambda r: r["cycles"].append(
        {"edges": [{"waiter": "t:13", "trust": "exact"}]}), "false cycle of [t:13]"),
    "finding missing": (lambda r: r["findings"].pop(0), "no such finding names [t:11, t:12]"),
    "finding's level": (lambda r: r["findings"][0].update(level="P1"), "level is P1"),
    "its confidence": (lambda r: r["findings"][0].update(confidence="likely"),
                       "confidence is 'likely'"),
    "names a bystander": (lambda r: r["findings"][0]["actors"].append("t:10"),
                          "names [t:10] too"),
    "false finding": (lambda r: r["findings"].append({**r["findings"][1], "actors": ["t:13"]}),
                      "false CT103 about [t:13]"),
    "absent rule": (lambda r: r["findings"].append({**r["findings"][1], "rule": "CT120"}),
                    "CT120 fires"),
    "function": (lambda r: r["stacks"][0]["frames"].pop(), "take_b is not in the stack"),
    "inlined": (lambda r: r["stacks"][0]["frames"][0].pop("inlined"), "not marked as inlined"),
    "sender": (lambda r: r["target"]["signal"].update(sender_pid=1), "sender_pid is 1"),
}


class CheckerTest(unittest.TestCase):
    def test_right_report_passes(self):
        self.assertEqual(complaints(right_report()), [])

    def test_each_wrong_report_fails(self):
        for what, (spoil, expected) in WRONG.items():
            with self.subTest(what):
                report = copy.deepcopy(right_report())
                spoil(report)
                found = complaints(report)
                self.assertTrue(any(expected in text for text in found), found)

    def test_unrecorded(self):
        """Silence is right, a wrong name and a proof are not."""
        truth = copy.deepcopy(TRUTH)
        for line in truth:
            for word in ("wait", "hold", "cycle", "finding", "root"):
                line.get(word, {})["recorded"] = False
        report = right_report()
        for finding in report["findings"]:
            finding["confidence"] = "likely"
        self.assertEqual(complaints(report, truth), [])
        self.assertIn("CT101", complaints(right_report(), truth)[0])
        for actor in report["actors"]:
            actor.pop("holds", None)
            for wait in actor.get("waits", []):
                wait.pop("on", None)
        report["cycles"].clear()
        report["findings"].pop(0)
        self.assertEqual(complaints(report, truth), [])
        report["actors"][1]["waits"][0]["on"] = ["t:13"]
        self.assertIn("on is [t:13]", complaints(report, truth)[0])

    def test_quiet(self):
        truth = [{"quiet": True}, {"moving": True}]
        report = {"findings": [{"rule": "CT120", "confidence": "possible"}]}
        self.assertEqual(complaints(report, truth), [])
        report["findings"][0]["confidence"] = "likely"
        self.assertIn("CT120 is likely", complaints(report, truth)[0])

    def test_left_held(self):
        truth = [{"left_held": {"owner": 9, "resource": "0x10", "name": "g_a"}},
                 {"held_only": True}]
        left = {"id": "r:0x10", "kind": "pthread_mutex", "owner_gone": 9, "owner_trust": "guess",
                "owner_why": "its bytes"}
        finding = {"rule": "CT121", "resources": ["r:0x10"], "actors": [], "fingerprint": "f"}
        report = {"resources": [left], "findings": [finding]}
        self.assertEqual(complaints(report, truth), [])
        finding["resources"] = ["r:0x20"]
        self.assertIn("no CT121 says so", complaints(report, truth)[0])
        report["resources"].append({"id": "r:0x30", "kind": "pthread_mutex", "owner_gone": 8})
        self.assertIn("gone: r:0x30", complaints(report, truth)[1])

    def test_held_only(self):
        hold = {"resource": "r:0x10", "trust": "exact", "why": "w"}
        report = {"actors": [{"id": "t:5", "holds": [hold]}],
                  "resources": [{"id": "r:0x10", "kind": "pthread_mutex"}]}
        self.assertIn("false hold: t:5", complaints(report, [{"held_only": True}])[0])
        truth = [{"held_only": True}, {"hold": {"tid": 5, "resource": "0x10"}}]
        self.assertEqual(complaints(report, truth), [])

    def test_corrupt(self):
        truth = [{"core": {"variant": "O2-g"}}, {"corrupt": "g_a"}]
        report = {"resources": [{"id": "r:0x10", "name": "g_a", "corrupt": "its kind"}],
                  "findings": [{"rule": "CT112", "resources": ["r:0x10"], "actors": []}]}
        self.assertEqual(complaints(report, truth), [])
        report["resources"][0]["name"] = "g_b"
        self.assertIn("g_a is damaged; said to be", complaints(report, truth)[0])
        self.assertIn("false CT112", complaints(report, truth)[1])

    def test_outside(self):
        truth = [{"outside": {"tid": 5, "owner": 4, "resource": "0x10"}}]
        self.assertEqual(complaints({}, truth), [])
        report = {"findings": [{"rule": "CT103", "actors": ["t:5"]}]}
        self.assertIn("which CT103 calls a dead owner", complaints(report, truth)[0])

    def test_outside_of_a_namespace(self):
        truth = [{"signal": {"number": 6, "outside": True}}]
        report = {"target": {"signal": {"number": 6}}, "summary": {"headline": "a and b wait"}}
        self.assertEqual(complaints(report, truth), [])
        report["summary"]["headline"] = "a and b wait (thread 2 raised SIGABRT)"
        self.assertIn("it came from outside, but", complaints(report, truth)[0])
        report["target"]["signal"]["sender_pid"] = 0
        self.assertIn("sender_pid is 0", complaints(report, truth)[1])

    def test_by_names(self):
        """What only names tell is a futex in a stripped program."""
        truth = [{"core": {"variant": "O2-stripped"}},
                 {"wait": {"tid": 5, "kind": "mutex", "resource": "0x10", "by_names": "0x14", "timed": False}}]
        report = {"actors": [{"id": "t:5", "waits": [wait_of("futex", None, 0x14)]}]}
        self.assertEqual(complaints(report, truth), [])
        report["actors"][0]["waits"][0]["kind"] = "mutex"
        self.assertIn("not reported", complaints(report, truth)[0])
        truth[0]["core"]["variant"] = "O2-g"
        report["actors"][0]["waits"][0]["resource"] = "r:0x10"
        self.assertEqual(complaints(report, truth), [])

    def test_state_and_peer(self):
        truth = [{"wait": {"tid": 5, "kind": "chan-send", "resource": "0x10", "timed": False}},
                 {"state": {"resource": "0x10", "state": {"messages": 2}}}, {"a_peer": {"tid": 5, "peer": 6}}]
        wait = {**wait_of("chan-send", None, 0x10), "peers": ["t:4", "t:6"]}
        resource = {"id": "r:0x10", "address": "0x10", "state": {"flavour": "bounded", "messages": 2}}
        report = {"actors": [{"id": "t:5", "waits": [wait]}], "resources": [resource]}
        self.assertEqual(complaints(report, truth), [])
        resource["state"]["messages"] = 1
        wait["peers"].pop()
        wrong = complaints(report, truth)
        self.assertIn("its messages is 1, should be 2", wrong[0])
        self.assertIn("t:6 is not among its peers", wrong[1])

    def test_unknown_word(self):
        self.assertIn("unknown word 'no_such_word'", complaints({}, [{"no_such_word": 1}])[0])

    def test_stripped_has_no_names(self):
        truth = copy.deepcopy(TRUTH)
        truth[0]["core"]["variant"] = "O2-stripped"
        report = right_report()
        report["stacks"] = []
        report["resources"] = []
        self.assertEqual(complaints(report, truth), [])

    def test_names(self):
        for name in ("take", "ns::C<int>::take", "void ns::take<A<B> >(int (*)())", "take.cold"):
            self.assertEqual(plain_function(name), "take", name)
        self.assertTrue(same_object("pool.workers[3].lock", "pool.workers[3].lock"))
        self.assertFalse(same_object("pool.workers[2].lock", "pool.workers[3].lock"))
        self.assertTrue(same_object("g_ledger.accounts_lock._M_mutex", "g_ledger.accounts_lock"))
        self.assertTrue(same_object("next_id()::once_lock", "*once_lock"))
        self.assertTrue(same_object("once_lock.0", "*once_lock"))
        self.assertFalse(same_object("nonce_lock", "*once_lock"))
        self.assertFalse(same_object(None, "g_a"))

    def test_all_words_are_documented(self):
        samples = Path(__file__).resolve().parents[2] / "samples"
        comment = "".join(header.read_text().partition("#ifndef")[0] for header in samples.glob("*.h"))
        comment += (samples / "go_sample.go").read_text().partition("package main")[0].replace("\t", " ")
        for word in CHECKS:
            self.assertIn(f" {word}", comment.replace('"', " "), word)

    def test_program(self):
        """The program as a whole, with a tool that gives a fixed report."""
        with tempfile.TemporaryDirectory() as tmp:
            cores = Path(tmp, "cores", "O2-g")
            cores.mkdir(parents=True)
            for name in ("good", "bad", "alone"):
                (cores / f"{name}.core").write_bytes(b"")
            good = "\n".join(json.dumps(t) for t in TRUTH)
            (cores / "good.truth.jsonl").write_text(good)
            (cores / "bad.truth.jsonl").write_text(good.replace("g_a", "g_c"))
            tool = Path(tmp, "tool")
            tool.write_text(f"#!/bin/sh\ncat <<'END'\n{json.dumps(right_report())}\nEND\n")
            tool.chmod(0o755)
            program = Path(__file__).with_name("check_truth.py")
            done = subprocess.run([sys.executable, program, tool, cores.parent],
                                  capture_output=True, text=True)
            lines = done.stdout.splitlines()
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertEqual(lines[-1], "1 passed, 1 failed, 1 skipped")
            self.assertIn("failed: O2-g/bad.core: t:12 waits for mutex 0x1000: its name is 'g_a', "
                          "should be 'g_c'", lines)


if __name__ == "__main__":
    unittest.main()
