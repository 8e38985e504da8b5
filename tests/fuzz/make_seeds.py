#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the inputs that fuzzing starts from: make_seeds.py OUT makes a folder for each fuzzer.

A core of a few KB has all that the readers look at: three threads, two of them in a mutex deadlock and
one in another system call, thread descriptors, mapped files, an ELF image with a dynamic section, the
dynamic linker's list of modules, and the vdso of this machine, which has call frame information. The
others are variations of it, one each.
"""
import bz2
import gzip
import io
import json
import lzma
import pathlib
import re
import struct
import sys
import tarfile

import go_process

APP, LIBC, DATA, STACK, TLS, VDSO = (0x400000, 0x7f0000000000, 0x600000, 0x7f0010000000,
                                     0x7f0020000000, 0x7fff00000000)
PIDS = (100, 101, 102)
PT_LOAD, PT_DYNAMIC, PT_NOTE, PT_PHDR, PN_XNUM = 1, 2, 4, 6, 0xffff
R, W, X = 4, 2, 1
FUTEX, POLL, PAUSE, RESTART = 202, 7, 34, 219
LOCKS = 0x600000  # of fuzz_code.c
MUTEXES = (DATA, DATA + 0x40)
LOCK_PC = LIBC + 0x1100
CRASH_PC = LIBC + 0x1800
REGS = ("r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax rip cs eflags rsp ss fs_base "
        "gs_base ds es fs gs").split()


def words(*values):
    return struct.pack(f"<{len(values)}Q", *(value & (1 << 64) - 1 for value in values))


def note(owner, number, desc):
    def padded(data):
        return data + bytes(-len(data) % 4)
    name = owner.encode() + b"\0"
    return struct.pack("<III", len(name), len(desc), number) + padded(name) + padded(desc)


class Core:
    """An ELF core in the making: notes and segments, in the order in which they are added."""

    def __init__(self, machine=62):
        self.machine = machine
        self.notes = b""
        self.loads = []

    def note(self, number, desc, owner="CORE"):
        self.notes += note(owner, number, desc)

    def load(self, address, data, size=None, flags=R | W):
        self.loads.append((address, data, max(size or 0, len(data)), flags))

    def mapped(self, rows):
        desc = words(len(rows), 4096)
        desc += b"".join(words(start, end, page) for start, end, page, _ in rows)
        self.note(0x46494c45, desc + b"".join(path.encode() + b"\0" for *_, path in rows))

    def bytes(self, extended=False, notes_last=False):
        n = len(self.loads) + 1
        table = 64 + 64 * extended
        at = table + 56 * n
        notes_at = at
        at += 0 if notes_last else len(self.notes)
        phdrs, body = b"", b""
        for address, data, size, flags in self.loads:
            phdrs += struct.pack("<IIQQQQQQ", PT_LOAD, flags, at + len(body), address, 0, len(data),
                                 size, 4096)
            body += data
        if notes_last:
            notes_at = at + len(body)
        head = b"\x7fELF\2\1\1" + bytes(9) + struct.pack(
            "<HHIQQQIHHHHHH", 4, self.machine, 1, 0, table, 64 * extended, 0, 64, 56,
            PN_XNUM if extended else n, 64 * extended, int(extended), 0)
        section = struct.pack("<IIQQQQIIQQ", 0, 0, 0, 0, 0, 1, 0, n, 0, 0) if extended else b""
        phdrs = struct.pack("<IIQQQQQQ", PT_NOTE, 0, notes_at, 0, 0, len(self.notes), 0, 4) + phdrs
        parts = (body, self.notes) if notes_last else (self.notes, body)
        return head + section + phdrs + b"".join(parts)


def prstatus(lwp, cursig=0, **regs):
    values = [regs.get(name, 0) for name in REGS]
    return (bytes(12) + struct.pack("<H", cursig) + bytes(18) + struct.pack("<I", lwp) + bytes(76) +
            words(*values) + bytes(8))


def prpsinfo(pid):
    return (bytes(24) + struct.pack("<i", pid) + bytes(12) + b"app".ljust(16, b"\0") +
            b"app -v".ljust(80, b"\0"))


def siginfo(number, code, detail, call=0, abi=0):
    return struct.pack("<iii4xQiI", number, 0, code, detail, call, abi) + bytes(96)


def blocked(index, number, args, **more):
    """Registers of thread index, asleep in a system call."""
    names = ("rdi", "rsi", "rdx", "r10", "r8", "r9")
    regs = dict(zip(names, args), orig_rax=number, rax=-512, rip=LOCK_PC, rcx=LOCK_PC,
                rsp=STACK + 0x1000 * index, rbp=STACK + 0x1000 * index + 0x40,
                fs_base=TLS + 0x1000 * index)
    return {**regs, **more}


def mutex(owner, kind=0, lock=2):
    return struct.pack("<IIIIIhhQQ", lock, 0, owner, 1, kind, 0, 0, 0, 0)


def descriptor(index):
    """struct pthread: points to itself, has the thread's id and start function."""
    address = TLS + 0x1000 * index
    data = bytearray(1616)
    struct.pack_into("<Q", data, 0, address)
    struct.pack_into("<Q", data, 16, address)
    struct.pack_into("<I", data, 720, PIDS[index])
    struct.pack_into("<I", data, 1576, 2)
    struct.pack_into("<QQ", data, 1592, APP + 0x1000, 0)
    return bytes(data)


