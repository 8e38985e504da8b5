#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of the checks for Go: a right report passes, each kind of wrong one does not."""

import copy
import unittest

from checks import check_all
from go_checks import printed_name
from report_view import Report, Truth

FRAMES = [["sync.(*Mutex).Lock", "mutex.go", 46], ["main.pay", "shop.go", 12]]
LOCKER = {"tid": "g:7", "label": "payer", "state": "waiting", "reason": "sync.Mutex.Lock", "frames": FRAMES,
          "creator": "main.main", "parent": "g:1", "labels": {"tenant": "red"}}
CALLER = {"tid": "g:8", "label": "caller", "state": "syscall", "frames": [], "carrier": 77, "locked": True,
          "syscall": "read"}
TRUTH = [
    {"core": {"sample": "hand-made", "variant": "go-1.24-plain", "kind": "gcore", "sysroot": None,
              "go": "1.24.4"}},
    {"goroutine": LOCKER}, {"goroutine": CALLER},
    {"goroutines": ["g:7", "g:8", "g:9"]},
    {"wait": {"tid": "g:7", "kind": "mutex", "resource": "0x10", "timed": False, "on": ["g:8"]}},
    {"wait": {"tid": "g:8", "kind": "mutex", "resource": "0x20", "timed": False, "on": ["g:7"]}},
    {"select": {"tid": "g:9", "timed": False, "all": True, "cases": [
        {"kind": "chan-recv", "resource": "0x30"}, {"kind": "chan-send", "resource": "0x40"}]}},
    {"channel": {"resource": "0x30", "len": 0, "cap": 3, "closed": False, "elem": "int", "senders": [],
                 "receivers": ["g:9"]}},
    {"waitgroup": {"resource": "0x50", "counter": 2, "waiters": 0}},
    {"polled": {"tid": "g:10", "fd": 5, "mode": "read", "local": "127.0.0.1:80"}},
    {"cycle": {"timed": False, "tids": ["g:7", "g:8"]}},
    {"finding": {"rule": "CT204", "level": "P0", "confidence": ["likely"], "tids": ["g:7", "g:8"]}},
    {"leaked": ["g:9"]}, {"retained": {"tids": ["g:9"], "bytes": 4096, "stacks": 2048}},
    {"suspects": {"least": 2, "age": 1, "tids": ["g:7", "g:9"]}},
    {"kept_by": {"rule": "CT210", "tids": ["g:9"], "bytes": 4100}}, {"fires": ["CT204"]}, {"nobody": "0x60"}, {"not_stuck": ["g:10"]}, {"peers_among": {"tid": "g:9", "peers": ["g:7"]}},
    {"native_frame": {"tid": "g:8", "name": "read_page"}},
    {"bubble": ["g:9"]},
    {"panic": {"tid": "g:7", "class": "panic", "function": "main.pay", "values": [
        {"value": "second", "type": "string"}, {"value": "first", "type": "string", "recovered": True}]}},
    {"panic_channel": {"tid": "g:7", "channel": "0x30", "users": ["g:9"]}},
    {"fatal": {"tid": "g:8", "class": "fault", "text": "unexpected", "address": "0x5"}},
    {"timer": {"kind": "ticker", "count": 2, "period_ns": 5, "first_ns": 1 << 50, "tids": ["g:7"], "alone": 0,
               "retained": 90, "calls": "main.f", "leaked_keepers": ["g:9"]}},
    {"no_timer": {"kind": "ticker", "period_ns": 6}},
    {"finding_says": {"rule": "CT222", "level": "P2", "words": "main.f"}},
    {"heap": {"live": 1 << 20, "objects": 9000}},
    {"heap_object": {"address": "0x80", "alive": True, "kept_by": "main.shop", "steps": 2, "type": "main.order"}},
    {"heap_object": {"address": "0x90", "alive": False}},
    {"heap_object": {"address": "0x98", "alive": True, "debug_type": "main.slip", "debug_part": "main.desk.slips[1]"}},
    {"allocated": {"address": "0xd0", "at": "main.load() m.go:5", "has": "a finalizer: main.f()", "large_type": "main.big"}},
    {"allocated": {"address": "0xe0", "at": "main.load() m.go:6"}},
    {"allocated": {"address": "0xf0", "at": "", "free": True}},
    {"heap_places": {"row": "x", "rate": 1, "scales": True, "places": {"main.load() m.go:5": 10, "main.load() m.go:6": 2}}},
    {"heap_places": {"row": "y", "rate": 4096, "scales": True, "places": {"main.load() m.go:5": 4096}}},
    {"heap_places": {"row": "z", "rate": 1, "scales": False, "places": {"main.load() m.go:5": 1}}},
    {"freed_use": {"from": "0xa0", "to": "0xb0"}}, {"freed_use": {"in": "main.f() in the stack", "to": "0xc0"}},
    {"stack_word": {"address": "0xa0", "tid": "g:7"}},
    {"pool": {"address": "0x5000", "name": "main.pages", "new": "main.newPage", "objects": 3, "victims": 1,
              "types": {"*main.page": 3}, "doubles": ["0xc0"], "large": 64, "rules": ["CT215", "CT216"],
              "used": ["*main.page", "main.pay"], "deep_rules": ["CT215", "CT224"]}},
    {"context": {"address": "0xa0", "kind": "timer", "parent": "0xb0", "err": "late", "deadline": "past",
                 "waiters": ["g:7"], "lost": True}},
    {"context": {"address": "0xb0", "kind": "cancel", "children": 2, "ignored_by": ["g:9"]}},
    {"done_of": {"tid": "g:9", "address": "0xa0", "ended_by": "0xb0"}},
]


