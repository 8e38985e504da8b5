# std::mutex, within other values too, and by Python.
# RUN: live cxx_deadlock
# RUN: gdbserver-tcp cxx_deadlock
p shop::g_inventory.m_lock
# CHECK-ONLY: = locked by thread 3 .*thread 2 .* waits$
p shop::g_billing.m_lock
# CHECK-ONLY: = locked by thread 2 .*thread 3 .* waits$
p shop::g_billing
# CHECK: m_lock = .*thread 2
set language c++
p *(std::mutex *) &shop::g_billing
# CHECK-ONLY: = locked by thread 2 
python std_mutex = gdb.parse_and_eval("shop::g_billing.m_lock")
python print(std_mutex.format_string())
# CHECK-ONLY: ^locked by thread 2 
p (char) shop::g_billing.m_frozen
# CHECK-ONLY: = 0 
