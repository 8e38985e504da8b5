# SPDX-License-Identifier: Apache-2.0
"""Commands that exist in gdb alone: coretool goto and coretool export."""
import os

import gdb

from . import completion, frames, texts, threads

MAX_FRAMES = 10000  # that are looked through for the one to select


class Goto(gdb.Command):
    """Select the thread that holds what a thread waits for, that waits for it, or that all wait for.

    Usage: coretool goto holder|waiter|root [THREAD]

    holder: the thread that holds what THREAD waits for.
    waiter: the thread that waits for what THREAD holds.
    root: the thread at the end of the chain, for which all the others wait.

    THREAD is a number as in "info threads"; without it, the selected thread is meant. The frame that waits,
    or does what the others wait for, is selected, too."""

    WORDS = ("holder", "waiter", "root")

    def __init__(self, engine):
        self.__doc__ = texts.dedented(self)
        self._engine = engine
        super().__init__("coretool goto", gdb.COMMAND_STATUS)

    def invoke(self, args, _from_tty):
        self.dont_repeat()
        words = gdb.string_to_argv(args)
        if not 1 <= len(words) <= 2 or words[0] not in self.WORDS:
            raise gdb.GdbError("Usage: coretool goto holder|waiter|root [THREAD]")
        lwp, pc, sentence = find(self._engine, words[0], _thread(words[1:]))
        thread = threads.by_lwp(gdb.selected_inferior(), lwp)
        if not thread:
            raise gdb.GdbError("gdb knows no thread %d any more." % lwp)
        gdb.write(sentence + "\n")
        try:
            gdb.execute("thread " + threads.label(thread), False, True)
            if not thread.is_running():
                gdb.execute("frame %d" % _level_of(pc), False)
        except gdb.error as error:
            raise gdb.GdbError(str(error)) from None

    def complete(self, text, word):
        if word is None:
            return gdb.COMPLETE_NONE
        offered = self.WORDS if " " not in text else completion.thread_numbers()
        return completion.fitting(offered, text, word)


def _thread(words):
    thread = threads.named(words[0]) if words else threads.selected()
    if not thread:
        raise gdb.GdbError("No thread selected.")
    if thread.inferior != gdb.selected_inferior():
        raise gdb.GdbError("Thread %s belongs to another inferior: select that first."
                           % threads.label(thread))
    return thread


def find(engine, what, thread):
    """(LWP, pc or 0, a sentence) of the thread that is the holder, waiter or root of this one."""
    reply = engine.request(frames.FIND, threads.lwp(thread), what.encode())
    reply.check()
    try:
        place, sentence = reply.result.splitlines()[:2]
        lwp, pc = place.split()
        return int(lwp), int(pc, 16), sentence
    except ValueError:
        raise gdb.GdbError("coretool gave no thread for an answer.") from None


def _level_of(pc):
    """The level of the selected thread's frame at that pc, or 0."""
    frame = gdb.newest_frame()
    for level in range(MAX_FRAMES):
        if not pc or not frame:
            break
        if frame.pc() == pc:
            return level
        frame = frame.older()
    return 0


class Export(gdb.Command):
    """Write the full report to a file.

    Usage: coretool export [--format FORMAT] FILE

    The format is that of the file's name (report.json, report.ndjson, report.dot, report.txt), else that of
    "set coretool format". FILE changes only when all was written."""

    def __init__(self, engine, settings, rows):
        self.__doc__ = texts.dedented(self)
        self._engine, self._settings, self._rows = engine, settings, rows
        super().__init__("coretool export", gdb.COMMAND_FILES, gdb.COMPLETE_FILENAME)

    def invoke(self, args, _from_tty):
        self.dont_repeat()
        words = gdb.string_to_argv(args)
        wanted = None
        if words and words[0].startswith("--format="):
            wanted, words = words[0].split("=", 1)[1], words[1:]
        elif len(words) > 1 and words[0] == "--format":
            wanted, words = words[1], words[2:]
        if len(words) != 1 or words[0].startswith("-"):
            raise gdb.GdbError("Usage: coretool export [--format FORMAT] FILE")
        path = os.path.abspath(os.path.expanduser(words[0]))
        reply = self._engine.run(["analyze", "--format", wanted or self._format_of(path), "-o", path])
        reply.check()
        if reply.complaint:
            gdb.write(reply.complaint + "\n", gdb.STDERR)
        gdb.write("Wrote %s.\n" % path)

    def _format_of(self, path):
        self._rows.read()
        suffix = os.path.splitext(path)[1][1:].lower()
        suffix = {"txt": "text"}.get(suffix, suffix)
        return suffix if suffix in self._rows.formats else self._settings["format"]
