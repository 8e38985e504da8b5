#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Damages real cores in every way that we could think of and looks at what is still told of them.

	damage.py BINARY CORES [--only PATTERN] [-v]

Of each core one copy is made and changed again and again, always in the same ways. Whatever the change,
the program ends by itself within seconds, with status 0 and a report, or 2 and one line; and no finding
and no wait is told that the whole core does not have. A core that is cut off behind its notes keeps all
threads, and each wait, owner and cycle whose lock words are in the bytes that are left.

The table counts how much was told: full, everything; partial, some waits or stacks; threads, their list
alone; nothing. The last line is "N passed, N failed".
"""
import argparse
import collections
import concurrent.futures
import fnmatch
import itertools
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile

from elf_core import NOTE_HEADER, PHDR, PHDR_FIELDS, ElfCore, notes_first

CORES = ["O0-g/deadlock2.kernel.core", "O0-g/deadlock2.gcore.core", "O2-g/kinds.kernel.core",
         "O2-g/cxx_deadlock.kernel.core", "O0-g/call_null.kernel.core",
         "O0-g/crash_holder.kernel.core"]
SECONDS = 2  # of CPU time, for one core
PATIENCE = 30  # of wall clock: more is a hang
MEGABYTES = 512
MOST_BYTES = 64 << 20
SEED = 20
MUTEX_SIZE = 40
NT_PRSTATUS = 1
PR_PID = 12 + 8 + 32  # of struct elf_prstatus, behind the note's header and "CORE"
LEVELS = ("full", "partial", "threads", "nothing")
SANITIZER = re.compile(r"Sanitizer|runtime error")
ODD = (0, 1, 2, 55, 4095, 1 << 31, (1 << 32) - 1, 1 << 47, 1 << 63, (1 << 64) - 4096, (1 << 64) - 1)


class Mutation(collections.namedtuple("Mutation", "kind name length patches")):
    """length: where the file is cut, or None; patches: [(offset, bytes)]."""


def truncations(core):
    """At every header, and on both sides of it."""
    at = {0, 1, 16, 63, 64, core.size - 1}
    at |= {core.size * percent // 100 for percent in (10, 25, 50, 75, 90, 99)}
    at |= {core.phoff + PHDR.size * i + plus for i in range(core.n) for plus in (0, 28)}
    at |= {note.at + plus for note in core.notes for plus in (0, 6, 20, 100)}
    at |= {load.offset + plus for load in core.loads if load.filesz for plus in (0, 1, 2048)}
    at.add(core.notes_end)
    # From the longest to the shortest: cutting is all that is done to the copy.
    for length in sorted(at, reverse=True):
        where = "headers" if length < core.phoff + core.n * PHDR.size else "memory"
        if core.notes_at <= length < core.notes_end:
            where = "notes"
        if length < core.size:
            yield Mutation(f"cut in the {where}", f"at {length}", length, ())


def random_note_bytes(core, rng):
    for _ in range(50):
        at = rng.randrange(core.notes_at, core.notes_end)
        yield Mutation("note bytes", f"byte {at}", None, ((at, bytes([rng.randrange(256)])),))


def thread_numbers(core, rng):
    """Each bit of the kernel's number of one thread, which no other note repeats."""
    at = rng.choice([note.at for note in core.notes if note.type == NT_PRSTATUS]) + PR_PID
    for bit in range(32):
        value = core.number(at, 4) ^ 1 << bit
        yield Mutation("thread numbers", f"bit {bit}", None, ((at, value.to_bytes(4, "little")),))


def note_headers(core, rng):
    for _ in range(30):
        at = rng.choice(core.notes).at + rng.randrange(NOTE_HEADER.size)
        yield Mutation("note headers", f"byte {at}", None, ((at, bytes([rng.randrange(256)])),))


def program_headers(core, rng):
    for _ in range(50):
        index, (field, offset, size) = rng.randrange(core.n), rng.choice(PHDR_FIELDS)
        at = core.phoff + index * PHDR.size + offset
        old = core.number(at, size)
        value = rng.choice(ODD + (old + 4096, old - 4096, old ^ 1 << rng.randrange(8 * size)))
        value &= (1 << 8 * size) - 1
        yield Mutation("program headers", f"{field} of {index}: {old:#x} -> {value:#x}", None,
                       ((at, value.to_bytes(size, "little")),))