def stack(index):
    """Frames with frame pointers, and the address of a mutex."""
    base = STACK + 0x1000 * index
    return words(MUTEXES[0], LIBC + 0x1234, 0, 0, 0, 0, 0, 0, base + 0x80, LIBC + 0x1050, 1, 2, 3, 4, 5,
                 6, 0, APP + 0x1010, 0, 0)


def image(build_id, dynamic_at, dynamic):
    """The first bytes of a mapped ELF file: headers, a build id, a dynamic section."""
    ident = note("GNU", 3, build_id)
    phdrs = [(PT_PHDR, R, 64, 64, 4 * 56), (PT_LOAD, R | X, 0, 0, 0x2000),
             (PT_NOTE, R, 64 + 4 * 56, 64 + 4 * 56, len(ident)),
             (PT_DYNAMIC, R | W, dynamic_at, dynamic_at, len(dynamic))]
    head = b"\x7fELF\2\1\1" + bytes(9) + struct.pack(
        "<HHIQQQIHHHHHH", 3, 62, 1, 0x1000, 64, 0, 0, 64, 56, len(phdrs), 0, 0, 0)
    for kind, flags, offset, address, size in phdrs:
        head += struct.pack("<IIQQQQQQ", kind, flags, offset, address, address, size, size, 8)
    return (head + ident).ljust(dynamic_at, b"\0") + dynamic


def link_map():
    """struct r_debug and its list, at DATA + 0x100."""
    at = DATA + 0x100
    debug = words(1, at + 40, 0, 0, LIBC)
    links = words(APP, at + 140, APP + 0x200, at + 80, 0)
    links += words(LIBC, at + 120, LIBC + 0x200, 0, at + 40)
    return debug + links + b"/lib/libc.so.6\0".ljust(20, b"\0") + b"\0"


def vdso():
    """This process's own; empty when it has none."""
    maps = pathlib.Path("/proc/self/maps").read_text(encoding="utf-8")
    found = re.search(r"^([0-9a-f]+)-([0-9a-f]+) .*\[vdso\]$", maps, re.M)
    if not found:
        return b""
    start, end = (int(word, 16) for word in found.groups())
    with open("/proc/self/mem", "rb", buffering=0) as memory:
        memory.seek(start)
        return memory.read(end - start).rstrip(b"\0")


