# A crash that is only a core: what gdb serves of it tells the same as the program does by itself.
# RUN: core O0-g/crash_exception.kernel
coretool crash
# CHECK: ^crash: thread \d+ .* threw an exception that nobody caught: std::runtime_error: no user 4711, at load_user\(\) crash_exception.cc:\d+
# CHECK: CT105 crash, P0, proven
# CHECK: load_user\(\) at
file @BUILD@/samples/O2-g/crash_null_field
core-file @BUILD@/cores/O2-g/crash_null_field.gcore.core
coretool crash
# CHECK: ^crash: thread \d+ .* wrote 4 bytes to 0x18, a null pointer plus 0x18, at push_order\(\) crash_null_field.c:\d+
file @BUILD@/samples/O0-g/crash_double_free
core-file @BUILD@/cores/O0-g/crash_double_free.kernel.core
coretool crash
# CHECK: ^crash: thread \d+ .* freed memory twice
# CHECK: glibc keeps this message in __abort_msg
