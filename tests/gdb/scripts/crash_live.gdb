# What a crash that gdb has stopped is explained by: instruction, operand, pointer, locks, stack.
# RUN: file crash_holder
run >sample.out
# CHECK: SIGSEGV
coretool crash
# CHECK: ^crash: thread 2 \(LWP \d+, .*\) (read|updated) 8 bytes at 0x8, a null pointer plus 0x8, at take_one\(\)
# CHECK: CT105 crash, P0, proven
# CHECK: the instruction is .*8\(%r
# CHECK: its operand 0x8\(%r.*\) is the address 0x8
# CHECK: it holds g_stock_lock, for which thread 3 .*, thread 4 .* wait
# CHECK: ^Registers
# CHECK: #0 +take_one\(\) at
coretool crash --json
# CHECK: "class":"null-pointer"
coretool deadlocks
# CHECK: ^crash: thread 2
kill
file @BUILD@/samples/O0-g/crash_recursion
run >sample.out
coretool crash
# CHECK: ^crash: thread 2 .* used up its stack: count_items\(\) calls itself, \d+ times deep
kill
file @BUILD@/samples/O0-g/deadlock2
tbreak pause
run >sample.out
coretool crash
# CHECK: ^No crash: no signal ended the process
# CHECK-NOT: CT105
file @BUILD@/samples/O0-g/crash_seccomp
run >sample.out
coretool crash
# CHECK: ^crash: thread 2 .* made the system call socket \(number 41\), which a filter \(seccomp\) forbids
# CHECK: the registers tell which call it was: socket\(0x2, 0x1, 
