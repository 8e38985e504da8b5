# SPDX-License-Identifier: Apache-2.0
"""The frames of docs/gdb-pipe.md. Knows nothing of gdb.

The other end may send anything, at any time, or nothing: what it sends is checked before it is used or
memory is taken for it, and no call waits longer than it was told.
"""
import errno
import os
import select
import struct
import time

VERSION = 1
MAX_PAYLOAD = 4 << 20
HEADER = struct.Struct("<IIQ")

HELLO = 1
RUN, DESCRIBE, COMPLETE, FIND = range(16, 20)
OUTPUT, DONE = 32, 33
PROCESS, THREADS, MAPS, AUXV, READ = range(48, 53)
ANSWER, FAIL = 64, 65

QUERIES = frozenset((PROCESS, THREADS, MAPS, AUXV, READ))
FROM_CHILD = QUERIES | {HELLO, OUTPUT, DONE}

# An interrupt between two system calls is seen after so long.
SLICE_SECONDS = 0.2
CHUNK = 1 << 20
GONE = (errno.EPIPE, errno.ECONNRESET, errno.EIO)


class Broken(Exception):
    """What came breaks the rules of the protocol: there is no sense in going on."""


class Lost(Exception):
    """The other end has closed."""


class Silent(Exception):
    """The other end said, or took, nothing for too long."""


def pack(kind, value=0, payload=b""):
    """One frame."""
    if len(payload) > MAX_PAYLOAD:
        raise Broken("a frame of %d bytes is more than can be sent" % len(payload))
    return HEADER.pack(kind, len(payload), value) + payload


def unpack_header(data):
    """(type, length of the payload, value) of a header of the child's; Broken when it cannot be one."""
    kind, length, value = HEADER.unpack(data)
    if kind not in FROM_CHILD:
        raise Broken("it sent a frame of type %d, which there is not" % kind)
    if length > MAX_PAYLOAD:
        raise Broken("it sent a frame of %d bytes; %d are the limit" % (length, MAX_PAYLOAD))
    return kind, length, value


def pack_list(words):
    """A list of strings, each ended by a NUL."""
    words = list(words)
    if any("\0" in word for word in words):
        raise Broken("a word with a NUL cannot be sent")
    return b"".join(word.encode("utf-8", "surrogateescape") + b"\0" for word in words)


def unpack_list(payload):
    """The strings of a list; Broken when the last one does not end."""
    if not payload:
        return []
    if payload[-1]:
        raise Broken("it sent a list whose last string does not end")
    return bytes(payload[:-1]).decode("utf-8", "replace").split("\0")


class Pipe:
    """Two file descriptors, made non-blocking, and a third one whose bytes are kept as the noise.

    The descriptors are the caller's; noise may be None. The noise is what a program says on standard
    error: it is read so that nobody blocks on it, and its end is kept for a message.
    """

    NOISE_KEPT = 2000

    def __init__(self, source, sink, noise=None):
        self.source, self.sink, self.noise = source, sink, noise
        self.heard = b""
        self._received = bytearray()
        for fd in (source, sink, noise):
            if fd is not None:
                os.set_blocking(fd, False)

    def send(self, kind, value, payload, seconds):
        """Sends one frame within so many seconds (None: at any time)."""
        data = memoryview(pack(kind, value, payload))
        end = _end(seconds)
        while data:
            try:
                data = data[os.write(self.sink, data):]
            except BlockingIOError:
                self._wait(self.sink, select.POLLOUT, end)
            except OSError as error:
                if error.errno in GONE:
                    raise Lost() from None
                raise

    def receive(self, seconds):
        """(type, value, payload) of the next frame, whole within so many seconds (None: at any time)."""
        end = _end(seconds)
        kind, length, value = unpack_header(self._take(HEADER.size, end))
        return kind, value, self._take(length, end)

    def receive_rest(self, most, seconds):
        """Everything until the other end closes: at most so many bytes, within so many seconds."""
        end = _end(seconds)
        while self._more(end):
            if len(self._received) > most:
                raise Broken("it sent more than %d bytes" % most)
        return bytes(self._received)

    def _take(self, size, end):
        while len(self._received) < size:
            if not self._more(end):
                raise Lost()
        taken = bytes(self._received[:size])
        del self._received[:size]
        return taken

    def _more(self, end):
        """Waits for bytes and keeps them; False: the other end has closed."""
        while True:
            try:
                data = os.read(self.source, CHUNK)
            except BlockingIOError:
                self._wait(self.source, select.POLLIN, end)
                continue
            except OSError as error:
                if error.errno not in GONE:
                    raise
                data = b""
            self._received += data
            return bool(data)

    def _wait(self, fd, event, end):
        """Until something can be done with fd. Only poll() has no limit on descriptors' numbers."""
        while True:
            poll = select.poll()
            poll.register(fd, event)
            if self.noise is not None:
                poll.register(self.noise, select.POLLIN)
            left = SLICE_SECONDS if end is None else min(SLICE_SECONDS, end - time.monotonic())
            if left <= 0:
                raise Silent()
            ready = [found for found, _ in poll.poll(left * 1000)]
            if self.noise in ready:
                self._hear()
            if fd in ready:
                return

    def _hear(self):
        try:
            data = os.read(self.noise, 65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.noise = None
        self.heard = (self.heard + data)[-self.NOISE_KEPT:]

    def last_words(self):
        """The last line of the noise, printable, or nothing."""
        if self.noise is not None:
            self._hear()
        lines = self.heard.decode("utf-8", "replace").strip().splitlines()
        return "".join(c if c.isprintable() else "?" for c in lines[-1])[:200] if lines else ""


def _end(seconds):
    return None if seconds is None else time.monotonic() + seconds
