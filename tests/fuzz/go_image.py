# SPDX-License-Identifier: Apache-2.0
"""The parts that go_process.py makes a process of: memory, and functions with the table of them."""
import struct

TEXT = 0x401000
ARGS, LOCALS, OBJECTS, INLINE_TREE, DEFERS = range(5)  # FUNCDATA


class Memory:
    """Maps of zeros, and what is put into them."""

    def __init__(self):
        self.maps = []  # start, bytes, protection, is it the program's image

    def map(self, start, size, prot, image=False):
        self.maps.append((start, bytearray(size), prot, image))

    def put(self, at, data):
        for start, data_of, *_ in self.maps:
            if start <= at and at + len(data) <= start + len(data_of):
                data_of[at - start:at - start + len(data)] = data
                return
        raise ValueError(f"nothing is mapped at {at:#x}")

    def words(self, at, *values):
        self.put(at, struct.pack(f"<{len(values)}Q", *(value & (1 << 64) - 1 for value in values)))

    def word(self, at):
        data, offset = next((data, at - start) for start, data, *_ in self.maps
                            if start <= at < start + len(data))
        return int.from_bytes(data[offset:offset + 8], "little")

    def chunks(self):
        """Runs of words that are other than zero, with short gaps."""
        for start, data, *_ in self.maps:
            first = last = None
            for at in range(0, len(data), 8):
                if not any(data[at:at + 8]):
                    continue
                if first is not None and at - last > 48:
                    yield start + first, bytes(data[first:last + 8])
                    first = None
                first, last = at if first is None else first, at
            if first is not None:
                yield start + first, bytes(data[first:last + 8])


def varint(value):
    out = b""
    while value >= 128:
        out += bytes((value & 127 | 128,))
        value >>= 7
    return out + bytes((value,))


def near(at, opcode, target):
    """An instruction whose operand is relative to its end."""
    return opcode + struct.pack("<i", target - (at + len(opcode) + 4))


class Code:
    """Functions one behind the other, and the table of them (pclntab)."""

    def __init__(self, process):
        self.p, self.end = process, TEXT
        self.functions = []  # name, where, bytes of its frame, flags, FUNCDATA
        self.returns = {}  # name: where it goes on

    def add(self, name, frame=56, *steps, flags=0, data=None, left=0):
        """steps: (opcode, target) as near() has them, or plain bytes; data: FUNCDATA by number. The function
        has called another one with the step `left`."""
        entry = self.end
        text = bytes((0x48, 0x83, 0xec, frame)) if frame else b""
        self.returns[name] = entry + len(text)
        for number, step in enumerate(steps):
            text += step if isinstance(step, bytes) else near(entry + len(text), *step)
            if number == left:
                self.returns[name] = entry + len(text)
        text += bytes((0x48, 0x83, 0xc4, frame, 0xc3)) if frame else b"\xc3"
        self.p.memory.put(entry, text)
        self.end += len(text) + 7 & ~7
        self.functions.append((name, entry, frame, flags, data or {}))

    def row(self, name):
        return next(row for row in self.functions if row[0] == name)

    def at(self, name):
        return self.row(name)[1]

    def write(self, at, gofunc):
        """pclntab; returns the parts of moduledata."""
        old = self.p.version < 20
        names, table, pcs, ftab = b"\0", b"", b"\0", b""
        ends = [row[1] for row in self.functions[1:]] + [self.end]
        for index, (name, entry, frame, flags, data) in enumerate(self.functions):
            length = varint(ends[index] - entry)
            offset, record = len(pcs), len(table)
            pcs += varint((frame + 1) * 2) + length + b"\0"  # frame sizes
            pcs += varint(2) + length + b"\0"  # file 0, stack map 0
            pcs += varint(24 + 2 * index) + length + b"\0"  # lines
            inline = len(pcs)
            pcs += varint(2) + varint(4) + varint(1) + length + b"\0"
            file = offset + 1 + len(varint((frame + 1) * 2)) + len(length)
            line = file + 2 + len(length)
            inlined = INLINE_TREE in data
            table += struct.pack("<IiIIIIII", entry - TEXT, len(names), 0, 48 if frame else 0,
                                 offset, file, line, 3 if inlined else 2)
            table += struct.pack("<I", 0) + (b"" if old else struct.pack("<I", 12))
            table += bytes((0, flags, 0, 5)) + struct.pack("<II", 0, file)
            table += struct.pack("<I", inline) if inlined else b""
            table += struct.pack("<5I", *(data.get(number, 0xffffffff) for number in range(5)))
            ftab += struct.pack("<II", entry - TEXT, record)
            names += name.encode() + b"\0"
        ftab += struct.pack("<II", self.end - TEXT, 0)
        magic = 0xfffffff0 if old else 0xfffffff1
        files = b"/srv/shop/main.go\0"
        parts = {"FUNCNAMETAB": names, "CUTAB": struct.pack("<II", 0, 0), "FILETAB": files,
                 "PCTAB": pcs, "PCLNTABLE": table, "FTAB": ftab}
        self.p.memory.put(at, struct.pack("<IBBBBQ", magic, 0, 0, 1, 8, len(self.functions)))
        module = self.p.moduledata
        self.p.memory.words(module, at)
        at += 72
        for name, part in parts.items():
            self.p.memory.put(at, part)
            n = len(part) // {"CUTAB": 4, "FTAB": 8}.get(name, 1)
            self.p.memory.words(module + self.p.fields["MODULEDATA_" + name], at, n, n)
            at = at + len(part) + 15 & ~15
        for name, value in (("MINPC", TEXT), ("MAXPC", self.end), ("TEXT", TEXT), ("ETEXT", self.end),
                            ("GOFUNC", gofunc)):
            self.p.set(module, "MODULEDATA_" + name, value)
        return at
