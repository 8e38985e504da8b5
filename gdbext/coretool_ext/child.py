# SPDX-License-Identifier: Apache-2.0
"""One running coretool: how it starts, what it says first, and that it goes. Knows nothing of gdb."""
import fcntl
import os
import signal
import subprocess

from . import frames

PIPE_SIZE = 1 << 20
F_SETPIPE_SZ = getattr(fcntl, "F_SETPIPE_SZ", 1031)
WAIT_SECONDS = 2


class NotStarted(Exception):
    """The program cannot be run."""


class Failed(Exception):
    """It ended with an error: what it said last, or nothing, and how."""

    def __init__(self, words, how):
        super().__init__(how)
        self.words = words


class Child:
    """A coretool in a session of its own, so that an interrupt of the terminal's reaches gdb alone.

    close() ends it at once, however it is. Every way out of a conversation that did not end as it
    should goes through there.
    """

    def __init__(self, argv):
        try:
            self._process = subprocess.Popen(
                argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                start_new_session=True, bufsize=0)
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or str(error)
            raise NotStarted('cannot run "%s": %s' % (argv[0], why)) from None
        streams = self._process.stdin, self._process.stdout
        for stream in streams:
            try:
                fcntl.fcntl(stream.fileno(), F_SETPIPE_SZ, PIPE_SIZE)
            except OSError:
                pass  # slower, and no worse
        self.pipe = frames.Pipe(self._process.stdout.fileno(), self._process.stdin.fileno(),
                                self._process.stderr.fileno())

    def greet(self, seconds):
        """Waits for HELLO and checks it. Gives the type names that DESCRIBE takes."""
        kind, value, payload = self.pipe.receive(seconds)
        if kind != frames.HELLO:
            raise frames.Broken("it does not begin with a greeting")
        if value != frames.VERSION:
            raise frames.Broken("it speaks version %d of the protocol, gdb's side version %d: "
                                "they must be of one installation" % (value, frames.VERSION))
        return frames.unpack_list(payload)[1:]

    def status(self):
        """What it exited with, or minus the signal; None: it runs."""
        return self._process.poll()

    def how_it_ended(self):
        """A few words for a message, after Lost."""
        try:
            status = self._process.wait(WAIT_SECONDS)
        except subprocess.TimeoutExpired:
            return "it closed its output"
        words = self.pipe.last_words()
        how = "killed by %s" % _signal_name(-status) if status < 0 else "exit status %d" % status
        return "%s: %s" % (how, words) if words else how

    def close(self):
        """Kills it, with all that it may have started, and forgets it. May be called again."""
        process = self._process
        if process.returncode is None:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except OSError:
                pass  # it has gone
        for stream in (process.stdin, process.stdout, process.stderr):
            stream.close()
        try:
            process.wait(WAIT_SECONDS)
        except subprocess.TimeoutExpired:
            pass  # stuck in the kernel: it goes when that lets it


def _signal_name(number):
    try:
        return signal.Signals(number).name
    except ValueError:
        return "signal %d" % number


def output_of(argv, seconds, most):
    """What a program prints: at most so many bytes within so many seconds. Failed: it says that it did."""
    child = Child(argv)
    try:
        output = child.pipe.receive_rest(most, seconds)
        how = child.how_it_ended()
        if child.status():
            raise Failed(child.pipe.last_words(), how)
        return output
    finally:
        child.close()


def greeting_of(argv, seconds):
    """The type names of HELLO."""
    child = Child(argv)
    try:
        return child.greet(seconds)
    finally:
        child.close()
