# One line after an interrupt that finds a deadlock; none by default, after a breakpoint, or where
# there is none to find.
# RUN: file deadlock2
stage run
# CHECK: received signal SIGINT
# CHECK-NOT: deadlock:
kill
set coretool auto-check on
stage run
# CHECK: received signal SIGINT
# CHECK: ^coretool: deadlock: thread 2 .*order_worker\) and thread 3 .* wait for each other
# CHECK-COUNT-1: order_worker
tbreak pause
kill
run >sample.out
# CHECK: Temporary breakpoint
# CHECK-NOT: wait for each other
kill
file @BUILD@/samples/O0-g/owner_in_sleep
stage run
# CHECK: received signal SIGINT
# CHECK-NOT: coretool:
kill
file @BUILD@/samples/O0-g/deadlock2
set coretool auto-check off
stage run
# CHECK: received signal SIGINT
# CHECK-NOT: wait for each other
