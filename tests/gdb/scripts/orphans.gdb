# Threads that nobody is left to wake: the command in gdb, on a core and on a process.
# RUN: attach queue_orphans
# RUN: core O2-g/queue_orphans.gcore
coretool orphans
# CHECK: ^stuck: 4 threads \(consumer\) wait for a signal of g_queue_ready, and no thread is left that could signal it; 1 more wait behind them
# CHECK: CT110 orphaned-thread, P1, proven
# CHECK: wait for a signal of g_queue_ready at take_order\(\)
# CHECK: thread 0x[0-9a-f]+ \(producer\) has exited
# CHECK: ^Exited, not joined: 1
help coretool orphans
# CHECK: no thread is left to wake
