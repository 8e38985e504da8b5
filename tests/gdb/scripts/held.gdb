# info locks lists what nobody waits for, too: globals, members, heap, FILEs, and where they were taken.
# RUN: live held_kinds
# RUN: core O2-g/held_kinds.gcore
info locks
# CHECK: Locks: 20 held by 1 thread
# CHECK: thread 2 .*holds 20 locks
# CHECK: g_robust\[1\]
# CHECK: the lock of the FILE at 0x
# CHECK: g_recursive
# CHECK: g_shop\.accounts\[2\]\.lock
# CHECK: the mutex at 0x[0-9a-f]+ \(guess\)
# CHECK: the mutex at 0x[0-9a-f]+ \(inferred\), probably taken in close_day
# CHECK-NOT: g_free
coretool explain &g_shop.safe
# CHECK: held by +thread 2
