# After the end of a process nothing is told of it; of the next run, what is true then.
# RUN: live deadlock2
coretool deadlocks
# CHECK: CT101 lock-cycle
kill
coretool deadlocks
# CHECK-ONLY: ^The program is not being run\.$
p $_coretool_is_deadlocked()
# CHECK-ONLY: ^The program is not being run\.$
stage run
coretool deadlocks
# CHECK: thread 2 \(LWP \d+, order_worker\)
call (void) _exit(3)
# CHECK: exited with code 03
coretool deadlocks
# CHECK-ONLY: ^The program is not being run\.$
info waits
# CHECK-ONLY: ^The program is not being run\.$
