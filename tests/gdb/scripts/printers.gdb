# Locks as values: the state and the owner, by the engine's words, and off when switched off.
# RUN: live deadlock2
# RUN: core O0-g/deadlock2.gcore
p g_stock_lock
# CHECK-ONLY: ^\$\d+ = locked by thread 3 \(LWP \d+.*\); thread 2 .* waits$
p g_orders_lock
# CHECK-ONLY: ^\$\d+ = locked by thread 2 \(LWP \d+.*\); thread 3 .* waits$
p &g_stock_lock
# CHECK-ONLY: \(pthread_mutex_t \*\) 0x[0-9a-f]+ <g_stock_lock>
p *&g_stock_lock
# CHECK-ONLY: thread 3
p/r g_stock_lock
# CHECK: __owner = \d+
info pretty-printer
# CHECK: coretool
disable pretty-printer global coretool
p g_stock_lock
# CHECK: __owner = \d+
enable pretty-printer global coretool
p g_stock_lock
# CHECK-ONLY: thread 3
disable pretty-printer global coretool;pthread_mutex_t
p g_stock_lock
# CHECK: __owner = \d+
