# A lock whose owner has exited: said by functions, printer and commands; goto has nowhere to go.
# RUN: live dead_chain
p $_coretool_is_deadlocked()
# CHECK-ONLY: = 1$
p $_coretool_owner(g_index_lock)
# CHECK-ONLY: = 0$
p $_coretool_owner(g_catalog_lock)
# CHECK-ONLY: = 3$
p $_coretool_waiters(g_catalog_lock)
# CHECK-ONLY: = 2$
p g_index_lock
# CHECK-ONLY: = locked by .*\d+, which is no thread of this process; thread 3 .* waits$
coretool deadlocks
# CHECK: CT103 dead-owner, P0, proven
# CHECK: threads \(4, 5\) wait for g_catalog_lock
# CHECK: thread 3 .*waits for g_index_lock
thread 3
coretool goto holder
# CHECK-ONLY: thread 3 .*: no holder is known
thread
# CHECK: Current thread is 3 
thread 5
coretool goto root
# CHECK-ONLY: thread 5 .*:
coretool goto holder
thread
# CHECK: Current thread is 3 
