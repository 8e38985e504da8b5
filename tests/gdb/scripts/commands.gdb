# Every command about a process, however gdb has it. Threads have gdb's own numbers: those of the order
# in which they began, but after an attach gdb numbers them as it likes.
# RUN: live deadlock2
# RUN: attach deadlock2
# RUN: core O0-g/deadlock2.gcore
# RUN: gdbserver-tcp deadlock2
# RUN: gdbserver-stdio deadlock2
coretool waits
# CHECK: thread (?P<order>\d+) \(LWP \d+, order_worker\) waits for g_stock_lock at reserve_stock\(\)
# CHECK: held by thread (?P<stock>\d+) \(LWP \d+, stock_worker\)
# CHECK: thread <<stock>> \(LWP \d+, stock_worker\) waits for g_orders_lock at close_orders\(\)
# CHECK: held by thread <<order>> 
# CHECK-COUNT-1[live core gdbserver-tcp gdbserver-stdio]: thread 2 .*order_worker\) waits for g_stock_lock
info threads
# CHECK[live attach gdbserver-tcp gdbserver-stdio]: 1 .*"deadlock2"
# CHECK-COUNT-1[live attach gdbserver-tcp gdbserver-stdio]: ^ +<<order>> .*"order_worker"
# CHECK-COUNT-1[live attach gdbserver-tcp gdbserver-stdio]: ^ +<<stock>> .*"stock_worker"
coretool threads
# CHECK: ^Threads: 3
# CHECK: thread 1 \(LWP \d+.* waits for a signal in pause\(\)
# CHECK: #0 +pause\(\)
# CHECK: #\d +main\(\)
# CHECK-COUNT-1: thread <<order>> .* waits for g_stock_lock, held by thread <<stock>> .*; holds g_orders_lock
# CHECK-COUNT-1: thread <<stock>> .* waits for g_orders_lock, held by thread <<order>> .*; holds g_stock_lock
# CHECK-COUNT-1: reserve_stock\(\) at \S*deadlock2\.c:12
# CHECK-COUNT-1: place_order\(\)
# CHECK-COUNT-1: count_stock\(\)
coretool analyze
# CHECK: ^deadlock: thread (<<order>>|<<stock>>) \(LWP \d+, \w+\) and thread (<<order>>|<<stock>>) .* wait for each other
# CHECK: CT101 lock-cycle, P0, proven
# CHECK: ^Stacks
# CHECK: (reserve_stock|close_orders)\(\) at \S*deadlock2\.c:\d+
# CHECK: What next
# CHECK-NOT: coretool \w+ \S*\.core
coretool locks
# CHECK: ^Locks: 2 held by 2 threads
# CHECK-COUNT-1: thread <<order>> .* holds 1 lock and waits for g_stock_lock
# CHECK-COUNT-1: thread <<stock>> .* holds 1 lock and waits for g_orders_lock
# CHECK-COUNT-1: g_orders_lock, probably taken in place_order.*; thread <<stock>> .* waits for it
# CHECK-COUNT-1: g_stock_lock, probably taken in count_stock.*; thread <<order>> .* waits for it
coretool deadlocks
# CHECK: The cycle .*CT101 lock-cycle, P0, proven
# CHECK: How we know
# CHECK-COUNT-1: thread <<order>> .* waits for g_stock_lock at reserve_stock\(\)
# CHECK-COUNT-1: ^ +held by thread <<stock>> 
# CHECK-NOT: sample_rest
coretool graph
# CHECK: ^digraph coretool \{
# CHECK: thread \d+ .*order_worker
# CHECK: g_stock_lock
# CHECK: ^\}
coretool explain g_stock_lock
# CHECK: is +pthread_mutex g_stock_lock
# CHECK: state .*owner \d+
# CHECK: held by +thread <<stock>> .*exact
# CHECK: waited for by +thread <<order>>$
coretool explain &g_stock_lock
# CHECK: is +pthread_mutex g_stock_lock
coretool explain (long)&g_stock_lock
# CHECK: is +pthread_mutex g_stock_lock
coretool modules
# CHECK: ok .*/deadlock2$
# CHECK: /libc\.so\.6
info waits
# CHECK-COUNT-1: thread <<order>> .*waits for g_stock_lock
# CHECK-COUNT-1: thread <<stock>> .*waits for g_orders_lock
info locks
# CHECK-COUNT-1: ^ +g_orders_lock, probably taken .*; thread <<stock>>
# CHECK-COUNT-1: ^ +g_stock_lock, probably taken .*; thread <<order>>
coretool threads --quick
# CHECK: thread <<order>> .*waits for
# CHECK-NOT: #0
coretool analyze --format json
# CHECK: "schema":"coretool-report/1"
# CHECK: "verdict":"deadlock"
coretool rules CT101
# CHECK: CT101
# CHECK: lock-cycle
