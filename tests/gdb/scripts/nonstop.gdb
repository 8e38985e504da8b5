# Threads that run are said to run, without a stack, and nothing is proven then.
# RUN: nonstop deadlock2
info threads
# CHECK-COUNT-2: \(running\)
coretool threads
# CHECK: nothing here is proven
# CHECK: 2 threads \(2, 3\) are running
# CHECK: thread 1 .*waits for a signal in pause
# CHECK: #0 +pause\(\)
# CHECK-NOT: reserve_stock|count_stock|waits for g_
coretool deadlocks
# CHECK: nothing here is proven
# CHECK-NOT: , proven|CT10|g_stock_lock
p $_coretool_is_deadlocked()
# CHECK-ONLY: = 0$
coretool analyze --format json
# CHECK: "still":false
# CHECK-NOT: "confidence":"proven"
coretool explain g_stock_lock
# CHECK: g_stock_lock
info waits
# CHECK-NOT: waits for g_
