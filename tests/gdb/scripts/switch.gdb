# From a core to a live process and on to nothing, in one session.
# RUN: core O0-g/deadlock2.gcore
source @ROOT@/tests/gdb/stage.py
coretool deadlocks
# CHECK: thread (?P<core>2 \(LWP \d+), order_worker\)
p $_coretool_owner(&g_stock_lock)
# CHECK-ONLY: = 3$
stage run
# CHECK: received signal SIGINT
coretool deadlocks
# CHECK: thread 2 \(LWP \d+, order_worker\)
# CHECK-NOT: <<core>>
coretool analyze --json
# CHECK: "source":"gdb"
kill
coretool deadlocks
# CHECK-ONLY: ^The program is not being run\.$
core-file @BUILD@/cores/O0-g/deadlock2.gcore.core
coretool deadlocks
# CHECK: thread <<core>>
coretool analyze --json
# CHECK: "source":"core"
