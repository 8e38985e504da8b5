# SPDX-License-Identifier: Apache-2.0
"""What signal stopped a process: gdb says it once, when it happens."""
import signal

import gdb

from . import threads

# Those by which a debugger or a shell stops a program, and those that mean no harm.
_HARMLESS = {getattr(signal, name, None) for name in (
    "SIGINT", "SIGTRAP", "SIGSTOP", "SIGTSTP", "SIGTTIN", "SIGTTOU", "SIGCONT", "SIGCHLD", "SIGWINCH",
    "SIGURG")}
_FAULTS = {signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGFPE}
_FROM_THE_KERNEL = range(1, 0x80)  # SI_KERNEL (0x80) and what kill() sends have no address


class Signals:
    """The last stop of each inferior, by number: (the signal's name or None, the thread)."""

    def __init__(self):
        self._last = {}

    def stopped(self, event):
        """Takes note of a stop event."""
        name = event.stop_signal if isinstance(event, gdb.SignalEvent) else None
        thread = getattr(event, "inferior_thread", None) or threads.selected()
        if thread:
            self._last[thread.inferior.num] = name, thread

    def forget(self, thread):
        """This thread goes on; None: all do."""
        self._last = {number: (name, stopped) for number, (name, stopped) in self._last.items()
                      if thread is not None and stopped != thread}

    def facts(self, inferior):
        """The pairs of PROCESS that tell the signal: {} when none stopped it that matters.

        Of a process that stopped before this was loaded, the selected thread's last signal is taken.
        """
        selected = threads.selected()
        if inferior.num in self._last:
            name, thread = self._last[inferior.num]
            number = getattr(signal, name, None) if name else None
            if number is None:
                return {}
        else:
            number, thread = None, selected
        if not thread or not thread.is_valid() or thread.is_running():
            return {}
        with threads.selection_kept():
            if thread != selected:
                thread.switch()
            told = _siginfo(("si_signo",))
            number = told or number
            if not number or number in _HARMLESS:
                return {}
            facts = {"signal": int(number), "lwp": threads.lwp(thread)}
            code = _siginfo(("si_code",)) if told else None
            if code is not None:
                facts["code"] = code
                address = _siginfo(("_sifields", "_sigfault", "si_addr"))
                if number in _FAULTS and code in _FROM_THE_KERNEL and address is not None:
                    facts["address"] = address & ((1 << 64) - 1)
            return facts


def _siginfo(fields):
    try:
        value = gdb.parse_and_eval("$_siginfo")
        for field in fields:
            value = value[field]
        return int(value)
    except (gdb.error, RuntimeError, TypeError):
        return None
