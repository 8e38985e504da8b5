# A stub that tells neither auxv nor maps nor files: with the symbols that gdb has, still who waits for
# what, and who holds it.
# RUN: poor-stub O2-nopie/deadlock2
info auxv
# CHECK-NOT: AT_PHDR
coretool deadlocks
# CHECK: thread 2 .*waits for g_stock_lock at reserve_stock\(\)
# CHECK: held by thread 3
coretool locks
# CHECK: Locks: 2 held by 2 threads
coretool explain &g_stock_lock
# CHECK: held by +thread 3
p $_coretool_owner(&g_stock_lock)
# CHECK-ONLY: = 3$
p $_coretool_is_deadlocked()
# CHECK-ONLY: = 1$
