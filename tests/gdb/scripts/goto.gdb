# Goes to the thread and the frame that is meant, and stays where there is none.
# RUN: live deadlock2
# RUN: gdbserver-tcp deadlock2
thread 2
coretool goto holder
# CHECK: thread 2 .* waits for g_stock_lock, held by thread 3 
# CHECK: ^#\d+ .*close_orders
thread
# CHECK: Current thread is 3 
frame
# CHECK: close_orders
coretool goto holder
thread
# CHECK: Current thread is 2 
frame
# CHECK: reserve_stock
coretool goto waiter
thread
# CHECK: Current thread is 3 
frame
# CHECK: close_orders
thread 1
coretool goto holder
# CHECK-ONLY: thread 1 .*: no holder is known$
thread
# CHECK: Current thread is 1 
coretool goto waiter
# CHECK-ONLY: thread 1 .*: no waiter is known$
thread
# CHECK: Current thread is 1 
coretool goto root
# CHECK-ONLY: thread 1 .*: 
coretool goto
# CHECK-ONLY: ^Usage: coretool goto
coretool goto nowhere
# CHECK-ONLY: ^Usage: coretool goto
coretool goto holder 99
# CHECK-ONLY: ^Unknown thread 99\.$
coretool goto holder 2
thread
# CHECK: Current thread is 3 
