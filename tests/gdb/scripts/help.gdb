# What help says, before and after the commands are known; nothing of the command line that makes no
# sense inside gdb.
# RUN: none
help coretool
# CHECK: Usage: coretool COMMAND
# CHECK: coretool goto -- 
coretool
# CHECK: coretool analyze -- .*full report
# CHECK: coretool deadlocks -- 
# CHECK: coretool explain -- .*address
# CHECK: coretool export -- 
# CHECK: coretool goto -- 
# CHECK: coretool graph -- 
# CHECK: coretool locks -- 
# CHECK: coretool modules -- 
# CHECK: coretool rules -- 
# CHECK: coretool threads -- 
# CHECK: coretool waits -- 
# CHECK-NOT: coretool (serve|completion|bundle|watch)
help coretool threads
# CHECK: Usage: coretool threads
# CHECK: thread
# CHECK-NOT: CORE|EXE
help coretool explain
# CHECK: Usage: coretool explain
# CHECK-NOT: CORE|EXE
help coretool deadlocks
# CHECK: Usage: coretool deadlocks
help coretool goto
# CHECK: holder
# CHECK: waiter|root
help coretool export
# CHECK: FILE
help info waits
# CHECK: Usage: info waits
help info locks
# CHECK: Usage: info locks
help set coretool
# CHECK: auto-check
# CHECK: path
help set coretool auto-check
# CHECK: interrupt
help show coretool timeout
# CHECK: second
help function
# CHECK: function _coretool_is_deadlocked --
# CHECK: function _coretool_owner --
# CHECK: function _coretool_waiters --
# CHECK: function _coretool_waits_on --
apropos -v deadlocks
# CHECK: coretool deadlocks
