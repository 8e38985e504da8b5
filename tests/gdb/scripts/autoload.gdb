# By the name under which gdb loads a script with a program, and in an older session's way.
# RUN: bare
shell cp @BUILD@/samples/O0-g/deadlock2 . && ln -s @ROOT@/gdbext/coretool_gdb.py deadlock2-gdb.py
coretool
# CHECK-ONLY: ^Undefined command: "coretool"
file ./deadlock2
# CHECK-EMPTY:
set coretool path @PROGRAM@
source @ROOT@/tests/gdb/stage.py
stage run
# CHECK: received signal SIGINT
coretool deadlocks
# CHECK: CT101 lock-cycle, P0, proven
