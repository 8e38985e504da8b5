/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CT_BLOCKING_COND_H
#define CT_BLOCKING_COND_H

#include "blocking/primitive.h"

/* The mutex that an actor will take again when it has waited for the condition variable; 0: not
 * known. */
uint64_t ct_cond_mutex(const struct ct_blocking *ctx, uint32_t actor, uint64_t cond);

#endif
