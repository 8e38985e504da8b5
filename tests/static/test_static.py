#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Does the static binary run where nothing of ours is installed?

	test_static.py BINARY BUILD

Runs it inside the oldest unpacked Debian tree below BUILD/trees, on a core copied there, and compares what it
says with what it says outside.
"""
import os
import shutil
import subprocess
import sys
from pathlib import Path

SUITES = ("bullseye", "trixie", "forky", "sid")  # oldest first
CORE = "O2-g/deadlock2.kernel.core"


def linkage(binary):
    """Complaints about a binary that needs something at run time."""
    out = subprocess.run(["readelf", "-lW", binary], capture_output=True, text=True, check=True).stdout
    if "INTERP" in out:
        yield "it asks for a dynamic linker"


def verdict_line(argv):
    done = subprocess.run(argv, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode:
        return f"exit status {done.returncode}: {done.stderr.strip()}"
    return done.stdout.splitlines()[0]


def in_tree(binary, tree, core):
    """What the binary says of core inside of tree; None without the right to chroot."""
    place = tree / "coretool-test"
    place.mkdir(exist_ok=True)
    try:
        shutil.copy2(binary, place / "coretool")
        shutil.copy2(core, place / "core")
        prefix = [] if os.geteuid() == 0 else ["unshare", "-r"]
        return verdict_line([*prefix, "chroot", str(tree), "/coretool-test/coretool",
                             "analyze", "/coretool-test/core"])
    finally:
        shutil.rmtree(place, ignore_errors=True)


def main():
    binary, build = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    passed, failed = 0, list(linkage(binary))
    core = build / "cores" / CORE
    tree = next((build / "trees" / s for s in SUITES if (build / "trees" / s / "lib").exists()), None)
    if tree is None or not core.exists():
        print("skipped: trees: no other Debian release is unpacked, or no core was made")
        print(f"0 passed, {len(failed)} failed, 1 skipped")
        return 1 if failed else 0
    said = in_tree(binary, tree, core)
    if said.startswith("deadlock:"):
        passed += 1
    else:
        failed.append(f"in {tree.name}: {said}")
    outside = verdict_line([str(binary), "analyze", "--color", "never", str(core)])
    if outside.startswith("deadlock:"):
        passed += 1
    else:
        failed.append(f"outside: {outside}")
    for complaint in failed:
        print("failed:", complaint)
    print(f"{passed} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
