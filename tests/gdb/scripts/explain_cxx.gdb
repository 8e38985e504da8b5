# C++: members of objects in a namespace, and the object of the selected frame.
# RUN: live cxx_deadlock
coretool explain shop::g_inventory.m_lock
# CHECK: is +pthread_mutex shop::g_inventory\.m_lock
# CHECK: held by +thread 3 
thread 2
coretool goto holder
# CHECK: shop::Billing::freeze
coretool explain this->m_lock
# CHECK: is +pthread_mutex shop::g_
