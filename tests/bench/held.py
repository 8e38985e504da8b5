"""make bench, second part: the search for held locks against adding up the same bytes.

A core of more than a gigabyte of writable memory, with some thousands of held locks on a heap, other
data of every sort, and a large block made to look like locks (bench_held.c). scan.c measures both
in one run. What is found is checked first: every lock that is held; and of what is told beside them,
nothing with more trust than a guess.
"""

import argparse
import dataclasses
import json
import pathlib
import subprocess
import sys

import cores

HEAP = 0x200000000000
OBJECT, LOCK, HELD_EACH = 144, 32, 7  # of bench_held.c
RATIO = 1.5
FALSE = 20  # guesses among the numbers that were made to look like locks
GIB = 1 << 30


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    title: str
    threads: int
    objects: int
    megabytes: int
    adverse: int
    reserve_gib: int = 0

    def arguments(self):
        return [str(n) for n in (self.threads, self.objects, self.megabytes, self.adverse)]


CASE = Case("held", "held locks in 1.2 GiB", 1000, 20000, 1024, 190)


def truth():
    return {HEAP + LOCK + i * OBJECT for i in range(0, CASE.objects, HELD_EACH)}


def told(coretool, core):
    """(address: trust) of all mutexes that are held."""
    done = subprocess.run([coretool, "locks", "--json", core], capture_output=True, check=True)
    report = json.loads(done.stdout)
    return {int(hold["resource"][2:], 16): hold["trust"]
            for actor in report["actors"] for hold in actor.get("holds", [])}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--coretool", type=pathlib.Path, required=True)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--enforce", action="store_true", help="exit status 1 if a bar is missed")
    options = parser.parse_args()
    build = options.build.resolve()
    try:
        core = cores.make_core(build / "bench_held", CASE, build / "cores")
    except cores.CannotMake as error:
        print(f"held locks: left out: {error}")
        return 0
    cores.warm(core.path)
    held, found = truth(), told(options.coretool.resolve(), core.path)
    done = subprocess.run([build / "scan", core.path], capture_output=True, text=True, check=True)
    scan, floor, size, holes = (float(word) for word in done.stdout.split())
    missed, false = held - set(found), set(found) - held
    sure = [address for address in false if found[address] != "guess"]
    print(f"# Held locks: {size / GIB:.2f} GiB of data, {holes / GIB:.2f} GiB of holes")
    print(f"search {scan:.3f} s ({size / scan / 1e9:.1f} GB/s), sum of the same bytes {floor:.3f} s "
          f"({size / floor / 1e9:.1f} GB/s): {scan / floor:.2f} x, bar {RATIO} x")
    print(f"{len(held)} held, {len(held & set(found))} found, {len(false)} false guesses "
          f"(bar {FALSE}), {len(sure)} false with more trust (bar 0)")
    good = scan <= RATIO * floor and not missed and len(false) <= FALSE and not sure
    print("ok" if good else "MISS")
    return 1 if options.enforce and not good else 0


if __name__ == "__main__":
    sys.exit(main())
