# What a command prints does not hang on those before it.
# RUN: live deadlock2
info waits
# CHECK: main\(\)|thread 2
coretool threads
# CHECK: deadlock2.c:\d+
coretool waits --json
# CHECK: "function":"reserve_stock"
p $_coretool_owner(*(int*)0)
# CHECK-ONLY: Cannot access memory
p $_coretool_waits_on("x")
# CHECK-NOT: Python Exception
