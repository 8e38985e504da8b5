#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Damages cores of Go programs: cut off, without the heap or a piece of it, with wrong words in the runtime's memory.

	damage_go.py BINARY CORES [--only PATTERN] [--words N] [--seed N] [-v]

What is missing is said, and nothing is told that the whole core does not say: no goroutine, no wait, no
finding, and none more surely; a core with a part missing is never "clean". Wrong words in memory may make
it tell wrong things; but it ends by itself within seconds, with a report or one line.
The last line is "N passed, N failed".
"""
import itertools
import json
import os
import pathlib
import random
import re
import subprocess
import sys

from damage import (ODD, SEED, Mutation, check_process, each_damage, measure, options, program_headers,
                    random_note_bytes, run_all)
from elf_core import PHDR, PT_LOAD, ElfCore, Holes

CORES = ["go-1.24-sw/go_abba.kernel.core", "go-1.24-sw/go_all_asleep-abba.kernel.core",
         "go-1.24-sw/go_pools.kernel.core", "go-1.24-sw/go_leak.kernel.core",
         "go-1.24-sw/go_other_side.kernel.core", "go-1.24-sw/go_rwmutex.kernel.core",
         "go-1.24-sw/go_self_lock.kernel.core", "go-1.24-sw/go_modern.kernel.core",
         "go-1.27-plain/go_waits.kernel.core", "go-1.19-pie/go_waits.kernel.core"]
WORDS = 60  # runs with wrong words, of one core
FILESZ = 32  # in a program header
PIECE = 1 << 16  # bytes that are missing
PIECES = 30  # runs without one, of one core
# Bytes of what has a semaphore in it, or a Mutex.
AROUND = {"mutex": 8, "once": 16, "waitgroup": 16, "rwlock-write": 24, "rwlock-read": 24}
OBJECT = 256  # bytes that are looked at behind a pointer
GLOBALS = re.compile(r"([0-9a-f]+) . runtime\.(allgs|allm|allp|sched|semtable|firstmoduledata|itabTable)\n")
SURE = ("possible", "likely", "proven")
CUT = ("cut", "lost segments", "lost pieces")
# One that runs is where its thread is, which the runtime's variables tell.
CUT_STACK = "stacks? of (goroutine|thread)|truncated|no thread's stack|variables of the program"


class Report:
    """What was told, by name; addresses and stacks are compared, words are not."""

    def __init__(self, analyzed, goroutines):
        self.report = analyzed.report
        self.verdict = self.report.get("summary", {}).get("verdict")
        self.partial = " ".join(self.report.get("target", {}).get("partial", []))
        # Of a wait that somebody may end it is never said that nobody will.
        self.alone = {actor["id"] for actor in self.report.get("actors", [])
                      if actor.get("other_side", "").startswith("nobody will ")}
        self.threads = {actor["id"] for actor in self.report.get("actors", []) if actor["kind"] == "thread"}
        self.findings = [(finding["rule"], set(finding["actors"]), finding["confidence"])
                         for finding in self.report.get("findings", [])]
        # Debug information tells where fields are, whatever the version.
        self.by_dwarf = "no table of its layouts is known" not in json.dumps(self.report.get("notes", []))
        full = goroutines.report
        actors = [actor for actor in full.get("actors", []) if actor["kind"] == "goroutine"]
        self.waits = {actor["id"]: {(wait["kind"], wait.get("resource")) for wait in actor.get("waits", [])}
                      for actor in actors}
        self.stacks = {actor["id"]: [frame["pc"] for frame in full["stacks"][actor["stack"]]["frames"]]
                       if "stack" in actor else [] for actor in actors}

    def level(self, whole):
        if not self.waits:
            return "threads" if self.threads else "nothing"
        return "full" if (self.waits, self.stacks) == (whole.waits, whole.stacks) else "partial"


def tell(binary, path):
    """(answers, Report or None); text: what went wrong."""
    answers = [measure([binary, "analyze", "--json", "--strict", path], (0, 2, 3)),
               measure([binary, "goroutines", "--full", "--json", path], (0, 2))]
    for answer in answers:
        if isinstance(answer, str):
            return answer
    return answers, Report(*answers)


def truncations(core):
    at = {core.size * part // 100 for part in (75, 50, 25, 10, 5, 3, 2, 1)} | {core.notes_end}
    at |= {load.offset + 2048 for load in core.loads if load.filesz > 65536}
    for length in sorted(at, reverse=True):
        yield Mutation("cut", f"at {length}", length, ())


def without(core, name, is_lost):
    patches, zero = [], bytes(8)
    for i in range(core.n):
        at = core.phoff + i * PHDR.size
        kind, flags, _, vaddr, _, filesz, _, _ = PHDR.unpack_from(core.data, at)
        if kind == PT_LOAD and filesz and is_lost(flags, vaddr, filesz):
            patches.append((at + FILESZ, zero))
    return Mutation("lost segments", name, None, tuple(patches))


def lost_segments(core, heap):
    """As coredump_filter leaves memory out, or a dumper of its own."""
    yield without(core, "all that is writable", lambda flags, vaddr, size: flags & 2)
    yield without(core, "the heap", lambda flags, vaddr, size: vaddr <= heap < vaddr + size)
    for load in core.loads:
        if load.filesz:
            yield without(core, f"{load.vaddr:#x}", lambda flags, vaddr, size, at=load.vaddr: vaddr == at)


def lost_pieces(core, rng):
    """As a dumper that is short of room leaves pages out."""
    holes = Holes(core)
    pieces = list(holes.pieces(PIECE))
    for i, at in rng.sample(pieces, min(len(pieces), PIECES)):
        address, headers = holes.without(i, at, PIECE)
        yield Mutation("lost pieces", f"{address:#x}", None, ((core.phoff, headers),))


class Memory:
    """Words of a core by address."""

    def __init__(self, core):
        self.core = core
        self.loads = [load for load in core.loads if load.filesz >= 4096]

    def offset(self, address):
        for load in self.loads:
            if load.vaddr <= address <= load.vaddr + load.filesz - 8:
                return load.offset + address - load.vaddr
        return None

    def word(self, address):
        return self.core.number(self.offset(address), 8)

    def pointers(self, start, size):
        """Addresses of words of [start, start + size) that lead into the core's memory."""
        for address in range(start & ~7, start + size, 8):
            if self.offset(address) is not None and self.offset(self.word(address)) is not None:
                yield address


