# Goroutines of a stripped Go program: the list, one with its stack, and its number completed.
# RUN: core go-1.19-sw/go_abba.kernel
# RUN: attach go-1.19-sw/go_abba
coretool goroutines
# CHECK: ^deadlock: .*goroutine \d+ \(main\.start\.func1\) and goroutine \d+ \(main\.start\.func1\) wait for each other
# CHECK: ^Goroutines: \d+ of the program's own
# CHECK: goroutine 1 \(main\) sleeps
# CHECK: main\.main\(\) at .*go_abba\.go:\d+
coretool deadlocks
# CHECK: goroutine (?P<one>\d+) \(main\.start\.func1\) waits for .* at main\.\w+\(\) go_abba\.go:\d+
coretool goroutine 1
# CHECK: ^goroutine 1 \(main\)
# CHECK: state: waiting
# CHECK: #\d+ +runtime\.goexit\(\) at
# CHECK-NOT: ^goroutine [2-9]
coretool goroutines 1
# CHECK: ^goroutine 1 \(main\)
complete coretool goroutine 1
# CHECK: ^coretool goroutine 1$
# CHECK-NOT: ^coretool goroutine [2-9]
coretool goroutine 987654321
# CHECK-ONLY: 987654321
