# What is known of a stop is good for that stop alone: the lock is released, and another answer comes.
# RUN: live gdb_moves
coretool locks
# CHECK: thread 2 .*holds 2 locks
# CHECK: g_gate_lock.*; thread 3 .* waits for it
# CHECK: g_ledger_lock
coretool deadlocks
# CHECK-NOT: CT101
p $_coretool_is_deadlocked()
# CHECK-ONLY: = 0$
thread 3
p $_coretool_waits_on()
# CHECK-ONLY: = 2$
set var g_move = 1
stage go moved
# CHECK: received signal SIGINT
coretool deadlocks
# CHECK: CT101 lock-cycle, P0, proven
coretool locks
# CHECK: thread 2 .*holds 1 lock and waits for g_gate_lock
# CHECK: thread 3 .*holds 1 lock and waits for g_ledger_lock
p $_coretool_is_deadlocked()
# CHECK-ONLY: = 1$
