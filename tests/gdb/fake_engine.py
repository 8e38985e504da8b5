# SPDX-License-Identifier: Apache-2.0
"""Stands in for coretool in tests of the gdb extension, and behaves as FAKE_ENGINE says.

The script beside it, which starts it, leaves a file for each in FAKE_ENGINE_LOG: a test sees which there were.
A behaviour that is not in BAD is a good one: it answers each request, and RUN by what gdb told it.
"""

import json
import os
import pathlib
import signal
import struct
import subprocess
import sys
import time

HEADER = struct.Struct("<IIQ")
HELLO, RUN, DESCRIBE, COMPLETE, FIND, OUTPUT, DONE = 1, 16, 17, 18, 19, 32, 33
PROCESS, THREADS, MAPS, AUXV, READ, ANSWER = 48, 49, 50, 51, 52, 64
REGISTERS = ["rip", "rsp", "rax", "no_such_register", "eflags", "fs_base"]
FOREVER = 1000
LIMIT = 4 << 20

FORMATS = "text json ndjson dot"
CATALOGUE = {
    "schema": "coretool-catalogue/1", "tool": {"name": "coretool", "version": "0"}, "rows": [
        {"type": "command", "name": "analyze", "args": "CORE [EXE]", "summary": "what is wrong",
         "help": "Says it.\nCORE is a file.", "options": "format json output color exe", "gdb": "target"},
        {"type": "command", "name": "threads", "args": "CORE [EXE]", "summary": "every thread",
         "help": "Lists them.", "options": "format json color quiet", "gdb": "target"},
        {"type": "command", "name": "explain", "args": "CORE ADDR [EXE]", "summary": "what is there",
         "help": "Says it. ADDR is hexadecimal.\nCORE is a file.", "options": "format json color verbose",
         "gdb": "target"},
        {"type": "command", "name": "tomorrow", "args": "CORE [EXE]", "summary": "a command of later",
         "help": "It came without a change in gdb.", "options": "color", "gdb": "target"},
        {"type": "command", "name": "rules", "args": "[ID]", "summary": "what is looked for",
         "help": "Lists them.", "options": "format json", "gdb": "plain"},
        {"type": "command", "name": "serve", "args": "--source=pipe | CORE", "summary": "serve",
         "help": "", "options": "exe quiet source block-size max-frames"},
        {"type": "option", "name": "format", "value": "FORMAT", "choices": FORMATS, "summary": "format"},
        {"type": "option", "name": "json", "summary": "the same as --format json"},
        {"type": "option", "name": "color", "value": "WHEN", "choices": "auto always never",
         "summary": "colors"},
        {"type": "option", "name": "output", "letter": "o", "value": "FILE", "summary": "where to"},
        {"type": "option", "name": "quiet", "letter": "q", "summary": "less"},
        {"type": "option", "name": "verbose", "letter": "v", "summary": "more"},
        {"type": "option", "name": "exe", "value": "FILE", "summary": "the program"}]}


class Gone(Exception):
    """gdb has closed the pipe."""


def send(kind, value=0, payload=b"", length=None):
    data = HEADER.pack(kind, len(payload) if length is None else length, value) + payload
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def take(size):
    data = sys.stdin.buffer.read(size)
    if len(data) < size:
        raise Gone
    return data


def receive():
    kind, length, value = HEADER.unpack(take(HEADER.size))
    return kind, value, take(length)


def words_of(payload):
    return payload.decode().split("\0")[:-1]


def query(kind, value=0, payload=b""):
    """(value, payload) of the answer; the text in its place when gdb has none."""
    send(kind, value, payload)
    answer, value, payload = receive()
    return (value, payload) if answer == ANSWER else (None, payload)


def hello(version=1):
    send(HELLO, version, b"coretool 0\0pthread_mutex_t\0")


def list_of(words):
    return b"".join(word.encode() + b"\0" for word in words)


class Reader:
    def __init__(self, data):
        self.data = data

    def take(self, layout):
        size = struct.calcsize(layout)
        taken, self.data = struct.unpack(layout, self.data[:size]), self.data[size:]
        return taken if len(taken) > 1 else taken[0]

    def text(self):
        size = self.take("<H")
        taken, self.data = self.data[:size], self.data[size:]
        return taken.decode()


