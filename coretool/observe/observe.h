/* SPDX-License-Identifier: Apache-2.0 */
/* From a target to facts. ct_observe() itself is in coretool.h. */
#ifndef CT_OBSERVE_OBSERVE_H
#define CT_OBSERVE_OBSERVE_H

#include "facts/facts.h"
#include "target/target.h"

/*
 * Adds source lines and inlined frames to these sites of facts observed from this same target. It
 * adds strings, never meaning: nothing that was judged changes. Sites that have lines already are
 * skipped.
 */
CT_WARN_UNUSED enum ct_status ct_observe_lines(
	struct ct_target *target, struct ct_facts *facts, const uint32_t *sites, uint32_t n);

#endif
