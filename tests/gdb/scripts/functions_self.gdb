# A thread that waits for itself is its own holder, and that is a deadlock.
# RUN: live self_relock
p $_coretool_is_deadlocked()
# CHECK-ONLY: = 1$
p $_coretool_waits_on(2)
# CHECK-ONLY: = 2$
p $_coretool_owner(g_index_lock)
# CHECK-ONLY: = 3$
p $_coretool_waiters(g_index_lock)
# CHECK-ONLY: = 1$
