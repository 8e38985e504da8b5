# "return" takes a frame away and no event tells it: what is said of the thread is about where it is now.
# RUN: live deadlock2
thread 1
coretool threads
# CHECK: #0 +pause\(\)
return
coretool threads
# CHECK-NOT: #0 +pause\(\)
# CHECK: thread 1
