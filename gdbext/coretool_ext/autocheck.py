# SPDX-License-Identifier: Apache-2.0
"""After an interrupt: is there a deadlock?"""
import gdb

from . import frames, reports

SECONDS = 3


class AutoCheck:
    """Prints one line when there is one, and nothing otherwise, whatever happens."""

    def __init__(self, engine, settings):
        self._engine, self._settings = engine, settings

    def stopped(self, event):
        """Takes a stop event. Right away: in batch mode nothing that is put off is done."""
        if not self._settings["auto-check"]:
            return
        if not isinstance(event, gdb.SignalEvent) or event.stop_signal != "SIGINT":
            return
        try:
            self._check()
        except (gdb.GdbError, gdb.error, frames.Broken, KeyboardInterrupt):
            pass

    def _check(self):
        if not self._engine.live() or not reports.quick(self._engine, SECONDS).deadlocked:
            return
        reply = self._engine.run(["deadlocks", "--quick", "--quiet", "--color", "never"], SECONDS)
        lines = reply.result.splitlines()
        if lines and not reply.failed:
            gdb.write("coretool: %s\n" % lines[0])
