# The other locks of C++ are printed as POSIX's are.
# RUN: live cxx_shared_mutex
p g_audit
# CHECK-ONLY: = locked by thread 3 .*thread 2 .* waits$
info waits
# CHECK: g_directory.m_entries
# CHECK: g_audit
