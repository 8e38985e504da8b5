#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Takes one page after the other out of a core of a Go program: no context is said to be lost that the
whole core does not say that of. Who could cancel it may be in the page, or what leads there.

	damage_contexts.py BINARY CORES [--only PATTERN]

The last line is "N passed, N failed": pages.
"""
import argparse
import fnmatch
import json
import pathlib
import subprocess
import sys
import tempfile

from elf_core import ElfCore, Holes

CORES = ["go-1.24-sw/go_contexts.kernel.core"]
PAGE = 8192  # as the runtime has them
SECONDS = 30
FEW = 20


def lost(binary, path):
    """Addresses; None: there is no report."""
    done = subprocess.run([binary, "contexts", "--json", str(path)], stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=SECONDS, check=False)
    if done.returncode not in (0, 2):
        return None
    contexts = json.loads(done.stdout or "{}").get("contexts", [])
    return {context["address"] for context in contexts if context.get("lost")}


def damage(binary, core, folder, every):
    """(pages, complaints)"""
    data, copy = core.read_bytes(), pathlib.Path(folder) / "core"
    holes = Holes(ElfCore(data))
    copy.write_bytes(data)
    whole, n, less, said = lost(binary, core), 0, 0, []
    if not whole:
        return 1, ["the whole core has no lost context"]
    for i, at in list(holes.pieces(PAGE))[::every]:
        address, headers = holes.without(i, at, PAGE)
        with copy.open("r+b") as file:
            file.seek(holes.core.phoff)
            file.write(headers)
        told = lost(binary, copy)
        n += 1
        less += told is not None and told < whole
        if told is None:
            said.append(f"without {address:#x}: no report")
        elif told - whole:
            said.append(f"without {address:#x}: {' '.join(sorted(told - whole))} are said to be lost")
    # What is missing is missed, mostly.
    return n, said if less * every >= FEW else said + [f"without {less} of {n} pages less is told"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary")
    parser.add_argument("cores", type=pathlib.Path)
    parser.add_argument("--only", default="*", metavar="PATTERN")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only one of N pages: for a slow build")
    args = parser.parse_args()
    passed = failed = 0
    for name in fnmatch.filter(CORES, args.only):
        with tempfile.TemporaryDirectory(prefix="damage-") as folder:
            n, said = damage(args.binary, args.cores / name, folder, args.every)
        for text in said:
            print(f"failed: {name}: {text}")
        passed, failed = passed + n - len(said), failed + len(said)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
