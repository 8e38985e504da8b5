/* SPDX-License-Identifier: Apache-2.0 */
/* All static variables of a module, by DWARF. Private to target/. */
#ifndef CT_TARGET_STATIC_VARS_H
#define CT_TARGET_STATIC_VARS_H

#include "target/dwarf.h"

/* at->die is the variable; address is that of the file. False: no more is wanted. */
typedef bool ct_static_visitor(void *arg, struct ct_die_path *at, uint64_t address);

/* What one look at all variables has to leave in the purse. */
uint64_t ct_static_steps_end(const struct ct_dwarf *dwarf);
/* Calls visit for each. False: the reading that this may cost was not enough. */
bool ct_static_variables(struct ct_dwarf *dwarf, ct_static_visitor *visit, void *arg);

#endif
