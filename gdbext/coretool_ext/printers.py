# SPDX-License-Identifier: Apache-2.0
"""Locks as values: the types are those that coretool names, the text is what it says about the address."""
import _thread

import gdb
import gdb.printing

from . import frames

NAME = "coretool"
SECONDS = 5
MAX_LAYERS = 20
_REFERENCES = {gdb.TYPE_CODE_REF, gdb.TYPE_CODE_RVALUE_REF}
_OBJECTS = {gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_UNION, gdb.TYPE_CODE_TYPEDEF, *_REFERENCES}


class _Text:
    """A printer of a text that is known."""

    def __init__(self, text):
        self._text = text

    def to_string(self):
        return self._text


class _Interrupted:
    """A printer that makes gdb quit. To gdb an exception in a printer is a complaint, never an interrupt; but
    it quits when one is pending and it reads memory. So to_string() leaves one pending, and the child is
    read. Both are no code of Python's, which would see the interrupt first."""

    to_string = _thread.interrupt_main

    def __init__(self, value):
        byte = value.address.reinterpret_cast(gdb.lookup_type("char").pointer()).dereference()
        self.children = [("", byte)].__iter__


class Printers:
    """The collection, one printer for each type, by gdb.printing's rules. What coretool cannot tell prints
    as if this were not here."""

    def __init__(self, engine, enabled):
        self.name, self.enabled = NAME, enabled
        self._engine = engine
        self._kinds = {}
        self._failed_at = None

    @property
    def subprinters(self):
        """One for each type. Which there are is asked when somebody wants to know."""
        if self._failed_at == self._engine.stops:
            return []
        try:
            names = self._engine.type_names(SECONDS)
        except gdb.GdbError:
            self._failed_at = self._engine.stops
            return []
        for name in names:
            self._kinds.setdefault(name, gdb.printing.SubPrettyPrinter(name))
        return [self._kinds[name] for name in names]

    def __call__(self, value):
        if value.type.code not in _OBJECTS:
            return None
        try:
            return self._printer(value)
        except (gdb.GdbError, gdb.error, frames.Broken):
            self._failed_at = self._engine.stops
            return None
        except KeyboardInterrupt:
            return _Interrupted(value)

    def _printer(self, value):
        """None: not one of the types, or nothing to say. After a failure nothing is asked until the next
        stop: one print may show thousands of values."""
        if self._failed_at == self._engine.stops or not self._engine.live():
            return None
        if value.type.code in _REFERENCES:
            value = value.referenced_value()
        names = set(_names(value.type))
        kind = next((k for k in self.subprinters if k.name in names), None)
        if not kind or not kind.enabled or value.address is None:
            return None
        text = self._describe(int(value.address), kind.name)
        return _Text(text) if text else None

    def _describe(self, address, name):
        def ask():
            reply = self._engine.request(frames.DESCRIBE, address, name.encode(), SECONDS)
            return "" if reply.failed else reply.result.strip()

        return self._engine.remember(("describe", address, name), ask)


def _names(kind):
    """The names of a type, through its typedefs, without const and volatile."""
    for _ in range(MAX_LAYERS):
        kind = kind.unqualified()
        if kind.name:
            yield kind.name
        if kind.tag and kind.tag != kind.name:
            yield kind.tag
        if kind.code != gdb.TYPE_CODE_TYPEDEF:
            break
        kind = kind.target()


def register(engine):
    old = next((p for p in gdb.pretty_printers if getattr(p, "name", None) == NAME), None)
    gdb.printing.register_pretty_printer(None, Printers(engine, old.enabled if old else True), replace=True)
