# Sourced again and again: silent, once of everything, and nothing that was set is lost.
# RUN: file deadlock2
source @ROOT@/gdbext/coretool_gdb.py
# CHECK-EMPTY:
set coretool auto-check on
set coretool timeout 17
source @ROOT@/gdbext/coretool_gdb.py
# CHECK-EMPTY:
source @ROOT@/gdbext/coretool_gdb.py
# CHECK-EMPTY:
show coretool timeout
# CHECK: 17
stage run
# CHECK: received signal SIGINT
# CHECK-COUNT-1: (?i)coretool.*deadlock
coretool deadlocks
# CHECK-COUNT-1: CT101 lock-cycle, P0, proven
source @ROOT@/gdbext/coretool_gdb.py
# CHECK-EMPTY:
coretool deadlocks
# CHECK-COUNT-1: CT101 lock-cycle, P0, proven
info pretty-printer global coretool
# CHECK-COUNT-1: ^ *coretool
# CHECK-COUNT-1: pthread_mutex_t
