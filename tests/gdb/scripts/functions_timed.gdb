# A circle of waits that end by themselves is none that lasts for ever.
# RUN: live timed_cycle
p $_coretool_is_deadlocked()
# CHECK-ONLY: = 0$
p $_coretool_waits_on(2)
# CHECK-ONLY: = 3$
coretool deadlocks
# CHECK: CT101 lock-cycle, P1
