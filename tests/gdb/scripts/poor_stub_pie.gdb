# The same of a program that is relocated: gdb itself does not know where to, but it knows the
# libraries. The locks have no names then.
# RUN: poor-stub deadlock2
coretool deadlocks
# CHECK: thread 2 .*waits for 
# CHECK: held by thread 3
coretool locks
# CHECK: Locks: 2 held by 2 threads
p $_coretool_is_deadlocked()
# CHECK-ONLY: = 1$
