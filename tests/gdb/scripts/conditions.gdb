# Functions in conditions of breakpoints: where one is false gdb goes on by itself, and the next one is
# about the process as it is then. Meanwhile the other threads run on, so nothing is proven.
# RUN: live gdb_moves
break pthread_mutex_unlock if $_coretool_owner(&g_gate_lock) == 99
break enter_gate if $_coretool_owner(&g_gate_lock) == 3
break pause if $_coretool_is_deadlocked()
p $_coretool_owner(&g_gate_lock)
# CHECK-ONLY: = 2$
set var g_move = 1
stage go moved
# CHECK: Breakpoint 2, enter_gate
p $_coretool_owner(&g_gate_lock)
# CHECK-ONLY: = 3$
p $_coretool_is_deadlocked()
# CHECK-ONLY: = 0$
stage go moved
# CHECK: received signal SIGINT
p $_coretool_is_deadlocked()
# CHECK-ONLY: = 1$