def add_memory(core, shared=None, with_vdso=False, text=b""):
    call = b"\xb8\xca\0\0\0\x0f\x05" if core.machine == 62 else b"\x48\x0c\x80\xd2\1\0\0\xd4"
    code = call.rjust(LOCK_PC - LIBC - 0x1000, b"\x90") + b"\x90" * 32
    if text:
        code = code.ljust(CRASH_PC - LIBC - 0x1000, b"\x90") + text
    data = (mutex(PIDS[1]).ljust(0x40, b"\0") + mutex(PIDS[0]).ljust(0x40, b"\0") +
            (shared or b"").ljust(0x80, b"\0") + link_map())
    dynamic = words(21, DATA + 0x100, 5, LIBC + 0x300, 6, LIBC + 0x300, 0, 0)
    core.load(APP, image(b"\xaa" * 20, 0x200, dynamic), 0x2000, R | X)
    core.load(DATA, data, 0x1000)
    core.load(LIBC, image(b"\xbb" * 20, 0x200, dynamic), 0x1000, R | X)
    core.load(LIBC + 0x1000, code, 0x1000, R | X)
    for index in range(len(PIDS)):
        core.load(STACK + 0x1000 * index, stack(index), 0x1000)
    for index in range(len(PIDS)):
        core.load(TLS + 0x1000 * index, descriptor(index), 0x1000)
    if with_vdso:
        core.load(VDSO, vdso(), 0x4000, R | X)


def add_process(core):
    core.note(6, words(3, APP + 64, 4, 56, 5, 4, 7, LIBC, 9, APP + 0x1000, 31, DATA + 0x100 + 120, 33,
                       VDSO, 0, 0))
    core.mapped([(APP, APP + 0x2000, 0, "/bin/app"), (LIBC, LIBC + 0x2000, 0, "/lib/libc.so.6")])


def deadlock(third=None, gcore=False, number=6, code=0, detail=77, first=None, **memory):
    """Threads 0 and 1 wait for each other's mutex; the third does as it is told."""
    core = Core()
    states = [first or blocked(0, FUTEX, (MUTEXES[0], 128, 2, 0)), blocked(1, FUTEX, (MUTEXES[1], 128, 2, 0)),
              third or blocked(2, PAUSE, ())]
    if gcore:
        core.note(3, prpsinfo(PIDS[0]))
    for index, regs in enumerate(states):
        core.note(1, prstatus(PIDS[index], 0 if gcore else number, **regs))
        if not index and not gcore:
            core.note(3, prpsinfo(PIDS[0]))
            abi = (41, 0xc000003e) if number == 31 else ()
            core.note(0x53494749, siginfo(number, code, detail, *abi))
            add_process(core)
        core.note(2, bytes(32))
        if gcore:
            core.note(0x53494749, siginfo(19, 128, 0))
    if gcore:
        add_process(core)
    add_memory(core, **memory)
    return core


def crashes():
    """name: bytes of a core of which the first thread has crashed."""
    rows = {
        # name: (code at the pc, signal, its code, address, registers)
        "null": ("488b4718", 11, 1, 0x18, {}),
        "wild": ("488b07", 11, 128, 0, {"rdi": 0x6161616161616161}),
        "evex": ("62f1fe486f07", 11, 1, 0x1000, {"rdi": 0x1000}),
        "read-only": ("c70701000000", 11, 2, APP + 0x100, {"rdi": APP + 0x100}),
        "overflow": ("e8f0ffffff", 11, 2, STACK - 8, {"rsp": STACK}),
        "divide": ("f7f1", 8, 1, CRASH_PC, {"rax": 7, "rcx": 0}),
        "trap": ("0f0b", 4, 2, CRASH_PC, {}),
        "jump": ("", 11, 1, 0, {"rip": 0, "rsp": STACK + 8}),
        "file": ("8a07", 7, 2, APP + 0x1800, {"rdi": APP + 0x1800}),
        "filter": ("0f05", 31, 1, CRASH_PC + 2, {"rip": CRASH_PC + 2, "orig_rax": 41, "rax": 41}),
        "abort": ("", 6, -6, PIDS[0], {"rip": LOCK_PC, "orig_rax": 234}),
    }
    for name, (text, number, code, detail, regs) in rows.items():
        first = blocked(0, -1, (), **{"rax": 5, "rip": CRASH_PC, **regs})
        made = deadlock(first=first, number=number, code=code, detail=detail, text=bytes.fromhex(text))
        yield f"crash-{name}", made.bytes()