def threads():
    """Lines about what gdb says of its threads, asked one page after the other."""
    got, total = 0, 1
    while got < total:
        total, page = query(THREADS, got, list_of(REGISTERS))
        reader, before = Reader(page), got
        while reader.data:
            lwp, known, flags = reader.take("<QQI")
            number, name = reader.text(), reader.text()
            values = [reader.take("<Q") for _ in REGISTERS]
            told = " ".join(f"{r}={v:#x}" for i, (r, v) in enumerate(zip(REGISTERS, values))
                            if known >> i & 1)
            yield f"thread {number} lwp {lwp} name {name} flags {flags} {told}"
            got += 1
        if got == before:
            yield "thread: an empty page"
            return


def maps():
    total, page = query(MAPS)
    reader = Reader(page)
    while reader.data:
        start, end, offset, protection = reader.take("<QQQI")
        yield f"map {start:#x} {end:#x} {offset:#x} {protection} {reader.text()}".rstrip()
    yield f"maps {total}"


def memory(ranges):
    """The bytes of each range, or None."""
    payload = b"".join(struct.pack("<QII", address, length, 0) for address, length in ranges)
    reader = Reader(query(READ, 0, payload)[1])
    found = []
    for _, length in ranges:
        got = reader.take("<I")
        found.append(reader.data[:got] if got else None)
        reader.data = reader.data[got:]
    return found


def told():
    """Everything that gdb says about the process, as text."""
    yield from ("process " + fact for fact in words_of(query(PROCESS)[1]))
    yield from threads()
    mappings = list(maps())
    yield from mappings
    pairs = query(AUXV)[1]
    auxv = dict(struct.iter_unpack("<QQ", pairs))
    yield "auxv " + " ".join(f"{kind}={value:#x}" for kind, value in sorted(auxv.items()))
    header = auxv.get(3, 64) - 64
    first, edge, far, empty, again = memory(
        [(header, 4), (0, 8), (2**64 - 8, 8), (header, 0), (header + 1, 3)])
    yield f"read {first} {edge} {far} {empty} {again}"


def answer(kind, value, payload):
    """A good answer."""
    if kind == RUN:
        words = words_of(payload)
        if words[0] == "tomorrow":
            send(OUTPUT, 2, b"coretool: a complaint\nand more of it\n")
            send(DONE, 2)
            return
        text = "ran " + " ".join(words) + f" in {value} columns\n"
        if words[0] == "threads":
            text += "\n".join(told()) + "\n"
        send(OUTPUT, 1, text.encode())
    elif kind == DESCRIBE:
        send(OUTPUT, 1, f"described {payload.decode()} at {value:#x}\n".encode())
    elif kind == COMPLETE:
        send(OUTPUT, 1, b"0x1230\n0x1231\n")
    elif kind == FIND:
        send(OUTPUT, 1, f"{value} 0x0\nfound {payload.decode()} of {value}\n".encode())
    send(DONE)


def serve_well():
    hello()
    while True:
        answer(*receive())


def once(behave):
    """As the behaviour says the first time; well from the second time on."""
    def behaves():
        if len(list(pathlib.Path(os.environ["FAKE_ENGINE_LOG"]).glob("serve-*"))) == 1:
            behave()
        else:
            serve_well()
    return behaves


def greeted(behave):
    """Says hello and takes a request before it behaves as it should not."""
    def behaves():
        hello()
        receive()
        behave()
    return behaves


def hang():
    time.sleep(FOREVER)


