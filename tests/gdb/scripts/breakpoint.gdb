# A stop at a breakpoint or by a debugger's signal is no crash; one by a signal that kills is.
# RUN: file deadlock2
tbreak pause
run >sample.out
# CHECK: Temporary breakpoint
coretool deadlocks
# CHECK: ^deadlock: thread 2 
# CHECK-NOT: SIGTRAP|died
coretool threads
# CHECK: thread 1 .* is running
# CHECK: #0 +pause\(\)
kill
stage run
coretool analyze
# CHECK: ^deadlock: thread 2 
# CHECK-NOT: SIGINT|died
