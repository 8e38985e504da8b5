# A program that does not run yet, and none at all.
# RUN: none
# RUN: file deadlock2
coretool deadlocks
# CHECK-ONLY: ^The program is not being run\.$
coretool explain 0x1000
# CHECK-ONLY: ^The program is not being run\.$
info waits
# CHECK-ONLY: ^The program is not being run\.$
info locks
# CHECK-ONLY: ^The program is not being run\.$
coretool goto holder
# CHECK-ONLY: ^(The program is not being run|No thread selected)\.$
coretool export report.json
# CHECK-ONLY: ^The program is not being run\.$
p $_coretool_is_deadlocked()
# CHECK-ONLY: ^The program is not being run\.$
p $_coretool_waits_on()
# CHECK-ONLY: ^(The program is not being run|No thread selected)\.$
coretool rules
# CHECK: CT101
shell ls
# CHECK-NOT: report
