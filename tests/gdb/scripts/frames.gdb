# The frame decorator is off until it is asked for, and then says what a frame waits for.
# RUN: live deadlock2
# RUN: gdbserver-tcp deadlock2
thread 2
bt
# CHECK: reserve_stock
# CHECK-NOT: waits for
info frame-filter
# CHECK: No +coretool
enable frame-filter global coretool
bt
# CHECK: ^#0 .*waits for g_stock_lock, held by thread 3 
# CHECK: place_order
# CHECK-COUNT-1: waits for
thread apply all bt
# CHECK: waits for g_orders_lock, held by thread 2
# CHECK: waits for g_stock_lock, held by thread 3
# CHECK-COUNT-2: waits for
bt -no-filters
# CHECK-NOT: waits for
disable frame-filter global coretool
bt
# CHECK-NOT: waits for
