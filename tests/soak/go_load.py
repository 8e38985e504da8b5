# SPDX-License-Identifier: Apache-2.0
"""Load for a server of HTTP on loopback: many clients at a time, of which some go away in mid-request.

Those are what makes a server's goroutines meet cancelled contexts, half-read bodies and answers that
nobody takes: healthy code ends them all, and none of it is a leak.
"""

import collections
import contextlib
import dataclasses
import http.client
import random
import socket
import struct
import threading
import time

CLIENTS = 24
SECONDS = 30  # that a client waits for an answer: the server stands still while a core is made of it
PAUSE = 0.005  # between two tries of a client: the load is to be light
HELD = 0.5  # that a client keeps a request half told
IN_ROW = 8  # requests over one connection
UPLOAD = 1 << 20  # bytes that a client promises who sends only some of them


@dataclasses.dataclass(frozen=True)
class Ask:
    """A request. `streams`: its answer has no end, so that the client always goes away first."""

    path: str
    body: str = ""
    streams: bool = False


class Load:
    """A context manager: inside of it the clients are at work. `done` counts by what they did."""

    def __init__(self, port, asks, headers=()):
        self.port, self.asks, self.headers = port, asks, dict(headers)
        self.done = collections.Counter()
        self.lock, self.stop = threading.Lock(), threading.Event()
        self.clients = [threading.Thread(target=self.client, args=(random.Random(i),))
                        for i in range(CLIENTS)]
        self.ways = (self.whole, self.whole, self.in_head, self.in_body, self.in_answer, self.at_once,
                     self.held)

    def __enter__(self):
        for client in self.clients:
            client.start()
        return self

    def __exit__(self, *exc):
        self.stop.set()
        for client in self.clients:
            client.join()

    def aborted(self):
        return sum(count for way, count in self.done.items() if way != "whole")

    def await_(self, least, seconds):
        """Waits until that many requests have had their answer and as many have been aborted."""
        deadline = time.monotonic() + seconds
        while min(self.done["whole"], self.aborted()) < least and time.monotonic() < deadline:
            self.stop.wait(0.05)
        return min(self.done["whole"], self.aborted()) >= least

    def client(self, rng):
        while not self.stop.wait(PAUSE):
            ask = rng.choice(self.asks)
            way = rng.choice((self.in_answer, self.at_once) if ask.streams else self.ways)
            with contextlib.suppress(OSError, http.client.HTTPException):
                count = way(ask)
                with self.lock:
                    self.done[way.__name__] += count

    def text(self, ask, length=None):
        """The request as bytes, head and body apart."""
        body = ask.body.encode()
        lines = [f"{'POST' if body or length else 'GET'} {ask.path} HTTP/1.1", "Host: 127.0.0.1",
                 *(f"{name}: {value}" for name, value in self.headers.items())]
        if body or length:
            lines += ["Content-Type: application/x-www-form-urlencoded",
                      f"Content-Length: {length or len(body)}"]
        return "\r\n".join([*lines, "", ""]).encode(), body

    @contextlib.contextmanager
    def connected(self, abruptly=True):
        """A connection; abruptly: its end is a reset, as of a client that was killed."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=SECONDS) as connection:
            if abruptly:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            yield connection

    # ---- what a client does ----

    def whole(self, ask):
        """Some requests over one connection, each answer taken whole."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        done = 0
        with contextlib.closing(connection):
            while done < IN_ROW and not self.stop.is_set():
                connection.request("POST" if ask.body else "GET", ask.path, ask.body or None, self.headers)
                connection.getresponse().read()
                done += 1
        return done

    def in_head(self, ask):
        head, _ = self.text(ask)
        with self.connected(abruptly=False) as connection:
            connection.sendall(head[:len(head) // 2])
        return 1

    def in_body(self, ask):
        head, body = self.text(ask, UPLOAD)
        with self.connected() as connection:
            connection.sendall(head + body + b"x" * 4096)
            self.stop.wait(PAUSE)
        return 1

    def in_answer(self, ask):
        with self.connected() as connection:
            connection.sendall(b"".join(self.text(ask)))
            connection.recv(100)
            if ask.streams:
                self.stop.wait(HELD)
        return 1

    def at_once(self, ask):
        with self.connected() as connection:
            connection.sendall(b"".join(self.text(ask)))
        return 1

    def held(self, ask):
        head, _ = self.text(ask)
        with self.connected(abruptly=False) as connection:
            connection.sendall(head[:-2])
            self.stop.wait(HELD)
        return 1