def file_header(core, rng):
    del rng
    fields = {"e_phnum": (56, 2, (0, 1, core.n - 1, core.n + 1, core.n // 2, 0xfffe)),
              "e_phoff": (32, 8, (0, 1, 63, 65, core.phoff + PHDR.size, core.size - 1) + ODD[-6:]),
              "e_phentsize": (54, 2, (0, 1, 55, 57, 0xffff)),
              "e_shoff": (40, 8, (0, 1, core.size - 1) + ODD[-6:])}
    for name, (at, size, values) in fields.items():
        for value in values:
            yield Mutation("file header", f"{name} {value:#x}", None,
                           ((at, value.to_bytes(size, "little")),))
    for shoff in (0, 1, 64, core.notes_at, core.size - 10, 1 << 63, (1 << 64) - 1):
        patches = ((56, b"\xff\xff"), (40, shoff.to_bytes(8, "little")))
        yield Mutation("file header", f"PN_XNUM, e_shoff {shoff:#x}", None, patches)


def lost_blocks(core, rng):
    """A block of zeros, as a copy has that ran into a bad disk or a full one."""
    blocks = [core.notes_at // 4096 * 4096, (core.notes_at + core.notes_end) // 2 // 4096 * 4096]
    blocks += [rng.randrange(core.size // 4096) * 4096 for _ in range(8)]
    for at in blocks:
        at = max(at, core.phoff + core.n * PHDR.size)
        yield Mutation("lost blocks", f"zeros at {at}", None, ((at, bytes(4096)),))


def mutations(core):
    rng = random.Random(SEED)
    for make in (random_note_bytes, thread_numbers, note_headers, program_headers, file_header, lost_blocks):
        yield from make(core, rng)
    yield from truncations(core)


class Answer:
    """What one run came to."""

    def __init__(self, status, out, err, usage):
        self.status, self.out, self.err = status, out, err
        self.megabytes, self.seconds = usage.ru_maxrss / 1024, usage.ru_utime + usage.ru_stime
        self.report = json.loads(out) if status != 2 else {}
        actors = self.report.get("actors", [])
        self.threads = {actor["id"] for actor in actors}
        self.waits = {actor["id"]: [self.wait(wait) for wait in actor.get("waits", [])]
                      for actor in actors}
        self.cycles = {frozenset(edge["waiter"] for edge in cycle["edges"])
                       for cycle in self.report.get("cycles", [])}
        self.findings = {(finding["rule"], frozenset(finding["actors"]))
                         for finding in self.report.get("findings", [])}
        stacks = self.report.get("stacks", [])
        self.stacks = {actor["id"]: [frame["pc"] for frame in stacks[actor["stack"]]["frames"]]
                       for actor in actors if "stack" in actor}
        self.verdict = self.report.get("summary", {}).get("verdict")
        self.partial = " ".join(self.report.get("target", {}).get("partial", []))

    def tells_something(self):
        return any(self.waits.values()) or "signal" in self.report["target"]

    @staticmethod
    def wait(wait):
        """(kind, address, holders)."""
        holders = tuple(sorted(wait.get("on", ())))
        return wait["kind"], int(wait.get("resource", "r:0")[2:], 16), holders

    def level(self, whole):
        if not self.threads:
            return "nothing"
        if (self.threads, self.waits, self.cycles, self.stacks) == (whole.threads, whole.waits,
                                                                    whole.cycles, whole.stacks):
            return "full"
        if any(self.waits.values()) or any(len(stack) > 1 for stack in self.stacks.values()):
            return "partial"
        return "threads"


def measure(command, statuses=(0, 2)):
    """An Answer, or text that says what went wrong."""
    env = {name: value for name, value in os.environ.items() if name != "DEBUGINFOD_URLS"}
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        # timeout(1) kills it: a hang shows as status 124 or 137.
        with subprocess.Popen(["timeout", "-k", "1", str(PATIENCE), *command], stdin=subprocess.DEVNULL,
                              stdout=out, stderr=err, env=env) as process:
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        text, complaint = out.read().decode(), err.read().decode(errors="replace")
    if process.returncode not in statuses:
        return f"exit status {process.returncode}: {complaint[-2000:]}"
    try:
        return Answer(process.returncode, text, complaint, usage)
    except (ValueError, KeyError) as error:
        return f"the report cannot be read: {error!r}"


def run(binary, path):
    return measure([binary, "analyze", "--json", path])


def check_process(answer):
    if SANITIZER.search(answer.err):
        yield answer.err[-2000:]
    if answer.megabytes > MEGABYTES:
        yield f"{answer.megabytes:.0f} MB of memory"
    if answer.seconds > SECONDS:
        yield f"{answer.seconds:.1f} s of CPU time"
    if answer.status == 2 and not re.fullmatch(r"coretool: [^\n]+\n", answer.err):
        yield f"status 2, and not one line: {answer.err!r}"
    if answer.status == 2 and answer.out:
        yield "status 2 and a report"


def is_weaker(wait, whole):
    """Does wait claim nothing beyond what one of the waits of the whole core does?"""
    kind, address, holders = wait
    for other_kind, other_address, other_holders in whole:
        if kind == other_kind and address == other_address and set(holders) <= set(other_holders):
            return True
        if kind == "futex" and other_kind in ("mutex", "join", "futex"):
            return True
    return False


def check_claims(answer, whole, mutation):
    """Nothing that the whole core does not say. A changed register may well show another call."""
    for rule, actors in answer.findings:
        if not any(rule == other and actors <= others for other, others in whole.findings):
            yield f"a finding that is not there: {rule} about {sorted(actors)}"
    for cycle in answer.cycles - whole.cycles:
        yield f"a cycle that is not there: {sorted(cycle)}"
    if mutation.kind == "note bytes":
        return
    for thread in answer.threads & whole.threads:
        for wait in answer.waits[thread]:
            if not is_weaker(wait, whole.waits[thread]):
                yield f"{thread} does not wait so: {wait}; it does so: {whole.waits[thread]}"


def check_verdict(answer, whole):
    """What is missing may be the very lock that all wait for."""
    if answer.partial and answer.verdict == "clean" != whole.verdict:
        yield "a damaged core is called clean"


def check_truncated(answer, whole, core, length):
    """All that the bytes that are left can tell."""
    if answer.status == 2:
        if length >= core.phoff + PHDR.size:
            yield f"refused: {answer.err.strip()}"
        return
    if length < core.end and not answer.partial:
        yield "it is not said that the core is cut off"
    if length < core.notes_end:
        return
    if answer.threads != whole.threads:
        yield f"threads {sorted(answer.threads)}, not {sorted(whole.threads)}"
    for thread, waits in whole.waits.items():
        for wait in waits:
            if (wait[0] == "mutex" and core.has(wait[1], MUTEX_SIZE, length) and
                    wait not in answer.waits.get(thread, ())):
                yield f"{thread} lost its wait {wait}: {answer.waits.get(thread)}"
    for cycle in whole.cycles - answer.cycles:
        locks = [wait[1] for thread in cycle for wait in whole.waits[thread]]
        if all(core.has(lock, MUTEX_SIZE, length) for lock in locks):
            yield f"the cycle of {sorted(cycle)} is lost"


def keeps_notes(core, mutation):
    """Are the notes, and all that leads to them, as they were?"""
    if mutation.length is not None and mutation.length < core.notes_end:
        return False
    lead = [(0, PHDR.size), (core.note_phdr, core.note_phdr + PHDR.size), (core.notes_at, core.notes_end)]
    return not any(at < end and at + len(data) > begin for at, data in mutation.patches
                   for begin, end in lead)


def check_registers(answer, whole):
    """Whole notes give every thread, and that it waits: registers alone tell so."""
    if answer.threads != whole.threads:
        yield f"threads {sorted(answer.threads)}, not {sorted(whole.threads)}"
    for thread in sorted(answer.threads):
        if whole.waits.get(thread) and not answer.waits[thread]:
            yield f"{thread} lost its wait {whole.waits[thread]}"


def check_one(answer, whole, core, mutation):
    if isinstance(answer, str):
        return [answer]
    breaches = [*check_process(answer), *check_claims(answer, whole, mutation),
                *check_verdict(answer, whole)]
    if mutation.length is not None:
        breaches += check_truncated(answer, whole, core, mutation.length)
    if answer.status == 0 and keeps_notes(core, mutation):
        breaches += check_registers(answer, whole)
    if mutation.kind == "thread numbers" and not answer.partial:
        breaches.append("it is not said that notes and memory differ")
    if answer.status == 0 and answer.threads != whole.threads and not answer.partial:
        breaches.append("threads are missing, and it is not said")
    return breaches


def apply(path, core, mutation):
    with open(path, "r+b") as file:
        for at, data in mutation.patches:
            file.seek(at)
            file.write(data[:max(0, core.size - at)])
        if mutation.length is not None:
            file.truncate(mutation.length)


def restore(path, core, mutation):
    with open(path, "r+b") as file:
        for at, data in mutation.patches:
            file.seek(at)
            file.write(core.data[at:at + len(data)])


def read_core(cores, name):
    """The core's bytes, or None. Where the kernel writes none here, gdb's is put in the kernel's order."""
    path, other = cores / name, cores / name.replace(".kernel.", ".gcore.")
    if path.is_file():
        return path.read_bytes()
    if other.is_file() and other.stat().st_size < MOST_BYTES:
        return notes_first(other.read_bytes())
    return None


def each_damage(args, path, core, mutations, tell):
    """(mutation, what tell(binary, path) says of the core then), of one of args.every."""
    for mutation in itertools.islice(mutations, None, None, args.every):
        apply(path, core, mutation)
        yield mutation, tell(args.binary, path)
        restore(path, core, mutation)


def damage(args, name, data, folder):
    """(mutation, level, breaches) of each mutation of one core."""
    path = os.path.join(folder, name.replace("/", "-"))
    pathlib.Path(path).write_bytes(data)
    core = ElfCore(data)
    whole = run(args.binary, path)
    if isinstance(whole, str) or whole.partial or not whole.tells_something():
        what = whole if isinstance(whole, str) else "the core is not whole, or nothing waits or crashed in it"
        return [(Mutation("whole", "none", None, ()), "nothing", [what])]
    results = []
    for mutation, answer in each_damage(args, path, core, mutations(core), run):
        level = "nothing" if isinstance(answer, str) else answer.level(whole)
        results.append((mutation, level, check_one(answer, whole, core, mutation)))
    os.unlink(path)
    return results


def print_table(name, results):
    rows = collections.defaultdict(collections.Counter)
    for mutation, level, _ in results:
        rows[mutation.kind][level] += 1
    print(f"{name:<36}{'':>5}" + "".join(f"{level:>9}" for level in LEVELS))
    for kind, row in rows.items():
        print(f"  {kind:<34}{sum(row.values()):>5}" + "".join(f"{row[level]:>9}" for level in LEVELS))


def print_breaches(results, verbose):
    for mutation, level, breaches in results:
        if verbose and level != "full":
            print(f"    {level:<8} {mutation.kind}: {mutation.name}")
        for breach in breaches:
            print(f"    FAILED {mutation.kind}: {mutation.name}: {breach}")


def options():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("cores", type=pathlib.Path)
    parser.add_argument("--only", default="*", help="pattern for VARIANT/NAME")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only one of N changes: for a slow build")
    parser.add_argument("-v", "--verbose", action="store_true", help="every change and its level")
    return parser


def run_all(args, cores, damage_one):
    """damage_one(args, name, data, folder) of each core that is there; the exit status."""
    names = [name for name in cores if fnmatch.fnmatch(name, args.only)]
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder, \
            concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:

        def damage(name):
            # Not all of them at once: what is measured of a process begins with what this one has.
            data = read_core(args.cores, name)
            return data and damage_one(args, name, data, folder)

        for name, results in zip(names, pool.map(damage, names)):
            if results is None:
                print(f"{name}: not there")
                continue
            print_table(name, results)
            print_breaches(results, args.verbose)
            bad = sum(bool(breaches) for _, _, breaches in results)
            passed, failed = passed + len(results) - bad, failed + bad
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(run_all(options().parse_args(), CORES, damage))
