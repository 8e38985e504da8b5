# SPDX-License-Identifier: Apache-2.0
"""Which samples in Go are built how, and which cores they get: data only.

A variant is one toolchain and one build: go-1.24-sw. Of the builds below a sample has those that its
row of PLANS names.
"""

from dataclasses import dataclass, field

KINDS = ("gcore", "kernel")


@dataclass(frozen=True)
class Build:
    args: tuple = ()
    cgo: bool = False
    # For the run: the race detector switches cores off.
    environment: dict = field(default_factory=dict)


BUILDS = {
    "plain": Build(),
    "w": Build(("-ldflags=-w",)),
    "sw": Build(("-ldflags=-s -w",)),
    "pie": Build(("-buildmode=pie", "-ldflags=-s -w")),
    "pie-debug": Build(("-buildmode=pie",)),
    "external": Build(("-ldflags=-linkmode=external",), cgo=True),
    "cgo": Build(cgo=True),
    "cgo-sw": Build(("-ldflags=-s -w",), cgo=True),
    "checkptr": Build(("-gcflags=-d=checkptr", "-ldflags=-s -w")),
    "race": Build(("-race",), cgo=True, environment={"GORACE": "disable_coredump=0"}),
}

SMALL = {"plain": ("gcore",), "sw": ("kernel",)}
# The same with other versions than the newest.
STRIPPED = {"sw": ("kernel",)}
# With a version between the oldest and the newest a sample is not built in ways that want the whole standard library
# compiled anew, but as a PIE.
NOT_BETWEEN = {"pie-debug", "race", "external"}
EVERY = {"plain": KINDS, "w": ("kernel",), "sw": KINDS, "pie": KINDS, "external": ("kernel",), "race": ("kernel",)}
LOCKS = {"plain": KINDS, "sw": KINDS, "pie": ("kernel",), "race": ("kernel",)}
CGO = {"cgo": KINDS, "cgo-sw": KINDS}
# They die by themselves when their stdin ends; gdb would stop at the runtime's signals to itself.
CRASH = {"sw": ("kernel",)}

PLANS = {
    "go_waits": EVERY,
    "go_abba": LOCKS,
    "go_self_lock": LOCKS,
    "go_rwmutex": LOCKS,
    "go_owner_fool": LOCKS,
    "go_owner_generic": LOCKS,
    "go_trylock": LOCKS,
    "go_modern": EVERY,
    "go_close_by_receiver": EVERY,
    # In C code of the race detector stacks of Go are not there.
    "go_spin": {"plain": KINDS, "sw": ("kernel",), "pie": ("kernel",)},
    "go_running": {"plain": KINDS, "sw": ("kernel",), "pie": ("kernel",)},
    # Types by DWARF: of each version, by the system's linker, and where the program was not loaded where it says.
    "go_heap": {"plain": ("gcore",), "sw": ("kernel",), "external": ("kernel",), "pie-debug": ("kernel",)},
    "go_cgo": CGO,
    "go_cgo_visitor": {"cgo-sw": ("gcore",)},
    "go_cgo_signal": {"cgo": ("kernel",), "cgo-sw": ("kernel",)},
    "go_all_asleep": CRASH,
    "go_panics": CRASH,
    "go_bad_pointer": {"checkptr": ("kernel",)},
}
# Of these coretool does not say all yet that they tell: their cores are made, and checked, by soak-go only.
LATER = set()
CRASHES = {"go_all_asleep", "go_panics", "go_bad_pointer", "go_cgo_signal"}
# They are caught at a different place each time.
COPIES = {"go_spin": 2, "go_running": 2, "go_gc": 3}
# Programs that do one of several things, and list them when they are told none.
HAVE_CASES = {"go_allocations", "go_chan_rescue", "go_panics", "go_bad_pointer", "go_all_asleep", "go_cgo_signal", "go_left"}


def plan_of(sample, newest=True, between=False):
    plan = PLANS.get(sample, SMALL if newest else STRIPPED)
    return {way: kinds for way, kinds in plan.items() if not between or way not in NOT_BETWEEN}
