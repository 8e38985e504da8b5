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
 * The object that begins with a pointer to a class's table of virtual functions, and what is at
 * offset in it: "Shelf.lock", "Shelf+0x10" without DWARF. CT_NOT_FOUND: word points to no such
 * table.
 */
enum ct_status ct_class_member(struct ct_target *target, uint64_t word, uint64_t offset,
	struct ct_arena *arena, const char **ret);

/* An address that a static variable's pointer may lead to. */
struct ct_pointed {
	uint64_t start, size; /* of the block that it is in */
	uint64_t addr;
	const char *name; /* out: "g_accounts[1].lock"; NULL: nothing points to the block's start */
};

/*
 * Names what static variables of the module point to, by DWARF. blocks are sorted by start; the
 * names belong to arena. Those that have a name keep it.
 */
void ct_pointed_names(struct ct_target *target, const struct ct_module *module,
	struct ct_pointed *blocks, uint32_t n, struct ct_arena *arena);

/*
 * Does DWARF say that an object of one of these types (ended by NULL) starts at addr, in a
 * variable? CT_NOT_FOUND: it does not, or there is none.
 */
enum ct_status ct_object_is(struct ct_target *target, uint64_t addr, const char *const *types);

#endif
