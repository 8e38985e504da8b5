# SPDX-License-Identifier: Apache-2.0
"""$_coretool_owner() and its like."""
import gdb

from . import reports, texts, threads
from .expressions import address_of


class _Function(gdb.Function):
    """A function that asks the engine."""

    NAME = None
    FEWEST = MOST = 1  # arguments

    def __init__(self, engine):
        self.__doc__ = texts.dedented(self)
        self._engine = engine
        super().__init__(self.NAME)

    def invoke(self, *args):
        if not self.FEWEST <= len(args) <= self.MOST:
            raise gdb.GdbError("$%s takes %s argument%s." % (
                self.NAME, ("no", "one", "at most one")[self.MOST + (self.FEWEST < self.MOST)],
                "" if self.MOST else "s"))
        try:
            return self.answer(*args)
        except gdb.GdbError:
            raise
        except (gdb.error, RuntimeError, ValueError, TypeError, AttributeError, KeyError) as error:
            raise gdb.GdbError("$%s: %s" % (self.NAME, error)) from None

    def answer(self, *_args):
        """What the function gives."""
        raise NotImplementedError

    def _about(self, lock):
        address = address_of(lock)
        return address, reports.report(self._engine, ["explain", "0x%x" % address])


class Owner(_Function):
    """$_coretool_owner - the number of the thread that holds a lock.

    Usage: $_coretool_owner (LOCK)

    LOCK is the lock or its address. Gives the thread's number in its inferior, as in $_thread; 0 if no thread
    is known to hold it."""

    NAME = "_coretool_owner"

    def answer(self, lock):
        address, report = self._about(lock)
        return reports.number_of(report.owner(address))


class Waiters(_Function):
    """$_coretool_waiters - how many threads wait for a lock.

    Usage: $_coretool_waiters (LOCK)

    LOCK is the lock or its address."""

    NAME = "_coretool_waiters"

    def answer(self, lock):
        address, report = self._about(lock)
        return report.waiters(address)


class WaitsOn(_Function):
    """$_coretool_waits_on - the number of the thread that a thread waits for.

    Usage: $_coretool_waits_on ([THREAD])

    THREAD is a number as in $_thread; without it, the selected thread is meant. Gives 0 if it waits for none,
    or for one that is not known."""

    NAME = "_coretool_waits_on"
    FEWEST = 0

    def answer(self, thread=None):
        chosen = threads.selected() if thread is None else threads.named(str(int(thread)))
        report = reports.quick(self._engine)
        return reports.number_of(report.waits_on(threads.lwp(chosen))) if chosen else 0


class IsDeadlocked(_Function):
    """$_coretool_is_deadlocked - whether threads can never go on: 1 or 0.

    Usage: $_coretool_is_deadlocked ()

    They wait for each other in a circle, for themselves, or for a lock whose owner has exited, and no timeout
    ends that."""

    NAME = "_coretool_is_deadlocked"
    FEWEST = MOST = 0

    def answer(self):
        return 1 if reports.quick(self._engine).deadlocked else 0


def register(engine):
    for function in (Owner, Waiters, WaitsOn, IsDeadlocked):
        function(engine)