def on_arm():
    """Two threads in futex on 64-bit ARM."""
    core = Core(183)
    for index in range(2):
        regs = [MUTEXES[index], 128, 2, 0] + [0] * 4 + [98] + [0] * 20 + [STACK + 0x40, LOCK_PC,
                                                                       STACK, LOCK_PC - 4, 0]
        core.note(1, bytes(32) + struct.pack("<I", PIDS[index]) + bytes(76) + words(*regs) + bytes(8))
        core.note(0x401, words(TLS + 0x1000 * index), "LINUX")
        core.note(0x406, words(0x7f000000000000, 0x7f000000000000), "LINUX")
    core.note(3, prpsinfo(PIDS[0]))
    add_memory(core)
    return core


def cores():
    """name: bytes."""
    word = DATA + 0x80
    poll = struct.pack("<ihhihh", 3, 1, 0, 4, 4, 0)
    whole = deadlock().bytes()
    found = {
        "deadlock": whole,
        "gcore": deadlock(gcore=True).bytes(notes_last=True),
        "extended": deadlock().bytes(extended=True),
        "cut": whole[:len(whole) * 2 // 3],
        "arm": on_arm().bytes(),
        **dict(crashes()),
        "join": deadlock(blocked(2, FUTEX, (TLS + 720, 265, PIDS[0], 0, 0, -1))).bytes(),
        "poll": deadlock(blocked(2, POLL, (word, 2, 1000)), shared=poll).bytes(),
        "restart": deadlock(blocked(2, RESTART, (word, 128, 0, word), rax=-516),
                            shared=words(1, 500)).bytes(),
        "vdso": deadlock(blocked(2, PAUSE, (), rip=VDSO + 0x800), with_vdso=True).bytes(),
    }
    for kind, lock, op in ((0x10, 1 << 31 | PIDS[0], 0), (0x20, 1 << 31 | PIDS[0], 134), (1, 2, 128),
                           (0x40, 2, 128), (0x80, 2, 0)):
        regs = blocked(2, FUTEX, (word, op, lock, 0))
        found[f"kind-{kind:x}"] = deadlock(regs, shared=mutex(PIDS[0], kind, lock)).bytes()
    return found


def zstd(data):
    """One frame of raw blocks."""
    blocks = struct.pack("<I", len(data) << 3 | 1)[:3] + data
    return b"\x28\xb5\x2f\xfd\xa0" + struct.pack("<I", len(data)) + blocks


def lz4(data):
    """A legacy frame: one block of literals."""
    rest = len(data) - 15
    block = b"\xf0" + b"\xff" * (rest // 255) + bytes([rest % 255]) + data
    return struct.pack("<II", 0x184c2102, len(block)) + block


def bundle(core):
    """What coretool bundle writes, uncompressed."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, data in (("manifest.json", b"{}"), (".build-id/aa/" + "aa" * 19, b"\x7fELF"),
                           ("core", core)):
            member = tarfile.TarInfo("coretool-bundle/" + name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return out.getvalue()


def packed():
    """name: bytes."""
    core = deadlock().bytes()[:2048]
    return {"plain": core, "gz": gzip.compress(core, mtime=0), "bz2": bz2.compress(core),
            "xz": lzma.compress(core), "zst": zstd(core), "lz4": lz4(core), "tar": bundle(core),
            "tar.gz": gzip.compress(bundle(core), mtime=0)}


def frame(payload, value=0, kind=64):
    return struct.pack("<IIQ", kind, len(payload), value) + payload


def text(string):
    return struct.pack("<H", len(string)) + string.encode()


def conversations():
    """name: what gdb says, as docs/gdb-pipe.md has it: process, threads, maps, auxv, memory."""
    process = frame(b"arch=i386:x86-64\0pid=100\0exe=/bin/app\0still=1\0signal=11\0lwp=101\0")
    sleeping = {"orig_rax": FUTEX, "rax": -512, "rip": LOCK_PC, "rdi": MUTEXES[0], "rsi": 128, "rdx": 2,
                "rsp": STACK + 0x100}
    names = ("rax rdx rcx rbx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15 rip orig_rax eflags fs_base "
             "gs_base").split()
    regs = words(*(sleeping.get(name, 0) for name in names))
    threads = [struct.pack("<QQI", pid, -1 & (1 << 64) - 1, pid != PIDS[2]) + text(str(pid - 99)) + text("app")
               + regs for pid in PIDS]
    maps = [struct.pack("<QQQI", start, start + 0x2000, 0, prot) + text(path) for start, prot, path in (
        (APP, 5, "/bin/app"), (DATA, 6, ""), (LIBC, 5, "/lib/libc.so.6"), (STACK, -1 & (1 << 32) - 1, "[stack]"))]
    head = process + frame(b"".join(threads), 3) + frame(b"".join(maps), 4)
    page = struct.pack("<I", 4096) + mutex(PIDS[0], 0, 2).ljust(4096, b"\0")
    memory = frame(page + bytes(4 * 3)) + frame(page) * 20
    return {"whole": head + frame(words(9, APP, 3, APP + 64)) + memory,
            "parts": process + b"".join(frame(t, 3) for t in threads) + b"".join(frame(m, 4) for m in maps)
            + frame(b"") + memory,
            "poor": process + frame(threads[0], 1) + frame(b"") + frame(b"") + memory,
            "refused": frame(b"no such process", kind=65)}


def code():
    """Code that takes a lock, does something and gives it back; AVX-512; a loop."""
    registers = words(*[LOCKS + 16 * i for i in range(8)]) + words(*[LOCKS + 8 * i for i in range(8)])
    lock = bytes.fromhex("4889df e8f0ffffff 85c0 7505 f00fb10f 8b07 e8effeffff 8707 c3")
    wide = bytes.fromhex("62f17c48104401 c5fe6f07 c4e27918c0 f30f1efa 48a5 f3a4 0fc7f8 c3")
    loop = bytes.fromhex("31c0 83f80a 7d08 ffc0 f0480fc107 ebf3 f3c3")
    return {name: bytes([0, end]) + registers + body for name, end, body in (
        ("lock", 8, lock), ("wide", 7, wide), ("loop", 9, loop))}


def texts():
    """A policy, a baseline, and two reports."""
    policy = b'# rules\nignore-top-function = ["poll", "main"]\nbaseline = "x"\n[level]\nCT120 = "P1"\n[gate]\nP0 = "any"\n'
    report = json.dumps({
        "schema": "coretool-report/1", "tool": {"name": "coretool", "version": "0"},
        "target": {"source": "core", "pid": 7, "exe": "/bin/app", "partial": ["x"]},
        "summary": {"verdict": "deadlock", "headline": "a and b", "threads": 2,
                    "findings": {"P0": 1, "P1": 0, "P2": 0, "ignored": 0}},
        "actors": [{"id": "t:7", "kind": "thread", "name": "a", "state": "waiting", "stack": 0,
                    "waits": [{"kind": "mutex", "resource": "r:0x10", "on": ["t:8"], "trust": "exact"}],
                    "holds": [{"resource": "r:0x20", "trust": "exact"}]}],
        "stacks": [{"frames": [{"pc": "0x1", "function": "f", "module": "app", "offset": "0x1"}], "ends": "root"}],
        "resources": [{"id": "r:0x10", "kind": "pthread_mutex", "address": "0x10", "name": "g_a"}],
        "findings": [{"rule": "CT101", "name": "lock-cycle", "level": "P0", "confidence": "proven",
                      "title": "t", "actors": ["t:7"], "fingerprint": "0123"}], "notes": []}).encode()
    return {"policy": b"\0" + policy, "baseline": b"\1# known\n0123456789abcdef\n" , "reports": b"\1" + report,
            "diff": b"\2" + report + b"\0" + report.replace(b"g_a", b"g_b")}


def main():
    for folder, seeds in (("core", cores()), ("unpack", packed()), ("pipe", conversations()),
                          ("code", code()), ("text", texts()), ("go", go_process.processes())):
        path = pathlib.Path(sys.argv[1], folder)
        path.mkdir(parents=True, exist_ok=True)
        for name, data in seeds.items():
            (path / name).write_bytes(data)


if __name__ == "__main__":
    main()
