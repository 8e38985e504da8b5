/* SPDX-License-Identifier: Apache-2.0 */
/* "Did you mean": the candidate that a mistyped word is nearest to. */
#ifndef CT_CLI_NEAREST_H
#define CT_CLI_NEAREST_H

#include "base/base.h"

struct ct_nearest {
	const char *word; /* as it was typed */
	const char *best; /* NULL: nothing is near */
	size_t distance;
};

void ct_nearest_try(struct ct_nearest *n, const char *candidate);

#endif
