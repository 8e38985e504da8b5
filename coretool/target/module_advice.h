/* SPDX-License-Identifier: Apache-2.0 */
/* What to install, copy or ask for so that a module gets names. */
#ifndef CT_TARGET_MODULE_ADVICE_H
#define CT_TARGET_MODULE_ADVICE_H

#include "target/modules.h"

/*
 * A sentence without a full stop for a module that lacks its file or its names, by what is known of
 * it alone; NULL when nothing is missing or nothing can be done. The text belongs to arena. Package
 * names are those of Debian and Ubuntu.
 */
const char *ct_module_advice(const struct ct_module *module, struct ct_arena *arena);

#endif