def wait_of(kind, resource, **more):
    return {"kind": kind, "resource": resource, "trust": "layout", "why": "its sudog", **more}


def place(line, function="main.load", **more):
    return {"function": function, "file": "/src/m.go", "line": line, **more}


def done_of(report):
    return report["actors"][3]["waits"][0]["done_of"]


def right_report():
    frames = [{"function": "runtime.gopark", "file": "/go/proc.go", "line": 1}]
    frames += [{"function": name, "file": f"/src/{file}", "line": line} for name, file, line in FRAMES]
    end = [{"function": "runtime.goexit"}]
    return {
        "summary": {"goroutines": 3, "verdict": "stuck"},
        "heap_findings": [{"rule": "CT202", "steps": [
            {"text": "main.entry + 8 at 0xa0, kept by x, points to 0xb0"},
            {"text": "main.f() in the stack of goroutine 7 at 0xd0, points to 0xc0"}]}],
        "stacks": [{"frames": frames + end}, {"frames": [{"function": "read_page"}, *end]}, {"frames": end}],
        "resources": [{"id": "r:0x30", "kind": "go_chan", "state": {"len": 0, "cap": 3, "closed": False, "elem": "int"}},
                      {"id": "r:0x50", "kind": "go_waitgroup", "state": {"counter": 2, "waiters": 0}},
                      {"id": "r:0x70", "kind": "go_fd", "state": {"fd": 5, "local": "127.0.0.1:80"}}],
        "actors": [
            {"id": "t:77", "kind": "thread", "state": "waiting", "syscall": {"name": "read"}, "waits": [
                wait_of("mutex", "r:0x20", on=["g:7"])]},
            {"id": "g:7", "kind": "goroutine", "state": "waiting", "wait_reason": "sync.Mutex.Lock", "stack": 0,
             "created_by": {"function": "main.main", "actor": "g:1"}, "labels": {"tenant": "red"},
             "waits": [wait_of("mutex", "r:0x10", on=["t:77"])]},
            {"id": "g:8", "kind": "goroutine", "state": "syscall", "stack": 1, "carrier": "t:77", "locked": True},
            {"id": "g:9", "kind": "goroutine", "state": "waiting", "stack": 2, "bubble": 1, "waits": [
                wait_of("chan-recv", "r:0x30", any_of=True, peers=["g:7"],
                        done_of={"address": "0xa0", "ended_by": "0xb0", "ends_in_ns": 5}),
                wait_of("chan-send", "r:0x40", any_of=True)]},
            {"id": "g:10", "kind": "goroutine", "state": "waiting", "stack": 2, "system": True,
             "waits": [
                {"kind": "io", "fd": 5, "mode": "read", "resource": "r:0x70"}]},
        ],
        "cycles": [{"timed": False, "edges": [{"waiter": "g:7", "trust": "inferred"},
                                              {"waiter": "t:77", "trust": "exact"}]}],
        "findings": [{"rule": "CT204", "level": "P0", "confidence": "likely", "actors": ["g:7", "t:77"],
                      "resources": [], "title": "t", "fingerprint": "f"},
                     {"rule": "CT205", "level": "P0", "confidence": "proven", "actors": ["g:7"], "resources": [],
                      "title": "second, in main.pay", "fingerprint": "f", "steps": [
                          {"text": "it panicked", "actor": "g:7"}, {"text": "frame #1 main.(*shop).order()", "actor": "g:9"}]},
                     {"rule": "CT222", "level": "P2", "confidence": "likely", "actors": [], "resources": [],
                      "title": "keeps main.f", "fingerprint": "f"},
                     {"rule": "CT210", "level": "P1", "confidence": "proven", "actors": ["g:9"], "resources": [],
                      "title": "leaked", "fingerprint": "f", "retained_bytes": 4200, "stack_bytes": 2048},
                     {"rule": "CT216", "level": "P1", "confidence": "likely", "actors": ["g:7"], "resources": ["r:0x5000"],
                      "title": "used", "fingerprint": "f", "steps": [
                          {"text": "*main.page at 0xc0 is in the pool; main.pay() has it", "actor": "g:7", "frame": 2}]},
                     {"rule": "CT215", "level": "P0", "confidence": "proven", "actors": [], "resources": ["r:0x5000"],
                      "title": "twice", "fingerprint": "f"}],
        "pools": {
            "findings": [{"rule": rule, "resources": ["r:0x5000"]} for rule in ("CT215", "CT224")],
            "pools": [{"address": "0x5000", "name": "main.pages", "new": "main.newPage", "objects": 3,
                       "types": [{"name": "*main.page", "objects": 3}], "large": [{"bytes": 64}],
                       "doubles": [{"address": "0xb0", "array": "0xc0"}],
                       "processors": [{"private": 1, "shared": 1, "victim-private": 0, "victim-shared": 1}]}]},
        "suspects": {"summary": {"verdict": "stuck"}, "findings": [
            {"rule": "CT220", "level": "P2", "confidence": "likely", "actors": ["g:7", "g:9"]}]},
        "leaks": [{"count": 1, "retained_bytes": 4200, "stack_bytes": 2048, "goroutines": [
            {"actor": "g:9", "retained_bytes": 4200, "stack_bytes": 2048}]}],
        "panics": [{"actor": "g:7", "class": "panic", "value": "second", "value_type": "string",
                    "resource": "r:0x30"},
                   {"actor": "g:7", "value": "first", "value_type": "string", "recovered": True}],
        "crash": {"actor": "g:8", "class": "fault", "message": "unexpected fault", "address": "0x5"},
        "timers": [{"kind": "ticker", "count": 2, "period_ns": 5, "first_ns": 1 << 50, "waiters": ["g:7"], "alone": 0,
                    "retained": 100, "calls": {"function": "main.f"}, "leaked_keepers": ["g:9"]}],
        "heap": {"live": 1 << 20, "objects": 9001, "guessed_objects": 0, "guessed_stacks": 0, "types": [
            {"name": "main.order", "bytes": (1 << 19) - 192, "objects": 4890},
            {"name": "x", "bytes": 192, "objects": 12, "places": [
                place(5, sampled=10, bytes=160, error=0), place(6, sampled=2, bytes=32, error=0)]},
            {"name": "y", "bytes": 4096 * 64, "objects": 4096, "places": [
                place(5, sampled=70, bytes=70 * 4128, error=35000), place(7, "runtime.malg", sampled=1)]},
            {"name": "z", "bytes": 4096 * 64, "objects": 3, "places": [place(5, sampled=1)]}]},
        "contexts": [
            {"index": 0, "address": "0xa0", "kind": "timer", "parent": 1, "err": "late", "overdue_ns": 5, "waiters": ["g:7"], "lost": True},
            {"index": 1, "address": "0xb0", "kind": "cancel", "children": 2, "ignored_by": ["g:9"]}],
        "explained": {
            "0x80": {"object": ["main.order, 80 bytes of Go's heap"], "state": ["alive"],
                     "kept by": ["variable main.shop"], "then by": ["[]*main.order + 8"]},
            "0x98": {"object": ["main.slip, 48 bytes of Go's heap"], "state": ["alive"],
                     "kept by": ["variable main.x, which leads to 0x90"], "then by": ["main.desk.slips[1], which leads to 0x98"]},
            "0x90": {"object": ["80-byte objects, 80 bytes of Go's heap"], "state": ["garbage: nothing leads to it"]},
            "0xa0": {"stack": ["of goroutine 7, 8 bytes above its stack pointer"]},
            "0xd0": {"object": ["main.big, 768 bytes of Go's heap"], "state": ["alive"],
                     "allocated by": ["main.load() m.go:5, as the heap profile recorded"], "has": ["a finalizer: main.f()"]},
            "0xe0": {"object": ["x"], "state": ["alive"],
                     "allocated by": ["strings.Repeat() s.go:1 for main.load() m.go:6, as the heap profile recorded"]},
            "0xf0": {"object": ["x"], "state": ["a free slot: nothing lives there"]}},
    }


