# SPDX-License-Identifier: Apache-2.0
"""A frame filter that says in a backtrace what its thread waits for."""
import itertools

import gdb
from gdb.FrameDecorator import FrameDecorator

from . import extras, frames, threads

NAME = "coretool"
PRIORITY = 10


class _Waiting(FrameDecorator):
    """The frame in which a thread waits."""

    def __init__(self, frame, text):
        super().__init__(frame)
        self._text = text

    def function(self):
        name = super().function()
        if not isinstance(name, str):
            name = "0x%x" % name if name else "??"
        return "%s [%s]" % (name, self._text)


class Filter:
    """Off until the user says 'enable frame-filter global coretool'."""

    def __init__(self, engine):
        self.name, self.priority, self.enabled = NAME, PRIORITY, False
        self._engine = engine

    def filter(self, iterator):
        """Asks before the first frame is shown: gdb has none in its hands then."""
        text = self._text()
        if not text:
            return iterator
        return itertools.chain(
            (_Waiting(frame, text) for frame in itertools.islice(iterator, 1)), iterator)

    def _text(self):
        """What the selected thread waits for; nothing where that is not known."""
        thread = threads.selected()
        try:
            if not thread or not self._engine.live():
                return ""
            return self._engine.remember(("waits", thread.ptid), lambda: self._ask(thread))
        except (gdb.GdbError, gdb.error, frames.Broken):
            return ""

    def _ask(self, thread):
        """The sentence is "thread 2 waits for g_lock, held by thread 3": whose frame this is, is known."""
        try:
            sentence = extras.find(self._engine, "holder", thread)[2]
        except gdb.GdbError:
            return ""
        before, waits, rest = sentence.partition("waits for ")
        return waits + rest if waits else ""


def register(engine):
    old = gdb.frame_filters.get(NAME)
    new = Filter(engine)
    if old:
        new.enabled = old.enabled
    gdb.frame_filters[NAME] = new
