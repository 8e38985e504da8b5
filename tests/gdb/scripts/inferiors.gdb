# Two processes: each command is about the selected one.
# RUN: live deadlock2
add-inferior
# CHECK: Added inferior 2
inferior 2
coretool deadlocks
# CHECK-ONLY: ^The program is not being run\.$
file @BUILD@/samples/O0-g/owner_in_sleep
stage run
# CHECK: received signal SIGINT
coretool deadlocks
# CHECK-NOT: CT101
# CHECK: CT120
# CHECK: held by thread 2\.2 
p $_coretool_is_deadlocked()
# CHECK-ONLY: = 0$
inferior 1
coretool deadlocks
# CHECK: thread 1\.2 \(LWP \d+, order_worker\)
# CHECK-NOT: CT120
p $_coretool_is_deadlocked()
# CHECK-ONLY: = 1$
p $_coretool_owner(&g_stock_lock)
# CHECK-ONLY: = 3$
thread 1.2
coretool goto holder
thread
# CHECK: Current thread is 1\.3 
kill inferiors 1
coretool deadlocks
# CHECK-ONLY: ^The program is not being run\.$
inferior 2
coretool locks
# CHECK: g_cache_lock
