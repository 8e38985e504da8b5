# SPDX-License-Identifier: Apache-2.0
"""What coretool asks about a stopped process, answered by gdb: docs/gdb-pipe.md, "Answers"."""
import struct

import gdb

from . import frames, parse, threads

MAX_READ = 2 << 20
NOT_KNOWN = 0xFFFFFFFF
U64 = (1 << 64) - 1
STOPPED = 1
ELF = b"\x7fELF"

_RANGE = struct.Struct("<QII")
_THREAD = struct.Struct("<QQI")
_MAP = struct.Struct("<QQQI")
_SHORT = struct.Struct("<H")
_GOT = struct.Struct("<I")

# What gdb calls the process of a stub that does not tell one.
_NO_PID = 42000


class Answers:
    """The answers about one stop of one inferior, which is the selected one."""

    def __init__(self, inferior, everybody, signals):
        self._inferior = inferior
        self._everybody = threads.in_order(everybody)
        self._running = threads.running(self._everybody)
        self._signals = signals
        self._maps = None
        self._by_kind = {frames.PROCESS: self._process, frames.THREADS: self._thread_page,
                         frames.MAPS: self._map_page, frames.AUXV: self._auxv, frames.READ: self._read}

    def answer(self, kind, value, payload):
        """(value, payload) of ANSWER to a query. Broken: it is no proper query. gdb.error: no answer."""
        return self._by_kind[kind](value, payload)

    def _process(self, _value, _payload):
        inferior = self._inferior
        pid = self._pid()
        facts = {"arch": _architecture(inferior), "path": _what_it_is(inferior, pid)}
        facts["still"] = 0 if self._running else 1
        if pid:
            facts["pid"] = pid
        exe = inferior.progspace.filename
        if exe:
            facts["exe"] = exe[7:] if exe.startswith("target:") else exe
        first = next((t for t in self._everybody if threads.lwp(t) == pid), None)
        if first and first.name:
            facts["comm"] = first.name
        facts.update(self._signals.facts(inferior))
        return 0, frames.pack_list("%s=%s" % pair for pair in facts.items())

    def _pid(self):
        """0: the target does not tell. Then gdb has a number of its own, which is no thread's."""
        numbers = {t.ptid[1] for t in self._everybody}
        pid = self._inferior.pid
        return 0 if pid == _NO_PID and _NO_PID not in numbers else pid

    def _thread_page(self, begin, payload):
        everybody = list(zip(self._everybody, threads.labels(self._everybody)))
        names = frames.unpack_list(payload)
        if len(names) > 64:
            raise frames.Broken("it asks for %d registers; 64 are the limit" % len(names))
        with threads.selection_kept():
            stopped = [t for t in self._everybody if t.num not in self._running]
            handles = _registers_by_handle(stopped, names)
            rows = (_pack_thread(t, label, names, None if t.num in self._running else handles)
                    for t, label in everybody[begin:])
            return len(everybody), _as_many_as_fit(rows)

    def _map_page(self, begin, _payload):
        if begin == 0 or self._maps is None:
            self._maps = parse.mappings(_output_of("info proc mappings")) or self._modules()
        rows = (_MAP.pack(start, end, offset, NOT_KNOWN if protection is None else protection) +
                _short(path) for start, end, offset, protection, path in self._maps[begin:])
        return len(self._maps), _as_many_as_fit(rows)

    def _modules(self):
        """Where the target does not tell its mappings: one for each file that gdb itself has found, if the
        process has it there. gdb may list a program where it would be if it were not relocated."""
        found = []
        for start, end, path in parse.modules(_output_of("info files")):
            if (not found or found[-1][1] <= start) and _memory(self._inferior, start, len(ELF)) == ELF:
                found.append((start, end, U64, None, path))
        return found

    def _auxv(self, _value, _payload):
        pairs = parse.auxv(_output_of("info auxv"))
        return 0, b"".join(struct.pack("<QQ", *pair) for pair in pairs)

    def _read(self, _value, payload):
        if len(payload) % _RANGE.size:
            raise frames.Broken("it asks for memory in a way that there is not")
        ranges = list(_RANGE.iter_unpack(payload))
        if sum(length for _, length, _ in ranges) > MAX_READ:
            raise frames.Broken("it asks for more memory at once than it may")
        answer = []
        for address, length, _ in ranges:
            data = _memory(self._inferior, address, length)
            answer += _GOT.pack(len(data)), data
        return 0, b"".join(answer)


def _architecture(inferior):
    try:
        return inferior.architecture().name()
    except (AttributeError, gdb.error):
        return gdb.selected_frame().architecture().name()


def _what_it_is(inferior, pid):
    connection = getattr(inferior, "connection", None)
    name = "process %d" % pid if pid else "process"
    if connection and "remote" in connection.type:
        return "remote %s at %s" % (name, connection.details or "?")
    return name


def _output_of(command):
    """What a command prints; nothing where gdb or the target cannot do it."""
    try:
        return gdb.execute(command, False, True)
    except gdb.error:
        return ""


def _memory(inferior, address, length):
    if not length or address + length > U64 + 1:
        return b""
    try:
        return bytes(inferior.read_memory(address, length))
    except (gdb.error, OverflowError, ValueError):  # gdb.MemoryError is one of the first
        return b""


def _short(text):
    data = text.encode("utf-8", "surrogateescape")[:0xFFFF]
    return _SHORT.pack(len(data)) + data


def _as_many_as_fit(rows):
    """Rows one behind the other, no more of them made than a frame takes."""
    page, size = [], 0
    for row in rows:
        size += len(row)
        if size > frames.MAX_PAYLOAD:
            break
        page.append(row)
    return b"".join(page)


def _registers_by_handle(stopped, names):
    """What read_register() takes fastest for these names: this is the hot loop of a large process."""
    for thread in stopped[:1] if names else ():
        try:
            thread.switch()
            find = gdb.newest_frame().architecture().registers().find
            return [find(name) or name for name in names]
        except (AttributeError, gdb.error):
            pass  # an older gdb, or a thread that has gone
    return names


def _pack_thread(thread, label, names, handles):
    """One thread of THREADS. Of one that runs (handles: None) nothing but its numbers can be had."""
    known, values = 0, [0] * len(names)
    stopped = handles is not None
    if stopped and names:
        try:
            thread.switch()
            known, values = _registers(gdb.newest_frame(), names, handles)
        except gdb.error:
            stopped = False  # it ended, or the target lost it
    return (_THREAD.pack(threads.lwp(thread), known, STOPPED if stopped else 0) + _short(label) +
            _short(thread.name or "") + struct.pack("<%dQ" % len(values), *values))


def _registers(frame, names, handles):
    """(bits of the known ones, values)."""
    read = frame.read_register
    try:
        return (1 << len(names)) - 1, [int(read(handle)) & U64 for handle in handles]
    except (gdb.error, ValueError):
        pass
    known, values = 0, []
    for i, name in enumerate(names):
        try:
            values.append(int(read(name)) & U64)
            known |= 1 << i
        except (gdb.error, ValueError):
            values.append(0)
    return known, values
