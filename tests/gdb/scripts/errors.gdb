# Mistakes of the user: one clean line each.
# RUN: live deadlock2
coretool dedlocks
# CHECK-ONLY: ^Undefined coretool command: "dedlocks"
coretool threads --no-such-option
# CHECK-ONLY: ^coretool: there is no option --no-such-option
coretool explain
# CHECK-ONLY: ^Argument required
coretool explain no_such_symbol
# CHECK-ONLY: No symbol "no_such_symbol" in current context\.
coretool explain g_stock +
# CHECK-ONLY: (?i)syntax|expected
coretool analyze --fail-on P7
# CHECK-ONLY: P7
coretool rules CT999
# CHECK-ONLY: ^coretool: there is no rule 'CT999'
p $_coretool_owner()
# CHECK-ONLY: takes one argument
p $_coretool_owner(1, 2)
# CHECK-ONLY: takes one argument
p $_coretool_waits_on(77)
# CHECK-ONLY: ^Unknown thread 77\.$
coretool deadlocks
# CHECK: CT101 lock-cycle
