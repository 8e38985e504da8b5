# A write of the user's into the process's memory is seen at once.
# RUN: live deadlock2
coretool explain g_stock_lock
# CHECK: held by +thread 3 
set var g_stock_lock.__data.__owner = 999999
coretool explain g_stock_lock
# CHECK: owner 999999
# CHECK-NOT: held by +thread 3
coretool deadlocks
# CHECK-NOT: CT101
set var g_stock_lock.__data.__owner = 0
coretool deadlocks
# CHECK-NOT: CT101
