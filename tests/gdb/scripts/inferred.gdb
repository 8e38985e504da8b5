# Holders that nothing records, C++'s and Rust's waits, and another C library: what the code tells, in gdb too.
# RUN: core O2-g/rust_mutex_abba.gcore
info locks
# CHECK: ^Locks: 2 held by 2 threads, 2 of them probably
# CHECK: holds probably 1 lock and waits for
# CHECK: \(inferred\)
coretool deadlocks
# CHECK: CT101 lock-cycle, P0, likely
file @BUILD@/samples/O2-g/spin_abba
core-file @BUILD@/cores/O2-g/spin_abba.gcore.core
info locks
# CHECK: of them probably
# CHECK: probably .* \(inferred\)
file @BUILD@/samples/O2-g/cxx_future
core-file @BUILD@/cores/O2-g/cxx_future.gcore.core
info waits
# CHECK: future
file @BUILD@/samples/O2-g/cxx_latch
core-file @BUILD@/cores/O2-g/cxx_latch.gcore.core
info waits
# CHECK: latch
file @BUILD@/samples/musl-O2-g/deadlock2
core-file @BUILD@/cores/musl-O2-g/deadlock2.gcore.core
coretool deadlocks
# CHECK: CT101 lock-cycle
# CHECK: g_stock_lock
info locks
# CHECK: g_orders_lock
file @BUILD@/samples/O2-g/lock_left
core-file @BUILD@/cores/O2-g/lock_left.gcore.core
info locks
# CHECK: ^Locks whose owner is gone: 3
# CHECK: g_printers\[1\]\.lock: held by thread \d+, which is no thread of this process
