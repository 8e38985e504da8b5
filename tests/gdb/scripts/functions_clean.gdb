# Near misses: threads wait, and one of them or a timeout will end it.
# RUN: live owner_in_sleep
# RUN: core O2-g/owner_in_sleep.gcore
p $_coretool_is_deadlocked()
# CHECK-ONLY: = 0$
p $_coretool_owner(g_cache_lock)
# CHECK-ONLY: = 2$
p $_coretool_waiters(g_cache_lock)
# CHECK-ONLY: = 5$
p $_coretool_waits_on(5)
# CHECK-ONLY: = 2$
p $_coretool_waits_on(2)
# CHECK-ONLY: = 0$
