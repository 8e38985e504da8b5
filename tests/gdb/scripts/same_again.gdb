# What a command prints does not hang on those before it: lines that another asked for are not there.
# RUN: live join_chain
info waits
# CHECK: at await_stage\(\)$
# CHECK-NOT: join_chain\.c:
coretool threads
# CHECK: join_chain\.c:\d+
info waits
# CHECK: at await_stage\(\)$
# CHECK-NOT: join_chain\.c:
# Arguments of functions that mean nothing are one clean line.
p $_coretool_owner(*(int*)0)
# CHECK-ONLY: Cannot access memory
p $_coretool_waits_on("x")
# CHECK-NOT: Python Exception
