# SPDX-License-Identifier: Apache-2.0
"""Which sample gets which cores: data only.

A plan maps a variant to the kinds of core to make of it. Every sample gets the small plan, so that
each of O0-g, O2-g and O2-stripped and each kind occurs; what the engine depends on most gets more.
"""

from dataclasses import dataclass

KINDS = ("gcore", "kernel")

SMALL = {"O0-g": ("kernel",), "O2-g": ("gcore",), "O2-stripped": ("kernel",)}
BOTH = {"O0-g": KINDS, "O2-g": KINDS, "O0-stripped": ("gcore",), "O2-stripped": KINDS}
PAIRS = {"O0-g": KINDS, "O2-g": KINDS, "O2-stripped": KINDS}
LINKED = {
    "O2-static": ("kernel",),
    "O2-static-pie": ("gcore",),
    "O2-nopie": ("kernel",),
    "O2-debuglink": ("gcore",),
    "O2-minidebug": ("kernel",),
    "O2-clang": ("gcore",),
}

# Of whatever samples.mk builds so.
MUSL = {"musl-O2-g": KINDS, "musl-static": ("kernel",), "musl-static-stripped": ("gcore",)}
# Rust has one variant more; samples with this prefix are in it.
RUST = "rust_"
OF_RUST = {"O0-g": ("kernel",), "O2-g": ("gcore",), "O2-stripped": ("kernel",), "O2-abort": ("kernel",)}

# The same samples by a newer compiler; see newer_rust.py.
OF_NEWER_RUST = (("newrust-O0-g", "kernel"), ("newrust-O2-g", "kernel"))

# Both kinds everywhere; with LINKED where samples.mk builds those variants.
IN_BOTH = {
    "deadlock2", "self_relock", "kinds", "owner_exited", "join_cycle", "cxx_deadlock",
    "member_lock", "syscalls", "recursion_deep", "inlined", "pshared_other", "restart",
    "timed_cycle", "never_joined",
}

# One kind everywhere.
IN_LINKED = {"cxx_static_init", "cxx_latch"}

# Both kinds of the usual variants.
IN_PAIRS = {
    "sem_pi", "sem_pi_client", "pi_abba", "pi_dead", "pi_self", "pi_transfer", "pi_wrapped",
    "file_lock", "inconsistent", "double_unlock", "rwlock_abba", "once_cross", "once_self",
    "file_abba", "dead_chain", "forked", "raw_clone", "pidns_kill", "tls_lock",
    "rwlock_readers", "rwlock_reader_abba", "rwlock_upgrade", "rwlock_array", "rwlock_try",
    "rwlock_forever", "sem_abba", "sem_pipeline", "cond_pipeline", "cxx_shared_lock",
    "spin_abba", "spin_behind",
    "held_kinds", "held_guards", "held_alike", "lock_left", "lock_overwritten",
    "rwlock_reread", "cond_kinds", "sem_kinds", "join_kinds",
}

# What the holders that nothing records are found by is code: also that of another compiler.
IN_CLANG = {
    "rwlock_readers", "rwlock_reader_abba", "rwlock_array", "rwlock_try", "rwlock_ops",
    "rwlock_interrupted", "rwlock_upgrade", "spin_abba", "spin_handed", "sem_abba",
    "cond_pipeline", "cxx_shared_lock", "held_readers",
}

# gdb cannot attach to a process whose first thread has exited.
KERNEL_ONLY = {"O0-g": ("kernel",), "O2-g": ("kernel",), "O2-stripped": ("kernel",)}
# gdb cannot stop who is in vfork() either.
# gdb stops at the first signal of the crashes, and a breakpoint is its own.
IN_KERNEL = {
    "vfork_slow", "main_exited", "crash_handler", "crash_in_handler", "crash_on_purpose", "crash_breakpoint",
}

IN_STATIC = {"crash_exception", "crash_assert"}

# What runs in an unpacked Debian tree of another glibc.
IN_TREES = (
    "deadlock2", "kinds", "self_relock", "owner_exited", "join_cycle", "join_chain", "timed_cycle",
    "restart", "two_cycles", "syscalls", "pi_dead", "pi_self", "pi_wrapped",
    "rwlock_abba", "once_cross", "once_slow", "file_abba", "condvar_pool",
    "rwlock_timed", "rwlock_reread", "cond_kinds", "sem_kinds", "join_kinds", "barrier_shared", "spin_abba", "spin_behind",
    "never_joined", "crash_assert", "crash_double_free", "crash_freed", "crash_recursion",
    "crash_strlen", "held_alike", "lock_left", "flush_all", "iterate_headers", "time_zone",
    "malloc_in_handler", "malloc_arenas", "malloc_left",
)

# What is built with other versions of musl, and runs right here; see musl_tree.py.
IN_MUSL_TREES = (
    "kinds", "recursive_abba", "robust_self", "self_relock", "join_cycle", "join_chain", "once_cross",
    "rwlock_abba", "condvar_pool", "barrier_short", "sem_chain", "sem_orphan", "idle_timed",
    "restart", "atfork_cross", "crash_abort", "crash_null_field", "crash_smash",
)


@dataclass(frozen=True)
class Trait:
    """How a sample is treated beside the ordinary."""

    # Crashes by itself when its stdin ends, as all whose names begin with crash_ do.
    crashes: bool = False
    # Stopped and continued before the core is made, so that restart_syscall shows.
    restart: bool = False
    # The core is of its child's child, and so on; a child has at most one.
    of_child: bool = False
    # Cores of as many runs, for samples that are caught at a different place each time.
    copies: int = 1
    # The size of its threads' stacks; small, because gdb writes each stack in full.
    stack_kb: int = 256


TRAITS = {
    "call_null": Trait(crashes=True),
    "abort_watchdog": Trait(crashes=True),
    "rust_panic": Trait(crashes=True),
    "restart": Trait(restart=True),
    "busy_pool": Trait(copies=2),
    "rwlock_busy": Trait(copies=4),
    "forked": Trait(of_child=True),
    "fork_recursive": Trait(of_child=True),
    "forked_rwlock": Trait(of_child=True),
    "forked_file": Trait(of_child=True),
    "forked_by_thread": Trait(of_child=True),
    "forked_raw": Trait(of_child=True),
    "forked_anew": Trait(of_child=True),
    "pidns_kill": Trait(of_child=True),
    "lock_window": Trait(copies=4),
    "spin_busy": Trait(copies=4),
    "deadlock2": Trait(stack_kb=8192),
}


def trait(sample):
    return TRAITS.get(sample, Trait(crashes=sample.startswith("crash_")))


def cores_of(sample):
    """(variant, kind, copy) of each core that the sample should have."""
    variants = SMALL
    if sample in IN_BOTH:
        variants = {**BOTH, **LINKED}
    elif sample in IN_PAIRS:
        variants = PAIRS
    elif sample in IN_LINKED:
        variants = {**SMALL, **LINKED}
    elif sample.startswith(RUST):
        variants = OF_RUST
    elif sample in IN_KERNEL:
        variants = KERNEL_ONLY
    elif sample in IN_STATIC:
        variants = {**SMALL, "O2-static": ("kernel",)}
    if sample in IN_CLANG:
        variants = {**variants, "O2-clang": LINKED["O2-clang"]}
    how = trait(sample)
    for variant, kinds in (variants | MUSL).items():
        for kind in kinds if sample not in IN_KERNEL else ("kernel",):
            for copy in range(how.copies):
                yield variant, kind, copy


def core_name(sample, kind, copy):
    return f"{sample}{copy + 1 if copy else ''}.{kind}.core"
