#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sets one word of a core of a Go program with leaked goroutines, so that they are leaked as before but no
longer proven to be: the same are told, as likely, with the reason.

	damage_leaks.py BINARY CORES

The last line is "N passed, N failed".
"""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

from elf_core import ElfCore

CORE = "go-1.27-plain/go_leak.gcore.core"
SECONDS = 30
PAGE = 8192  # as the runtime has them
SLOTS = 400  # that are looked at for a free one


def ask(binary, *words):
    done = subprocess.run([binary, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=SECONDS, check=True)
    return done.stdout


class Changed:
    """A copy of a core, with its symbols; a word of it can be another."""

    def __init__(self, binary, path, copy):
        self.binary, self.core, self.copy = binary, ElfCore(path.read_bytes()), copy
        shutil.copyfile(path, copy)
        self.exe = json.loads(ask(binary, "analyze", "--json", str(path)))["target"]["exe"]
        names = subprocess.run(["nm", self.exe], capture_output=True, text=True, check=True).stdout
        self.symbols = {line.split()[-1]: int(line.split()[0], 16) for line in names.splitlines() if line[0] != " "}

    def at(self, address):
        return next(load.offset + address - load.vaddr for load in self.core.loads
                    if load.vaddr <= address < load.vaddr + load.filesz)

    def word(self, address):
        return self.core.number(self.at(address), 8)

    def write(self, address, value):
        with self.copy.open("r+b") as file:
            file.seek(self.at(address))
            file.write(value.to_bytes(8, "little"))

    def leaks(self):
        """{actor: (confidence, message)} of those that are leaked."""
        report = json.loads(ask(self.binary, "analyze", "--json", str(self.copy), self.exe))
        return {actor: (finding["confidence"], finding["message"]) for finding in report["findings"]
                if finding["rule"] in ("CT210", "CT212") for actor in finding["actors"]}

    def free_slot(self, near):
        for slot in range(near & -PAGE, (near & -PAGE) + SLOTS * 128, 128):
            if "a free slot" in ask(self.binary, "explain", str(self.copy), hex(slot), self.exe):
                return slot
        raise LookupError("no slot of the heap is free")


def check(changed):
    """(name, complaint or None)"""
    whole = changed.leaks()
    sure = {confidence for confidence, _ in whole.values()}
    yield "as it is", None if sure == {"proven"} else f"it has {sure or 'no leaks'}"
    phase, kept = changed.symbols["runtime.gcphase"], changed.symbols["main.kept"]
    for name, address, value, words in (
            ("in a cycle of the collector", phase, changed.word(phase) | 1, "the garbage collector is at work"),
            ("a pointer to a free slot", kept, changed.free_slot(changed.word(kept)), "lead to memory that is free")):
        changed.write(address, value)
        told = changed.leaks()
        changed.write(address, changed.word(address))
        if set(told) != set(whole):
            yield name, f"{sorted(set(told) ^ set(whole))} are leaked there, or in the whole core, alone"
        elif not all(confidence == "likely" and words in message for confidence, message in told.values()):
            yield name, f"not all are likely, as {words}: {told}"
        else:
            yield name, None


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory(prefix="damage-") as folder:
        results = list(check(Changed(sys.argv[1], pathlib.Path(sys.argv[2]) / CORE, pathlib.Path(folder) / "core")))
    for name, complaint in results:
        if complaint:
            print(f"failed: {name}: {complaint}")
    failed = sum(1 for _, complaint in results if complaint)
    print(f"{len(results) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
