# A deadlock over the loader's lock, in a process and in a core.
# RUN: live loader_abba
# RUN: core O2-g/loader_abba.gcore
coretool deadlocks
# CHECK: ^deadlock: .* wait for each other over .*dl_load_lock
# CHECK: at plugin_loaded\(\)
# CHECK: What runs under the loader's lock
info waits
# CHECK: dl_load_lock.* at open_plugin\(\)
