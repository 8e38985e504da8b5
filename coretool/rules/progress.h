/* SPDX-License-Identifier: Apache-2.0 */
/* Whether goroutines go on, as far as is known: questions that rules share. */
#ifndef CT_RULES_PROGRESS_H
#define CT_RULES_PROGRESS_H

#include "facts/facts.h"

/* Does it go on without anybody's help? */
bool ct_goes_on(const struct ct_facts *facts, uint32_t actor);
/* Is somebody known who may end the wait soon; or, of a lock, is nobody known who will not? */
bool ct_wait_will_end(const struct ct_facts *facts, const struct ct_wait *wait);
/* Does it go on, by itself or because another one does that it waits for? */
bool ct_may_go_on(const struct ct_facts *facts, uint32_t actor);
bool ct_wait_is_lock(uint8_t kind);

#endif
