# SPDX-License-Identifier: Apache-2.0
"""JSON reports about the selected inferior, read once for each stop."""
import json
import re

import gdb

from . import threads

_THREAD_ID = re.compile(r"t:(\d+)")
# Of level P0: a wait with a timeout ends by itself, and is none.
_DEADLOCKS = {"CT101", "CT102", "CT103", "CT104"}


class Report:
    """What the functions want out of a report: threads by the system's numbers, locks by address."""

    def __init__(self, text):
        try:
            document = json.loads(text)
            # Of a process that moves nothing is proven: what was read may never have been at once.
            still = document.get("target", {}).get("still", True)
            self.deadlocked = any(f["rule"] in _DEADLOCKS and f["level"] == "P0" and
                                  (still or f["confidence"] == "proven") for f in document["findings"])
            self._lwp = {a["id"]: _lwp(a) for a in document.get("actors", [])}
            self._actors = document.get("actors", [])
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise gdb.GdbError("coretool's report is none that can be read.") from None

    def owner(self, address):
        """The number of a thread that holds what is at the address, or None."""
        return next((_lwp(a) for a in self._actors if _names(a.get("holds"), address)), None)

    def waiters(self, address):
        """How many threads wait for it."""
        return sum(1 for a in self._actors if _names(a.get("waits"), address))

    def waits_on(self, lwp):
        """The number of the thread that this one waits for, or None."""
        for actor in self._actors:
            if _lwp(actor) == lwp:
                return next((self._lwp.get(on) for wait in actor.get("waits", [])
                             for on in wait.get("on", [])), None)
        return None


def _lwp(actor):
    """The debugger's number, which is told where the process knows itself by another."""
    found = _THREAD_ID.match(actor["id"])
    return actor.get("lwp", int(found.group(1)) if found else None)


def _names(entries, address):
    return any(int(e["resource"][2:].split("@")[0], 16) == address
               for e in entries or () if "resource" in e)


def report(engine, words, seconds=None):
    """The Report that a command gives. seconds: as Engine.request() takes them."""
    def read():
        reply = engine.run([*words, "--json"], seconds)
        reply.check()
        return Report(reply.result)

    return engine.remember(("report", *words), read)


def quick(engine, seconds=None):
    """The Report of owners, waiters and cycles, without stacks and names."""
    return report(engine, ["analyze", "--quick"], seconds)


def number_of(lwp):
    """gdb's number of a thread of the selected inferior; 0: none."""
    thread = threads.by_lwp(gdb.selected_inferior(), lwp) if lwp is not None else None
    return thread.num if thread else 0