def complaints(report, truth=None):
    import json
    return list(check_all(Report(report), Truth([json.dumps(line) for line in truth or TRUTH])))


# What is spoilt, how, and what is then said.
WRONG = {
    "address": (lambda r: r["resources"][2]["state"].pop("local"), "local is [None], should be '127.0.0.1:80'"),
    "one address too many": (lambda r: r["resources"][2]["state"].update(remote="x"), "remote is ['x'], should be None"),
    "channel of a panic": (lambda r: r["panics"][0].pop("resource"), "is said to be about None, should be r:0x30"),
    "its users": (lambda r: r["findings"][1]["steps"].pop(), "[] are said to use the channel, should be [g:9]"),
    "where they use it": (lambda r: r["findings"][1]["steps"][1].update(text="in gopark()"), "it is not said where: in gopark()"),
    "gone": (lambda r: r["actors"].pop(1), "g:7 (payer) is not among the goroutines"),
    "state": (lambda r: r["actors"][1].update(state="running"), "state is 'running'"),
    "reason": (lambda r: r["actors"][1].update(wait_reason="sleep"), "wait_reason is 'sleep'"),
    "order of frames": (lambda r: r["stacks"][0]["frames"].reverse(), "not in this order: [['main.pay'"),
    "line": (lambda r: r["stacks"][0]["frames"][2].update(line=13), "not in its stack"),
    "creator": (lambda r: r["actors"][1]["created_by"].update(function="main.x"), "created by 'main.x'"),
    "parent": (lambda r: r["actors"][1]["created_by"].update(actor="g:2"), "its creator is 'g:2'"),
    "labels": (lambda r: r["actors"][1].pop("labels"), "labels are None"),
    "locked": (lambda r: r["actors"][2].pop("locked"), "locked is None"),
    "carrier": (lambda r: r["actors"][2].update(carrier="t:78"), "carrier is 't:78'"),
    "system call": (lambda r: r["actors"][0]["syscall"].update(name="write"), "in 'write'"),
    "one too many": (lambda r: r["actors"].append({"id": "g:11", "kind": "goroutine"}), "[g:11] are too many"),
    "holder": (lambda r: r["actors"][1]["waits"][0].update(on=["g:9"]), "on is [g:9], should be [g:8]"),
    "case": (lambda r: r["actors"][3]["waits"].pop(), "('chan-send', 64)] are missing"),
    "no case": (lambda r: r["actors"][3]["waits"].append(wait_of("io", "r:0x70", any_of=True)), "are no cases"),
    "any of": (lambda r: r["actors"][3]["waits"][0].pop("any_of"), "any_of is missing"),
    "length": (lambda r: r["resources"][0]["state"].update(len=1), "len is 1, should be 0"),
    "receivers": (lambda r: r["actors"][3]["waits"][0].update(kind="chan-send"), "its receivers are []"),
    "counter": (lambda r: r["resources"][1]["state"].update(counter=1), "counter is 1"),
    "fd": (lambda r: r["actors"][4]["waits"][0].update(fd=6), "fd is [6]"),
    "cycle": (lambda r: r["cycles"][0]["edges"].pop(), "no cycle"),
    "false cycle": (lambda r: r["cycles"].append({"edges": [{"waiter": "g:9", "trust": "exact"}]}), "false cycle"),
    "leak missed": (lambda r: r["findings"].pop(3), "leaked: [g:9] are not found"),
    "false leak": (lambda r: r["findings"][3]["actors"].append("g:10"), "leaked: [g:10] are not"),
    "kept": (lambda r: r["leaks"][0].update(retained_bytes=4100), "retained_bytes are {"),
    "not suspected": (lambda r: r["suspects"]["findings"].pop(), "suspects: [] are, should be [g:7, g:9]"),
    "suspected wrongly": (lambda r: r["suspects"]["findings"][0]["actors"].append("g:10"), "'[g:10, g:7, g:9]'"),
    "suspected too soon": (lambda r: r["findings"].append(r["suspects"]["findings"][0]), "fires by the usual thresholds"),
    "sure of suspects": (lambda r: r["suspects"]["findings"][0].update(confidence="proven"), "suspects: P2, proven"),
    "verdict by suspects": (lambda r: r["suspects"]["summary"].update(verdict="leak"), "the verdict becomes leak"),
    "kept by it": (lambda r: r["findings"][3].pop("retained_bytes"), "CT210: [-1] bytes are kept, should be 4100"),
    "kept by none": (lambda r: r["findings"].pop(3), "CT210: none is about [g:9]"),
    "kept by nobody": (lambda r: r["leaks"].pop(), "0 groups and 1 findings are about [g:9]"),
    "kept in the finding": (lambda r: r["findings"][3].pop("stack_bytes"), "stack_bytes are {"),
    "kept too much": (lambda r: [one.update(retained_bytes=1 << 20) for one in (
        r["leaks"][0], r["leaks"][0]["goroutines"][0], r["findings"][3])], "retained_bytes are {1048576}, should be 4096"),
    "how many keep": (lambda r: r["leaks"][0].update(count=2), "count is 2"),
    "silent": (lambda r: r["findings"].pop(0), "CT204 does not fire"),
    "bystander": (lambda r: r["findings"][0]["actors"].append("g:10"), "CT204 is about [g:10]"),
    "false finding": (lambda r: r["findings"].append({**r["findings"][0], "rule": "CT211", "actors": ["g:10"]}),
                      "false CT211 about [g:10]"),
    "false owner": (lambda r: r["actors"][3].update(holds=[{"resource": "r:0x60"}]), "[g:9] are said to hold"),
    "false peer": (lambda r: r["actors"][3]["waits"][0].update(peers=["g:8"]), "peers are [g:8]"),
    "native frame": (lambda r: r["stacks"][1]["frames"].pop(0), "read_page is not in the stack"),
    "no base": (lambda r: r["stacks"][2]["frames"].pop(), "does not end in goexit"),
    "bubble": (lambda r: r["actors"][1].update(bubble=1), "[g:7] are not in that bubble"),
    "panics": (lambda r: r["panics"].pop(), "1 values, should be 2"),
    "order of panics": (lambda r: r["panics"].reverse(), "value is 'first'"),
    "class": (lambda r: r["panics"][0].update({"class": "bounds"}), "class is 'bounds'"),
    "blamed": (lambda r: r["findings"][1].update(title="second"), "does not name main.pay"),
    "message": (lambda r: r["crash"].update(message=""), "the message is ''"),
    "no timer": (lambda r: r["timers"].pop(), "0 records of timers"),
    "soon": (lambda r: r["timers"][0].update(first_ns=0), "0 records of timers"),
    "timers": (lambda r: r["timers"][0].update(count=3), "count is 3"),
    "alone": (lambda r: r["timers"][0].update(alone=1), "alone is 1"),
    "listed": (lambda r: r["timers"][0].update(listed=False), "listed is False"),
    "retained": (lambda r: r["timers"][0].update(retained=80), "retained is 80"),
    "lost": (lambda r: r["contexts"][0].pop("lost"), "lost is False, should be True"),
    "waiters": (lambda r: r["timers"][0].update(waiters=[]), "its waiters are []"),
    "whose Done": (lambda r: done_of(r).update(address="0xb0"), "should be of 0xa0"),
    "no Done": (lambda r: r["actors"][3]["waits"][0].pop("done_of"), "waits at the Done() of []"),
    "ended by": (lambda r: done_of(r).update(ended_by="0xa0"), "should be ended by 0xb0"),
    "never ended": (lambda r: done_of(r).pop("ended_by"), "should be ended by 0xb0"),
    "ends at once": (lambda r: done_of(r).update(ends_in_ns=0), "should be ended by 0xb0"),
    "keepers": (lambda r: r["timers"][0].pop("leaked_keepers"), "its leaked_keepers are None"),
    "no such words": (lambda r: r["findings"][2].update(title="keeps"), "CT222 says 'keeps'"),
    "too sure": (lambda r: r["findings"][2].update(confidence="proven"), "CT222 is P2 and proven"),
    "no fingerprint": (lambda r: r["findings"][2].update(fingerprint=None), "CT222 has no fingerprint"),
    "nothing said": (lambda r: r["findings"].pop(2), "0 findings CT222"),
    "a timer": (lambda r: r["timers"].append({"kind": "ticker", "period_ns": 6}), "there is a timer"),
    "live bytes": (lambda r: r["heap"].update(live=3 << 20), "live is 3145728, the runtime counted"),
    "types": (lambda r: r["heap"]["types"].pop(), "objects is not the sum"),
    "guessed": (lambda r: r["heap"].update(guessed_stacks=1), "1 stacks are guessed"),
    "no object": (lambda r: r["explained"]["0x80"].pop("object"), "0x80 is no object of the heap"),
    "false life": (lambda r: r["explained"]["0x90"].update(state=["alive"]), "0x90 (80-byte objects"),
    "false garbage": (lambda r: r["explained"]["0x80"].update(state=["garbage"]), "said to be garbage"),
    "stack of another": (lambda r: r["explained"]["0xa0"].update(stack=["of goroutine 70, 8 bytes above its stack pointer"]),
                         "0xa0 is on the stack"),
    "below the stack": (lambda r: r["explained"]["0xa0"].update(stack=["of goroutine 7, 8 bytes below its stack pointer"]),
                        "0xa0 is on the stack"),
    "root": (lambda r: r["explained"]["0x80"].update({"kept by": ["variable main.x"]}), "is kept by variable main.x"),
    "way": (lambda r: r["explained"]["0x80"]["then by"].append("x"), "3 steps lead to it, should be 2"),
    "no context": (lambda r: r["contexts"].pop(), "context 0xb0 (cancel) is not among"),
    "parent of a context": (lambda r: r["contexts"][0].update(parent=0), "its parent is 0"),
    "deadline": (lambda r: r["contexts"][0].update(overdue_ns=-5), "the deadline is ahead"),
    "waiters": (lambda r: r["contexts"][0].update(waiters=[]), "waiters are []"),
    "cancelled": (lambda r: r["contexts"][1].update(err="x"), "is said to be cancelled: x"),
    "type": (lambda r: r["explained"]["0x80"].update(object=["64-byte objects"]), "is 64-byte objects, should be"),
    "type by debug information": (lambda r: r["explained"]["0x98"].update(object=["48-byte objects"]),
                                  "is 48-byte objects, should be main.slip"),
    "other part": (lambda r: r["explained"]["0x98"].update({"then by": ["main.desk + 8, which leads to 0x98"]}),
                   "0x98: the last to lead to it is main.desk + 8"),
    "other type": (lambda r: r["explained"]["0x98"].update(object=["[]main.slap"]), "is []main.slap, should be main.slip"),
    "other place": (lambda r: r["explained"]["0xd0"].update({"allocated by": ["main.load() m.go:6, as the heap profile recorded"]}),
                    "0xd0: is allocated by ['main.load() m.go:6"),
    "part of a place": (lambda r: r["explained"]["0xe0"].update({"allocated by": ["xmain.load() m.go:6, as the heap profile recorded"]}),
                        "0xe0: is allocated by ['xmain.load()"),
    "no place": (lambda r: r["explained"]["0xe0"].pop("allocated by"), "0xe0: is allocated by [], should be"),
    "false place": (lambda r: r["explained"]["0xf0"].update({"allocated by": ["main.load() m.go:6"]}), "though that is not recorded"),
    "no finalizer": (lambda r: r["explained"]["0xd0"].pop("has"), "0xd0: has None, should be a finalizer"),
    "false finalizer": (lambda r: r["explained"]["0xe0"].update(has=["a finalizer"]), "0xe0: has ['a finalizer'], should be None"),
    "not free": (lambda r: r["explained"]["0xf0"].update(state=["alive"]), "0xf0: is said to be alive, its slot is free"),
    "false free": (lambda r: r["explained"]["0xe0"].update(state=["a free slot"]), "its slot is not free"),
    "large type": (lambda r: r["explained"]["0xd0"].update(object=["768-byte objects"]), "0xd0: is 768-byte objects, should be main.big"),
    "row gone": (lambda r: r["heap"]["types"][1].update(name="w"), "x: there are none"),
    "place of a row": (lambda r: r["heap"]["types"][1]["places"].pop(), "x: 0 from main.load() m.go:6 were sampled, of 2"),
    "false place of a row": (lambda r: r["heap"]["types"][1]["places"].append(place(9, sampled=1)), "x: some are from main.load() m.go:9"),
    "all of a row": (lambda r: r["heap"]["types"][1]["places"][0].update(sampled=9), "x: 9 from main.load() m.go:5 were sampled, of 10"),
    "some of a row": (lambda r: r["heap"]["types"][2]["places"][0].update(sampled=120), "y: 120 from main.load() m.go:5 were sampled"),
    "bytes of a place": (lambda r: r["heap"]["types"][2]["places"][0].update(bytes=4096 * 64 + 196000),
                         "y: 458144 bytes ± 35000 are from"),
    "no scale": (lambda r: r["heap"]["types"][2]["places"][0].pop("bytes"), "y: those from main.load() m.go:5 are said to stand for None"),
    "false scale": (lambda r: r["heap"]["types"][3]["places"][0].update(bytes=9, error=0), "z: those from main.load() m.go:5 are said to stand for 9"),
    "frame of a use": (lambda r: r["findings"][-2]["steps"][0].pop("frame"), "frame None is not"),
    "type of a use": (lambda r: r["findings"][-2]["steps"][0].update(text="*x at 0xc0"), "is not about *main.page"),
    "use gone": (lambda r: r["findings"][-2]["steps"].clear(), "is not told"),
    "pool gone": (lambda r: r["pools"]["pools"].pop(), "0 are told"),
    "objects": (lambda r: r["pools"]["pools"][0].update(objects=4), "objects is 4, should be 3"),
    "types of a pool": (lambda r: r["pools"]["pools"][0]["types"].pop(), "types is {}"),
    "doubles": (lambda r: r["pools"]["pools"][0].pop("doubles"), "doubles is []"),
    "victims": (lambda r: r["pools"]["pools"][0]["processors"][0].update({"victim-shared": 0, "shared": 2}),
                "victims is 0"),
    "places": (lambda r: r["pools"]["pools"][0]["processors"][0].update(shared=2), "is not all that it has"),
    "new": (lambda r: r["pools"]["pools"][0].pop("new"), "new is None"),
    "large": (lambda r: r["pools"]["pools"][0]["large"][0].update(bytes=63), "its largest has 63 bytes"),
    "rule of a pool": (lambda r: r["findings"].pop(), "analyze has ['CT216'] of it"),
    "deep rule": (lambda r: r["pools"]["findings"].pop(), "pools has ['CT215'] of it"),
    "false pool": (lambda r: r["findings"].append({**r["findings"][-1], "rule": "CT225", "resources": ["r:0x6000"]}),
                   "false CT225: twice"),
    "address": (lambda r: r["crash"].update(address="0x6"), "address is '0x6'"),
}


class GoCheckerTest(unittest.TestCase):
    def test_right_report_passes(self):
        self.assertEqual(complaints(right_report()), [])

    def test_each_wrong_report_fails(self):
        for what, (spoil, expected) in WRONG.items():
            with self.subTest(what):
                report = copy.deepcopy(right_report())
                spoil(report)
                found = complaints(report)
                self.assertTrue(any(expected in text for text in found), found)

    def test_printed_names(self):
        for name, printed in {"main.f": "main.f", "runtime.gopanic": "panic", None: "",
                              "main.(*queue[go.shape.[]string]).take": "main.(*queue[...]).take",
                              "main.both[go.shape.int,main.pair[go.shape.int]].func1": "main.both[...].func1"}.items():
            self.assertEqual(printed_name(name), printed)

    def test_crash_is_told(self):
        truth = [line for line in TRUTH if "panic" not in line and "fatal" not in line]
        self.assertTrue(any("false crash" in text or "false CT205" in text
                            for text in complaints(right_report() | {"crash": {"cause": "c"}}, truth)))


if __name__ == "__main__":
    unittest.main()
