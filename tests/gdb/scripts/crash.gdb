# Where a signal that kills has stopped it, the report says so, and by whom it was raised.
# RUN: file call_null
run >sample.out
# CHECK: SIGSEGV
coretool analyze
# CHECK: SIGSEGV
# CHECK: thread \d+ 
coretool analyze --json
# CHECK: "signal":\{"number":11,"name":"SIGSEGV"
