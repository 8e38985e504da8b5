# Every parameter, what it does, and that nonsense is refused in one line.
# RUN: live deadlock2
show coretool
# CHECK: auto-check
# CHECK: block-size
# CHECK: format
# CHECK: max-frames
# CHECK: path
# CHECK: redact
# CHECK: timeout
show coretool path
# CHECK-ONLY: coretool
show coretool auto-check
# CHECK-ONLY: off
set coretool max-frames 1
show coretool max-frames
# CHECK-ONLY: \b1\b
coretool threads
# CHECK: #0
# CHECK-NOT: #[1-4]
set coretool max-frames 256
coretool threads
# CHECK: #3
set coretool format json
coretool deadlocks
# CHECK: "schema":"coretool-report/1"
set coretool format text
coretool deadlocks
# CHECK: CT101 lock-cycle
set coretool format pictures
# CHECK-ONLY: Undefined item
set coretool block-size 4096
show coretool block-size
# CHECK-ONLY: 4096
coretool deadlocks
# CHECK: CT101 lock-cycle
set coretool timeout 5
show coretool timeout
# CHECK-ONLY: 5
set coretool timeout -3
# CHECK-ONLY: \S
set coretool max-frames 0
set coretool path /nonexistent/coretool
coretool deadlocks
# CHECK-ONLY: /nonexistent/coretool
coretool
# CHECK-NOT: Traceback
coretool threads
# CHECK-ONLY: /nonexistent/coretool
p $_coretool_is_deadlocked()
# CHECK-ONLY: /nonexistent/coretool
set coretool path /bin/cat
set coretool timeout 1
coretool deadlocks
# CHECK-ONLY: /bin/cat|coretool
set coretool path /etc/passwd
coretool deadlocks
# CHECK-ONLY: /etc/passwd
set coretool path @PROGRAM@
set coretool timeout 60
coretool deadlocks
# CHECK: CT101 lock-cycle
set coretool redact on
show coretool redact
# CHECK-ONLY: on
coretool threads
# CHECK-NOT: LWP \d+, [a-z]
# CHECK: LWP \d+, <12 bytes>
