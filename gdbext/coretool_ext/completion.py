# SPDX-License-Identifier: Apache-2.0
"""What TAB offers. Whatever goes wrong here goes unsaid: nobody asked for anything."""
import re

import gdb

from . import frames, threads

SECONDS = 5  # how long a TAB waits for a child that says nothing

_NO_EXPRESSION = re.compile(r"[0-9-]")


def fitting(candidates, text, word):
    """Those candidates that the last word of text begins, without what gdb takes for earlier words.

    gdb ends words at characters such as '-' and ':' too: word is what it will replace.
    """
    last = text.split(" ")[-1]
    done = len(last) - len(word)
    return [c[done:] for c in candidates if c.startswith(last)]


def words(row, engine, text, word):
    """Candidates for the arguments of a command. word is None when gdb only asks where words begin."""
    typed = text.split(" ")
    before = row.option(typed[-2]) if len(typed) > 1 else None
    valued = before is not None and before.value
    if row.wants_address and not valued and typed[-1] and not _NO_EXPRESSION.match(typed[-1]):
        return gdb.COMPLETE_EXPRESSION
    if word is None:
        return gdb.COMPLETE_NONE
    if valued:
        return fitting(before.choices, text, word)
    if typed[-1].startswith("-"):
        return fitting(["--" + name for name in row.options], text, word)
    return fitting(_asked(row, engine, typed), text, word)


def _asked(row, engine, typed):
    """What coretool offers: ids of the process, where there is one."""
    try:
        if not row.needs_process or not engine.live():
            return []
        reply = engine.request(frames.COMPLETE, 0, frames.pack_list([row.name, *typed]), SECONDS)
        return reply.result.splitlines()
    except (gdb.GdbError, gdb.error, frames.Broken):
        return []


def thread_numbers():
    """As the user calls the threads."""
    try:
        return threads.labels(threads.in_order(gdb.selected_inferior().threads()))
    except gdb.error:
        return []
