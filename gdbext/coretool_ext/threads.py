# SPDX-License-Identifier: Apache-2.0
"""Threads by the numbers of gdb and of the system, and what the user has selected."""
import contextlib
import re

import gdb

_NUMBER = re.compile(r"(?:(\d+)\.)?(\d+)$")


def lwp(thread):
    """The system's number of a thread, or the nearest to it that the target tells.

    A remote stub may know threads only by numbers of its own, which gdb keeps in the third place (and a
    negative number in the second).
    """
    _, number, other = thread.ptid
    if number > 0:
        return number
    return other if other > 0 else thread.num


def in_order(some):
    """These threads as gdb numbers them, without any that has exited."""
    return sorted((t for t in some if not t.is_exited()), key=lambda t: t.num)


def by_lwp(inferior, number):
    """The thread with that number of the system's, or None."""
    return next((t for t in inferior.threads() if lwp(t) == number), None)


def _qualified():
    inferiors = gdb.inferiors()
    return len(inferiors) > 1 or inferiors[0].num != 1


def labels(threads):
    """What gdb calls these threads: "3", or "2.3" where there are several inferiors."""
    if _qualified():
        return ["%d.%d" % (t.inferior.num, t.num) for t in threads]
    return [str(t.num) for t in threads]


def label(thread):
    return labels([thread])[0]


def named(text):
    """The thread that the user calls so: "3", "2.3", or an expression such as $_thread."""
    found = _NUMBER.match(text)
    if not found:
        try:
            found = _NUMBER.match(str(int(gdb.parse_and_eval(text))))
        except gdb.error as error:
            raise gdb.GdbError(str(error)) from None
    inferior = gdb.selected_inferior()
    if found and found.group(1):
        wanted = int(found.group(1))
        inferior = next((i for i in gdb.inferiors() if i.num == wanted), None)
    for thread in inferior.threads() if found and inferior else ():
        if thread.num == int(found.group(2)):
            return thread
    raise gdb.GdbError("Unknown thread %s." % text)


def selected():
    """The thread that the user has selected; None: there is none, or it has exited meanwhile."""
    try:
        thread = gdb.selected_thread()
        return thread if thread and not thread.is_exited() else None
    except (gdb.error, RuntimeError, SystemError):  # by gdb's version
        return None


def _selected_frame():
    """The selected frame, or None where it is the innermost, which a thread's selection selects."""
    try:
        frame = gdb.selected_frame()
        return frame if frame.newer() else None
    except gdb.error:
        return None


@contextlib.contextmanager
def selection_kept():
    """Whatever happens within, the user's thread and frame are selected behind it."""
    thread = selected()
    frame = _selected_frame() if thread else None
    try:
        yield
    finally:
        try:
            if thread and thread.is_valid():
                thread.switch()
            if frame and frame.is_valid():
                frame.select()
        except gdb.error:
            pass  # the thread has gone meanwhile: there is nothing to go back to


def running(some):
    """The numbers of those threads that run. While gdb evaluates the condition of a breakpoint it calls
    all of them running, though it has stopped at least one: then only a look at each tells."""
    called = [t for t in some if t.is_running()]
    if not called:
        return set()
    with selection_kept():
        return {t.num for t in called if not _has_frame(t)}


def _has_frame(thread):
    try:
        thread.switch()
        return gdb.newest_frame() is not None
    except gdb.error:
        return False


def place():
    """(the selected thread, its innermost pc and stack pointer); None for what cannot be told."""
    thread = selected()
    try:
        frame = gdb.newest_frame()
        return thread and thread.ptid, (frame.pc(), int(frame.read_register("sp")))
    except (gdb.error, AttributeError, ValueError):
        return thread and thread.ptid, None
