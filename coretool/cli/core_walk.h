/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CT_CLI_CORE_WALK_H
#define CT_CLI_CORE_WALK_H

#include "base/base.h"

/*
 * Calls visit for path, or, when it is a directory, for each core in it, sorted by name: regular
 * files that are cores by their content, compressed ones and bundles included; symbolic links are
 * not followed. error says what cannot be looked into, or is NULL. false when visit wants no more.
 */
bool ct_core_walk(const char *path, bool (*visit)(void *data, const char *path, const char *error),
	void *data);

#endif
