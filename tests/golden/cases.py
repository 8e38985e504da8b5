# SPDX-License-Identifier: Apache-2.0
"""Of which cores the reports are kept, and which reports: data only.

A report is a command line without the core. In place of an address, @NAME is the lock that the
truth file calls NAME, and pc:FUNCTION is where a thread goes on in FUNCTION. What is compared with a
core is a healthy program: the numbers of its threads are in no report.

Cores of gdb list the threads in the order in which they were created. The kernel's begin with the
thread that was hit, and the order of the others is chance: of these, only reports that do not show
that order. What the main thread of a sample that crashes does at that moment is chance as well.
"""

CASES = {
    "O0-g/deadlock2.gcore": (
        "analyze", "analyze --json", "analyze -v", "analyze -q", "analyze --quick",
        "analyze --quick --json", "threads", "locks", "locks --json", "deadlocks", "graph",
        "modules", "modules --json", "explain @g_stock_lock", "explain @g_stock_lock --json",
        "explain pc:reserve_stock", "explain 0x10"),
    "O2-g/deadlock3.gcore": ("analyze", "analyze --format ndjson"),
    "O2-stripped/deadlock2.gcore": ("analyze", "modules"),
    "O2-g/self_relock.gcore": ("analyze", "analyze --json", "graph", "locks"),
    "O2-g/pi_self.gcore": ("analyze",),
    "O2-g/owner_exited.gcore": ("analyze", "analyze --json", "locks", "graph"),
    "O2-g/owner_in_read.gcore": (
        "analyze", "analyze --json", "graph", "diff O2-g/condvar_pool.gcore.core",
        "diff -v O2-g/condvar_pool.gcore.core"),
    "O2-g/join_cycle.gcore": ("analyze", "analyze --json"),
    "O2-g/join_ring.gcore": ("deadlocks",),
    "O2-g/join_chain.gcore": ("analyze", "waits"),
    "O2-g/timed_cycle.gcore": ("analyze", "graph"),
    "O2-g/two_cycles.gcore": ("analyze", "deadlocks --json", "waits"),
    "O2-g/long_chain.gcore": ("analyze",),
    "O2-g/rwlock_abba.gcore": ("analyze", "analyze --json"),
    "O2-g/once_self.gcore": ("analyze",),
    "O2-g/barrier_short.gcore": ("analyze", "orphans"),
    "O2-g/signal_relock.gcore": ("deadlocks",),
    "O2-g/file_abba.gcore": ("deadlocks", "locks --json"),
    "O2-g/member_lock.gcore": ("analyze", "locks"),
    "O2-g/inlined.gcore": ("deadlocks -v",),
    "O2-g/cxx_deadlock.gcore": ("analyze", "locks --json"),
    "O2-g/errorcheck_recursive.gcore": ("analyze",),
    "O2-g/recursion_deep.gcore": ("analyze",),
    "O2-g/pshared_other.gcore": ("analyze -v",),
    "O2-g/condvar_pool.gcore": ("analyze", "orphans", "orphans --json"),
    "O2-g/queue_orphans.gcore": ("analyze", "orphans"),
    "O2-g/sem_orphan.gcore": ("orphans",),
    "O2-g/sem_chain.gcore": ("analyze", "orphans"),
    "O2-g/never_joined.gcore": ("threads", "orphans", "threads --json"),
    "O2-g/file_exited.gcore": ("analyze", "locks"),
    "O2-g/rwlock_exited.gcore": ("deadlocks",),
    "O2-g/kinds.gcore": ("locks", "locks -v"),
    "O2-g/syscalls.gcore": ("analyze", "threads", "waits"),
    "O2-g/abort_watchdog.gcore": ("deadlocks",),
    "O2-g/crash_null_field.gcore": ("crash", "crash --json", "crash -v", "crash --quick"),
    "O2-g/crash_mutual.gcore": ("crash",),
    "O2-g/crash_exception.gcore": ("crash", "crash --json"),
    "O2-g/crash_double_free.gcore": ("crash",),
    "O2-g/crash_holder.gcore": ("crash", "crash --json"),
    "O2-g/crash_bad_return.gcore": ("crash",),
    "O0-g/call_null.kernel": ("deadlocks", "crash", "explain 0x10"),
    "O0-g/owner_in_read.kernel": ("crash",),
    "O0-g/recursion_deep.kernel": ("deadlocks", "locks"),
    "O2-static-pie/deadlock2.gcore": ("analyze",),
    "O2-debuglink/inlined.gcore": ("deadlocks", "modules"),
}
