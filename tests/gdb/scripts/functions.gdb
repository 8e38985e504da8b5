# The four functions on a deadlock of two, on threads that wait for themselves, and on near misses.
# RUN: live deadlock2
# RUN: gdbserver-tcp deadlock2
# RUN: core O0-g/deadlock2.gcore
p $_coretool_is_deadlocked()
# CHECK-ONLY: = 1$
p $_coretool_owner(&g_stock_lock)
# CHECK-ONLY: = 3$
p $_coretool_owner(&g_orders_lock)
# CHECK-ONLY: = 2$
p $_coretool_owner(g_orders_lock)
# CHECK-ONLY: = 2$
p $_coretool_waiters(&g_stock_lock)
# CHECK-ONLY: = 1$
p $_coretool_waits_on(2)
# CHECK-ONLY: = 3$
p $_coretool_waits_on(3)
# CHECK-ONLY: = 2$
p $_coretool_waits_on(1)
# CHECK-ONLY: = 0$
thread 2
p $_coretool_waits_on()
# CHECK-ONLY: = 3$
p $_coretool_owner(&g_orders) + $_coretool_waiters(&g_orders)
# CHECK-ONLY: = 0$
p $_coretool_owner(0)
# CHECK-ONLY: = 0$
if $_coretool_is_deadlocked() && $_coretool_owner(&g_stock_lock) == 3
  echo yes\n
end
# CHECK-ONLY: ^yes$
