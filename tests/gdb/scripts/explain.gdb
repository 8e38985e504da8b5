# Addresses by expressions: members, elements, registers, pointers and nothing.
# RUN: live kinds
# RUN: gdbserver-tcp kinds
coretool explain g_kinds[1].lock
# CHECK: is +pthread_mutex g_kinds\[1\]\.lock
# CHECK: state +type recursive,.* depth 2
# CHECK: held by +thread 2 \(LWP \d+\) \(exact: 
# CHECK: waited for by +thread 4$
coretool explain &g_kinds[0].lock + 0
# CHECK: is +pthread_mutex g_kinds\[0\]\.lock
coretool explain -v g_kinds[2].lock
# CHECK: is +pthread_mutex g_kinds\[2\]\.lock
coretool explain --json g_kinds[2].lock
# CHECK: "schema":"coretool-report/1"
coretool explain $sp
# CHECK: stack +of thread 1 \(LWP \d+\), 0 bytes above its stack pointer
coretool explain $pc
# CHECK: function +\S*pause\+0x
thread 3
coretool explain $sp
# CHECK: stack +of thread 3 
coretool explain 0
# CHECK: mapping +none: no memory of the process
coretool explain 0xffffffffffffffff
# CHECK: mapping +none: no memory of the process
