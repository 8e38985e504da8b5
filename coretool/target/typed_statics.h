/* SPDX-License-Identifier: Apache-2.0 */
/* The static variables of some types, by DWARF: what is known to be a lock, whatever its bytes. */
#ifndef CT_TARGET_TYPED_STATICS_H
#define CT_TARGET_TYPED_STATICS_H

#include "target/modules.h"

/*
 * Calls visit with the address of each static variable, member of one or element of an array of
 * them, that has one of these types (ended by NULL), until it returns false. Nothing without debug
 * information. The reading is bounded; what is beyond is a note.
 */
void ct_typed_statics(struct ct_target *target, const struct ct_module *module,
	const char *const *types, bool (*visit)(void *arg, uint64_t addr), void *arg);

#endif
