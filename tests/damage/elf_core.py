# SPDX-License-Identifier: Apache-2.0
"""Where the parts of an ELF core are: headers, notes, segments."""
import collections
import struct

EHDR = struct.Struct("<16sHHIQQQIHHHHHH")
PHDR = struct.Struct("<IIQQQQQQ")
NOTE_HEADER = struct.Struct("<III")
PT_LOAD, PT_NOTE = 1, 4
# (name, offset, size)
PHDR_FIELDS = [("p_type", 0, 4), ("p_flags", 4, 4), ("p_offset", 8, 8), ("p_vaddr", 16, 8),
               ("p_filesz", 32, 8), ("p_memsz", 40, 8)]

Note = collections.namedtuple("Note", "at type size")
Load = collections.namedtuple("Load", "offset vaddr filesz memsz")


class ElfCore:
    """A whole core; at and end are offsets in the file."""

    def __init__(self, data):
        self.data, self.size = data, len(data)
        header = EHDR.unpack_from(data)
        self.phoff, self.n = header[5], header[10]
        self.loads, self.notes = [], []
        for i in range(self.n):
            kind, _, offset, vaddr, _, filesz, memsz, _ = PHDR.unpack_from(data, self.phoff + i * PHDR.size)
            if kind == PT_LOAD:
                self.loads.append(Load(offset, vaddr, filesz, memsz))
            elif kind == PT_NOTE:
                self.notes_at, self.notes_end = offset, offset + filesz
                self.note_phdr = self.phoff + i * PHDR.size
        self.end = max([load.offset + load.filesz for load in self.loads] + [self.notes_end])
        at = self.notes_at
        while at + NOTE_HEADER.size <= self.notes_end:
            name, size, kind = NOTE_HEADER.unpack_from(data, at)
            self.notes.append(Note(at, kind, size))
            at += NOTE_HEADER.size + (name + 3 & ~3) + (size + 3 & ~3)

    def number(self, at, size):
        return int.from_bytes(self.data[at:at + size], "little")

    def has(self, address, size, length):
        """Are these bytes of memory among the first length of the file?"""
        return any(load.vaddr <= address and address + size <= load.vaddr + load.filesz and
                   load.offset + (address - load.vaddr) + size <= length for load in self.loads)


class Holes:
    """The program headers of a core of which any piece of memory can be missing. It needs one header more:
    that of the first segment of which nothing was dumped is given up."""

    def __init__(self, core):
        self.core = core
        self.headers = [PHDR.unpack_from(core.data, core.phoff + i * PHDR.size) for i in range(core.n)]
        spare = [i for i, (kind, *_, size, _, _) in enumerate(self.headers) if kind == PT_LOAD and not size]
        self.possible = bool(spare)
        if spare:
            del self.headers[spare[0]]

    def pieces(self, length):
        """(number of a segment, where in it) of those that are not all zeros, and can be written."""
        for i, (kind, flags, offset, _, _, size, _, _) in enumerate(self.headers):
            for at in range(0, size if self.possible and kind == PT_LOAD and flags & 2 else 0, length):
                if any(self.core.data[offset + at:offset + min(at + length, size)]):
                    yield i, at

    def without(self, i, at, length):
        """(address, all headers): the segment up to the piece, which has no bytes; then the rest of it."""
        kind, flags, offset, vaddr, paddr, size, memory, align = self.headers[i]
        end = min(at + length, size)
        first = (kind, flags, offset, vaddr, paddr, at, end, align)
        rest = (kind, flags, offset + end, vaddr + end, paddr, size - end, memory - end, align)
        headers = self.headers[:i] + [first, rest] + self.headers[i + 1:]
        return vaddr + at, b"".join(PHDR.pack(*header) for header in headers)


def notes_first(data):
    """The same core with its notes in front of its memory, as the kernel writes it."""
    core = ElfCore(data)
    at = core.phoff + core.n * PHDR.size
    shift = core.notes_end - core.notes_at
    headers = bytearray(data[:at])
    for i in range(core.n):
        fields = list(PHDR.unpack_from(headers, core.phoff + i * PHDR.size))
        fields[2] = at if fields[0] == PT_NOTE else fields[2] + shift
        PHDR.pack_into(headers, core.phoff + i * PHDR.size, *fields)
    # The section headers stay behind: nothing needs them.
    headers[40:48] = bytes(8)
    return bytes(headers) + data[core.notes_at:core.notes_end] + data[at:core.notes_at]
