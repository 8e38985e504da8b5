# The end of a chain of ten: the thread that all others wait for.
# RUN: live long_chain
# RUN: core O2-g/long_chain.gcore
thread 11
coretool goto root
# CHECK: thread 2 .*is where the chain of thread 11 
thread
# CHECK: Current thread is 2 
frame
# CHECK: sample_sleep_ms|link_holder
thread 11
coretool goto holder
thread
# CHECK: Current thread is 10 
frame
# CHECK: follow
coretool goto waiter
thread
# CHECK: Current thread is 11 
frame
# CHECK: follow
