# Whatever is asked, the thread and the frame that the user has selected stay selected.
# RUN: live deadlock2
# RUN: gdbserver-tcp deadlock2
thread 3
frame function count_stock
# CHECK: ^#5 .*count_stock
coretool threads
# CHECK: Threads: 3
frame
# CHECK: ^#5 .*count_stock
info waits
frame
# CHECK: ^#5 .*count_stock
p $_coretool_owner(&g_stock_lock)
# CHECK-ONLY: = 3$
frame
# CHECK: ^#5 .*count_stock
p $_coretool_waits_on(2)
# CHECK-ONLY: = 3$
frame
# CHECK: ^#5 .*count_stock
p g_orders_lock
# CHECK-ONLY: locked by thread 2 
frame
# CHECK: ^#5 .*count_stock
coretool export report.json
frame
# CHECK: ^#5 .*count_stock
enable frame-filter global coretool
bt
# CHECK: waits for g_orders_lock
frame
# CHECK: ^#5 .*count_stock
coretool explain no_such_symbol
coretool goto holder 1
frame
# CHECK: ^#5 .*count_stock
coretool explain $sp
# CHECK: stack +of thread 3 
thread
# CHECK: Current thread is 3 
