# SPDX-License-Identifier: Apache-2.0
"""When gdb says that something changed: what coretool knows about a process is forgotten."""
import atexit

import gdb

# Events of gdb that may change what coretool read. Not each gdb has each of them.
CHANGES = ("cont", "exited", "new_objfile", "clear_objfiles", "memory_changed", "register_changed",
           "new_thread", "thread_exited", "inferior_call", "inferior_deleted", "connection_removed",
           "executable_changed", "new_inferior")


class Events:
    """The handlers, until disconnect()."""

    def __init__(self, engine, table, check):
        self._engine, self._table, self._check = engine, table, check
        self._connected = []
        for name in CHANGES:
            self._connect(name, self._changed)
        self._connect("cont", self._going_on)
        self._connect("stop", self._stopped)
        self._connect("before_prompt", self._at_prompt)
        if not self._connect("gdb_exiting", self._exiting):
            atexit.register(engine.close)

    def disconnect(self):
        """gdb forgets this copy."""
        while self._connected:
            registry, handler = self._connected.pop()
            registry.disconnect(handler)
        atexit.unregister(self._engine.close)

    def _connect(self, name, handler):
        registry = getattr(gdb.events, name, None)
        if registry is None:
            return False
        registry.connect(handler)
        self._connected.append((registry, handler))
        return True

    def _changed(self, _event):
        self._engine.forget()

    def _going_on(self, event):
        self._engine.signals.forget(getattr(event, "inferior_thread", None))

    def _stopped(self, event):
        self._engine.forget()
        self._engine.signals.stopped(event)
        self._check.stopped(event)

    def _at_prompt(self):
        """Ends what nobody needs; makes the commands before the first of them is typed."""
        self._engine.sweep()
        self._table.offer()

    def _exiting(self, _event):
        self._engine.close()
