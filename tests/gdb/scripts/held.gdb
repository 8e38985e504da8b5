# info locks lists what nobody waits for, too: globals, members, heap, FILEs, and where they were taken.
# RUN: live held_kinds
# RUN: core O2-g/held_kinds.gcore
info locks
# CHECK: Locks: 20 held by 1 thread, \d of them probably
# CHECK: thread 2 .*holds 20 locks \(\d of them probably\)
# CHECK: g_robust\[1\]
# CHECK: the lock of the FILE at 0x
# CHECK: g_recursive
# CHECK: g_shop\.accounts\[2\]\.lock
# CHECK: probably g_savings\[5\]\.lock \(
# CHECK: probably the mutex at 0x[0-9a-f]+, on the stack of thread \d+ \(inferred\), taken in close_day
# CHECK: probably t_drawer of thread 2 \(LWP \d+.*\) \(guess\)
# CHECK-NOT: g_free
coretool explain &g_shop.safe
# CHECK: held by +thread 2
