/* SPDX-License-Identifier: Apache-2.0 */
/* What a data address is called in the source: "g_lock", "pool.workers[3].lock", "ns::mutex_". */
#ifndef CT_TARGET_OBJECT_NAME_H
#define CT_TARGET_OBJECT_NAME_H

#include "target/modules.h"

/*
 * The best name of the object at addr; the string belongs to arena. from_dwarf says that the
 * variable was found in DWARF and the path comes from its type: the innermost member that is the
 * program's own ("pool.lock", and not what the C library has inside it), "function::lock" for a
 * static variable of a function. Else it is a symbol ("pool", or "pool+0x18" inside it) or
 * "libpool.so.1+0x1234", the address in the file. An offset that a path cannot explain is added to
 * it as well ("g_lock+0x8"). CT_NOT_FOUND: addr is in no module (heap, stack, thread-local data).
 */
enum ct_status ct_object_name(struct ct_target *target, uint64_t addr, struct ct_arena *arena,
	const char **ret, bool *from_dwarf);

/*
 * Does DWARF say that an object of one of these types (ended by NULL) starts at addr, in a
 * variable? CT_NOT_FOUND: it does not, or there is none.
 */
enum ct_status ct_object_is(struct ct_target *target, uint64_t addr, const char *const *types);

#endif
