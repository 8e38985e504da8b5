# Programs without symbols, without a loader, by another compiler.
# RUN: live O2-stripped/deadlock2
# RUN: live O2-static/deadlock2
# RUN: live O2-static-pie/deadlock2
# RUN: live O2-clang/deadlock2
# RUN: live O2-debuglink/deadlock2
coretool deadlocks
# CHECK: CT101 lock-cycle, P0, proven
# CHECK: thread 2 \(LWP \d+, order_worker\) +waits for
# CHECK: held by thread 3 \(LWP \d+, stock_worker\)
thread 3
coretool goto holder
thread
# CHECK: Current thread is 2 