def hang_with_family():
    """It ignores what may be ignored, and has a child that holds its pipes."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    subprocess.Popen(["sleep", str(FOREVER)])
    hang()


def crash():
    sys.stderr.write("fake: here it ends\n")
    sys.stderr.flush()
    os.kill(os.getpid(), signal.SIGKILL)


def trickle():
    data = HEADER.pack(OUTPUT, 1000, 1)
    while True:
        for byte in data:
            sys.stdout.buffer.write(bytes([byte]))
            sys.stdout.buffer.flush()
            time.sleep(0.4)
        data = b"x"


def flood():
    while True:
        send(OUTPUT, 1, b"flood\n" * 100000)


def flood_noise():
    while True:
        os.write(2, b"noise " * 10000 + b"\n")


def garbage():
    sys.stdout.buffer.write(bytes(range(7, 256)) * 20)
    sys.stdout.buffer.flush()
    hang()


def deaf():
    """Asks for more and more, and reads no answer."""
    while True:
        send(MAPS)


def read_too_much():
    send(READ, 0, struct.pack("<QII", 0x1000, 1 << 20, 0) * 4)
    hang()


def read_absurd():
    """Allowed, though nothing of it is there."""
    found = memory([(2**64 - 1, 2 << 20), (0xdeadbeef00000000, 0), (0, 0), (2**63, 0)])
    send(OUTPUT, 1, f"absurd {found}\n".encode())
    send(DONE)
    hang()


BAD = {
    "die-before-hello": crash,
    "hang-before-hello": hang,
    "hang": greeted(hang),
    "hang-once": once(greeted(hang)),
    "hang-with-family": greeted(hang_with_family),
    "die": greeted(crash),
    "die-once": once(greeted(crash)),
    "die-once-at-start": once(crash),
    "exit": lambda: sys.exit(3),
    "version": lambda: (hello(7), hang()),
    "no-hello": lambda: (send(DONE), hang()),
    "hello-unended": lambda: (send(HELLO, 1, b"coretool 0\0pthread"), hang()),
    "two-hellos": lambda: (hello(), hello(), hang()),
    "oversize": greeted(lambda: (send(OUTPUT, 1, b"", LIMIT + 1), hang())),
    "enormous": greeted(lambda: (send(OUTPUT, 1, b"", 2**32 - 1), hang())),
    "unknown-type": greeted(lambda: (send(77), hang())),
    "request-type": greeted(lambda: (send(RUN, 0, b"threads\0"), hang())),
    "output-kind": greeted(lambda: (send(OUTPUT, 9, b"what\n"), hang())),
    "garbage": greeted(garbage),
    "garbage-at-once": garbage,
    "half-a-frame": greeted(lambda: (send(OUTPUT, 1, b"half", 5000), sys.exit(0))),
    "trickle": greeted(trickle),
    "flood": greeted(flood),
    "flood-noise": greeted(flood_noise),
    "deaf": greeted(deaf),
    "read-too-much": greeted(read_too_much),
    "read-part": greeted(lambda: (send(READ, 0, b"x" * 17), hang())),
    "read-absurd": greeted(read_absurd),
    "many-registers": greeted(lambda: (send(THREADS, 0, list_of(["rip"] * 65)), hang())),
    "registers-unended": greeted(lambda: (send(THREADS, 0, b"rip"), hang())),
    "threads-beyond": greeted(lambda: (
        query(THREADS, 2**64 - 1, b""), query(MAPS, 2**63, b""), send(DONE), hang())),
    "fails-silently": greeted(lambda: (send(DONE, 2), hang())),
    "binary-output": greeted(lambda: (send(OUTPUT, 1, b"a\xff\0b\xc3\n"), send(DONE), hang())),
    "closed-output": greeted(lambda: (os.close(1), hang())),
    "answers-twice": greeted(lambda: (send(OUTPUT, 1, b"one\n"), send(DONE), send(DONE), hang())),
}


def write_catalogue(how):
    if how == "catalogue-hangs":
        hang()
    if how == "catalogue-fails":
        sys.exit("fake: no catalogue")
    if how == "catalogue-floods":
        while True:
            sys.stdout.write("[" * 100000)
    if how == "catalogue-garbage":
        print("[1, 2")
    elif how == "catalogue-strange":
        print(json.dumps({"schema": "coretool-catalogue/1", "rows": [{"type": "command"}, 3]}))
    else:
        print(json.dumps(CATALOGUE))


def main():
    how = os.environ.get("FAKE_ENGINE", "")
    if sys.argv[1] == "commands":
        write_catalogue(how)
    elif sys.argv[1] == "serve":
        BAD.get(how, serve_well)()
    else:
        print("printed", *sys.argv[1:])


if __name__ == "__main__":
    try:
        main()
    except (Gone, BrokenPipeError):
        os._exit(0)