def runtime_words(memory, report, rng):
    """Addresses of words that the runtime, and so the program, follows, by how many steps it takes there."""
    exe, module = report["target"].get("exe", ""), report["modules"][0]
    bias = int(module["start"], 16) if module.get("pie") else 0
    names = subprocess.run(["nm", exe], capture_output=True, text=True, check=False).stdout
    starts = [bias + int(address, 16) for address, _ in GLOBALS.findall(names)]
    starts += [int(resource["address"], 16) for resource in report["resources"] if "address" in resource]
    levels = [[address for start in starts for address in memory.pointers(start, OBJECT)]]
    # Of all that the program's variables lead to, some.
    data = [load for load in memory.loads if load.vaddr < 1 << 32 or load.vaddr >> 40 in (0x55, 0x56, 0x7f)]
    for load in data[:6]:
        levels[0] += rng.sample(list(memory.pointers(load.vaddr, min(load.filesz, 1 << 18))) or [0], 1)
    for _ in range(3):
        found = []
        for address in rng.sample(levels[-1], min(len(levels[-1]), 400)):
            if address:
                found += memory.pointers(memory.word(address), OBJECT)
        levels.append(found)
    return [[address for address in level if address] for level in levels if any(level)]


def wrong_words(core, report, rng, n):
    """Some words at once: each run costs the same."""
    memory = Memory(core)
    levels = runtime_words(memory, report, rng)
    for i in range(n):
        patches = []
        for _ in range(rng.choice((1, 2, 4, 16))):
            level = rng.choice(levels)
            address = rng.choice(level) + rng.choice((0, 0, 8, -8, 16))
            at = memory.offset(address)
            if at is None:
                continue
            other = rng.choice(rng.choice(levels))
            value = rng.choice(ODD + (address, other, memory.word(other), memory.word(other) + 8,
                                      core.number(at, 8) ^ 1 << rng.randrange(64), rng.randrange(256),
                                      rng.randrange(1 << 64)))
            patches.append((at, (value & (1 << 64) - 1).to_bytes(8, "little")))
        yield Mutation("wrong words", f"set {i}: " + " ".join(f"{at:#x}={data.hex()}" for at, data in patches),
                       None, tuple(patches))


def other_version(core):
    """The version stands behind the header of the build information, as its length and text."""
    at = core.data.find(b"\xff Go buildinf:") + 32
    if core.data[at + 1:at + 5] == b"go1.":
        yield Mutation("another version", "go1.31", None, ((at + 1, b"go1.31"),))


def check_version(told):
    """Layouts of another version may hold or not: then nothing is proven, and nothing is clean."""
    if told.by_dwarf:
        return
    if told.verdict == "clean" or not told.partial:
        yield f"the version is not known, and the verdict is {told.verdict}: {told.partial!r}"
    for rule, actors, confidence in told.findings:
        if confidence == "proven" and any(actor.startswith("g:") for actor in actors):
            yield f"the version is not known, and {rule} is proven"


def address(resource):
    """r:0x1230 or r:0x1230@KIND"""
    return int(resource[2:].partition("@")[0], 16)


def weaker(wait, waits):
    """Is it what is known of one of them where the stack is missing: the semaphore that is in a Mutex?"""
    kind, resource = wait
    return kind in ("mutex", "sem") and any(
        other in AROUND and 0 <= address(resource) - address(around) < AROUND[other] for other, around in waits)


def check_claims(told, whole):
    for rule, actors, confidence in told.findings:
        same = [sure for other, others, sure in whole.findings if other == rule and actors <= others]
        if rule == "CT105" and confidence != "proven":
            continue  # the stack is missing that tells who sent the signal
        if not same:
            yield f"a finding that is not there: {rule} about {sorted(actors)}"
        elif SURE.index(confidence) > max(map(SURE.index, same)):
            yield f"{rule} is {confidence}, and {same} in the whole core"
    for goroutine in told.alone - whole.alone:
        yield f"nobody will end the wait of {goroutine}, it says"
    for goroutine, waits in told.waits.items():
        if goroutine not in whole.waits:
            yield f"{goroutine} does not exist"
        elif any(wait[1] and not weaker(wait, whole.waits[goroutine]) for wait in waits - whole.waits[goroutine]):
            yield f"{goroutine} does not wait so: {waits}, but {whole.waits[goroutine]}"


def check_said(told, whole):
    """Is it said what is missing?"""
    if told.partial and told.verdict == "clean":
        yield "a core with a part missing is called clean"
    if told.waits.keys() < whole.waits.keys() and not re.search("goroutines|truncated|no thread's stack",
                                                                told.partial):
        yield f"goroutines are missing, and it is not said: {told.partial!r}"
    for goroutine, stack in told.stacks.items():
        short = stack != whole.stacks.get(goroutine)
        if short and not re.search(CUT_STACK, told.partial):
            yield f"the stack of {goroutine} is cut, and it is not said: {told.partial!r}"
    if not told.partial and (told.verdict, told.waits.keys()) != (whole.verdict, whole.waits.keys()):
        yield f"it is not said that something is missing; the verdict is {told.verdict}"


def check(result, whole, mutation, size):
    if isinstance(result, str):
        return [result]
    answers, told = result
    breaches = [breach for answer in answers for breach in check_process(answer)]
    if mutation.kind == "another version":
        breaches += check_version(told)
    if mutation.kind not in CUT or answers[0].status == 2:
        return breaches + (["refused"] if mutation.kind in CUT else [])
    breaches += [*check_claims(told, whole), *check_said(told, whole)]
    if (answers[0].status == 3) != bool(told.partial):
        breaches.append(f"exit status {answers[0].status}, and partial: {told.partial!r}")
    if mutation.length is not None and mutation.length < size and not told.partial:
        breaches.append("it is not said that the core is cut off")
    if mutation.length is not None and told.threads != whole.threads:
        breaches.append(f"threads {sorted(told.threads)}, not {sorted(whole.threads)}")
    return breaches


def heap_of(report):
    """An address in it: of what goroutines wait for, mostly."""
    return max((int(resource["address"], 16) for resource in report["resources"]
                if resource["kind"].startswith("go_") and "name" not in resource), default=0)


def mutations(core, report, args):
    rng = random.Random(args.seed)
    yield from lost_segments(core, heap_of(report))
    yield from lost_pieces(core, random.Random(args.seed))
    yield from other_version(core)
    yield from wrong_words(core, report, rng, args.words)
    yield from itertools.islice(random_note_bytes(core, rng), 15)
    yield from itertools.islice(program_headers(core, rng), 25)
    yield from truncations(core)


def damage(args, name, data, folder):
    path = os.path.join(folder, name.replace("/", "-"))
    pathlib.Path(path).write_bytes(data)
    core, whole = ElfCore(data), tell(args.binary, path)
    if isinstance(whole, str) or whole[1].partial or not whole[1].waits:
        what = whole if isinstance(whole, str) else "the core is not whole, or has no goroutines"
        return [(Mutation("whole", "none", None, ()), "nothing", [what])]
    results, whole = [], whole[1]
    for mutation, result in each_damage(args, path, core, mutations(core, whole.report, args), tell):
        level = "nothing" if isinstance(result, str) else result[1].level(whole)
        results.append((mutation, level, check(result, whole, mutation, core.end)))
    os.unlink(path)
    return results


def main():
    parser = options()
    parser.add_argument("--words", type=int, default=WORDS, help="runs with wrong words, of each core")
    parser.add_argument("--seed", type=int, default=SEED)
    return run_all(parser.parse_args(), CORES, damage)


if __name__ == "__main__":
    sys.exit(main())
